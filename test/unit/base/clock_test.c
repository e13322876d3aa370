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

static void times_are_read_as_people_and_programs_write_them(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t unit, ns;
    } good[] = {
        {"1970-01-01", 1, 0},
        {"2026-01-31T12:00:00Z", 1, INT64_C(1769860800000000000)},
        {"2026-01-31 12:00", 1, INT64_C(1769860800000000000)},
        {"2026-01-31T13:00:00.000000001+01:00", 1, INT64_C(1769860800000000001)},
        {"2026-01-31T04:00:00-0800", 1, INT64_C(1769860800000000000)},
        {"2024-02-29T23:59:59.5Z", 1, INT64_C(1709251199500000000)},
        {"1764082812.250000001", 1000000000, INT64_C(1764082812250000001)},
        {"1764082812250", 1000000, INT64_C(1764082812250000000)},
        {"1764082812250000001", 1, INT64_C(1764082812250000001)},
        {"-1.5", 1000000000, -1500000000},
    };
    static const char *const bad[] = {
        "",    "yesterday", "2026-13-01",           "2026-01-32", "2026-01-01T25:00",   "2026-01-01x", "1e9",
        "--1", "1.2.3",     "99999999999999999999", "9223372037", "2026-01-01T10:00+1", "0x10",        " 1"};
    int64_t ns;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(clock_read(good[i].text, good[i].unit, &ns));
        assert_true(ns == good[i].ns);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(clock_read(bad[i], 1000000000, &ns));
}

/* Law: what is written is read. */
static void every_second_that_is_written_is_read_again(void **state)
{
    (void)state;
    char text[32];
    int64_t ns;
    for (int64_t t = INT64_C(-2000000000); t < INT64_C(7000000000); t += 1234567) {
        assert_true(clock_read(clock_text(t * 1000000000, text), 1, &ns));
        assert_true(ns == t * 1000000000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_written_in_utc),
        cmocka_unit_test(measured_time_never_goes_back),
        cmocka_unit_test(times_are_read_as_people_and_programs_write_them),
        cmocka_unit_test(every_second_that_is_written_is_read_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
