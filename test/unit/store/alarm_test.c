/* alarm_test.c - the log of alarms: begun once, ended once, kept. */
#include "done_job.h"
#include "store/store_private.h"

#include <string.h>

static struct store *store;
static struct arena arena;
static struct store_alarm *rows;
static size_t n_rows;

static void note(const char *kind, const char *text, size_t on, size_t off)
{
    struct error err = {0};
    size_t is_on = 9, is_off = 9;
    const struct store_alarm_now now = {kind, text, "the beam centre moved"};
    assert_true(store_alarms_note(store, &now, kind ? 1 : 0, &is_on, &is_off, &err));
    assert_int_equal(is_on, on);
    assert_int_equal(is_off, off);
    assert_true(store_alarms(store, 10, &arena, &rows, &n_rows, &err));
}

static size_t events(const char *kind)
{
    struct error err = {0};
    int64_t n = 0;
    assert_true(sql_number(&store->sql, &n, 0, &err, "SELECT count(*) FROM event WHERE kind=?", "t", kind));
    return (size_t)n;
}

static int start(void **state)
{
    (void)state;
    struct error err = {0};
    database_place();
    assert_true(database_open(false, &store, &err));
    return 0;
}

static int end(void **state)
{
    (void)state;
    store_close(store);
    arena_free(&arena);
    database_drop();
    return 0;
}

static void one_that_clears_itself_stays_in_the_log(void **state)
{
    (void)state;
    note("jet", "2.1 % hits", 1, 0);
    assert_int_equal(n_rows, 1);
    assert_true(rows->since > 0 && rows->until == 0);
    assert_string_equal(rows->with, "the beam centre moved");
    note("jet", "1.9 % hits", 0, 0); /* it goes on: with its newest words */
    assert_int_equal(n_rows, 1);
    assert_string_equal(rows->text, "1.9 % hits");
    note(NULL, NULL, 0, 1);
    assert_int_equal(n_rows, 1);
    assert_true(rows->until >= rows->since);
    note(NULL, NULL, 0, 0);
    assert_int_equal(events("alarm_on"), 1);
    assert_int_equal(events("alarm_off"), 1);
}

static void one_at_its_threshold_does_not_fill_the_log(void **state)
{
    (void)state;
    struct error err = {0};
    for (int i = 0; i < 5; i++) {
        note("ice", "12 % ice", i == 0, 0);
        note(NULL, NULL, 0, 1);
    }
    assert_int_equal(n_rows, 1);
    assert_int_equal(events("alarm_on"), 1);
    assert_true(sql_do(&store->sql, NULL, &err, "UPDATE alarm SET since=1,until=2", ""));
    note("ice", "13 % ice", 1, 0); /* after long: another one */
    assert_int_equal(n_rows, 2);
    assert_int_equal(rows[0].until, 0); /* what stands comes first */
    assert_int_equal(rows[1].until, 2);
}

static void another_kind_is_another_row(void **state)
{
    (void)state;
    struct error err = {0};
    const struct store_alarm_now both[] = {{"jet", "a", ""}, {"disk", "b", ""}};
    size_t on, off;
    assert_true(store_alarms_note(store, both, 2, &on, &off, &err));
    assert_int_equal(on, 2);
    note("disk", "b", 0, 1);
    assert_int_equal(n_rows, 2);
    assert_string_equal(rows[0].kind, "disk");
    assert_string_equal(rows[1].kind, "jet");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_that_clears_itself_stays_in_the_log, start, end),
        cmocka_unit_test_setup_teardown(one_at_its_threshold_does_not_fill_the_log, start, end),
        cmocka_unit_test_setup_teardown(another_kind_is_another_row, start, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
