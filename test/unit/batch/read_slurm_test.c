#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "batch/text.h"

#include "support.h"

#include <stdlib.h>
#include <string.h>

static void ids_are_found_among_greetings(void **state)
{
    (void)state;
    char id[32];
    assert_true(slurm_read_id("123\n", id, sizeof id));
    assert_string_equal(id, "123");
    assert_true(slurm_read_id("Welcome to cluster 7\n3;xfelx\n", id, sizeof id));
    assert_string_equal(id, "3");
    assert_false(slurm_read_id("Submitted batch job 5\n", id, sizeof id));
    assert_false(slurm_read_id("", id, sizeof id));
    assert_false(slurm_read_id("12 jobs are waiting\n", id, sizeof id));
}

static void the_queue_is_read(void **state)
{
    (void)state;
    struct arena a = {0};
    struct batch_table t = {.arena = &a};
    slurm_read_queue(SLURM_QUEUE_FORMAT,
                     "4|4|N/A|PENDING|PartitionConfig|1795634238|N/A|N/A|many\n"
                     "5|5|N/A|PENDING|(Nodes required for job are DOWN, DRAINED or reserved)|1|N/A|N/A|a\n"
                     "6|6|N/A|PENDING|AssocMaxCpuPerJobLimit|1|N/A|N/A|b\n"
                     "21|21|N/A|RUNNING|None|1795634251|1795634253|1795634313|na|me \"q\"\n"
                     "slurm_load_jobs error: nothing\n"
                     "30|30|2|WARPING|None|1|2|3|odd\n"
                     "31|31|N/A|FAILED|JobLaunchFailure|1|2|3|no output\n"
                     "32|32|N/A|FAILED|NonZeroExitCode|1|2|3|exit\n",
                     &t);
    assert_int_equal(t.n, 7);
    assert_int_equal(t.jobs[5].end, END_LAUNCH);
    assert_int_equal(t.jobs[6].end, END_EXIT);
    assert_int_equal(t.jobs[0].state, ATTEMPT_BLOCKED);
    assert_int_equal(t.jobs[1].state, ATTEMPT_QUEUED);
    assert_int_equal(t.jobs[2].state, ATTEMPT_BLOCKED);
    assert_int_equal(t.jobs[3].state, ATTEMPT_RUNNING);
    assert_string_equal(t.jobs[3].name, "na|me \"q\"");
    assert_int_equal(t.jobs[3].start_t, 1795634253000000000);
    assert_int_equal(t.jobs[3].end_t, 0); /* the time limit's end, not the job's */
    assert_int_equal(t.jobs[4].state, ATTEMPT_UNKNOWN);
    assert_string_equal(t.jobs[4].raw, "WARPING");
    assert_int_equal(t.jobs[4].task, 2);
    arena_free(&a);
}

static void accounting_tells_how_it_ended(void **state)
{
    (void)state;
    static const struct {
        const char *row;
        enum attempt_state state;
        enum end_kind end;
    } rows[] = {
        {"1|1|COMPLETED|0:0|0:0|None|1|1|1|ok", ATTEMPT_ENDED, END_OK},
        {"8|8|FAILED|3:0|0:0|None|1|1|1|fail3", ATTEMPT_ENDED, END_EXIT},
        {"8|8|FAILED|75:0|0:0|None|1|1|1|go on", ATTEMPT_ENDED, END_UNFINISHED},
        {"11|11|FAILED|0:11|0:0|None|1|1|1|sig", ATTEMPT_ENDED, END_SIGNAL},
        {"12|12|COMPLETED|0:0|7:0|None|1|1|1|a step failed", ATTEMPT_ENDED, END_EXIT},
        {"18|18|FAILED|0:53|0:0|None|1|1|1|badout", ATTEMPT_ENDED, END_LAUNCH},
        {"21|21|TIMEOUT|0:0|0:0|None|1|1|1|timeout", ATTEMPT_ENDED, END_TIMEOUT},
        {"22|22|OUT_OF_MEMORY|0:125|0:0|None|1|1|1|memory", ATTEMPT_ENDED, END_MEMORY},
        {"29|29|CANCELLED by 0|0:0|0:0|None|1|1|1|run1", ATTEMPT_ENDED, END_CANCELLED},
        {"31|31|NODE_FAIL|0:0|0:0|None|1|1|1|run3", ATTEMPT_ENDED, END_NODE},
        {"17|17|REQUEUED|0:0|0:0|None|1|1|1|requeue", ATTEMPT_QUEUED, END_REQUEUED},
        {"22|22|PENDING|0:0|0:0|JobHeldUser|1|Unknown|Unknown|held", ATTEMPT_BLOCKED, END_NONE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena a = {0};
        struct batch_table t = {.arena = &a};
        slurm_read_account(SLURM_ACCOUNT_FORMAT, rows[i].row, &t);
        assert_int_equal(t.n, 1);
        assert_int_equal(t.jobs[0].state, rows[i].state);
        assert_int_equal(t.jobs[0].end, rows[i].end);
        arena_free(&a);
    }
}

static void what_was_captured_is_understood(void **state)
{
    (void)state;
    struct arena a = {0};
    struct batch_table queue = {.arena = &a}, account = {.arena = &a};
    char *text = support_text("facility/captures/slurm/squeue_all.out");
    slurm_read_queue("%i|%A|%F|%K|%T|%t|%r|%R|%S|%e|%l|%L|%M|%N|%D|%C|%j", text, &queue);
    free(text);
    text = support_text("facility/captures/slurm/sacct_all.out");
    slurm_read_account(
        "JobID,JobIDRaw,State,ExitCode,DerivedExitCode,Reason,Submit,Start,End,ElapsedRaw,NNodes,NTasks,"
        "NodeList,JobName",
        text, &account);
    free(text);
    assert_true(queue.n > 25 && account.n > 20);
    for (size_t i = 0; i < queue.n; i++)
        assert_true(queue.jobs[i].state != ATTEMPT_UNKNOWN && atoi(queue.jobs[i].id) > 0);
    assert_int_equal(batch_table_find(&queue, "25")->state, ATTEMPT_BLOCKED);
    assert_int_equal(batch_table_find(&account, "12")->end, END_EXIT);
    assert_int_equal(batch_table_find(&account, "15")->task, 1);
    assert_string_equal(batch_table_find(&account, "29")->reason, "by 0");
    assert_true(batch_table_find(&account, "10")->end_t > batch_table_find(&account, "10")->start_t);
    arena_free(&a);
}

int main(void)
{
    setenv("TZ", "UTC", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_found_among_greetings),
        cmocka_unit_test(the_queue_is_read),
        cmocka_unit_test(accounting_tells_how_it_ended),
        cmocka_unit_test(what_was_captured_is_understood),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
