#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "simulate/dice.h"

#include <math.h>

static void streams_repeat_and_differ_by_every_word_of_their_name(void **state)
{
    (void)state;
    struct dice a = dice_start(1, 2, 3), b = dice_start(1, 2, 3), c = dice_start(1, 2, 4),
                d = dice_start(1, 3, 3);
    for (int i = 0; i < 10; i++) {
        uint64_t v = dice_u64(&a);
        assert_true(v == dice_u64(&b) && v != dice_u64(&c) && v != dice_u64(&d));
    }
}

static void the_first_number_never_changes(void **state)
{
    (void)state;
    struct dice d = dice_start(1, 0, 0);
    uint64_t first = dice_u64(&d);
    assert_true(first == 0x3f8506cb87cd7d91u);
}

static void units_stay_inside_their_interval_and_fill_it(void **state)
{
    (void)state;
    struct dice d = dice_start(7, 0, 0);
    double sum = 0, least = 1, most = 0;
    for (int i = 0; i < 20000; i++) {
        double u = dice_unit(&d);
        sum += u;
        least = fmin(least, u);
        most = fmax(most, u);
    }
    assert_true(least > 0 && least < 0.001 && most < 1 && most > 0.999);
    assert_true(fabs(sum / 20000 - 0.5) < 0.01);
}

/* Mean and variance of a Poisson distribution are equal; both are within five standard errors. */
static void counts_have_the_mean_and_variance_of_poisson(void **state)
{
    (void)state;
    const double means[] = {0.05, 1, 7, 29.9, 30.1, 400, 1e5};
    struct dice d = dice_start(8, 0, 0);
    enum { N = 20000 };
    for (size_t m = 0; m < sizeof means / sizeof *means; m++) {
        double sum = 0, squares = 0;
        for (int i = 0; i < N; i++) {
            double k = dice_poisson(&d, means[m]) - means[m];
            sum += k;
            squares += k * k;
        }
        assert_true(fabs(sum / N) < 5 * sqrt(means[m] / N));
        double error = means[m] * sqrt((2 + 1 / means[m]) / N);
        assert_true(fabs(squares / N - means[m]) < 5 * error);
    }
    assert_int_equal(dice_poisson(&d, 0), 0);
    assert_int_equal(dice_poisson(&d, -1), 0);
}

static void rotations_are_rotations_in_all_directions(void **state)
{
    (void)state;
    struct dice d = dice_start(9, 0, 0);
    double mean[3] = {0, 0, 0};
    for (int n = 0; n < 5000; n++) {
        double R[9];
        dice_rotation(&d, R);
        double det = R[0] * (R[4] * R[8] - R[5] * R[7]) - R[1] * (R[3] * R[8] - R[5] * R[6]) +
                     R[2] * (R[3] * R[7] - R[4] * R[6]);
        assert_true(fabs(det - 1) < 1e-12);
        assert_true(fabs(R[0] * R[1] + R[3] * R[4] + R[6] * R[7]) < 1e-12);
        for (int i = 0; i < 3; i++)
            mean[i] += R[3 * i + 2] / 5000;
    }
    for (int i = 0; i < 3; i++)
        assert_true(fabs(mean[i]) < 0.04);
}

static void named_numbers_depend_on_nothing_else(void **state)
{
    (void)state;
    const int32_t name[3] = {1, -2, 3}, other[3] = {1, -2, 4};
    double v = dice_named(5, name, 3);
    assert_true(v > 0 && v < 1 && v == dice_named(5, name, 3));
    assert_true(v != dice_named(5, other, 3) && v != dice_named(6, name, 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_repeat_and_differ_by_every_word_of_their_name),
        cmocka_unit_test(the_first_number_never_changes),
        cmocka_unit_test(units_stay_inside_their_interval_and_fill_it),
        cmocka_unit_test(counts_have_the_mean_and_variance_of_poisson),
        cmocka_unit_test(rotations_are_rotations_in_all_directions),
        cmocka_unit_test(named_numbers_depend_on_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
