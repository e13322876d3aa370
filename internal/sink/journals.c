/* journals.c - which record counts of each frame; see journals.h. */
#include "sink/journals.h"

#include <stdlib.h>
#include <string.h>

struct journals {
    struct arena memory;
    struct journal_reader **readers;
    size_t n_readers;
    struct journals_frame *frames;
    size_t n_frames, room;
    struct journals_frame *doubles; /* in the same order; final ones that do not count */
    struct journal_void *voids;
    size_t n_voids, n_doubles;
};

/* ---- order */

static int compare(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

/* The record that counts comes first among those of its frame. */
static int frame_compare(const void *a, const void *b)
{
    const struct journals_frame *x = a, *y = b;
    int order = compare(x->source, y->source);
    order = order ? order : compare(x->frame, y->frame);
    order = order ? order : compare(y->final, x->final);
    order = order ? order : compare(x->attempt, y->attempt);
    order = order ? order : compare(x->rank, y->rank);
    return order ? order : compare(x->offset, y->offset);
}

static int void_compare(const void *a, const void *b)
{
    const struct journal_void *x = a, *y = b;
    int order = compare(x->source, y->source);
    order = order ? order : compare(x->frame, y->frame);
    order = order ? order : compare(x->attempt, y->attempt);
    return order ? order : compare(x->rank, y->rank);
}

static bool is_void(const struct journals *j, const struct journals_frame *f)
{
    struct journal_void key = {f->attempt, f->rank, f->source, f->frame};
    return j->n_voids && bsearch(&key, j->voids, j->n_voids, sizeof key, void_compare);
}

/* ---- reading */

static bool add_frame(struct journals *j, size_t number, const struct journal_record *record,
                      struct error *err)
{
    const struct journal_identity *id = journal_identity(j->readers[number]);
    struct journal_frame f;
    if (!journal_frame(record, &f, err))
        return false;
    if (j->n_frames == j->room) {
        size_t room = j->room ? 2 * j->room : 1024;
        struct journals_frame *grown = realloc(j->frames, room * sizeof *grown);
        if (!grown)
            return error_set(err, ERROR_MEMORY, "no memory for a list of %s", COUNT(room, "frame"));
        j->frames = grown;
        j->room = room;
    }
    j->frames[j->n_frames++] = (struct journals_frame){.source = f.source,
                                                       .frame = f.frame,
                                                       .rank = id->rank,
                                                       .journal = (uint32_t)number,
                                                       .attempt = id->attempt,
                                                       .offset = record->offset,
                                                       .final = f.final,
                                                       .tries = (uint8_t)f.tries,
                                                       .outcome = (uint8_t)f.outcome,
                                                       .n_lattices = (uint8_t)f.n_lattices};
    return true;
}

static bool add_voids(struct journals *j, const struct journal_record *record, struct error *err)
{
    struct arena a = {0};
    struct journal_void *voids;
    size_t n = 0;
    bool ok = journal_voids(record, &a, &voids, &n, err);
    for (size_t i = 0; i < n; i++) {
        j->voids = arena_grow(&j->memory, j->voids, j->n_voids, sizeof *j->voids);
        j->voids[j->n_voids++] = voids[i];
    }
    arena_free(&a);
    return ok;
}

static bool read_one(struct journals *j, size_t number, struct error *err)
{
    struct journal_record record;
    struct error last = {0};
    bool ok = true;
    while (ok && journal_next(j->readers[number], &record, &last)) {
        if (record.type == JOURNAL_FRAME)
            ok = add_frame(j, number, &record, err);
        else if (record.type == JOURNAL_VOID)
            ok = add_voids(j, &record, err);
    }
    if (ok && last.code != ERROR_END) {
        *err = last;
        return false;
    }
    return ok;
}

static bool open_one(struct journals *j, const char *path, struct error *err)
{
    struct journal_reader *r;
    if (!journal_open(path, &r, err))
        return false;
    j->readers[j->n_readers++] = r;
    if (memcmp(journal_identity(r)->recipe, journal_identity(j->readers[0])->recipe, 16) != 0)
        return error_set(err, ERROR_USAGE, "%s holds results of other parameters than %s", path,
                         journal_path(j->readers[0])),
               error_hint(err, "results of different parameters are never mixed");
    return read_one(j, j->n_readers - 1, err);
}

/* One record of each frame stays. */
static void choose(struct journals *j)
{
    size_t n = 0;
    if (j->n_voids)
        qsort(j->voids, j->n_voids, sizeof *j->voids, void_compare);
    if (j->n_frames)
        qsort(j->frames, j->n_frames, sizeof *j->frames, frame_compare);
    for (size_t i = 0; i < j->n_frames; i++) {
        struct journals_frame f = j->frames[i], *last = n ? &j->frames[n - 1] : NULL;
        if (is_void(j, &f))
            continue;
        if (!last || last->source != f.source || last->frame != f.frame) {
            j->frames[n++] = f;
            continue;
        }
        if (f.tries > last->tries)
            last->tries = f.tries;
        if (f.final) {
            j->doubles = arena_grow(&j->memory, j->doubles, j->n_doubles, sizeof *j->doubles);
            j->doubles[j->n_doubles++] = f;
        }
    }
    j->n_frames = n;
}

bool journals_open(const char *const *paths, size_t n, struct journals **out, struct error *err)
{
    struct journals *j = calloc(1, sizeof *j);
    struct error mine = {0};
    *out = NULL;
    if (!j)
        return error_set(err, ERROR_MEMORY, "no memory for journals");
    j->readers = arena_array(&j->memory, n, sizeof *j->readers);
    for (size_t i = 0; i < n; i++)
        if (!open_one(j, paths[i], &mine)) {
            if (err)
                *err = mine;
            journals_close(j);
            return false;
        }
    choose(j);
    *out = j;
    return true;
}

void journals_close(struct journals *j)
{
    if (!j)
        return;
    for (size_t i = 0; i < j->n_readers; i++)
        journal_reader_close(j->readers[i]);
    free(j->frames);
    arena_free(&j->memory);
    free(j);
}

/* ---- answers */

const struct journals_frame *journals_frames(const struct journals *j, size_t *n)
{
    *n = j->n_frames;
    return j->frames;
}

static int key_compare(const void *a, const void *b)
{
    const struct journals_frame *x = a, *y = b;
    int order = compare(x->source, y->source);
    return order ? order : compare(x->frame, y->frame);
}

static bool is_of(const struct journals_frame *f, uint64_t attempt, uint32_t rank)
{
    return f->attempt == attempt && f->rank == rank;
}

void journals_prefer(struct journals *j, size_t i, uint64_t attempt, uint32_t rank)
{
    struct journals_frame *counts = j->frames + i;
    struct journals_frame *d =
        j->n_doubles && !is_of(counts, attempt, rank)
            ? bsearch(counts, j->doubles, j->n_doubles, sizeof *j->doubles, key_compare)
            : NULL;
    while (d && d > j->doubles && key_compare(d - 1, counts) == 0)
        d--;
    for (; d && d < j->doubles + j->n_doubles && key_compare(d, counts) == 0; d++)
        if (is_of(d, attempt, rank)) {
            struct journals_frame other = *counts;
            *counts = *d;
            *d = other;
            return;
        }
}

const struct journal_void *journals_doubles(struct journals *j, size_t *n)
{
    struct journal_void *voids = arena_array(&j->memory, j->n_doubles + 1, sizeof *voids);
    *n = 0;
    for (size_t i = 0; i < j->n_doubles; i++) {
        const struct journals_frame *d = j->doubles + i;
        const struct journals_frame *counts =
            bsearch(d, j->frames, j->n_frames, sizeof *j->frames, key_compare);
        if (!is_of(counts, d->attempt, d->rank))
            voids[(*n)++] = (struct journal_void){d->attempt, d->rank, d->source, d->frame};
    }
    return voids;
}

bool journals_result(struct journals *j, const struct journals_frame *f, struct arena *a, struct result *out,
                     struct error *err)
{
    struct journal_record record;
    struct journal_reader *r = j->readers[f->journal];
    return journal_at(r, f->offset, &record, err) && journal_result(r, &record, a, out, err);
}

size_t journals_count(const struct journals *j)
{
    return j->n_readers;
}

const struct journal_reader *journals_reader(const struct journals *j, size_t i)
{
    return j->readers[i];
}
