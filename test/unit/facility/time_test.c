/* time_test.c - the ways in which the run table writes times. */
#include "facility/facility.h"
#include "support.h"

static void every_way_of_writing_is_the_same_time(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ns;
    } cases[] = {
        {"2026-04-21T18:00:00", 1776794400000000000},
        {"2026-04-21T18:00:00Z", 1776794400000000000},
        {"2026-04-21 20:00:00+02:00", 1776794400000000000},
        {"2026-04-21T13:00:00-0500", 1776794400000000000},
        {"2026-04-21T18:00:00.517000", 1776794400517000000},
        {"2026-04-21T18:00:00.123456789123Z", 1776794400123456789},
        {"1776794400.0", 1776794400000000000},
        {"2000-02-29T00:00:00", 951782400000000000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t ns = 0;
        assert_true(facility_time(cases[i].text, &ns));
        assert_int_equal(ns, cases[i].ns);
    }
}

static void what_is_no_time_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",    "now",   "2026-13-01T00:00:00",     "2026-04-21", "2026-04-21T18:00", "2026-04-21T18:00:00+2x",
        "NaN", "1e300", "2026-04-21T18:00:00Zjunk"};
    int64_t ns;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(facility_time(bad[i], &ns));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_way_of_writing_is_the_same_time),
                                       cmocka_unit_test(what_is_no_time_is_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
