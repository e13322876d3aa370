/* found.c - what was found in a frame, from the journal that has it; see found.h.
 *
 * Journals are appended to and never changed: the places of their frames are kept, and only what is new is read. A journal that became
 * shorter or was replaced is another one. */
#include "view/found.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { OPEN = 8 };

/* The last final record of a frame. */
struct place {
    uint32_t source, frame;
    uint64_t offset;
};

struct looked {
    char *path; /* NULL: free */
    struct journal_reader *reader;
    dev_t device;
    ino_t inode;
    uint64_t used;
    struct place *places;
    size_t n, room;
};

struct found_journals {
    uint64_t clock;
    struct looked open[OPEN];
};

static void drop(struct looked *l)
{
    journal_reader_close(l->reader);
    free(l->path);
    free(l->places);
    *l = (struct looked){0};
}

struct found_journals *found_journals_make(void)
{
    return calloc(1, sizeof(struct found_journals));
}

void found_journals_free(struct found_journals *j)
{
    for (int i = 0; j && i < OPEN; i++)
        drop(j->open + i);
    free(j);
}

/* Read on to the end. */
static bool read_on(struct looked *l, struct error *err)
{
    struct journal_record r;
    struct journal_frame f;
    struct error last = {0};
    while (journal_next(l->reader, &r, &last)) {
        if (r.type != JOURNAL_FRAME)
            continue;
        if (!journal_frame(&r, &f, err))
            return false;
        if (!f.final)
            continue;
        if (l->n == l->room) {
            size_t room = l->room ? 2 * l->room : 1024;
            struct place *grown = realloc(l->places, room * sizeof *grown);
            if (!grown)
                return error_set(err, ERROR_MEMORY, "no memory for a list of %s", COUNT(room, "frame"));
            l->places = grown;
            l->room = room;
        }
        l->places[l->n++] = (struct place){f.source, f.frame, r.offset};
    }
    if (last.code == ERROR_END)
        return true;
    *err = last;
    return false;
}

/* The journal, opened and read to its end. */
static struct looked *look(struct found_journals *j, const char *path, struct error *err)
{
    struct stat st = {0};
    struct looked *l = NULL, *oldest = j->open;
    if (stat(path, &st) != 0)
        return error_system(err, ERROR_MISSING, "the journal %s is not there", path), NULL;
    for (int i = 0; i < OPEN && !l; i++) {
        struct looked *o = j->open + i;
        if (o->path && strcmp(o->path, path) == 0)
            l = o;
        if (!o->path || (oldest->path && o->used < oldest->used))
            oldest = o;
    }
    if (l && (l->device != st.st_dev || l->inode != st.st_ino || !journal_more(l->reader))) {
        drop(l);
        oldest = l;
        l = NULL;
    }
    if (!l) {
        drop(oldest);
        struct journal_reader *r;
        if (!journal_open(path, &r, err))
            return NULL;
        l = oldest;
        *l = (struct looked){.path = strdup(path), .reader = r, .device = st.st_dev, .inode = st.st_ino};
    }
    if (!l->path || !read_on(l, err)) {
        if (!l->path)
            error_set(err, ERROR_MEMORY, "out of memory");
        drop(l);
        return NULL;
    }
    l->used = ++j->clock;
    return l;
}

bool found_read(struct found_journals *j, const char *path, uint32_t source, uint32_t frame, struct arena *a,
                struct result *out, bool *found, struct error *err)
{
    struct looked *l = look(j, path, err);
    struct journal_record r;
    *found = false;
    if (!l)
        return false;
    for (size_t i = l->n; i-- > 0;) {
        const struct place *p = l->places + i;
        if (p->source != source || p->frame != frame)
            continue;
        if (!journal_at(l->reader, p->offset, &r, err) || !journal_result(l->reader, &r, a, out, err))
            return false;
        out->id.path = arena_strdup(a, out->id.path ? out->id.path : "");
        out->detector = out->detector ? detector_copy(a, out->detector) : NULL;
        *found = true;
        return true;
    }
    return true;
}
