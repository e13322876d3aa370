#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "kernels/spotfind.h"

#include <string.h>

static void defaults_are_those_of_dials_and_pass_the_check(void **state)
{
    (void)state;
    struct spotfind_params p = spotfind_defaults();
    assert_null(spotfind_check(&p, 1, 1));
    assert_int_equal(p.algorithm, SPOTFIND_DISPERSION_EXTENDED);
    assert_true(p.sigma_background == 6 && p.sigma_strong == 3 && p.kernel_fast == 3 && p.min_local == 2);
}

static void parameters_out_of_range_are_named(void **state)
{
    (void)state;
    struct spotfind_params p = spotfind_defaults();
    p.kernel_fast = 0;
    assert_non_null(strstr(spotfind_check(&p, 10, 10), "kernel_size"));
    p = spotfind_defaults();
    p.min_local = 50; /* 49 pixels under the kernel */
    assert_non_null(strstr(spotfind_check(&p, 10, 10), "min_local"));
    p = spotfind_defaults();
    p.gain = -1;
    assert_non_null(strstr(spotfind_check(&p, 10, 10), "gain"));
    p = spotfind_defaults();
    p.roi[1] = 11, p.roi[3] = 10;
    assert_non_null(strstr(spotfind_check(&p, 10, 10), "region_of_interest"));
    p.roi[1] = 10;
    assert_null(spotfind_check(&p, 10, 10));
    p = spotfind_defaults();
    p.algorithm = SPOTFIND_RADIAL_PROFILE;
    p.n_bins = 0;
    assert_non_null(strstr(spotfind_check(&p, 10, 10), "n_bins"));
}

static void the_limit_of_strong_pixels_is_rounded_up(void **state)
{
    (void)state;
    struct spotfind_params p = spotfind_defaults();
    assert_int_equal(spotfind_max_strong(&p, 2296960), 574240);
    assert_int_equal(spotfind_max_strong(&p, 5), 2);
    p.max_strong_pixel_fraction = 1;
    assert_true(spotfind_max_strong(&p, 5) == SIZE_MAX);
}

static void the_elbow_lies_two_steps_left_of_the_bend(void **state)
{
    (void)state;
    /* 1000 pixels of 9 and one of 3000: the curve falls from 1001 to 1 between the thresholds 7 and 11; the point farthest
     * from the line is 11 (step 5); two to the left is 5 (step 3). Thresholds: 1 2 3 5 7 11 17 25 … */
    static uint16_t pixels[1001];
    struct panel panel = {.n_fast = 1001, .n_slow = 1, .gain = 1};
    for (int i = 0; i < 1000; i++)
        pixels[i] = 9;
    pixels[1000] = 3000;
    struct spotfind_image image = {&panel, pixels, PIXEL_U16, NULL, NULL};
    assert_true(spotfind_elbow(&image) == 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_those_of_dials_and_pass_the_check),
        cmocka_unit_test(parameters_out_of_range_are_named),
        cmocka_unit_test(the_limit_of_strong_pixels_is_rounded_up),
        cmocka_unit_test(the_elbow_lies_two_steps_left_of_the_bend),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
