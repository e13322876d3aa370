#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "batch/text.h"

#include <stdlib.h>
#include <string.h>

static void rows_are_read_and_messages_are_not(void **state)
{
    (void)state;
    struct arena a = {0};
    struct batch_table t = {.arena = &a};
    lsf_read_jobs("12|DONE|-|-|-|Nov 25 19:18:39 2026|Nov 25 19:18:40 2026|Nov 25 19:18:45 2026|ok\n"
                  "Job <9> is not found\n"
                  "13|EXIT|140|TERM_RUNLIMIT: job killed after reaching LSF run time limit|-|-|-|-|long\n"
                  "14|EXIT|3|-|-|-|-|-|three\n"
                  "15|EXIT|75|-|-|-|-|-|go on\n"
                  "16|EXIT|139|-|-|-|-|-|crash\n"
                  "17|PEND|-|-|Dependency condition invalid or never satisfied|-|-|-|na|me\n"
                  "18|PEND|-|-|New job is waiting for scheduling|-|-|-|x\n"
                  "19|SSUSP|-|-|-|-|-|-|y\n"
                  "20|UNKWN|-|-|-|-|-|-|z\n",
                  &t);
    static const struct {
        enum attempt_state state;
        enum end_kind end;
    } want[] = {{ATTEMPT_ENDED, END_OK},         {ATTEMPT_ENDED, END_TIMEOUT},  {ATTEMPT_ENDED, END_EXIT},
                {ATTEMPT_ENDED, END_UNFINISHED}, {ATTEMPT_ENDED, END_SIGNAL},   {ATTEMPT_BLOCKED, END_NONE},
                {ATTEMPT_QUEUED, END_NONE},      {ATTEMPT_SUSPENDED, END_NONE}, {ATTEMPT_UNKNOWN, END_NONE}};
    assert_int_equal(t.n, 9);
    for (size_t i = 0; i < t.n; i++) {
        assert_int_equal(t.jobs[i].state, want[i].state);
        assert_int_equal(t.jobs[i].end, want[i].end);
    }
    assert_string_equal(t.jobs[5].name, "na|me");
    assert_int_equal(t.jobs[0].submit_t, 1795634319000000000);
    arena_free(&a);
}

static void the_id_is_found_among_banners(void **state)
{
    (void)state;
    char id[32];
    assert_true(
        lsf_read_id("Hello Job <x>\nJob <123> is submitted to default queue <normal>.\n", id, sizeof id));
    assert_string_equal(id, "123");
    assert_false(lsf_read_id("Job not submitted.\n", id, sizeof id));
}

int main(void)
{
    setenv("TZ", "UTC", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_read_and_messages_are_not),
        cmocka_unit_test(the_id_is_found_among_banners),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
