/* columns_test.c - how wide text is, and what of it fits. */
#include "base/columns.h"

#include "support.h"

static const char *cut(const char *text, size_t width)
{
    static struct str s;
    str_clear(&s);
    columns_cut(&s, text, width);
    return s.text ? s.text : "";
}

static void letters_take_one_wide_ones_two_marks_none(void **state)
{
    (void)state;
    assert_int_equal(columns_taken("lysozyme"), 8);
    assert_int_equal(columns_taken("200 µs Å"), 8);
    assert_int_equal(columns_taken("晶体"), 4);
    assert_int_equal(columns_taken("e\xcc\x81t"), 2);
    assert_int_equal(columns_taken("\xff\xfe"), 2);
    assert_int_equal(columns_of_part("晶体", 3), 2);
    assert_int_equal(columns_taken(""), 0);
}

static void what_is_cut_says_so_and_never_is_too_wide(void **state)
{
    (void)state;
    assert_string_equal(cut("lysozyme", 8), "lysozyme");
    assert_string_equal(cut("lysozyme", 5), "lyso…");
    assert_string_equal(cut("晶体晶体", 8), "晶体晶体");
    assert_string_equal(cut("晶体晶体", 6), "晶体…"); /* five columns: the next would take two */
    assert_string_equal(cut("two words", 5), "two…");
    assert_string_equal(cut("晶体", 1), "…");
    assert_string_equal(cut("晶体", 0), "");
}

static void the_front_may_be_cut_instead(void **state)
{
    (void)state;
    struct str s = {0};
    assert_int_equal(columns_cut_front(&s, "/data/晶体", 6), 6);
    assert_string_equal(s.text, "…/晶体");
    str_free(&s);
}

static void fields_are_as_wide_as_is_said(void **state)
{
    (void)state;
    struct str s = {0};
    columns_fill(&s, "晶", 4, false);
    str_addc(&s, '|');
    columns_fill(&s, "12", 4, true);
    assert_string_equal(s.text, "晶  |  12");
    str_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_take_one_wide_ones_two_marks_none),
        cmocka_unit_test(what_is_cut_says_so_and_never_is_too_wide),
        cmocka_unit_test(the_front_may_be_cut_instead),
        cmocka_unit_test(fields_are_as_wide_as_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
