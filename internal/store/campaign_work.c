/* campaign_work.c - what an attempt is to work on; see campaign.h. */
#include "store/store_private.h"

#include <inttypes.h>

struct read_work {
    int64_t attempt;
    struct arena *arena;
    struct store_work *out;
};

static bool read_identity(struct sql *s, const struct read_work *w, struct error *err)
{
    struct arena *a = w->arena;
    struct sql_stmt *q = sql_query(
        s, err,
        "SELECT x.job,j.run,r.name,j.folder,t.phil,g.phil,v.phil,x.live,x.claim_t FROM attempt x JOIN job j "
        "ON "
        "j.id=x.job LEFT JOIN run r ON r.id=j.run LEFT JOIN trial t ON t.id=j.trial LEFT JOIN rungroup g "
        "ON g.id=j.rungroup LEFT JOIN task_rev v ON v.id=j.task_rev WHERE x.id=?",
        "i", w->attempt);
    int step = sql_step(s, q, err);
    if (step == 1) {
        *w->out = (struct store_work){.attempt = w->attempt,
                                      .job = sql_int(s, q, 0),
                                      .run = sql_int(s, q, 1),
                                      .run_name = store_text(s, q, 2, a),
                                      .folder = store_text(s, q, 3, a),
                                      .recipe_text = store_text(s, q, 4, a),
                                      .rungroup_text = store_text(s, q, 5, a),
                                      .task_text = store_text(s, q, 6, a),
                                      .live = sql_int(s, q, 7) != 0,
                                      .claim_t = sql_int(s, q, 8)};
        sql_reset(s, q);
    }
    if (step == 0)
        error_set(err, ERROR_USAGE, "there is no attempt %" PRId64 " in %s", w->attempt, sql_name(s));
    return step == 1;
}

static bool read_paths(struct sql *s, const struct read_work *w, struct error *err)
{
    struct store_work *out = w->out;
    struct sql_stmt *q =
        sql_query(s, err, "SELECT path,here FROM source WHERE run=? ORDER BY no", "i", out->run);
    int step;
    while ((step = sql_step(s, q, err)) == 1) {
        out->paths = arena_grow(w->arena, out->paths, out->n_paths, sizeof *out->paths);
        out->here = arena_grow(w->arena, out->here, out->n_paths, sizeof *out->here);
        out->here[out->n_paths] = sql_int(s, q, 1) != 0;
        out->paths[out->n_paths++] = store_text(s, q, 0, w->arena);
    }
    return step == 0;
}

static bool read_work(struct store *s, void *arg, struct error *err)
{
    const struct read_work *w = arg;
    *w->out = (struct store_work){0};
    return read_identity(&s->sql, w, err) && read_paths(&s->sql, w, err);
}

bool store_read_work(struct store *s, int64_t attempt, struct arena *a, struct store_work *out,
                     struct error *err)
{
    struct read_work w = {attempt, a, out};
    return store_reading(s, read_work, &w, err);
}
