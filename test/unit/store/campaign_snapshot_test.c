/* campaign_snapshot_test.c - the plan sees the rows as they are, by a number of statements that does not depend on them. */
#include "campaign_rows.h"

static struct snapshot read_all(struct arena *a)
{
    struct error err = {0};
    struct snapshot s;
    if (!store_read_snapshot(store, a, &s, &err))
        fail_msg("%s %s", err.fact, err.detail);
    return s;
}

static void every_kind_of_row_is_there(void **state)
{
    (void)state;
    struct arena a = {0};
    static const char *const rows[] = {
        "INSERT INTO rungroup(first_ord,last_ord,active,phil,body,created,who,bad_input) "
        "VALUES(3,9,0,'','',0,'','no mask')",
        "INSERT INTO rungroup_run VALUES(2,1,1)",
        "INSERT INTO tag(name,auto) VALUES('t',0)",
        "INSERT INTO run_tag VALUES(1,1,0,'')",
        "INSERT INTO task(name,kind) VALUES('join','merge')",
        "INSERT INTO task_rev(task,rev,phil,resources,used,created,who) VALUES(1,1,'','',0,0,'')",
        "INSERT INTO dataset(name,op,active,goal) VALUES('d',2,1,'15000')",
        "INSERT INTO dataset_tag VALUES(1,1)",
        "INSERT INTO dataset_task VALUES(1,1,1)",
        "UPDATE run SET readable=0,why='xtc of 2019'",
        "UPDATE trial SET bad_input='gone.expt'",
    };
    campaign_run(1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        database_do(rows[i]);
    struct error err = {0};
    int64_t version = 0, same = 0, job = campaign_claimed(1).job;
    assert_true(store_new_version(store, 1, 1, &job, 1, &version, &err));
    assert_true(store_new_version(store, 1, 1, &job, 1, &same, &err));
    assert_int_equal(version, same);
    assert_int_equal(campaign_events("dataset_version"), 1);
    struct snapshot s = read_all(&a);
    assert_int_equal(s.n_runs, 1);
    assert_string_equal(s.runs->name, "r0001");
    assert_string_equal(s.runs->why_unreadable, "xtc of 2019");
    assert_int_equal(s.runs->ord, 1);
    assert_string_equal(s.trials->bad_input, "gone.expt");
    assert_int_equal(s.n_rungroups, 2);
    assert_true(s.rungroups[0].open && s.rungroups[0].active && !s.rungroups[0].bad_input);
    assert_true(!s.rungroups[1].open && s.rungroups[1].last_ord == 9);
    assert_string_equal(s.rungroups[1].bad_input, "no mask");
    assert_true(s.n_exceptions == 1 && s.exceptions->include && s.exceptions->rungroup == 2);
    assert_true(s.n_uses == 1 && s.n_run_tags == 1 && s.n_tasks == 1 && s.tasks->kind == TASK_MERGE);
    assert_true(s.n_datasets == 1 && s.datasets->all && s.datasets->goal == 15000);
    assert_true(s.n_dataset_tags == 1 && s.n_dataset_tasks == 1 && s.dataset_tasks->pos == 1);
    assert_true(s.n_versions == 1 && s.n_inputs == 1 && s.inputs->job == job);
    assert_true(s.n_jobs == 1 && s.jobs->key.run == 1 && s.jobs->n_tries == 1 && s.jobs->n_final == 0);
    assert_true(s.n_attempts == 1 && s.attempts->live && s.attempts->state == ATTEMPT_CLAIMED);
    assert_true(s.now > 1600000000000000000);
    arena_free(&a);
}

static void add_roll(int64_t attempt, int64_t frames, int64_t lattices)
{
    char text[600];
    snprintf(
        text, sizeof text,
        "INSERT INTO roll(attempt,writer,label,token,pos,seq,frames,blank,indexed_below,hit_not_indexed,"
        "indexed_not_integrated,integrated,failed,lattices,multi,reflections,sat,duplicates,t_first,t_last,"
        "t_frame,reasons) VALUES(%d,0,0,1,1,1,%d,0,0,0,0,0,0,%d,0,0,0,0,0,0,0,x'')",
        (int)attempt, (int)frames, (int)lattices);
    database_do(text);
}

static void frames_are_counted_whether_the_job_rests_or_not(void **state)
{
    (void)state;
    struct arena a = {0};
    campaign_run(1);
    struct store_claimed c = campaign_claimed(1);
    database_do("UPDATE job SET n_expected=10");
    add_roll(c.attempt, 4, 3);
    campaign_news((struct store_news){.attempt = c.attempt, .state = ATTEMPT_ENDED, .end = END_TIMEOUT});
    struct snapshot s = read_all(&a);
    assert_true(s.jobs->n_final == 4 && s.jobs->n_lattices == 3 && s.attempts->n_new == 4);
    c = campaign_claimed(1);
    add_roll(c.attempt, 6, 1);
    s = read_all(&a);
    assert_true(s.jobs->n_final == 10 && s.jobs->n_lattices == 4 && s.n_attempts == 2);
    assert_int_equal(s.attempts[0].n_new + s.attempts[1].n_new, 10);
    campaign_news((struct store_news){.attempt = c.attempt, .state = ATTEMPT_ENDED, .end = END_OK});
    s = read_all(&a);
    assert_true(s.jobs->n_final == 10 && s.jobs->n_lattices == 4 && s.jobs->n_tries == 2);
    assert_int_equal(s.n_attempts, 0); /* how a done job's attempts ended is never asked */
    arena_free(&a);
}

static void what_process_alone_made_is_no_part_of_it(void **state)
{
    (void)state;
    struct arena a = {0};
    struct error err = {0};
    struct store_job job;
    const struct store_source source = {"/data/a.h5", 100, 1, 3, "NXmx"};
    const struct store_begin b = {.run_name = "a",
                                  .run_hash = (const uint8_t *)"0123456789abcdef",
                                  .folder = "/results",
                                  .sources = &source,
                                  .n_sources = 1,
                                  .n_expected = 3,
                                  .recipe_hash = trial_hash,
                                  .recipe_text = "x = 1\n",
                                  .program = "xfelx test",
                                  .host = "here",
                                  .n_ranks = 1,
                                  .n_threads = 1};
    assert_true(store_begin(store, &b, &job, &err));
    struct snapshot s = read_all(&a);
    assert_true(s.n_runs == 0 && s.n_jobs == 0 && s.n_attempts == 0);
    arena_free(&a);
}

static void the_number_of_statements_does_not_depend_on_the_rows(void **state)
{
    (void)state;
    struct arena a = {0};
    read_all(&a);
    uint64_t start = store->sql.n_statements;
    read_all(&a);
    uint64_t empty = store->sql.n_statements - start;
    for (int i = 1; i <= 40; i++)
        campaign_run(i), campaign_claimed(i);
    start = store->sql.n_statements;
    struct snapshot s = read_all(&a);
    assert_int_equal(s.n_jobs, 40);
    assert_int_equal(store->sql.n_statements - start, empty);
    assert_true(empty <= 24);
    arena_free(&a);
}

static void states_of_the_plan_do_not_undo_what_happened_since(void **state)
{
    (void)state;
    struct error err = {0};
    campaign_run(1);
    struct store_claimed c = campaign_claimed(1);
    struct store_job_state failed = {.job = c.job, .state = JOB_FAILED};
    assert_true(store_set_job_states(store, &failed, 1, &err));
    assert_int_equal(database_number("SELECT state FROM job"), JOB_QUEUED);
    campaign_news(
        (struct store_news){.attempt = c.attempt, .state = ATTEMPT_ENDED, .end = END_EXIT, .exit_code = 1});
    struct store_job_state later = {.job = c.job, .state = JOB_AGAIN, .retry_t = 77};
    assert_true(store_set_job_states(store, &later, 1, &err));
    assert_int_equal(database_number("SELECT retry_t FROM job"), 77);
    assert_true(store_set_job_states(store, &failed, 1, &err));
    assert_true(store_set_job_states(store, &failed, 1, &err));
    assert_int_equal(database_number("SELECT state FROM job"), JOB_FAILED);
    assert_int_equal(campaign_events("job_failed"), 1);
    database_do("UPDATE job SET state=1,n_expected=2,n_final=2");
    assert_true(store_set_job_states(store, &later, 1, &err));
    assert_int_equal(database_number("SELECT state FROM job"), JOB_DONE);
    database_do("UPDATE job SET n_expected=3"); /* the run has grown */
    assert_true(store_set_job_states(store, &later, 1, &err));
    assert_int_equal(database_number("SELECT state FROM job"), JOB_AGAIN);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, campaign_make, campaign_drop)
    const struct CMUnitTest tests[] = {
        TEST(every_kind_of_row_is_there),
        TEST(frames_are_counted_whether_the_job_rests_or_not),
        TEST(what_process_alone_made_is_no_part_of_it),
        TEST(the_number_of_statements_does_not_depend_on_the_rows),
        TEST(states_of_the_plan_do_not_undo_what_happened_since),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
