/* words_test.c - numbers of states have their words, and no others. */
#include "base/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void every_stored_number_has_its_word(void **state)
{
    (void)state;
    assert_string_equal(run_state_word(RUN_PRESENT), "present");
    assert_string_equal(job_state_word(JOB_DONE), "done");
    assert_string_equal(job_state_word(8), "ready");
    assert_string_equal(attempt_state_word(9), "ended");
    assert_string_equal(end_kind_word(12), "unfinished");
}

static void a_number_that_is_none_is_a_question_mark(void **state)
{
    (void)state;
    assert_string_equal(job_state_word(99), "?");
    assert_string_equal(attempt_state_word(-1), "?");
    assert_string_equal(end_kind_word(1000), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_stored_number_has_its_word),
        cmocka_unit_test(a_number_that_is_none_is_a_question_mark),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
