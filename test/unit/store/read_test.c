/* read_test.c - reading an empty database. What was put is read back in store_test.c. */
#include "database.h"

static void an_empty_database_has_no_jobs_and_no_failures(void **state)
{
    (void)state;
    struct error err = {0};
    struct arena a = {0};
    struct store *s = NULL;
    struct store_job_row *rows = NULL;
    struct store_failed *failed = NULL;
    size_t n = 9;
    database_place();
    assert_true(database_open(false, &s, &err));
    assert_true(store_jobs(s, &a, &rows, &n, &err));
    assert_int_equal(n, 0);
    assert_true(store_failures(s, 1, 5, &a, &failed, &n, &err));
    assert_int_equal(n, 0);
    store_close(s);
    arena_free(&a);
    database_drop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(an_empty_database_has_no_jobs_and_no_failures)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
