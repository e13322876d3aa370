/* merges.c - what merging came to; see merges.h. */
#include "store/merges.h"

#include "store/book_private.h"

#include <math.h>

bool store_merges(struct store *store, int64_t dataset, size_t limit, struct arena *a,
                  struct store_merge_shell **rows, size_t *n, struct error *err)
{
    struct sql *s = &store->sql;
    *rows = NULL;
    *n = 0;
    struct sql_stmt *q = sql_query(
        s, err,
        "SELECT v.version,m.shell,m.job,m.possible,m.uniq,m.meas,coalesce(m.cc_pairs,-1),m.lattices,m.d_max,"
        "m.d_min,m.completeness,m.multiplicity,m.mean_i,m.i_over_sigma,m.cc_half,m.cc_star,m.r_split,m."
        "wilson_b "
        "FROM dataset_version v JOIN merge_stats m ON m.version=v.id WHERE v.dataset=? ORDER BY v.version "
        "DESC,m.job,m.shell LIMIT ?",
        "ii", dataset, (int64_t)limit);
    int step;
    while ((step = sql_step(s, q, err)) == 1) {
        *rows = arena_grow(a, *rows, *n, sizeof **rows);
        struct store_merge_shell *r = *rows + (*n)++;
        *r = (struct store_merge_shell){.version = (uint32_t)sql_int(s, q, 0),
                                        .shell = (uint32_t)sql_int(s, q, 1),
                                        .job = sql_int(s, q, 2),
                                        .possible = sql_int(s, q, 3),
                                        .unique = sql_int(s, q, 4),
                                        .measured = sql_int(s, q, 5),
                                        .cc_pairs = sql_int(s, q, 6),
                                        .lattices = sql_int(s, q, 7)};
        double *reals[] = {&r->d_max,        &r->d_min,   &r->completeness, &r->multiplicity, &r->mean_i,
                           &r->i_over_sigma, &r->cc_half, &r->cc_star,      &r->r_split,      &r->wilson_b};
        for (int i = 0; i < 10; i++)
            *reals[i] = sql_real(s, q, 8 + i);
    }
    return step == 0;
}

/* ---- figures that come in ---- */

struct merge_work {
    const struct store_by *by;
    const struct store_merge *merge;
    const struct store_merge_shell *shells;
    size_t n;
    int64_t job;
};

static bool find_version(struct store *store, const struct store_merge *m, int64_t *version,
                         struct error *err)
{
    int64_t dataset = 0;
    if (!book_name_good("dataset", m->dataset, err) ||
        !book_id_of(store, "dataset", m->dataset, &dataset, err))
        return false;
    if (!dataset)
        return error_set(err, ERROR_USAGE, "there is no dataset \"%s\"", m->dataset),
               error_hint(err, "xfelx dataset list shows them all");
    if (!sql_number(&store->sql, version, 0, err,
                    "SELECT id FROM dataset_version WHERE dataset=? AND version=?", "ii", dataset,
                    (int64_t)m->version))
        return false;
    return *version ||
           (error_set(err, ERROR_USAGE, "dataset \"%s\" has no version %u", m->dataset, m->version),
            error_hint(err, "xfelx dataset show says which it has"));
}

static bool find_job(struct store *store, int64_t version, int64_t asked, int64_t *job, struct error *err)
{
    int64_t there = 0;
    if (asked > 0) {
        *job = asked;
        return sql_number(&store->sql, &there, 0, err, "SELECT count(*) FROM job WHERE id=? AND version=?",
                          "ii", asked, version) &&
               (there || error_set(err, ERROR_USAGE, "job %lld is not of this version", (long long)asked));
    }
    *job = 0;
    return asked == 0 ||
           sql_number(&store->sql, job, 0, err,
                      "SELECT j.id FROM job j JOIN task_rev r ON r.id=j.task_rev JOIN task t ON t.id=r.task "
                      "WHERE j.version=? AND t.kind='merge' ORDER BY j.id DESC LIMIT 1",
                      "i", version);
}

static struct sql_value count_or_null(int64_t v)
{
    return v < 0 ? sql_null() : sql_i(v);
}

static bool put_shell(struct store *store, int64_t version, int64_t job, const struct store_merge_shell *r,
                      struct error *err)
{
    const struct sql_value v[] = {sql_i(version),         sql_i(job),
                                  sql_i(r->shell),        sql_f(r->d_max),
                                  sql_f(r->d_min),        sql_i(r->possible),
                                  sql_i(r->unique),       sql_i(r->measured),
                                  sql_f(r->completeness), sql_f(r->multiplicity),
                                  sql_d(r->mean_i),       sql_f(r->i_over_sigma),
                                  sql_f(r->cc_half),      count_or_null(r->cc_pairs),
                                  sql_f(r->cc_star),      sql_f(r->r_split),
                                  sql_f(r->wilson_b),     sql_i(r->lattices)};
    return sql_run(&store->sql,
                   "INSERT INTO merge_stats(version,job,shell,d_max,d_min,possible,uniq,meas,completeness,"
                   "multiplicity,mean_i,i_over_sigma,cc_half,cc_pairs,cc_star,r_split,wilson_b,lattices) "
                   "VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                   v, sizeof v / sizeof *v, NULL, err);
}

static bool put_work(struct store *store, void *arg, struct error *err)
{
    struct merge_work *w = arg;
    const struct store_merge_shell *all = w->shells;
    struct sql *s = &store->sql;
    struct arena a = {0};
    int64_t version = 0, now = 0;
    if (!find_version(store, w->merge, &version, err) ||
        !find_job(store, version, w->merge->job, &w->job, err) || !sql_now(s, &now, err) ||
        !sql_do(s, NULL, err, "DELETE FROM merge_stats WHERE version=? AND job=?", "ii", version, w->job))
        return false;
    for (size_t i = 0; i < w->n; i++)
        if (!put_shell(store, version, w->job, w->shells + i, err))
            return false;
    const char *target = arena_printf(&a, "dataset %s", w->merge->dataset);
    const char *cc = isnan(all->cc_half) ? "" : arena_printf(&a, ", CC½ %.3f", all->cc_half);
    const char *body = arena_printf(&a, "version %u of %s: %s to %.2f Å, completeness %.1f %%%s",
                                    w->merge->version, w->merge->dataset, COUNT(all->lattices, "lattice"),
                                    all->d_min, 100 * all->completeness, cc);
    const struct store_happened e = {.kind = "dataset_merged", .job = w->job, .body = body};
    bool ok = book_audit(store, w->by, "dataset.merged", target, NULL, body, err) &&
              store_happens(store, &e, now, err);
    arena_free(&a);
    return ok;
}

bool store_put_merge(struct store *s, const struct store_by *by, const struct store_merge *m,
                     const struct store_merge_shell *shells, size_t n, int64_t *job, struct error *err)
{
    struct merge_work w = {by, m, shells, n, 0};
    bool ok = book_change(s, put_work, &w, err);
    *job = w.job;
    return ok;
}

/* ---- jobs whose figures may be had ---- */

bool store_merges_done(struct store *store, int64_t after, size_t limit, struct arena *a,
                       struct store_merge_done **rows, size_t *n, int64_t *seen, struct error *err)
{
    struct sql *s = &store->sql;
    *rows = NULL;
    *n = 0;
    *seen = after;
    if (!store_last_event(store, seen, err))
        return false;
    if (*seen <= after) /* taken back to an older copy: its numbers are given again */
        return true;
    struct sql_stmt *q = sql_query(
        s, err,
        "SELECT e.id,j.id,v.version,d.name,j.folder FROM event e JOIN job j ON j.id=e.job JOIN "
        "dataset_version v ON v.id=j.version JOIN dataset d ON d.id=v.dataset JOIN task_rev r ON "
        "r.id=j.task_rev JOIN task t ON t.id=r.task WHERE e.id>? AND e.id<=? AND e.kind='job_done' AND "
        "j.state=1 AND t.kind='merge' AND NOT EXISTS (SELECT 1 FROM merge_stats m WHERE m.version=v.id AND "
        "m.job=j.id) ORDER BY e.id LIMIT ?",
        "iii", after, *seen, (int64_t)limit);
    int step = -1;
    int64_t last = 0;
    while (q && (step = sql_step(s, q, err)) == 1) {
        *rows = arena_grow(a, *rows, *n, sizeof **rows);
        last = sql_int(s, q, 0);
        (*rows)[(*n)++] = (struct store_merge_done){
            .merge = {book_text(s, q, 3, a), (uint32_t)sql_int(s, q, 2), sql_int(s, q, 1)},
            .folder = book_text(s, q, 4, a)};
    }
    if (*n == limit)
        *seen = last;
    return step == 0;
}

struct refused {
    int64_t job;
    const char *why;
};

static bool refuse_work(struct store *store, void *arg, struct error *err)
{
    const struct refused *r = arg;
    const struct store_happened e = {
        .kind = "watch_error", .level = STORE_WARNING, .job = r->job, .body = r->why};
    int64_t now = 0;
    return sql_now(&store->sql, &now, err) && store_happens(store, &e, now, err);
}

bool store_merge_refused(struct store *s, int64_t job, const char *why, struct error *err)
{
    return book_change(s, refuse_work, &(struct refused){job, why}, err);
}
