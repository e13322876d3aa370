/* value_test.c - words to values by type; printing and reading back. */
#include <math.h>

#include "phil_text.h"

/* One value of a type, after a text; fails the test when it is refused. */
static const struct phil_value *value(struct arena *a, const char *type, const char *text)
{
    struct error err;
    struct phil_node *values = text_master(a, arena_printf(a, "x = None\n .type = %s\n", type));
    if (!text_merge(a, values, arena_printf(a, "x = %s\n", text), &err))
        fail_msg("%s: %s", text, err.fact);
    return &values->children[0].value;
}

static void refused(struct arena *a, const char *type, const char *text, const char *why)
{
    struct error err;
    struct phil_node *values = text_master(a, arena_printf(a, "x = None\n .type = %s\n", type));
    if (text_merge(a, values, arena_printf(a, "x = %s\n", text), &err))
        fail_msg("%s is taken for %s", text, type);
    if (!strstr(err.fact, why))
        fail_msg("%s: \"%s\" is not said", err.fact, why);
}

static void none_and_auto_are_values_of_every_type(void **state)
{
    static const char *const types[] = {"bool",    "int",  "float",       "ints",      "floats", "str",
                                        "strings", "path", "space_group", "unit_cell", "key"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        assert_int_equal(value(*state, types[i], "nOnE")->state, PHIL_NONE);
        assert_int_equal(value(*state, types[i], "AUTO")->state, PHIL_AUTO);
    }
    assert_int_equal(value(*state, "str", "'None'")->state, PHIL_SET);
    assert_int_equal(value(*state, "int", "'None'")->state, PHIL_NONE);
}

static void numbers_keep_their_kind(void **state)
{
    assert_true(value(*state, "bool", "On")->b);
    assert_int_equal(value(*state, "int", "10/2")->number.i, 5);
    assert_true(value(*state, "float", "5")->number.r == 5);
    const struct phil_value *v = value(*state, "floats(size=3)", "[(1, sqrt(4) 3)]");
    assert_int_equal(v->n, 3);
    assert_true(v->reals[1] == 2);
    assert_int_equal(value(*state, "ints", "()")->n, 0);
    assert_int_equal(value(*state, "ints", "()")->state, PHIL_SET);
}

static void ranges_and_sizes_are_said_in_numbers(void **state)
{
    refused(*state, "int(value_min=1, value_max=10)", "11", "from 1 to 10 is allowed");
    refused(*state, "float(value_min=0)", "-1e-9", "at least 0 is needed");
    refused(*state, "ints(value_max=3)", "1 4", "at most 3 is allowed");
    refused(*state, "ints(size=2)", "1", "1 numbers, exactly 2 are needed");
    refused(*state, "ints(size_min=2)", "1", "at least 2 are needed");
    refused(*state, "ints(size_max=1)", "1 2", "at most 1 are allowed");
    refused(*state, "int", "1 2", "left over");
    refused(*state, "floats", "1 nan", "nan is no value");
    refused(*state, "bool", "2", "True or False is needed");
}

static void cells_need_six_numbers_and_a_volume(void **state)
{
    assert_true(value(*state, "unit_cell", "10, 20,30 90 100 90")->reals[4] == 100);
    refused(*state, "unit_cell", "79.1", "six numbers are needed");
    refused(*state, "unit_cell", "1 1 1 90 90 90 1", "more than six");
    refused(*state, "unit_cell", "(1 1 1 90 90 90)", "six plain numbers");
    refused(*state, "unit_cell", "0 1 1 90 90 90", "not above 0");
    refused(*state, "unit_cell", "1 1 1 90 90 180", "between 0 and 180");
    refused(*state, "unit_cell", "1 1 1 10 10 90", "no volume");
    refused(*state, "unit_cell", "1 1 inf 90 90 90", "six plain numbers");
}

static void space_groups_become_their_tabulated_name(void **state)
{
    assert_string_equal(value(*state, "space_group", "p43212")->text, "P 43 21 2");
    assert_string_equal(value(*state, "space_group", "R3")->text, "R 3 :H");
    refused(*state, "space_group", "P5", "there is no such space group");
}

static void paths_expand_the_home_sign(void **state)
{
    setenv("HOME", "/home/somebody/", 1);
    assert_string_equal(value(*state, "path", "~/x y")->text, "/home/somebody/x y");
    assert_string_equal(value(*state, "path", "'~'")->text, "/home/somebody");
    assert_string_equal(value(*state, "path", "~no-such-user/x")->text, "~no-such-user/x");
    assert_string_equal(value(*state, "path", "a/~")->text, "a/~");
    assert_string_equal(value(*state, "str", "~/x")->text, "~/x");
}

static void every_value_is_written_so_that_it_reads_back(void **state)
{
    static const char *const cases[][2] = {
        {"float", "0.1"},
        {"float", "1e-300"},
        {"float", "123456789.123456789"},
        {"float", "-inf"},
        {"float", "5"},
        {"int", "-9223372036854775808"},
        {"ints", "()"},
        {"ints(allow_none_elements=True)", "(None)"},
        {"floats(allow_auto_elements=True)", "1 Auto"},
        {"str", "'None'"},
        {"str", "''"},
        {"str", "'$HOME'"},
        {"str", "\"it's\""},
        {"str", "'a\nb'"},
        {"str", "'\\\\'"},
        {"strings", "None a '' # b"},
        {"strings", "'None'"},
        {"strings", "'Auto'"},
        {"strings", "a '{' ';' '#'"},
        {"qstr", "a \"b c\" 'd'"},
        {"bool", "no"},
        {"unit_cell", "1.1 2 3 90 90.5 90"},
        {"space_group", "146:R"},
        {"words", "a 'b'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error err;
        struct phil_node *values =
            text_master(*state, arena_printf(*state, "x = None\n .type = %s\n", cases[i][0]));
        struct phil_node *again =
            text_master(*state, arena_printf(*state, "x = None\n .type = %s\n", cases[i][0]));
        assert_true(text_merge(*state, values, arena_printf(*state, "x = %s\n", cases[i][1]), &err));
        const char *text = text_shown(*state, values, false);
        if (!text_merge(*state, again, text, &err))
            fail_msg("%s: %s", text, err.fact);
        if (!phil_same_values(values, again))
            fail_msg("%s of %s reads back to another value", text, cases[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        text_test(none_and_auto_are_values_of_every_type),
        text_test(numbers_keep_their_kind),
        text_test(ranges_and_sizes_are_said_in_numbers),
        text_test(cells_need_six_numbers_and_a_volume),
        text_test(space_groups_become_their_tabulated_name),
        text_test(paths_expand_the_home_sign),
        text_test(every_value_is_written_so_that_it_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
