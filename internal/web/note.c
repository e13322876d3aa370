/* note.c - see note.h. */
#include "web/note.h"

#include "report/report.h"

bool note_alarms(const struct web_options *o, struct store *s, struct error *err)
{
    struct arena a = {0};
    struct overview_sources in;
    struct standing now;
    struct store *writing = NULL;
    bool good =
        o->read_only ||
        overview_read(s, &(struct overview_asked){.folder = o->folder, .limits = o->limits}, &a, &in, err);
    if (good && !o->read_only && in.health.lease_expires < in.now) {
        overview_make(&in, &a, &now);
        good = overview_is_noted(&now) || (store_open_existing(o->store, false, false, &writing, err) &&
                                           overview_note(writing, &now, &a, NULL, NULL, err));
    }
    if (writing)
        store_close(writing);
    arena_free(&a);
    return good;
}
