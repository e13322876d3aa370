/* schema_test.c - the notation of tables becomes DDL; every column has a type that both kinds know. */
#include "database.h"

#include "store/schema.h"

#include <string.h>

static const struct schema_table thing = {"thing", "id:id name:t20 size:f64? job:i64",
                                          "uq name ; ix size,name ; fk job job", 1};

static void a_table_gets_its_types_keys_and_indexes(void **state)
{
    (void)state;
    struct str sql = {0};
    schema_create(DIALECT_SQLITE, &thing, &sql);
    assert_string_equal(
        sql.text,
        "CREATE TABLE IF NOT EXISTS `thing` (`id` INTEGER PRIMARY KEY AUTOINCREMENT, `name` TEXT NOT NULL, "
        "`size` REAL, `job` INTEGER NOT NULL, UNIQUE (`name`), FOREIGN KEY (`job`) REFERENCES "
        "`job`(`id`)) STRICT;\n"
        "CREATE INDEX IF NOT EXISTS `thing_size` ON `thing` (`size`,`name`);\n");
    str_clear(&sql);
    schema_create(DIALECT_MARIADB, &thing, &sql);
    assert_string_equal(
        sql.text,
        "CREATE TABLE IF NOT EXISTS `thing` (`id` BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, `name` "
        "VARCHAR(20) NOT NULL, `size` DOUBLE, `job` BIGINT NOT NULL, UNIQUE (`name`), KEY "
        "`thing_size` (`size`,`name`), FOREIGN KEY (`job`) REFERENCES `job`(`id`)) ENGINE=InnoDB DEFAULT "
        "CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC;\n");
    str_free(&sql);
}

static void rows_are_kept_or_set_in_the_words_of_each_kind(void **state)
{
    (void)state;
    struct str sql = {0};
    struct schema_table t = {"t", "a:i64 b:f64", "pk a", 1};
    schema_insert(DIALECT_SQLITE, &t, MEETING_SETS, &sql);
    assert_string_equal(
        sql.text, "INSERT INTO `t`(`a`,`b`) VALUES(?,?) ON CONFLICT(`a`) DO UPDATE SET `b`=excluded.`b`");
    str_clear(&sql);
    schema_insert(DIALECT_MARIADB, &t, MEETING_KEEPS, &sql);
    assert_string_equal(sql.text, "INSERT INTO `t`(`a`,`b`) VALUES(?,?) ON DUPLICATE KEY UPDATE `a`=`a`");
    str_free(&sql);
}

/* STORE 9: made twice, nothing happens the second time. */
static void all_tables_are_accepted_twice(void **state)
{
    (void)state;
    struct sql s;
    struct error err = {0};
    struct store *store = NULL;
    database_place();
    assert_true(database_open(false, &store, &err));
    store_close(store);
    struct store_options o = database_options();
    assert_true(sql_open(&s, &o, false, &err));
    for (size_t i = 0; i < schema_n_tables; i++) {
        struct str sql = {0};
        schema_create(s.ops->dialect, schema_tables + i, &sql);
        if (!sql_script(&s, sql.text, &err))
            fail_msg("%s: %s", schema_tables[i].name, err.detail);
        str_free(&sql);
    }
    assert_int_equal(schema_steps[schema_n_steps - 1].version, SCHEMA_VERSION);
    sql_close(&s);
    database_drop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_gets_its_types_keys_and_indexes),
        cmocka_unit_test(rows_are_kept_or_set_in_the_words_of_each_kind),
        cmocka_unit_test(all_tables_are_accepted_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
