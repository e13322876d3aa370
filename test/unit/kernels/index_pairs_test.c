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
                                      .shift_px = 0.3};

/* What the pair search is for: wherever the true lattice of a few spots can be proved, it is found. */
static void a_few_spots_suffice_where_the_truth_can_be_proved(void **state)
{
    (void)state;
    static const struct known_cell KNOWN[] = {{.cell = {79, 79, 38, 90, 90, 90}, .centring = 'P'},
                                              {.cell = {61.3, 70.4, 85.9, 90, 90, 90}, .centring = 'P'},
                                              {.cell = {92.7, 92.7, 128.9, 90, 90, 120}, .centring = 'P'}};
    uint64_t seed = 51;
    int provable = 0, found = 0;
    for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++) {
        struct still_indexer *x = still_indexer(&KNOWN[i]);
        for (int round = 0; round < 10; round++) {
            struct still s;
            struct ray ray[STILL_SPOTS];
            struct point point[STILL_SPOTS];
            struct guess truth = {0}, g;
            double u[9], A[9], inverse_t[9], inverse[9], none[2] = {0, 0};
            still_empty(&s);
            still_rotation(&seed, u);
            still_orient(KNOWN[i].cell, u, A);
            still_add_lattice(&s, &seed, A, 'P', 7, 0.3);
            still_add_noise(&s, &seed, 1);
            size_t n = spots_to_rays(&s.panel, 1, &s.beam, s.spot, s.n, ray);
            n = points_make(&s.beam, ray, n, none, point);
            lattice_reciprocal(x->cell->to_conventional, inverse_t);
            for (int k = 0; k < 9; k++)
                inverse[k] = inverse_t[k % 3 * 3 + k / 3];
            lattice_reciprocal(A, truth.m);
            mat3_mul(truth.m, inverse, truth.m);
            guess_finish(x->cell, &EXPECTED, 1, point, n, &truth);
            search_pairs(x->cell, &EXPECTED, 1, point, n, &g);
            if (truth.evidence < 3)
                continue;
            provable++;
            found += g.evidence > truth.evidence - 0.5;
        }
        still_indexer_free(x);
    }
    assert_true(provable >= 20);
    assert_int_equal(found, provable);
}

static void long_lists_and_lists_without_candidates_give_nothing(void **state)
{
    (void)state;
    struct known_cell known = {.cell = {61.3, 70.4, 85.9, 90, 90, 90}, .centring = 'P'};
    struct still_indexer *x = still_indexer(&known);
    struct still s;
    struct ray ray[STILL_SPOTS];
    struct point point[STILL_SPOTS];
    struct guess g;
    uint64_t seed = 53;
    double none[2] = {0, 0};
    still_empty(&s);
    still_add_noise(&s, &seed, 13);
    size_t n = spots_to_rays(&s.panel, 1, &s.beam, s.spot, s.n, ray);
    n = points_make(&s.beam, ray, n, none, point);
    search_pairs(x->cell, &EXPECTED, 1, point, n, &g);
    assert_true(g.evidence == -99);
    search_pairs(x->cell, &EXPECTED, 1, point, 0, &g);
    assert_true(g.evidence == -99);
    search_pairs(x->cell, &EXPECTED, 1, point, 1, &g);
    assert_true(g.evidence == -99);
    still_indexer_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_few_spots_suffice_where_the_truth_can_be_proved),
        cmocka_unit_test(long_lists_and_lists_without_candidates_give_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
