/* campaign_inputs_test.c - what is wrong with files of trials and rungroups stands in their rows, until it is not. */
#include "campaign_rows.h"

static void an_error_stands_in_the_row_until_the_files_are_well(void **state)
{
    (void)state;
    struct error err = {0};
    const struct store_bad_input bad[] = {{false, 1, "no 'mask'"}, {true, 1, "no geometry"}};
    const struct store_bad_input well[] = {{false, 1, ""}, {true, 1, ""}};
    assert_true(store_put_bad_inputs(store, bad, 2, &err));
    assert_int_equal(database_number("SELECT count(*) FROM trial WHERE bad_input='no ''mask'''"), 1);
    assert_int_equal(database_number("SELECT count(*) FROM rungroup WHERE bad_input='no geometry'"), 1);
    assert_true(store_put_bad_inputs(store, well, 2, &err));
    assert_int_equal(database_number("SELECT count(*) FROM trial WHERE bad_input IS NOT NULL"), 0);
    assert_int_equal(database_number("SELECT count(*) FROM rungroup WHERE bad_input IS NOT NULL"), 0);
    assert_true(store_put_bad_inputs(store, NULL, 0, &err));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, campaign_make, campaign_drop)
    const struct CMUnitTest tests[] = {
        TEST(an_error_stands_in_the_row_until_the_files_are_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
