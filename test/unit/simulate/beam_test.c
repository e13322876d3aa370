#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "simulate/scene.h"

#include <math.h>

static struct scene *make(const struct simulate_params *p, struct arena *a)
{
    struct error err = {0};
    struct scene *s = scene_make(p, a, &err);
    assert_non_null(s);
    return s;
}

static struct simulate_params small(void)
{
    struct simulate_params p = simulate_defaults();
    p.n_fast = p.n_slow = 64;
    return p;
}

static void weights_sum_to_one_and_rays_have_their_wave_number(void **state)
{
    (void)state;
    struct arena a = {0};
    struct simulate_params p = small();
    p.spikes = 24, p.divergence = 0.5, p.pointing = 0.3, p.bandwidth = 0.004;
    struct scene *s = make(&p, &a);
    struct shot_beam *beam = arena_alloc(&a, sizeof *beam);
    for (uint32_t n = 0; n < 20; n++) {
        struct simulate_truth truth = {.wavelength = 1.3};
        double sum = 0, mean = 0;
        scene_draw_beam(s, n, &truth, beam);
        assert_int_equal(beam->n, 24 * 5);
        for (int32_t i = 0; i < beam->n; i++) {
            const double *k = beam->rays[i].s0;
            sum += beam->rays[i].weight;
            mean += beam->rays[i].weight / beam->rays[i].wavenumber;
            assert_true(fabs(sqrt(k[0] * k[0] + k[1] * k[1] + k[2] * k[2]) / beam->rays[i].wavenumber - 1) <
                        1e-12);
            assert_true(k[2] < 0);
        }
        assert_true(fabs(sum - 1) < 1e-12 && fabs(mean / truth.wavelength - 1) < 1e-9);
        assert_true(truth.direction[0] != 0 && fabs(truth.direction[0]) < 2);
    }
    arena_free(&a);
}

static void divergence_has_the_moments_asked_for(void **state)
{
    (void)state;
    struct arena a = {0};
    struct simulate_params p = small();
    p.divergence = 2;
    struct scene *s = make(&p, &a);
    struct shot_beam *beam = arena_alloc(&a, sizeof *beam);
    struct simulate_truth truth = {.wavelength = 1.3};
    double x2 = 0, y2 = 0;
    scene_draw_beam(s, 0, &truth, beam);
    for (int32_t i = 0; i < beam->n; i++) {
        x2 += beam->rays[i].weight * pow(beam->rays[i].s0[0] / beam->rays[i].wavenumber, 2);
        y2 += beam->rays[i].weight * pow(beam->rays[i].s0[1] / beam->rays[i].wavenumber, 2);
    }
    assert_true(fabs(sqrt(x2) / 2e-3 - 1) < 1e-6 && fabs(sqrt(y2) / 2e-3 - 1) < 1e-6);
    arena_free(&a);
}

static void pulse_energies_have_mean_one_and_the_spread_asked_for(void **state)
{
    (void)state;
    struct arena a = {0};
    static const double spreads[] = {0.1, 0.5, 1.3};
    struct shot_beam *beam = arena_alloc(&a, sizeof *beam);
    for (size_t k = 0; k < 3; k++) {
        struct simulate_params p = small();
        p.pulse_spread = spreads[k];
        struct scene *s = make(&p, &a);
        double sum = 0, sum2 = 0;
        enum { SHOTS = 4000 };
        for (uint32_t n = 0; n < SHOTS; n++) {
            struct simulate_truth truth = {.wavelength = 1.3};
            scene_draw_beam(s, n, &truth, beam);
            assert_true(truth.pulse > 0);
            sum += truth.pulse, sum2 += truth.pulse * truth.pulse;
        }
        double mean = sum / SHOTS, deviation = sqrt(sum2 / SHOTS - mean * mean);
        assert_true(fabs(mean - 1) < 5 * spreads[k] / sqrt(SHOTS));
        assert_true(fabs(deviation / spreads[k] - 1) < 0.15);
    }
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_sum_to_one_and_rays_have_their_wave_number),
        cmocka_unit_test(divergence_has_the_moments_asked_for),
        cmocka_unit_test(pulse_energies_have_mean_one_and_the_spread_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
