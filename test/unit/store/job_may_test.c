/* job_may_test.c - what may be done to a job: each case where it does something, and none where it does not. */
#include "store/job_may.h"

#include "support.h"

#include <string.h>

/* "cancel retry " */
static const char *may(enum job_state state, bool live, bool cancelled)
{
    static char words[64];
    const struct job_standing j = {state, live, cancelled};
    words[0] = 0;
    for (int c = 0; c < JOB_CHANGES; c++)
        if (job_may((enum job_change)c, &j))
            strcat(strcat(words, job_change_word((enum job_change)c)), " ");
    return words;
}

static void a_job_that_is_done_can_only_be_deleted(void **state)
{
    (void)state;
    assert_string_equal(may(JOB_DONE, false, false), "delete ");
    assert_string_equal(may(JOB_DONE, false, true), "delete ");
}

static void a_job_that_is_alive_can_be_ended_and_that_be_withdrawn(void **state)
{
    (void)state;
    assert_string_equal(may(JOB_RUNNING, true, false), "cancel ");
    assert_string_equal(may(JOB_QUEUED, true, false), "cancel ");
    assert_string_equal(may(JOB_RUNNING, true, true), "retry ");
}

static void what_waits_can_be_cancelled_and_what_ended_tried_again(void **state)
{
    (void)state;
    assert_string_equal(may(JOB_READY, false, false), "cancel delete ");
    assert_string_equal(may(JOB_WAITING, false, false), "cancel delete ");
    assert_string_equal(may(JOB_AGAIN, false, false), "cancel retry delete ");
    assert_string_equal(may(JOB_FAILED, false, false), "cancel retry delete ");
    assert_string_equal(may(JOB_CANCELLED, false, true), "retry delete ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_that_is_done_can_only_be_deleted),
        cmocka_unit_test(a_job_that_is_alive_can_be_ended_and_that_be_withdrawn),
        cmocka_unit_test(what_waits_can_be_cancelled_and_what_ended_tried_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
