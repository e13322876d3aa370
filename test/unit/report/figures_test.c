/* figures_test.c - rates and intervals that people see. */
#include "report/report.h"

#include <math.h>

#include "support.h"

static void the_interval_is_wilsons(void **state)
{
    (void)state;
    struct rate r = rate_of(10, 100); /* Wilson 95 %: 0.0552 to 0.1744 */
    assert_double_equal(r.lo, 0.0552, 1e-4);
    assert_double_equal(r.hi, 0.1744, 1e-4);
    assert_double_equal(rate_of(0, 30).lo, 0, 0);
    assert_double_equal(rate_of(30, 30).hi, 1, 0);
    assert_true(isnan(rate_of(0, 0).share));
}

/* In doubles the bounds of none and of all come out a little beside 0 and 1. */
static void none_and_all_have_exact_ends(void **state)
{
    (void)state;
    for (uint64_t of = 1; of < 3000; of++) {
        double lo, hi;
        rate_interval(0, of, 2.5758, &lo, &hi);
        assert_true(lo == 0 && hi > 0);
        rate_interval(of, of, 2.5758, &lo, &hi);
        assert_true(hi == 1 && lo < 1);
    }
}

static void fewer_than_twenty_get_no_percentage(void **state)
{
    (void)state;
    char text[96];
    struct rate few = rate_of(3, 12), many = rate_of(61, 100);
    assert_string_equal(rate_text(&few, text), "3 of 12");
    assert_string_equal(rate_text(&many, text), "61 of 100 (61 %, 51 to 70)");
    const struct rate very_many = rate_of(193530, 1211931);
    assert_string_equal(rate_text(&very_many, text), "193530 of 1211931 (16.0 %, 15.9 to 16.0)");
}

static void rates_have_the_denominators_of_the_words(void **state)
{
    (void)state;
    struct store_counts c = {.frames = 100};
    c.by_outcome[OUTCOME_BLANK] = 40;
    c.by_outcome[OUTCOME_INDEXED_BELOW] = 5;
    c.by_outcome[OUTCOME_HIT_NOT_INDEXED] = 10;
    c.by_outcome[OUTCOME_INDEXED_NOT_INTEGRATED] = 5;
    c.by_outcome[OUTCOME_INTEGRATED] = 30;
    c.by_outcome[OUTCOME_FAILED] = 10;
    struct figures f;
    figures_of(&c, &f);
    assert_int_equal(f.hits, 45);
    assert_int_equal(f.hit_rate.of, 90);
    assert_int_equal(f.indexing_rate.n, 35);
    assert_int_equal(f.indexing_rate.of, 45);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_interval_is_wilsons),
        cmocka_unit_test(none_and_all_have_exact_ends),
        cmocka_unit_test(fewer_than_twenty_get_no_percentage),
        cmocka_unit_test(rates_have_the_denominators_of_the_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
