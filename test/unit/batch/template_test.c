#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "batch/template.h"

#include "support.h"

#include <string.h>

static bool fill(const char *text, struct str *out, struct error *err)
{
    struct field fields[] = {{"name", "it's $(x)", FIELD_QUOTED, true, false},
                             {"queue", "short-1", FIELD_PLAIN, false, false},
                             {"none", NULL, FIELD_PLAIN, false, false},
                             {"text", "a\nb", FIELD_TEXT, true, false},
                             {"empty", "", FIELD_TEXT, true, false}};
    return template_fill("t.sh", text, fields, sizeof fields / sizeof *fields, out, err);
}

static void fields_are_filled_and_lines_go(void **state)
{
    (void)state;
    struct str out = {0};
    struct error err = {0};
    assert_true(fill(
        "# @@ @queue@\n@?none@#-n @none@\n@?queue@#-q @queue@\n@=empty@\nx @=empty@ y\n@=text@\necho @name@",
        &out, &err));
    assert_string_equal(out.text, "# @ short-1\n#-q short-1\nx  y\na\nb\necho 'it'\\''s $(x)'\n");
    str_free(&out);
}

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } rows[] = {{"@queue@ @quu@", "\"quu\""},      {"@?quu@ x @queue@", "\"quu\""},
                {"@queue@ a@b", "nothing closes"}, {"nothing", "queue is given, but"},
                {"@=queue@", "\"queue\""},         {"@queue@ @text@", "\"text\""},
                {"@queue@ @none@", "needs none"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct str out = {0};
        struct error err = {0};
        assert_false(fill(rows[i].text, &out, &err));
        assert_int_equal(err.code, ERROR_USAGE);
        if (!strstr(err.fact, rows[i].says))
            fail_msg("\"%s\" does not say %s", err.fact, rows[i].says);
        str_free(&out);
    }
}

static void a_value_for_the_scheduler_holds_nothing_odd(void **state)
{
    (void)state;
    static const char *const bad[] = {"a b",     "x\n#SBATCH --uid=0", "$(id)", "a;b", "'", "\"", "`",
                                      "\xc3\xa9"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct field f = {"queue", bad[i], FIELD_PLAIN, false, false};
        struct str out = {0};
        struct error err = {0};
        assert_false(template_fill("t.sh", "@queue@", &f, 1, &out, &err));
        assert_non_null(strstr(err.fact, "cannot be given to a scheduler"));
        str_free(&out);
    }
}

static void markers_of_old_templates_are_filled_and_other_brackets_stay(void **state)
{
    (void)state;
    struct field fields[] = {{"nnodes", "4", FIELD_PLAIN, true, false},
                             {"command", "xfelx process", FIELD_TEXT, true, false}};
    struct str out = {0};
    struct error err = {0};
    assert_true(
        template_fill_markers("t", "#SBATCH -N <nnodes>\ncat <file >out; a <b\nsrun <command>\n<walltime>\n",
                              fields, 2, &out, &err));
    assert_string_equal(out.text, "#SBATCH -N 4\ncat <file >out; a <b\nsrun xfelx process\n<walltime>\n");
    str_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_filled_and_lines_go),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(a_value_for_the_scheduler_holds_nothing_odd),
        cmocka_unit_test(markers_of_old_templates_are_filled_and_other_brackets_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
