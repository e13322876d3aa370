/* campaign_snapshot.c - everything that the plan needs, read at one moment; see campaign.h and snapshot.h.
 *
 * One statement a kind of row, whatever there is of it. What would grow with the history of a campaign is left out: of a job of frames
 * that is done the plan never asks how its attempts ended, and frames are counted in the rows of jobs that rest (job.n_final); only
 * for the others the roll-ups are added up. What `process` alone made (runs of the facility "process", jobs without rungroup) is no
 * part of the campaign. */
#include "store/store_private.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Rows of one kind while they are read. For the larger tables there is room from the start, so that they are not copied while they grow;
 * only what is used of it counts. */
enum { ROWS_AHEAD = 1 << 20 };
struct rows {
    struct arena *arena;
    char *at;
    size_t n, room, size;
};

static void *add_row(struct rows *r)
{
    if (r->n == r->room) {
        size_t room = r->room ? 2 * r->room : 64;
        char *more = arena_rows(r->arena, room, r->size);
        if (r->n)
            memcpy(more, r->at, r->n * r->size);
        r->at = more;
        r->room = room;
    }
    return r->at + r->n++ * r->size;
}

struct reading {
    struct sql *sql;
    struct sql_stmt *q;
    struct arena *arena;
    struct snapshot *out;
};

static int64_t int_at(const struct reading *r, int i)
{
    return sql_int(r->sql, r->q, i);
}

static bool bool_at(const struct reading *r, int i)
{
    return int_at(r, i) != 0;
}

/* NULL or "": NULL. */
static const char *text_at(const struct reading *r, int i)
{
    size_t n;
    const uint8_t *bytes = sql_bytes(r->sql, r->q, i, &n);
    return n ? arena_strndup(r->arena, (const char *)bytes, n) : NULL;
}

/* ---- one function a kind of row ---- */

static void take_run(const struct reading *r, void *row)
{
    const char *name = text_at(r, 2);
    bool readable = bool_at(r, 6);
    *(struct campaign_run *)row = (struct campaign_run){.id = int_at(r, 0),
                                                        .ord = int_at(r, 1),
                                                        .name = name ? name : "",
                                                        .state = (enum run_state)(int)int_at(r, 3),
                                                        .n_files = (uint32_t)int_at(r, 4),
                                                        .n_here = (uint32_t)int_at(r, 5),
                                                        .readable = readable,
                                                        .ignored = bool_at(r, 7),
                                                        .why_unreadable = readable ? NULL : text_at(r, 8)};
}

static void take_trial(const struct reading *r, void *row)
{
    *(struct campaign_trial *)row = (struct campaign_trial){.id = int_at(r, 0),
                                                            .num = (uint32_t)int_at(r, 1),
                                                            .active = bool_at(r, 2),
                                                            .bad_input = text_at(r, 3),
                                                            .preview = (int)int_at(r, 4)};
}

static void take_rungroup(const struct reading *r, void *row)
{
    *(struct campaign_rungroup *)row = (struct campaign_rungroup){.id = int_at(r, 0),
                                                                  .first_ord = int_at(r, 1),
                                                                  .last_ord = int_at(r, 2),
                                                                  .open = bool_at(r, 3),
                                                                  .active = bool_at(r, 4),
                                                                  .bad_input = text_at(r, 5)};
}

static void take_exception(const struct reading *r, void *row)
{
    *(struct campaign_exception *)row =
        (struct campaign_exception){.rungroup = int_at(r, 0), .run = int_at(r, 1), .include = bool_at(r, 2)};
}

static void take_use(const struct reading *r, void *row)
{
    *(struct campaign_use *)row =
        (struct campaign_use){.trial = int_at(r, 0), .rungroup = int_at(r, 1), .active = bool_at(r, 2)};
}

static void take_run_tag(const struct reading *r, void *row)
{
    *(struct campaign_run_tag *)row = (struct campaign_run_tag){int_at(r, 0), int_at(r, 1)};
}

static void take_task(const struct reading *r, void *row)
{
    const char *name = text_at(r, 1), *kind = text_at(r, 2);
    *(struct campaign_task *)row = (struct campaign_task){
        .rev = int_at(r, 0), .name = name ? name : "", .kind = kind ? task_kind_find(kind) : 0};
}

enum { OP_INTERSECTION = 2 }; /* dataset.op */

static void take_dataset(const struct reading *r, void *row)
{
    const char *name = text_at(r, 1);
    *(struct campaign_dataset *)row = (struct campaign_dataset){.id = int_at(r, 0),
                                                                .name = name ? name : "",
                                                                .all = int_at(r, 2) == OP_INTERSECTION,
                                                                .active = bool_at(r, 3)};
    const char *goal = text_at(r, 4);
    int64_t lattices;
    if (goal && str_to_i64(goal, &lattices) && lattices > 0)
        ((struct campaign_dataset *)row)->goal = (uint64_t)lattices;
}

static void take_dataset_tag(const struct reading *r, void *row)
{
    *(struct campaign_dataset_tag *)row = (struct campaign_dataset_tag){int_at(r, 0), int_at(r, 1)};
}

static void take_dataset_task(const struct reading *r, void *row)
{
    *(struct campaign_dataset_task *)row =
        (struct campaign_dataset_task){int_at(r, 0), int_at(r, 1), (uint32_t)int_at(r, 2)};
}

static void take_version(const struct reading *r, void *row)
{
    *(struct campaign_version *)row =
        (struct campaign_version){int_at(r, 0), int_at(r, 1), (uint32_t)int_at(r, 2)};
}

static void take_input(const struct reading *r, void *row)
{
    *(struct campaign_input *)row = (struct campaign_input){int_at(r, 0), int_at(r, 1)};
}

static void take_job(const struct reading *r, void *row)
{
    *(struct campaign_job *)row = (struct campaign_job){
        .id = int_at(r, 0),
        .key = {int_at(r, 1), int_at(r, 2), int_at(r, 3), int_at(r, 4), int_at(r, 5)},
        .n_expected = (uint64_t)int_at(r, 6),
        .n_final = (uint64_t)int_at(r, 7),
        .n_lattices = (uint64_t)int_at(r, 8),
        .outputs = bool_at(r, 9),
        .published = bool_at(r, 10),
        .cancelled = bool_at(r, 11),
        .cancelled_by = text_at(r, 12),
        .state_t = int_at(r, 13),
        .forgiven_t = int_at(r, 14),
        .n_tries = (uint32_t)int_at(r, 15),
        .state = (enum job_state)(int)int_at(r, 16),
        .retry_t = int_at(r, 17),
    };
}

static void take_attempt(const struct reading *r, void *row)
{
    *(struct campaign_attempt *)row = (struct campaign_attempt){
        .id = int_at(r, 0),
        .job = int_at(r, 1),
        .no = (uint32_t)int_at(r, 2),
        .live = bool_at(r, 3),
        .state = (enum attempt_state)(int)int_at(r, 4),
        .end_kind = (enum end_kind)(int)int_at(r, 5),
        .exit_code = (int)int_at(r, 6),
        .transient = bool_at(r, 7),
        .n_new = (uint64_t)int_at(r, 8),
        .reason = text_at(r, 9),
        .since_t = int_at(r, 10),
        .end_t = int_at(r, 11),
    };
}

/* ---- all of them ---- */

#define CAMPAIGN_JOB "NOT (j.rungroup=0 AND j.task_rev=0 AND j.version=0)"
#define ASKED_FOR "NOT (j.state=1 AND j.task_rev=0 AND j.version=0)" /* of which attempts matter */
#define PART(kind, what)                                                                                     \
    sizeof(struct campaign_##kind), offsetof(struct snapshot, what), offsetof(struct snapshot, n_##what)

// clang-format off
static const struct part {
    const char *select, *most; /* most: how many there may be; NULL: few */
    void (*take)(const struct reading *r, void *row);
    size_t size, rows, n; /* of a row; places in struct snapshot */
} parts[] = {
    {"SELECT id,ord,name,state,n_files,n_here,readable,ignored,why FROM run WHERE facility<>'process'", "SELECT max(id) FROM run",
     take_run, PART(run, runs)},
    {"SELECT id,num,active,bad_input,coalesce(preview,0) FROM trial", NULL, take_trial, PART(trial, trials)},
    {"SELECT id,first_ord,coalesce(last_ord,0),last_ord IS NULL,active,bad_input FROM rungroup", NULL,
     take_rungroup, PART(rungroup, rungroups)},
    {"SELECT rungroup,run,include FROM rungroup_run", NULL, take_exception, PART(exception, exceptions)},
    {"SELECT trial,rungroup,active FROM trial_rungroup", NULL, take_use, PART(use, uses)},
    {"SELECT run,tag FROM run_tag", NULL, take_run_tag, PART(run_tag, run_tags)},
    {"SELECT v.id,t.name,t.kind FROM task_rev v JOIN task t ON t.id=v.task", NULL, take_task, PART(task, tasks)},
    {"SELECT id,name,op,active,goal FROM dataset", NULL, take_dataset, PART(dataset, datasets)},
    {"SELECT dataset,tag FROM dataset_tag", NULL, take_dataset_tag, PART(dataset_tag, dataset_tags)},
    {"SELECT dataset,task_rev,pos FROM dataset_task", NULL, take_dataset_task, PART(dataset_task, dataset_tasks)},
    {"SELECT id,dataset,version FROM dataset_version", NULL, take_version, PART(version, versions)},
    {"SELECT version,job FROM version_input", NULL, take_input, PART(input, inputs)},
    {"SELECT id,trial,rungroup,run,task_rev,version,n_expected,coalesce(n_final,-1),coalesce(n_lattices,0),"
     "coalesce(outputs,0),published,cancelled,cancelled_by,state_t,coalesce(forgiven_t,0),n_tries,state,"
     "coalesce(retry_t,0) FROM job j "
     "WHERE " CAMPAIGN_JOB, "SELECT max(id) FROM job", take_job, PART(job, jobs)},
    {"SELECT a.id,a.job,a.no,a.live,a.state,a.end_kind,a.exit_code,a.transient,coalesce(a.n_new,-1),a.reason,"
     "coalesce(a.since_t,a.start_t,0),coalesce(a.end_t,0) FROM job j {then} attempt a ON a.job=j.id "
     "WHERE " CAMPAIGN_JOB " AND " ASKED_FOR, NULL, take_attempt, PART(attempt, attempts)},
};
// clang-format on

static bool read_part(struct reading *r, const struct part *p, struct error *err)
{
    struct rows rows = {.arena = r->arena, .size = p->size};
    char *out = (char *)r->out;
    int64_t n = 0;
    int step;
    if (p->most && !sql_number(r->sql, &n, 0, err, p->most, ""))
        return false;
    n = n < ROWS_AHEAD ? n : ROWS_AHEAD;
    if (n > 0)
        rows.at = arena_rows(r->arena, rows.room = (size_t)n, rows.size);
    r->q = sql_query(r->sql, err, p->select, "");
    while ((step = sql_step(r->sql, r->q, err)) == 1)
        p->take(r, add_row(&rows));
    memcpy(out + p->rows, &rows.at, sizeof rows.at);
    memcpy(out + p->n, &rows.n, sizeof rows.n);
    return step == 0;
}

/* Frames of the jobs and attempts whose rows do not say so: those that are worked on. */
struct count {
    int64_t job, attempt;
    uint64_t frames, lattices;
};

static int by_attempt(const void *a, const void *b)
{
    const struct count *x = a, *y = b;
    return x->job != y->job ? (x->job > y->job) - (x->job < y->job)
                            : (x->attempt > y->attempt) - (x->attempt < y->attempt);
}

static bool read_counts(struct reading *r, struct rows *counts, struct error *err)
{
    int step;
    r->q =
        sql_query(r->sql, err,
                  "SELECT a.job,a.id,sum(r.frames),sum(r.lattices) FROM job j {then} attempt a ON a.job=j.id "
                  "{then} roll r ON r.attempt=a.id AND r.label=0 WHERE j.n_final IS NULL AND " CAMPAIGN_JOB
                  " GROUP BY a.job,a.id",
                  "");
    while ((step = sql_step(r->sql, r->q, err)) == 1)
        *(struct count *)add_row(counts) =
            (struct count){int_at(r, 0), int_at(r, 1), (uint64_t)int_at(r, 2), (uint64_t)int_at(r, 3)};
    if (counts->n > 1)
        qsort(counts->at, counts->n, counts->size, by_attempt);
    return step == 0;
}

/* The first count of a job, from an attempt on. */
static size_t first_count(const struct count *c, size_t n, int64_t job, int64_t attempt)
{
    const struct count key = {.job = job, .attempt = attempt};
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (by_attempt(&c[middle], &key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

enum { NOT_COUNTED = -1 };

static void fill_in_counts(struct snapshot *out, struct campaign_job *jobs, struct campaign_attempt *attempts,
                           const struct count *c, size_t n)
{
    for (size_t i = 0; i < out->n_jobs; i++) {
        if (jobs[i].n_final != (uint64_t)NOT_COUNTED)
            continue;
        jobs[i].n_final = jobs[i].n_lattices = 0;
        for (size_t k = first_count(c, n, jobs[i].id, 0); k < n && c[k].job == jobs[i].id; k++) {
            jobs[i].n_final += c[k].frames;
            jobs[i].n_lattices += c[k].lattices;
        }
    }
    for (size_t i = 0; i < out->n_attempts; i++) {
        if (attempts[i].n_new != (uint64_t)NOT_COUNTED)
            continue;
        size_t k = first_count(c, n, attempts[i].job, attempts[i].id);
        attempts[i].n_new = k < n && c[k].attempt == attempts[i].id ? c[k].frames : 0;
    }
}

struct snapshot_work {
    struct arena *arena;
    struct snapshot *out;
};

static bool read_all(struct store *s, void *arg, struct error *err)
{
    const struct snapshot_work *w = arg;
    struct reading r = {.sql = &s->sql, .arena = w->arena, .out = w->out};
    struct arena work = {0};
    struct rows counts = {.arena = &work, .size = sizeof(struct count)};
    *w->out = (struct snapshot){0};
    bool ok = sql_now(&s->sql, &w->out->now, err);
    s->sql.stream = true; /* rows are taken as they come */
    for (size_t i = 0; ok && i < sizeof parts / sizeof *parts; i++)
        ok = read_part(&r, &parts[i], err);
    ok = ok && read_counts(&r, &counts, err);
    s->sql.stream = false;
    if (ok) /* the arrays are ours: the snapshot shows them as constant */
        fill_in_counts(w->out, (struct campaign_job *)(uintptr_t)w->out->jobs,
                       (struct campaign_attempt *)(uintptr_t)w->out->attempts,
                       (const struct count *)counts.at, counts.n);
    arena_free(&work);
    return ok;
}

bool store_read_snapshot(struct store *s, struct arena *a, struct snapshot *out, struct error *err)
{
    struct snapshot_work w = {a, out};
    return store_reading(s, read_all, &w, err);
}

/* ---- what the plan found ---- */

struct states_work {
    const struct store_job_state *states;
    size_t n;
};

/* How its last attempt ended, in its own words. */
static bool last_words(struct sql *s, int64_t job, char *out, size_t size, struct error *err)
{
    struct sql_stmt *q = sql_query(
        s, err, "SELECT coalesce(reason,'') FROM attempt WHERE job=? ORDER BY no DESC LIMIT 1", "i", job);
    int step = sql_step(s, q, err);
    if (step == 1) {
        sql_text(s, q, 0, out, size);
        sql_reset(s, q);
    }
    return step >= 0;
}

/* A job that somebody has claimed since, or that has become done, is left alone: the plan looked at it before. */
static bool set_state(struct store *store, const struct store_job_state *j, int64_t now, struct error *err)
{
    struct sql *s = &store->sql;
    int64_t changed = 0, run = 0;
    struct store_happened e = {.job = j->job};
    if (!sql_do(s, &changed, err,
                "UPDATE job SET state=?,state_t=?,retry_t=nullif(?,0) WHERE id=? AND (state<>? OR "
                "coalesce(retry_t,0)<>?) AND NOT (state=1 AND n_expected>0 AND n_final>=n_expected) AND NOT "
                "EXISTS(SELECT 1 FROM attempt a WHERE a.job=job.id AND a.live=1)",
                "iiiiii", (int64_t)j->state, now, j->retry_t, j->job, (int64_t)j->state, j->retry_t))
        return false;
    if (changed == 0 || (j->state != JOB_FAILED && j->state != JOB_DONE))
        return true;
    e.kind = j->state == JOB_DONE ? "job_done" : "job_failed";
    e.level = j->state == JOB_DONE ? STORE_INFO : STORE_ERROR;
    char body[512] = "";
    if (!last_words(s, j->job, body, sizeof body, err))
        return false;
    e.body = body;
    return sql_number(s, &run, 0, err, "SELECT run FROM job WHERE id=?", "i", j->job) &&
           (e.run = run, store_happens(store, &e, now, err));
}

static bool states_work(struct store *s, void *arg, struct error *err)
{
    const struct states_work *w = arg;
    int64_t now = 0;
    bool ok = sql_now(&s->sql, &now, err);
    for (size_t i = 0; ok && i < w->n; i++)
        ok = set_state(s, w->states + i, now, err);
    return ok;
}

bool store_set_job_states(struct store *s, const struct store_job_state *states, size_t n, struct error *err)
{
    struct states_work w = {states, n};
    return n == 0 || store_transaction(s, states_work, &w, err);
}

/* ---- versions of datasets ---- */

struct version_work {
    int64_t dataset;
    uint32_t version;
    const int64_t *jobs;
    size_t n;
    int64_t *id;
};

static bool version_work(struct store *store, void *arg, struct error *err)
{
    const struct version_work *w = arg;
    struct sql *s = &store->sql;
    int64_t now = 0, new = 0;
    struct arena a = {0};
    if (!sql_now(s, &now, err) ||
        !sql_do(s, &new, err, "INSERT INTO dataset_version(dataset,version,created) VALUES(?,?,?) {keep id}",
                "iii", w->dataset, (int64_t)w->version, now) ||
        !sql_number(s, w->id, 0, err, "SELECT id FROM dataset_version WHERE dataset=? AND version=?", "ii",
                    w->dataset, (int64_t)w->version))
        return false;
    if (new == 0)
        return true;
    struct sql_value *rows = arena_array(&a, 2 * w->n + 1, sizeof *rows);
    for (size_t i = 0; i < w->n; i++)
        rows[2 * i] = sql_i(*w->id), rows[2 * i + 1] = sql_i(w->jobs[i]);
    bool ok = w->n == 0 || sql_insert(s, "version_input", MEETING_KEEPS, rows, w->n, NULL, err);
    const char *body = arena_printf(&a, "version %" PRIu32 " of dataset %" PRId64 ", %zu jobs", w->version,
                                    w->dataset, w->n);
    ok = ok &&
         store_happens(store, &(struct store_happened){.kind = "dataset_version", .body = body}, now, err);
    arena_free(&a);
    return ok;
}

bool store_new_version(struct store *s, int64_t dataset, uint32_t version, const int64_t *jobs, size_t n,
                       int64_t *id, struct error *err)
{
    struct version_work w = {dataset, version, jobs, n, id};
    return store_transaction(s, version_work, &w, err);
}
