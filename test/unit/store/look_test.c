/* look_test.c - single frames. */
#include "done_job.h"

#include <string.h>

static void frames_are_found_by_name_and_listed_by_kind(void **state)
{
    (void)state;
    struct error err = {0};
    struct arena a = {0};
    struct store *s = NULL;
    struct store_look_row *rows, row;
    struct store_look_lattice *lattices;
    size_t n;
    bool found;
    database_place();
    done_job(10);
    assert_true(database_open(true, &s, &err));
    assert_true(store_look_list(s, 1, LOOK_FAILED, 5, &a, &rows, &n, &err));
    assert_int_equal(n, 1);
    assert_string_equal(rows->path, "/data/a.h5");
    assert_int_equal(rows->reason, REASON_TRUNCATED);
    for (int kind = LOOK_INDEXED; kind <= LOOK_HITS; kind++) {
        assert_true(store_look_list(s, 1, (enum store_look_kind)kind, 5, &a, &rows, &n, &err));
        assert_int_equal(n, 0);
    }
    assert_true(store_look(s, 1, 0, 3, &a, &row, &lattices, &n, &found, &err));
    assert_true(found);
    assert_int_equal(row.outcome, OUTCOME_BLANK);
    assert_int_equal(n, 0);
    assert_true(store_look(s, 1, 0, 10, &a, &row, &lattices, &n, &found, &err));
    assert_false(found);
    assert_true(store_look(s, 2, 0, 0, &a, &row, &lattices, &n, &found, &err));
    assert_false(found);
    store_close(s);
    arena_free(&a);
    database_drop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(frames_are_found_by_name_and_listed_by_kind)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
