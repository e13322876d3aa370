/* about_test.c - what a database says of itself is what is in it. */
#include "database.h"

#include "store/store_private.h"

#include <string.h>

static int64_t rows_of(const struct store_about *a, const char *table, bool *more)
{
    for (size_t i = 0; i < a->n_tables; i++)
        if (!strcmp(a->tables[i].name, table)) {
            *more = a->tables[i].more;
            return a->tables[i].rows;
        }
    return -1;
}

static bool open_existing(bool any_schema, struct store **out, struct error *err)
{
    struct store_options o = database_options();
    return store_open_existing(&o, true, any_schema, out, err);
}

static void a_new_database_tells_its_kind_versions_and_rows(void **state)
{
    (void)state;
    struct store *s = NULL;
    struct error err = {0};
    struct store_about a;
    bool more = true;
    database_place();
    assert_true(database_open(false, &s, &err));
    assert_true(store_made(s).tables && store_made(s).database);
    store_close(s);
    assert_true(database_open(false, &s, &err));
    assert_false(store_made(s).tables || store_made(s).database);
    store_close(s);
    assert_true(open_existing(false, &s, &err));
    assert_true(store_about(s, false, &a, &err));
    assert_string_equal(a.kind, database_is_server() ? "mariadb" : "sqlite");
    assert_int_equal(a.schema, a.ours);
    assert_int_equal(strlen(a.instance), 32);
    assert_true(a.bytes > 0 && *a.server);
    assert_int_equal(a.n_tables, schema_n_tables);
    assert_int_equal(rows_of(&a, "migration", &more), 1);
    assert_false(more);
    assert_true(database_is_server() ? a.connections >= 1 : a.connections == -1);
    store_close(s);
    database_drop();
}

/* Whole tables are read only when that is asked for. */
static void many_rows_are_counted_to_a_limit(void **state)
{
    (void)state;
    struct store *s = NULL;
    struct error err = {0};
    struct store_about a;
    bool more;
    database_place();
    assert_true(database_open(false, &s, &err));
    store_close(s);
    database_do(
        "INSERT INTO meta(k,v) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<400) "
        "SELECT a.i*400+b.i,'' FROM n a JOIN n b WHERE a.i<=251");
    assert_true(open_existing(false, &s, &err));
    assert_true(store_about(s, false, &a, &err));
    assert_int_equal(rows_of(&a, "meta", &more), STORE_COUNT_MAX);
    assert_true(more);
    assert_true(store_about(s, true, &a, &err));
    assert_int_equal(rows_of(&a, "meta", &more), 251 * 400 + 5);
    assert_false(more);
    store_close(s);
    database_drop();
}

static void an_attempt_without_a_process_is_named_as_such(void **state)
{
    (void)state;
    struct store *s = NULL;
    struct error err = {0};
    struct arena arena = {0};
    struct store_worker *workers;
    size_t n = 0;
    database_place();
    assert_true(database_open(false, &s, &err));
    assert_true(store_workers(s, &arena, &workers, &n, &err));
    assert_int_equal(n, 0);
    assert_false(store_anybody_works(s));
    database_do(
        "INSERT INTO job(trial,rungroup,run,task_rev,version,state,state_t,n_expected,n_tries,cancelled,"
        "published,preview,folder,created) VALUES(1,0,1,0,0,2,0,1,1,0,0,0,'/x',0)");
    database_do(
        "INSERT INTO attempt(job,no,name,live,state,end_kind,token,lease_expires,scheduler,host,start_t,"
        "n_ranks,n_threads,program,binary_hash,recipe_hash,n_pending,db_lag) SELECT "
        "id,1,'a',1,6,0,0,0,'local','nodeA',5,1,1,'',x'00',x'00',3,0 FROM job");
    assert_true(store_workers(s, &arena, &workers, &n, &err));
    assert_int_equal(n, 1);
    assert_string_equal(workers[0].host, "nodeA");
    assert_int_equal(workers[0].pending, 3);
    assert_false(workers[0].alive);
    store_close(s);
    arena_free(&arena);
    database_drop();
}

static void a_database_that_is_not_there_is_not_made(void **state)
{
    (void)state;
    struct store *s = NULL;
    struct error err = {0};
    database_place();
    assert_false(open_existing(true, &s, &err));
    assert_non_null(strstr(err.hint, "xfelx db init"));
    err = (struct error){0};
    assert_false(open_existing(true, &s, &err));
    support_remove(database_folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_database_tells_its_kind_versions_and_rows),
        cmocka_unit_test(many_rows_are_counted_to_a_limit),
        cmocka_unit_test(an_attempt_without_a_process_is_named_as_such),
        cmocka_unit_test(a_database_that_is_not_there_is_not_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
