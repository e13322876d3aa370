/* reasons_test.c - words of the plan are unique, and each reason has its action. */
#include "campaign/reasons.h"

#include "base/base.h"

#include "../../support.h"

#include <string.h>

static void every_reason_has_one_word_and_one_action(void **state)
{
    (void)state;
    for (int i = 1; i < WHY_END; i++) {
        assert_int_equal(reason_row(i)->number, i);
        assert_string_not_equal(action_word((int)reason_row(i)->action), "?");
        for (int k = 1; k < i; k++)
            assert_string_not_equal(reason_row(i)->word, reason_row(k)->word);
    }
    assert_int_equal(reason_row(WHY_NEW_RUN)->action, ACTION_SUBMIT);
    assert_int_equal(reason_row(WHY_BAD_INPUT)->action, ACTION_REFUSE);
}

static void a_number_that_is_none_is_a_question_mark(void **state)
{
    (void)state;
    assert_string_equal(reason_row(0)->word, "?");
    assert_string_equal(reason_row(WHY_END)->word, "?");
    assert_string_equal(reason_row(-1)->word, "?");
    assert_string_equal(action_word(99), "?");
    assert_string_equal(task_kind_row(99)->word, "?");
}

static void kinds_of_tasks_are_found_by_their_words(void **state)
{
    (void)state;
    assert_int_equal(task_kind_find("merge"), TASK_MERGE);
    assert_true(task_kind_row(TASK_MERGE)->per_dataset);
    assert_false(task_kind_row(TASK_SCALE)->per_dataset);
    assert_int_equal(task_kind_find("?"), 0);
    assert_int_equal(task_kind_find("nothing"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_reason_has_one_word_and_one_action),
        cmocka_unit_test(a_number_that_is_none_is_a_question_mark),
        cmocka_unit_test(kinds_of_tasks_are_found_by_their_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
