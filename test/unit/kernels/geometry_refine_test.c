/* geometry_refine_test.c - a detector's place from shots: right values, right sigmas, nothing where there is nothing. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "run_of_shots.h"

static const double PX = 0.075;

/* Found - true in sigmas, summed in squares; asserts that the shift is near. */
static double pull2(const struct run_of_shots *r, const double shift[3])
{
    double sum = 0;
    for (int k = 0; k < 3; k++) {
        double error = r->solution.correction.shift[k] - shift[k];
        assert_true(fabs(error) < (k < 2 ? 0.02 * PX : 0.1));
        sum += error * error / (r->sigma[k] * r->sigma[k]);
    }
    return sum;
}

static void a_shift_is_found_with_its_error(void **state)
{
    (void)state;
    struct geometry_correction moved = {{0.9 * PX, -0.7 * PX, 0.3}, NULL};
    double sum = 0;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        struct run_of_shots *r = run_make(seed * 17, 12, 120, 1, &moved);
        assert_true(run_solve(r, false));
        assert_true(r->solution.converged && r->solution.n_stills == 12);
        assert_true(r->solution.rms_after < 0.5 * r->solution.rms_before);
        assert_true(fmax(r->sigma[0], r->sigma[1]) < 0.02 * PX);
        for (int k = 0; k < 2; k++)
            assert_true(fabs(r->solution.half[0][k] - r->solution.half[1][k]) <
                        4 * r->solution.half_sigma[k]);
        sum += pull2(r, moved.shift);
        run_free(r);
    }
    assert_true(sum > 24 * 0.25 && sum < 24 * 2); /* 24 pulls */
}

/* Pulls of x, y, z over many runs: mean 0, standard deviation 1. */
static void pulls_are_those_of_right_sigmas(size_t stills, size_t spots, int runs)
{
    struct geometry_correction moved = {{0.9 * PX, -0.7 * PX, 0.3}, NULL};
    double sum[3] = {0}, square[3] = {0};
    for (int i = 0; i < runs; i++) {
        struct run_of_shots *r = run_make(1000 + 31 * (uint64_t)i, stills, spots, 1, &moved);
        assert_true(run_solve(r, false) && r->solution.converged);
        for (int k = 0; k < 3; k++) {
            double pull = (r->solution.correction.shift[k] - moved.shift[k]) / r->sigma[k];
            sum[k] += pull / runs;
            square[k] += pull * pull / runs;
        }
        run_free(r);
    }
    for (int k = 0; k < 3; k++) {
        double sd = sqrt(square[k] - sum[k] * sum[k]);
        assert_true(fabs(sum[k]) < 0.3 && sd > 0.6 && sd < 1.3);
    }
}

static void sigmas_are_right_for_few_stills_and_many(void **state)
{
    (void)state;
    bool full = getenv("XFELX_TEST_FULL") != NULL;
    pulls_are_those_of_right_sigmas(5, 25, full ? 400 : 60);
    pulls_are_those_of_right_sigmas(12, 120, full ? 200 : 16);
}

/* Error of a panel's number in sigmas, when the whole detector is turned about the beam by `turn`, which cannot be seen. */
static double panel_pull(const struct run_of_shots *r, const struct geometry_correction *moved, size_t i,
                         double turn)
{
    const struct panel *p = &r->truth[i / 3];
    const double mid[2] = {0.5 * p->n_fast * PX, 0.5 * p->n_slow * PX};
    const double *axis = i % 3 == 0 ? p->fast : p->slow;
    double error = r->solution.correction.panel[i] - moved->panel[i], centre[3], normal[3];
    panel_mm_to_point(p, mid, centre);
    const double around[3] = {-centre[1], centre[0], 0};
    vec3_cross(p->fast, p->slow, normal);
    for (int k = 0; i % 3 != 2 && k < 3; k++)
        error += (r->solution.correction.shift[k] - moved->shift[k]) * axis[k];
    error -= turn * (i % 3 == 2 ? normal[2] : vec3_dot(around, axis));
    return error / r->sigma[3 + i];
}

static void sigmas_of_panels_are_right(void **state)
{
    (void)state;
    const size_t n = RUN_PANELS;
    double sum = 0, square = 0, count = 0;
    for (uint64_t run = 0; run < (getenv("XFELX_TEST_FULL") ? 20 : 2); run++) {
        double by[3 * RUN_PANELS], up = 0, down = 0;
        uint64_t seed = 800 + 13 * run;
        for (size_t i = 0; i < 3 * n; i++)
            by[i] = i % 3 == 2 ? 0.0005 * noise_normal(&seed) : 0.25 * PX * noise_normal(&seed);
        struct geometry_correction moved = {{0.5 * PX, 0.4 * PX, 0}, by};
        struct run_of_shots *r = run_make(seed, 8, 400, n, &moved);
        assert_true(run_solve(r, false) && run_solve(r, true));
        for (size_t i = 0; i < 3 * n; i++) {
            double at0 = panel_pull(r, &moved, i, 0), slope = at0 - panel_pull(r, &moved, i, 1);
            up += at0 * slope;
            down += slope * slope;
        }
        for (size_t i = 0; i < 3 * n; i++) {
            double pull = panel_pull(r, &moved, i, up / down);
            sum += pull;
            square += pull * pull;
            count++;
        }
        run_free(r);
    }
    double sd = sqrt(square / count - sum * sum / count / count);
    assert_true(fabs(sum / count) < 0.3 && sd > 0.6 && sd < 1.3);
}

static void a_right_header_stays_within_its_error(void **state)
{
    (void)state;
    struct geometry_correction moved = {{0, 0, 0}, NULL};
    struct run_of_shots *r = run_make(5, 12, 120, 1, &moved);
    assert_true(run_solve(r, false));
    for (int k = 0; k < 3; k++)
        assert_true(fabs(r->solution.correction.shift[k]) < 4 * r->sigma[k]);
    run_free(r);
}

static void two_panels_and_eight_come_into_place(void **state)
{
    (void)state;
    for (size_t n = 2; n <= RUN_PANELS; n += 6) {
        double by[3 * RUN_PANELS] = {0}, sum = 0;
        uint64_t seed = 400 + n;
        for (size_t i = 0; i < 3 * n; i++)
            by[i] = i % 3 == 2 ? 0.0005 * noise_normal(&seed) : 0.25 * PX * noise_normal(&seed);
        struct geometry_correction moved = {{0.5 * PX, 0.4 * PX, 0}, by};
        struct run_of_shots *r = run_make(seed, RUN_SHOTS, 500, n, &moved);
        assert_true(run_solve(r, false) && run_solve(r, true));
        assert_int_equal(r->solution.n_panels_moved, n);
        /* The common turn about the beam cannot be seen, nor does it matter: positions tell. */
        for (size_t p = 0; p < n; p++)
            for (size_t q = 0; q < p; q++) {
                double a[3], b[3], c[3], d[3];
                const double mid[2] = {0.5 * r->truth[p].n_fast * PX, 0.5 * r->truth[p].n_slow * PX};
                panel_mm_to_point(&r->panels[p], mid, a);
                panel_mm_to_point(&r->panels[q], mid, b);
                panel_mm_to_point(&r->truth[p], mid, c);
                panel_mm_to_point(&r->truth[q], mid, d);
                vec3_sub(a, b, a);
                vec3_sub(c, d, c);
                double error = (vec3_length(a) - vec3_length(c)) / PX;
                assert_true(fabs(error) < 0.1);
                sum += error * error;
            }
        assert_true(sqrt(sum / ((double)n * (double)(n - 1) / 2)) < 0.05);
        run_free(r);
    }
}

static void shots_with_few_spots_do_not_vote(void **state)
{
    (void)state;
    struct geometry_correction moved = {{0, 0, 0}, NULL};
    struct run_of_shots *r = run_make(9, 4, GEOMETRY_STILL_SPOTS - 2, 1, &moved);
    assert_false(run_solve(r, false));
    run_free(r);
}

static void a_correction_turns_panels_about_their_centres(void **state)
{
    (void)state;
    struct still plane;
    struct panel out;
    still_empty(&plane);
    double by[3] = {0.1, -0.2, 0.001}, a[3], b[3];
    struct geometry_correction c = {{1, 2, 3}, by};
    const double mid[2] = {0.5 * plane.panel.n_fast * PX, 0.5 * plane.panel.n_slow * PX};
    geometry_correct(&c, &plane.panel, 1, &out);
    panel_mm_to_point(&plane.panel, mid, a);
    panel_mm_to_point(&out, mid, b);
    assert_true(fabs(b[0] - a[0] - 1.1) < 1e-9 && fabs(b[1] - a[1] - 2.2) < 1e-9 &&
                fabs(b[2] - a[2] - 3) < 1e-9);
    assert_true(fabs(vec3_dot(out.fast, plane.panel.fast) - cos(0.001)) < 1e-12);
    assert_true(fabs(vec3_dot(out.fast, out.slow)) < 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shift_is_found_with_its_error),
        cmocka_unit_test(sigmas_are_right_for_few_stills_and_many),
        cmocka_unit_test(sigmas_of_panels_are_right),
        cmocka_unit_test(a_right_header_stays_within_its_error),
        cmocka_unit_test(two_panels_and_eight_come_into_place),
        cmocka_unit_test(shots_with_few_spots_do_not_vote),
        cmocka_unit_test(a_correction_turns_panels_about_their_centres),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
