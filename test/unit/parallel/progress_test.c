/* progress_test.c - results are counted as WORDS 2 says. */
#include "parallel/progress.h"

#include "support.h"

static void outcomes_are_counted_as_the_words_say(void **state)
{
    (void)state;
    struct team_progress p = {0};
    for (int o = OUTCOME_BLANK; o < OUTCOME_END; o++)
        team_count(
            &p, &(struct result){.outcome = (enum outcome)o, .n_lattices = o == OUTCOME_INTEGRATED ? 2 : 0});
    assert_int_equal(p.done, 6);
    assert_int_equal(p.hits, 3);
    assert_int_equal(p.indexed, 2);
    assert_int_equal(p.integrated, 1);
    assert_int_equal(p.below, 1);
    assert_int_equal(p.failed, 1);
    assert_int_equal(p.lattices, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(outcomes_are_counted_as_the_words_say)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
