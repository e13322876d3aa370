/* geometry_noise_test.c - a run's noise from its residuals. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "noise.h"

#include "kernels/geometry_refine.h"

#include <math.h>
#include <string.h>

enum { SPOTS = 3000 };
static double work[2 * GEOMETRY_NOISE_SPOTS];

/* Residuals drawn with a known noise. */
static void draw(struct shot_spot *spots, size_t n, const struct run_noise *truth, uint64_t seed)
{
    for (size_t i = 0; i < n; i++) {
        struct shot_spot *s = &spots[i];
        double counting = i % 2 ? 0.15 + 0.1 * noise_uniform(&seed) : 0.005 + 0.01 * noise_uniform(&seed);
        *s = (struct shot_spot){.weight = 1,
                                .q = 0.05 + 0.4 * noise_uniform(&seed),
                                .cov = {counting * counting, counting * counting, 0}};
        double sigma = hypot(truth->scale * counting, truth->floor_px);
        s->residual[0] = sigma * noise_normal(&seed);
        s->residual[1] = sigma * noise_normal(&seed);
        s->residual[2] = hypot(truth->sigma_e0, truth->sigma_e1 * s->q) * noise_normal(&seed);
    }
}

static void the_noise_that_was_drawn_is_found(void **state)
{
    (void)state;
    static struct shot_spot spots[SPOTS];
    const struct run_noise truth = {0.05, 1.4, 4e-4, 1.5e-3, 1, 0};
    struct run_noise found = {0.8, 1, 5e-4, 9e-4, 1, 0};
    draw(spots, SPOTS, &truth, 3);
    struct shot shot = {.spots = spots, .n = SPOTS, .inside = SPOTS};
    geometry_noise(&shot, 1, &found, work);
    assert_true(fabs(found.floor_px / 0.05 - 1) < 0.1);
    assert_true(fabs(found.scale / 1.4 - 1) < 0.1);
    double at = hypot(found.sigma_e0, found.sigma_e1 * 0.25) / hypot(4e-4, 1.5e-3 * 0.25);
    assert_true(fabs(at - 1) < 0.15);
    assert_true(found.kappa0 == 1 && found.kappa1 == 0);
}

static void few_spots_change_nothing(void **state)
{
    (void)state;
    static struct shot_spot spots[40];
    const struct run_noise before = {0.8, 1, 5e-4, 9e-4, 1, 0};
    struct run_noise found = before;
    draw(spots, 40, &before, 3);
    struct shot shot = {.spots = spots, .n = 40, .inside = 40};
    geometry_noise(&shot, 1, &found, work);
    assert_memory_equal(&found, &before, sizeof found);
}

static void the_rms_does_not_see_what_lies_far_off(void **state)
{
    (void)state;
    static struct shot_spot spots[SPOTS];
    const struct run_noise truth = {0.1, 1, 4e-4, 1e-3, 1, 0};
    draw(spots, SPOTS, &truth, 5);
    for (size_t i = 0; i < SPOTS; i++) {
        spots[i].residual[0] *= 0.1 / hypot(0.1, sqrt(spots[i].cov[0]));
        spots[i].residual[1] *= 0.1 / hypot(0.1, sqrt(spots[i].cov[0]));
        if (i % 20 == 0)
            spots[i].residual[0] = 50;
    }
    struct shot shot = {.spots = spots, .n = SPOTS, .inside = SPOTS};
    double rms = geometry_rms(&shot, 1, work);
    assert_true(fabs(rms / 0.1 - 1) < 0.1);
    assert_true(geometry_rms(&shot, 0, work) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_noise_that_was_drawn_is_found),
        cmocka_unit_test(few_spots_change_nothing),
        cmocka_unit_test(the_rms_does_not_see_what_lies_far_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
