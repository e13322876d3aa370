/* outcome_test.c - the words for how frames end. */
#include "support.h"

#include "model/outcome.h"

#include <string.h>

static void every_number_has_its_word(void **state)
{
    (void)state;
    assert_string_equal(outcome_word(OUTCOME_BLANK), "blank");
    assert_string_equal(outcome_word(OUTCOME_FAILED), "failed");
    assert_string_equal(reason_word(REASON_NONE), "none");
    assert_string_equal(reason_word((enum reason)47), "io");
    assert_string_equal(reason_help(REASON_CELL_OFF), "best cell outside the tolerances");
    for (int i = OUTCOME_BLANK; i < OUTCOME_END; i++)
        assert_true(strlen(outcome_help((enum outcome)i)) > 0);
}

static void a_number_that_is_none_has_a_question_mark(void **state)
{
    (void)state;
    assert_string_equal(outcome_word((enum outcome)0), "?");
    assert_string_equal(outcome_word(OUTCOME_END), "?");
    assert_string_equal(reason_word((enum reason)5), "?");
    assert_string_equal(reason_word((enum reason) - 1), "?");
    assert_string_equal(reason_help(REASON_END), "?");
}

static void hits_and_indexed_frames_count_as_the_table_says(void **state)
{
    (void)state;
    static const bool hit[] = {0, 0, 0, 1, 1, 1, 0}, indexed[] = {0, 0, 0, 0, 1, 1, 0};
    for (int i = 0; i <= 6; i++) {
        assert_int_equal(outcome_is_hit((enum outcome)i), hit[i]);
        assert_int_equal(outcome_is_indexed((enum outcome)i), indexed[i]);
    }
}

static void errors_of_inputs_are_reasons_and_others_are_ours(void **state)
{
    (void)state;
    assert_int_equal(reason_of_error(ERROR_UNREADABLE), REASON_UNREADABLE);
    assert_int_equal(reason_of_error(ERROR_TRUNCATED), REASON_TRUNCATED);
    assert_int_equal(reason_of_error(ERROR_MASK), REASON_MASK_MISMATCH);
    assert_int_equal(reason_of_error(ERROR_USAGE), REASON_INTERNAL);
    assert_int_equal(reason_of_error(ERROR_NONE), REASON_INTERNAL);
    assert_int_equal(reason_of_error((enum error_code)51), REASON_INTERNAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_number_has_its_word),
        cmocka_unit_test(a_number_that_is_none_has_a_question_mark),
        cmocka_unit_test(hits_and_indexed_frames_count_as_the_table_says),
        cmocka_unit_test(errors_of_inputs_are_reasons_and_others_are_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
