/* show_test.c - printing. Reading back is tested with the corpus and in value_test.c. */
#include "phil_text.h"

static const char master[] =
    "a = None\n .type = strings\n .help = \"What a is, in words that are so many that they do not fit on one "
    "line of the page\"\n .expert_level = 2\n"
    "s .help = \"A scope\" { b = *one two\n .type = choice\n c = 1\n .type = int(value_min=0)\n }\n";

static void help_and_types_are_printed_when_asked(void **state)
{
    struct phil_node *values = text_master(*state, master);
    struct str s = {0};
    phil_show(*state, values, &(struct phil_show){.expert = -1, .attributes = 2}, &s);
    assert_string_equal(s.text,
                        "a = None\n"
                        "  .help = \"What a is, in words that are so many that they do not fit on one\"\n"
                        "          \"line of the page\"\n"
                        "  .type = strings\n"
                        "  .expert_level = 2\n"
                        "s\n"
                        "  .help = \"A scope\"\n"
                        "{\n"
                        "  b = *one two\n"
                        "    .type = choice\n"
                        "  c = 1\n"
                        "    .type = int(value_min=0, allow_none=True)\n"
                        "}\n");
    str_free(&s);
}

static void rows_above_the_expert_level_are_shown_when_changed(void **state)
{
    struct phil_node *values = text_master(*state, master);
    struct error err;
    struct str s = {0};
    phil_show(*state, values, &(struct phil_show){.expert = 1}, &s);
    assert_string_equal(s.text, "s {\n  b = *one two\n  c = 1\n}\n");
    assert_true(text_merge(*state, values, "a = x\n", &err));
    str_clear(&s);
    phil_show(*state, values, &(struct phil_show){.expert = 1, .changed = true}, &s);
    assert_string_equal(s.text, "a = x\n");
    str_free(&s);
}

static void long_values_are_broken_and_read_back(void **state)
{
    struct phil_node *values = text_master(*state, master), *again = text_master(*state, master);
    struct error err;
    struct str s = {0};
    str_add(&s, "a =");
    for (int i = 0; i < 60; i++)
        str_printf(&s, " word%d", i);
    assert_true(text_merge(*state, values, s.text, &err));
    const char *text = text_shown(*state, values, true);
    for (const char *line = text; *line; line = strchr(line, '\n') + 1)
        assert_true(strchr(line, '\n') - line <= 79);
    assert_true(text_merge(*state, again, text, &err));
    assert_true(phil_same_values(values, again));
    str_free(&s);
}

static void origins_are_comments_whatever_the_file_is_called(void **state)
{
    struct phil_node *values = text_master(*state, master), *again = text_master(*state, master);
    struct error err;
    const char *name = "/it's \"a\" {\n} \\";
    const struct phil_source *source = phil_source(*state, name, true, "a = x\ns.c = 3", 13, &err);
    assert_true(phil_fetch(*state, values, phil_parse(*state, source, &err), NULL, &err));
    assert_true(phil_check(*state, values, &err));
    struct str s = {0};
    phil_show(*state, values, &(struct phil_show){.expert = -1, .origins = true}, &s);
    assert_non_null(strstr(s.text, "b = *one two # built-in\n"));
    assert_non_null(strstr(s.text, "c = 3 # /it?s ?a? {?} ?:2\n"));
    assert_true(text_merge(*state, again, s.text, &err));
    assert_true(phil_same_values(values, again));
    str_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        text_test(help_and_types_are_printed_when_asked),
        text_test(rows_above_the_expert_level_are_shown_when_changed),
        text_test(long_values_are_broken_and_read_back),
        text_test(origins_are_comments_whatever_the_file_is_called),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
