/* campaign_claim_test.c - one live attempt a job, whoever claims; what becomes of it becomes of the job. */
#include "campaign_rows.h"

#include <sys/wait.h>

static void a_claim_makes_job_and_attempt(void **state)
{
    (void)state;
    campaign_run(1);
    struct store_claimed c = campaign_claimed(1);
    char name[64];
    assert_int_equal(c.no, 1);
    assert_true(str_starts(c.name, "xf"));
    snprintf(name, sizeof name, "-%d", (int)c.attempt);
    assert_string_equal(c.name + 10, name);
    assert_int_equal(database_number("SELECT state FROM job"), JOB_QUEUED);
    assert_int_equal(database_number("SELECT used FROM trial"), 1);
    assert_int_equal(database_number("SELECT count(*) FROM attempt WHERE claim_t>0 AND since_t=claim_t"), 1);

    struct error err = {0};
    struct store_claimed again;
    struct store_claim claim = campaign_claim(1);
    assert_false(store_claim(store, &claim, &again, &err));
    assert_true(again.taken);
    assert_int_equal(database_number("SELECT count(*) FROM attempt"), 1);
}

static void of_many_that_claim_at_once_one_wins(void **state)
{
    (void)state;
    enum { PROGRAMS = 20 };
    pid_t children[PROGRAMS];
    int won = 0, lost = 0;
    campaign_run(1);
    for (int i = 0; i < PROGRAMS; i++)
        if ((children[i] = fork()) == 0) {
            struct store *mine = NULL;
            struct error err = {0};
            struct store_claimed out = {0};
            struct store_claim claim = campaign_claim(1);
            bool ok = database_open(false, &mine, &err) && store_claim(mine, &claim, &out, &err);
            if (!ok && !out.taken)
                fprintf(stderr, "%s: %s\n", err.fact, err.detail);
            _exit(ok ? 1 : out.taken ? 2 : 3);
        }
    for (int i = 0; i < PROGRAMS; i++) {
        int status;
        waitpid(children[i], &status, 0);
        won += WIFEXITED(status) && WEXITSTATUS(status) == 1;
        lost += WIFEXITED(status) && WEXITSTATUS(status) == 2;
    }
    assert_int_equal(won, 1);
    assert_int_equal(lost, PROGRAMS - 1);
    assert_int_equal(database_number("SELECT count(*) FROM job"), 1);
    assert_int_equal(database_number("SELECT count(*) FROM attempt"), 1);
}

static void what_is_done_or_cancelled_is_not_claimed(void **state)
{
    (void)state;
    struct error err = {0};
    struct store_claimed out;
    struct store_claim claim = campaign_claim(1);
    campaign_run(1);
    struct store_claimed first = campaign_claimed(1);
    campaign_news((struct store_news){.attempt = first.attempt, .state = ATTEMPT_ENDED, .end = END_NODE});
    database_do("UPDATE job SET cancelled=1");
    assert_false(store_claim(store, &claim, &out, &err));
    assert_true(out.taken);
    database_do("UPDATE job SET cancelled=0,state=1");
    assert_false(store_claim(store, &claim, &out, &err));
    assert_true(out.taken);
    database_do("UPDATE job SET state=6");
    assert_true(store_claim(store, &claim, &out, &err));
    assert_int_equal(out.no, 2);
}

static void news_move_attempt_and_job(void **state)
{
    (void)state;
    campaign_run(1);
    struct store_claimed c = campaign_claimed(1);
    campaign_news((struct store_news){.attempt = c.attempt, .state = ATTEMPT_SUBMITTING});
    assert_int_equal(campaign_events("job_submitted"), 0);
    campaign_news((struct store_news){
        .attempt = c.attempt, .state = ATTEMPT_QUEUED, .sched_id = "98765", .submit_t = 7, .raw = "PENDING"});
    campaign_news((struct store_news){.attempt = c.attempt, .state = ATTEMPT_QUEUED, .reason = "Priority"});
    assert_int_equal(campaign_events("job_submitted"), 1);
    assert_int_equal(database_number("SELECT state FROM job"), JOB_QUEUED);
    campaign_news(
        (struct store_news){.attempt = c.attempt, .state = ATTEMPT_RUNNING, .host = "nid0001", .start_t = 9});
    campaign_news((struct store_news){.attempt = c.attempt, .state = ATTEMPT_RUNNING});
    assert_int_equal(campaign_events("job_started"), 1);
    assert_int_equal(database_number("SELECT state FROM job"), JOB_RUNNING);
    assert_int_equal(
        database_number(
            "SELECT count(*) FROM attempt WHERE sched_id='98765' AND submit_t=7 AND start_t=9 AND "
            "host='nid0001' AND reason='Priority' AND raw_state='PENDING'"),
        1);
    campaign_news((struct store_news){.attempt = c.attempt,
                                      .state = ATTEMPT_ENDED,
                                      .end = END_TIMEOUT,
                                      .exit_code = -1,
                                      .exit_signal = 9,
                                      .end_t = 11});
    assert_int_equal(
        database_number("SELECT count(*) FROM attempt WHERE live IS NULL AND state=9 AND end_kind=4 "
                        "AND exit_code IS NULL AND exit_signal=9 AND end_t=11 AND n_new=0"),
        1);
    assert_int_equal(database_number("SELECT state FROM job"), JOB_AGAIN);
    assert_int_equal(campaign_events("job_again"), 1);

    /* it has ended: what comes late fills in, and changes nothing */
    campaign_news((struct store_news){
        .attempt = c.attempt, .state = ATTEMPT_RUNNING, .sched_id = "other", .log_path = "/log"});
    assert_int_equal(database_number("SELECT count(*) FROM attempt WHERE live IS NULL AND state=9 AND "
                                     "sched_id='98765' AND log_path='/log'"),
                     1);
}

static void a_job_is_done_when_its_frames_are(void **state)
{
    (void)state;
    campaign_run(1);
    struct store_claimed c = campaign_claimed(1);
    database_do("UPDATE job SET n_expected=5");
    database_do(
        "INSERT INTO roll(attempt,writer,label,token,pos,seq,frames,blank,indexed_below,hit_not_indexed,"
        "indexed_not_integrated,integrated,failed,lattices,multi,reflections,sat,duplicates,t_first,t_last,"
        "t_frame,reasons) VALUES(1,0,0,1,4,1,4,1,0,0,0,3,0,3,0,0,0,0,0,0,0,x'')");
    campaign_news((struct store_news){.attempt = c.attempt, .state = ATTEMPT_ENDED, .end = END_OK});
    assert_int_equal(database_number("SELECT state FROM job"), JOB_AGAIN);
    assert_int_equal(database_number("SELECT n_final FROM job"), 4);
    c = campaign_claimed(1);
    assert_int_equal(database_number("SELECT count(n_final) FROM job"),
                     0); /* it changes while it is worked on */
    database_do(
        "INSERT INTO roll(attempt,writer,label,token,pos,seq,frames,blank,indexed_below,hit_not_indexed,"
        "indexed_not_integrated,integrated,failed,lattices,multi,reflections,sat,duplicates,t_first,t_last,"
        "t_frame,reasons) VALUES(2,0,0,1,1,1,1,0,0,0,0,1,0,2,0,0,0,0,0,0,0,x'')");
    campaign_news((struct store_news){.attempt = c.attempt, .state = ATTEMPT_LOST});
    assert_int_equal(database_number("SELECT state FROM job"), JOB_DONE);
    assert_int_equal(database_number("SELECT n_final FROM job"), 5);
    assert_int_equal(database_number("SELECT n_lattices FROM job"), 5);
    assert_int_equal(database_number("SELECT n_new FROM attempt WHERE no=2"), 1);
    assert_int_equal(campaign_events("job_done"), 1);
}

static void a_task_is_done_when_its_outputs_are_there(void **state)
{
    (void)state;
    struct error err = {0};
    struct store_claimed out;
    database_do("INSERT INTO task(name,kind) VALUES('refine','refine')");
    database_do("INSERT INTO task_rev(task,rev,phil,resources,used,created,who) VALUES(1,1,'','',0,0,'')");
    campaign_run(1);
    struct store_claim claim = campaign_claim(1);
    claim.key.task_rev = 1;
    assert_true(store_claim(store, &claim, &out, &err));
    assert_int_equal(database_number("SELECT used FROM task_rev"), 1);
    campaign_news((struct store_news){.attempt = out.attempt, .state = ATTEMPT_ENDED, .end = END_OK});
    assert_int_equal(database_number("SELECT state FROM job"), JOB_AGAIN);
    assert_true(store_claim(store, &claim, &out, &err));
    campaign_news(
        (struct store_news){.attempt = out.attempt, .state = ATTEMPT_ENDED, .end = END_OK, .outputs = true});
    assert_int_equal(database_number("SELECT count(*) FROM job WHERE state=1 AND outputs=1 AND published=1"),
                     1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, campaign_make, campaign_drop)
    const struct CMUnitTest tests[] = {
        TEST(a_claim_makes_job_and_attempt),
        TEST(of_many_that_claim_at_once_one_wins),
        TEST(what_is_done_or_cancelled_is_not_claimed),
        TEST(news_move_attempt_and_job),
        TEST(a_job_is_done_when_its_frames_are),
        TEST(a_task_is_done_when_its_outputs_are_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
