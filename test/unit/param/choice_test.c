/* choice_test.c - choosing words of a list. */
#include "phil_text.h"

/* What is chosen, joined by +; "!" when it is refused. */
static const char *chosen(struct arena *a, const char *master, const char *text)
{
    struct error err;
    struct phil_node *values = text_master(a, arena_printf(a, "x = %s\n", master));
    if (!text_merge(a, values, arena_printf(a, "x = %s\n", text), &err))
        return "!";
    const struct phil_value *v = &values->children[0].value;
    struct str s = {0};
    if (v->state == PHIL_AUTO)
        return "Auto";
    for (size_t i = 0; i < v->n; i++)
        str_printf(&s, "%s%s", i ? "+" : "", v->texts[i]);
    const char *result = arena_strdup(a, s.text ? s.text : "");
    str_free(&s);
    return result;
}

static void one_word_is_chosen_in_any_case(void **state)
{
    static const char *const cases[][2] = {{"two", "Two"},      {"*TWO", "Two"},  {"'two'", "Two"},
                                           {"one *two", "Two"}, {"one two", ""},  {"None", ""},
                                           {"four", "!"},       {"tw", "!"},      {"*", "!"},
                                           {"*one *two", "!"},  {"one+two", "!"}, {"Auto", "Auto"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(chosen(*state, "*one Two three\n .type = choice", cases[i][0]), cases[i][1]);
}

static void several_words_are_chosen_with_stars_or_plus(void **state)
{
    static const char *const cases[][2] = {{"three", "three"},
                                           {"one+three", "one+three"},
                                           {"one + three", "one+three"},
                                           {"+one", "one"},
                                           {"one+", "!"},
                                           {"ONE+three", "!"},
                                           {"*one *three", "one+three"},
                                           {"*one three", "one"},
                                           {"one two", ""},
                                           {"None", ""},
                                           {"one+four", "!"},
                                           {"one+ *three", "three"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(chosen(*state, "*one *two three\n .type = choice(multi=True)", cases[i][0]),
                            cases[i][1]);
}

static void a_choice_that_must_be_made_cannot_be_none(void **state)
{
    assert_string_equal(chosen(*state, "*one two\n .type = choice\n .optional = False", "None"), "!");
    assert_string_equal(chosen(*state, "*one two\n .type = choice\n .optional = False", "one two"), "!");
    assert_string_equal(chosen(*state, "*one None\n .type = choice\n .optional = False", "None"), "None");
}

static void a_wrong_word_is_answered_with_the_list(void **state)
{
    struct error err;
    struct phil_node *values = text_master(*state, "x = *one two\n .type = choice\n");
    assert_false(text_merge(*state, values, "x = three\n", &err));
    assert_string_equal(err.fact, "input:1:5: x cannot be \"three\"");
    assert_string_equal(err.hint, "one of: one, two");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        text_test(one_word_is_chosen_in_any_case),
        text_test(several_words_are_chosen_with_stars_or_plus),
        text_test(a_choice_that_must_be_made_cannot_be_none),
        text_test(a_wrong_word_is_answered_with_the_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
