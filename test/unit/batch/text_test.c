#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "batch/text.h"

#include <stdlib.h>
#include <string.h>

static struct piece piece(const char *text)
{
    return (struct piece){text, strlen(text)};
}

static void lines_and_fields_are_cut(void **state)
{
    (void)state;
    const char *text = "a|b||c\r\n\nlast";
    struct piece line, field;
    assert_true(take_line(&text, &line) && piece_is(line, "a|b||c"));
    static const char *const want[] = {"a", "b", "", "c"};
    for (int i = 0; i < 4; i++)
        assert_true(take_field(&line, '|', &field) && piece_is(field, want[i]));
    assert_false(take_field(&line, '|', &field));
    assert_true(take_line(&text, &line) && line.n == 0);
    assert_true(take_line(&text, &line) && piece_is(line, "last"));
    assert_false(take_line(&text, &line));
}

static void times_of_all_forms_are_the_same_instant(void **state)
{
    (void)state;
    const int64_t want = 1795634319000000000;
    assert_int_equal(piece_time(piece("1795634319")), want);
    assert_int_equal(piece_time(piece("2026-11-25T19:18:39")), want);
    assert_int_equal(piece_time(piece(" Wed Nov 25 19:18:39 2026 ")), want);
    static const char *const none[] = {
        "", "-", "N/A", "NONE", "Unknown", "-/-", "99999999999999999999", "2026-13-45T99:99:99"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_int_equal(piece_time(piece(none[i])), 0);
}

static void exit_codes_of_shells_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        int code, number;
        enum end_kind end;
    } rows[] = {{0, 0, END_OK},       {3, 0, END_EXIT},      {75, 0, END_UNFINISHED},
                {137, 9, END_SIGNAL}, {139, 11, END_SIGNAL}, {255, 0, END_EXIT}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct batch_job job = {0};
        set_exit(&job, rows[i].code);
        assert_int_equal(job.end, rows[i].end);
        assert_int_equal(job.exit_signal, rows[i].number);
    }
}

int main(void)
{
    setenv("TZ", "UTC", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_and_fields_are_cut),
        cmocka_unit_test(times_of_all_forms_are_the_same_instant),
        cmocka_unit_test(exit_codes_of_shells_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
