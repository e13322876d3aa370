/* clock_test.c - time as text. */
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void times_are_written_in_utc(void **state)
{
    (void)state;
    char text[32];
    assert_string_equal(clock_text(0, text), "1970-01-01T00:00:00Z");
    assert_string_equal(clock_text(INT64_C(1769860800999999999), text), "2026-01-31T12:00:00Z");
    assert_string_equal(clock_text(-1, text), "1969-12-31T23:59:59Z");
    assert_string_equal(clock_text(INT64_C(-1000000000), text), "1969-12-31T23:59:59Z");
    assert_string_equal(clock_text(INT64_MAX, text), "2262-04-11T23:47:16Z");
    assert_string_equal(clock_text(INT64_MIN, text), "1677-09-21T00:12:43Z");
}

static void measured_time_never_goes_back(void **state)
{
    (void)state;
    int64_t last = clock_monotonic();
    double cpu = clock_cpu();
    for (int i = 0; i < 1000; i++) {
        int64_t now = clock_monotonic();
        assert_true(now >= last);
        last = now;
    }
    assert_true(clock_cpu() >= cpu);
    assert_true(clock_now() > INT64_C(1700000000000000000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_written_in_utc),
        cmocka_unit_test(measured_time_never_goes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
