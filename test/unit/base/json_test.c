/* json_test.c - JSON in and out. */
#include "base/json.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct json *parse(const char *text, struct error *err)
{
    return json_parse(text, strlen(text), "test.json", err);
}

static void a_tree_is_read(void **state)
{
    (void)state;
    struct error err = {0};
    struct json *root =
        parse("{\"a\": {\"b\": [1, 2.5, -3e2]}, \"t\": \"x\\u00e5\", \"n\": null, \"y\": true} \n", &err);
    assert_non_null(root);
    double v[3];
    const struct json *b = json_get(json_get(root, "a"), "b");
    assert_true(json_numbers(b, v, 3));
    assert_true(v[0] == 1 && v[1] == 2.5 && v[2] == -300);
    assert_false(json_numbers(b, v, 2));
    assert_int_equal(json_size(b), 3);
    assert_true(json_number(json_at(b, 1), v) && v[0] == 2.5);
    assert_null(json_at(b, 3));
    assert_string_equal(json_text(json_get(root, "t")), "x\xc3\xa5");
    assert_null(json_text(b));
    assert_true(json_is_null(json_get(root, "n")) && json_is_true(json_get(root, "y")));
    assert_null(json_get(root, "A")); /* exact case */
    assert_null(json_get(json_get(json_get(root, "no"), "such"), "path"));
    assert_string_equal(json_key(json_next(json_first(root))), "t");
    json_free(root);
}

static void damaged_text_is_refused_with_its_place(void **state)
{
    (void)state;
    struct error err = {0};
    assert_null(parse("{\"a\": 1,\n \"b\": oops}", &err));
    assert_int_equal(err.code, ERROR_DAMAGED);
    assert_string_equal(err.fact, "test.json is not valid JSON");
    assert_string_equal(err.detail, "line 2, column 7");
    assert_null(parse("[1, 2", &err));
    assert_non_null(strstr(err.detail, "the end of the text"));
    assert_null(parse("[1] 2 3", &err));
    assert_string_equal(err.detail, "line 1, column 5");
    assert_null(parse("", &err));
    static char deep[100001];
    memset(deep, '[', 100000);
    assert_null(parse(deep, &err));
}

static void numbers_that_are_not_finite_are_none(void **state)
{
    (void)state;
    struct json *root = parse("[1e999, \"1\"]", NULL);
    double v;
    assert_false(json_number(json_at(root, 0), &v));
    assert_false(json_number(json_at(root, 1), &v));
    json_free(root);
}

static void objects_are_written_a_member_a_line_and_arrays_on_one(void **state)
{
    (void)state;
    struct str s = {0};
    struct json_writer w = {.out = &s, .indent = 2};
    json_object(&w, NULL);
    json_put_text(&w, "name", "p\"0\n");
    json_put_reals(&w, "origin", (double[]){0, -1.5, 1e-7}, 3);
    json_array(&w, "list", false);
    json_object(&w, NULL);
    json_put_int(&w, "n", -7);
    json_put_bool(&w, "ok", true);
    json_end_object(&w);
    json_object(&w, NULL);
    json_end_object(&w);
    json_end_array(&w);
    json_put_real(&w, "nan", NAN);
    json_put_text(&w, "none", NULL);
    json_end_object(&w);
    assert_string_equal(s.text, "{\n"
                                "  \"name\": \"p\\\"0\\n\",\n"
                                "  \"origin\": [0.0, -1.5, 1e-07],\n"
                                "  \"list\": [\n"
                                "    {\n"
                                "      \"n\": -7,\n"
                                "      \"ok\": true\n"
                                "    },\n"
                                "    {}\n"
                                "  ],\n"
                                "  \"nan\": null,\n"
                                "  \"none\": null\n"
                                "}");
    struct json *back = json_parse(s.text, s.len, "back", NULL);
    assert_string_equal(json_text(json_get(back, "name")), "p\"0\n");
    json_free(back);
    str_free(&s);
}

static void without_indent_everything_is_on_one_line(void **state)
{
    (void)state;
    struct str s = {0};
    struct json_writer w = {.out = &s};
    json_array(&w, NULL, false);
    json_object(&w, NULL);
    json_put_int(&w, "a", 1);
    json_put_int(&w, "b", 2);
    json_end_object(&w);
    json_put_int(&w, NULL, 3);
    json_end_array(&w);
    assert_string_equal(s.text, "[{\"a\": 1, \"b\": 2}, 3]");
    str_free(&s);
}

static void text_is_escaped_and_what_is_not_utf8_replaced(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"\xc3\xa5", "\"\\u00e5\""},
        {"\xf0\x9f\x98\x80", "\"\\ud83d\\ude00\""},
        {"\xff", "\"\\ufffd\""},
        {"\xc3", "\"\\ufffd\""},                       /* ends inside a character */
        {"\xc0\xaf", "\"\\ufffd\\ufffd\""},            /* over-long */
        {"\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\""}, /* a surrogate */
        {"\x01\t\x7f", "\"\\u0001\\t\\u007f\""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct str s = {0};
        struct json_writer w = {.out = &s};
        json_put_text(&w, NULL, rows[i].in);
        assert_string_equal(s.text, rows[i].out);
        str_free(&s);
    }
}

static void fixed_decimals_are_rounded_and_what_does_not_fit_is_whole(void **state)
{
    (void)state;
    static const struct {
        double value;
        int decimals;
        const char *text;
    } cases[] = {{1.25, 1, "1.3"},
                 {-0.004, 2, "0.00"},
                 {-1.5, 3, "-1.500"},
                 {0, 0, "0"},
                 {2.5, 0, "3"},
                 {NAN, 3, "null"},
                 {INFINITY, 3, "null"},
                 {1e300, 3, "1e+300"},
                 {0.07, 2, "0.07"},
                 {0.999, 2, "1.00"},
                 {1795682328.0907, 3, "1795682328.091"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct str s = {0};
        struct json_writer w = {.out = &s};
        json_put_fixed(&w, NULL, cases[i].value, cases[i].decimals);
        assert_string_equal(s.text, cases[i].text);
        str_free(&s);
    }
}

static void whole_numbers_are_those_that_a_double_tells_apart(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool whole;
        int64_t value;
    } cases[] = {{"[0]", true, 0},
                 {"[-7]", true, -7},
                 {"[9e15]", true, 9000000000000000},
                 {"[9.1e15]", false, 0},
                 {"[-9.1e15]", false, 0},
                 {"[1.5]", false, 0},
                 {"[99999999999999999999]", false, 0},
                 {"[-1e300]", false, 0},
                 {"[\"1\"]", false, 0},
                 {"[null]", false, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error err = {0};
        int64_t v = 0;
        struct json *root = json_parse(cases[i].text, strlen(cases[i].text), "x", &err);
        assert_non_null(root);
        assert_int_equal(json_whole(json_at(root, 0), &v), cases[i].whole);
        assert_int_equal(v, cases[i].value);
        json_free(root);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tree_is_read),
        cmocka_unit_test(damaged_text_is_refused_with_its_place),
        cmocka_unit_test(numbers_that_are_not_finite_are_none),
        cmocka_unit_test(whole_numbers_are_those_that_a_double_tells_apart),
        cmocka_unit_test(objects_are_written_a_member_a_line_and_arrays_on_one),
        cmocka_unit_test(without_indent_everything_is_on_one_line),
        cmocka_unit_test(text_is_escaped_and_what_is_not_utf8_replaced),
        cmocka_unit_test(fixed_decimals_are_rounded_and_what_does_not_fit_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
