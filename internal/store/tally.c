/* tally.c - sums of roll-ups over many jobs; see tally.h. */
#include "store/tally.h"

#include "store/pack.h"
#include "store/store_private.h"

#include <math.h>
#include <string.h>

_Static_assert((int)TALLY_SPOT_BINS == (int)ROLL_SPOT_BINS, "bins of frames by strong spots");
_Static_assert((int)TALLY_RES_BINS == (int)ROLL_RES_BINS, "bins of lattices by resolution");

enum { RESOLUTION = 7 /* roll_hist.kind: 1/d² */ };

static double resolution(double n, double sum_s2)
{
    return n > 0 && sum_s2 > 0 ? sqrt(n / sum_s2) : NAN;
}

/* Which jobs: all, those of a run, or those of a range of numbers. Rows come by job, and are summed here: with GROUP BY the same costs two
 * sorts and twice the time with 20,000 jobs (plans: tally_test). */
struct chosen {
    int64_t run; /* 0: any */
    int64_t first, last;
};
#define OF_RANGE " WHERE j.id>=? AND j.id<=? AND ?=0 ORDER BY j.id"
#define OF_RUN " WHERE +j.id>=? AND +j.id<=? AND j.run=? ORDER BY j.id"
#define BOUNDS "iii", c->first, c->last, c->run

#define COUNTS                                                                                               \
    "SELECT j.id,j.run,j.trial,r.frames,r.failed,r.hit_not_indexed,r.indexed_not_integrated,r.integrated,"   \
    "r.lattices,r.multi,r.t_frame,j.preview FROM job j {then} attempt a ON a.job=j.id {then} roll r ON "     \
    "r.attempt=a.id AND r.label=0"

static bool read_tallies(struct sql *s, const struct chosen *c, struct arena *a, struct store_tally **rows,
                         size_t *n, struct error *err)
{
    struct sql_stmt *q =
        c->run ? sql_query(s, err, COUNTS OF_RUN, BOUNDS) : sql_query(s, err, COUNTS OF_RANGE, BOUNDS);
    int step;
    while ((step = sql_step(s, q, err)) == 1) {
        int64_t job = sql_int(s, q, 0);
        if (*n == 0 || (*rows)[*n - 1].job != job) {
            *rows = arena_grow(a, *rows, *n, sizeof **rows);
            (*rows)[(*n)++] = (struct store_tally){.job = job,
                                                   .run = sql_int(s, q, 1),
                                                   .trial = sql_int(s, q, 2),
                                                   .res_a = NAN,
                                                   .preview = sql_int(s, q, 11) != 0};
        }
        struct store_tally *t = *rows + *n - 1;
        uint64_t not_integrated = (uint64_t)sql_int(s, q, 6), integrated = (uint64_t)sql_int(s, q, 7);
        int64_t newest = sql_int(s, q, 10);
        t->frames += (uint64_t)sql_int(s, q, 3);
        t->failed += (uint64_t)sql_int(s, q, 4);
        t->hits += (uint64_t)sql_int(s, q, 5) + not_integrated + integrated;
        t->indexed += not_integrated + integrated;
        t->integrated += integrated;
        t->lattices += (uint64_t)sql_int(s, q, 8);
        t->multi += (uint64_t)sql_int(s, q, 9);
        t->frame_t = newest > t->frame_t ? newest : t->frame_t;
    }
    return step == 0;
}

static const struct chosen everything = {.last = INT64_MAX};

size_t store_tallies_full(struct store_tally *rows, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (!rows[i].preview)
            rows[kept++] = rows[i];
    return kept;
}

bool store_tally_counts(struct store *store, struct arena *a, struct store_tally **rows, size_t *n,
                        struct error *err)
{
    *rows = NULL;
    *n = 0;
    bool ok = read_tallies(&store->sql, &everything, a, rows, n, err);
    *n = store_tallies_full(*rows, *n);
    return ok;
}

#define RESOLUTIONS                                                                                          \
    "SELECT j.id,h.n,h.total FROM job j {then} attempt a ON a.job=j.id {then} roll_hist h ON "               \
    "h.attempt=a.id AND h.label=0 AND h.kind=7"
_Static_assert(RESOLUTION == 7, "the kind that the statement names");

static bool read_resolutions(struct sql *s, const struct chosen *c, struct store_tally *rows, size_t n,
                             struct error *err)
{
    struct sql_stmt *q = c->run ? sql_query(s, err, RESOLUTIONS OF_RUN, BOUNDS)
                                : sql_query(s, err, RESOLUTIONS OF_RANGE, BOUNDS);
    int step;
    size_t i = 0;
    double lattices = 0, total = 0; /* of job i */
    while ((step = sql_step(s, q, err)) == 1) {
        int64_t job = sql_int(s, q, 0);
        if (i < n && rows[i].job < job)
            lattices = total = 0;
        while (i < n && rows[i].job < job)
            i++;
        if (i == n || rows[i].job != job)
            continue;
        lattices += sql_real(s, q, 1);
        total += sql_real(s, q, 2);
        rows[i].res_a = resolution(lattices, total);
    }
    return step == 0;
}

static bool read_all(struct store *store, const struct chosen *c, struct arena *a, struct store_tally **rows,
                     size_t *n, struct error *err)
{
    *rows = NULL;
    *n = 0;
    return read_tallies(&store->sql, c, a, rows, n, err) && read_resolutions(&store->sql, c, *rows, *n, err);
}

bool store_tallies(struct store *s, struct arena *a, struct store_tally **rows, size_t *n, struct error *err)
{
    return read_all(s, &everything, a, rows, n, err);
}

bool store_run_tallies(struct store *s, int64_t run, struct arena *a, struct store_tally **rows, size_t *n,
                       struct error *err)
{
    return read_all(s, &(struct chosen){run, 0, INT64_MAX}, a, rows, n, err);
}

bool store_job_tallies(struct store *s, int64_t first, int64_t last, struct arena *a,
                       struct store_tally **rows, size_t *n, struct error *err)
{
    return read_all(s, &(struct chosen){0, first, last}, a, rows, n, err);
}

static void add_bins(struct sql *s, struct sql_stmt *q, int column, uint32_t *sum, size_t n)
{
    enum { MOST = TALLY_RES_BINS };
    size_t size = 0;
    uint32_t bins[MOST];
    const uint8_t *packed = sql_bytes(s, q, column, &size);
    if (size != 4 * n || n > MOST)
        return;
    unpack_counts(packed, n, bins);
    for (size_t i = 0; i < n; i++)
        sum[i] += bins[i];
}

#define MINUTES(from)                                                                                        \
    "SELECT m.minute,m.frames,m.failed,m.hits,m.indexed,m.integrated,m.lattices,m.multi,m.n_res,m.sum_s2,"   \
    "m.spots_hit,m.spots_idx,m.sat,m.dx_sum,m.dy_sum,m.res_bins,m.dxy2_sum,"                                 \
    "m.ice,m.ice_hits,m.n_ring,m.solvent,m.n_len,m.sum_ring,m.sum_len FROM roll_change c " from              \
    " JOIN roll_minute m ON m.attempt=c.attempt AND m.writer=c.writer AND m.label=0 WHERE c.updated>=? "
#define WITHIN " AND m.minute>=? AND m.minute<?"

/* q: the statement of MINUTES; NULL: an error. */
static bool read_minutes(struct sql *s, struct sql_stmt *q, int64_t first, size_t n,
                         struct store_minute *rows, struct error *err)
{
    double n_res[TALLY_MINUTES] = {0}, sum_s2[TALLY_MINUTES] = {0};
    memset(rows, 0, n * sizeof *rows);
    for (size_t i = 0; i < n; i++)
        rows[i].minute = first + (int64_t)i;
    int step;
    while ((step = sql_step(s, q, err)) == 1) {
        int64_t i = sql_int(s, q, 0) - first;
        if (i < 0 || i >= (int64_t)n)
            continue;
        struct store_minute *m = rows + i;
        uint64_t *counts[] = {&m->frames,     &m->failed,   &m->hits, &m->indexed,
                              &m->integrated, &m->lattices, &m->multi};
        for (int k = 0; k < 7; k++)
            *counts[k] += (uint64_t)sql_int(s, q, 1 + k);
        n_res[i] += sql_real(s, q, 8);
        sum_s2[i] += sql_real(s, q, 9);
        add_bins(s, q, 10, m->spots_hit, TALLY_SPOT_BINS);
        add_bins(s, q, 11, m->spots_idx, TALLY_SPOT_BINS);
        m->saturated += (uint64_t)sql_int(s, q, 12);
        m->dx_sum += sql_real(s, q, 13);
        m->dy_sum += sql_real(s, q, 14);
        m->dxy2_sum += sql_real(s, q, 16);
        add_bins(s, q, 15, m->res_bins, TALLY_RES_BINS);
        uint64_t *light[] = {&m->ice, &m->ice_hits, &m->n_ring, &m->solvent, &m->n_len};
        for (int k = 0; k < 5; k++)
            *light[k] += (uint64_t)sql_int(s, q, 17 + k);
        m->sum_ring += sql_real(s, q, 22);
        m->sum_len += sql_real(s, q, 23);
    }
    for (size_t i = 0; i < n; i++)
        rows[i].res_a = resolution(n_res[i], sum_s2[i]);
    return step == 0;
}

#define MINUTE_NS INT64_C(60000000000)

bool store_minutes(struct store *store, int64_t job, int64_t first, size_t n, struct store_minute *rows,
                   struct error *err)
{
    struct sql *s = &store->sql;
    n = n > TALLY_MINUTES ? TALLY_MINUTES : n;
    struct sql_stmt *q =
        sql_query(s, err, MINUTES("") "AND (c.job=? OR (?=0 AND " STORE_NO_PREVIEW("c.job") "))" WITHIN,
                  "iiiii", first * MINUTE_NS, job, job, first, first + (int64_t)n);
    return read_minutes(s, q, first, n, rows, err);
}

bool store_trial_minutes(struct store *store, int64_t trial, int64_t first, size_t n,
                         struct store_minute *rows, struct error *err)
{
    struct sql *s = &store->sql;
    n = n > TALLY_MINUTES ? TALLY_MINUTES : n;
    struct sql_stmt *q =
        sql_query(s, err, MINUTES("JOIN job j ON j.id=c.job") "AND j.trial=? AND j.preview=0" WITHIN, "iiii",
                  first * MINUTE_NS, trial, first, first + (int64_t)n);
    return read_minutes(s, q, first, n, rows, err);
}
