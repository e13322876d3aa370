/* copy_test.c - every table is copied in an order that foreign keys allow; what is in a database is noticed. What is in the rows:
 * move_test.c. */
#include "database.h"

#include "store/copy.h"

#include <string.h>

static void tables_that_others_refer_to_come_first(void **state)
{
    (void)state;
    for (size_t i = 0; i < schema_n_tables; i++) {
        const char *p = schema_tables[i].keys;
        char word[128], other[64];
        while (schema_word(&p, word, sizeof word))
            if (!strcmp(word, "fk") && schema_word(&p, word, sizeof word) &&
                schema_word(&p, other, sizeof other))
                assert_true(schema_find(other) < schema_tables + i);
    }
}

static void a_new_database_is_empty_until_it_has_a_row(void **state)
{
    (void)state;
    struct store *store = NULL;
    struct sql s;
    struct error err = {0};
    struct store_options o;
    bool empty = false;
    const char *table = NULL;
    database_place();
    o = database_options();
    assert_true(database_open(false, &store, &err));
    store_close(store);
    assert_true(sql_open(&s, &o, false, &err));
    assert_true(copy_is_empty(&s, &empty, &table, &err));
    assert_true(empty);
    sql_close(&s);
    database_do("INSERT INTO note(t,who,kind,target,body) VALUES(1,'me',4,0,'night')");
    assert_true(sql_open(&s, &o, false, &err));
    assert_true(copy_is_empty(&s, &empty, &table, &err));
    assert_false(empty);
    assert_string_equal(table, "note");
    sql_close(&s);
    database_drop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_that_others_refer_to_come_first),
        cmocka_unit_test(a_new_database_is_empty_until_it_has_a_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
