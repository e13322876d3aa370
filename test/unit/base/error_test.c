/* error_test.c - filling a struct error. */
#include "base/error.h"
#include "base/str.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void lines_are_set_and_cleared(void **state)
{
    (void)state;
    struct error err = {0};
    assert_false(error_set(&err, ERROR_METADATA, "%s has no %s", "a.cbf", "wavelength"));
    assert_false(error_detail(&err, "line %d", 4));
    assert_false(error_hint(&err, "give one"));
    assert_int_equal(err.code, ERROR_METADATA);
    assert_string_equal(err.fact, "a.cbf has no wavelength");
    assert_string_equal(err.detail, "line 4");
    assert_string_equal(err.hint, "give one");
    errno = ENOENT;
    assert_false(error_system(&err, ERROR_UNREADABLE, "cannot open %s", "b"));
    assert_string_equal(err.detail, "No such file or directory");
    assert_string_equal(err.hint, "");
    assert_false(error_set(NULL, ERROR_FAILED, "nobody listens"));
}

static void control_characters_of_hostile_names_are_spelled_out(void **state)
{
    (void)state;
    struct error err = {0};
    error_set(&err, ERROR_UNREADABLE, "cannot open %s", "a\033[2Jb\nc\x7f");
    assert_string_equal(err.fact, "cannot open a\\x1b[2Jb\\x0ac\\x7f");
}

static void a_long_line_is_cut_at_a_character(void **state)
{
    (void)state;
    struct error err = {0};
    char text[900];
    for (size_t shift = 0; shift < 3; shift++) {
        memset(text, 'x', shift);
        for (size_t i = shift; i + 2 < sizeof text - 3; i += 2)
            memcpy(text + i, "\xc3\xa5", 3);
        error_set(&err, ERROR_FAILED, "%s", text);
        size_t n = strlen(err.fact);
        assert_in_range(n, 480, sizeof err.fact - 1);
        uint32_t code;
        for (const char *p = err.fact; *p; p += str_utf8(p, &code))
            assert_int_not_equal(str_utf8(p, &code), 0);
    }
}

static void a_long_path_does_not_hide_what_is_wrong(void **state)
{
    (void)state;
    struct error err = {0};
    char path[4000];
    memset(path, 'p', sizeof path - 1);
    path[sizeof path - 1] = 0;
    error_set(&err, ERROR_FAILED, "cannot open %s: it is a folder", path);
    assert_memory_equal(err.fact, "cannot open ppp", 15);
    assert_non_null(strstr(err.fact, "p…p"));
    assert_string_equal(err.fact + strlen(err.fact) - 18, "pp: it is a folder");
}

static void bytes_that_are_no_utf8_are_spelled_out(void **state)
{
    (void)state;
    struct error err = {0};
    error_set(&err, ERROR_UNREADABLE, "%s", "a\xff\xc3\xa5\xc2\x9b");
    assert_string_equal(err.fact, "a\\xff\xc3\xa5\\xc2\\x9b");
}

static void one_line_drops_the_hint_before_the_detail(void **state)
{
    (void)state;
    struct error err = {0};
    char line[64];
    error_set(&err, ERROR_FAILED, "a fact");
    assert_string_equal(error_line(&err, line, sizeof line), "a fact");
    error_detail(&err, "why");
    error_hint(&err, "do");
    assert_string_equal(error_line(&err, line, sizeof line), "a fact: why (do)");
    assert_string_equal(error_line(&err, line, 16), "a fact: why");
    assert_string_equal(error_line(&err, line, 11), "a fact");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_set_and_cleared),
        cmocka_unit_test(control_characters_of_hostile_names_are_spelled_out),
        cmocka_unit_test(a_long_line_is_cut_at_a_character),
        cmocka_unit_test(a_long_path_does_not_hide_what_is_wrong),
        cmocka_unit_test(bytes_that_are_no_utf8_are_spelled_out),
        cmocka_unit_test(one_line_drops_the_hint_before_the_detail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
