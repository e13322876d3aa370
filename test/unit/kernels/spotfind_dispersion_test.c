#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "kernels/spotfind.h"

#include <stdlib.h>
#include <string.h>

enum { W = 40, H = 30 };

static struct panel panel = {.n_fast = W, .n_slow = H, .trusted_lo = 0, .trusted_hi = 4e9, .gain = 1};

/* A smooth background of 1 and 2 with room for a peak. */
static void background(uint32_t *pixels)
{
    for (int i = 0; i < W * H; i++)
        pixels[i] = 1 + (uint32_t)(i % 2);
}

static void peak(uint32_t *pixels, int x, int y)
{
    for (int j = y - 4; j <= y + 4; j++)
        for (int i = x - 4; i <= x + 4; i++)
            pixels[j * W + i] += (uint32_t)(400 / (1 + (i - x) * (i - x) + (j - y) * (j - y)));
}

static size_t find(const struct spotfind_params *p, const struct spotfind_image *image,
                   struct strong_pixel *strong)
{
    size_t size = spotfind_work_size(p, W, H);
    char *work = malloc(size + 64);
    memset(work, 0x5a, size + 64);
    size_t n = spotfind_panel_ref(p, image, strong, W * H, work);
    for (size_t i = size; i < size + 64; i++)
        assert_int_equal(work[i], 0x5a); /* nothing written behind the work memory */
    free(work);
    return n;
}

static const enum spotfind_algorithm both[2] = {SPOTFIND_DISPERSION, SPOTFIND_DISPERSION_EXTENDED};

static void a_flat_panel_has_no_strong_pixel(void **state)
{
    (void)state;
    uint32_t pixels[W * H];
    struct strong_pixel strong[W * H];
    struct spotfind_image image = {&panel, pixels, PIXEL_U32, NULL, NULL};
    struct spotfind_params p = spotfind_defaults();
    background(pixels);
    for (int k = 0; k < 2; k++) {
        p.algorithm = both[k];
        assert_int_equal(find(&p, &image, strong), 0);
    }
}

static void a_peak_is_found_by_its_brightest_pixels(void **state)
{
    (void)state;
    uint32_t pixels[W * H];
    struct strong_pixel strong[W * H];
    struct spotfind_image image = {&panel, pixels, PIXEL_U32, NULL, NULL};
    struct spotfind_params p = spotfind_defaults();
    background(pixels);
    peak(pixels, 20, 15);
    for (int k = 0; k < 2; k++) {
        p.algorithm = both[k];
        size_t n = find(&p, &image, strong);
        bool centre = false;
        assert_true(n >= 5 && n <= 81);
        for (size_t i = 0; i < n; i++) {
            centre |= strong[i].x == 20 && strong[i].y == 15;
            assert_true(abs(strong[i].x - 20) <= 6 && abs(strong[i].y - 15) <= 6);
        }
        assert_true(centre);
    }
}

static void a_pixel_too_large_for_the_sums_may_be_strong(void **state)
{
    (void)state;
    uint32_t pixels[W * H];
    struct strong_pixel strong[W * H];
    struct spotfind_image image = {&panel, pixels, PIXEL_U32, NULL, NULL};
    struct spotfind_params p = spotfind_defaults();
    p.algorithm = SPOTFIND_DISPERSION;
    background(pixels);
    peak(pixels, 20, 15);
    pixels[15 * W + 20] = 1u << 24;
    size_t n = find(&p, &image, strong), huge = 0;
    for (size_t i = 0; i < n; i++)
        huge += strong[i].x == 20 && strong[i].y == 15 && strong[i].value == 0x1p24f;
    assert_int_equal(huge, 1);
}

static void a_masked_pixel_is_background_only_for_dials_312(void **state)
{
    (void)state;
    uint32_t pixels[W * H];
    uint8_t mask[W * H];
    struct strong_pixel strong[W * H];
    struct spotfind_image image = {&panel, pixels, PIXEL_U32, mask, NULL};
    struct spotfind_params p = spotfind_defaults();
    background(pixels);
    peak(pixels, 20, 15);
    memset(mask, 1, sizeof mask);
    mask[15 * W + 21] = 0;
    assert_true(find(&p, &image, strong) > 0);
    /* the erosion takes two pixels around the masked one, and all of the peak is beside it */
    p.dials_312 = true;
    size_t n = find(&p, &image, strong);
    for (size_t i = 0; i < n; i++)
        assert_true(abs(strong[i].x - 21) > 2 || abs(strong[i].y - 15) > 2);
}

static void the_upper_end_of_the_trusted_range_is_in_or_out(void **state)
{
    (void)state;
    uint32_t pixels[W * H];
    struct strong_pixel strong[W * H];
    struct panel limited = panel;
    struct spotfind_image image = {&limited, pixels, PIXEL_U32, NULL, NULL};
    struct spotfind_params p = spotfind_defaults();
    p.algorithm = SPOTFIND_DISPERSION;
    background(pixels);
    peak(pixels, 20, 15);
    limited.trusted_hi = pixels[15 * W + 20];
    size_t inclusive = find(&p, &image, strong);
    p.dials_312 = true;
    size_t n = find(&p, &image, strong);
    assert_true(inclusive > 0);
    for (size_t i = 0; i < n; i++)
        assert_true(strong[i].x != 20 || strong[i].y != 15);
}

static void a_panel_of_one_pixel_and_one_fully_masked_have_none(void **state)
{
    (void)state;
    uint32_t pixels[W * H];
    uint8_t mask[W * H] = {0};
    struct strong_pixel strong[W * H];
    struct panel tiny = panel;
    struct spotfind_image image = {&tiny, pixels, PIXEL_U32, NULL, NULL},
                          masked = {&panel, pixels, PIXEL_U32, mask, NULL};
    struct spotfind_params p = spotfind_defaults();
    tiny.n_fast = tiny.n_slow = 1;
    background(pixels);
    peak(pixels, 20, 15);
    for (int k = 0; k < 4; k++) {
        p.algorithm = both[k % 2];
        p.dials_312 = k / 2;
        assert_int_equal(find(&p, &image, strong), 0);
        assert_int_equal(find(&p, &masked, strong), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flat_panel_has_no_strong_pixel),
        cmocka_unit_test(a_peak_is_found_by_its_brightest_pixels),
        cmocka_unit_test(a_pixel_too_large_for_the_sums_may_be_strong),
        cmocka_unit_test(a_masked_pixel_is_background_only_for_dials_312),
        cmocka_unit_test(the_upper_end_of_the_trusted_range_is_in_or_out),
        cmocka_unit_test(a_panel_of_one_pixel_and_one_fully_masked_have_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
