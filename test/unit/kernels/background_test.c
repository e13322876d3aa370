#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "kernels/background.h"
#include "noise.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { W = 17, H = 15, N = W * H };

static void use_all_but_the_middle(uint8_t *use)
{
    for (int j = 0; j < H; j++)
        for (int i = 0; i < W; i++)
            use[j * W + i] = abs(i - W / 2) > 3 || abs(j - H / 2) > 3;
}

static void a_plane_without_noise_comes_back(void **state)
{
    (void)state;
    float v[N];
    uint8_t use[N];
    struct background dials, ml;
    for (int j = 0; j < H; j++)
        for (int i = 0; i < W; i++)
            v[j * W + i] = (float)(100 + 0.5 * (i + 0.5) - 0.25 * (j + 0.5));
    use_all_but_the_middle(use);
    v[7 * W + 8] = 1e6f; /* not background */
    assert_true(background_plane_dials(v, use, W, H, 4, 10, &dials));
    struct background_ml_params p = {.min_pixels = 20, .plane_min = 60};
    assert_true(background_ml(&p, v, use, W, H, &ml));
    const struct background *both[2] = {&dials, &ml};
    for (int i = 0; i < 2; i++) {
        assert_true(fabs(background_at(both[i], 0, 0) - 100) < 1e-4);
        assert_true(fabs(both[i]->b[1] - 0.5) < 1e-5 && fabs(both[i]->b[2] + 0.25) < 1e-5);
        assert_int_equal(both[i]->n_used, N - 49);
        assert_true(both[i]->mse < 1e-8);
    }
}

/* DIALS' test: |v - plane| against n_sigma·sqrt(|plane at pixel (W/2, H/2)|). */
static void dials_sets_aside_what_is_four_sigma_off_and_fits_again(void **state)
{
    (void)state;
    float v[N];
    uint8_t use[N];
    struct background g;
    for (int k = 0; k < N; k++)
        v[k] = 25;
    use_all_but_the_middle(use);
    v[0] = 25 + 19; /* below the threshold of 20 also for the pulled plane */
    v[W - 1] = 25 + 30;
    assert_true(background_plane_dials(v, use, W, H, 4, 10, &g));
    assert_int_equal(use[0], 1);
    assert_int_equal(use[W - 1], 2);
    assert_int_equal(g.n_used, N - 49 - 1);
    assert_true(fabs(g.mean - (25 + 19.0 / g.n_used)) < 1e-9);
}

static void too_few_pixels_are_refused_but_counted(void **state)
{
    (void)state;
    float v[N] = {0};
    uint8_t use[N] = {0};
    struct background g;
    for (int k = 0; k < 9; k++)
        use[(k / 3) * W + k % 3] = 1;
    assert_false(background_plane_dials(v, use, W, H, 4, 10, &g));
    assert_int_equal(g.n_used, 9);
    assert_true(background_plane_dials(v, use, W, H, 4, 9, &g));
    struct background_ml_params p = {.min_pixels = 10, .plane_min = 60};
    assert_false(background_ml(&p, v, use, W, H, &g));
    memset(use, 0, sizeof use);
    for (int k = 0; k < W; k++)
        use[k] = 1; /* one line: no plane through it */
    assert_false(background_plane_dials(v, use, W, H, 4, 10, &g));
}

static double poisson_pmf(double m, int k)
{
    return exp(k * log(m) - m - lgamma(k + 1.0));
}

static void limits_leave_out_at_most_alpha_on_each_side(void **state)
{
    (void)state;
    static struct background_limits t;
    background_limits_init(&t, 0, 1e-3);
    for (int i = 1; i < BACKGROUND_TABLE; i += 13) {
        double m = i * BACKGROUND_STEP * i * BACKGROUND_STEP, below = 0, above = 0, sum = 0, kept = 0;
        for (int k = 0; k < 400; k++) {
            double p = poisson_pmf(m, k);
            below += k < t.lo[i] ? p : 0;
            above += k > t.hi[i] ? p : 0;
            if (k >= t.lo[i] && k <= t.hi[i]) {
                kept += p;
                sum += p * k;
            }
        }
        assert_true(below <= 1e-3 && above <= 1e-3);
        assert_true(poisson_pmf(m, (int)t.lo[i]) + below > 1e-3); /* and no tighter one would do */
        assert_true(poisson_pmf(m, (int)t.hi[i]) + above > 1e-3);
        assert_true(fabs(sum / kept - m - t.bias[i]) < 1e-9 * (1 + m));
    }
}

static void limits_with_read_noise_agree_with_a_sum_over_fine_steps(void **state)
{
    (void)state;
    static struct background_limits t;
    const double rho = 0.4;
    background_limits_init(&t, rho, 1e-3);
    for (int i = 30; i < BACKGROUND_TABLE; i += 330) {
        double m = i * BACKGROUND_STEP * i * BACKGROUND_STEP, below = 0, above = 0, sum = 0, kept = 0;
        const double step = 0.01;
        for (double v = -4; v < m + 12 * sqrt(m) + 10; v += step) {
            double density = 0;
            for (int k = 0; k < 300; k++)
                density += poisson_pmf(m, k) * exp(-0.5 * (v - k) * (v - k) / (rho * rho));
            double p = density / (rho * sqrt(2 * 3.14159265358979323846)) * step;
            below += v < t.lo[i] ? p : 0;
            above += v > t.hi[i] ? p : 0;
            if (v >= t.lo[i] && v <= t.hi[i]) {
                kept += p;
                sum += p * v;
            }
        }
        assert_true(fabs(below - 1e-3) < 1e-4 && fabs(above - 1e-3) < 1e-4);
        assert_true(fabs(sum / kept - m - t.bias[i]) < 2e-3);
    }
}

/* Mean over many boxes of the background found, with `share` of the pixels carrying 30 photons more. */
static double mean_found(double truth, double gain, double rho, double share,
                         const struct background_limits *t, double *scatter, double *predicted)
{
    enum { ROUNDS = 600 };
    float v[N];
    uint8_t use[N];
    double sum = 0, squares = 0, variance = 0;
    uint64_t seed = 11;
    struct background_ml_params p = {.limits = t, .gain = gain, .min_pixels = 20, .plane_min = 60};
    for (int round = 0; round < ROUNDS; round++) {
        struct background g;
        use_all_but_the_middle(use);
        for (int k = 0; k < N; k++) {
            double photons = noise_poisson(&seed, truth) + (noise_uniform(&seed) < share ? 30 : 0);
            v[k] = (float)(gain * (photons + rho * noise_normal(&seed)));
        }
        assert_true(background_ml(&p, v, use, W, H, &g));
        double x = 0.5 * W, y = 0.5 * H, b = background_at(&g, x, y) / gain;
        sum += b;
        squares += b * b;
        const double *c = g.covariance;
        variance += c[0] + 2 * (x * c[1] + y * c[2]) + x * x * c[3] + 2 * x * y * c[4] + y * y * c[5];
    }
    double mean = sum / ROUNDS;
    *scatter = sqrt(squares / ROUNDS - mean * mean);
    *predicted = sqrt(variance / ROUNDS) / gain;
    return mean;
}

static void poisson_backgrounds_are_found_without_bias(void **state)
{
    (void)state;
    static struct background_limits t;
    const double truths[] = {0.03, 0.1, 0.5, 2, 10, 60};
    background_limits_init(&t, 0, 1e-3);
    for (int i = 0; i < 6; i++)
        for (int dirty = 0; dirty < 2; dirty++) {
            double scatter, predicted, share = dirty ? 0.02 : 0;
            if (dirty && truths[i] > 12)
                continue; /* 30 photons do not stand out */
            double mean = mean_found(truths[i], 1, 0, share, &t, &scatter, &predicted);
            double error = scatter / sqrt(600), slack = dirty ? 0.01 * truths[i] : 0;
            if (fabs(mean - truths[i]) > 4 * error + slack)
                print_error("background %g, dirty %d: found %g ± %g\n", truths[i], dirty, mean, error);
            assert_true(fabs(mean - truths[i]) <= 4 * error + slack);
            assert_true(scatter / predicted > 0.85 && scatter / predicted < 1.15);
        }
}

static void gain_and_read_noise_change_the_units_only(void **state)
{
    (void)state;
    static struct background_limits t;
    background_limits_init(&t, 0.3, 1e-3);
    double scatter, predicted, mean = mean_found(1.5, 25, 0.3, 0.01, &t, &scatter, &predicted);
    assert_true(fabs(mean - 1.5) < 4 * scatter / sqrt(600) + 0.01);
    assert_true(scatter / predicted > 0.85 && scatter / predicted < 1.15);
}

static void unknown_noise_is_measured(void **state)
{
    (void)state;
    double scatter, predicted, mean = mean_found(3, 25, 0.5, 0.01, NULL, &scatter, &predicted);
    assert_true(fabs(mean - 3) < 0.03); /* limits symmetric in σ, not in probability */
    assert_true(scatter / predicted > 0.85 && scatter / predicted < 1.2);
}

static void an_empty_background_is_zero(void **state)
{
    (void)state;
    static struct background_limits t;
    float v[N] = {0};
    uint8_t use[N];
    struct background g;
    background_limits_init(&t, 0, 1e-3);
    for (int known = 0; known < 2; known++) {
        struct background_ml_params p = {
            .limits = known ? &t : NULL, .gain = 1, .min_pixels = 20, .plane_min = 60};
        use_all_but_the_middle(use);
        assert_true(background_ml(&p, v, use, W, H, &g));
        assert_true(fabs(background_at(&g, 8, 7)) < 1e-3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plane_without_noise_comes_back),
        cmocka_unit_test(dials_sets_aside_what_is_four_sigma_off_and_fits_again),
        cmocka_unit_test(too_few_pixels_are_refused_but_counted),
        cmocka_unit_test(limits_leave_out_at_most_alpha_on_each_side),
        cmocka_unit_test(limits_with_read_noise_agree_with_a_sum_over_fine_steps),
        cmocka_unit_test(poisson_backgrounds_are_found_without_bias),
        cmocka_unit_test(gain_and_read_noise_change_the_units_only),
        cmocka_unit_test(unknown_noise_is_measured),
        cmocka_unit_test(an_empty_background_is_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
