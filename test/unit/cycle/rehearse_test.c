/* rehearse_test.c - a job of two ranks through the queue of this machine, with a launcher of the test's own. */
#include "cycle/cycle.h"

#include "support.h"

#include <string.h>
#include <sys/stat.h>

static char folder[64];
static struct arena arena;

static int start(void **state)
{
    (void)state;
    char path[128];
    static const char launcher[] =
        "#!/bin/sh\nn=$2; shift 2; for i in $(seq $n); do \"$@\" || exit $?; done\n";
    support_folder(folder);
    snprintf(path, sizeof path, "%s/launcher", folder);
    return setenv("XFELX_TMP", folder, 1) || !fs_write_atomic(path, launcher, strlen(launcher), NULL) ||
           chmod(path, 0755);
}

static int clean(void **state)
{
    (void)state;
    arena_free(&arena);
    support_remove(folder);
    return 0;
}

static struct cycle open_cycle(const char *program)
{
    struct params *p = params_make(&arena);
    struct cycle c;
    struct error err = {0};
    char *text =
        arena_printf(&arena, "output_folder = %s/out\nmp.mpi_command = %s/launcher\n", folder, folder);
    if (!params_merge_text(p, "test", text, &err) || !cycle_open(p, NULL, &arena, &c, &err))
        fail_msg("%s %s", err.fact, err.detail);
    c.program = program;
    return c;
}

static void what_both_ranks_say_comes_back(void **state)
{
    (void)state;
    struct cycle c = open_cycle("/bin/echo");
    struct error err = {0};
    struct str says = {0};
    if (proc_cpus() < 2)
        skip();
    if (!cycle_rehearse(&c, (const char *const[]){"here", NULL}, 20, &says, &err))
        fail_msg("%s %s", err.fact, err.detail);
    assert_string_equal(says.text, "here\nhere\n");
    assert_false(fs_is_folder(fs_join(&arena, c.folder, ".xfelx/rehearsal"))); /* nothing is left */
    str_free(&says);
}

static void a_job_that_fails_is_told_with_its_code(void **state)
{
    (void)state;
    struct cycle c = open_cycle("/bin/false");
    struct error err = {0};
    struct str says = {0};
    if (proc_cpus() < 2)
        skip();
    assert_false(cycle_rehearse(&c, (const char *const[]){NULL}, 20, &says, &err));
    assert_string_equal(err.fact, "the job ended with exit code 1 in step process");
    str_free(&says);
}

static void a_job_that_does_not_end_is_cancelled(void **state)
{
    (void)state;
    struct cycle c = open_cycle("/bin/sleep");
    struct error err = {0};
    struct str says = {0};
    if (proc_cpus() < 2)
        skip();
    assert_false(cycle_rehearse(&c, (const char *const[]){"60", NULL}, 0.5, &says, &err));
    assert_int_equal(err.code, ERROR_BUSY);
    assert_non_null(
        strstr(err.detail, "the scheduler says")); /* running, or on a busy machine still queued */
    str_free(&says);
}

static void a_script_can_be_made_for_any_scheduler(void **state)
{
    (void)state;
    static const char *const names[] = {"slurm", "pbs", "lsf", "sge", "local", "custom"};
    struct cycle c = open_cycle("/bin/true");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct error err = {0};
        struct str text = {0};
        c.scheduler = names[i];
        if (!cycle_sample_script(&c, &text, &err))
            fail_msg("%s: %s %s", names[i], err.fact, err.detail);
        assert_non_null(strstr(text.text, "#!/bin/sh"));
        str_free(&text);
    }
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, start, clean)
    const struct CMUnitTest tests[] = {
        CASE(what_both_ranks_say_comes_back),
        CASE(a_job_that_fails_is_told_with_its_code),
        CASE(a_job_that_does_not_end_is_cancelled),
        CASE(a_script_can_be_made_for_any_scheduler),
    };
    return cmocka_run_group_tests_name("cycle/rehearse", tests, NULL, NULL);
}
