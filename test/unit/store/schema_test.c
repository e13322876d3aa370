/* schema_test.c - the notation of tables becomes the DDL that SQLite takes. */
#include "store/schema.h"
#include "store/sqlite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void a_table_gets_its_types_keys_and_indexes(void **state)
{
    (void)state;
    struct schema_table t = {"thing", "id:id name:t20 size:f64? job:i64",
                             "uq name ; ix size,name ; fk job job"};
    struct str sql = {0};
    schema_sqlite(&t, &sql);
    assert_string_equal(
        sql.text, "CREATE TABLE \"thing\" (\"id\" INTEGER PRIMARY KEY AUTOINCREMENT, \"name\" TEXT NOT NULL, "
                  "\"size\" REAL, \"job\" INTEGER NOT NULL, UNIQUE (name), FOREIGN KEY (job) REFERENCES "
                  "\"job\"(id)) STRICT;\nCREATE INDEX \"thing_size\" ON \"thing\" (size,name);\n");
    str_free(&sql);
}

static void every_step_is_accepted_by_sqlite(void **state)
{
    (void)state;
    struct sql s;
    struct error err = {0};
    assert_true(sql_open(&s, ":memory:", false, &err));
    for (size_t i = 0; i < schema_n_steps; i++) {
        for (size_t t = 0; t < schema_steps[i].n_tables; t++) {
            struct str sql = {0};
            schema_sqlite(schema_steps[i].tables + t, &sql);
            if (!sql_script(&s, sql.text, &err))
                fail_msg("%s: %s", schema_steps[i].tables[t].name, err.detail);
            str_free(&sql);
        }
    }
    assert_int_equal(schema_steps[schema_n_steps - 1].version, SCHEMA_VERSION);
    sql_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_gets_its_types_keys_and_indexes),
        cmocka_unit_test(every_step_is_accepted_by_sqlite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
