/* variable_test.c - $name: from above in the same text, else from the environment. */
#include "phil_text.h"

/* Words of the last definition of a text, joined; NULL: refused. */
static const char *resolved(struct arena *a, const char *text, struct error *err)
{
    struct phil_object *root = text_tree(a, text, err), *last = root;
    for (struct phil_object *o = root; o; o = phil_walk(root, o, false))
        last = o;
    struct phil_words w;
    return phil_resolve(a, last, &w, err) ? phil_join(a, w) : NULL;
}

static void names_are_looked_up_above_and_outwards(void **state)
{
    struct error err;
    assert_string_equal(resolved(*state, "x = 1 2\ny = $x", &err), "1 2");
    assert_string_equal(resolved(*state, "x = 1\ns { x = 2\n y = $x }", &err), "2");
    assert_string_equal(resolved(*state, "x = 1\ns { x = 2\n y = $(.x) }", &err), "1");
    assert_string_equal(resolved(*state, "x = 1\nx = 2\ny = $x", &err), "2");
    assert_string_equal(resolved(*state, "a.b = 1\ny = $(a.b)z", &err), "1z");
    assert_string_equal(resolved(*state, "x=1\ny=$x\nz=\"$y-$x\"", &err), "1-1");
}

static void the_environment_comes_last(void **state)
{
    struct error err;
    setenv("XFELX_UNIT_TEST_VARIABLE", "a b", 1);
    unsetenv("NO_SUCH_VARIABLE");
    assert_string_equal(resolved(*state, "y = $XFELX_UNIT_TEST_VARIABLE/c", &err), "a b/c");
    assert_null(resolved(*state, "y = $NO_SUCH_VARIABLE", &err));
    assert_string_equal(err.fact, "input:1:5: there is no variable $NO_SUCH_VARIABLE");
    unsetenv("XFELX_UNIT_TEST_VARIABLE");
}

static void single_quotes_and_backslashes_keep_the_sign(void **state)
{
    struct error err;
    assert_string_equal(resolved(*state, "x = 1\ny = '$x' \\$x", &err), "$x \\$x");
}

static void wrong_variables_are_refused(void **state)
{
    static const char *const bad[] = {"y = $",  "y = $(", "y = $()",       "y = $(a b)",
                                      "y = $1", "y = $-", "s { }\ny = $s", "y = $y"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct error err;
        if (resolved(*state, bad[i], &err))
            fail_msg("accepted: %s", bad[i]);
    }
}

static void variables_that_double_each_other_come_to_an_end(void **state)
{
    struct str s = {0};
    struct error err;
    str_add(&s, "a0 = ''\n");
    for (int i = 1; i < 60; i++)
        str_printf(&s, "a%d = \"$a%d$a%d\"\n", i, i - 1, i - 1);
    assert_null(resolved(*state, s.text, &err));
    assert_non_null(strstr(err.fact, "too many variables"));
    str_clear(&s);
    str_add(&s, "a0 = x\n");
    for (int i = 1; i < 60; i++)
        str_printf(&s, "a%d = $a%d $a%d\n", i, i - 1, i - 1);
    assert_null(resolved(*state, s.text, &err));
    str_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        text_test(names_are_looked_up_above_and_outwards),          text_test(the_environment_comes_last),
        text_test(single_quotes_and_backslashes_keep_the_sign),     text_test(wrong_variables_are_refused),
        text_test(variables_that_double_each_other_come_to_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
