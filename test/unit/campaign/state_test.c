/* state_test.c - a job's state from its attempts. */
#include "campaign/state.h"

#include "../../support.h"

static const int64_t minute = INT64_C(60000000000);
static const struct campaign_job job = {.id = 1, .key = {1, 1, 1, 0, 0}, .n_expected = 10, .n_final = 4};

/* An attempt that ended so at 1000 minutes, with new frames. */
static struct campaign_attempt ended(enum end_kind kind, uint64_t n_new)
{
    return (struct campaign_attempt){.job = 1,
                                     .state = ATTEMPT_ENDED,
                                     .end_kind = kind,
                                     .n_new = n_new,
                                     .end_t = 1000 * minute,
                                     .exit_code = 1};
}

static struct verdict after(const struct campaign_attempt *rows, size_t n)
{
    const struct campaign_attempt *attempts[16];
    for (size_t i = 0; i < n; i++)
        attempts[i] = &rows[i];
    return job_verdict(&job, attempts, n, 3);
}

static enum verdict_kind after_one(enum end_kind kind, uint64_t n_new)
{
    const struct campaign_attempt a = ended(kind, n_new);
    return after(&a, 1).kind;
}

static void each_way_to_end_has_its_next_step(void **state)
{
    (void)state;
    assert_int_equal(after_one(END_OK, 3), VERDICT_RETRY);
    assert_int_equal(after_one(END_EXIT, 3), VERDICT_FAILED);
    assert_int_equal(after_one(END_SIGNAL, 0), VERDICT_RETRY);
    assert_int_equal(after_one(END_TIMEOUT, 1), VERDICT_RESUME);
    assert_int_equal(after_one(END_TIMEOUT, 0), VERDICT_FAILED);
    assert_int_equal(after_one(END_MEMORY, 3), VERDICT_FAILED);
    assert_int_equal(after_one(END_NODE, 0), VERDICT_RESUME);
    assert_int_equal(after_one(END_PREEMPTED, 0), VERDICT_RESUME);
    assert_int_equal(after_one(END_CANCELLED, 0), VERDICT_FAILED);
    assert_int_equal(after_one(END_LAUNCH, 0), VERDICT_FAILED);
    assert_int_equal(after_one(END_DEADLINE, 0), VERDICT_RESUME);
    assert_int_equal(after_one(END_UNFINISHED, 0), VERDICT_RESUME);
    assert_int_equal(after_one(END_SUPERSEDED, 0), VERDICT_NEW);
    assert_int_equal(after_one(END_OTHER, 0), VERDICT_FAILED);
}

static void exit_75_goes_on_and_a_lost_attempt_counts_as_its_node(void **state)
{
    (void)state;
    struct campaign_attempt a = ended(END_EXIT, 0);
    a.exit_code = 75;
    assert_int_equal(after(&a, 1).kind, VERDICT_RESUME);
    assert_int_equal(after(&a, 1).last, END_UNFINISHED);
    a = ended(END_NONE, 0);
    a.state = ATTEMPT_LOST;
    assert_int_equal(after(&a, 1).last, END_NODE);
}

static void a_launch_is_repeated_when_its_text_passes(void **state)
{
    (void)state;
    struct campaign_attempt a[2] = {ended(END_LAUNCH, 0), ended(END_LAUNCH, 0)};
    a[0].transient = a[1].transient = true;
    assert_int_equal(after(a, 1).kind, VERDICT_RETRY);
    assert_int_equal(after(a, 2).kind, VERDICT_FAILED);
}

static void waits_grow_and_tries_are_bounded(void **state)
{
    (void)state;
    struct campaign_attempt a[3] = {ended(END_SIGNAL, 0), ended(END_OK, 1), ended(END_LAUNCH, 0)};
    a[2].transient = true;
    assert_int_equal(after(a, 1).t, 1001 * minute);
    assert_int_equal(after(a, 2).t, 1005 * minute);
    assert_int_equal(after(a, 2).kind, VERDICT_RETRY);
    assert_int_equal(after(a, 3).kind, VERDICT_FAILED);
    assert_int_equal(after(a, 3).counted, 3);
}

static void repeats_without_a_new_frame_end(void **state)
{
    (void)state;
    struct campaign_attempt a[12];
    for (int i = 0; i < 12; i++)
        a[i] = ended(END_NODE, i == 5);
    assert_int_equal(after(a, 5).kind, VERDICT_RESUME);
    assert_int_equal(after(a, 11).kind, VERDICT_RESUME); /* the sixth brought one */
    assert_int_equal(after(a, 12).kind, VERDICT_FAILED);
}

static void a_persons_retry_forgives_what_was_before(void **state)
{
    (void)state;
    const struct campaign_attempt a = ended(END_EXIT, 0), *at = &a;
    struct campaign_job asked = job;
    asked.forgiven_t = a.end_t;
    assert_int_equal(job_verdict(&asked, &at, 1, 3).kind, VERDICT_NEW);
    asked.forgiven_t = a.end_t - 1;
    assert_int_equal(job_verdict(&asked, &at, 1, 3).kind, VERDICT_FAILED);
}

static enum job_state state_of(struct campaign_job j, enum attempt_state s)
{
    const struct campaign_attempt a = {.job = 1, .live = true, .state = s}, *at = &a;
    return job_state(&j, &at, s != 0, 3, false);
}

static void the_first_rule_that_fits_is_the_state(void **state)
{
    (void)state;
    struct campaign_job j = job;
    assert_int_equal(state_of(j, 0), JOB_WAITING);
    assert_int_equal(job_state(&j, NULL, 0, 3, true), JOB_READY);
    assert_int_equal(state_of(j, ATTEMPT_CLAIMED), JOB_QUEUED);
    assert_int_equal(state_of(j, ATTEMPT_BLOCKED), JOB_QUEUED);
    assert_int_equal(state_of(j, ATTEMPT_STARTING), JOB_RUNNING);
    assert_int_equal(state_of(j, ATTEMPT_UNKNOWN), JOB_RUNNING);
    j.cancelled = true;
    assert_int_equal(state_of(j, ATTEMPT_RUNNING), JOB_RUNNING);
    assert_int_equal(state_of(j, 0), JOB_CANCELLED);
    j.n_final = 10;
    assert_int_equal(state_of(j, ATTEMPT_ENDING), JOB_DONE);
    const struct campaign_attempt failed = ended(END_EXIT, 0), node = ended(END_NODE, 0), *at = &failed;
    assert_int_equal(job_state(&job, &at, 1, 3, true), JOB_FAILED);
    at = &node;
    assert_int_equal(job_state(&job, &at, 1, 3, true), JOB_AGAIN);
}

static void a_task_without_frames_is_done_by_its_end_and_its_outputs(void **state)
{
    (void)state;
    struct campaign_job task = {.id = 1, .key = {1, 1, 1, 3, 0}};
    const struct campaign_attempt a = ended(END_OK, 0), *at = &a;
    assert_false(job_is_done(&task, &at, 1));
    task.outputs = true;
    assert_true(job_is_done(&task, &at, 1));
    assert_false(job_is_done(&task, NULL, 0));
    struct campaign_job nothing_listed = {.id = 1, .key = {1, 1, 1, 0, 0}};
    assert_false(job_is_done(&nothing_listed, &at, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_way_to_end_has_its_next_step),
        cmocka_unit_test(exit_75_goes_on_and_a_lost_attempt_counts_as_its_node),
        cmocka_unit_test(a_launch_is_repeated_when_its_text_passes),
        cmocka_unit_test(waits_grow_and_tries_are_bounded),
        cmocka_unit_test(repeats_without_a_new_frame_end),
        cmocka_unit_test(a_persons_retry_forgives_what_was_before),
        cmocka_unit_test(the_first_rule_that_fits_is_the_state),
        cmocka_unit_test(a_task_without_frames_is_done_by_its_end_and_its_outputs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
