/* upkeep_test.c - an older database comes up to date with a copy kept; space that is not used is given back. */
#include "database.h"

#include "store/store_private.h"

#include <string.h>

static int64_t bytes_of(struct store *s)
{
    struct store_about a;
    struct error err = {0};
    assert_true(store_about(s, false, &a, &err));
    return a.bytes;
}

static bool make_old(void)
{
    char command[256];
    snprintf(command, sizeof command,
             "python3 -c \"import sqlite3; "
             "sqlite3.connect('%s').executescript(open('test/data/schema/1.sql').read())\"",
             database_file);
    return system(command) == 0;
}

static void the_old_database_is_kept(void **state)
{
    (void)state;
    struct store_options o = database_options();
    struct store *s = NULL, *old = NULL;
    struct error err = {0};
    struct store_made made;
    struct store_about about;
    char backup[4400];
    if (database_is_server())
        return; /* their own tools make backups */
    database_place();
    o = database_options();
    assert_true(make_old());
    assert_true(store_open_existing(&o, false, true, &s, &err));
    if (!store_bring_up(s, backup, sizeof backup, &made, &err))
        fail_msg("%s %s", err.fact, err.detail);
    assert_int_equal(made.from, 1);
    assert_true(store_about(s, false, &about, &err));
    assert_int_equal(about.schema, SCHEMA_VERSION);
    assert_true(store_open_existing(&(struct store_options){.file = backup}, true, true, &old, &err));
    assert_true(store_about(old, false, &about, &err));
    assert_int_equal(about.schema, 1);
    store_close(old);
    /* once more: nothing to do, nothing is copied */
    assert_true(store_bring_up(s, backup, sizeof backup, &made, &err));
    assert_string_equal(backup, "");
    store_close(s);
    database_drop();
}

static void nobody_may_work_on_a_file_that_is_migrated_or_packed(void **state)
{
    (void)state;
    struct store *worker = NULL, *s = NULL;
    struct error err = {0};
    struct store_made made;
    char backup[4400];
    bool elsewhere;
    if (database_is_server())
        return; /* each table by itself, while others work */
    database_place();
    assert_true(database_open(false, &worker, &err));
    assert_true(store_lock(worker, 0, &elsewhere, &err));
    assert_true(database_open(false, &s, &err));
    assert_false(store_vacuum(s, &err));
    assert_int_equal(err.code, ERROR_BUSY);
    assert_false(store_bring_up(s, backup, sizeof backup, &made, &err));
    assert_int_equal(err.code, ERROR_BUSY);
    store_close(worker);
    assert_true(store_vacuum(s, &err));
    store_close(s);
    database_drop();
}

static void space_of_deleted_rows_is_given_back(void **state)
{
    (void)state;
    struct store *s = NULL;
    struct error err = {0};
    database_place();
    assert_true(database_open(false, &s, &err));
    database_do(
        "INSERT INTO meta(k,v) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<400) "
        "SELECT "
        "i,'................................................................................"
        "................................................................................' FROM n");
    int64_t full = bytes_of(s);
    database_do("DELETE FROM meta WHERE v LIKE '...%'");
    if (!store_vacuum(s, &err))
        fail_msg("%s %s", err.fact, err.detail);
    int64_t packed = bytes_of(s);
    assert_true(database_is_server() ? packed <= full : packed < full);
    assert_int_equal(database_number("SELECT count(*) FROM meta"), 5);
    store_close(s);
    database_drop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_old_database_is_kept),
        cmocka_unit_test(nobody_may_work_on_a_file_that_is_migrated_or_packed),
        cmocka_unit_test(space_of_deleted_rows_is_given_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
