#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "still.h"

#include "kernels/geometry.h"
#include "kernels/index_internal.h"

static void every_equivalent_basis_gives_one_a_and_its_indices(void **state)
{
    (void)state;
    static const struct known_cell KNOWN[] = {{.cell = {78, 78, 78, 90, 90, 90}, .centring = 'I'},
                                              {.cell = {93.4, 93.4, 131.1, 90, 90, 120}, .centring = 'P'},
                                              {.cell = {81, 81, 120, 90, 90, 120}, .centring = 'R'},
                                              {.cell = {31, 42, 55, 84, 95, 101}, .centring = 'P'}};
    uint64_t seed = 141;
    for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++) {
        struct still_indexer *x = still_indexer(&KNOWN[i]);
        for (int round = 0; round < 10; round++) {
            double u[9], m[9], first[9] = {0};
            still_rotation(&seed, u);
            mat3_mul(u, x->cell->reduced, m);
            for (size_t k = 0; k < x->cell->n_rotations; k++) {
                double turned[9], a[9], index[9], reciprocal[9];
                lattice_change(m, x->cell->rotation[k], turned);
                setting_standard(x->cell, turned, a, index);
                if (k == 0)
                    memcpy(first, a, sizeof first);
                for (int e = 0; e < 9; e++)
                    assert_true(fabs(a[e] - first[e]) < 1e-12);
                lattice_reciprocal(turned, reciprocal); /* the same node by either index */
                double h[3] = {3, -2, 5}, hc[3], q[3], qc[3];
                mat3_vec(index, h, hc);
                mat3_vec(reciprocal, h, q);
                mat3_vec(a, hc, qc);
                for (int j = 0; j < 3; j++)
                    assert_true(fabs(q[j] - qc[j]) < 1e-12);
            }
        }
        still_indexer_free(x);
    }
}

static void exchanged_axes_are_put_right(void **state)
{
    (void)state;
    int8_t two[1][9] = {{-1, 0, 0, 0, 1, 0, 0, 0, -1}};
    static const struct noise EXPECTED = {.sigma_px = 0.5,
                                          .sigma_e0 = 0.0004,
                                          .sigma_e1 = 0.0009,
                                          .strain = 0.002,
                                          .breaking = 0.002,
                                          .shift_px = 0.3};
    struct known_cell known = {.cell = {58.2, 81, 58.9, 90, 92.4, 90},
                               .centring = 'P',
                               .rotations = (const int8_t(*)[9])two,
                               .n_rotations = 1};
    struct still_indexer *x = still_indexer(&known);
    uint64_t seed = 143;
    struct still s;
    struct ray ray[STILL_SPOTS];
    struct point point[STILL_SPOTS];
    double u[9], A[9], inverse_t[9], inverse[9], m[9], none[2] = {0, 0};
    still_empty(&s);
    still_rotation(&seed, u);
    still_orient(known.cell, u, A);
    still_add_lattice(&s, &seed, A, 'P', 25, 0.4);
    size_t n = spots_to_rays(&s.panel, 1, &s.beam, s.spot, s.n, ray);
    n = points_make(&s.beam, ray, n, none, point);
    lattice_reciprocal(x->cell->to_conventional, inverse_t);
    for (int i = 0; i < 9; i++)
        inverse[i] = inverse_t[i % 3 * 3 + i / 3];
    lattice_reciprocal(A, m);
    mat3_mul(m, inverse, m);
    assert_true(x->cell->n_settings >= 2);
    for (size_t k = 0; k < x->cell->n_settings; k++) {
        struct guess g = {0};
        double back[9], found[9];
        lattice_change(m, x->cell->setting[k], g.m);
        assert_false(setting_choose(x->cell, &EXPECTED, point, n, &g));
        mat3_mul(g.m, x->cell->to_conventional, back);
        lattice_reciprocal(back, found);
        double cell[6];
        lattice_cell(back, cell);
        assert_true(cell[0] < cell[2] - 0.3);
        assert_true(still_misset(found, A, 'P') < 0.3);
    }
    still_indexer_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_equivalent_basis_gives_one_a_and_its_indices),
        cmocka_unit_test(exchanged_axes_are_put_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
