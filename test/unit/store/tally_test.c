/* tally_test.c - sums of roll-ups over jobs and minutes. */
#include "done_job.h"

#include <math.h>

static void a_job_is_summed_and_an_empty_database_has_none(void **state)
{
    (void)state;
    struct error err = {0};
    struct arena a = {0};
    struct store *s = NULL;
    struct store_tally *t;
    struct store_job_row *row;
    size_t n;
    database_place();
    assert_true(database_open(false, &s, &err));
    assert_true(store_tallies(s, &a, &t, &n, &err));
    assert_int_equal(n, 0);
    store_close(s);
    done_job(10);
    assert_true(database_open(true, &s, &err));
    assert_true(store_tallies(s, &a, &t, &n, &err));
    assert_int_equal(n, 1);
    assert_int_equal(t->frames, 10);
    assert_int_equal(t->failed, 1);
    assert_int_equal(t->hits, 0);
    assert_true(t->run == 1 && t->job == 1 && t->frame_t == 10);
    assert_true(isnan(t->res_a));
    assert_true(store_job_row(s, 1, &a, &row, &n, &err));
    assert_int_equal(n, 1);
    assert_int_equal(row->counts.frames, 10);
    assert_true(store_job_row(s, 2, &a, &row, &n, &err));
    assert_int_equal(n, 0);
    store_close(s);
    arena_free(&a);
    database_drop();
}

static void minutes_hold_what_came_in_them_and_nothing_else(void **state)
{
    (void)state;
    struct error err = {0};
    struct store *s = NULL;
    static struct store_minute m[5];
    database_place();
    done_job(10); /* its frames are of minute 0 */
    assert_true(database_open(true, &s, &err));
    assert_true(store_minutes(s, 0, 0, 5, m, &err));
    assert_int_equal(m[0].frames, 10);
    assert_int_equal(m[0].failed, 1);
    assert_int_equal(m[1].frames, 0);
    assert_int_equal(m[4].minute, 4);
    assert_true(store_minutes(s, 1, 0, 5, m, &err));
    assert_int_equal(m[0].frames, 10);
    assert_true(store_minutes(s, 2, 0, 5, m, &err));
    assert_int_equal(m[0].frames, 0);
    assert_true(store_minutes(s, 0, 1, 5, m, &err));
    assert_int_equal(m[0].frames, 0);
    assert_true(store_trial_minutes(s, 1, 0, 5, m, &err));
    assert_int_equal(m[0].frames, 10);
    assert_true(store_trial_minutes(s, 2, 0, 5, m, &err)); /* frames of another trial are never added */
    assert_int_equal(m[0].frames, 0);
    store_close(s);
    database_drop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_is_summed_and_an_empty_database_has_none),
        cmocka_unit_test(minutes_hold_what_came_in_them_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
