/* poll_test.c - what became of live attempts is asked for once a look, and stored. */
#include "campaign.h"

static void two_runs(void)
{
    campaign_make();
    campaign_file("run_0001.h5", "a");
    campaign_file("run_0002.h5", "ab");
    campaign_observe();
}

static void one_query_tells_of_all_attempts(void **state)
{
    (void)state;
    two_runs();
    campaign_act();
    toy.jobs[0].state = ATTEMPT_RUNNING;
    toy.jobs[1].state = ATTEMPT_BLOCKED;
    snprintf(toy.jobs[1].reason, sizeof toy.jobs[1].reason, "JobHeldUser");
    struct cycle_report r = campaign_poll();
    assert_int_equal(r.n_live, 2);
    assert_int_equal(toy.n_status, 1);
    assert_int_equal(toy.n_find, 0);
    assert_int_equal(database_number("SELECT state FROM attempt WHERE id=1"), ATTEMPT_RUNNING);
    assert_int_equal(
        database_number("SELECT count(*) FROM attempt WHERE id=2 AND state=4 AND reason='JobHeldUser'"), 1);
    campaign_drop();
}

static void an_end_record_ends_it_even_when_the_scheduler_is_down(void **state)
{
    (void)state;
    struct cycle_report r = {0};
    struct error err = {0};
    two_runs();
    campaign_act();
    toy.down = true;
    campaign_record(1, "begin", "host=n1\nsched_id=101\n");
    campaign_record(1, "end", "exit=1\nsignal=0\nstep=process\nlast=error: no such mask\n");
    assert_false(cycle_poll(&here.cycle, &r, &err)); /* said, */
    assert_string_equal(err.fact, "toy does not answer");
    assert_int_equal(r.n_ended, 1); /* and yet stored */
    assert_int_equal(
        database_number(
            "SELECT count(*) FROM attempt WHERE id=1 AND state=9 AND end_kind=2 AND exit_code=1 AND "
            "host='n1' AND reason='error: no such mask'"),
        1);
    assert_int_equal(database_number("SELECT state FROM attempt WHERE id=2"), ATTEMPT_QUEUED);
    campaign_drop();
}

static void a_lost_answer_is_found_again_by_its_name_and_a_double_cancelled(void **state)
{
    (void)state;
    two_runs();
    toy.verdicts[0] = BATCH_UNCLEAR;
    toy.takes_silently = true;
    campaign_act();
    toy.jobs[1] = toy.jobs[0]; /* it had been handed in twice */
    snprintf(toy.jobs[1].id, sizeof toy.jobs[1].id, "999");
    toy.jobs[1].submit_t++;
    toy.n = 2;
    struct cycle_report r = campaign_poll();
    assert_int_equal(r.n_adopted, 1);
    assert_int_equal(toy.n_find, 1);
    assert_string_equal(toy.cancelled, "999");
    assert_int_equal(
        database_number("SELECT count(*) FROM attempt WHERE id=1 AND state=3 AND sched_id='101'"), 1);
    campaign_drop();
}

static void a_job_that_began_tells_its_number_itself(void **state)
{
    (void)state;
    two_runs();
    toy.verdicts[0] = BATCH_UNCLEAR;
    toy.takes_silently = true;
    campaign_act();
    toy.jobs[0].state = ATTEMPT_RUNNING;
    campaign_record(1, "begin", "host=n1\nsched_id=101\n");
    campaign_poll();
    assert_int_equal(toy.n_find, 0);
    assert_int_equal(
        database_number("SELECT count(*) FROM attempt WHERE id=1 AND state=6 AND sched_id='101'"), 1);
    campaign_drop();
}

static void a_submission_that_never_arrived_is_made_again_under_another_name(void **state)
{
    (void)state;
    two_runs();
    toy.verdicts[0] = BATCH_UNCLEAR;
    campaign_act();
    campaign_poll();
    assert_int_equal(database_number("SELECT count(*) FROM attempt WHERE live=1 AND state=2"), 1);
    database_do("UPDATE attempt SET submit_t=submit_t-31000000000");
    campaign_poll();
    assert_int_equal(database_number("SELECT count(*) FROM attempt WHERE live=1"), 0);
    assert_int_equal(campaign_act().n_submitted, 2);
    assert_int_equal(database_number("SELECT count(DISTINCT name) FROM attempt"), 3);
    assert_int_equal(database_number("SELECT count(*) FROM attempt WHERE live=1"), 2);
    campaign_drop();
}

static void a_claim_that_was_forgotten_is_made_again(void **state)
{
    (void)state;
    two_runs();
    campaign_act();
    database_do("UPDATE attempt SET state=1,sched_id=NULL,submit_t=NULL WHERE id=1");
    toy.n = 0;
    campaign_poll();
    assert_int_equal(database_number("SELECT state FROM attempt WHERE id=1"),
                     ATTEMPT_CLAIMED); /* it may be at it */
    database_do("UPDATE attempt SET claim_t=claim_t-31000000000,since_t=since_t-31000000000 WHERE id=1");
    campaign_poll();
    assert_int_equal(database_number("SELECT count(*) FROM attempt WHERE id=1 AND live=1"), 0);
    assert_int_equal(campaign_act().n_submitted, 1);
    campaign_drop();
}

static void what_nobody_knows_is_unknown_and_then_lost_and_done_again(void **state)
{
    (void)state;
    two_runs();
    campaign_act();
    toy.n = 0;
    campaign_poll();
    assert_int_equal(database_number("SELECT count(*) FROM attempt WHERE state=10 AND live=1"), 2);
    assert_int_equal(campaign_act().n_submitted, 0);
    database_do("UPDATE attempt SET since_t=since_t-121000000000 WHERE id=1");
    struct cycle_report r = campaign_poll();
    assert_int_equal(r.n_lost, 1);
    assert_int_equal(campaign_act().n_submitted, 1);
    campaign_drop();
}

static void a_broken_record_is_passed_over(void **state)
{
    (void)state;
    char path[256];
    struct error err = {0};
    two_runs();
    campaign_act();
    snprintf(path, sizeof path, "%s/.xfelx/jobs/1.end", here.out);
    assert_true(fs_write_atomic(path, "xfelx-end 1\nattempt=7\nexit=0\n", 29, &err));
    snprintf(path, sizeof path, "%s/.xfelx/jobs/2.end", here.out);
    assert_true(fs_write_atomic(path, "\0\0\0", 3, &err));
    log_hold(true);
    campaign_poll();
    assert_int_equal(database_number("SELECT count(*) FROM attempt WHERE live=1 AND state=3"), 2);
    campaign_drop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_query_tells_of_all_attempts),
        cmocka_unit_test(an_end_record_ends_it_even_when_the_scheduler_is_down),
        cmocka_unit_test(a_lost_answer_is_found_again_by_its_name_and_a_double_cancelled),
        cmocka_unit_test(a_job_that_began_tells_its_number_itself),
        cmocka_unit_test(a_submission_that_never_arrived_is_made_again_under_another_name),
        cmocka_unit_test(a_claim_that_was_forgotten_is_made_again),
        cmocka_unit_test(what_nobody_knows_is_unknown_and_then_lost_and_done_again),
        cmocka_unit_test(a_broken_record_is_passed_over),
    };
    return cmocka_run_group_tests_name("cycle/poll", tests, NULL, NULL);
}
