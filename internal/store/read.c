/* read.c - reading for status and report; see store.h. Only roll-ups are read, never frames, but for the list of failures. */
#include "store/pack.h"
#include "store/store_private.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

double store_percentile(const double *sorted, size_t n, double share)
{
    if (n == 0)
        return NAN;
    double at = share * (double)(n - 1);
    size_t i = (size_t)at;
    return i + 1 < n ? sorted[i] + (at - (double)i) * (sorted[i + 1] - sorted[i]) : sorted[i];
}

/* The attempts of a job in a query on roll-ups. */
#define OF_JOB " JOIN attempt a ON a.id=r.attempt WHERE a.job=? AND r.label=0"

/* Median and [16, 84] percentiles of cells, rmsd and resolution over the sample of the job's lattices. Writers thin their samples by
 * the same rule: the highest level holds for all. */
static bool read_sample(struct sql *s, struct store_job_row *row, struct error *err)
{
    enum { COLUMNS = 8 };
    int64_t n = 0, level = 0;
    if (!sql_number(s, &level, 0, err, "SELECT max(r.level) FROM roll_sample r" OF_JOB, "i", row->job) ||
        !sql_number(s, &n, 0, err, "SELECT count(*) FROM roll_sample r" OF_JOB, "i", row->job))
        return false;
    double *values = calloc((size_t)n * COLUMNS + 1, sizeof *values);
    if (!values)
        return error_set(err, ERROR_MEMORY, "out of memory");
    size_t count[COLUMNS] = {0};
    struct sql_stmt *q = sql_query(
        s, err,
        "SELECT r.a,r.b,r.c,r.al,r.be,r.ga,r.rmsd_px,r.res_a FROM roll_sample r" OF_JOB " AND r.hash<=?",
        "ii", row->job, (int64_t)(((UINT64_C(1) << 63) >> level) - 1));
    int step;
    for (int64_t seen = 0; (step = sql_step(s, q, err)) == 1; seen++)
        for (int c = 0; c < COLUMNS && seen < n; c++) /* more came in meanwhile */
            if (isfinite(sql_real(s, q, c)))
                values[(size_t)c * (size_t)n + count[c]++] = sql_real(s, q, c);
    for (int c = 0; c < COLUMNS; c++) {
        double *v = values + (size_t)c * (size_t)n;
        qsort(v, count[c], sizeof *v, by_value);
        double median = store_percentile(v, count[c], 0.5);
        if (c < 6) {
            row->cell_median[c] = median;
            row->cell_lo[c] = store_percentile(v, count[c], 0.16);
            row->cell_hi[c] = store_percentile(v, count[c], 0.84);
        } else {
            *(c == 6 ? &row->rmsd_px_median : &row->res_a_median) = median;
        }
    }
    free(values);
    return step == 0;
}

static bool read_counts(struct sql *s, struct store_job_row *row, struct error *err)
{
    struct sql_stmt *q = sql_query(s, err,
                                   "SELECT "
                                   "r.frames,r.blank,r.indexed_below,r.hit_not_indexed,r.indexed_not_"
                                   "integrated,r.integrated,r.failed,r.lattices,"
                                   "r.reflections,r.t_last,r.reasons FROM roll r" OF_JOB,
                                   "i", row->job);
    int step;
    while ((step = sql_step(s, q, err)) == 1) {
        struct store_counts *c = &row->counts;
        uint32_t reasons[REASON_END] = {0};
        size_t bytes = 0;
        c->frames += (uint64_t)sql_int(s, q, 0);
        for (int o = 1; o <= 6; o++)
            c->by_outcome[o] += (uint64_t)sql_int(s, q, o);
        c->lattices += (uint64_t)sql_int(s, q, 7);
        c->reflections += (uint64_t)sql_int(s, q, 8);
        int64_t t = sql_int(s, q, 9);
        row->newest_t = t > row->newest_t ? t : row->newest_t;
        const uint8_t *packed = sql_bytes(s, q, 10, &bytes);
        if (bytes == 256)
            unpack_counts(packed, REASON_END, reasons);
        for (int i = 0; i < 64; i++)
            c->by_reason[i] += reasons[i];
    }
    return step == 0;
}

/* Kinds 20 to 28 of roll_hist, in 0.1 ms. */
static bool read_stages(struct sql *s, struct store_job_row *row, struct error *err)
{
    struct sql_stmt *q =
        sql_query(s, err, "SELECT r.kind,r.n,r.total FROM roll_hist r" OF_JOB " AND r.kind>=20 AND r.kind<29",
                  "i", row->job);
    int step;
    while ((step = sql_step(s, q, err)) == 1) {
        int stage = (int)sql_int(s, q, 0) - ROLL_KIND_STAGE;
        if (stage < 0 || stage >= STAGE_MAX)
            continue;
        row->stage_n[stage] += (uint64_t)sql_int(s, q, 1);
        row->stage_ms[stage] += 0.1 * sql_real(s, q, 2);
    }
    return step == 0;
}

static void read_job(struct sql *s, struct sql_stmt *q, struct store_job_row *row)
{
    char hash[65] = "";
    row->job = sql_int(s, q, 0);
    row->run = sql_int(s, q, 1);
    sql_text(s, q, 2, row->run_name, sizeof row->run_name);
    size_t n = 0;
    const uint8_t *bytes = sql_bytes(s, q, 3, &n);
    if (n == 32)
        hash_hex(bytes, 32, hash);
    memcpy(row->trial_hash, hash, 16);
    row->n_expected = (uint64_t)sql_int(s, q, 4);
    row->state = (int)sql_int(s, q, 5);
    row->attempts = (int)sql_int(s, q, 6);
    row->end_kind = (int)sql_int(s, q, 7);
    sql_text(s, q, 8, row->host, sizeof row->host);
    sql_text(s, q, 9, row->program, sizeof row->program);
    row->start_t = sql_int(s, q, 10);
    row->end_t = sql_int(s, q, 11);
    row->n_ranks = (uint32_t)sql_int(s, q, 12);
    row->n_threads = (uint32_t)sql_int(s, q, 13);
    sql_text(s, q, 14, row->folder, sizeof row->folder);
}

/* job 0: all */
static bool read_jobs(struct store *s, int64_t job, struct arena *a, struct store_job_row **rows, size_t *n,
                      struct error *err)
{
    int64_t count = 0;
    *n = 0;
    if (!sql_number(&s->sql, &count, 0, err, "SELECT count(*) FROM job WHERE (?=0 OR id=?)", "ii", job, job))
        return false;
    *rows = arena_array(a, (size_t)count + 1, sizeof **rows);
    struct sql_stmt *q = sql_query(
        &s->sql, err,
        "SELECT j.id,j.run,r.name,t.recipe_hash,j.n_expected,j.state,j.n_tries,a.end_kind,a.host,a.program,"
        "a.start_t,a.end_t,a.n_ranks,a.n_threads,j.folder FROM job j JOIN run r ON r.id=j.run JOIN trial t "
        "ON "
        "t.id=j.trial LEFT JOIN attempt a ON a.job=j.id AND a.no=(SELECT max(no) FROM attempt WHERE "
        "job=j.id) "
        "WHERE (?=0 OR j.id=?) ORDER BY r.ord,j.id",
        "ii", job, job);
    int step;
    while ((step = sql_step(&s->sql, q, err)) == 1 && *n < (size_t)count)
        read_job(&s->sql, q, *rows + (*n)++);
    if (step == 1)
        sql_reset(&s->sql, q);
    bool ok = step >= 0;
    for (size_t i = 0; ok && i < *n; i++)
        ok = read_counts(&s->sql, *rows + i, err) && read_stages(&s->sql, *rows + i, err) &&
             read_sample(&s->sql, *rows + i, err);
    return ok;
}

bool store_jobs(struct store *s, struct arena *a, struct store_job_row **rows, size_t *n, struct error *err)
{
    return read_jobs(s, 0, a, rows, n, err);
}

bool store_job_row(struct store *s, int64_t job, struct arena *a, struct store_job_row **rows, size_t *n,
                   struct error *err)
{
    *n = 0;
    return job <= 0 || read_jobs(s, job, a, rows, n, err);
}

struct frames_work {
    int64_t job;
    struct arena *arena;
    struct store_frame *rows;
    size_t n;
};

static bool read_frames(struct store *s, void *arg, struct error *err)
{
    struct frames_work *w = arg;
    struct sql_stmt *q = sql_query(
        &s->sql, err, "SELECT source,frame,attempt,writer FROM frame WHERE job=? ORDER BY source,frame", "i",
        w->job);
    int step;
    w->n = 0;
    w->rows = NULL;
    while ((step = sql_step(&s->sql, q, err)) == 1) {
        w->rows = arena_grow(w->arena, w->rows, w->n, sizeof *w->rows);
        w->rows[w->n++] =
            (struct store_frame){(uint32_t)sql_int(&s->sql, q, 0), (uint32_t)sql_int(&s->sql, q, 1),
                                 sql_int(&s->sql, q, 2), (uint32_t)sql_int(&s->sql, q, 3)};
    }
    return step == 0;
}

/* As a transaction, because that is what connects again: a job asks this first of a server that is back. */
bool store_frames(struct store *s, int64_t job, struct arena *a, struct store_frame **rows, size_t *n,
                  struct error *err)
{
    struct frames_work w = {.job = job, .arena = a};
    bool ok = store_transaction(s, read_frames, &w, err);
    *rows = w.rows;
    *n = w.n;
    return ok;
}

bool store_failures(struct store *s, int64_t job, size_t limit, struct arena *a, struct store_failed **rows,
                    size_t *n, struct error *err)
{
    *n = 0;
    *rows = arena_array(a, limit + 1, sizeof **rows);
    struct sql_stmt *q = sql_query(
        &s->sql, err,
        "SELECT s.path,f.frame,f.reason,x.body FROM frame f JOIN job j ON j.id=f.job JOIN source s ON "
        "s.run=j.run AND s.no=f.source LEFT JOIN failure x ON x.job=f.job AND x.source=f.source AND "
        "x.frame=f.frame WHERE f.job=? AND f.outcome=6 ORDER BY f.source,f.frame LIMIT ?",
        "ii", job, (int64_t)limit);
    int step;
    while ((step = sql_step(&s->sql, q, err)) == 1) {
        struct store_failed *f = *rows + (*n)++;
        sql_text(&s->sql, q, 0, f->path, sizeof f->path);
        f->frame = (uint32_t)sql_int(&s->sql, q, 1);
        f->reason = (enum reason)(int)sql_int(&s->sql, q, 2);
        sql_text(&s->sql, q, 3, f->message, sizeof f->message);
    }
    return step == 0;
}
