#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "kernels/label.h"

#include <stdlib.h>
#include <string.h>

enum { W = 60, H = 60, MANY = 400 };

static struct panel panel = {.n_fast = W, .n_slow = H, .trusted_lo = -1000, .trusted_hi = 65535, .gain = 1};
static int32_t pixels[W * H];
static struct spotfind_image image = {&panel, pixels, PIXEL_I32, NULL, NULL};

static void filter(const struct spotfind_params *p, const struct strong_pixel *strong, struct spot_list *list)
{
    void *work = malloc(spots_filter_work_size(list->n));
    spots_filter(p, &image, strong, list, work);
    free(work);
}

static void a_peak_far_from_the_centroid_is_dropped(void **state)
{
    (void)state;
    struct strong_pixel strong[14];
    struct spot spots[2];
    struct spot_list list = {.spots = spots, .capacity = 2};
    struct spotfind_params p = spotfind_defaults();
    memset(pixels, 0, sizeof pixels);
    for (int i = 0; i < 7; i++) { /* two lines; the first with the peak at its end */
        strong[i] = (struct strong_pixel){(uint16_t)(10 + i), 10, 0};
        strong[7 + i] = (struct strong_pixel){(uint16_t)(10 + i), 20, 0};
        pixels[10 * W + 10 + i] = pixels[20 * W + 10 + i] = 10;
    }
    pixels[10 * W + 10] = 12;
    pixels[20 * W + 13] = 12;
    void *work = malloc(label_work_size(14));
    label_panel_ref(&p, &image, 0, strong, 14, 0, &list, work);
    free(work);
    filter(&p, strong, &list);
    assert_int_equal(list.n, 1);
    assert_int_equal(list.n_separation, 1);
    assert_int_equal(spots[0].y0, 20);
}

static void a_spot_on_a_slope_is_dropped_when_asked(void **state)
{
    (void)state;
    struct strong_pixel strong[1] = {{30, 30, 500}};
    struct spot spots[1];
    struct spotfind_params p = spotfind_defaults();
    p.background_gradient = true;
    for (int slope = 3; slope <= 5; slope += 2) {
        struct spot_list list = {.spots = spots, .capacity = 1};
        for (int i = 0; i < W * H; i++)
            pixels[i] = slope * (i % W);
        pixels[30 * W + 30] = 500;
        uint32_t work[64];
        label_panel_ref(&p, &image, 0, strong, 1, 0, &list, work);
        filter(&p, strong, &list);
        assert_int_equal(list.n, slope == 3); /* cut-off 4 */
        assert_int_equal(list.n_gradient, slope == 5);
    }
}

static void a_crowd_is_dropped_when_asked_and_lone_spots_stay(void **state)
{
    (void)state;
    struct spot spots[MANY];
    struct strong_pixel strong[1] = {{0, 0, 0}};
    struct spot_list list = {.spots = spots, .capacity = MANY, .n = MANY};
    struct spotfind_params p = spotfind_defaults();
    p.max_separation = -1;
    p.spot_density = true;
    memset(spots, 0, sizeof spots);
    for (int i = 0; i < MANY; i++) { /* 100 in one place, 20 groups of 5, the others alone on a grid */
        bool crowd = i < 100, group = i < 200;
        spots[i].x = crowd ? 30.5 + 0.001 * i : group ? 2.6 * (i / 5 - 20) + 0.001 * i : (i * 7) % 53 + 0.3;
        spots[i].y = crowd ? 30.5 + 0.002 * i : group ? 57.3 : 5 * ((i - 200) / 20) + 0.4;
    }
    spots[200].x = 0, spots[200].y = 0;
    spots[201].x = spots[201].y = 60;
    filter(&p, strong, &list);
    assert_true(list.n_density >= 200 && list.n_density < 230);
    assert_int_equal(list.n, MANY - list.n_density);
}

static void filters_that_are_off_keep_everything(void **state)
{
    (void)state;
    struct spot spots[3];
    struct strong_pixel strong[1] = {{0, 0, 0}};
    struct spot_list list = {.spots = spots, .capacity = 3, .n = 3};
    struct spotfind_params p = spotfind_defaults();
    p.max_separation = -1;
    memset(spots, 0, sizeof spots);
    filter(&p, strong, &list);
    assert_int_equal(list.n, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_peak_far_from_the_centroid_is_dropped),
        cmocka_unit_test(a_spot_on_a_slope_is_dropped_when_asked),
        cmocka_unit_test(a_crowd_is_dropped_when_asked_and_lone_spots_stay),
        cmocka_unit_test(filters_that_are_off_keep_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
