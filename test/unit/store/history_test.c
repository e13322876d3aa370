/* history_test.c - times of a run. */
#include "done_job.h"

static void a_run_tells_when_it_was_seen_and_nothing_that_was_not(void **state)
{
    (void)state;
    struct error err = {0};
    struct arena a = {0};
    struct store *s = NULL;
    struct store_history h;
    database_place();
    done_job(3);
    assert_true(database_open(true, &s, &err));
    assert_true(store_read_history(s, 1, &a, &h, &err));
    assert_true(h.seen_t > 0);
    assert_int_equal(h.begin_t, 0);
    assert_int_equal(h.present_t, 0);
    assert_int_equal(h.n_versions, 0);
    assert_true(store_read_history(s, 2, &a, &h, &err)); /* no such run */
    assert_int_equal(h.seen_t, 0);
    store_close(s);
    arena_free(&a);
    database_drop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_tells_when_it_was_seen_and_nothing_that_was_not)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
