/* task_test.c - the command of a custom task, and that nothing people name is ever read by a shell. */
#include "cycle/script.h"

#include "support.h"

#include <string.h>

static void fields_become_expressions_in_the_quotes_they_stand_in(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"dials.refine <input>/idx-*.expt", "dials.refine \"$1\"/idx-*.expt"},
        {"a '<run>' \"<run> b\" <inputs>\nnbins = 3",
         "a ''\"$XFELX_TASK_RUN\"'' \"$XFELX_TASK_RUN b\" \"$@\""},
        {"sort <in.txt >out.txt 2>&1", "sort <in.txt >out.txt 2>&1"},
        {"phenix.xtriage <PREVIOUS_TASK_MTZ>", "phenix.xtriage \"$(ls \"$1\"/*_all.mtz)\""},
        {"echo \\\"<run>", "echo \\\"\"$XFELX_TASK_RUN\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct str out = {0};
        struct error err = {0};
        if (!task_command(cases[i][0], &out, &err))
            fail_msg("%s: %s", cases[i][0], err.fact);
        assert_string_equal(out.text, cases[i][1]);
        str_free(&out);
    }
}

static void a_command_that_cannot_be_meant_is_refused(void **state)
{
    (void)state;
    static const char *const cases[][2] = {{"", "no command"},
                                           {"  \nnbins = 3", "no command"},
                                           {"cat <runs>", "unknown field <runs>"},
                                           {"echo 'a", "not closed"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct str out = {0};
        struct error err = {0};
        assert_false(task_command(cases[i][0], &out, &err));
        assert_non_null(strstr(err.fact, cases[i][1]));
        str_free(&out);
    }
}

static void parameters_are_what_follows_the_first_line(void **state)
{
    (void)state;
    assert_string_equal(task_parameters("cmd\na = 1\nb = 2\n"), "a = 1\nb = 2\n");
    assert_string_equal(task_parameters("cmd"), "");
    assert_string_equal(task_parameters("cmd\n"), "");
}

/* Run a command as the job script would, with an input folder and a run's name that are full of traps. */
static void names_of_people_never_reach_the_shell(void **state)
{
    (void)state;
    static const char *const names[] = {"$(touch hit)",
                                        "`touch hit`",
                                        "'; touch hit; '",
                                        "\"; touch hit; \"",
                                        "a\nb; touch hit",
                                        "-n",
                                        "*",
                                        "\\$(touch hit)",
                                        "a b  c",
                                        "~root",
                                        "${IFS}touch${IFS}hit"};
    char folder[64];
    support_folder(folder);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct str command = {0};
        struct error err = {0};
        struct child_answer answer;
        char variable[256];
        assert_true(task_command("printf '%s|%s|%s' <input> \"<run>\" '<run>'", &command, &err));
        snprintf(variable, sizeof variable, "XFELX_TASK_RUN=%s", names[i]);
        const char *const argv[] = {"/bin/sh", "-c", command.text, "xfelx", names[i], NULL}, *const set[] = {
                                                                                                 variable,
                                                                                                 NULL};
        assert_true(child_run(&(struct child){.argv = argv, .set = set, .folder = folder, .seconds = 10},
                              &answer, &err));
        char expected[512];
        snprintf(expected, sizeof expected, "%s|%s|%s", names[i], names[i], names[i]);
        assert_string_equal(answer.out.text, expected);
        child_answer_free(&answer);
        str_free(&command);
    }
    char hit[96];
    snprintf(hit, sizeof hit, "%s/hit", folder);
    assert_false(fs_is_file(hit));
    support_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_become_expressions_in_the_quotes_they_stand_in),
        cmocka_unit_test(a_command_that_cannot_be_meant_is_refused),
        cmocka_unit_test(parameters_are_what_follows_the_first_line),
        cmocka_unit_test(names_of_people_never_reach_the_shell),
    };
    return cmocka_run_group_tests_name("cycle/task", tests, NULL, NULL);
}
