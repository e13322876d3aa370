/* campaign_claim.c - attempts from the claim to their end; see campaign.h (STORE 7.5).
 *
 * What forbids two live attempts of a job is the key (job, live): whoever meets it has lost. An attempt ends in one UPDATE, and in the
 * same transaction the counts of its roll-ups go into its row and into the job's, so that nobody has to add them up again. */
#include "store/store_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- claim ---- */

static bool find_job(struct sql *s, const struct store_claim *c, int64_t now, int64_t *job, struct error *err)
{
    const struct campaign_key *k = &c->key;
    return sql_do(s, NULL, err,
                  "INSERT INTO "
                  "job(trial,rungroup,run,task_rev,version,state,state_t,n_expected,n_tries,cancelled,"
                  "published,preview,folder,created) VALUES(?,?,?,?,?,8,?,0,0,0,0,?,?,?) {keep id}",
                  "iiiiiiiti", k->trial, k->rungroup, k->run, k->task_rev, k->version, now,
                  (int64_t)(k->version == CAMPAIGN_PREVIEW), c->folder, now) &&
           sql_number(
               s, job, 0, err,
               "SELECT id FROM job WHERE trial=? AND rungroup=? AND run=? AND task_rev=? AND version=?",
               "iiiii", k->trial, k->rungroup, k->run, k->task_rev, k->version);
}

/* Nobody works on it, nobody wants it stopped, and it is not done. */
static bool is_free(struct sql *s, int64_t job, bool *is, struct error *err)
{
    int64_t taken = 1;
    bool ok = sql_number(s, &taken, 1, err,
                         "SELECT cancelled OR state=1 OR EXISTS(SELECT 1 FROM attempt a WHERE a.job=j.id AND "
                         "a.live=1) FROM job j WHERE id=?",
                         "i", job);
    *is = !taken;
    return ok;
}

static bool add_attempt(struct sql *s, const struct store_claim *c, int64_t now, struct store_claimed *out,
                        struct error *err)
{
    static const uint8_t none[32];
    int64_t no = 0;
    char instance[64] = "";
    if (!sql_number(s, &no, 0, err, "SELECT max(no) FROM attempt WHERE job=?", "i", out->job))
        return false;
    out->no = (uint32_t)no + 1;
    snprintf(out->name, sizeof out->name, "claim-%" PRId64 "-%" PRIu32, out->job, out->no);
    if (!sql_do(s, NULL, err,
                "INSERT INTO attempt(job,no,name,live,state,end_kind,token,lease_expires,scheduler,n_ranks,"
                "n_threads,program,binary_hash,recipe_hash,n_pending,db_lag,claim_t,since_t) "
                "VALUES(?,?,?,1,1,0,0,0,?,?,?,?,?,?,0,0,?,?)",
                "iittiitbbii", out->job, (int64_t)out->no, out->name, c->scheduler, (int64_t)c->n_ranks,
                (int64_t)c->n_threads, c->program, c->binary_hash ? c->binary_hash : none, 32,
                c->recipe_hash ? c->recipe_hash : none, 32, now, now))
        return false;
    out->attempt = s->ops->last_id(s);
    out->claim_t = now;
    struct sql_stmt *q = sql_query(s, err, "SELECT v FROM meta WHERE k='instance'", "");
    int step = sql_step(s, q, err);
    if (step == 1) {
        sql_text(s, q, 0, instance, sizeof instance);
        sql_reset(s, q);
    }
    snprintf(out->name, sizeof out->name, "xf%.8s-%" PRId64, instance, out->attempt);
    return step >= 0 &&
           sql_do(s, NULL, err, "UPDATE attempt SET name=? WHERE id=?", "ti", out->name, out->attempt);
}

struct claim_work {
    const struct store_claim *claim;
    struct store_claimed *out;
};

static bool claim_work(struct store *store, void *arg, struct error *err)
{
    const struct claim_work *w = arg;
    struct sql *s = &store->sql;
    int64_t now = 0;
    bool is = false;
    *w->out = (struct store_claimed){0};
    if (!sql_now(s, &now, err) || !find_job(s, w->claim, now, &w->out->job, err) ||
        !is_free(s, w->out->job, &is, err))
        return false;
    w->out->taken = !is;
    return !is ||
           (add_attempt(s, w->claim, now, w->out, err) &&
            sql_do(s, NULL, err,
                   "UPDATE job SET state=3,state_t=?,retry_t=NULL,n_tries=?,n_final=NULL WHERE id=?", "iii",
                   now, (int64_t)w->out->no, w->out->job) &&
            sql_do(s, NULL, err, "UPDATE trial SET used=1 WHERE id=? AND used=0", "i", w->claim->key.trial) &&
            sql_do(s, NULL, err, "UPDATE task_rev SET used=1 WHERE id=? AND used=0", "i",
                   w->claim->key.task_rev));
}

bool store_claim(struct store *s, const struct store_claim *c, struct store_claimed *out, struct error *err)
{
    struct claim_work w = {c, out};
    return store_transaction(s, claim_work, &w, err) &&
           (!out->taken || error_set(err, ERROR_BUSY, "job %" PRId64 " is taken", out->job));
}

/* ---- counts ---- */

bool store_count_job(struct store *store, int64_t job, struct error *err)
{
    struct sql *s = &store->sql;
    return sql_do(s, NULL, err,
                  "UPDATE attempt SET n_new=(SELECT coalesce(sum(r.frames),0) FROM roll r WHERE "
                  "r.attempt=attempt.id AND r.label=0) WHERE job=? AND live IS NULL",
                  "i", job) &&
           sql_do(
               s, NULL, err,
               "UPDATE job SET n_final=(SELECT coalesce(sum(r.frames),0) FROM attempt a JOIN roll r ON "
               "r.attempt=a.id AND r.label=0 WHERE a.job=job.id),n_lattices=(SELECT "
               "coalesce(sum(r.lattices),0) FROM attempt a JOIN roll r ON r.attempt=a.id AND r.label=0 WHERE "
               "a.job=job.id) WHERE id=?",
               "i", job);
}

/* ---- news ---- */

/* An attempt as it stands, with its job. */
struct standing {
    int64_t job, run, task_rev, version, start_t;
    enum attempt_state state;
    bool live;
};

/* Its row is held from here on (on a server by an update that changes nothing): its process may be ending it right now. */
static bool read_standing(struct sql *s, int64_t attempt, struct standing *out, bool *there,
                          struct error *err)
{
    *there = false;
    if (!sql_do(s, NULL, err, "UPDATE attempt SET job=job WHERE id=?", "i", attempt))
        return false;
    struct sql_stmt *q = sql_query(
        s, err,
        "SELECT a.job,j.run,j.task_rev,j.version,a.start_t,a.state,a.live FROM attempt a JOIN job j ON "
        "j.id=a.job WHERE a.id=?",
        "i", attempt);
    int step = sql_step(s, q, err);
    *there = step == 1;
    if (step == 1) {
        *out = (struct standing){.job = sql_int(s, q, 0),
                                 .run = sql_int(s, q, 1),
                                 .task_rev = sql_int(s, q, 2),
                                 .version = sql_int(s, q, 3),
                                 .start_t = sql_int(s, q, 4),
                                 .state = (enum attempt_state)(int)sql_int(s, q, 5),
                                 .live = sql_int(s, q, 6) != 0};
        sql_reset(s, q);
    }
    return step >= 0;
}

/* What was not known before; of an ended attempt the rest stays. */
static bool fill_in(struct sql *s, const struct store_news *n, struct error *err)
{
    return sql_do(s, NULL, err,
                  "UPDATE attempt SET sched_id=coalesce(sched_id,?),host=coalesce(host,?),log_path=coalesce("
                  "log_path,?),submit_t=coalesce(submit_t,nullif(?,0)),start_t=coalesce(start_t,nullif(?,0)) "
                  "WHERE id=?",
                  "tttiii", n->sched_id, n->host, n->log_path, n->submit_t, n->start_t, n->attempt);
}

static bool set_attempt(struct sql *s, const struct store_news *n, const struct standing *stands,
                        enum attempt_state state, int64_t now, struct error *err)
{
    struct arena a = {0};
    const char *id = n->sched_id, *raw = n->raw, *host = n->host;
    if (id)
        store_fits(id, 128, &a, &id);
    if (raw)
        store_fits(raw, 64, &a, &raw);
    if (host)
        store_fits(host, 255, &a, &host);
    int64_t since = state == stands->state ? 0 : now;
    bool ok =
        sql_do(s, NULL, err,
               "UPDATE attempt SET state=?,since_t=coalesce(nullif(?,0),since_t),sched_id=coalesce(?,"
               "sched_id),raw_state=coalesce(?,raw_state),reason=coalesce(?,reason),host=coalesce(?,host),"
               "log_path=coalesce(?,log_path),submit_t=coalesce(nullif(?,0),submit_t),"
               "start_t=coalesce(nullif(?,0),start_t) WHERE id=?",
               "iitttttiii", (int64_t)state, since, id, raw, n->reason, host, n->log_path, n->submit_t,
               n->start_t, n->attempt);
    arena_free(&a);
    return ok;
}

/* What the job has come to. Frames count; a task without them has what it was to make, or has not. */
static bool settle_job(struct store *store, const struct store_news *n, const struct standing *stands,
                       int64_t now, struct error *err)
{
    struct sql *s = &store->sql;
    int64_t done = 0;
    bool frames = stands->task_rev == 0 && stands->version <= 0;
    if (!store_count_job(store, stands->job, err))
        return false;
    if (frames &&
        !sql_number(s, &done, 0, err, "SELECT n_expected>0 AND n_final>=n_expected FROM job WHERE id=?", "i",
                    stands->job))
        return false;
    if (!frames)
        done = n->end == END_OK && n->outputs;
    const struct store_happened e = {.kind = done ? "job_done" : "job_again",
                                     .level = done ? STORE_INFO : STORE_WARNING,
                                     .run = stands->run,
                                     .job = stands->job,
                                     .attempt = n->attempt,
                                     .body = n->reason ? n->reason : end_kind_word((int)n->end)};
    return sql_do(
               s, NULL, err,
               "UPDATE job SET state=?,state_t=?,outputs=?,published=CASE WHEN ? THEN ? ELSE published END "
               "WHERE id=?",
               "iiiiii", (int64_t)(done ? JOB_DONE : JOB_AGAIN), now, (int64_t)n->outputs, (int64_t)!frames,
               (int64_t)(done != 0), stands->job) &&
           store_happens(store, &e, now, err);
}

static bool end_attempt(struct store *store, const struct store_news *n, const struct standing *stands,
                        int64_t now, struct error *err)
{
    struct sql *s = &store->sql;
    enum end_kind end = n->end != END_NONE ? n->end : n->state == ATTEMPT_LOST ? END_NODE : END_OTHER;
    return sql_do(s, NULL, err,
                  "UPDATE attempt SET live=NULL,end_kind=?,end_t=?,transient=?,exit_code=nullif(?,-1),"
                  "exit_signal=nullif(?,-1) WHERE id=?",
                  "iiiiii", (int64_t)end, n->end_t ? n->end_t : now, (int64_t)n->transient,
                  (int64_t)n->exit_code, (int64_t)n->exit_signal, n->attempt) &&
           sql_do(s, NULL, err, "DELETE FROM roll_change WHERE attempt=?", "i", n->attempt) &&
           settle_job(store, n, stands, now, err);
}

/* The job of a live attempt: queued or running, as the attempt is. */
static bool follow(struct store *store, const struct store_news *n, const struct standing *stands,
                   enum attempt_state state, int64_t now, struct error *err)
{
    struct sql *s = &store->sql;
    bool waits = state <= ATTEMPT_BLOCKED, waited = stands->state <= ATTEMPT_BLOCKED;
    struct store_happened e = {
        .run = stands->run, .job = stands->job, .attempt = n->attempt, .body = n->sched_id};
    bool ok = true;
    if (waits && !waited) /* the scheduler runs it again: nobody holds it any more */
        ok = sql_do(s, NULL, err, "UPDATE attempt SET lease_expires=0 WHERE id=?", "i", n->attempt);
    if (ok && waits != waited)
        ok = sql_do(s, NULL, err, "UPDATE job SET state=?,state_t=? WHERE id=?", "iii",
                    (int64_t)(waits ? JOB_QUEUED : JOB_RUNNING), now, stands->job);
    if (ok && state >= ATTEMPT_QUEUED && stands->state < ATTEMPT_QUEUED)
        e.kind = "job_submitted", ok = store_happens(store, &e, now, err);
    if (ok && state == ATTEMPT_RUNNING && !stands->start_t && stands->state < ATTEMPT_RUNNING)
        e.kind = "job_started", e.body = n->host, ok = store_happens(store, &e, now, err);
    return ok;
}

struct news_work {
    const struct store_news *news;
    size_t n;
};

static bool put_one(struct store *store, const struct store_news *n, int64_t now, struct error *err)
{
    struct sql *s = &store->sql;
    struct standing stands;
    bool there = false;
    if (!read_standing(s, n->attempt, &stands, &there, err))
        return false;
    if (!there)
        return error_set(err, ERROR_MISSING, "there is no attempt %" PRId64 " in the database", n->attempt);
    if (!stands.live)
        return fill_in(s, n, err);
    enum attempt_state state = n->state ? n->state : stands.state;
    bool ends = state == ATTEMPT_ENDED || state == ATTEMPT_LOST;
    return set_attempt(s, n, &stands, state, now, err) &&
           (ends ? end_attempt(store, n, &stands, now, err) : follow(store, n, &stands, state, now, err));
}

static bool news_work(struct store *s, void *arg, struct error *err)
{
    const struct news_work *w = arg;
    int64_t now = 0;
    bool ok = sql_now(&s->sql, &now, err);
    for (size_t i = 0; ok && i < w->n; i++)
        ok = put_one(s, w->news + i, now, err);
    return ok;
}

bool store_put_news(struct store *s, const struct store_news *news, size_t n, struct error *err)
{
    struct news_work w = {news, n};
    return n == 0 || store_transaction(s, news_work, &w, err);
}
