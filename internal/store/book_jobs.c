/* book_jobs.c - jobs as people see them, and what they ask of them; see book.h. Nothing here talks to a scheduler: cancelling sets a mark that
 * the watcher's next cycle reads (campaign_job.cancelled). */
#include "store/book_private.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool in_ranges(const struct store_range *r, size_t n, int64_t number)
{
    for (size_t i = 0; i < n; i++)
        if (number >= r[i].first && number <= r[i].last)
            return true;
    return false;
}

static bool in_ids(const int64_t *ids, size_t n, int64_t id)
{
    for (size_t i = 0; i < n; i++)
        if (ids[i] == id)
            return true;
    return false;
}

/* ---- which rows are read ---- */

/* What the database picks by itself: numbers from … to, one state, trial and group, and runs or states from an index where these are
 * asked for. Lists of several runs or ranges go on in here (is_wanted), of what lies between their ends. */
struct wanted {
    enum { BY_ID, BY_RUN, BY_STATE } by;
    int64_t first, last;         /* jobs */
    int64_t from, to;            /* of the index: runs, states; by id: not used */
    int64_t state, trial, group; /* as in the filter */
};

#define REST                                                                                                 \
    " AND (?=0 OR j.state=?) AND (?<0 OR j.trial IN (SELECT id FROM trial WHERE num=?)) AND (?=0 OR "        \
    "j.rungroup=?)"
/* "+": not by the index of the job's number, which would have to be walked from end to end. */
#define WHERE_ID " WHERE j.id>=? AND j.id<=? AND ?<=?" REST
#define WHERE_RUN " WHERE +j.id>=? AND +j.id<=? AND j.run>=? AND j.run<=?" REST
#define WHERE_STATE " WHERE +j.id>=? AND +j.id<=? AND j.state=? AND j.state=?" REST

/* A statement in its three forms. */
#define FORMS(before, after)                                                                                 \
    {                                                                                                        \
        before WHERE_ID after, before WHERE_RUN after, before WHERE_STATE after                              \
    }

static struct sql_stmt *ask(struct store *s, const char *const forms[3], const struct wanted *w,
                            struct error *err)
{
    return sql_query(&s->sql, err, forms[w->by], "iiiiiiiiii", w->first, w->last, w->from, w->to, w->state,
                     w->state, w->trial, w->trial, w->group, w->group);
}

/* ids of a list, or ends of ranges: what they lie between. */
static void widen(int64_t *from, int64_t *to, bool first, int64_t lo, int64_t hi)
{
    *from = first || lo < *from ? lo : *from;
    *to = first || hi > *to ? hi : *to;
}

static struct wanted wanted_of(const struct store_job_filter *f)
{
    struct wanted w = {
        .by = BY_ID, .last = INT64_MAX, .state = f->state, .trial = f->trial, .group = f->group};
    for (size_t i = 0; i < f->n_jobs; i++)
        widen(&w.first, &w.last, i == 0, f->jobs[i].first, f->jobs[i].last);
    if (f->jobs && f->n_jobs == 0)
        w.last = -1;
    if (f->runs && !f->jobs) {
        w.by = BY_RUN;
        w.to = -1;
        for (size_t i = 0; i < f->n_runs; i++)
            widen(&w.from, &w.to, i == 0, f->runs[i], f->runs[i]);
    } else if (f->state && !f->jobs) {
        w.by = BY_STATE;
        w.from = w.to = f->state;
    }
    return w;
}

/* What the database has left over. */
static bool is_wanted(const struct store_book_job *j, const struct store_job_filter *f)
{
    return (!f->runs || in_ids(f->runs, f->n_runs, j->key.run)) &&
           (!f->jobs || in_ranges(f->jobs, f->n_jobs, j->id));
}

/* Only the newest so many: where they begin. Not for lists that go on in here. */
static bool find_newest(struct store *s, const struct store_job_filter *f, struct wanted *w,
                        struct error *err)
{
    static const char *const forms[] =
        FORMS("SELECT j.id FROM job j", " ORDER BY j.id DESC LIMIT 1 OFFSET ?");
    if (!f->newest || f->n_runs > 1 || f->n_jobs > 1)
        return true;
    struct sql_stmt *q =
        sql_query(&s->sql, err, forms[w->by], "iiiiiiiiiii", w->first, w->last, w->from, w->to, w->state,
                  w->state, w->trial, w->trial, w->group, w->group, (int64_t)f->newest - 1);
    int step = sql_step(&s->sql, q, err);
    if (step == 1) {
        w->first = sql_int(&s->sql, q, 0);
        sql_reset(&s->sql, q);
    }
    return step >= 0;
}

/* ---- lists ---- */

static struct store_book_job take_job(struct sql *s, struct sql_stmt *q, struct arena *a)
{
    return (struct store_book_job){
        .id = sql_int(s, q, 0),
        .key = {sql_int(s, q, 1), sql_int(s, q, 2), sql_int(s, q, 3), sql_int(s, q, 4), sql_int(s, q, 5)},
        .run_ord = sql_int(s, q, 6),
        .trial = (uint32_t)sql_int(s, q, 7),
        .task_rev = (uint32_t)sql_int(s, q, 8),
        .version = (uint32_t)sql_int(s, q, 9),
        .run = book_text(s, q, 10, a),
        .task = book_text(s, q, 11, a),
        .dataset = book_text(s, q, 12, a),
        .folder = book_text(s, q, 13, a),
        .cancelled_by = book_text(s, q, 14, a),
        .state = (enum job_state)sql_int(s, q, 15),
        .state_t = sql_int(s, q, 16),
        .retry_t = sql_int(s, q, 17),
        .created_t = sql_int(s, q, 18),
        .forgiven_t = sql_int(s, q, 19),
        .n_expected = sql_int(s, q, 20),
        .n_tries = (uint32_t)sql_int(s, q, 21),
        .cancelled = sql_int(s, q, 22) != 0,
        .published = sql_int(s, q, 23) != 0,
        .preview = sql_int(s, q, 24) != 0,
        .stale = "",
    };
}

static bool read_jobs(struct store *store, const struct store_job_filter *f, const struct wanted *w,
                      struct arena *a, struct store_book_job **rows, size_t *n, struct error *err)
{
    static const char *const forms[] = FORMS(
        "SELECT j.id,j.trial,j.rungroup,j.run,j.task_rev,j.version,r.ord,t.num,k.rev,v.version,r.name,m.name,"
        "d.name,j.folder,j.cancelled_by,j.state,j.state_t,j.retry_t,j.created,j.forgiven_t,j.n_expected,"
        "j.n_tries,j.cancelled,j.published,j.preview FROM job j LEFT JOIN run r ON "
        "r.id=j.run LEFT JOIN trial t ON t.id=j.trial LEFT JOIN task_rev k ON k.id=j.task_rev LEFT JOIN task "
        "m ON m.id=k.task LEFT JOIN dataset_version v ON v.id=j.version LEFT JOIN dataset d ON "
        "d.id=v.dataset",
        " ORDER BY j.id");
    struct sql *s = &store->sql;
    struct sql_stmt *q = ask(store, forms, w, err);
    int step;
    while ((step = sql_step(s, q, err)) == 1) {
        struct store_book_job row = take_job(s, q, a);
        if (!is_wanted(&row, f))
            continue;
        *rows = arena_grow(a, *rows, *n, sizeof **rows);
        (*rows)[(*n)++] = row;
    }
    return step == 0;
}

/* Frames and lattices from the roll-ups: true also while it runs. */
static bool read_sums(struct store *store, const struct wanted *w, const struct book_places *p,
                      struct store_book_job *rows, struct error *err)
{
    static const char *const forms[] =
        FORMS("SELECT j.id,x.frames,x.lattices FROM job j {then} attempt a ON a.job=j.id {then} roll x ON "
              "x.attempt=a.id AND x.label=0",
              "");
    struct sql *s = &store->sql;
    struct sql_stmt *q = ask(store, forms, w, err);
    int step;
    size_t at;
    while ((step = book_next(s, q, p, &at, err)) == 1) {
        rows[at].n_final += sql_int(s, q, 1);
        rows[at].n_lattices += sql_int(s, q, 2);
    }
    return step == 0;
}

static struct store_book_attempt take_attempt(struct sql *s, struct sql_stmt *q, struct arena *a)
{
    return (struct store_book_attempt){
        .id = sql_int(s, q, 1),
        .no = (uint32_t)sql_int(s, q, 2),
        .live = sql_int(s, q, 3) != 0,
        .state = (enum attempt_state)sql_int(s, q, 4),
        .end = (enum end_kind)sql_int(s, q, 5),
        .submit_t = sql_int(s, q, 6),
        .start_t = sql_int(s, q, 7),
        .end_t = sql_int(s, q, 8),
        .exit_code = (int)sql_int(s, q, 9),
        .exit_signal = (int)sql_int(s, q, 10),
        .n_ranks = (uint32_t)sql_int(s, q, 11),
        .n_threads = (uint32_t)sql_int(s, q, 12),
        .name = book_text(s, q, 13, a),
        .scheduler = book_text(s, q, 14, a),
        .sched_id = book_text(s, q, 15, a),
        .raw = book_text(s, q, 16, a),
        .reason = book_text(s, q, 17, a),
        .host = book_text(s, q, 18, a),
        .program = book_text(s, q, 19, a),
        .log_path = book_text(s, q, 20, a),
    };
}

/* all: each job's; else its last, which the ones before make place for. */
static bool read_attempts(struct store *store, const struct wanted *w, bool all, struct arena *a,
                          const struct book_places *p, struct store_book_job *rows, struct error *err)
{
    static const char *const forms[] =
        FORMS("SELECT x.job,x.id,x.no,coalesce(x.live,0),x.state,x.end_kind,x.submit_t,x.start_t,x.end_t,"
              "coalesce(x.exit_code,-1),coalesce(x.exit_signal,-1),x.n_ranks,x.n_threads,x.name,x.scheduler,"
              "x.sched_id,x.raw_state,x.reason,x.host,x.program,x.log_path FROM job j {then} attempt x ON "
              "x.job=j.id",
              " ORDER BY j.id,x.no");
    struct sql *s = &store->sql;
    struct sql_stmt *q = ask(store, forms, w, err);
    int step;
    size_t at;
    while ((step = book_next(s, q, p, &at, err)) == 1) {
        struct store_book_job *j = rows + at;
        if (all || j->n_attempts == 0)
            j->attempts = arena_grow(a, j->attempts, j->n_attempts++, sizeof *j->attempts);
        j->attempts[j->n_attempts - 1] = take_attempt(s, q, a);
    }
    return step == 0;
}

static bool read_stale(struct store *s, struct arena *a, const struct book_places *p,
                       struct store_book_job *rows, struct error *err)
{
    struct store_stale *stale;
    size_t n, at;
    if (!store_stale_jobs(s, a, &stale, &n, err))
        return false;
    for (size_t i = 0; i < n; i++)
        if (book_places_find(p, stale[i].job, &at))
            rows[at].stale = stale[i].why;
    return true;
}

bool store_book_jobs(struct store *s, const struct store_job_filter *f, struct arena *a,
                     struct store_book_job **rows, size_t *n, struct error *err)
{
    struct wanted w = wanted_of(f);
    size_t all = 0;
    *rows = NULL;
    *n = 0;
    if (!find_newest(s, f, &w, err) || !read_jobs(s, f, &w, a, rows, &all, err))
        return false;
    if (all == 0)
        return true;
    size_t left_out = f->newest && all > f->newest ? all - f->newest : 0;
    *rows += left_out;
    *n = all - left_out;
    const struct book_places p =
        book_places_of(a, *rows, *n, sizeof **rows, offsetof(struct store_book_job, id));
    w.first = (*rows)[0].id;
    w.last = (*rows)[*n - 1].id;
    return read_sums(s, &w, &p, *rows, err) && read_attempts(s, &w, f->all_attempts, a, &p, *rows, err) &&
           (!f->stale || read_stale(s, a, &p, *rows, err));
}

/* ---- cancel and retry ---- */

struct job_standing store_book_standing(const struct store_book_job *j)
{
    struct job_standing s = {.state = j->state, .cancelled = j->cancelled};
    for (size_t i = 0; i < j->n_attempts; i++)
        s.live |= j->attempts[i].live;
    return s;
}

struct job_work {
    enum job_change change;
    const struct store_by *by;
    const int64_t *jobs;
    size_t n, changed;
};

static bool read_now(struct store *store, int64_t job, struct job_standing *out, struct error *err)
{
    struct sql *s = &store->sql;
    *out = (struct job_standing){0};
    struct sql_stmt *q = sql_query(s, err,
                                   "SELECT state,cancelled,(SELECT count(*) FROM attempt x WHERE x.job=j.id "
                                   "AND x.live=1) FROM job j WHERE j.id=?",
                                   "i", job);
    int step = sql_step(s, q, err);
    if (step != 1)
        return step == 0 && (error_set(err, ERROR_USAGE, "there is no job %lld", (long long)job),
                             error_hint(err, "xfelx job list shows them all"));
    *out = (struct job_standing){.state = (enum job_state)sql_int(s, q, 0),
                                 .cancelled = sql_int(s, q, 1),
                                 .live = sql_int(s, q, 2) > 0};
    sql_reset(s, q);
    return true;
}

/* What is alive stays so until the watcher has ended it. */
static bool cancel_one(struct sql *q, const struct store_by *by, int64_t job, bool live, int64_t now,
                       struct error *err)
{
    return sql_do(q, NULL, err, "UPDATE job SET cancelled=1,cancelled_by=? WHERE id=?", "ti", by->who, job) &&
           (live || sql_do(q, NULL, err, "UPDATE job SET state=?,state_t=?,retry_t=NULL WHERE id=?", "iii",
                           (int64_t)JOB_CANCELLED, now, job));
}

static bool retry_one(struct sql *q, int64_t job, bool live, int64_t now, struct error *err)
{
    return sql_do(q, NULL, err,
                  "UPDATE job SET cancelled=0,cancelled_by=NULL,forgiven_t=?,retry_t=NULL WHERE id=?", "ii",
                  now, job) &&
           (live || sql_do(q, NULL, err, "UPDATE job SET state=?,state_t=? WHERE id=?", "iii",
                           (int64_t)JOB_READY, now, job));
}

static bool refuse_done(int64_t job, enum job_change change, struct error *err)
{
    return error_set(err, ERROR_USAGE, "job %lld is done", (long long)job),
           error_hint(err,
                      change == JOB_CHANGE_CANCEL ? "xfelx job delete %lld removes its results"
                                                  : "to do it anew: xfelx job delete %lld, then retry",
                      (long long)job);
}

static bool change_work(struct store *s, void *arg, struct error *err)
{
    struct job_work *w = arg;
    bool cancel = w->change == JOB_CHANGE_CANCEL;
    w->changed = 0;
    for (size_t i = 0; i < w->n; i++) {
        struct job_standing j;
        int64_t now, job = w->jobs[i];
        if (!read_now(s, job, &j, err) || !sql_now(&s->sql, &now, err))
            return false;
        if (j.state == JOB_DONE && !(cancel && j.live))
            return refuse_done(job, w->change, err);
        if (!job_may(w->change, &j))
            continue;
        if (!(cancel ? cancel_one(&s->sql, w->by, job, j.live, now, err)
                     : retry_one(&s->sql, job, j.live, now, err)) ||
            !book_audit_id(s, w->by, cancel ? "job.cancel" : "job.retry", "job", job,
                           job_state_word((int)j.state), cancel ? "cancelled" : "ready", err))
            return false;
        w->changed++;
    }
    return true;
}

static bool change_jobs(struct store *s, enum job_change change, const struct store_by *by,
                        const int64_t *jobs, size_t n, size_t *changed, struct error *err)
{
    struct job_work w = {change, by, jobs, n, 0};
    bool ok = book_change(s, change_work, &w, err);
    if (changed)
        *changed = w.changed;
    return ok;
}

bool store_job_cancel(struct store *s, const struct store_by *by, const int64_t *jobs, size_t n,
                      size_t *changed, struct error *err)
{
    return change_jobs(s, JOB_CHANGE_CANCEL, by, jobs, n, changed, err);
}

bool store_job_retry(struct store *s, const struct store_by *by, const int64_t *jobs, size_t n,
                     size_t *changed, struct error *err)
{
    return change_jobs(s, JOB_CHANGE_RETRY, by, jobs, n, changed, err);
}

/* ---- delete ---- */

struct delete_work {
    const struct store_by *by;
    int64_t job;
    bool left;
};

/* Other people's work is built on it. */
static bool not_an_input(struct store *s, int64_t job, struct error *err)
{
    struct arena a = {0};
    const char *version;
    bool there = false;
    bool ok = book_look(s, &a, &version, &there, err,
                        "SELECT d.name FROM version_input i JOIN dataset_version v ON v.id=i.version JOIN "
                        "dataset d ON d.id=v.dataset JOIN attempt x ON x.live=1 JOIN job j ON j.id=x.job AND "
                        "j.version=v.id WHERE i.job=? LIMIT 1",
                        job);
    if (ok && there)
        ok = (error_set(err, ERROR_USAGE, "job %lld is being read for dataset \"%s\"", (long long)job,
                        version),
              error_hint(err, "wait until that has ended, or cancel it"));
    arena_free(&a);
    return ok;
}

/* First nothing starts it any more; then its rows can go in steps. */
static bool mark_work(struct store *s, void *arg, struct error *err)
{
    const struct delete_work *w = arg;
    struct job_standing j;
    int64_t now = 0, frames = 0;
    char was[96];
    if (!read_now(s, w->job, &j, err) || !sql_now(&s->sql, &now, err))
        return false;
    if (!job_may(JOB_CHANGE_DELETE, &j))
        return error_set(err, ERROR_USAGE, "job %lld is alive", (long long)w->job),
               error_hint(err, "end it first: xfelx job cancel %lld", (long long)w->job);
    if (!not_an_input(s, w->job, err) ||
        !sql_number(&s->sql, &frames, 0, err,
                    "SELECT sum(r.frames) FROM roll r JOIN attempt a ON a.id=r.attempt WHERE a.job=? AND "
                    "r.label=0",
                    "i", w->job))
        return false;
    snprintf(was, sizeof was, "%s, %s", job_state_word((int)j.state), COUNT(frames, "frame"));
    return sql_do(&s->sql, NULL, err,
                  "UPDATE job SET cancelled=1,cancelled_by=?,state=?,state_t=?,retry_t=NULL,published=0,"
                  "n_final=NULL,n_lattices=NULL,outputs=0 WHERE id=?",
                  "tiii", w->by->who, (int64_t)JOB_CANCELLED, now, w->job) &&
           book_audit_id(s, w->by, "job.delete", "job", w->job, was, "no results, cancelled", err);
}

static bool forget_work(struct store *s, void *arg, struct error *err)
{
    struct delete_work *w = arg;
    return book_forget_results(s, w->job, &w->left, err);
}

bool store_job_delete(struct store *s, const struct store_by *by, int64_t job, struct error *err)
{
    struct delete_work w = {by, job, true};
    if (!book_change(s, mark_work, &w, err))
        return false;
    while (w.left)
        if (!book_change(s, forget_work, &w, err))
            return false;
    return true;
}
