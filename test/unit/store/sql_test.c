/* sql_test.c - statements, values and errors of one connection, of either kind. */
#include "database.h"

#include <math.h>
#include <string.h>

static int open_connection(void **state)
{
    static struct sql s;
    struct error err = {0};
    struct store *store = NULL;
    database_place();
    if (!database_open(false, &store, &err)) /* makes the database */
        return 1;
    store_close(store);
    struct store_options o = database_options();
    *state = &s;
    return !(sql_open(&s, &o, false, &err) &&
             sql_script(&s,
                        database_is_server()
                            ? "CREATE TABLE t (a BIGINT, b DOUBLE, c VARCHAR(600), d VARBINARY(3))"
                            : "CREATE TABLE t (a INTEGER, b REAL, c TEXT, d BLOB)",
                        &err));
}

static int close_connection(void **state)
{
    sql_close(*state);
    database_drop();
    return 0;
}

static void values_come_back_and_nan_is_null(void **state)
{
    struct sql *s = *state;
    struct error err = {0};
    char text[600];
    size_t n;
    assert_true(sql_do(s, NULL, &err, "INSERT INTO t VALUES(?,?,?,?)", "idtb", (int64_t)-5, (double)NAN,
                       "x'y", "\0z", 2));
    struct sql_stmt *q = sql_query(s, &err, "SELECT a,b,c,d FROM t", "");
    assert_int_equal(sql_step(s, q, &err), 1);
    assert_int_equal(sql_int(s, q, 0), -5);
    assert_true(isnan(sql_real(s, q, 1)));
    sql_text(s, q, 2, text, sizeof text);
    assert_string_equal(text, "x'y");
    assert_memory_equal(sql_bytes(s, q, 3, &n), "\0z", 2);
    assert_int_equal(n, 2);
    assert_int_equal(sql_step(s, q, &err), 0);
}

static void many_rows_go_in_at_once_and_long_texts_come_back_whole(void **state)
{
    enum { ROWS = 300 };
    struct sql *s = *state;
    struct error err = {0};
    static char long_text[512];
    static struct sql_value v[4 * ROWS];
    int64_t affected = 0;
    char text[600];
    memset(long_text, 'l', sizeof long_text - 1);
    for (int i = 0; i < ROWS; i++) {
        v[4 * i] = sql_i(1000 + i);
        v[4 * i + 1] = i % 3 ? sql_d(0.5 * i) : sql_null();
        v[4 * i + 2] = i % 5 ? sql_t("short") : sql_t(long_text);
        v[4 * i + 3] = i % 7 ? sql_b("abc", 3) : sql_null();
    }
    struct sql_stmt *q = sql_prepared(s, "INSERT INTO t VALUES(?,?,?,?)", &err);
    assert_non_null(q);
    if (!s->ops->run_many(s, q, v, 4, ROWS, &affected, &err))
        fail_msg("%s", err.detail);
    assert_int_equal(affected, ROWS);
    q = sql_query(s, &err, "SELECT a,b,c,d FROM t WHERE a>=1000 ORDER BY a", "");
    for (int i = 0; i < ROWS; i++) {
        size_t n = 9;
        assert_int_equal(sql_step(s, q, &err), 1);
        assert_int_equal(sql_int(s, q, 0), 1000 + i);
        assert_true(i % 3 ? sql_real(s, q, 1) == 0.5 * i : isnan(sql_real(s, q, 1)));
        sql_text(s, q, 2, text, sizeof text);
        assert_string_equal(text, i % 5 ? "short" : long_text);
        sql_bytes(s, q, 3, &n);
        assert_int_equal(n, i % 7 ? 3 : 0);
    }
    assert_int_equal(sql_step(s, q, &err), 0);
    assert_true(sql_do(s, &affected, &err, "DELETE FROM t WHERE a>=?", "i", (int64_t)1000));
    assert_int_equal(affected, ROWS);
}

static void a_row_that_is_there_is_kept_and_does_not_count(void **state)
{
    struct sql *s = *state;
    struct error err = {0};
    int64_t n = 9;
    assert_true(sql_do(s, &n, &err, "INSERT INTO meta(k,v) VALUES('x',?) {keep k}", "t", "one"));
    assert_int_equal(n, 1);
    assert_true(sql_do(s, &n, &err, "INSERT INTO meta(k,v) VALUES('x',?) {keep k}", "t", "two"));
    assert_int_equal(n, 0);
}

static void a_wrong_statement_is_an_error_with_sqlites_own_words(void **state)
{
    struct error err = {0};
    assert_false(sql_do(*state, NULL, &err, "INSERT INTO nowhere VALUES(1)", ""));
    assert_non_null(
        strstr(err.detail, database_is_server() ? "nowhere' doesn't exist" : "no such table: nowhere"));
}

static void a_rolled_back_change_is_not_there(void **state)
{
    struct sql *s = *state;
    struct error err = {0};
    int64_t n = -1;
    assert_true(sql_begin(s, &err));
    assert_true(sql_do(s, NULL, &err, "DELETE FROM t", ""));
    sql_rollback(s);
    assert_true(sql_number(s, &n, 0, &err, "SELECT count(*) FROM t", ""));
    assert_int_equal(n, 1);
}

static void more_statements_than_the_cache_holds_all_work(void **state)
{
    struct sql *s = *state;
    struct error err = {0};
    static char texts[3 * SQL_CACHE][32];
    for (int i = 0; i < 3 * SQL_CACHE; i++) {
        int64_t n = 0;
        snprintf(texts[i], sizeof texts[i], "SELECT %d", i);
        assert_true(sql_number(s, &n, -1, &err, texts[i], ""));
        assert_int_equal(n, i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_back_and_nan_is_null),
        cmocka_unit_test(many_rows_go_in_at_once_and_long_texts_come_back_whole),
        cmocka_unit_test(a_row_that_is_there_is_kept_and_does_not_count),
        cmocka_unit_test(a_wrong_statement_is_an_error_with_sqlites_own_words),
        cmocka_unit_test(a_rolled_back_change_is_not_there),
        cmocka_unit_test(more_statements_than_the_cache_holds_all_work),
    };
    return cmocka_run_group_tests(tests, open_connection, close_connection);
}
