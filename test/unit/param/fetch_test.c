/* fetch_test.c - what texts change in the values of a master. */
#include "phil_text.h"

static const char master[] =
    "a = 1\n .type = int\ng .multiple = True\n{ id = 0\n .type = int\n t = None\n .type = str\n .multiple = "
    "True\n }\ns { b = 2\n .type = float\n }\n"
    "m = None\n .type = str\n .multiple = True\nd = 1\n .type = int\n .deprecated = True\n";

static const char *changed(struct arena *a, const char *text)
{
    struct error err;
    struct phil_node *values = text_master(a, master);
    if (!text_merge(a, values, text, &err))
        return arena_strdup(a, err.fact);
    return text_shown(a, values, true);
}

static void the_last_value_wins_and_scopes_merge(void **state)
{
    assert_string_equal(changed(*state, "a = 2\na = 3\ns { }\ns { b = 1 }\ns.b = 5\n"),
                        "a = 3\ns {\n  b = 5\n}\n");
    assert_string_equal(changed(*state, "a = x\na = 3\n"), "a = 3\n");
    assert_string_equal(changed(*state, "a = 1.0\ns.b = 2.0\n!a = 7\n"), "");
}

static void equal_elements_of_a_multiple_are_one_and_the_last_place_counts(void **state)
{
    assert_string_equal(changed(*state, "m = x\nm = y\nm = x\nm = None\n"), "m = 'y'\nm = 'x'\n");
    assert_string_equal(changed(*state, "g.id = 1\ng { id = 2 }\ng { id = 1 }\ng { }\n"),
                        "g {\n  id = 2\n}\ng {\n  id = 1\n}\n");
}

static void multiples_may_hold_multiples(void **state)
{
    struct error err;
    struct phil_node *values = text_master(*state, master);
    assert_true(text_merge(*state, values, "g { id = 1\n t = a\n t = b }\ng { t = a }\n", &err));
    assert_string_equal(phil_find(values, "g[0].t[1]")->value.text, "b");
    assert_int_equal(phil_find(values, "g[1].id")->value.number.i, 0);
    assert_int_equal(phil_find(values, "g[].id")->value.number.i, 0);
    assert_null(phil_find(values, "g[2].id"));
    assert_null(phil_find(values, "g[0"));
    assert_null(phil_find(values, "a[0]"));
    assert_null(phil_find(values, "g.id"));
}

static void a_scope_is_no_value_and_a_value_no_scope(void **state)
{
    assert_string_equal(changed(*state, "s = 1\n"), "input:1:1: s is a scope, not a value");
    assert_string_equal(changed(*state, "s.b { x = 1 }\n"), "input:1:1: s.b is a value, not a scope");
}

static void wrong_values_name_their_place(void **state)
{
    assert_string_equal(changed(*state, "\n\ns {\n b = 4 5\n}\n"),
                        "input:4:6: s.b = 4 5: something is left over behind the number");
    assert_string_equal(changed(*state, "g { id = x }\n"),
                        "input:1:10: g.id = x: this is no number, constant or function");
}

static void unknown_names_are_listed_unless_variables_use_them(void **state)
{
    struct error err;
    struct phil_node *values = text_master(*state, master);
    struct phil_object *tree =
        text_tree(*state, "x = 7\na = $x\ny { z = 1\n !w = 2 }\n!v = 3\ng.q = 1\n", &err);
    assert_true(phil_fetch(*state, values, tree, NULL, &err));
    const struct phil_object *o = phil_unused(tree, NULL);
    assert_string_equal(phil_path(*state, o), "y.z");
    o = phil_unused(tree, o);
    assert_string_equal(phil_path(*state, o), "g.q");
    assert_null(phil_unused(tree, o));
}

static void the_number_of_elements_is_limited(void **state)
{
    struct phil_node *values = text_master(*state, master);
    struct str s = {0};
    struct error err;
    for (int i = 0; i <= PHIL_ELEMENTS_MAX; i++)
        str_printf(&s, "m = %d\n", i);
    assert_false(text_merge(*state, values, s.text, &err));
    assert_string_equal(err.fact, "input:10001:1: more than 10000 times m");
    str_free(&s);
}

static void a_value_knows_where_it_came_from(void **state)
{
    struct error err;
    struct phil_node *values = text_master(*state, master);
    assert_true(text_merge(*state, values, "\na = 2\n", &err));
    assert_string_equal(phil_find(values, "a")->origin, "input:2");
    assert_null(phil_find(values, "s.b")->origin);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        text_test(the_last_value_wins_and_scopes_merge),
        text_test(equal_elements_of_a_multiple_are_one_and_the_last_place_counts),
        text_test(multiples_may_hold_multiples),
        text_test(a_scope_is_no_value_and_a_value_no_scope),
        text_test(wrong_values_name_their_place),
        text_test(unknown_names_are_listed_unless_variables_use_them),
        text_test(the_number_of_elements_is_limited),
        text_test(a_value_knows_where_it_came_from),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
