#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "batch/text.h"

#include "support.h"

#include <stdlib.h>
#include <string.h>

static void ids_are_found(void **state)
{
    (void)state;
    char id[32];
    assert_true(sge_read_id("using site defaults\n123\n", id, sizeof id));
    assert_string_equal(id, "123");
    assert_true(sge_read_id("124.1-3:1\n", id, sizeof id));
    assert_string_equal(id, "124");
    assert_false(sge_read_id("Unable to run job: denied\n", id, sizeof id));
}

static void letters_become_states(void **state)
{
    (void)state;
    static const struct {
        const char *letters;
        enum attempt_state state;
    } rows[] = {{"qw", ATTEMPT_QUEUED},    {"Rq", ATTEMPT_QUEUED},  {"hqw", ATTEMPT_BLOCKED},
                {"Eqw", ATTEMPT_BLOCKED},  {"t", ATTEMPT_STARTING}, {"r", ATTEMPT_RUNNING},
                {"Rr", ATTEMPT_RUNNING},   {"hr", ATTEMPT_RUNNING}, {"s", ATTEMPT_SUSPENDED},
                {"tS", ATTEMPT_SUSPENDED}, {"dr", ATTEMPT_ENDING},  {"dRr", ATTEMPT_ENDING},
                {"z", ATTEMPT_ENDED},      {"?", ATTEMPT_UNKNOWN}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena a = {0};
        struct batch_table t = {.arena = &a};
        sge_read_queue(
            arena_printf(
                &a,
                "<job_info><job_list state=\"x\"><JB_job_number>5</JB_job_number><JB_name>a &lt;b&gt; "
                "&amp;c</JB_name><state>%s</state></job_list><job_list><JB_job_number>6",
                rows[i].letters),
            &t);
        assert_int_equal(t.n, 1);
        assert_int_equal(t.jobs[0].state, rows[i].state);
        assert_string_equal(t.jobs[0].name, "a <b> &c");
        arena_free(&a);
    }
}

static void the_reason_of_an_error_is_found(void **state)
{
    (void)state;
    char reason[64];
    char *captured = support_text("facility/captures/sge/qstat_j_error.out");
    assert_true(sge_read_error(captured, reason, sizeof reason)); /* cut where there is no room */
    assert_string_equal(reason, "error: can't open output file \"/no/such/dir/x.out\": No such fil");
    free(captured);
    assert_true(sge_read_error("error reason 1: out of luck\n", reason, sizeof reason));
    assert_string_equal(reason, "out of luck");
    assert_false(sge_read_error("job_number: 5\nerror reason\nerror reason 1:\n", reason, sizeof reason));
}

static void records_tell_how_it_ended(void **state)
{
    (void)state;
    static const struct {
        const char *failed, *status;
        enum attempt_state state;
        enum end_kind end;
    } rows[] = {
        {"0", "0", ATTEMPT_ENDED, END_OK},
        {"0", "3", ATTEMPT_ENDED, END_EXIT},
        {"0", "75", ATTEMPT_ENDED, END_UNFINISHED},
        {"100 : assumedly after job", "139 (Segmentation fault)", ATTEMPT_ENDED, END_SIGNAL},
        {"37  : qmaster enforced h_rt, h_cpu, or h_vmem limit", "137 (Killed)", ATTEMPT_ENDED, END_TIMEOUT},
        {"25  : rescheduling", "99", ATTEMPT_QUEUED, END_REQUEUED},
        {"26  : opening input/output file", "0", ATTEMPT_ENDED, END_LAUNCH},
        {"21  : in recognizing job", "0", ATTEMPT_ENDED, END_NODE},
        {"30  : application error returned", "100", ATTEMPT_BLOCKED, END_NONE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena a = {0};
        struct batch_table t = {.arena = &a};
        sge_read_account(
            arena_printf(
                &a,
                "=====\njobname      x\njobnumber    7\ntaskid       undefined\nstart_time   Wed Nov 25 "
                "19:18:41 2026\nfailed       %s\nexit_status  %s\n",
                rows[i].failed, rows[i].status),
            &t);
        assert_int_equal(t.n, 1);
        assert_int_equal(t.jobs[0].state, rows[i].state);
        assert_int_equal(t.jobs[0].end, rows[i].end);
        arena_free(&a);
    }
}

static void a_job_deleted_by_force_was_no_success(void **state)
{
    (void)state;
    struct arena a = {0};
    struct batch_table t = {.arena = &a};
    sge_read_account(
        "=====\njobnumber    29\nstart_time   -/-\nend_time     -/-\nfailed       0\nexit_status  0\n", &t);
    assert_int_equal(t.jobs[0].end, END_CANCELLED);
    arena_free(&a);
}

static void what_was_captured_is_understood(void **state)
{
    (void)state;
    struct arena a = {0};
    struct batch_table queue = {.arena = &a}, account = {.arena = &a};
    char *text = support_text("facility/captures/sge/qstat_xml.out");
    sge_read_queue(text, &queue);
    free(text);
    assert_int_equal(batch_table_find(&queue, "22")->state, ATTEMPT_RUNNING);
    assert_int_equal(batch_table_find(&queue, "18")->state, ATTEMPT_BLOCKED);
    assert_true(batch_table_find(&queue, "22")->start_t > 0);
    text = support_text("facility/captures/sge/qacct_hrt.out");
    sge_read_account(text, &account);
    free(text);
    text = support_text("facility/captures/sge/qacct_e99.out");
    sge_read_account(text, &account);
    free(text);
    assert_int_equal(batch_table_find(&account, "21")->end, END_TIMEOUT);
    assert_true(batch_table_find(&account, "13") != NULL && account.n >= 3);
    arena_free(&a);
}

int main(void)
{
    setenv("TZ", "UTC", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_found),
        cmocka_unit_test(letters_become_states),
        cmocka_unit_test(the_reason_of_an_error_is_found),
        cmocka_unit_test(records_tell_how_it_ended),
        cmocka_unit_test(a_job_deleted_by_force_was_no_success),
        cmocka_unit_test(what_was_captured_is_understood),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
