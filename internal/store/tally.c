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

#define SUMS                                                                                                 \
    "SELECT a.job,j.run,j.trial,sum(r.frames),sum(r.failed),"                                                \
    "sum(r.hit_not_indexed+r.indexed_not_integrated+r.integrated),sum(r.indexed_not_integrated+"             \
    "r.integrated),sum(r.integrated),sum(r.lattices),sum(r.multi),max(r.t_frame) FROM "
#define SUMS_END " AND r.label=0 GROUP BY a.job,j.run,j.trial ORDER BY a.job"

/* run 0: of all, from the roll-ups; else from the run's jobs. */
static bool read_tallies(struct sql *s, int64_t run, struct arena *a, struct store_tally **rows, size_t *n,
                         struct error *err)
{
    struct sql_stmt *q =
        run ? sql_query(s, err,
                        SUMS "job j {then} attempt a ON a.job=j.id {then} roll r ON r.attempt=a.id WHERE "
                             "j.run=?" SUMS_END,
                        "i", run)
            : sql_query(s, err,
                        SUMS
                        "roll r JOIN attempt a ON a.id=r.attempt JOIN job j ON j.id=a.job WHERE 1=1" SUMS_END,
                        "");
    int step;
    while ((step = sql_step(s, q, err)) == 1) {
        *rows = arena_grow(a, *rows, *n, sizeof **rows);
        struct store_tally *t = *rows + (*n)++;
        *t =
            (struct store_tally){.job = sql_int(s, q, 0), .run = sql_int(s, q, 1), .trial = sql_int(s, q, 2)};
        uint64_t *counts[] = {&t->frames,     &t->failed,   &t->hits, &t->indexed,
                              &t->integrated, &t->lattices, &t->multi};
        for (int i = 0; i < 7; i++)
            *counts[i] = (uint64_t)sql_int(s, q, 3 + i);
        t->frame_t = sql_int(s, q, 10);
        t->res_a = NAN;
    }
    return step == 0;
}

bool store_tally_counts(struct store *store, struct arena *a, struct store_tally **rows, size_t *n,
                        struct error *err)
{
    *rows = NULL;
    *n = 0;
    return read_tallies(&store->sql, 0, a, rows, n, err);
}

#define RESOLUTIONS "SELECT a.job,sum(h.n),sum(h.total) FROM "
#define RESOLUTIONS_END " AND h.label=0 AND h.kind=? GROUP BY a.job ORDER BY a.job"

static bool read_all(struct store *store, int64_t run, struct arena *a, struct store_tally **rows, size_t *n,
                     struct error *err)
{
    struct sql *s = &store->sql;
    *rows = NULL;
    *n = 0;
    if (!read_tallies(s, run, a, rows, n, err))
        return false;
    struct sql_stmt *q =
        run ? sql_query(s, err,
                        RESOLUTIONS "job j {then} attempt a ON a.job=j.id {then} roll_hist h ON "
                                    "h.attempt=a.id WHERE j.run=?" RESOLUTIONS_END,
                        "ii", run, (int64_t)RESOLUTION)
            : sql_query(s, err,
                        RESOLUTIONS "roll_hist h JOIN attempt a ON a.id=h.attempt WHERE 1=1" RESOLUTIONS_END,
                        "i", (int64_t)RESOLUTION);
    int step;
    for (size_t i = 0; (step = sql_step(s, q, err)) == 1;) {
        int64_t job = sql_int(s, q, 0);
        while (i < *n && (*rows)[i].job < job)
            i++;
        if (i < *n && (*rows)[i].job == job)
            (*rows)[i].res_a = resolution(sql_real(s, q, 1), sql_real(s, q, 2));
    }
    return step == 0;
}

bool store_tallies(struct store *s, struct arena *a, struct store_tally **rows, size_t *n, struct error *err)
{
    return read_all(s, 0, a, rows, n, err);
}

bool store_run_tallies(struct store *s, int64_t run, struct arena *a, struct store_tally **rows, size_t *n,
                       struct error *err)
{
    return read_all(s, run, a, rows, n, err);
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
    "m.spots_hit,m.spots_idx,m.sat,m.dx_sum,m.dy_sum,m.res_bins FROM roll_change c " from                    \
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
        add_bins(s, q, 15, m->res_bins, TALLY_RES_BINS);
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
    struct sql_stmt *q = sql_query(s, err, MINUTES("") "AND (?=0 OR c.job=?)" WITHIN, "iiiii",
                                   first * MINUTE_NS, job, job, first, first + (int64_t)n);
    return read_minutes(s, q, first, n, rows, err);
}

bool store_trial_minutes(struct store *store, int64_t trial, int64_t first, size_t n,
                         struct store_minute *rows, struct error *err)
{
    struct sql *s = &store->sql;
    n = n > TALLY_MINUTES ? TALLY_MINUTES : n;
    struct sql_stmt *q = sql_query(s, err, MINUTES("JOIN job j ON j.id=c.job") "AND j.trial=?" WITHIN, "iiii",
                                   first * MINUTE_NS, trial, first, first + (int64_t)n);
    return read_minutes(s, q, first, n, rows, err);
}
