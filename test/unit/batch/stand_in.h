/* stand_in.h - the cases of schedulers that cannot be had here: on the stand-in of the shared test data, a folder of commands that
 * really run scripts. A test says which scheduler it is and runs stand_in_cases(). */
#ifndef XFELX_TEST_BATCH_STAND_IN_H
#define XFELX_TEST_BATCH_STAND_IN_H

#include "batch/drive.h"

struct stand_in {
    const struct batch_ops *ops;
    const char *commands;    /* that the stand-in answers to */
    const char *name, *rest; /* what a script says: before the job's name, and after it */
};
static const struct stand_in *stand_in;

static char folder[64];

static int start(void **state)
{
    (void)state;
    char path[4096], command[10000];
    const char *data = getenv("XFELX_TEST_DATA");
    snprintf(path, sizeof path, "%s/facility/shims/fakebatch.py", data ? data : "../shared/data");
    if (access(path, R_OK) != 0)
        return 0;
    support_folder(folder);
    snprintf(command, sizeof command,
             "p=$(readlink -f '%s'); mkdir %s/bin; for n in %s fakectl; do ln -s \"$p\" "
             "%s/bin/$n; done",
             path, folder, stand_in->commands, folder);
    if (system(command) != 0)
        return 1;
    snprintf(command, sizeof command, "%s/bin:%s", folder, getenv("PATH"));
    setenv("PATH", command, 1);
    snprintf(command, sizeof command, "%s/server", folder);
    setenv("XFELX_SHIM", command, 1);
    return 0;
}

static void need_shim(void)
{
    if (!*folder) {
        print_message("needs facility/shims/fakebatch.py of the test data\n");
        skip();
    }
}

static void jobs_live_on_the_stand_in(void **state)
{
    (void)state;
    need_shim();
    struct batch_site site = {.ops = stand_in->ops};
    drive(&site, folder, stand_in->name, stand_in->rest);
}

static void a_lost_answer_is_unclear_and_its_job_is_found(void **state)
{
    (void)state;
    need_shim();
    struct arena a = {0};
    struct error err = {0};
    struct batch_table t = {.arena = &a};
    struct batch_site site = {.ops = stand_in->ops};
    assert_int_equal(system("fakectl set lose 1"), 0);
    struct batch_answer answer = drive_submit(
        &site, folder, "xtl", arena_printf(&a, "%sxtl%s", stand_in->name, stand_in->rest), "exit 0");
    assert_int_equal(answer.verdict, BATCH_UNCLEAR);
    assert_true(site.ops->find(&site, "xtl", 0, &t, &err));
    assert_int_equal(t.n, 1);
    arena_free(&a);
}

static void a_server_that_is_down_is_unclear_and_an_error(void **state)
{
    (void)state;
    need_shim();
    struct arena a = {0};
    struct error err = {0};
    struct batch_table t = {.arena = &a};
    struct batch_site site = {.ops = stand_in->ops};
    assert_int_equal(system("fakectl set down 1"), 0);
    assert_int_equal(drive_submit(&site, folder, "xtd", "", "exit 0").verdict, BATCH_UNCLEAR);
    assert_false(site.ops->status(&site, (const char *const[]){"1"}, 1, &t, &err));
    assert_int_equal(err.code, ERROR_FAILED);
    assert_int_equal(system("fakectl set down 0"), 0);
    arena_free(&a);
}

static int stop(void **state)
{
    (void)state;
    if (*folder) {
        int ignored = system("fakectl stop >/dev/null 2>&1");
        (void)ignored;
        support_remove(folder);
    }
    return 0;
}

static int stand_in_cases(const struct stand_in *which)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_live_on_the_stand_in),
        cmocka_unit_test(a_lost_answer_is_unclear_and_its_job_is_found),
        cmocka_unit_test(a_server_that_is_down_is_unclear_and_an_error),
    };
    stand_in = which;
    return cmocka_run_group_tests(tests, start, stop);
}

#endif
