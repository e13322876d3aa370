#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "kernels/label.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { W = 12, H = 10 };

static const struct panel panel = {.n_fast = W, .n_slow = H, .trusted_lo = -100, .trusted_hi = 50, .gain = 1};

/* Label every pixel that is not 0 in a picture of digits ('.' 0, '-' minus five). */
static void label(const char *const *picture, const struct spotfind_params *p, const struct panel *of,
                  struct strong_pixel *strong, struct spot_list *list)
{
    static int32_t pixels[W * H];
    struct spotfind_image image = {of, pixels, PIXEL_I32, NULL, NULL};
    size_t n = 0;
    memset(pixels, 0, sizeof pixels);
    for (int y = 0; picture[y]; y++)
        for (int x = 0; picture[y][x]; x++) {
            char c = picture[y][x];
            pixels[y * W + x] = c == '.' ? 0 : c == '-' ? -5 : (c - '0') * 10;
            if (c != '.')
                strong[n++] = (struct strong_pixel){(uint16_t)x, (uint16_t)y, (float)pixels[y * W + x]};
        }
    void *work = malloc(label_work_size(n));
    label_panel_ref(p, &image, 3, strong, n, 0, list, work);
    free(work);
}

static void arms_that_meet_late_are_one_spot(void **state)
{
    (void)state;
    const char *picture[] = {"1.1.1....1", "1.1.1...1.", "1.111.....", "111.......", NULL};
    struct strong_pixel strong[W * H];
    struct spot spots[8];
    struct spot_list list = {.spots = spots, .capacity = 8};
    struct spotfind_params p = spotfind_defaults();
    label(picture, &p, &panel, strong, &list);
    assert_int_equal(list.n, 3); /* corners do not connect */
    assert_int_equal(spots[0].n_pixels, 13);
    assert_int_equal(spots[1].n_pixels, 1);
    assert_int_equal(spots[0].panel, 3);
    assert_true(strong[spots[1].first_pixel].x == 9 && strong[spots[2].first_pixel].x == 8);
}

static void centroid_and_variance_are_those_of_the_formula(void **state)
{
    (void)state;
    const char *picture[] = {"....", ".13.", NULL};
    struct strong_pixel strong[W * H];
    struct spot s;
    struct spot_list list = {.spots = &s, .capacity = 1};
    struct spotfind_params p = spotfind_defaults();
    label(picture, &p, &panel, strong, &list);
    /* v = 10 at 1.5 and 30 at 2.5: S = 40, Σv² = 1000, Σ v (c-x)² = 10·0.75² + 30·0.25² = 7.5 */
    assert_true(s.intensity == 40 && s.peak == 30);
    assert_true(fabs(s.x - 2.25) < 1e-15 && s.y == 1.5);
    assert_true(fabs(s.var_x - (7.5 * 40 / (1600 - 1000) / 40 + 1.0 / 12)) < 1e-15);
    assert_true(s.var_y == 1.0 / 12);
    assert_true(s.x0 == 1 && s.x1 == 3 && s.y0 == 1 && s.y1 == 2);
}

static void one_pixel_has_the_variance_of_a_pixel(void **state)
{
    (void)state;
    const char *picture[] = {"..5", NULL};
    struct strong_pixel strong[W * H];
    struct spot s;
    struct spot_list list = {.spots = &s, .capacity = 1};
    struct spotfind_params p = spotfind_defaults();
    label(picture, &p, &panel, strong, &list);
    assert_true(s.x == 2.5 && s.var_x == 1.0 / 12 && s.var_y == 1.0 / 12);
    assert_int_equal(s.n_saturated, 1); /* 50 is the end of the trusted range */
}

static void a_spot_without_counts_sits_in_the_middle_of_its_box(void **state)
{
    (void)state;
    const char *picture[] = {"..---", NULL};
    struct strong_pixel strong[W * H];
    struct spot s;
    struct spot_list list = {.spots = &s, .capacity = 1};
    struct spotfind_params p = spotfind_defaults();
    label(picture, &p, &panel, strong, &list);
    assert_true(s.x == 3.5 && s.y == 0.5 && s.var_x == 0 && s.intensity == -15);
}

static void sizes_outside_the_limits_are_dropped_and_counted(void **state)
{
    (void)state;
    struct strong_pixel strong[W * H];
    struct spot spots[8];
    struct spot_list list = {.spots = spots, .capacity = 8};
    struct spotfind_params p = spotfind_defaults();
    const char *picture[] = {"1.11.111", NULL};
    p.min_spot_size = p.max_spot_size = 2;
    label(picture, &p, &panel, strong, &list);
    assert_true(list.n == 1 && list.n_small == 1 && list.n_large == 1 && spots[0].n_pixels == 2);
}

static void a_full_list_counts_what_it_lost(void **state)
{
    (void)state;
    const char *picture[] = {"1.1.1.1", NULL};
    struct strong_pixel strong[W * H];
    struct spot spots[2];
    struct spot_list list = {.spots = spots, .capacity = 2};
    struct spotfind_params p = spotfind_defaults();
    label(picture, &p, &panel, strong, &list);
    assert_true(list.n == 2 && list.n_lost == 2);
}

static void gain_and_pedestal_of_the_panel_are_taken_off(void **state)
{
    (void)state;
    const char *picture[] = {".57.", NULL};
    struct panel adu = panel;
    struct strong_pixel strong[W * H];
    struct spot s;
    struct spot_list list = {.spots = &s, .capacity = 1};
    struct spotfind_params p = spotfind_defaults();
    adu.gain = 4, adu.pedestal = 10;
    label(picture, &p, &adu, strong, &list);
    assert_true(s.intensity == (50 - 10) / 4.0 + (70 - 10) / 4.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arms_that_meet_late_are_one_spot),
        cmocka_unit_test(centroid_and_variance_are_those_of_the_formula),
        cmocka_unit_test(one_pixel_has_the_variance_of_a_pixel),
        cmocka_unit_test(a_spot_without_counts_sits_in_the_middle_of_its_box),
        cmocka_unit_test(sizes_outside_the_limits_are_dropped_and_counted),
        cmocka_unit_test(a_full_list_counts_what_it_lost),
        cmocka_unit_test(gain_and_pedestal_of_the_panel_are_taken_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
