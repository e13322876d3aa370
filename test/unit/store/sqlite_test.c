/* sqlite_test.c - statements, bindings and errors of one connection. */
#include "store/sqlite.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int open_memory(void **state)
{
    static struct sql s;
    struct error err = {0};
    *state = &s;
    return !(sql_open(&s, ":memory:", false, &err) &&
             sql_script(&s, "CREATE TABLE t (a INTEGER, b REAL, c TEXT, d BLOB)", &err));
}

static int close_memory(void **state)
{
    sql_close(*state);
    return 0;
}

static void values_come_back_and_nan_is_null(void **state)
{
    struct sql *s = *state;
    struct error err = {0};
    assert_true(sql_do(s, NULL, &err, "INSERT INTO t VALUES(?,?,?,?)", "idtb", (int64_t)-5, (double)NAN,
                       "x'y", "\0z", 2));
    sqlite3_stmt *q = sql_query(s, &err, "SELECT a,b,c,d FROM t", "");
    assert_int_equal(sql_step(s, q, &err), 1);
    assert_int_equal(sqlite3_column_int64(q, 0), -5);
    assert_int_equal(sqlite3_column_type(q, 1), SQLITE_NULL);
    assert_string_equal((const char *)sqlite3_column_text(q, 2), "x'y");
    assert_int_equal(sqlite3_column_bytes(q, 3), 2);
    assert_int_equal(sql_step(s, q, &err), 0);
}

static void a_wrong_statement_is_an_error_with_sqlites_own_words(void **state)
{
    struct error err = {0};
    assert_false(sql_do(*state, NULL, &err, "INSERT INTO nowhere VALUES(1)", ""));
    assert_non_null(strstr(err.detail, "no such table: nowhere"));
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

static void a_file_that_is_no_database_is_refused_with_a_hint(void **state)
{
    (void)state;
    char path[] = "/tmp/xfelx-sqlite-XXXXXX";
    int fd = mkstemp(path);
    struct sql s;
    struct error err = {0};
    char junk[4096];
    memset(junk, 'j', sizeof junk);
    assert_int_equal(write(fd, junk, sizeof junk), sizeof junk);
    close(fd);
    assert_false(sql_open(&s, path, false, &err));
    assert_non_null(strstr(err.fact, path));
    assert_true(err.hint[0] != 0);
    sql_close(&s);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_back_and_nan_is_null),
        cmocka_unit_test(a_wrong_statement_is_an_error_with_sqlites_own_words),
        cmocka_unit_test(a_rolled_back_change_is_not_there),
        cmocka_unit_test(more_statements_than_the_cache_holds_all_work),
        cmocka_unit_test(a_file_that_is_no_database_is_refused_with_a_hint),
    };
    return cmocka_run_group_tests(tests, open_memory, close_memory);
}
