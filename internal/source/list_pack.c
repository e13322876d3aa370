/* list_pack.c - the list of a job as bytes, for ranks that do not list it themselves; see source.h. */
#include "source/format.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct source_doors {
    pthread_mutex_t lock; /* of open and error of the entries */
    const struct source_options *options;
    struct arena errors;
};

void source_list_pack(const struct source_list *l, struct str *out)
{
    wire_u64(out, l->n_sources);
    for (size_t i = 0; i < l->n_sources; i++) {
        const struct source_entry *e = l->sources + i;
        wire_text(out, e->path);
        wire_text(out, e->recorded);
        wire_u32(out, e->n_frames);
        wire_u8(out, e->container);
        wire_u8(out, e->error != NULL);
        if (e->error)
            wire_error(out, e->error);
    }
}

static bool get_entry(struct unwire *in, struct arena *a, struct source_entry *e)
{
    struct error err;
    e->path = unwire_text(in, a);
    e->recorded = unwire_text(in, a);
    e->n_frames = unwire_u32(in);
    e->container = unwire_u8(in);
    if (unwire_u8(in)) {
        unwire_error(in, &err);
        e->error = arena_memdup(a, &err, sizeof err);
    }
    return !in->bad && e->path && e->recorded && (e->n_frames > 0 || e->error);
}

bool source_list_unpack(struct unwire *in, const struct source_options *o, struct arena *a,
                        struct source_list *out, struct error *err)
{
    *out = (struct source_list){0};
    uint64_t n = unwire_u64(in);
    bool ok = !in->bad && n <= (uint64_t)(in->end - in->at); /* an entry has more than a byte */
    out->sources = arena_array(a, ok ? (size_t)n : 0, sizeof *out->sources);
    for (; ok && out->n_sources < n; out->n_sources += ok) {
        struct source_entry *e = out->sources + out->n_sources;
        e->first = (uint32_t)out->n_frames;
        ok = get_entry(in, a, e);
        out->n_frames += e->n_frames;
        ok = ok && out->n_frames <= UINT32_MAX;
    }
    if (!ok)
        return error_set(err, ERROR_INTERNAL, "the list of frames that came from rank 0 cannot be read");
    out->doors = calloc(1, sizeof *out->doors);
    if (!out->doors)
        return error_set(err, ERROR_MEMORY, "out of memory");
    out->doors->options = o;
    pthread_mutex_init(&out->doors->lock, NULL);
    return true;
}

/* ---- opening late ---- */

void source_list_enter(const struct source_list *l, uint32_t source)
{
    struct source_entry *e = l->sources + source;
    struct source_doors *d = l->doors;
    struct error err = {0};
    pthread_mutex_lock(&d->lock);
    if (e->container && !e->open && !e->error) {
        /* what happened to the file since rank 0 saw it is an error of its frames */
        if (source_open(e->path, d->options, &e->open, &err) && source_frames(e->open) != e->n_frames)
            error_set(&err, ERROR_CHANGED, "%s: it had %s when the job began, now %u", e->path,
                      COUNT(e->n_frames, "frame"), source_frames(e->open));
        if (err.code)
            e->error = arena_memdup(&d->errors, &err, sizeof err);
    }
    pthread_mutex_unlock(&d->lock);
}

void source_doors_free(struct source_doors *d)
{
    if (!d)
        return;
    pthread_mutex_destroy(&d->lock);
    arena_free(&d->errors);
    free(d);
}
