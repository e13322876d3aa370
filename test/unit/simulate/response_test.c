#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "simulate/scene.h"

#include <math.h>
#include <string.h>

enum { SIDE = 64 };

static struct scene *make(const struct simulate_params *p, struct arena *a)
{
    struct error err = {0};
    struct simulate_params q = *p;
    q.n_fast = q.n_slow = SIDE, q.dead = q.hot = 0;
    struct scene *s = scene_make(&q, a, &err);
    assert_non_null(s);
    memset(s->mask, 1, SIDE * SIDE);
    return s;
}

static void a_counter_gives_counts_up_to_its_saturation(void **state)
{
    (void)state;
    struct arena a = {0};
    struct simulate_params p = simulate_defaults();
    struct scene *s = make(&p, &a);
    uint32_t photons[SIDE * SIDE] = {0, 7, 70000};
    uint16_t pixels[SIDE * SIDE];
    s->mask[3] = 0;
    scene_read_out(s, 0, photons, NULL, pixels);
    assert_true(pixels[0] == 0 && pixels[1] == 7 && pixels[2] == SIMULATE_SATURATION &&
                pixels[3] == SIMULATE_BAD_PIXEL);
    arena_free(&a);
}

static void charge_has_gain_noise_and_its_spread(void **state)
{
    (void)state;
    struct arena a = {0};
    struct simulate_params p = simulate_defaults();
    p.gain = 10, p.noise = 4, p.gain_spread = 0.02;
    struct scene *s = make(&p, &a);
    static uint32_t photons[SIDE * SIDE];
    static float charge[SIDE * SIDE];
    static int32_t pixels[SIDE * SIDE];
    for (size_t i = 0; i < SIDE * SIDE; i++)
        photons[i] = i % 2 ? 1000 : 0;
    scene_read_out(s, 0, photons, charge, pixels);
    double mean[2] = {0}, square[2] = {0}, n = SIDE * SIDE / 2;
    for (size_t i = 0; i < SIDE * SIDE; i++)
        mean[i % 2] += pixels[i] / n, square[i % 2] += (double)pixels[i] * pixels[i] / n;
    assert_true(fabs(mean[0]) < 0.5 && fabs(sqrt(square[0] - mean[0] * mean[0]) - 4) < 0.3);
    assert_true(fabs(mean[1] / 10000 - 1) < 0.003 &&
                fabs(sqrt(square[1] - mean[1] * mean[1]) / 200 - 1) < 0.1);
    arena_free(&a);
}

static void spread_charge_is_kept_and_has_its_width(void **state)
{
    (void)state;
    struct arena a = {0};
    struct simulate_params p = simulate_defaults();
    p.point_spread = 1.2, p.gain = 100, p.saturation = 1e8;
    struct scene *s = make(&p, &a);
    static uint32_t photons[SIDE * SIDE];
    static float charge[SIDE * SIDE];
    static int32_t pixels[SIDE * SIDE];
    photons[30 * SIDE + 25] = 10000;
    scene_read_out(s, 0, photons, charge, pixels);
    double sum = 0, x = 0, y = 0, x2 = 0, y2 = 0;
    for (int i = 0; i < SIDE * SIDE; i++) {
        double v = pixels[i], u = i % SIDE - 25, w = i / SIDE - 30;
        sum += v, x += v * u, y += v * w, x2 += v * u * u, y2 += v * w * w;
    }
    assert_true(fabs(sum / 1e6 - 1) < 1e-3 && fabs(x / sum) < 1e-3 && fabs(y / sum) < 1e-3);
    assert_true(fabs(sqrt(x2 / sum) - 1.2) < 0.03 && fabs(sqrt(y2 / sum) - 1.2) < 0.03);
    arena_free(&a);
}

static void injected_pixels_are_not_in_the_mask(void **state)
{
    (void)state;
    struct arena a = {0};
    struct simulate_params p = simulate_defaults();
    p.hot_row = p.dead_block = true;
    struct scene *s = make(&p, &a);
    static uint32_t photons[SIDE * SIDE];
    static uint16_t pixels[SIDE * SIDE];
    for (size_t i = 0; i < SIDE * SIDE; i++)
        photons[i] = 3;
    scene_read_out(s, 0, photons, NULL, pixels);
    assert_true(pixels[21 * SIDE] == 200 && pixels[21 * SIDE + 63] == 200 && pixels[0] == 0 &&
                pixels[63] == 3);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_counter_gives_counts_up_to_its_saturation),
        cmocka_unit_test(charge_has_gain_noise_and_its_spread),
        cmocka_unit_test(spread_charge_is_kept_and_has_its_width),
        cmocka_unit_test(injected_pixels_are_not_in_the_mask),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
