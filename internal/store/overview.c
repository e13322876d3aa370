/* overview.c - roll-ups of many jobs added up; see overview.h. */
#include "store/pack.h"
#include "store/store_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

_Static_assert((int)STORE_HIST_STAGE == (int)ROLL_KIND_STAGE, "kinds of roll_hist");

/* A query on rows r of writers with their attempts a: of all jobs, of one, of a trial's. */
#define OF_ATTEMPTS " JOIN attempt a ON a.id=r.attempt WHERE r.label=0 AND "
#define QUERIES(text)                                                                                        \
    (const char *const[])                                                                                    \
    {                                                                                                        \
        text STORE_NO_PREVIEW("a.job") " AND ?=0", text "a.job=?",                                           \
            text "a.job IN (SELECT id FROM job WHERE trial=? AND preview=0)"                                 \
    }
enum { ALL, ONE, TRIAL };

typedef bool take_rows(struct sql *s, struct sql_stmt *q, void *arg, struct error *err);

/* Ask for all or a trial's at once, or job by job; `take` reads the rows. */
static bool each(struct store *s, struct store_jobs_of jobs, const char *const queries[3], take_rows *take,
                 void *arg, struct error *err)
{
    const int64_t *list = jobs.jobs ? jobs.jobs : &jobs.trial;
    size_t n = jobs.jobs ? jobs.n : 1;
    const char *query = queries[jobs.jobs ? ONE : jobs.trial ? TRIAL : ALL];
    for (size_t i = 0; i < n; i++) {
        struct sql_stmt *q = sql_query(&s->sql, err, query, "i", list[i]);
        if (!q || !take(&s->sql, q, arg, err))
            return false;
    }
    return true;
}

/* ---- totals ---- */

static void later(int64_t *newest, int64_t t)
{
    *newest = t > *newest ? t : *newest;
}

static bool take_totals(struct sql *s, struct sql_stmt *q, void *arg, struct error *err)
{
    struct store_totals *t = arg;
    int step;
    while ((step = sql_step(s, q, err)) == 1) {
        uint64_t *sums[] = {&t->frames, &t->lattices,  &t->reflections,
                            &t->multi,  &t->saturated, &t->duplicates};
        for (int i = 0; i < 6; i++)
            *sums[i] += (uint64_t)sql_int(s, q, i);
        for (int o = OUTCOME_BLANK; o < OUTCOME_END; o++)
            t->by_outcome[o] += (uint64_t)sql_int(s, q, 5 + o);
        int64_t first = sql_int(s, q, 12);
        t->first_t = first > 0 && (t->first_t == 0 || first < t->first_t) ? first : t->first_t;
        later(&t->last_t, sql_int(s, q, 13));
        later(&t->frame_t, sql_int(s, q, 14));
        size_t bytes = 0;
        uint32_t reasons[REASON_END] = {0};
        const uint8_t *packed = sql_bytes(s, q, 15, &bytes);
        if (bytes == 4 * 64)
            unpack_counts(packed, REASON_END, reasons);
        for (int i = 0; i < 64; i++)
            t->by_reason[i] += reasons[i];
        uint64_t *light[] = {&t->ice, &t->ice_hits, &t->n_ring, &t->solvent};
        for (int i = 0; i < 4; i++)
            *light[i] += (uint64_t)sql_int(s, q, 16 + i);
    }
    return step == 0;
}

#define TOTALS                                                                                               \
    "SELECT r.frames,r.lattices,r.reflections,r.multi,r.sat,r.duplicates,r.blank,r.indexed_below,"           \
    "r.hit_not_indexed,r.indexed_not_integrated,r.integrated,r.failed,r.t_first,r.t_last,r.t_frame,"         \
    "r.reasons,r.ice,r.ice_hits,r.n_ring,r.solvent FROM roll r" OF_ATTEMPTS

bool store_read_totals(struct store *s, struct store_jobs_of jobs, struct store_totals *out,
                       struct error *err)
{
    *out = (struct store_totals){0};
    return each(s, jobs, QUERIES(TOTALS), take_totals, out, err);
}

/* ---- histograms ---- */

struct rows_work {
    struct arena *arena;
    void *rows;
    size_t n;
};

static struct store_hist *hist_like(struct rows_work *w, const struct store_hist *h)
{
    struct store_hist *rows = w->rows;
    for (size_t i = 0; i < w->n; i++)
        if (rows[i].kind == h->kind && rows[i].lo == h->lo && rows[i].step == h->step &&
            rows[i].n_bins == h->n_bins)
            return rows + i;
    rows = arena_grow(w->arena, rows, w->n, sizeof *rows);
    w->rows = rows;
    rows[w->n] = (struct store_hist){.kind = h->kind, .lo = h->lo, .step = h->step, .n_bins = h->n_bins};
    rows[w->n].bins = arena_array(w->arena, h->n_bins, sizeof *rows->bins);
    return rows + w->n++;
}

static bool take_hists(struct sql *s, struct sql_stmt *q, void *arg, struct error *err)
{
    struct rows_work *w = arg;
    int step;
    while ((step = sql_step(s, q, err)) == 1) {
        size_t bytes = 0;
        const uint8_t *packed = sql_bytes(s, q, 8, &bytes);
        struct store_hist h = {.kind = (int)sql_int(s, q, 0),
                               .n = (uint64_t)sql_int(s, q, 1),
                               .lo = sql_real(s, q, 4),
                               .step = sql_real(s, q, 5),
                               .n_bins = bytes / 4};
        if (h.n == 0 || h.kind < STORE_HIST_CELL || h.kind >= STORE_HIST_END)
            continue;
        struct store_hist *sum = hist_like(w, &h);
        double peak = sql_real(s, q, 3);
        sum->peak = sum->n == 0 || peak > sum->peak ? peak : sum->peak;
        sum->n += h.n;
        sum->total += sql_real(s, q, 2);
        sum->under += (uint64_t)sql_int(s, q, 6);
        sum->over += (uint64_t)sql_int(s, q, 7);
        for (size_t i = 0; i < h.n_bins; i++) {
            uint32_t count;
            unpack_counts(packed + 4 * i, 1, &count);
            sum->bins[i] += count;
        }
    }
    return step == 0;
}

static int by_kind(const void *a, const void *b)
{
    const struct store_hist *x = a, *y = b;
    double d = x->kind != y->kind ? x->kind - y->kind : x->lo != y->lo ? x->lo - y->lo : x->step - y->step;
    if (d != 0)
        return d < 0 ? -1 : 1;
    return x->n_bins < y->n_bins ? -1 : x->n_bins > y->n_bins;
}

#define HISTS                                                                                                \
    "SELECT r.kind,r.n,r.total,r.peak,r.lo,r.step,r.under,r.over,r.bins FROM roll_hist r" OF_ATTEMPTS

bool store_read_hists(struct store *s, struct store_jobs_of jobs, struct arena *a, struct store_hist **rows,
                      size_t *n, struct error *err)
{
    struct rows_work w = {.arena = a};
    bool ok = each(s, jobs, QUERIES(HISTS), take_hists, &w, err);
    *rows = w.rows;
    *n = w.n;
    if (w.n)
        qsort(w.rows, w.n, sizeof **rows, by_kind);
    return ok;
}

/* ---- the sample ---- */

struct sampled_row {
    int64_t hash;
    int level;
    struct store_sampled v;
};

static bool take_sample(struct sql *s, struct sql_stmt *q, void *arg, struct error *err)
{
    struct rows_work *w = arg;
    int step;
    while ((step = sql_step(s, q, err)) == 1) {
        struct sampled_row *rows = arena_grow(w->arena, w->rows, w->n, sizeof *rows);
        w->rows = rows;
        rows[w->n] = (struct sampled_row){.hash = sql_int(s, q, 0), .level = (int)sql_int(s, q, 1)};
        for (int i = 0; i < 6; i++)
            rows[w->n].v.cell[i] = sql_real(s, q, 2 + i);
        rows[w->n].v.res_a = sql_real(s, q, 8);
        rows[w->n].v.rmsd_px = sql_real(s, q, 9);
        rows[w->n].v.job = sql_int(s, q, 10);
        size_t bytes = 0;
        const uint8_t *dir = sql_bytes(s, q, 11, &bytes);
        for (size_t i = 0; i < 9 && bytes == 18; i++)
            rows[w->n].v.dir[i / 3][i % 3] =
                (float)(int16_t)(uint16_t)(dir[2 * i] << 8 | dir[2 * i + 1]) / 32767;
        w->n++;
    }
    return step == 0;
}

static int by_hash(const void *a, const void *b)
{
    const struct sampled_row *x = a, *y = b;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return x->v.job < y->v.job ? -1 : x->v.job > y->v.job;
}

#define SAMPLE                                                                                               \
    "SELECT r.hash,r.level,r.a,r.b,r.c,r.al,r.be,r.ga,r.res_a,r.rmsd_px,a.job,r.dir "                        \
    "FROM roll_sample r" OF_ATTEMPTS

/* Writers thin their samples by the same rule of hashes: the highest level holds for all. */
bool store_read_sample(struct store *s, struct store_jobs_of jobs, struct arena *a,
                       struct store_sampled **out, size_t *n, struct error *err)
{
    struct arena work = {0};
    struct rows_work w = {.arena = &work};
    bool ok = each(s, jobs, QUERIES(SAMPLE), take_sample, &w, err);
    struct sampled_row *rows = w.rows;
    int level = 0;
    for (size_t i = 0; i < w.n; i++)
        level = rows[i].level > level ? rows[i].level : level;
    if (w.n)
        qsort(rows, w.n, sizeof *rows, by_hash);
    *out = arena_array(a, w.n + 1, sizeof **out);
    *n = 0;
    for (size_t i = 0; i < w.n && (uint64_t)rows[i].hash < (UINT64_C(1) << 63) >> (level & 63); i++)
        (*out)[(*n)++] = rows[i].v;
    arena_free(&work);
    return ok;
}

/* ---- ranks ---- */

static bool take_ranks(struct sql *s, struct sql_stmt *q, void *arg, struct error *err)
{
    struct rows_work *w = arg;
    int step;
    while ((step = sql_step(s, q, err)) == 1) {
        struct store_rank *r = w->rows = arena_grow(w->arena, w->rows, w->n, sizeof *r);
        r += w->n++;
        *r = (struct store_rank){.job = sql_int(s, q, 0),
                                 .attempt = sql_int(s, q, 1),
                                 .no = (uint32_t)sql_int(s, q, 2),
                                 .writer = (uint32_t)sql_int(s, q, 3),
                                 .frames = (uint64_t)sql_int(s, q, 4),
                                 .failed = (uint64_t)sql_int(s, q, 5),
                                 .first_t = sql_int(s, q, 6),
                                 .last_t = sql_int(s, q, 7)};
        sql_text(s, q, 8, r->host, sizeof r->host);
    }
    return step == 0;
}

static int by_rank(const void *a, const void *b)
{
    const struct store_rank *x = a, *y = b;
    if (x->attempt != y->attempt)
        return x->attempt < y->attempt ? -1 : 1;
    return x->writer < y->writer ? -1 : x->writer > y->writer;
}

static bool take_rank_times(struct sql *s, struct sql_stmt *q, void *arg, struct error *err)
{
    struct rows_work *w = arg;
    int step;
    while ((step = sql_step(s, q, err)) == 1) {
        struct store_rank key = {.attempt = sql_int(s, q, 0), .writer = (uint32_t)sql_int(s, q, 1)};
        int stage = (int)sql_int(s, q, 2) - STORE_HIST_STAGE;
        struct store_rank *r = w->n ? bsearch(&key, w->rows, w->n, sizeof key, by_rank) : NULL;
        if (r && stage >= 0 && stage < STAGE_MAX)
            r->stage_ms[stage] += 0.1 * sql_real(s, q, 3);
    }
    return step == 0;
}

#define RANKS                                                                                                \
    "SELECT a.job,a.id,a.no,r.writer,r.frames,r.failed,r.t_first,r.t_last,w.host FROM roll r LEFT JOIN "     \
    "writer w ON w.attempt=r.attempt AND w.writer=r.writer" OF_ATTEMPTS
#define RANK_TIMES "SELECT r.attempt,r.writer,r.kind,r.total FROM roll_hist r" OF_ATTEMPTS "r.kind>=20 AND "

bool store_read_ranks(struct store *s, struct store_jobs_of jobs, struct arena *a, struct store_rank **rows,
                      size_t *n, struct error *err)
{
    struct rows_work w = {.arena = a};
    bool ok = each(s, jobs, QUERIES(RANKS), take_ranks, &w, err);
    if (w.n)
        qsort(w.rows, w.n, sizeof **rows, by_rank);
    ok = ok && each(s, jobs, QUERIES(RANK_TIMES), take_rank_times, &w, err);
    *rows = w.rows;
    *n = w.n;
    return ok;
}

/* ---- health ---- */

static bool read_lease(struct sql *s, struct store_health *out, struct error *err)
{
    struct sql_stmt *q =
        sql_query(s, err, "SELECT owner,renewed,expires FROM lease WHERE name=?", "t", "watch");
    int step = q ? sql_step(s, q, err) : -1;
    if (step == 1) {
        sql_text(s, q, 0, out->lease_owner, sizeof out->lease_owner);
        out->lease_renewed = sql_int(s, q, 1);
        out->lease_expires = sql_int(s, q, 2);
        sql_reset(s, q);
    }
    return step >= 0;
}

static bool read_live(struct sql *s, struct store_health *out, struct error *err)
{
    struct sql_stmt *q = sql_query(s, err,
                                   "SELECT count(*),coalesce(sum(n_pending),0),coalesce(max(db_lag),0) FROM "
                                   "attempt WHERE live=1 AND state=?",
                                   "i", (int64_t)ATTEMPT_RUNNING);
    int step = q ? sql_step(s, q, err) : -1;
    if (step == 1) {
        out->live = (uint64_t)sql_int(s, q, 0);
        out->pending = (uint64_t)sql_int(s, q, 1);
        out->lag = sql_int(s, q, 2);
        sql_reset(s, q);
    }
    return step >= 0;
}

bool store_read_health(struct store *s, struct arena *a, struct store_health *out, struct error *err)
{
    *out = (struct store_health){.kind = s->sql.mysql ? "mysql" : s->sql.ops->name};
    if (!sql_now(&s->sql, &out->now, err) || !store_version(s, &out->schema, err) ||
        !read_live(&s->sql, out, err) || !read_lease(&s->sql, out, err))
        return false;
    out->watching = store_kept_word(s, "watch", a, NULL);
    out->watching = out->watching ? out->watching : "";
    return true;
}

bool store_newest_events(struct store *s, int level, size_t limit, struct arena *a, struct store_event **rows,
                         size_t *n, struct error *err)
{
    *n = 0;
    *rows = arena_array(a, limit + 1, sizeof **rows);
    struct sql_stmt *q =
        sql_query(&s->sql, err,
                  "SELECT e.id,e.t,e.kind,e.level,e.run,e.job,e.attempt,r.name,e.body FROM event e LEFT JOIN "
                  "run r ON r.id=e.run WHERE e.level>=? ORDER BY e.id DESC LIMIT ?",
                  "ii", (int64_t)level, (int64_t)limit);
    int step;
    while ((step = sql_step(&s->sql, q, err)) == 1 && *n < limit) {
        struct store_event *e = *rows + (*n)++;
        *e = (struct store_event){.id = sql_int(&s->sql, q, 0),
                                  .t = sql_int(&s->sql, q, 1),
                                  .level = (int)sql_int(&s->sql, q, 3),
                                  .run = sql_int(&s->sql, q, 4),
                                  .job = sql_int(&s->sql, q, 5),
                                  .attempt = sql_int(&s->sql, q, 6),
                                  .run_name = store_text(&s->sql, q, 7, a),
                                  .body = store_text(&s->sql, q, 8, a)};
        sql_text(&s->sql, q, 2, e->kind, sizeof e->kind);
    }
    if (step == 1)
        sql_reset(&s->sql, q);
    return step >= 0;
}
