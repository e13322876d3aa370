/* replay.c - results from journals into the store; see replay.h. */
#include "parallel/replay.h"

enum { ROWS = 256 };

static bool put_rows(struct journals *j, const struct journals_frame *const *frames, size_t n,
                     struct store *s, const struct store_job *job, const char *recipe_hash, struct error *err)
{
    struct arena a = {0};
    const struct result *rows[ROWS];
    bool ok = true;
    for (size_t i = 0; ok && i < n; i++) {
        struct result *r = arena_alloc(&a, sizeof *r);
        ok = journals_result(j, frames[i], &a, r, err);
        rows[i] = r;
    }
    ok = ok && (n == 0 || store_put_results(s, job, rows, n, recipe_hash, err));
    arena_free(&a);
    return ok;
}

bool replay_store(struct journals *j, struct store *s, const struct store_job *job, const char *recipe_hash,
                  uint64_t *n_put, struct error *err)
{
    size_t n, n_rows = 0;
    const struct journals_frame *frames = journals_frames(j, &n), *rows[ROWS];
    bool ok = true;
    *n_put = 0;
    for (size_t i = 0; ok && i < n; i++) {
        if (frames[i].final)
            rows[n_rows++] = frames + i;
        if (n_rows < ROWS && i + 1 < n)
            continue;
        ok = put_rows(j, rows, n_rows, s, job, recipe_hash, err);
        *n_put += n_rows;
        n_rows = 0;
    }
    return ok;
}
