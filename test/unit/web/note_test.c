/* note_test.c - the server writes alarms down where no watcher does. */
#include "served.h"

#include "store/store_private.h"
#include "web/note.h"

static struct store *s;
static struct arena arena;

static void statement(const char *text)
{
    struct error err = {0};
    if (!sql_do(&s->sql, NULL, &err, text, ""))
        fail_msg("%s %s", err.fact, err.detail);
}

/* A job that waits, and a watcher that said nothing for long: the alarm "watch" stands. */
static int start(void **state)
{
    (void)state;
    struct error err = {0};
    database_place();
    done_job(20);
    assert_true(database_open(false, &s, &err));
    assert_true(store_keep_word(s, "watch", "{\"t\": 1000}", &err));
    statement("UPDATE job SET state=8");
    served_store = database_options();
    return 0;
}

static int end(void **state)
{
    (void)state;
    store_close(s);
    arena_free(&arena);
    database_drop();
    return 0;
}

static size_t noted(bool read_only)
{
    struct error err = {0};
    struct store_alarm *rows;
    size_t n = 0;
    const struct web_options o = {.store = &served_store, .read_only = read_only};
    if (!note_alarms(&o, s, &err))
        fail_msg("%s %s", err.fact, err.detail);
    assert_true(store_alarms(s, 10, &arena, &rows, &n, &err));
    return n;
}

static void an_alarm_is_written_down_once(void **state)
{
    (void)state;
    assert_int_equal(noted(false), 1);
    assert_int_equal(noted(false), 1);
}

static void a_server_that_is_read_only_writes_nothing(void **state)
{
    (void)state;
    assert_int_equal(noted(true), 0);
}

static void where_a_watcher_acts_it_is_his(void **state)
{
    (void)state;
    statement("INSERT INTO lease(name,owner,token,expires,renewed,info) "
              "VALUES('watch','x',1,9000000000000000000,1,'')");
    assert_int_equal(noted(false), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_alarm_is_written_down_once, start, end),
        cmocka_unit_test_setup_teardown(a_server_that_is_read_only_writes_nothing, start, end),
        cmocka_unit_test_setup_teardown(where_a_watcher_acts_it_is_his, start, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
