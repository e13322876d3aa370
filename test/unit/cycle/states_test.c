/* states_test.c - what pages show of jobs that no attempt is alive of. */
#include "campaign.h"

static void jobs_show_what_the_plan_found(void **state)
{
    (void)state;
    campaign_make();
    campaign_file("run_0001.h5", "a");
    campaign_file("run_0002.h5", "ab");
    campaign_file("run_0003.h5", "abc");
    campaign_observe();
    campaign_act();
    /* killed by a signal: again in a minute; an error: failed for good */
    campaign_record(1, "end", "exit=139\nsignal=0\nstep=process\nlast=\n");
    campaign_record(2, "end", "exit=1\nsignal=0\nstep=process\nlast=\n");
    for (int i = 0; i < 2; i++)
        toy.jobs[i].state = ATTEMPT_ENDED, toy.jobs[i].end = END_EXIT;
    campaign_poll();
    campaign_act();
    assert_int_equal(database_number("SELECT state FROM job WHERE id=1"), JOB_AGAIN);
    assert_int_equal(database_number("SELECT count(*) FROM job WHERE id=1 AND retry_t>state_t"), 1);
    assert_int_equal(database_number("SELECT state FROM job WHERE id=2"), JOB_FAILED);
    assert_int_equal(database_number("SELECT state FROM job WHERE id=3"), JOB_QUEUED);
    assert_int_equal(database_number("SELECT count(*) FROM attempt"), 3);
    campaign_drop();
}

static void a_job_whose_run_went_away_waits(void **state)
{
    (void)state;
    campaign_make();
    campaign_file("run_0001.h5", "a");
    campaign_observe();
    campaign_act();
    database_do("UPDATE attempt SET live=NULL,state=9,end_kind=13"); /* as if it had not been */
    database_do("UPDATE job SET state=8");
    database_do("UPDATE run SET state=5,n_here=0");
    campaign_act();
    assert_int_equal(database_number("SELECT state FROM job WHERE id=1"), JOB_WAITING);
    campaign_drop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_show_what_the_plan_found),
        cmocka_unit_test(a_job_whose_run_went_away_waits),
    };
    return cmocka_run_group_tests_name("cycle/states", tests, NULL, NULL);
}
