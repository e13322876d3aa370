/* logbook_test.c - the log book is one time line: what is in it, in which order, about whom, and that its text is harmless. */
#include "report/report.h"

#include "support.h"

#include <string.h>

static struct arena arena;
static const int64_t S = 1000000000;

static struct logbook_sources night(void)
{
    static const struct store_note notes[] = {
        {.id = 2, .t = 30 * S, .kind = NOTE_RUN, .target = 7, .who = "ann", .body = "ice | here"},
        {.id = 1, .t = 10 * S, .kind = NOTE_SHIFT, .who = "bob", .body = "jet\nis back"}};
    static const struct store_audit audits[] = {{.id = 3,
                                                 .t = 30 * S,
                                                 .via = 1,
                                                 .who = "ann",
                                                 .verb = "note.add",
                                                 .target = "run 7",
                                                 .becomes = "ice | here"},
                                                {.id = 2,
                                                 .t = 20 * S,
                                                 .via = 2,
                                                 .who = "ann",
                                                 .verb = "run.comment",
                                                 .target = "run 9",
                                                 .was = "a",
                                                 .becomes = "b"},
                                                {.id = 1,
                                                 .t = 5 * S,
                                                 .via = 9,
                                                 .who = "x",
                                                 .verb = "trial.active",
                                                 .target = "trial 3",
                                                 .becomes = NULL}};
    static const struct store_alarm alarms[] = {
        {.id = 4, .since = 25 * S, .until = 0, .kind = "jet", .text = "hits fell", .who = NULL}};
    static const char *tags[] = {"dark", "B"};
    static const struct store_run_row runs[] = {
        {.id = 7, .ord = 12, .name = "r12", .begin_t = 20 * S, .end_t = 24 * S, .tags = tags, .n_tags = 2},
        {.id = 8, .ord = 13, .name = "r13"}}; /* when it began is not known */
    return (struct logbook_sources){notes, audits, alarms, runs, NULL, 2, 3, 1, 2, 0};
}

static void what_happened_stands_in_the_order_in_which_it_did(void **state)
{
    (void)state;
    const struct logbook_sources in = night();
    struct logbook_line *l;
    size_t n = logbook_lines(&in, LOGBOOK_ALL, 100, &arena, &l);
    assert_int_equal(n, 6); /* the note of run 12 once, not as a change too */
    const char *const texts[] = {"trial.active",        "jet\nis back", "run.comment: a → b",
                                 "r12, tagged dark, B", "hits fell",    "ice | here"};
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(l[i].text, texts[i]);
        assert_true(i == 0 || l[i - 1].t <= l[i].t);
    }
    assert_string_equal(l[0].by, "");
    assert_string_equal(l[2].by, "web");
    assert_string_equal(l[2].about, "a run that is gone");
    assert_string_equal(l[5].about, "run 12");
    assert_true(l[5].run == 7 && l[5].run_ord == 12);
    assert_true(l[4].id == 4 && !l[4].seen && l[4].until == 0);
    assert_int_equal(l[3].until, 24 * S);
    arena_free(&arena);
}

static void the_newest_of_the_kinds_that_are_asked_for_are_told(void **state)
{
    (void)state;
    const struct logbook_sources in = night();
    struct logbook_line *l;
    assert_int_equal(logbook_lines(&in, 1u << LOGBOOK_NOTE | 1u << LOGBOOK_ALARM, 2, &arena, &l), 2);
    assert_true(l[0].kind == LOGBOOK_ALARM && l[1].kind == LOGBOOK_NOTE);
    assert_int_equal(logbook_lines(&in, 0, 2, &arena, &l), 0);
    assert_int_equal(logbook_lines(&(struct logbook_sources){0}, LOGBOOK_ALL, 2, &arena, &l), 0);
    arena_free(&arena);
}

static void markdown_has_a_table_for_each_day_and_no_markup_of_others(void **state)
{
    (void)state;
    const struct logbook_line lines[] = {
        {.kind = LOGBOOK_NOTE, .t = 10 * S, .who = "bob", .by = "", .about = "", .text = "a | <b>\n*c*"},
        {.kind = LOGBOOK_RUN, .t = 11 * S, .who = "", .by = "", .about = "run 1", .text = "r1"},
        {.kind = LOGBOOK_NOTE, .t = (86400 + 1) * S, .who = "[x](y)", .by = "", .about = "", .text = ""}};
    struct str out = {0};
    logbook_markdown(lines, 3, &out);
    assert_non_null(strstr(out.text, "## 1970-01-01 (UTC)\n\n| time |"));
    assert_non_null(
        strstr(out.text, "| 00:00:10 | note | bob |  | a \\| \\<b\\> \\*c\\* |\n| 00:00:11 | run |"));
    assert_non_null(strstr(out.text, "\n\n## 1970-01-02 (UTC)\n"));
    assert_non_null(strstr(out.text, "\\[x\\](y)"));
    str_free(&out);
    logbook_markdown(NULL, 0, &out);
    assert_int_equal(out.len, 0);
    str_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_happened_stands_in_the_order_in_which_it_did),
        cmocka_unit_test(the_newest_of_the_kinds_that_are_asked_for_are_told),
        cmocka_unit_test(markdown_has_a_table_for_each_day_and_no_markup_of_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
