/* campaign_live.c - attempts for polling and lists; see campaign.h. */
#include "store/store_private.h"

#define ATTEMPT_COLUMNS                                                                                      \
    "SELECT "                                                                                                \
    "a.id,a.job,a.no,j.trial,j.rungroup,j.run,j.task_rev,j.version,a.name,a.scheduler,a.sched_id,a.host,"    \
    "a.raw_state,r.name,j.folder,a.log_path,a.reason,a.live,a.lease_expires,a.owner,a.state,a.end_kind,"     \
    "coalesce(a.exit_code,-1),coalesce(a.exit_signal,-1),a.claim_t,a.submit_t,a.start_t,a.end_t,"            \
    "coalesce(a.since_t,a.start_t),j.cancelled FROM attempt a JOIN job j ON j.id=a.job LEFT JOIN run r ON "  \
    "r.id=j.run WHERE NOT (j.rungroup=0 AND j.task_rev=0 AND j.version=0) AND "

struct live_work {
    struct arena *arena;
    size_t n_ended;
    struct store_attempt *rows;
    size_t n;
};

static struct store_attempt attempt_of(struct sql *s, struct sql_stmt *q, int64_t now, struct arena *a)
{
    char owner[OWNER];
    struct store_attempt x = {
        .attempt = sql_int(s, q, 0),
        .job = sql_int(s, q, 1),
        .no = (uint32_t)sql_int(s, q, 2),
        .key = {sql_int(s, q, 3), sql_int(s, q, 4), sql_int(s, q, 5), sql_int(s, q, 6), sql_int(s, q, 7)},
        .folder = store_text(s, q, 14, a),
        .log_path = store_text(s, q, 15, a),
        .reason = store_text(s, q, 16, a),
        .live = sql_int(s, q, 17) != 0,
        .lease_t = sql_int(s, q, 18),
        .state = (enum attempt_state)(int)sql_int(s, q, 20),
        .end = (enum end_kind)(int)sql_int(s, q, 21),
        .exit_code = (int)sql_int(s, q, 22),
        .exit_signal = (int)sql_int(s, q, 23),
        .claim_t = sql_int(s, q, 24),
        .submit_t = sql_int(s, q, 25),
        .start_t = sql_int(s, q, 26),
        .end_t = sql_int(s, q, 27),
        .since_t = sql_int(s, q, 28),
        .cancel_asked = sql_int(s, q, 29) != 0};
    sql_text(s, q, 8, x.name, sizeof x.name);
    sql_text(s, q, 9, x.scheduler, sizeof x.scheduler);
    sql_text(s, q, 10, x.sched_id, sizeof x.sched_id);
    sql_text(s, q, 11, x.host, sizeof x.host);
    sql_text(s, q, 12, x.raw, sizeof x.raw);
    sql_text(s, q, 13, x.run_name, sizeof x.run_name);
    sql_text(s, q, 19, owner, sizeof owner);
    x.alive = x.live && x.lease_t > now && !owner_is_dead(owner);
    return x;
}

static bool read_rows(struct live_work *w, struct sql *s, struct sql_stmt *q, int64_t now, struct error *err)
{
    int step;
    while ((step = sql_step(s, q, err)) == 1) {
        w->rows = arena_grow(w->arena, w->rows, w->n, sizeof *w->rows);
        w->rows[w->n++] = attempt_of(s, q, now, w->arena);
    }
    return step == 0;
}

static bool live_work(struct store *store, void *arg, struct error *err)
{
    struct live_work *w = arg;
    struct sql *s = &store->sql;
    int64_t now = 0;
    w->rows = NULL;
    w->n = 0;
    if (!sql_now(s, &now, err) ||
        !read_rows(w, s,
                   sql_query(s, err,
                             ATTEMPT_COLUMNS "a.state IN (1,2,3,4,5,6,7,8,10) AND a.live=1 ORDER BY a.id",
                             ""),
                   now, err))
        return false;
    return w->n_ended == 0 ||
           read_rows(w, s,
                     sql_query(s, err,
                               ATTEMPT_COLUMNS "a.live IS NULL ORDER BY a.end_t DESC,a.id DESC LIMIT ?", "i",
                               (int64_t)w->n_ended),
                     now, err);
}

bool store_live(struct store *s, size_t n_ended, struct arena *a, struct store_attempt **rows, size_t *n,
                struct error *err)
{
    struct live_work w = {.arena = a, .n_ended = n_ended};
    bool ok = store_reading(s, live_work, &w, err);
    *rows = w.rows;
    *n = ok ? w.n : 0;
    return ok;
}
