#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "kernels/spotfind.h"

#include <stdlib.h>
#include <string.h>

enum { W = 60, H = 50 };

/* 60 x 50 pixels of 0.1 mm, beam through the middle, 50 mm away. */
static const struct panel panel = {.origin = {-3, 2.5, -50},
                                   .fast = {1, 0, 0},
                                   .slow = {0, -1, 0},
                                   .pixel_fast = 0.1,
                                   .pixel_slow = 0.1,
                                   .n_fast = W,
                                   .n_slow = H,
                                   .trusted_hi = 65535,
                                   .gain = 1};
static const struct beam_vector beam = {1, {0, 0, 1}};

static size_t find(const struct spotfind_params *p, const uint16_t *pixels, const uint8_t *mask,
                   struct strong_pixel *s)
{
    uint16_t bins[W * H];
    struct spotfind_image image = {&panel, pixels, PIXEL_U16, mask, bins};
    spotfind_radial_bins(p, &panel, &beam, bins);
    void *work = malloc(spotfind_work_size(p, W, H));
    size_t n = spotfind_panel_ref(p, &image, s, W * H, work);
    free(work);
    return n;
}

static void bins_grow_with_the_distance_from_the_beam(void **state)
{
    (void)state;
    uint16_t bins[W * H];
    struct spotfind_params p = spotfind_defaults();
    spotfind_radial_bins(&p, &panel, &beam, bins);
    for (int x = 30; x < W - 1; x++)
        assert_true(bins[25 * W + x] <= bins[25 * W + x + 1]);
    assert_int_equal(bins[25 * W + 30], 0);
    assert_int_equal(bins[0], 99); /* the corner (0, 0) is the farthest */
    assert_true(bins[25 * W + 29] == bins[24 * W + 30]);
}

static void a_pixel_above_its_ring_is_strong_and_the_ring_is_not(void **state)
{
    (void)state;
    static uint16_t pixels[W * H];
    static uint8_t mask[W * H];
    static struct strong_pixel strong[W * H];
    struct spotfind_params p = spotfind_defaults();
    p.algorithm = SPOTFIND_RADIAL_PROFILE;
    p.n_bins = 20;
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) { /* a ring of 1000 at 15 px on 3 */
            double r2 = (x - 29.5) * (x - 29.5) + (y - 24.5) * (y - 24.5);
            pixels[y * W + x] = r2 > 100 && r2 < 400 ? 1000 : 3;
        }
    memset(mask, 1, sizeof mask);
    pixels[25 * W + 2] = 50;    /* stands out */
    pixels[25 * W + 45] = 1050; /* on the ring, stands out from it */
    pixels[26 * W + 45] = 1001; /* not above one quantum */
    pixels[2 * W + 2] = 500;
    mask[2 * W + 2] = 0;
    size_t n = find(&p, pixels, mask, strong), expected = 0;
    for (size_t i = 0; i < n; i++) {
        assert_false(strong[i].x == 45 && strong[i].y == 26);
        assert_false(strong[i].x == 2 && strong[i].y == 2);
        expected += (strong[i].x == 2 && strong[i].y == 25) || (strong[i].x == 45 && strong[i].y == 25);
    }
    assert_int_equal(expected, 2);
}

static void a_blur_joins_a_split_spot(void **state)
{
    (void)state;
    static uint16_t pixels[W * H];
    static struct strong_pixel strong[W * H];
    struct spotfind_params p = spotfind_defaults();
    p.algorithm = SPOTFIND_RADIAL_PROFILE;
    pixels[10 * W + 10] = pixels[10 * W + 12] = 90;
    assert_int_equal(find(&p, pixels, NULL, strong), 2);
    p.blur = SPOTFIND_BLUR_NARROW;
    size_t n = find(&p, pixels, NULL, strong), between = 0;
    for (size_t i = 0; i < n; i++)
        between += strong[i].x == 11 && strong[i].y == 10;
    assert_int_equal(between, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bins_grow_with_the_distance_from_the_beam),
        cmocka_unit_test(a_pixel_above_its_ring_is_strong_and_the_ring_is_not),
        cmocka_unit_test(a_blur_joins_a_split_spot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
