/* changes_test.c - what an open page asks once a second. */
#include "done_job.h"

#include <string.h>

static void an_old_or_empty_database_has_no_changes(void **state)
{
    (void)state;
    struct error err = {0};
    struct store *s = NULL;
    struct store_changes c, none = {0};
    database_place();
    assert_true(database_open(false, &s, &err));
    assert_true(store_read_changes(s, &c, &err));
    assert_memory_equal(&c, &none, sizeof c);
    store_close(s);
    database_drop();
}

static void frames_and_states_show_and_rest_leaves_all_as_it_was(void **state)
{
    (void)state;
    struct error err = {0};
    struct store *s = NULL;
    struct store_changes a, b;
    database_place();
    done_job(10);
    assert_true(database_open(true, &s, &err));
    assert_true(store_read_changes(s, &a, &err));
    assert_true(a.rolls_t > 0 && a.jobs_t > 0 && a.runs_t > 0);
    assert_int_equal(a.frame_t, 10);
    assert_true(store_read_changes(s, &b, &err));
    assert_memory_equal(&a, &b, sizeof a);
    struct sql other;
    struct store_options o = database_options();
    assert_true(sql_open(&other, &o, false, &err));
    assert_true(sql_script(&other, "UPDATE job SET state_t=state_t+1;\n", &err));
    sql_close(&other);
    assert_true(store_read_changes(s, &b, &err));
    assert_int_equal(b.jobs_t, a.jobs_t + 1);
    store_close(s);
    database_drop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_old_or_empty_database_has_no_changes),
        cmocka_unit_test(frames_and_states_show_and_rest_leaves_all_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
