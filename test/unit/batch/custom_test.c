/* custom_test.c - three commands of a user as a scheduler, here and through a stand-in for ssh that prints a banner and gives its words
 * to a second shell. Behind them stands the queue of this machine, asked by small scripts. */
#include "batch/drive.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char folder[64];

/* A program of the test's own, first in PATH. */
static void program(const char *name, const char *text)
{
    char path[128];
    struct error err = {0};
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_true(fs_write_atomic(path, text, strlen(text), &err));
    assert_int_equal(chmod(path, 0755), 0);
}

/* mysub SCRIPT: runs it at once in the background, notes its code; mystat IDS; mykill ID. */
static int start(void **state)
{
    (void)state;
    char path[4200];
    support_folder(folder);
    snprintf(path, sizeof path, "%s:%s", folder, getenv("PATH"));
    setenv("PATH", path, 1);
    setenv("MYQ", folder, 1);
    program("mysub", "#!/bin/sh\n[ -f \"$1\" ] || { echo \"no script $1\" >&2; exit 4; }\n"
                     "n=$(ls $MYQ | grep -c '^q[0-9]*$'); n=$((n + 1)); >$MYQ/q$n\n"
                     "(setsid sh \"$1\" & p=$!; echo $p >$MYQ/q$n.pid; wait $p; echo $? >$MYQ/q$n.end) "
                     ">/dev/null 2>&1 &\n"
                     "echo \"Submitted as job-$n to queue 7\"\n");
    program("mystat",
            "#!/bin/sh\necho 'ID STATE CODE'\nfor j in \"$@\"; do n=${j#job-}; [ -e $MYQ/q$n ] || continue\n"
            "if [ -s $MYQ/q$n.end ]; then echo \"$j finished $(cat $MYQ/q$n.end)\"; else echo \"$j "
            "RUNNING\"; fi; done\n");
    program("mykill", "#!/bin/sh\nkill -15 -$(cat $MYQ/q${1#job-}.pid)\n");
    program("ssh",
            "#!/bin/sh\nhost=$1; shift\necho 'Welcome to the login node 12 of 30'\nexec sh -c \"$*\"\n");
    return 0;
}

static int clean(void **state)
{
    (void)state;
    support_remove(folder);
    return 0;
}

static void lives(const struct batch_custom *commands, const char *script_folder)
{
    const struct batch_site site = {.ops = &batch_own, .custom = commands};
    struct error err = {0};
    assert_true(fs_make_folders(script_folder, &err));
    struct batch_answer three = drive_submit(&site, script_folder, "three", "", "exit 3"),
                        rest = drive_submit(&site, script_folder, "rest", "", "sleep 60");
    assert_int_equal(three.verdict, BATCH_ACCEPTED);
    assert_string_equal(three.id, "job-1");
    struct batch_job row = drive_until(&site, three.id, ATTEMPT_ENDED);
    assert_int_equal(row.end, END_EXIT);
    assert_int_equal(row.exit_code, 3);
    drive_until(&site, rest.id, ATTEMPT_RUNNING);
    assert_true(site.ops->cancel(&site, rest.id, &err));
    row = drive_until(&site, rest.id, ATTEMPT_ENDED);
    assert_int_equal(row.exit_signal, 15);
}

static void commands_here_run_jobs(void **state)
{
    (void)state;
    char path[128];
    snprintf(path, sizeof path, "%s/it's here; $(touch no)", folder);
    lives(&(const struct batch_custom){.submit = "mysub <script>",
                                       .status = "mystat <ids>",
                                       .cancel = "mykill <id>",
                                       .id_regex = "job-[0-9]+"},
          path);
    assert_int_not_equal(access("no", F_OK), 0);
}

static void commands_over_ssh_run_jobs_with_words_quoted_twice(void **state)
{
    (void)state;
    char path[128];
    snprintf(path, sizeof path, "%s/a folder's \"own\"", folder);
    lives(&(const struct batch_custom){.submit = "ssh login mysub <script_twice>",
                                       .status = "ssh login mystat <ids>",
                                       .cancel = "ssh login mykill <id>",
                                       .id_regex = "Submitted as ([^ ]+)",
                                       .state_regex = "^(job-[0-9]+) ([A-Za-z]+) ?(-?[0-9]*)"},
          path);
}

static void what_the_commands_refuse_is_told(void **state)
{
    (void)state;
    struct error err = {0};
    struct batch_answer a;
    struct batch_custom c = {.submit = "mysub <script>", .id_regex = "job-[0-9]+"};
    const struct batch_site site = {.ops = &batch_own, .custom = &c};
    assert_true(site.ops->submit(&site, "/not/there.sh", &a, &err));
    assert_int_equal(a.verdict, BATCH_REFUSED);
    assert_string_equal(a.text, "no script /not/there.sh");
    c.submit = "echo thanks";
    assert_true(site.ops->submit(&site, "/not/there.sh", &a, &err));
    assert_int_equal(a.verdict, BATCH_UNCLEAR); /* said yes and named nothing: it may run */
    c.submit = "mysub <scrip>";
    assert_false(site.ops->submit(&site, "/not/there.sh", &a, &err));
    assert_non_null(strstr(err.hint, "<script>"));
    c.submit = "mysub <script>";
    c.id_regex = "(";
    assert_false(site.ops->submit(&site, "/not/there.sh", &a, &err));
    assert_string_equal(err.fact, "custom.id_regex cannot be read");
    assert_false(site.ops->cancel(&site, "1", &err));
    assert_string_equal(err.fact, "custom.cancel is not set");
}

static struct batch_job told(const char *line, const char *id)
{
    struct arena a = {0};
    struct error err = {0};
    struct batch_table t = {.arena = &a};
    struct batch_custom c = {.status = arena_printf(&a, "echo '%s'", line)};
    const struct batch_site site = {.ops = &batch_own, .custom = &c};
    assert_true(site.ops->status(&site, &id, 1, &t, &err));
    struct batch_job row = t.n ? t.jobs[0] : (struct batch_job){0};
    arena_free(&a);
    return row;
}

static void words_of_many_schedulers_are_known(void **state)
{
    (void)state;
    assert_int_equal(told("12 PD", "12").state, ATTEMPT_QUEUED);
    assert_int_equal(told("12.0|5|", "12.0").state, ATTEMPT_BLOCKED);
    assert_int_equal(told("12.0|4|75", "12.0").end, END_UNFINISHED);
    assert_int_equal(told("12 TIMEOUT 1", "12").end, END_TIMEOUT);
    assert_int_equal(told("12 COMPLETED 137", "12").exit_signal, 9);
    assert_int_equal(told("12 whatever", "12").state, ATTEMPT_UNKNOWN);
    assert_string_equal(told("12 whatever", "12").raw, "whatever");
    assert_int_equal(told("13 R", "12").state, 0); /* no row */
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, start, clean)
    const struct CMUnitTest tests[] = {
        CASE(commands_here_run_jobs),
        CASE(commands_over_ssh_run_jobs_with_words_quoted_twice),
        CASE(what_the_commands_refuse_is_told),
        CASE(words_of_many_schedulers_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
