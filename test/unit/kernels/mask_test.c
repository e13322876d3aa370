#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "kernels/mask.h"

#include <math.h>
#include <string.h>

enum { W = 20, H = 16 };

static const struct panel panel = {.origin = {-1, 0.8, -20},
                                   .fast = {1, 0, 0},
                                   .slow = {0, -1, 0},
                                   .pixel_fast = 0.1,
                                   .pixel_slow = 0.1,
                                   .n_fast = W,
                                   .n_slow = H,
                                   .trusted_lo = 0,
                                   .trusted_hi = 100,
                                   .gain = 1};
static const struct beam_vector beam = {1, {0, 0, 1}};

static int count_cleared(const struct mask_params *p, uint8_t *mask)
{
    int n = 0;
    memset(mask, 1, W * H);
    mask_panel(p, 2, &panel, &beam, mask);
    for (int i = 0; i < W * H; i++)
        n += !mask[i];
    return n;
}

static void a_border_of_any_width_is_cleared(void **state)
{
    (void)state;
    uint8_t mask[W * H];
    struct mask_params p = {.border = 2};
    assert_int_equal(count_cleared(&p, mask), W * H - (W - 4) * (H - 4));
    p.border = 1000000;
    assert_int_equal(count_cleared(&p, mask), W * H);
    p.border = -1;
    assert_int_equal(count_cleared(&p, mask), 0);
}

static void untrusted_areas_of_other_panels_change_nothing(void **state)
{
    (void)state;
    uint8_t mask[W * H];
    struct mask_untrusted u = {.panel = 1};
    struct mask_params p = {.untrusted = &u, .n_untrusted = 1};
    assert_int_equal(count_cleared(&p, mask), 0);
    u.panel = 2;
    assert_int_equal(count_cleared(&p, mask), W * H);
}

static void drawn_areas_follow_dials_rules(void **state)
{
    (void)state;
    uint8_t mask[W * H];
    const int32_t triangle[] = {0, 0, 10, 0, 0, 10};
    struct mask_untrusted u = {.panel = 2, .has_rectangle = true, .rectangle = {3, 5, 1, 4}};
    struct mask_params p = {.untrusted = &u, .n_untrusted = 1};
    assert_int_equal(count_cleared(&p, mask), 6);
    assert_int_equal(mask[1 * W + 3] + mask[3 * W + 4], 0);
    u = (struct mask_untrusted){.panel = 2, .has_circle = true, .circle = {8, 8, 2}};
    assert_int_equal(count_cleared(&p, mask), 9); /* r² < 4 around a whole number */
    u = (struct mask_untrusted){.panel = 2, .has_pixel = true, .pixel = {5, 7}};
    assert_int_equal(count_cleared(&p, mask), 1);
    assert_int_equal(mask[5 * W + 7], 0); /* y first */
    u = (struct mask_untrusted){.panel = 2, .polygon = triangle, .n_polygon = 3};
    assert_int_equal(count_cleared(&p, mask), 45); /* pixel centres strictly below the diagonal */
    u = (struct mask_untrusted){.panel = 2, .has_rectangle = true, .rectangle = {-5, 100, 15, INT32_MAX}};
    assert_int_equal(count_cleared(&p, mask), W);
}

static void resolution_limits_split_the_panel(void **state)
{
    (void)state;
    uint8_t low[W * H], high[W * H];
    struct mask_params p = {.d_min = 20}, q = {.d_max = 20};
    int total = count_cleared(&p, low) + count_cleared(&q, high);
    assert_int_equal(total, W * H); /* no pixel has exactly 20 Å */
    for (int i = 0; i < W * H;
         i++) { /* Bragg's law at the pixel's centre; the beam meets the panel at (10, 8) */
        double r = 0.1 * hypot(i % W + 0.5 - 10, i / W + 0.5 - 8);
        double d = 1 / (2 * sin(atan(r / 20) / 2));
        assert_int_equal(low[i], d > 20);
    }
}

static void a_range_is_cleared_whatever_its_order(void **state)
{
    (void)state;
    uint8_t mask[W * H];
    const double up[1][2] = {{20, 25}}, down[1][2] = {{25, 20}};
    struct mask_params p = {.ranges = up, .n_ranges = 1}, q = {.rings = down, .n_rings = 1};
    int n = count_cleared(&p, mask);
    assert_true(n > 10 && n < W * H / 2);
    assert_int_equal(count_cleared(&q, mask), n);
}

/* P 63/m m c: a 63 axis (00l: l even) and a c glide (hhl: l even, here h h̄ and 2h h as well are its equivalents). */
static bool absent_in_ice(const void *group, const int32_t h[3])
{
    (void)group;
    bool on_glide = h[0] == h[1] || h[0] == -2 * h[1] || h[1] == -2 * h[0];
    return on_glide && h[2] % 2 != 0;
}

static void ice_rings_are_where_ice_has_them(void **state)
{
    (void)state;
    const double cell[6] = {4.498, 4.498, 7.338, 90, 90, 120};
    const double known[] = {3.895, 3.669, 3.441, 2.671, 2.249, 2.072, 1.947, 1.918, 1.883, 1.721}; /* Å */
    double ranges[60][2];
    size_t n = mask_rings(cell, absent_in_ice, NULL, 0.002, 1.7, ranges, 60);
    assert_true(n >= 8 && n < 20);
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        bool hit = false;
        for (size_t i = 0; i < n; i++)
            hit |= ranges[i][0] <= known[k] && known[k] <= ranges[i][1];
        assert_true(hit);
    }
    for (size_t i = 0; i < n; i++) {
        assert_true(ranges[i][0] < ranges[i][1]);
        assert_true(i == 0 || ranges[i][1] < ranges[i - 1][0]);
    }
    double width = 1 / (ranges[0][0] * ranges[0][0]) - 1 / (ranges[0][1] * ranges[0][1]);
    assert_true(fabs(width - 0.002) < 1e-9);
}

static void rings_of_impossible_cells_are_none(void **state)
{
    (void)state;
    const double flat[6] = {4, 4, 4, 90, 90, 180}, huge[6] = {4e5, 4e5, 4e5, 90, 90, 90},
                 good[6] = {4, 4, 4, 90, 90, 90};
    double ranges[4][2];
    assert_int_equal(mask_rings(flat, absent_in_ice, NULL, 0.002, 2, ranges, 4), 0);
    assert_int_equal(mask_rings(huge, absent_in_ice, NULL, 0.002, 2, ranges, 4), 0);
    assert_int_equal(mask_rings(good, absent_in_ice, NULL, 0.002, 0, ranges, 4), 0);
    assert_int_equal(mask_rings(good, absent_in_ice, NULL, 0, 1, ranges, 4),
                     5); /* stops when there is no room */
}

static void shapes_without_area_and_outside_are_known(void **state)
{
    (void)state;
    static const int32_t line[] = {1, 1, 5, 5, 9, 9}, away[] = {600, 0, 700, 0, 700, 90};
    static const struct {
        struct mask_untrusted u;
        bool area, meets;
    } cases[] = {
        {{.has_rectangle = true, .rectangle = {0, 10, 0, 10}}, true, true},
        {{.has_rectangle = true, .rectangle = {-9, 1, -9, 1}}, true, true},
        {{.has_rectangle = true, .rectangle = {980, 1100, 0, 990}}, true, false},
        {{.has_rectangle = true, .rectangle = {10, 5, 10, 5}}, false, false},
        {{.has_circle = true, .circle = {-3, 10, 3}}, true, false},
        {{.has_circle = true, .circle = {-3, 10, 4}}, true, true},
        {{.has_circle = true, .circle = {10, 10, 0}}, false, false},
        {{.has_pixel = true, .pixel = {511, 511}}, true, true},
        {{.has_pixel = true, .pixel = {0, 512}}, true, false},
        {{.polygon = line, .n_polygon = 1}, false, false},
        {{.polygon = line, .n_polygon = 3}, true, true},
        {{.polygon = away, .n_polygon = 3}, true, false},
        {{0}, true, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(mask_shape_has_area(&cases[i].u), cases[i].area);
        assert_int_equal(mask_shape_meets(&cases[i].u, 512, 512), cases[i].meets);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes_without_area_and_outside_are_known),
        cmocka_unit_test(a_border_of_any_width_is_cleared),
        cmocka_unit_test(untrusted_areas_of_other_panels_change_nothing),
        cmocka_unit_test(drawn_areas_follow_dials_rules),
        cmocka_unit_test(resolution_limits_split_the_panel),
        cmocka_unit_test(a_range_is_cleared_whatever_its_order),
        cmocka_unit_test(ice_rings_are_where_ice_has_them),
        cmocka_unit_test(rings_of_impossible_cells_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
