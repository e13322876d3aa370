/* sqlite_test.c - what is a file's alone: no database, a database that others read, a folder that is not there. */
#include "store/sql.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support.h"

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
    assert_false(sql_open(&s, &(struct store_options){.file = path}, false, &err));
    assert_non_null(strstr(err.fact, path));
    assert_true(err.hint[0] != 0);
    sql_close(&s);
    unlink(path);
}

static void a_reader_of_a_file_changes_nothing(void **state)
{
    (void)state;
    char folder[64], path[96];
    struct sql s;
    struct error err = {0};
    support_folder(folder);
    snprintf(path, sizeof path, "%s/xfelx.db", folder);
    struct store_options o = {.file = path};
    assert_true(sql_open(&s, &o, false, &err));
    assert_true(sql_script(&s, "CREATE TABLE t (a INTEGER)", &err));
    sql_close(&s);
    assert_true(sql_open(&s, &o, true, &err));
    assert_false(sql_do(&s, NULL, &err, "INSERT INTO t VALUES(1)", ""));
    assert_int_equal(s.class, CLASS_PERMANENT);
    sql_close(&s);
    support_remove(folder);
}

/* A copy that was brought back, or a folder that was moved. */
static void another_file_in_its_place_is_seen(void **state)
{
    (void)state;
    char folder[64], path[96], other[96];
    struct sql s, t;
    struct error err = {0};
    int64_t n = 0;
    support_folder(folder);
    snprintf(path, sizeof path, "%s/xfelx.db", folder);
    snprintf(other, sizeof other, "%s/copy.db", folder);
    const struct store_options o = {.file = path}, copy = {.file = other};
    assert_true(sql_open(&s, &o, false, &err)); /* made just now */
    assert_false(sqlite_has_moved(&s));
    assert_true(sql_script(&s, "CREATE TABLE t (a INTEGER)", &err));
    assert_false(sqlite_has_moved(&s)); /* written, but the same */
    sql_close(&s);
    assert_true(sql_open(&t, &copy, false, &err));
    assert_true(sql_script(&t, "CREATE TABLE t (a INTEGER); INSERT INTO t VALUES(9)", &err));
    sql_close(&t);
    assert_true(sql_open(&s, &o, true, &err));
    assert_false(sqlite_has_moved(&s));
    assert_int_equal(rename(other, path), 0);
    assert_true(sqlite_has_moved(&s));
    assert_true(sql_reopen(&s, &err) && sql_number(&s, &n, 0, &err, "SELECT a FROM t", ""));
    assert_int_equal(n, 9);
    assert_false(sqlite_has_moved(&s));
    assert_int_equal(rename(path, other), 0);
    assert_true(sqlite_has_moved(&s)); /* none is there */
    assert_int_equal(rename(other, path), 0);
    assert_false(sqlite_has_moved(&s)); /* it is back */
    sql_close(&s);
    support_remove(folder);
}

/* Finished results of a colleague: no -wal, no -shm, and no right to make them. */
static void a_file_in_a_folder_of_somebody_else_is_read(void **state)
{
    (void)state;
    char folder[64], inner[80], path[96];
    struct sql s;
    struct error err = {0};
    int64_t n = 0;
    support_folder(folder);
    snprintf(inner, sizeof inner, "%s/50%% ?#", folder);
    snprintf(path, sizeof path, "%s/xfelx.db", inner);
    struct store_options o = {.file = path};
    assert_int_equal(mkdir(inner, 0755), 0);
    assert_true(sql_open(&s, &o, false, &err));
    assert_true(sql_script(&s, "CREATE TABLE t (a INTEGER)", &err));
    assert_true(sql_do(&s, NULL, &err, "INSERT INTO t VALUES(7)", ""));
    sql_close(&s);
    assert_int_equal(chmod(folder, 0755) | chmod(path, 0444) | chmod(inner, 0555), 0);
    uid_t me = geteuid();
    if (me == 0) /* whom no permission stops */
        assert_int_equal(seteuid(65534), 0);
    bool read = sql_open(&s, &o, true, &err) && sql_number(&s, &n, 0, &err, "SELECT a FROM t", "");
    bool still = !sqlite_has_moved(&s), moved = true;
    int64_t later = 8;
    if (me == 0 && read) { /* its owner goes on with it */
        struct sql writer;
        assert_int_equal(seteuid(0), 0);
        bool goes_on =
            sql_open(&writer, &o, false, &err) && sql_do(&writer, NULL, &err, "UPDATE t SET a=8", "");
        assert_int_equal(seteuid(65534), 0);
        moved = goes_on && sqlite_has_moved(&s) && sql_reopen(&s, &err) &&
                sql_number(&s, &later, 0, &err, "SELECT a FROM t", "") && !sqlite_has_moved(&s);
        /* the reader first: in one process the writer's descriptor would be kept for it, and used again below */
        sql_close(&s);
        assert_int_equal(seteuid(0), 0);
        sql_close(&writer);
        assert_int_equal(seteuid(65534), 0);
    }
    sql_close(&s);
    struct error refused = {0};
    bool written = sql_open(&s, &o, false, &refused);
    sql_close(&s);
    if (me == 0)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(chmod(inner, 0755), 0);
    support_remove(folder);
    assert_true(read);
    assert_int_equal(n, 7);
    assert_true(still && moved);
    assert_int_equal(later, 8);
    assert_false(written);
    assert_non_null(strstr(refused.hint, "writable"));
}

static void a_file_in_no_folder_cannot_be_made(void **state)
{
    (void)state;
    struct sql s;
    struct error err = {0};
    assert_false(sql_open(&s, &(struct store_options){.file = "/nowhere/at/all.db"}, false, &err));
    assert_non_null(strstr(err.fact, "/nowhere/at/all.db"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_that_is_no_database_is_refused_with_a_hint),
        cmocka_unit_test(a_reader_of_a_file_changes_nothing),
        cmocka_unit_test(another_file_in_its_place_is_seen),
        cmocka_unit_test(a_file_in_a_folder_of_somebody_else_is_read),
        cmocka_unit_test(a_file_in_no_folder_cannot_be_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
