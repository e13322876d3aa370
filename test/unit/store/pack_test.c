/* pack_test.c - blobs of the schema read back to what went in. */
#include "store/pack.h"

#include <math.h>
#include <string.h>

#include "support.h"

static void stage_times_come_back_in_tenths_of_a_millisecond(void **state)
{
    (void)state;
    struct result r = {.n_stages = 3, .stage_ns = {1234567, 0, 99000000000}, .thread = 258};
    uint8_t blob[32];
    double ms[STAGE_MAX];
    pack_stages(&r, blob);
    unpack_stages(blob, ms);
    assert_double_equal(ms[0], 1.2, 1e-9);
    assert_double_equal(ms[1], 0, 0);
    assert_double_equal(ms[2], 6553.5, 1e-9); /* more than fits is the largest */
    assert_int_equal(blob[18], 1);
    assert_int_equal(blob[19], 2);
}

static void reals_are_big_endian(void **state)
{
    (void)state;
    uint8_t blob[16];
    pack_reals((double[]){1, -2}, 2, blob);
    assert_memory_equal(blob, "\x3f\xf0\0\0\0\0\0\0\xc0\0\0\0\0\0\0\0", 16);
    pack_floats((double[]){1, -2.5}, 2, blob);
    assert_memory_equal(blob, "\x3f\x80\0\0\xc0\x20\0\0", 8);
}

static void shells_hold_counts_and_means(void **state)
{
    (void)state;
    struct reflection rows[3] = {{.d = 50, .intensity = 10, .variance = 4},
                                 {.d = 40, .intensity = 30, .variance = 16},
                                 {.d = 2, .intensity = -0.001, .variance = 1e-6}};
    uint8_t blob[110];
    pack_shells(rows, 3, 2.0, blob);
    assert_int_equal(blob[0] << 8 | blob[1], 2);
    assert_double_equal(unpack_small(blob + 2), 20, 1e-3);
    assert_double_equal(unpack_small(blob + 5), 3, 1e-3);
    assert_double_equal(unpack_small(blob + 8), 6.25, 1e-3);
    assert_int_equal(blob[99] << 8 | blob[100], 1); /* the last shell */
    assert_double_equal(unpack_small(blob + 101), -0.001, 1e-7);
    assert_true(isnan(unpack_small(blob + 11 * 5 + 2))); /* an empty one */
}

static void small_numbers_keep_four_digits_over_many_decades(void **state)
{
    (void)state;
    for (int e = -25; e < 25; e++) {
        struct reflection row = {.d = 10, .intensity = 1.2345 * pow(10, e), .variance = 1};
        uint8_t blob[110];
        pack_shells(&row, 1, 1.0, blob);
        assert_true(fabs(unpack_small(blob + 2) / row.intensity - 1) < 5e-5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stage_times_come_back_in_tenths_of_a_millisecond),
        cmocka_unit_test(reals_are_big_endian),
        cmocka_unit_test(shells_hold_counts_and_means),
        cmocka_unit_test(small_numbers_keep_four_digits_over_many_decades),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
