#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/base.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

static struct child_answer run(const struct child *c)
{
    struct child_answer a;
    struct error err = {0};
    if (!child_run(c, &a, &err))
        fail_msg("%s", err.fact);
    return a;
}

static struct child_answer shell(const char *script)
{
    const char *const argv[] = {"sh", "-c", script, NULL};
    return run(&(struct child){.argv = argv, .seconds = 20});
}

static void both_outputs_and_the_exit_code_come_back(void **state)
{
    (void)state;
    struct child_answer a = shell("echo one; echo two >&2; exit 3");
    assert_int_equal(a.exit_code, 3);
    assert_string_equal(a.out.text, "one\n");
    assert_string_equal(a.err.text, "two\n");
    child_answer_free(&a);
    a = shell("kill -SEGV $$");
    assert_int_equal(a.exit_code, -1);
    assert_int_equal(a.signal, SIGSEGV);
    child_answer_free(&a);
}

static void input_larger_than_a_pipe_passes_through(void **state)
{
    (void)state;
    enum { SIZE = 1 << 20 };
    char *text = malloc(SIZE);
    memset(text, 'x', SIZE);
    const char *const argv[] = {"cat", NULL};
    struct child_answer a = run(&(struct child){.argv = argv, .input = text, .n_input = SIZE, .seconds = 20});
    assert_int_equal(a.out.len, SIZE);
    child_answer_free(&a);
    const char *const deaf[] = {"true", NULL}; /* reads nothing: no SIGPIPE here */
    a = run(&(struct child){.argv = deaf, .input = text, .n_input = SIZE, .seconds = 20});
    assert_int_equal(a.exit_code, 0);
    child_answer_free(&a);
    free(text);
}

static void output_beyond_the_limit_is_forgotten(void **state)
{
    (void)state;
    const char *const argv[] = {"sh", "-c", "head -c 1000000 /dev/zero; echo end >&2", NULL};
    struct child_answer a = run(&(struct child){.argv = argv, .limit = 100, .seconds = 20});
    assert_int_equal(a.out.len, 100);
    assert_int_equal(a.out.text[5], ' ');
    assert_string_equal(a.err.text, "end\n");
    child_answer_free(&a);
}

static void one_that_hangs_is_ended(void **state)
{
    (void)state;
    const char *const argv[] = {"sh", "-c", "trap '' TERM; echo begun; sleep 60; echo never", NULL};
    struct child_answer a = run(&(struct child){.argv = argv, .seconds = 0.2});
    assert_true(a.timed_out && a.signal == SIGKILL && a.exit_code == -1);
    assert_string_equal(a.out.text, "begun\n");
    child_answer_free(&a);
}

static void a_grandchild_that_keeps_the_output_open_is_not_waited_for(void **state)
{
    (void)state;
    struct child_answer a = shell("sleep 60 & echo done");
    assert_int_equal(a.exit_code, 0);
    assert_string_equal(a.out.text, "done\n");
    child_answer_free(&a);
}

static void the_environment_is_changed_as_asked(void **state)
{
    (void)state;
    setenv("SLURM_JOB_ID", "1", 1);
    setenv("SLURM_CONF", "/etc/x", 1);
    setenv("XFELX_KEEP", "kept", 1);
    const char *const argv[] = {"sh", "-c", "echo \"${SLURM_JOB_ID-none} ${XFELX_KEEP} ${SLURM_CONF}\"; pwd",
                                NULL};
    const char *const set[] = {"SLURM_CONF=/etc/y", NULL}, *const drop[] = {"SLURM_*", NULL};
    struct child_answer a =
        run(&(struct child){.argv = argv, .set = set, .drop = drop, .folder = "/", .seconds = 20});
    assert_string_equal(a.out.text, "none kept /etc/y\n/\n");
    child_answer_free(&a);
}

static void a_program_that_is_not_there_is_an_error(void **state)
{
    (void)state;
    const char *const argv[] = {"no-such-program-here", NULL};
    struct child_answer a;
    struct error err = {0};
    assert_false(child_run(&(struct child){.argv = argv}, &a, &err));
    assert_non_null(strstr(err.fact, "no-such-program-here"));
    child_answer_free(&a);
}

static void quoted_text_comes_back_from_a_shell(void **state)
{
    (void)state;
    static const char *const hostile[] = {"plain", "",   "it's", "$(touch x)", "a b\tc\nd", "`id`",
                                          "-n",    "\\", "*",    "'\"'\"",     "é;&|<>"};
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        struct str script = {0};
        str_add(&script, "printf '%s|' ");
        shell_quote(&script, hostile[i]);
        struct child_answer a = shell(script.text);
        char want[64];
        strcat(strcpy(want, hostile[i]), "|");
        assert_string_equal(a.out.text, want);
        child_answer_free(&a);
        str_free(&script);
    }
}

static void a_commands_fields_are_quoted(void **state)
{
    (void)state;
    struct str s = {0};
    struct error err = {0};
    const struct shell_field f[] = {{"source", "a'; rm -rf $(x)\n", false}, {"ids", "1 2", true}};
    assert_true(shell_fill(&s, "custom.copy", "cp <source> <ids> 2>log <in <IN> <", f, 2, &err));
    assert_string_equal(s.text, "cp 'a'\\''; rm -rf $(x)\n' 1 2 2>log <in <IN> <");
    assert_false(shell_fill(&s, "custom.copy", "cp <form>", f, 2, &err));
    assert_string_equal(err.fact, "custom.copy has an unknown field <form>");
    assert_string_equal(err.hint, "fields: <source> <ids>");
    str_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_outputs_and_the_exit_code_come_back),
        cmocka_unit_test(input_larger_than_a_pipe_passes_through),
        cmocka_unit_test(output_beyond_the_limit_is_forgotten),
        cmocka_unit_test(one_that_hangs_is_ended),
        cmocka_unit_test(a_grandchild_that_keeps_the_output_open_is_not_waited_for),
        cmocka_unit_test(the_environment_is_changed_as_asked),
        cmocka_unit_test(a_program_that_is_not_there_is_an_error),
        cmocka_unit_test(quoted_text_comes_back_from_a_shell),
        cmocka_unit_test(a_commands_fields_are_quoted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
