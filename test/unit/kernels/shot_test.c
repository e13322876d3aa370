/* shot_test.c - one lattice with the weights of its run. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "run_of_shots.h"

static const struct geometry_correction NOWHERE = {{0, 0, 0}, NULL};
static const struct run_noise ROUND = {0.01, 1, 5e-4, 9e-4, 1, 0},
                              BETWEEN = {0.01, 1, 5e-4, 9e-4, 5e-4, 9e-4},
                              TURNED = {0.01, 1, 5e-4, 9e-4, 0, 1};

/* Residuals of the shot with parameter c moved by `by`. */
static void residuals_at(const struct run_noise *noise, const struct shot *s, const struct shot_spot *spot,
                         int c, double by, double out[3])
{
    struct shot moved = *s;
    struct shot_frame frame;
    struct shot_row row;
    if (c < 3) {
        double w[3] = {c == 0 ? by : 0, c == 1 ? by : 0, c == 2 ? by : 0}, turn[9];
        lattice_rotation(w, turn);
        mat3_mul(turn, s->u, moved.u);
    } else {
        moved.strain[c - 3] += by;
    }
    shot_prepare(&moved, &frame);
    assert_true(shot_row(noise, &moved, &frame, spot, &row));
    memcpy(out, row.residual, sizeof row.residual);
}

/* Against central differences. Exact for round nodes; else terms ∝ ε dq are left out, at most 0.4 % of the shift of the ray. */
static void derivatives_are_those_of_differences(void **state)
{
    (void)state;
    const struct run_noise *noises[] = {&ROUND, &BETWEEN, &TURNED};
    struct run_of_shots *r = run_make(71, 2, 60, 1, &NOWHERE);
    for (int which = 0; which < 3; which++)
        for (size_t i = 0; i < r->shots[0].n; i++) {
            const struct shot *s = &r->shots[0];
            struct shot_frame frame;
            struct shot_row row;
            shot_prepare(s, &frame);
            assert_true(shot_row(noises[which], s, &frame, &s->spots[i], &row));
            for (int c = 0; c < 3 + (int)2; c++) {
                const double step = 1e-6, scale[3] = {2000, 2000, 0.3};
                double hi[3], lo[3];
                residuals_at(noises[which], s, &s->spots[i], c, step, hi);
                residuals_at(noises[which], s, &s->spots[i], c, -step, lo);
                for (int k = 0; k < 3; k++)
                    assert_true(fabs((lo[k] - hi[k]) / (2 * step) - row.d[k][c]) / scale[k] <
                                (which ? 0.006 : 1e-6));
            }
        }
    run_free(r);
}

static void a_larger_cell_is_a_strain(void **state)
{
    (void)state;
    struct run_of_shots *r = run_make(3, 1, 20, 1, &NOWHERE);
    double A[9];
    for (int i = 0; i < 9; i++)
        A[i] = r->A[0][i] / 1.002;
    double before = shot_mean_strain(&r->shots[0]);
    assert_true(shot_start(&r->shots[0], A));
    assert_true(fabs(shot_mean_strain(&r->shots[0]) - before - 0.002) < 1e-5);
    run_free(r);
}

static void a_turned_shot_comes_back(void **state)
{
    (void)state;
    struct run_of_shots *r = run_make(73, 4, 150, 1, &NOWHERE);
    for (size_t k = 0; k < 4; k++) {
        struct shot *s = &r->shots[k];
        double turn[9], A[9], w[3] = {0.001, -0.0007, 0.0012};
        lattice_rotation(w, turn);
        mat3_mul(turn, s->u, s->u);
        assert_true(shot_refine(&ROUND, s, 8, 8));
        shot_matrix(s, A);
        assert_true(still_misset(A, r->A[k], 'P') < 0.01); /* degrees */
        assert_true(s->inside > 0.9 * (double)s->n);
    }
    run_free(r);
}

static void a_wrong_spot_does_not_pull(void **state)
{
    (void)state;
    struct run_of_shots *r = run_make(75, 1, 100, 1, &NOWHERE);
    struct shot *s = &r->shots[0];
    s->reassign = false;
    for (size_t i = 0; i < s->n; i += 9)
        s->spots[i].mm[0] += 0.5;
    double A[9];
    assert_true(shot_refine(&ROUND, s, 8, 4) && shot_refine(&ROUND, s, 5, 6));
    shot_matrix(s, A);
    assert_true(still_misset(A, r->A[0], 'P') < 0.015);
    assert_true(s->spots[0].weight == 0 && s->spots[9].weight == 0);
    run_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(derivatives_are_those_of_differences),
        cmocka_unit_test(a_larger_cell_is_a_strain),
        cmocka_unit_test(a_turned_shot_comes_back),
        cmocka_unit_test(a_wrong_spot_does_not_pull),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
