/* ending_test.c - when a rank ends early. */
#include "parallel/ending.h"

#include "support.h"

static void nothing_is_begun_that_may_end_within_a_minute_of_the_deadline(void **state)
{
    (void)state;
    struct supply_state none = {0}, slow = {.begun = 10, .busy_ns = INT64_C(200000000000)}; /* 20 s each */
    assert_false(ending_deadline(1e9, 0, &slow));
    assert_false(ending_deadline(1000, 1061, &none));
    assert_true(ending_deadline(1000, 1059, &none));
    assert_false(ending_deadline(1000, 1101, &slow));
    assert_true(ending_deadline(1000, 1099, &slow));
    assert_true(ending_deadline(2000, 1000, &none)); /* it has passed */
}

static void flushing_has_three_seconds(void **state)
{
    (void)state;
    int64_t since = 0, second = 1000000000;
    assert_false(ending_leave(5 * second, &since));
    assert_false(ending_leave(8 * second, &since));
    assert_true(ending_leave(8 * second + 1, &since));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_begun_that_may_end_within_a_minute_of_the_deadline),
        cmocka_unit_test(flushing_has_three_seconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
