/* folder_test.c - where the results of a job are now: as recorded, as bytes, beside a database that was moved. */
#include "database.h"

#include "store/folder.h"
#include "store/store_private.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static void make(const char *path)
{
    struct error err = {0};
    assert_true(fs_make_folders(path, &err));
}

static void recorded_folders_are_found_where_they_are_now(void **state)
{
    (void)state;
    struct store *s = NULL;
    struct error err = {0};
    char there[128], bytes[128], text[160], deep[128], now[FOLDER_MAX];
    database_place();
    assert_true(store_open_file(database_file, false, &s, &err));
    snprintf(there, sizeof there, "%s/there", database_folder);
    snprintf(bytes, sizeof bytes, "%s/b\xff", database_folder);
    snprintf(text, sizeof text, "%s/b\\xFF", database_folder);
    snprintf(deep, sizeof deep, "%s/r0012/003_rg005", database_folder);
    make(there);
    make(bytes);
    folder_now(&s->sql, there, now);
    assert_string_equal(now, there);
    folder_now(&s->sql, text, now);
    assert_string_equal(now, bytes);
    folder_now(&s->sql, "/gone/r0012/003_rg005", now);
    assert_string_equal(now, "/gone/r0012/003_rg005"); /* no results are there */
    snprintf(text, sizeof text, "%s/.xfelx", deep);
    make(text);
    folder_now(&s->sql, "/gone/r0012/003_rg005", now);
    assert_string_equal(now, deep);
    folder_now(&s->sql, "/gone/r0012/003_rg006", now);
    assert_string_equal(now, "/gone/r0012/003_rg006");
    store_close(s);
    database_drop();
}

static void the_folder_of_the_database_is_meant_only_where_there_is_no_other(void **state)
{
    (void)state;
    struct error err = {0};
    struct store *s = NULL;
    char place[128], now[FOLDER_MAX];
    database_place();
    assert_true(store_open_file(database_file, false, &s, &err));
    snprintf(place, sizeof place, "%s/.xfelx", database_folder);
    make(place);
    static const char job[] = "INSERT INTO "
                              "job(trial,rungroup,run,task_rev,version,state,state_t,n_expected,n_tries,"
                              "cancelled,published,preview,"
                              "folder,created) VALUES(?,0,1,0,0,1,0,1,1,0,1,0,?,0)";
    assert_true(sql_do(&s->sql, NULL, &err, job, "it", (int64_t)1, "/gone/a"));
    folder_now(&s->sql, "/gone/a", now);
    assert_string_equal(now, database_folder);
    assert_true(sql_do(&s->sql, NULL, &err, job, "it", (int64_t)2, "/gone/b"));
    folder_now(&s->sql, "/gone/a", now);
    assert_string_equal(now, "/gone/a");
    store_close(s);
    database_drop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recorded_folders_are_found_where_they_are_now),
        cmocka_unit_test(the_folder_of_the_database_is_meant_only_where_there_is_no_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
