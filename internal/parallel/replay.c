/* replay.c - results from journals into the store; see replay.h. */
#include "parallel/replay.h"

#include <stdlib.h>

enum { ROWS = 256 };

static int by_writer(const void *a, const void *b)
{
    const struct journals_frame *x = *(const struct journals_frame *const *)a,
                                *y = *(const struct journals_frame *const *)b;
    if (x->attempt != y->attempt)
        return x->attempt < y->attempt ? -1 : 1;
    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    return x < y ? -1 : x > y; /* they stand in one array, in the order of the frames */
}

/* Rows of a batch, by the attempt and rank that found them. */
static bool put_rows(struct journals *j, const struct journals_frame **frames, size_t n, struct store *s,
                     const struct store_job *job, const char *recipe_hash, struct error *err)
{
    struct arena a = {0};
    const struct result *rows[ROWS];
    struct store_batch parts[ROWS];
    size_t n_parts = 0;
    bool ok = true;
    qsort(frames, n, sizeof *frames, by_writer);
    for (size_t i = 0; ok && i < n; i++) {
        struct result *r = arena_alloc(&a, sizeof *r);
        ok = journals_result(j, frames[i], &a, r, err);
        rows[i] = r;
        if (i == 0 || frames[i]->attempt != frames[i - 1]->attempt || frames[i]->rank != frames[i - 1]->rank)
            parts[n_parts++] = (struct store_batch){
                .attempt = (int64_t)frames[i]->attempt, .writer = frames[i]->rank, .results = rows + i};
        parts[n_parts - 1].n++;
    }
    ok = ok && store_put_results(s, job, parts, n_parts, recipe_hash, err);
    arena_free(&a);
    return ok;
}

static uint64_t key(uint32_t source, uint32_t frame)
{
    return (uint64_t)source << 32 | frame;
}

bool replay_store(struct journals *j, struct store *s, const struct store_job *job, const char *recipe_hash,
                  uint64_t *n_put, struct error *err)
{
    struct arena a = {0};
    struct store_frame *there;
    size_t n, n_rows = 0, n_there, at = 0;
    const struct journals_frame *frames = journals_frames(j, &n), *rows[ROWS];
    bool ok = store_frames(s, job->job, &a, &there, &n_there, err);
    *n_put = 0;
    for (size_t i = 0; ok && i < n; i++) {
        while (at < n_there &&
               key(there[at].source, there[at].frame) < key(frames[i].source, frames[i].frame))
            at++;
        bool is_there =
            at < n_there && key(there[at].source, there[at].frame) == key(frames[i].source, frames[i].frame);
        if (is_there)
            journals_prefer(j, i, (uint64_t)there[at].attempt, there[at].writer);
        else if (frames[i].final)
            rows[n_rows++] = frames + i;
        if (n_rows < ROWS && i + 1 < n)
            continue;
        ok = put_rows(j, rows, n_rows, s, job, recipe_hash, err);
        *n_put += n_rows;
        n_rows = 0;
    }
    arena_free(&a);
    return ok && store_write_rolls(s, true, err);
}
