/* Negative controls of SCIENCE 18 on the frames of the simulated excerpt: where nothing diffracts, nothing may be measured. Reflections
 * of a coset that the crystal does not have, of a lattice turned at random, and of another frame's lattice must come out as
 * nothing, measured beside the true lattice's reflections as integration does with several lattices. And nothing is indexed
 * where there is no crystal: the same spots at random azimuths, frames without a crystal, another cell than the crystal's.
 *
 * XFELX_TEST_FULL=1 takes many more random draws.
 */
#include "one_frame.h"

#include "kernels/geometry.h"
#include "kernels/lattice.h"
#include "pipeline/workspace.h"
#include "unit/kernels/noise.h"

#include <math.h>

static const struct excerpt {
    const char *file, *cell, *group;
    const char *gain;
    bool crystal[3]; /* which of its frames have one */
    int frames;
} EXCERPT[] = {
    {"C", "92.7,92.7,128.9,90,90,120", "P6122", NULL, {true}, 1},
    {"D", "52.4,61.8,89.3,90,90,90", "P212121", NULL, {true, true}, 2},
    {"E", "58.2,81.0,58.9,90,92.4,90", "P21", NULL, {true, true}, 2},
    {"F", "94.0,99.6,102.9,90,90,90", "I222", "spotfinder.threshold.dispersion.gain=10", {true, false}, 2},
};
enum { EXCERPTS = sizeof EXCERPT / sizeof *EXCERPT };

static int draws(int few, int many)
{
    return getenv("XFELX_TEST_FULL") ? many : few;
}

/* Parameters, recipe, list and workspace of an excerpt. */
static void open_excerpt(const struct excerpt *e)
{
    char name[64], path[4096];
    struct error err = {0};
    char *inputs[] = {path};
    params = params_make(&arena);
    snprintf(name, sizeof name, "simulated/excerpt/%s.h5", e->file);
    support_data(name, path);
    set(arena_printf(&arena, "known_symmetry.unit_cell=%s", e->cell));
    set(arena_printf(&arena, "known_symmetry.space_group=%s", e->group));
    set("multiple_lattice_search.max_lattices=4");
    if (e->gain)
        set(e->gain);
    if (!recipe_make(params, &arena, &recipe, &err) ||
        !source_list_make(inputs, 1, &recipe->source, &arena, &list, &err))
        fail_msg("%s", err.fact);
    workspace = workspace_make(recipe, &list, 0);
}

static void close_excerpt(void)
{
    workspace_free(workspace);
    workspace = NULL;
    source_list_close(&list);
}

/* What a control measured. */
struct measured {
    double n, sum, sum2;     /* of I/σ */
    double x, y, xx, yy, xy; /* of I and of what it might depend on */
    double true_n, true_sum; /* of I/σ of the true lattice beside it: the control of the control */
};

static void measure(struct measured *m, const struct reflection *r, double other)
{
    double z = r->intensity / sqrt(r->variance);
    m->n++;
    m->sum += z;
    m->sum2 += z * z;
    m->x += r->intensity;
    m->y += other;
    m->xx += r->intensity * r->intensity;
    m->yy += other * other;
    m->xy += r->intensity * other;
}

static double correlation(const struct measured *m)
{
    double n = m->n, v = (m->xx - m->x * m->x / n) * (m->yy - m->y * m->y / n);
    return v > 0 ? (m->xy - m->x * m->y / n) / sqrt(v) : 0;
}

/* The mean of n numbers of scatter 1 is within 0.05 of zero, or within three of its errors. */
static void assert_nothing(const char *what, const struct measured *m)
{
    double mean = m->sum / m->n, error = sqrt(m->sum2 / m->n / m->n), cc = correlation(m);
    print_message("%s: %.0f reflections, mean I/sigma %.3f +- %.3f, CC %.3f; true lattice beside: %.2f\n",
                  what, m->n, mean, error, cc, m->true_n > 0 ? m->true_sum / m->true_n : 0);
    assert_true(m->n > 300);
    assert_true(fabs(mean) < fmax(0.05, 3 * error));
    assert_true(fabs(cc) < fmax(0.05, 3.5 / sqrt(m->n)));
    assert_true(m->true_n == 0 || m->true_sum / m->true_n > 2);
}

static struct integrate_frame input(const struct reflection *indexed, size_t n_indexed)
{
    const struct detector *d = workspace->frame.detector;
    return (struct integrate_frame){.view = {d->panels, d->n_panels, &workspace->frame.beam.v},
                                    .pixels = workspace->frame.pixels,
                                    .type = workspace->frame.type,
                                    .mask = workspace->mask_integration.data,
                                    .spots = workspace->list.spots,
                                    .n_spots = workspace->list.n,
                                    .strong = workspace->strong.data,
                                    .n_strong = workspace->n_strong,
                                    .indexed = indexed,
                                    .n_indexed = n_indexed};
}

/* Predict the lattices of the frame and `extra`, which takes the shape of the frame's first; all are integrated together. Rows of
 * the extra lattice have the number n. */
enum { ROOM = 60000 };
static size_t predict_all(const struct result *r, const struct lattice *extra, struct lattice *all,
                          struct reflection *rows)
{
    const struct detector *d = workspace->frame.detector;
    struct view view = {d->panels, d->n_panels, &workspace->frame.beam.v};
    size_t n = 0;
    for (size_t i = 0; i < r->n_lattices; i++) {
        all[i] = r->lattices[i];
        n += predict_lattice(&recipe->integration.predict, &view, &all[i], (uint32_t)i, recipe->group.ops,
                             recipe->group.n_ops, rows + n, ROOM - n);
    }
    all[r->n_lattices] = *extra;
    n += predict_lattice(&recipe->integration.predict, &view, extra, (uint32_t)r->n_lattices, NULL, 0,
                         rows + n, ROOM - n);
    assert_true(n < ROOM);
    return n;
}

static size_t integrate_all(const struct lattice *all, size_t n_lattices, struct reflection *rows, size_t n)
{
    struct integrate_frame f = input(NULL, 0);
    void *work = block_reserve(&workspace->integrate_work, integrate_work_size(n), 1);
    return integrate_spots(&recipe->integration, &f, all, n_lattices, rows, n, work);
}

static void count_true(struct measured *m, const struct reflection *r)
{
    m->true_n++;
    m->true_sum += r->intensity / sqrt(r->variance);
}

/* (a) Half-integer nodes: all of h, k, l odd in the doubled cell. What they lie between is true, and large. */
static void a_coset_that_is_not_there_measures_nothing(void **state)
{
    (void)state;
    static struct reflection rows[ROOM];
    struct measured m = {0};
    for (int e = 0; e < EXCERPTS; e++) {
        open_excerpt(&EXCERPT[e]);
        for (int i = 0; i < EXCERPT[e].frames; i++) {
            struct result r;
            struct lattice all[INDEX_MAX_LATTICES + 1], half;
            frame_process(recipe, workspace, (uint64_t)i, &r);
            if (r.n_lattices == 0)
                continue;
            half = r.lattices[0];
            for (int k = 0; k < 9; k++)
                half.A[k] /= 2;
            size_t n = predict_all(&r, &half, all, rows), kept = 0;
            for (size_t k = 0; k < n; k++)
                if (rows[k].lattice < r.n_lattices ||
                    ((rows[k].hkl[0] & 1) && (rows[k].hkl[1] & 1) && (rows[k].hkl[2] & 1)))
                    rows[kept++] = rows[k];
            kept = integrate_all(all, r.n_lattices + 1, rows, kept);
            for (size_t k = 0; k < kept; k++) {
                if (!integrate_keeps(&recipe->integration, &rows[k]))
                    continue;
                if (rows[k].lattice == 0)
                    count_true(&m, &rows[k]);
                if (rows[k].lattice != r.n_lattices)
                    continue;
                double near = 0; /* the brightest true reflection around it */
                for (size_t t = 0; t < kept && rows[t].lattice == 0; t++) {
                    bool beside = integrate_keeps(&recipe->integration, &rows[t]);
                    for (int j = 0; j < 3; j++)
                        beside = beside && abs(2 * rows[t].hkl[j] - rows[k].hkl[j]) == 1;
                    near = beside ? fmax(near, rows[t].intensity) : near;
                }
                measure(&m, &rows[k], near);
            }
        }
        close_excerpt();
    }
    assert_nothing("coset", &m);
}

/* (b) */
static void a_lattice_turned_at_random_measures_nothing(void **state)
{
    (void)state;
    static struct reflection rows[ROOM];
    struct measured m = {0};
    uint64_t seed = 181;
    for (int e = 0; e < EXCERPTS; e++) {
        open_excerpt(&EXCERPT[e]);
        for (int i = 0; i < EXCERPT[e].frames; i++) {
            struct result r;
            struct lattice all[INDEX_MAX_LATTICES + 1], turned;
            frame_process(recipe, workspace, (uint64_t)i, &r);
            for (int draw = 0; r.n_lattices > 0 && draw < draws(2, 50); draw++) {
                double u[9], w[3];
                for (int k = 0; k < 3; k++)
                    w[k] = noise_normal(&seed);
                turned = r.lattices[0];
                lattice_rotation(w, u);
                mat3_mul(u, turned.A, turned.A);
                size_t n = predict_all(&r, &turned, all, rows);
                n = integrate_all(all, r.n_lattices + 1, rows, n);
                for (size_t k = 0; k < n; k++) {
                    if (!integrate_keeps(&recipe->integration, &rows[k]))
                        continue;
                    if (rows[k].lattice == 0)
                        count_true(&m, &rows[k]);
                    if (rows[k].lattice == r.n_lattices)
                        measure(&m, &rows[k], 0);
                }
            }
        }
        close_excerpt();
    }
    assert_nothing("turned", &m);
}

/* (c) The lattice of one frame on another of the same crystals: what it measures there has nothing to do with what it measured at
 * home. */
static void the_lattice_of_another_frame_measures_nothing(void **state)
{
    (void)state;
    static struct reflection rows[ROOM], home[ROOM];
    struct measured m = {0};
    for (int e = 1; e < 3; e++) {
        struct lattice visitor;
        struct result r;
        open_excerpt(&EXCERPT[e]);
        for (int i = 0; i < 2; i++) {
            struct lattice all[INDEX_MAX_LATTICES + 1];
            size_t n_home = 0;
            frame_process(recipe, workspace, (uint64_t)i, &r);
            assert_true(r.n_lattices > 0);
            visitor = r.lattices[0];
            for (size_t k = 0; k < r.n_integrated; k++)
                if (r.integrated[k].lattice == 0) {
                    home[n_home++] = r.integrated[k];
                    count_true(&m, &r.integrated[k]);
                }
            frame_process(recipe, workspace, (uint64_t)!i, &r);
            size_t n = predict_all(&r, &visitor, all, rows);
            n = integrate_all(all, r.n_lattices + 1, rows, n);
            for (size_t k = 0; k < n; k++) {
                if (rows[k].lattice != r.n_lattices || !integrate_keeps(&recipe->integration, &rows[k]))
                    continue;
                for (size_t h = 0; h < n_home; h++)
                    if (memcmp(home[h].hkl, rows[k].hkl, sizeof rows[k].hkl) == 0)
                        measure(&m, &rows[k], home[h].intensity);
            }
        }
        close_excerpt();
    }
    assert_nothing("another frame's", &m);
}

/* (d) Real spots put at random azimuths: no lattice. (Frames without a crystal are among those of (a).) */
static void real_spots_without_a_crystal_are_not_indexed(void **state)
{
    (void)state;
    uint64_t seed = 183;
    int lists = 0;
    double highest = -99;
    for (int e = 0; e < EXCERPTS; e++) {
        open_excerpt(&EXCERPT[e]);
        for (int i = 0; i < EXCERPT[e].frames; i++) {
            struct result r;
            frame_process(recipe, workspace, (uint64_t)i, &r);
            size_t n = workspace->n_rays;
            if (r.n_lattices == 0)
                continue;
            struct ray *rays = arena_array(&arena, n, sizeof *rays);
            struct lattice lattices[INDEX_MAX_LATTICES];
            struct index_found found = {.lattices = lattices,
                                        .capacity = INDEX_MAX_LATTICES,
                                        .owner = arena_array(&arena, n, sizeof *found.owner),
                                        .hkl = arena_array(&arena, n, sizeof *found.hkl)};
            for (int draw = 0; draw < draws(3, 300); draw++, lists++) {
                memcpy(rays, workspace->rays.data, n * sizeof *rays);
                for (size_t k = 0; k < n; k++) { /* turned about the beam, which runs along z */
                    double phi = 6.283185307179586 * noise_uniform(&seed), c = cos(phi), s = sin(phi);
                    double *turn[] = {rays[k].q, rays[k].s1, rays[k].lab, rays[k].unit};
                    for (int v = 0; v < 4; v++) {
                        double x = turn[v][0], y = turn[v][1];
                        turn[v][0] = c * x - s * y;
                        turn[v][1] = s * x + c * y;
                    }
                }
                assert_int_equal(index_frame(&recipe->indexing, recipe->cells, recipe->n_cells,
                                             &workspace->frame.beam.v, rays, n, &found,
                                             workspace->index_work.data),
                                 0);
                highest = fmax(highest, found.best_evidence);
            }
        }
        close_excerpt();
    }
    assert_true(lists >= 18);
    print_message("%d lists of seed 183, highest log10 evidence %.2f\n", lists, highest);
}

/* Real frames given a cell that is not theirs: nothing is indexed. (Not a cell of which the true one is nearly a sublattice.) */
static void a_crystal_is_not_indexed_with_another_cell(void **state)
{
    (void)state;
    static const char *CELL[] = {"41,57,97,90,103,90", "71,71,71,90,90,90"};
    static const char *GROUP[] = {"P21", "P213"};
    for (int e = 0; e < EXCERPTS; e++)
        for (int c = 0; c < 2; c++) {
            struct excerpt other = EXCERPT[e];
            other.cell = CELL[c];
            other.group = GROUP[c];
            open_excerpt(&other);
            for (int i = 0; i < other.frames; i++) {
                struct result r;
                frame_process(recipe, workspace, (uint64_t)i, &r);
                assert_int_equal(r.n_lattices, 0);
                assert_true(r.n_strong >
                            (other.crystal[i] ? 50 : 10)); /* there was something to go wrong with */
            }
            close_excerpt();
        }
}

static int start_helper(void **state)
{
    (void)state;
    return source_helper_start(NULL) ? 0 : -1;
}

static int stop_helper(void **state)
{
    (void)state;
    source_helper_stop();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_coset_that_is_not_there_measures_nothing),
        CASE(a_lattice_turned_at_random_measures_nothing),
        CASE(the_lattice_of_another_frame_measures_nothing),
        CASE(real_spots_without_a_crystal_are_not_indexed),
        CASE(a_crystal_is_not_indexed_with_another_cell),
    };
    return cmocka_run_group_tests(tests, start_helper, stop_helper);
}
