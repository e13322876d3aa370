/* str_test.c - growing text, numbers as text, near words. */
#include "base/str.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void text_grows_and_stays_terminated(void **state)
{
    (void)state;
    struct str s = {0};
    for (int i = 0; i < 1000; i++) {
        str_add(&s, "ab");
        str_addc(&s, 'c');
        str_printf(&s, "%03d", i);
        assert_int_equal(s.len, 6 * (size_t)(i + 1));
        assert_int_equal(s.text[s.len], 0);
    }
    assert_memory_equal(s.text + 6 * 999, "abc999", 7);
    str_clear(&s);
    assert_string_equal(s.text, "");
    str_addn(&s, "wxyz", 2);
    assert_string_equal(s.text, "wx");
    str_free(&s);
    assert_null(s.text);
}

static void numbers_are_written_as_python_writes_them(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } rows[] = {
        {0, "0.0"},
        {-0.0, "-0.0"},
        {90, "90.0"},
        {0.1, "0.1"},
        {1.0 / 3, "0.3333333333333333"},
        {-2.5e-3, "-0.0025"},
        {0.0001, "0.0001"},
        {0.00001, "1e-05"},
        {1.25e-7, "1.25e-07"},
        {123456789, "123456789.0"},
        {1e15, "1000000000000000.0"},
        {1e16, "1e+16"},
        {9999999999999998.0, "9999999999999998.0"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {5e-324, "5e-324"},
        {0x1p-44,
         "5.684341886080802e-14"}, /* a power of two: the nearest 16 digits do not read back, their neighbour does */
        {0x1p-1022, "2.2250738585072014e-308"},
        {NAN, "nan"},
        {INFINITY, "inf"},
        {-INFINITY, "-inf"},
    };
    char text[32];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(str_double(rows[i].value, text), rows[i].text);
}

static void a_written_number_reads_back_to_the_same_bits(void **state)
{
    (void)state;
    uint64_t seed = 20260131, bits;
    char text[32];
    for (int i = 0; i < 20000; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        double value, back;
        bits = seed ^ seed >> 29;
        memcpy(&value, &bits, 8);
        if (!isfinite(value))
            continue;
        assert_true(str_to_double(str_double(value, text), &back));
        assert_memory_equal(&value, &back, 8);
    }
}

static void only_a_whole_number_is_a_number(void **state)
{
    (void)state;
    static const char *const bad[] = {"",   " 1",  "1 ",     "1x",  "x",    "0x10",
                                      "1e", "--1", "nan(1)", "1,5", "1e999"};
    double d;
    int64_t n;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(str_to_double(bad[i], &d));
        assert_false(str_to_i64(bad[i], &n));
    }
    assert_true(str_to_double("-1.5e3", &d));
    assert_true(d == -1500);
    assert_true(str_to_double("1e-400", &d)); /* underflow is zero, not an error */
    assert_true(str_to_double("inf", &d) && isinf(d));
    assert_true(str_to_i64("-9223372036854775808", &n));
    assert_true(n == INT64_MIN);
    assert_false(str_to_i64("9223372036854775808", &n));
    assert_false(str_to_i64("1.0", &n));
}

static void questions_about_text_are_answered(void **state)
{
    (void)state;
    assert_true(str_starts("panel/0", "panel"));
    assert_false(str_starts("pan", "panel"));
    assert_true(str_ends("shot.cbf.gz", ".gz"));
    assert_false(str_ends("gz", ".gz"));
    assert_true(str_same_nocase("SENSOR_Pad", "sensor_pad"));
    assert_false(str_same_nocase("pad", "pads"));
    assert_false(str_same_nocase("[", "{")); /* 0x5b and 0x7b differ by the case bit but are no letters */
}

static void distance_counts_edits_and_swaps(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        size_t distance;
    } rows[] = {
        {"", "", 0},
        {"abc", "", 3},
        {"proces", "process", 1},
        {"porcess", "process", 1},
        {"image", "mage", 1},
        {"status", "simulate", 6},
        {"ca", "abc", 3},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(str_distance(rows[i].a, rows[i].b), rows[i].distance);
        assert_int_equal(str_distance(rows[i].b, rows[i].a), rows[i].distance);
    }
    char many[1000];
    memset(many, 'a', sizeof many - 1);
    many[sizeof many - 1] = 0;
    assert_int_equal(str_distance(many, ""), 255);
}

static void characters_are_taken_one_by_one(void **state)
{
    (void)state;
    uint32_t code;
    assert_int_equal(str_utf8("a", &code), 1);
    assert_int_equal(str_utf8("\xc3\x85", &code), 2);
    assert_int_equal(code, 0xc5);
    assert_int_equal(str_utf8("\xe2\x80\xa6", &code), 3);
    assert_int_equal(code, 0x2026);
    assert_int_equal(str_utf8("\xf4\x8f\xbf\xbf", &code), 4);
    assert_int_equal(code, 0x10ffff);
    static const char *const none[] = {
        "\x80", "\xc3", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_int_equal(str_utf8(none[i], &code), 0);
    assert_int_equal(str_utf8("", &code), 1);
}

static void reserved_room_is_filled_without_moving(void **state)
{
    (void)state;
    struct str s = {0};
    str_add(&s, "head");
    str_reserve(&s, 100000);
    assert_int_equal(s.room, 100005);
    assert_string_equal(s.text, "head");
    const char *before = s.text;
    for (int i = 0; i < 100000; i++)
        str_addc(&s, 'x');
    assert_ptr_equal(s.text, before);
    assert_int_equal(s.room, 100005);
    str_addc(&s, 'x');
    assert_int_equal(s.len, 100005);
    str_free(&s);
}

static void what_would_garble_a_terminal_is_spelled_out(void **state)
{
    (void)state;
    char out[NAME_VISIBLE];
    assert_string_equal(str_visible("a b%s\xc3\xa5", out, sizeof out), "a b%s\xc3\xa5");
    assert_string_equal(str_visible("\n\x1b\x7f\xc2\x9b", out, sizeof out), "\\x0a\\x1b\\x7f\\xc2\\x9b");
    assert_string_equal(str_visible("a\xe2\x80\xae"
                                    "b",
                                    out, sizeof out),
                        "a\\xe2\\x80\\xaeb"); /* turned around */
    assert_string_equal(str_visible("\xe2\x81\xa6\xef\xbb\xbf", out, sizeof out),
                        "\\xe2\\x81\\xa6\\xef\\xbb\\xbf");
    assert_string_equal(str_visible("\xe2\x80\x8d", out, sizeof out), "\xe2\x80\x8d"); /* a joiner */
    assert_string_equal(str_visible("\xff\xc3", out, sizeof out), "\\xff\\xc3");
    assert_string_equal(str_visible("abcdefgh", out, 8), "abcd");
    assert_string_equal(str_visible("x", out, 1), "");
}

static void words_of_one_thing_have_no_s(void **state)
{
    (void)state;
    assert_string_equal(COUNT(1, "strong spot"), "1 strong spot");
    assert_string_equal(COUNT(0, "frame"), "0 frames");
    assert_string_equal(COUNT(UINT64_MAX, "row"), "18446744073709551615 rows");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_grows_and_stays_terminated),
        cmocka_unit_test(reserved_room_is_filled_without_moving),
        cmocka_unit_test(numbers_are_written_as_python_writes_them),
        cmocka_unit_test(a_written_number_reads_back_to_the_same_bits),
        cmocka_unit_test(only_a_whole_number_is_a_number),
        cmocka_unit_test(questions_about_text_are_answered),
        cmocka_unit_test(characters_are_taken_one_by_one),
        cmocka_unit_test(distance_counts_edits_and_swaps),
        cmocka_unit_test(what_would_garble_a_terminal_is_spelled_out),
        cmocka_unit_test(words_of_one_thing_have_no_s),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
