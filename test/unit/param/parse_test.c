/* parse_test.c - words to trees; the corpus has most cases (corpus_test.c). */
#include <stdio.h>

#include "phil_text.h"

static void messages_say_what_is_wrong_and_where(void **state)
{
    static const char *const bad[][2] = {
        {"a", "input:1:1: the text ends after \"a\""},
        {"a = ", "input:1:1: a has no value"},
        {"a =\n1", "input:1:1: a has no value"},
        {"a b = 1", "input:1:3: \"=\" was expected after a, not \"b\""},
        {"a {\n b = 1\n", "input:1:1: the scope a is not closed"},
        {"b = 1 }\n}", "input:1:7: unexpected \"}\""},
        {"1a = 1", "input:1:1: \"1a\" is no name for a parameter"},
        {"a..b { }", "input:1:1: \"a..b\" is no name for a scope"},
        {"__a__ = 1", "input:1:1: \"__a__\" holds a reserved name"},
        {"x\n.nothing = 1\n{ }", "input:2:1: scopes have no attribute \".nothing\""},
        {".help = x", "input:1:1: attribute .help stands behind no parameter"},
        {"'a' = 1", "input:1:1: a name was expected, not quoted text"},
        {"#phil __NO__\n", "input:1:7: \"#phil __NO__\" is none of #phil __ON__, __OFF__, __END__"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct error err = {0};
        if (text_tree(*state, bad[i][0], &err))
            fail_msg("accepted: %s", bad[i][0]);
        assert_string_equal(err.fact, bad[i][1]);
        assert_int_equal(err.code, ERROR_USAGE);
        assert_non_null(strchr(err.detail, '^'));
    }
}

static void nesting_is_limited_without_recursion(void **state)
{
    static const int depths[] = {PHIL_NESTING_MAX, PHIL_NESTING_MAX + 1, 100000};
    for (size_t i = 0; i < 3; i++) {
        struct str s = {0};
        for (int k = 0; k < depths[i]; k++)
            str_add(&s, "a{");
        for (int k = 0; k < depths[i]; k++)
            str_add(&s, "}");
        struct error err;
        assert_int_equal(text_tree(*state, s.text, &err) != NULL, i == 0);
        str_clear(&s);
        for (int k = 0; k < depths[i]; k++)
            str_add(&s, "a.");
        str_add(&s, "b = 1");
        assert_int_equal(text_tree(*state, s.text, &err) != NULL, i == 0);
        str_free(&s);
    }
}

static void a_value_longer_than_the_limit_is_refused(void **state)
{
    struct str s = {0};
    struct error err;
    str_add(&s, "a = ");
    for (int k = 0; k < PHIL_VALUE_MAX / 10 + 1; k++)
        str_add(&s, "xxxxxxxxx x");
    assert_null(text_tree(*state, s.text, &err));
    assert_string_equal(err.fact, "input:1:1: the value of a is longer than 1048576 bytes");
    str_free(&s);
}

static void the_number_of_names_and_words_is_limited(void **state)
{
    struct str s = {0};
    struct error err;
    for (int k = 0; k <= PHIL_OBJECTS_MAX; k++)
        str_add(&s, "a=1;");
    assert_null(text_tree(*state, s.text, &err));
    assert_string_equal(err.fact, "input:1:800001: more than 200000 names in one text");
    str_clear(&s);
    for (int k = 0; k < 5; k++) {
        str_add(&s, "\na = ");
        for (int i = 0; i < PHIL_WORDS_MAX / 4; i++)
            str_add(&s, "1 ");
    }
    assert_null(text_tree(*state, s.text, &err));
    assert_non_null(strstr(err.fact, "more than 1000000 words in one text"));
    str_free(&s);
}

static void attributes_that_are_switched_off_are_parsed_only(void **state)
{
    struct error err;
    const struct phil_object *o = text_tree(*state, "a = 1\n!.type = int\n", &err)->first;
    assert_int_equal(o->type.kind, PHIL_NO_TYPE);
    assert_null(text_tree(*state, "a = 1\n!.nothing = int\n", &err));
}

static void a_quoted_word_on_the_next_line_continues_the_value(void **state)
{
    const struct phil_object *root = text_tree(*state, "a = 1\n\"b\" = 2\nc = 3 \\\n 4\n", NULL);
    assert_int_equal(root->first->words.n, 4);
    assert_string_equal(phil_join(*state, root->last->words), "3 4");
}

static void parts_can_be_switched_off(void **state)
{
    const struct phil_object *root =
        text_tree(*state, "a = 1\n#phil __OFF__\nb = {\n#phil __ON__\nc = 3\n#phil __END__\n}}}", NULL);
    assert_string_equal(root->first->name, "a");
    assert_ptr_equal(root->first->next, root->last);
    assert_string_equal(root->last->name, "c");
    assert_int_equal(root->last->place.line, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        text_test(messages_say_what_is_wrong_and_where),
        text_test(nesting_is_limited_without_recursion),
        text_test(a_value_longer_than_the_limit_is_refused),
        text_test(the_number_of_names_and_words_is_limited),
        text_test(attributes_that_are_switched_off_are_parsed_only),
        text_test(a_quoted_word_on_the_next_line_continues_the_value),
        text_test(parts_can_be_switched_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
