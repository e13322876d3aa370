#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "still.h"

#include "kernels/geometry.h"
#include "kernels/index_internal.h"

static const struct noise EXPECTED = {.sigma_px = 0.5,
                                      .sigma_e0 = 0.0004,
                                      .sigma_e1 = 0.0009,
                                      .strain = 0.002,
                                      .breaking = 0.002,
                                      .shift_px = 2};
static const struct known_cell KNOWN = {.cell = {79, 79, 38, 90, 90, 90}, .centring = 'P'};

/* A still in a random orientation, its points, and the true reduced basis. */
struct scene {
    struct still_indexer *x;
    struct still s;
    struct ray ray[STILL_SPOTS];
    struct point point[STILL_SPOTS];
    size_t n;
    double A[9], reduced[9];
};

static void scene_make(struct scene *c, uint64_t *seed, const double cell[6], size_t n, size_t noise)
{
    double u[9], none[2] = {0, 0}, inverse_t[9], inverse[9];
    c->x = still_indexer(&KNOWN);
    still_empty(&c->s);
    still_rotation(seed, u);
    still_orient(cell, u, c->A);
    still_add_lattice(&c->s, seed, c->A, 'P', n, 0.4);
    still_add_noise(&c->s, seed, noise);
    c->n = spots_to_rays(&c->s.panel, 1, &c->s.beam, c->s.spot, c->s.n, c->ray);
    c->n = points_make(&c->s.beam, c->ray, c->n, none, c->point);
    lattice_reciprocal(c->A, c->reduced);
    lattice_reciprocal(c->x->cell->to_conventional, inverse_t);
    for (int i = 0; i < 9; i++)
        inverse[i] = inverse_t[i % 3 * 3 + i / 3];
    mat3_mul(c->reduced, inverse, c->reduced);
}

static double away(const struct scene *c, const double m[9])
{
    double t[9], found[9];
    mat3_mul(m, c->x->cell->to_conventional, t);
    lattice_reciprocal(t, found);
    return still_misset(found, c->A, 'P');
}

static void steps_walk_back_from_a_small_turn(void **state)
{
    (void)state;
    struct scene c;
    uint64_t seed = 31;
    for (int round = 0; round < 5; round++) {
        scene_make(&c, &seed, KNOWN.cell, 40, 4);
        struct guess g = {0};
        double w[3] = {0.004, -0.003, 0.005}, turn[9];
        lattice_rotation(w, turn);
        mat3_mul(turn, c.reduced, g.m);
        for (int i = 0; i < 6; i++)
            guess_step(c.x->cell, &EXPECTED, c.point, c.n, 3, i < 3 ? 12 : 6, &g);
        assert_true(away(&c, g.m) < 0.1);
        still_indexer_free(c.x);
    }
}

/* Spots displaced by (1, -0.5) px in lab x, y: the shift parameter takes it, the orientation stays. */
static void a_beam_shift_is_found_as_such(void **state)
{
    (void)state;
    struct scene c;
    uint64_t seed = 33;
    scene_make(&c, &seed, KNOWN.cell, 200, 0);
    for (size_t i = 0; i < c.s.n; i++) {
        c.s.spot[i].x += 1;
        c.s.spot[i].y += 0.5;
    }
    double none[2] = {0, 0};
    c.n = spots_to_rays(&c.s.panel, 1, &c.s.beam, c.s.spot, c.s.n, c.ray);
    c.n = points_make(&c.s.beam, c.ray, c.n, none, c.point);
    struct guess g = {0};
    memcpy(g.m, c.reduced, sizeof g.m);
    for (int i = 0; i < 6; i++)
        guess_step(c.x->cell, &EXPECTED, c.point, c.n, PARAMETERS, 6, &g);
    assert_true(fabs(g.shift[0] - 1) < 0.35 && fabs(g.shift[1] + 0.5) < 0.35);
    assert_true(away(&c, g.m) < 0.05);
    still_indexer_free(c.x);
}

/* However many steps are taken, the cell stays where prior and spots balance: between the known and the true one. */
static void the_cell_does_not_creep_away_from_its_prior(void **state)
{
    (void)state;
    struct scene c;
    uint64_t seed = 35;
    double longer[6] = {79.8, 79.8, 38.4, 90, 90, 90}, cell[6], later[6];
    struct noise tight = EXPECTED;
    tight.strain = tight.breaking = 1e-5;
    scene_make(&c, &seed, longer, 60, 0);
    struct guess g = {0};
    memcpy(g.m, c.reduced, sizeof g.m);
    guess_rigid(c.x->cell, g.m);
    for (int i = 0; i < 10; i++)
        guess_step(c.x->cell, &tight, c.point, c.n, PARAMETERS, 30, &g);
    lattice_cell(g.m, cell);
    for (int i = 0; i < 30; i++)
        guess_step(c.x->cell, &tight, c.point, c.n, PARAMETERS, 30, &g);
    lattice_cell(g.m, later);
    for (int k = 0; k < 3; k++) {
        assert_true(fabs(cell[k] / c.x->cell->length[k] - 1) < 1e-3);
        assert_true(fabs(later[k] / cell[k] - 1) < 1e-6);
    }
    still_indexer_free(c.x);
}

static void the_truth_has_evidence_and_a_random_lattice_has_none(void **state)
{
    (void)state;
    struct scene c;
    uint64_t seed = 37;
    double best_false = -99;
    for (int round = 0; round < 5; round++) {
        scene_make(&c, &seed, KNOWN.cell, 10, 2);
        struct guess g = {0};
        memcpy(g.m, c.reduced, sizeof g.m);
        guess_finish(c.x->cell, &EXPECTED, 1, c.point, c.n, &g);
        assert_true(g.evidence > 6 && g.explained > 6.5);
        for (int k = 0; k < 60; k++) {
            struct guess wrong = {0};
            double u[9];
            still_rotation(&seed, u);
            mat3_mul(u, c.x->cell->reduced, wrong.m);
            guess_finish(c.x->cell, &EXPECTED, 1, c.point, c.n, &wrong);
            best_false = fmax(best_false, wrong.evidence);
        }
        still_indexer_free(c.x);
    }
    assert_true(best_false < 1);
}

/* The likelihood of a spot on the origin is that of chance: a lattice cannot earn it. */
static void the_direct_beam_explains_nothing(void **state)
{
    (void)state;
    struct scene c;
    uint64_t seed = 39;
    scene_make(&c, &seed, KNOWN.cell, 1, 0);
    struct guess g = {0};
    memcpy(g.m, c.reduced, sizeof g.m);
    struct point beam = c.point[0];
    for (int j = 0; j < 3; j++)
        beam.q[j] *= 1e-3;
    double a[9];
    int32_t h[3];
    lattice_reciprocal(g.m, a);
    assert_true(isinf(guess_distance(&EXPECTED, &g, a, &beam, h)));
    guess_evidence(c.x->cell, &EXPECTED, &beam, 1, &g);
    assert_true(g.explained == 0);
    assert_true(g.evidence < 0);
    memset(g.m, 0, sizeof g.m); /* nor does a basis that is none do harm */
    guess_evidence(c.x->cell, &EXPECTED, c.point, c.n, &g);
    assert_true(g.evidence == -99);
    still_indexer_free(c.x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_walk_back_from_a_small_turn),
        cmocka_unit_test(a_beam_shift_is_found_as_such),
        cmocka_unit_test(the_cell_does_not_creep_away_from_its_prior),
        cmocka_unit_test(the_truth_has_evidence_and_a_random_lattice_has_none),
        cmocka_unit_test(the_direct_beam_explains_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
