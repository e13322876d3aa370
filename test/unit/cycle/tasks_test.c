/* tasks_test.c - which task is due, and how each fares. */
#include "cycle/tasks.h"

#include "support.h"

#include <string.h>

static void the_task_that_is_due_first_comes_first(void **state)
{
    (void)state;
    struct cycle_fare fares[CYCLE_TASK_END] = {0};
    double wait = -1;
    for (int i = 0; i < CYCLE_TASK_END; i++)
        fares[i].due = 5000000000 - i;
    assert_int_equal(cycle_next(fares, 0, &wait), CYCLE_TASK_END - 1);
    assert_double_equal(wait, 5, 1e-6);
    fares[CYCLE_TASK_POLL].due = 1;
    assert_int_equal(cycle_next(fares, 7, &wait), CYCLE_TASK_POLL);
    assert_double_equal(wait, 0, 0);
}

static void failures_are_counted_in_a_row_and_kept_for_the_next_process(void **state)
{
    (void)state;
    struct cycle_fare fares[CYCLE_TASK_END] = {0}, again[CYCLE_TASK_END] = {0};
    struct error err = {0};
    struct str text = {0};
    error_set(&err, ERROR_FAILED, "the server says \"no\"");
    cycle_went_well(&fares[CYCLE_TASK_OBSERVE], 1000, 0, 30, "3 runs");
    cycle_went_wrong(&fares[CYCLE_TASK_OBSERVE], 2000, 10, 10, &err);
    cycle_went_wrong(&fares[CYCLE_TASK_OBSERVE], 3000, 20, 10, &err);
    assert_int_equal(fares[CYCLE_TASK_OBSERVE].due, 20 + INT64_C(10000000000));
    cycle_went_wrong(&fares[CYCLE_TASK_ACT], 3000, 20, 10, &err);
    cycle_went_well(&fares[CYCLE_TASK_ACT], 4000, 30, 10, "submitted 1");
    cycle_fares_write(fares, "here", 12, 4000, &text);
    cycle_fares_read(text.text, again);
    assert_int_equal(again[CYCLE_TASK_OBSERVE].failures, 2);
    assert_int_equal(again[CYCLE_TASK_OBSERVE].failed_t, 3000);
    assert_int_equal(again[CYCLE_TASK_OBSERVE].good_t, 1000);
    assert_string_equal(again[CYCLE_TASK_OBSERVE].error, "the server says \"no\"");
    assert_int_equal(again[CYCLE_TASK_ACT].failures, 0);
    assert_int_equal(again[CYCLE_TASK_ACT].all, 1);
    assert_string_equal(again[CYCLE_TASK_ACT].error, "");
    assert_string_equal(again[CYCLE_TASK_ACT].text, "submitted 1");
    str_free(&text);
}

static void words_that_are_not_understood_change_nothing(void **state)
{
    (void)state;
    static const char *const words[] = {"",
                                        "{",
                                        "[]",
                                        "{\"tasks\": 3}",
                                        "{\"tasks\": [{\"name\": 3}]}",
                                        "{\"tasks\": [{\"name\": \"poll\", \"failures\": -1e300}]}"};
    struct cycle_fare fares[CYCLE_TASK_END] = {0};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        cycle_fares_read(words[i], fares);
    cycle_fares_read(NULL, fares);
    for (int i = 0; i < CYCLE_TASK_END; i++)
        assert_int_equal(fares[i].failures, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_task_that_is_due_first_comes_first),
        cmocka_unit_test(failures_are_counted_in_a_row_and_kept_for_the_next_process),
        cmocka_unit_test(words_that_are_not_understood_change_nothing),
    };
    return cmocka_run_group_tests_name("cycle/tasks", tests, NULL, NULL);
}
