/* source_test.c - texts from outside are checked once; messages show the place. */
#include "phil_text.h"

static void bytes_that_are_no_text_are_refused_with_their_line(void **state)
{
    static const struct {
        const char *text;
        size_t n;
        const char *fact;
    } bad[] = {
        {"a = 1\n\x80", 7, "x.phil:2: byte 0x80 is not UTF-8 text"},
        {"a = \xc0\xaf", 6, "x.phil:1: byte 0xc0 is not UTF-8 text"},
        {"\n\n\xed\xa0\x80", 5, "x.phil:3: byte 0xed is not UTF-8 text"},
        {"\xf4\x90\x80\x80", 4, "x.phil:1: byte 0xf4 is not UTF-8 text"},
        {"a = \xe4\xb8", 6, "x.phil:1: byte 0xe4 is not UTF-8 text"},
        {"a\n=\0", 4, "x.phil:2: a NUL byte (0x00)"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct error err;
        assert_null(phil_source(*state, "x.phil", true, bad[i].text, bad[i].n, &err));
        assert_string_equal(err.fact, bad[i].fact);
        assert_int_equal(err.code, ERROR_USAGE);
    }
}

static void a_byte_order_mark_is_skipped(void **state)
{
    const struct phil_source *s = phil_source(*state, "x", true,
                                              "\xef\xbb\xbf"
                                              "a = \xc3\xa9",
                                              9, NULL);
    assert_string_equal(s->text, "a = \xc3\xa9");
}

static void a_text_over_the_limit_is_refused(void **state)
{
    struct error err;
    assert_null(phil_source(*state, "x", true, "", (size_t)PHIL_FILE_MAX + 1, &err));
    assert_string_equal(err.fact, "x: 16777217 bytes are no parameters");
}

static void messages_name_file_line_column_and_show_the_place(void **state)
{
    const struct phil_source *s = text_source(*state, "a = 1\n\xc3\xa9 = x y\n");
    struct error err;
    phil_error(&err, (struct phil_place){s, 11, 2}, "bad %d", 7);
    assert_string_equal(err.fact, "input:2:5: bad 7");
    assert_string_equal(err.detail, "\xc3\xa9 = ^x y");
    assert_string_equal(phil_place_text(*state, (struct phil_place){s, 11, 2}), "input:2");
    assert_string_equal(phil_place_text(*state, (struct phil_place){0}), "built-in");

    s = phil_source(*state, "command line", false, "a=x", 3, NULL);
    phil_error(&err, (struct phil_place){s, 2, 1}, "bad");
    assert_string_equal(err.fact, "command line: bad");
    assert_string_equal(phil_place_text(*state, (struct phil_place){s, 2, 1}), "command line");
}

static void a_file_that_is_not_there_is_named(void **state)
{
    struct error err;
    assert_null(phil_source_file(*state, "/nowhere/x.phil", &err));
    assert_non_null(strstr(err.fact, "/nowhere/x.phil"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        text_test(bytes_that_are_no_text_are_refused_with_their_line),
        text_test(a_byte_order_mark_is_skipped),
        text_test(a_text_over_the_limit_is_refused),
        text_test(messages_name_file_line_column_and_show_the_place),
        text_test(a_file_that_is_not_there_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
