/* attempt.c - an attempt from its first sign of life to its end: taken, renewed, ended; see store.h, STORE 7.4.
 *
 * An attempt that was claimed is taken by one compare-and-set: it is live and nobody has begun it. Its lease says that its process
 * lives, by the database's clock; it is made to last with the batches and between them. */
#include "store/store_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { EXIT_AGAIN = 75 };

/* ---- taking ---- */

struct given_work {
    const struct store_begin *begin;
    struct store_job *out;
    bool died; /* its process began it and is gone */
    int64_t now, run, no;
    char owner[OWNER]; /* that stands there */
};

/* The attempt as it stands; its row is held from here on. */
static bool read_given(struct sql *s, struct given_work *w, struct error *err)
{
    const int64_t attempt = w->begin->given;
    int64_t expires = 0;
    bool live = false, begun = false;
    if (!sql_now(s, &w->now, err) ||
        !sql_do(s, NULL, err, "UPDATE attempt SET job=job WHERE id=?", "i", attempt))
        return false;
    struct sql_stmt *q = sql_query(s, err,
                                   "SELECT a.job,a.no,a.live,a.token,a.lease_expires,a.owner,j.run FROM "
                                   "attempt a JOIN job j ON j.id=a.job "
                                   "WHERE a.id=?",
                                   "i", attempt);
    int step = sql_step(s, q, err);
    if (step == 1) {
        w->out->job = sql_int(s, q, 0);
        w->no = sql_int(s, q, 1);
        live = sql_int(s, q, 2) != 0;
        begun = sql_int(s, q, 3) != 0;
        expires = sql_int(s, q, 4);
        sql_text(s, q, 5, w->owner, sizeof w->owner);
        w->run = sql_int(s, q, 6);
        sql_reset(s, q);
    }
    if (step < 0)
        return false;
    if (step == 0)
        return error_set(err, ERROR_USAGE, "there is no attempt %" PRId64 " in %s", attempt, sql_name(s));
    w->died = live && begun && (expires <= w->now || owner_is_dead(w->owner));
    w->out->elsewhere = !live || (begun && !w->died);
    return true;
}

static bool refuse(const struct given_work *w, struct error *err)
{
    char shown[OWNER];
    owner_shown(w->owner, shown);
    if (w->died)
        error_set(err, ERROR_BUSY, "attempt %" PRId64 " was begun by %s, which is gone", w->begin->given,
                  shown);
    else if (*w->owner)
        error_set(err, ERROR_BUSY, "attempt %" PRId64 " is already being worked on by %s", w->begin->given,
                  shown);
    else
        error_set(err, ERROR_BUSY, "attempt %" PRId64 " has ended", w->begin->given);
    return error_hint(err, "%s",
                      w->died ? "the next attempt goes on with what it left"
                              : "`xfelx status` shows how far it is");
}

/* Its process died before it could say so. */
static bool end_dead(struct store *store, const struct given_work *w, struct error *err)
{
    struct sql *s = &store->sql;
    char reason[OWNER + 64], shown[OWNER];
    snprintf(reason, sizeof reason, "its process ended without a word: %s", owner_shown(w->owner, shown));
    const struct store_happened e = {.kind = "job_again",
                                     .level = STORE_WARNING,
                                     .run = w->run,
                                     .job = w->out->job,
                                     .attempt = w->begin->given,
                                     .body = reason};
    return sql_do(s, NULL, err, "DELETE FROM roll_change WHERE attempt=?", "i", w->begin->given) &&
           sql_do(s, NULL, err,
                  "UPDATE attempt SET live=NULL,state=11,end_kind=6,end_t=?,since_t=?,reason=? WHERE id=?",
                  "iiti", w->now, w->now, reason, w->begin->given) &&
           store_count_job(store, w->out->job, err) &&
           sql_do(s, NULL, err, "UPDATE job SET state=6,state_t=? WHERE id=?", "ii", w->now, w->out->job) &&
           store_happens(store, &e, w->now, err);
}

static bool take(struct store *store, const struct given_work *w, struct error *err)
{
    struct sql *s = &store->sql;
    const struct store_begin *b = w->begin;
    struct store_job *out = w->out;
    int64_t token = 0, ranks = 0, done = 0, changed = 0;
    char owner[128];
    snprintf(owner, sizeof owner, "%.127s", b->owner);
    const struct store_happened e = {
        .kind = "job_started", .run = w->run, .job = out->job, .attempt = b->given, .body = b->host};
    bool ok =
        sql_number(s, &token, 0, err, "SELECT max(token) FROM attempt WHERE job=?", "i", out->job) &&
        sql_number(s, &ranks, 0, err, "SELECT max(n_ranks) FROM attempt WHERE job=? AND token>0", "i",
                   out->job) &&
        sql_do(s, &changed, err,
               "UPDATE attempt SET token=?,lease_expires=?,owner=?,since_t=CASE WHEN state=6 THEN since_t "
               "ELSE ? "
               "END,state=6,start_t=?,host=?,n_ranks=?,n_threads=?,program=?,recipe_hash=? WHERE id=? AND "
               "live=1 "
               "AND token=0",
               "iitiitiitbi", token + 1, w->now + (int64_t)STORE_LEASE_SECONDS * 1000000000, owner, w->now,
               w->now, b->host, (int64_t)b->n_ranks, (int64_t)b->n_threads, b->program, b->recipe_hash, 32,
               b->given) &&
        (changed == 1 || sql_fails(s, CLASS_TRANSIENT, "the attempt has just been taken", err)) &&
        sql_do(s, NULL, err, "UPDATE roll SET token=? WHERE attempt IN (SELECT id FROM attempt WHERE job=?)",
               "ii", token + 1, out->job) &&
        store_count_done(s, out->job, &done, err) &&
        sql_do(s, NULL, err,
               "UPDATE job SET state=2,state_t=?,n_tries=?,n_expected=?,n_final=NULL WHERE id=?", "iiii",
               w->now, w->no, (int64_t)b->n_expected, out->job) &&
        store_happens(store, &e, w->now, err);
    out->earlier_ranks = (uint32_t)ranks;
    out->n_done = (uint64_t)done;
    out->attempt = b->given;
    out->run_number = w->run;
    store->token = token + 1;
    return ok;
}

static bool given_work(struct store *store, void *arg, struct error *err)
{
    struct given_work *w = arg;
    if (!read_given(&store->sql, w, err))
        return false;
    if (w->out->elsewhere)
        return true;
    if (w->died)
        return end_dead(store, w, err);
    return store_same_files(&store->sql, w->begin, w->run, w->out->job, err) && take(store, w, err);
}

bool store_begin_given(struct store *s, const struct store_begin *b, struct store_job *out, struct error *err)
{
    struct given_work w = {.begin = b, .out = out};
    if (!store_transaction(s, given_work, &w, err))
        return false;
    if (out->elsewhere || w.died)
        return refuse(&w, err);
    s->leased = b->given;
    s->renewed = clock_monotonic();
    store_know_job(s, out->job, b->cell);
    bool elsewhere = false;
    if (store_lock(s, out->job, &elsewhere, err) && store_mend_rolls(s, out, err))
        return s->working = true;
    store_end(s, out, END_UNFINISHED, EXIT_AGAIN, false, NULL); /* `db replay` is at the job */
    return false;
}

/* ---- signs of life ---- */

bool store_renew(struct store *s, struct error *err)
{
    int64_t now = 0, mono = clock_monotonic();
    if (!s->leased || mono - s->renewed < (int64_t)STORE_BEAT_SECONDS * 1000000000)
        return true;
    bool ok = sql_now(&s->sql, &now, err) &&
              sql_do(&s->sql, NULL, err, "UPDATE attempt SET lease_expires=? WHERE id=? AND token=?", "iii",
                     now + (int64_t)STORE_LEASE_SECONDS * 1000000000, s->leased, s->token);
    if (ok)
        s->renewed = mono;
    return ok;
}

struct beat_work {
    const struct store_job *job;
    const struct store_beat *beat;
};

static bool beat_work(struct store *store, void *arg, struct error *err)
{
    const struct beat_work *w = arg;
    struct sql *s = &store->sql;
    int64_t now = 0, token = 0;
    if (!sql_now(s, &now, err) ||
        !sql_number(s, &token, 0, err, "SELECT max(token) FROM attempt WHERE job=?", "i", w->job->job))
        return false;
    if (token != store->token)
        return store_is_superseded(store, err);
    return store_renew(store, err) &&
           sql_do(s, NULL, err, "UPDATE attempt SET n_pending=?,db_lag=? WHERE id=?", "iii",
                  (int64_t)w->beat->n_pending, w->beat->lag, w->job->attempt) &&
           sql_do(s, NULL, err,
                  "UPDATE writer SET beat=?,beat_body=CASE WHEN writer=0 THEN ? ELSE beat_body END WHERE "
                  "attempt=?",
                  "iti", now, w->beat->waits, w->job->attempt);
}

bool store_beat(struct store *s, const struct store_job *j, const struct store_beat *b, struct error *err)
{
    struct beat_work w = {j, b};
    return store_transaction(s, beat_work, &w, err);
}

struct writers_work {
    const struct store_job *job;
    const struct store_writer *writers;
    size_t n;
};

static bool writers_work(struct store *store, void *arg, struct error *err)
{
    enum { COLUMNS = 7 };
    const struct writers_work *w = arg;
    struct sql *s = &store->sql;
    struct arena a = {0};
    struct sql_value *rows = arena_array(&a, w->n * COLUMNS, sizeof *rows), *v = rows;
    int64_t now = 0;
    bool ok = sql_now(s, &now, err);
    for (size_t i = 0; i < w->n; i++) {
        *v++ = sql_i(w->job->attempt);
        *v++ = sql_i(w->writers[i].writer);
        *v++ = sql_t(w->writers[i].host);
        *v++ = sql_t(w->writers[i].journal);
        *v++ = sql_i(now);
        *v++ = sql_null();
        *v++ = sql_i(0);
    }
    ok = ok && sql_insert(s, "writer", MEETING_SETS, rows, w->n, NULL, err);
    arena_free(&a);
    return ok;
}

bool store_put_writers(struct store *s, const struct store_job *j, const struct store_writer *writers,
                       size_t n, struct error *err)
{
    struct writers_work w = {j, writers, n};
    return n == 0 || store_transaction(s, writers_work, &w, err);
}

/* ---- the end ---- */

struct end_work {
    const struct store_job *job;
    int end_kind, exit_code;
    bool published;
};

/* What has become of the job. Of a campaign's the plan says whether it has failed. */
static enum job_state state_of(const struct store *s, bool whole, int end_kind)
{
    bool goes_on = end_kind == END_OK || end_kind == END_UNFINISHED || end_kind == END_DEADLINE;
    return whole ? JOB_DONE : goes_on || s->leased ? JOB_AGAIN : JOB_FAILED;
}

static bool tell_end(struct store *store, const struct end_work *w, enum job_state state, int end_kind,
                     int64_t now, struct error *err)
{
    int64_t run = 0;
    if (!store->leased) /* alone: whoever started it sees the end */
        return true;
    if (!sql_number(&store->sql, &run, 0, err, "SELECT run FROM job WHERE id=?", "i", w->job->job))
        return false;
    const struct store_happened e = {.kind = state == JOB_DONE ? "job_done" : "job_again",
                                     .level = state == JOB_DONE ? STORE_INFO : STORE_WARNING,
                                     .run = run,
                                     .job = w->job->job,
                                     .attempt = w->job->attempt,
                                     .body = end_kind_word(end_kind)};
    return store_happens(store, &e, now, err);
}

static bool end_work(struct store *store, void *arg, struct error *err)
{
    const struct end_work *w = arg;
    struct sql *s = &store->sql;
    int64_t done = 0, expected = 0, now = 0, stands = 0;
    if (!sql_now(s, &now, err) ||
        !sql_do(s, NULL, err, "UPDATE attempt SET job=job WHERE id=?", "i", w->job->attempt) ||
        !store_count_done(s, w->job->job, &done, err) ||
        !sql_number(s, &expected, 0, err, "SELECT n_expected FROM job WHERE id=?", "i", w->job->job) ||
        !sql_number(s, &stands, 0, err, "SELECT state FROM attempt WHERE id=?", "i", w->job->attempt))
        return false;
    if (stands == ATTEMPT_LOST)
        return store_is_superseded(store, err);
    bool whole = done >= expected;
    int kind = w->end_kind == END_OK && !whole && store->leased ? END_UNFINISHED : w->end_kind;
    enum job_state state = state_of(store, whole, kind);
    return sql_do(s, NULL, err,
                  "UPDATE attempt SET "
                  "live=NULL,state=9,end_kind=?,exit_code=?,end_t=?,since_t=?,lease_expires=0,"
                  "n_pending=0 WHERE id=?",
                  "iiiii", (int64_t)kind, (int64_t)w->exit_code, now, now, w->job->attempt) &&
           sql_do(s, NULL, err, "UPDATE writer SET closed=1,beat=?,beat_body=NULL WHERE attempt=?", "ii", now,
                  w->job->attempt) &&
           store_count_job(store, w->job->job, err) &&
           sql_do(s, NULL, err, "UPDATE job SET state=?,state_t=?,published=? WHERE id=?", "iiii",
                  (int64_t)state, now, (int64_t)w->published, w->job->job) &&
           tell_end(store, w, state, kind, now, err);
}

bool store_end(struct store *s, const struct store_job *j, int end_kind, int exit_code, bool published,
               struct error *err)
{
    struct end_work w = {j, end_kind, exit_code, published};
    s->working = false; /* nobody waits behind this any more */
    return store_write_rolls(s, true, err) && store_transaction(s, end_work, &w, err);
}

bool store_is_superseded(struct store *s, struct error *err)
{
    s->superseded = true;
    error_set(err, ERROR_BUSY, "another process has taken this job on %s", sql_name(&s->sql));
    return error_hint(err, "nothing is lost: that one finishes it; `xfelx status` shows how far it is");
}

bool store_was_superseded(const struct store *s)
{
    return s->superseded;
}
