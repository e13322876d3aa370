/* centroid_test.c - spots on a background: where they are, and whether the covariance says how well that is known. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "kernels/centroid.h"

#include <math.h>
#include <string.h>

enum { W = 48, H = 40 };

static struct panel panel = {.n_fast = W, .n_slow = H, .trusted_lo = 0, .trusted_hi = 65535, .gain = 1};
static int32_t pixels[W * H];
static uint8_t mask[W * H], marks[W * H];
static struct spotfind_image image = {&panel, pixels, PIXEL_I32, mask, NULL};
static struct strong_pixel strong[W * H];
static size_t n_strong;

static double uniform(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return ((double)(*seed >> 11) + 0.5) / 9007199254740992.0;
}

static int32_t counts(double mean, uint64_t *seed)
{
    double at_least = exp(-mean), product = uniform(seed);
    int32_t n = 0;
    for (; product > at_least; n++)
        product *= uniform(seed);
    return n;
}

/* Share of a tilted Gaussian at (x, y): its variances 1 and 0.5, covariance 0.3 px². */
static double profile(double dx, double dy)
{
    const double xx = 1, yy = 0.5, xy = 0.3, det = xx * yy - xy * xy;
    return exp(-0.5 * (yy * dx * dx + xx * dy * dy - 2 * xy * dx * dy) / det) /
           (2 * 3.14159265358979 * sqrt(det));
}

static void draw(double x, double y, double photons, double background, uint64_t *seed)
{
    for (int j = 0; j < H; j++)
        for (int i = 0; i < W; i++)
            pixels[j * W + i] = counts(background + photons * profile(i + 0.5 - x, j + 0.5 - y), seed);
}

/* The spot's strong pixels: those of the 5 × 5 around its middle above a level. */
static struct spot strong_of(int x, int y, int32_t level)
{
    struct spot s = {.x = x + 0.5, .y = y + 0.5, .x0 = W, .y0 = H};
    n_strong = 0;
    for (int j = y - 2; j <= y + 2; j++)
        for (int i = x - 2; i <= x + 2; i++)
            if (pixels[j * W + i] >= level) {
                strong[n_strong++] = (struct strong_pixel){(uint16_t)i, (uint16_t)j, 0};
                s.x0 = i < s.x0 ? i : s.x0;
                s.x1 = i + 1 > s.x1 ? i + 1 : s.x1;
                s.y0 = j < s.y0 ? j : s.y0;
                s.y1 = j + 1 > s.y1 ? j + 1 : s.y1;
            }
    s.n_pixels = (uint32_t)n_strong;
    return s;
}

static bool measured(const struct spot *s, struct centroid *c)
{
    centroid_mark(&panel, strong, n_strong, marks);
    bool ok = centroid_of(&image, 1, s, strong, marks, c);
    for (size_t i = 0; i < n_strong; i++)
        assert_int_equal(marks[strong[i].y * W + strong[i].x], 1);
    centroid_unmark(&panel, strong, n_strong, marks);
    for (size_t i = 0; i < W * H; i++)
        assert_int_equal(marks[i], 0);
    return ok;
}

static int fresh(void **state)
{
    (void)state;
    memset(mask, 1, sizeof mask);
    memset(pixels, 0, sizeof pixels);
    memset(marks, 0, sizeof marks);
    panel.pedestal = 0;
    return 0;
}

static void the_errors_are_those_that_the_covariance_says(void **state)
{
    (void)state;
    enum { RUNS = 1500 };
    uint64_t seed = 7;
    double sum[2] = {0}, square[2] = {0}, product = 0, said = 0;
    size_t n = 0;
    for (int run = 0; run < RUNS; run++) {
        double x = 24.5 + uniform(&seed) - 0.5, y = 20.5 + uniform(&seed) - 0.5;
        draw(x, y, 900, 3, &seed);
        struct spot s = strong_of(24, 20, 15);
        struct centroid c;
        assert_true(measured(&s, &c));
        double dx = c.px[0] - x, dy = c.px[1] - y;
        sum[0] += dx / sqrt(c.cov[0]);
        sum[1] += dy / sqrt(c.cov[1]);
        square[0] += dx * dx / c.cov[0];
        square[1] += dy * dy / c.cov[1];
        product += dx * dy / sqrt(c.cov[0] * c.cov[1]);
        said += c.cov[2] / sqrt(c.cov[0] * c.cov[1]);
        n++;
    }
    for (int k = 0; k < 2; k++) {
        assert_true(fabs(sum[k] / (double)n) < 0.1);
        assert_true(fabs(sqrt(square[k] / (double)n) - 1) < 0.15);
    }
    assert_true(said / (double)n > 0.2); /* tilted, and the errors with it */
    assert_true(fabs(product - said) / (double)n < 0.1);
}

static void a_flat_background_moves_nothing(void **state)
{
    (void)state;
    struct centroid low, high;
    for (int j = 0; j < H; j++)
        for (int i = 0; i < W; i++)
            pixels[j * W + i] = (int32_t)(400 * profile(i + 0.5 - 24.8, j + 0.5 - 20.4));
    struct spot s = strong_of(24, 20, 15);
    assert_true(measured(&s, &low));
    for (int i = 0; i < W * H; i++)
        pixels[i] += 100;
    assert_true(measured(&s, &high));
    for (int k = 0; k < 2; k++)
        assert_true(fabs(low.px[k] - high.px[k]) < 1e-9 && high.cov[k] > low.cov[k]);
    assert_true(fabs(high.background - 100 - low.background) < 1e-9);
    assert_true(fabs(high.intensity - low.intensity) < 1e-6);
}

static void gain_and_pedestal_count_photons(void **state)
{
    (void)state;
    struct centroid one, ten;
    uint64_t seed = 3;
    draw(24.3, 20.6, 500, 2, &seed);
    struct spot s = strong_of(24, 20, 15);
    assert_true(measured(&s, &one));
    for (int i = 0; i < W * H; i++)
        pixels[i] = 10 * pixels[i] + 50;
    panel.pedestal = 50;
    centroid_mark(&panel, strong, n_strong, marks);
    assert_true(centroid_of(&image, 10, &s, strong, marks, &ten));
    for (int k = 0; k < 3; k++)
        assert_true(fabs(one.cov[k] - ten.cov[k]) < 1e-12);
    assert_true(fabs(one.px[0] - ten.px[0]) < 1e-12 && fabs(one.intensity - ten.intensity) < 1e-9);
}

static void a_neighbours_pixels_are_not_its_own(void **state)
{
    (void)state;
    struct centroid alone, beside;
    for (int j = 0; j < H; j++)
        for (int i = 0; i < W; i++)
            pixels[j * W + i] = 5 + (int32_t)(400 * profile(i + 0.5 - 24.5, j + 0.5 - 20.5));
    struct spot s = strong_of(24, 20, 25);
    assert_true(measured(&s, &alone));
    size_t own = n_strong;
    for (int j = 19; j < 22; j++) { /* strong pixels next to it */
        pixels[j * W + s.x1 + 1] = 300;
        strong[n_strong++] = (struct strong_pixel){(uint16_t)(s.x1 + 1), (uint16_t)j, 0};
    }
    assert_true(measured(&s, &beside));
    assert_true(n_strong > own);
    assert_true(fabs(alone.px[0] - beside.px[0]) < 0.01);
    assert_true(fabs(alone.background - beside.background) < 0.05);
}

static void what_cannot_be_measured_is_refused(void **state)
{
    (void)state;
    struct centroid c;
    uint64_t seed = 5;
    draw(24.5, 20.5, 500, 2, &seed);
    struct spot s = strong_of(24, 20, 15), large = s;
    assert_true(measured(&s, &c));
    large.x1 = large.x0 + 65;
    assert_false(measured(&large, &c));
    memset(mask, 0, sizeof mask); /* no background */
    for (size_t i = 0; i < n_strong; i++)
        mask[strong[i].y * W + strong[i].x] = 1;
    assert_false(measured(&s, &c));
    memset(mask, 1, sizeof mask);
    for (int i = 0; i < W * H; i++)
        pixels[i] = 2;
    assert_false(measured(&s, &c)); /* no photons */
}

static void a_spot_in_the_corner_stays_on_its_panel(void **state)
{
    (void)state;
    struct centroid c;
    uint64_t seed = 9;
    draw(2.4, 2.6, 600, 2, &seed);
    struct spot s = strong_of(2, 2, 15);
    assert_true(measured(&s, &c));
    assert_true(hypot(c.px[0] - 2.4, c.px[1] - 2.6) < 0.2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_errors_are_those_that_the_covariance_says, fresh),
        cmocka_unit_test_setup(a_flat_background_moves_nothing, fresh),
        cmocka_unit_test_setup(gain_and_pedestal_count_photons, fresh),
        cmocka_unit_test_setup(a_neighbours_pixels_are_not_its_own, fresh),
        cmocka_unit_test_setup(what_cannot_be_measured_is_refused, fresh),
        cmocka_unit_test_setup(a_spot_in_the_corner_stays_on_its_panel, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
