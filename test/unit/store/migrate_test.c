/* migrate_test.c - a database of every older version is brought up to date with its rows, a new one is made once however many
 * programs open it. */
#include "database.h"

#include <string.h>
#include <sys/wait.h>

/* An older database as its program left it: test/data/schema/N.sql, dumps of SQLite files, and N.mariadb.sql of servers. */
static bool make_old(int version)
{
    char path[64], command[512];
    snprintf(path, sizeof path, "test/data/schema/%d%s.sql", version, database_is_server() ? ".mariadb" : "");
    if (access(path, R_OK) != 0)
        return false;
    if (database_is_server()) {
        snprintf(command, sizeof command,
                 "(echo 'CREATE DATABASE `%s` CHARACTER SET utf8mb4; USE `%s`; SET foreign_key_checks=0;'; "
                 "cat %s) | mariadb --socket=%s -uroot",
                 database_on_server, database_on_server, path, getenv("XFELX_TEST_SOCKET"));
        return system(command) == 0;
    }
    snprintf(command, sizeof command,
             "python3 -c \"import sqlite3; sqlite3.connect('%s').executescript(open('%s').read())\"",
             database_file, path);
    return system(command) == 0;
}

#define HASH "x'0102030405060708090a0b0c0d0e0f100102030405060708090a0b0c0d0e0f10'"

#define CALIB(first)                                                                                         \
    "INSERT INTO calib(kind,hash,label,path,first_ord,t,who) VALUES('mask'," HASH ",'L1',x'6d'," first       \
    ",7,'kim')"

static void every_older_version_comes_up_to_date_with_its_rows(void **state)
{
    (void)state;
    for (int v = database_is_server() ? 3 : 1; v < SCHEMA_VERSION;
         v++) { /* of servers there are dumps from 3 on */
        struct store *s = NULL;
        struct error err = {0};
        struct arena a = {0};
        struct store_job_row *rows;
        size_t n;
        database_place();
        assert_true(make_old(v));
        if (v > 1)
            database_do(v < 4 ? CALIB("NULL") : CALIB("-1"));
        assert_false(database_open(true, &s, &err));
        assert_non_null(strstr(err.fact, "of an older xfelx (schema"));
        if (!database_open(false, &s, &err))
            fail_msg("%s %s", err.fact, err.detail);
        assert_true(store_jobs(s, &a, &rows, &n, &err));
        assert_int_equal(n, 1);
        assert_int_equal(rows->counts.frames, 13);
        assert_int_equal(rows->counts.by_outcome[OUTCOME_INTEGRATED], v < 3 ? 5 : 8);
        assert_int_equal(rows->counts.by_reason[REASON_UNREADABLE], 1);
        assert_int_equal(rows->counts.lattices, v < 3 ? 5 : 8);
        store_close(s);
        arena_free(&a);
        assert_int_equal(database_number("SELECT count(*) FROM calib WHERE first_ord=-1 AND t=7"), v > 1);
        database_do("INSERT INTO calib(kind,hash,label,first_ord,t,who) VALUES('mask'," HASH
                    ",'L2',-1,8,'')");
        for (int step = v + 1; step <= SCHEMA_VERSION; step++) {
            char text[64];
            snprintf(text, sizeof text, "SELECT count(*) FROM migration WHERE step=%d", step);
            assert_int_equal(database_number(text), 1);
        }
        assert_int_equal(database_number("SELECT count(*) FROM run WHERE facility='process'"), 1);
        assert_int_equal(database_number("SELECT count(*) FROM run WHERE look IS NULL"), 1);
        assert_int_equal(database_number("SELECT count(*) FROM frame WHERE ring IS NULL AND ice IS NULL"),
                         13);
        assert_int_equal(database_number("SELECT count(*) FROM roll WHERE ice=0 AND solvent=0"),
                         database_number("SELECT count(*) FROM roll"));
        assert_int_equal(database_number("SELECT count(*) FROM roll_minute WHERE ice IS NULL"), 0);
        assert_int_equal(database_number("SELECT count(*) FROM tag JOIN run_tag ON tag=id"), v > 1);
        database_drop();
    }
}

/* The same through the notation: on both kinds, tables and columns of version 1 alone. */
static void a_schema_that_stopped_half_way_is_completed(void **state)
{
    (void)state;
    struct store *s = NULL;
    struct error err = {0};
    database_place();
    assert_true(database_open(false, &s, &err));
    store_close(s);
    database_do("DROP TABLE roll_minute");
    database_do("ALTER TABLE attempt DROP COLUMN owner");
    database_do("ALTER TABLE job DROP COLUMN n_final");
    database_do("UPDATE meta SET v='1' WHERE k='schema'");
    if (!database_open(false, &s, &err))
        fail_msg("%s %s", err.fact, err.detail);
    store_close(s);
    assert_int_equal(database_number("SELECT count(*) FROM roll_minute"), 0);
    assert_int_equal(database_number("SELECT count(owner) FROM attempt"), 0);
    assert_int_equal(database_number("SELECT count(n_final) FROM job"), 0);
    assert_int_equal(database_number("SELECT count(*) FROM meta WHERE k='schema' AND v='5'"), 1);
    database_drop();
}

static void many_that_open_a_new_one_at_once_make_one_schema(void **state)
{
    (void)state;
    enum { PROGRAMS = 20 };
    pid_t children[PROGRAMS];
    database_place();
    for (int i = 0; i < PROGRAMS; i++)
        if ((children[i] = fork()) == 0) {
            struct store *s = NULL;
            struct error err = {0};
            bool ok = database_open(false, &s, &err);
            if (!ok)
                fprintf(stderr, "%s: %s\n", err.fact, err.detail);
            store_close(s);
            _exit(!ok);
        }
    for (int i = 0; i < PROGRAMS; i++) {
        int status;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    assert_int_equal(database_number("SELECT count(*) FROM meta WHERE k='instance'"), 1);
    assert_int_equal(database_number("SELECT count(*) FROM meta WHERE k='schema'"), 1);
    database_drop();
}

static void a_newer_one_is_read_and_written_as_far_as_it_allows(void **state)
{
    (void)state;
    struct store *s = NULL;
    struct error err = {0};
    database_place();
    assert_true(database_open(false, &s, &err));
    store_close(s);
    database_do("UPDATE meta SET v='99' WHERE k='schema'");
    assert_true(database_open(false, &s, &err)); /* only additions */
    store_close(s);
    database_do("UPDATE meta SET v='99' WHERE k='min_writer'");
    assert_true(database_open(true, &s, &err));
    store_close(s);
    assert_false(database_open(false, &s, &err));
    assert_non_null(strstr(err.fact, "writes up to"));
    database_do("UPDATE meta SET v='99' WHERE k='min_reader'");
    assert_false(database_open(true, &s, &err));
    assert_non_null(strstr(err.fact, "reads up to"));
    database_drop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_older_version_comes_up_to_date_with_its_rows),
        cmocka_unit_test(a_schema_that_stopped_half_way_is_completed),
        cmocka_unit_test(many_that_open_a_new_one_at_once_make_one_schema),
        cmocka_unit_test(a_newer_one_is_read_and_written_as_far_as_it_allows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
