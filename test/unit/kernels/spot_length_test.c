/* spot_length_test.c - the extent of spots along their long axis. */
#include "kernels/spot_length.h"

#include <math.h>

#include "support.h"

static void lengths_of_shapes_that_are_known(void **state)
{
    (void)state;
    const struct strong_pixel one[] = {{7, 9, 5}}, row[] = {{1, 1, 9}, {2, 1, 90}, {3, 1, 9}, {4, 1, 9}},
                              slanted[] = {{1, 1, 1}, {2, 2, 1}, {3, 3, 1}};
    assert_true(spot_length(one, 0) == 0 && spot_length(one, 1) == 1);
    assert_true(fabs(spot_length(row, 4) - 4) < 1e-12);
    assert_true(fabs(spot_length(slanted, 3) - (1 + 2 * sqrt(2))) < 1e-12);
}

static void a_frame_has_the_median_of_its_spots(void **state)
{
    (void)state;
    const struct strong_pixel pixels[] = {{1, 1, 9}, {5, 5, 9}, {6, 5, 9}, {9, 1, 9},
                                          {9, 2, 9}, {9, 3, 9}, {9, 4, 9}};
    const struct spot spots[] = {{.first_pixel = 3, .n_pixels = 4},
                                 {.first_pixel = 0, .n_pixels = 1},
                                 {.first_pixel = 1, .n_pixels = 2}};
    double lengths[3];
    assert_true(fabs(spots_length(spots, 3, pixels, lengths) - 2) < 1e-12);
    assert_true(fabs(spots_length(spots, 2, pixels, lengths) - 2.5) < 1e-12);
    assert_true(spots_length(spots, 0, pixels, lengths) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_of_shapes_that_are_known),
        cmocka_unit_test(a_frame_has_the_median_of_its_spots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
