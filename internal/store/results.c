/* results.c - frames and lattices into their tables, a batch a transaction. A row that the database refuses is found by halving the
 * batch and stored in minimal form, the refused text kept apart: the database never fails a frame (STORE 7.3). */
#include "store/store_private.h"

#include "store/pack.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static int64_t or_zero(int64_t v)
{
    return v == INT64_MIN ? 0 : v;
}

struct batch {
    const struct store_job *job;
    const struct result *const *results;
    size_t n;
    const char *recipe_hash;
    bool minimal; /* of one frame: key, outcome and what was refused */
    char refused[512];
};

/* Values of rows, growing in an arena; blobs live there too. */
struct rows {
    struct arena arena;
    struct sql_value *values;
    size_t n, columns;
};

static void add(struct rows *r, struct sql_value v)
{
    r->values = arena_grow(&r->arena, r->values, r->n, sizeof *r->values);
    r->values[r->n++] = v;
}

static void add_blob(struct rows *r, const void *bytes, size_t n)
{
    add(r, sql_b(arena_memdup(&r->arena, bytes, n), n));
}

static double best_resolution(const struct result *r)
{
    double best = NAN;
    for (size_t i = 0; i < r->n_lattices; i++)
        if (r->lattices[i].res_a > 0)
            best = fmin(r->lattices[i].res_a, isnan(best) ? INFINITY : best);
    return best;
}

/* In the order of the table's columns. */
static void add_frame(struct rows *rows, const struct batch *b, const struct result *r)
{
    uint8_t stages[32];
    bool known = r->outcome != OUTCOME_FAILED && !b->minimal;
    pack_stages(r, stages);
    const int64_t numbers[] = {b->job->job,
                               r->id.source,
                               r->id.frame,
                               b->job->attempt,
                               0,
                               r->outcome,
                               r->reason,
                               b->minimal ? (int64_t)(r->flags | FRAME_LOG_ERROR) : (int64_t)r->flags,
                               0,
                               b->minimal ? 0 : (int64_t)r->n_lattices,
                               b->minimal ? 0 : (int64_t)r->n_strong,
                               b->minimal ? 0 : (int64_t)r->n_saturated};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        add(rows, sql_i(numbers[i]));
    add(rows, sql_null()); /* event, t_event */
    add(rows, sql_null());
    add(rows, sql_i(or_zero(r->t_done)));
    add(rows, sql_f(known ? r->beam.energy_recorded_ev : NAN));
    add(rows, sql_f(known ? EV_ANGSTROM / r->beam.v.wavelength : NAN));
    add(rows, sql_i(known ? (int64_t)r->beam.energy_source : 0));
    add(rows, sql_null()); /* pulse_mj */
    add(rows, sql_f(known ? r->distance : NAN));
    add(rows, sql_f(known ? best_resolution(r) : NAN));
    add(rows, sql_null()); /* ring */
    add_blob(rows, stages, sizeof stages);
}

static void add_lattice(struct rows *rows, const struct batch *b, const struct result *r, uint32_t n)
{
    const struct lattice *l = r->lattices + n;
    uint8_t mat[72], free_cell[48], free_cov[84], shells[110], ident[16];
    pack_reals(l->A, 9, mat);
    pack_reals(l->free_cell, 6, free_cell);
    pack_floats(l->free_cov, 21, free_cov);
    store_shells(r, n, shells);
    experiment_identifier(r->id.path, r->id.frame, n, b->recipe_hash, ident, NULL);
    const int64_t numbers[] = {b->job->job, r->id.source, r->id.frame,  n,
                               l->reason,   l->cell_no,   l->n_indexed, l->n_integrated};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        add(rows, sql_i(numbers[i]));
    const double reals[] = {isfinite(l->evidence) ? l->evidence : 0.0,
                            hypot(l->rmsd_x, l->rmsd_y),
                            l->rmsd_psi,
                            l->res_a > 0 ? l->res_a : NAN,
                            2 * l->half_mosaicity_deg,
                            l->domain_size_ang,
                            l->shift_px[0],
                            l->shift_px[1]};
    for (size_t i = 0; i < sizeof reals / sizeof *reals; i++)
        add(rows, sql_f(reals[i]));
    for (int i = 0; i < 6; i++)
        add(rows, sql_d(l->cell[i]));
    add_blob(rows, mat, sizeof mat);
    add_blob(rows, free_cell, sizeof free_cell);
    add_blob(rows, free_cov, sizeof free_cov);
    add_blob(rows, shells, sizeof shells);
    add_blob(rows, ident, sizeof ident);
    add(rows, sql_f(store_shell_limit(r)));
}

static void add_failure(struct rows *rows, const struct batch *b, const struct result *r, const char *text)
{
    add(rows, sql_i(b->job->job));
    add(rows, sql_i(r->id.source));
    add(rows, sql_i(r->id.frame));
    add(rows, sql_t(text));
}

/* What an earlier attempt, which did not publish, said about this frame: its files are made anew from what this attempt finds,
 * and the rows must say the same as the files. */
static bool drop_earlier(struct sql *s, const struct batch *b, const struct result *r, struct error *err)
{
    int64_t earlier = 0, job = b->job->job, source = r->id.source, frame = r->id.frame;
    return sql_number(s, &earlier, 0, err,
                      "SELECT 1 FROM frame WHERE job=? AND source=? AND frame=? AND attempt<>?", "iiii", job,
                      source, frame, b->job->attempt) &&
           (!earlier || (sql_do(s, NULL, err, "DELETE FROM lattice WHERE job=? AND source=? AND frame=?",
                                "iii", job, source, frame) &&
                         sql_do(s, NULL, err, "DELETE FROM failure WHERE job=? AND source=? AND frame=?",
                                "iii", job, source, frame) &&
                         sql_do(s, NULL, err, "DELETE FROM frame WHERE job=? AND source=? AND frame=?", "iii",
                                job, source, frame)));
}

static bool insert(struct sql *s, const char *table, const struct rows *r, struct error *err)
{
    struct schema_column columns[SCHEMA_COLUMNS_MAX];
    size_t n = schema_columns(schema_find(table), columns);
    return r->n == 0 || sql_insert(s, table, MEETING_KEEPS, r->values, r->n / n, NULL, err);
}

/* All rows of a batch: frames, why they failed, lattices. */
static bool put_batch(struct store *store, void *arg, struct error *err)
{
    const struct batch *b = arg;
    struct sql *s = &store->sql;
    struct rows frames = {.n = 0}, failures = {.n = 0}, lattices = {.n = 0};
    bool ok = true;
    for (size_t i = 0; ok && i < b->n; i++) {
        const struct result *r = b->results[i];
        ok = !store->earlier || drop_earlier(s, b, r, err);
        add_frame(&frames, b, r);
        if (r->outcome == OUTCOME_FAILED)
            add_failure(&failures, b, r, b->minimal ? "" : r->message);
        for (uint32_t k = 0; !b->minimal && k < r->n_lattices; k++)
            add_lattice(&lattices, b, r, k);
    }
    ok = ok && insert(s, "frame", &frames, err) && insert(s, "failure", &failures, err) &&
         insert(s, "lattice", &lattices, err);
    if (ok && b->minimal)
        ok = sql_do(s, NULL, err,
                    "INSERT INTO refused(job,source,frame,attempt,what,body,t) VALUES(?,?,?,?,'row',?,?)",
                    "iiiiti", b->job->job, (int64_t)b->results[0]->id.source,
                    (int64_t)b->results[0]->id.frame, b->job->attempt, b->refused, clock_now());
    arena_free(&frames.arena);
    arena_free(&failures.arena);
    arena_free(&lattices.arena);
    return ok;
}

/* Halves until the refused frame stands alone. Depth: log2 of a batch. */
static bool put_halved(struct store *s, struct batch *b, struct error *err)
{
    if (store_transaction(s, put_batch, b, err))
        return true;
    enum sql_class class = s->sql.class;
    if (class != CLASS_ROW && class != CLASS_SPLIT)
        return false;
    if (b->n > 1) {
        struct batch left = *b, right = *b;
        left.n = b->n / 2;
        right.results += left.n;
        right.n -= left.n;
        return put_halved(s, &left, err) && put_halved(s, &right, err);
    }
    struct batch alone = *b;
    if (b->minimal)
        return false;
    alone.minimal = true;
    snprintf(alone.refused, sizeof alone.refused, "%s", err && err->detail[0] ? err->detail : "refused");
    return store_transaction(s, put_batch, &alone, err);
}

bool store_put_results(struct store *s, const struct store_job *j, const struct result *const *results,
                       size_t n, const char *recipe_hash, struct error *err)
{
    struct batch b = {.job = j, .results = results, .n = n, .recipe_hash = recipe_hash};
    struct error none = {0};
    if (n == 0)
        return true;
    bool ok = put_halved(s, &b, err ? err : &none);
    if (ok && err)
        *err = (struct error){0}; /* what was refused on the way is in its table */
    return ok;
}
