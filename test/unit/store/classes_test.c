/* classes_test.c - error numbers mean what FACILITY 9 says, by flavour of the server; waits grow and are bounded. */
#include "store/sql.h"

#include <sqlite3.h>

#include "support.h"

static void numbers_are_classed_by_the_flavour_of_the_server(void **state)
{
    (void)state;
    assert_int_equal(mariadb_class(1205, "HY000", false), CLASS_TRANSIENT);
    assert_int_equal(mariadb_class(2013, "HY000", false), CLASS_RECONNECT);
    assert_int_equal(mariadb_class(1114, "HY000", false), CLASS_WAIT);
    assert_int_equal(mariadb_class(1026, "HY000", false), CLASS_WAIT);
    assert_int_equal(mariadb_class(1153, "08S01", false), CLASS_SPLIT);
    assert_int_equal(mariadb_class(1406, "22001", false), CLASS_ROW);
    assert_int_equal(mariadb_class(1129, "HY000", false), CLASS_OPERATOR);
    assert_int_equal(mariadb_class(1062, "23000", false), CLASS_SUCCESS);
    assert_int_equal(mariadb_class(1045, "28000", false), CLASS_PERMANENT);
    assert_int_equal(mariadb_class(1927, "70100", false), CLASS_RECONNECT);
    assert_int_equal(mariadb_class(1927, "HY000", true), CLASS_PERMANENT); /* another meaning there */
    assert_int_equal(mariadb_class(3024, "HY000", true), CLASS_TRANSIENT);
}

static void an_unknown_number_is_classed_by_its_state(void **state)
{
    (void)state;
    assert_int_equal(mariadb_class(9999, "08006", false), CLASS_RECONNECT);
    assert_int_equal(mariadb_class(9999, "40001", false), CLASS_TRANSIENT);
    assert_int_equal(mariadb_class(9999, "42000", false), CLASS_PERMANENT);
    assert_int_equal(mariadb_class(9999, NULL, false), CLASS_PERMANENT);
}

static void sqlite_codes_are_classed_by_their_extended_form(void **state)
{
    (void)state;
    assert_int_equal(sqlite_class(SQLITE_BUSY_SNAPSHOT), CLASS_TRANSIENT);
    assert_int_equal(sqlite_class(SQLITE_FULL), CLASS_WAIT);
    assert_int_equal(sqlite_class(SQLITE_CONSTRAINT_PRIMARYKEY), CLASS_SUCCESS);
    assert_int_equal(sqlite_class(SQLITE_CONSTRAINT_DATATYPE), CLASS_ROW);
    assert_int_equal(sqlite_class(SQLITE_CORRUPT), CLASS_PERMANENT);
    assert_int_equal(sqlite_class(SQLITE_SCHEMA), CLASS_REPAIR);
}

static void waits_are_none_at_first_and_never_longer_than_half_a_minute(void **state)
{
    (void)state;
    assert_int_equal(sql_backoff(1, UINT64_MAX), 0);
    assert_in_range(sql_backoff(2, UINT64_MAX), 199000000, 200000000);
    assert_in_range(sql_backoff(3, UINT64_MAX), 399000000, 400000000);
    assert_in_range(sql_backoff(40, UINT64_MAX), 29900000000, 30000000000);
    assert_int_equal(sql_backoff(40, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_classed_by_the_flavour_of_the_server),
        cmocka_unit_test(an_unknown_number_is_classed_by_its_state),
        cmocka_unit_test(sqlite_codes_are_classed_by_their_extended_form),
        cmocka_unit_test(waits_are_none_at_first_and_never_longer_than_half_a_minute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
