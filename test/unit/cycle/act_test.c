/* act_test.c - what the plan says is done once, and what the scheduler answers is written down. */
#include "campaign.h"

#include <unistd.h>

static void three_runs(void)
{
    campaign_make();
    campaign_file("run_0001.h5", "a");
    campaign_file("run_0002.h5", "ab");
    campaign_file("run_0003.h5", "abc");
    campaign_observe();
}

static void every_run_is_submitted_once_newest_first(void **state)
{
    (void)state;
    three_runs();
    struct cycle_report r = campaign_act();
    assert_int_equal(r.n_submitted, 3);
    assert_int_equal(database_number("SELECT run FROM job WHERE id=1"), 3);
    assert_int_equal(
        database_number(
            "SELECT count(*) FROM attempt WHERE live=1 AND state=3 AND sched_id IN ('101','102','103')"),
        3);
    for (int i = 0; i < 3; i++) {
        r = campaign_act();
        assert_int_equal(r.n_submitted, 0);
    }
    assert_int_equal(toy.n_submit, 3);
    assert_int_equal(database_number("SELECT count(*) FROM job WHERE state=3"), 3);
    campaign_drop();
}

static void a_script_runs_a_copy_of_the_program_on_parameters_that_never_change(void **state)
{
    (void)state;
    char path[256];
    struct bytes b = {0};
    struct error err = {0};
    three_runs();
    campaign_act();
    snprintf(path, sizeof path, "%s/.xfelx/jobs/1.sh", here.out);
    assert_true(fs_read(path, 1 << 20, &b, &err));
    b.data[b.size - 1] = 0;
    char *text = (char *)b.data, *program = strstr(text, "\nprogram="), *phil = strstr(text, " process ");
    assert_non_null(program);
    assert_non_null(phil);
    program += 9;
    program[strcspn(program, "\n")] = 0;
    phil += 9;
    phil[strcspn(phil, " ")] = 0;
    assert_int_equal(access(program, X_OK), 0);
    struct bytes recipe = {0};
    assert_true(fs_read(phil, 1 << 20, &recipe, &err));
    assert_memory_equal(recipe.data, "a = 1\nb = 2\n", recipe.size);
    bytes_free(&recipe);
    bytes_free(&b);
    assert_int_equal(database_number("SELECT count(*) FROM job WHERE folder LIKE '%/r0003/001_rg001'"), 1);
    assert_int_equal(
        database_number("SELECT count(*) FROM attempt WHERE log_path LIKE '%/r0003/001_rg001/a1/log.out'"),
        1);
    campaign_drop();
}

static void one_that_is_refused_fails_with_the_reason_and_stops_nobody(void **state)
{
    (void)state;
    three_runs();
    toy.verdicts[0] = BATCH_REFUSED;
    struct cycle_report r = campaign_act();
    assert_int_equal(r.n_submitted, 2);
    assert_int_equal(r.n_refused, 1);
    assert_non_null(strstr(r.first, ", trial 1, rungroup 1: it says no")); /* whose it is */
    assert_int_equal(
        database_number("SELECT count(*) FROM attempt WHERE state=9 AND end_kind=9 AND reason='it says no'"),
        1);
    assert_int_equal(campaign_act().n_submitted, 0); /* refused for good */
    campaign_drop();
}

static void a_limit_is_no_failure_and_what_is_left_comes_later(void **state)
{
    (void)state;
    three_runs();
    toy.verdicts[1] = BATCH_LIMIT;
    struct cycle_report r = campaign_act();
    assert_int_equal(r.n_submitted, 1);
    assert_int_equal(r.n_waiting, 1);
    assert_string_equal(r.limit, "it says no");
    r = campaign_act();
    assert_int_equal(r.n_submitted, 2);
    assert_int_equal(database_number("SELECT count(*) FROM attempt WHERE live=1"), 3);
    campaign_drop();
}

static void an_unclear_answer_is_not_repeated(void **state)
{
    (void)state;
    three_runs();
    toy.verdicts[0] = BATCH_UNCLEAR;
    toy.takes_silently = true;
    struct cycle_report r = campaign_act();
    assert_int_equal(r.n_unclear, 1);
    assert_int_equal(r.n_submitted, 0); /* nothing more before it is known what became of it */
    r = campaign_act();
    assert_int_equal(r.n_submitted, 2); /* the others; it stands as submitting */
    assert_int_equal(toy.n_submit, 3);
    assert_int_equal(database_number("SELECT count(*) FROM attempt"), 3);
    campaign_drop();
}

static void a_scheduler_that_cannot_be_called_fails_no_job(void **state)
{
    (void)state;
    three_runs();
    toy.down = true;
    struct cycle_report r = campaign_act();
    assert_int_equal(r.n_waiting, 2);
    assert_int_equal(toy.n_submit, 1);
    assert_int_equal(database_number("SELECT count(*) FROM attempt WHERE live=1"), 0);
    toy.down = false;
    assert_int_equal(campaign_act().n_submitted, 3);
    campaign_drop();
}

static void a_second_trial_is_submitted_and_only_it(void **state)
{
    (void)state;
    three_runs();
    campaign_act();
    database_do("INSERT INTO trial(num,recipe_hash,phil,body,active,used,created,who) "
                "VALUES(2,x'"
                "0202030405060708090a0b0c0d0e0f100202030405060708090a0b0c0d0e0f10','a = 2','',1,0,0,'')");
    database_do("INSERT INTO trial_rungroup(trial,rungroup,active) VALUES(2,1,1)");
    assert_int_equal(campaign_act().n_submitted, 3);
    assert_int_equal(database_number("SELECT count(*) FROM job WHERE trial=2"), 3);
    assert_int_equal(database_number("SELECT count(*) FROM job WHERE folder LIKE '%/002_rg001'"), 3);
    campaign_drop();
}

static void what_a_person_cancelled_is_told_to_the_scheduler(void **state)
{
    (void)state;
    three_runs();
    campaign_act();
    database_do("UPDATE job SET cancelled=1 WHERE id=2");
    struct cycle_report r = campaign_act();
    assert_int_equal(r.n_cancelled, 1);
    assert_string_equal(toy.cancelled, "102");
    toy.jobs[1].state = ATTEMPT_ENDED, toy.jobs[1].end = END_CANCELLED;
    campaign_poll();
    campaign_act();
    assert_int_equal(database_number("SELECT state FROM job WHERE id=2"), JOB_CANCELLED);
    assert_int_equal(toy.n_submit, 3);
    campaign_drop();
}

static void a_dry_run_changes_nothing(void **state)
{
    (void)state;
    char folder[256];
    three_runs();
    here.cycle.dry = true;
    struct cycle_report r = campaign_act();
    assert_int_equal(r.n_waiting, 3);
    assert_int_equal(toy.n_submit, 0);
    assert_int_equal(database_number("SELECT count(*) FROM job"), 0);
    snprintf(folder, sizeof folder, "%s/.xfelx", here.out);
    assert_false(fs_is_folder(folder));
    campaign_drop();
}

static void more_new_jobs_than_may_start_by_themselves_are_said(void **state)
{
    (void)state;
    three_runs();
    here.cycle.policy.confirm_above = 2;
    struct cycle_report r = campaign_act();
    assert_int_equal(r.n_ask, 3);
    assert_int_equal(toy.n_submit, 0);
    here.cycle.policy.yes = true;
    r = campaign_act();
    assert_int_equal(r.n_ask, 0);
    assert_int_equal(toy.n_submit, 3);
    campaign_drop();
}

static void a_result_folder_that_cannot_be_written_is_said(void **state)
{
    (void)state;
    struct cycle_report r = {0};
    struct cycle_plan plan;
    struct arena a = {0};
    struct error err = {0};
    char path[256];
    three_runs();
    snprintf(path, sizeof path, "%s/.xfelx", here.out); /* a file in its place: root may write everywhere */
    assert_true(fs_write_atomic(path, "x", 1, &err));
    assert_true(cycle_plan(&here.cycle, &a, &plan, &err));
    assert_false(cycle_act(&here.cycle, &plan, &r, &err));
    assert_non_null(strstr(err.fact, ".xfelx"));
    assert_int_equal(toy.n_submit, 0);
    assert_int_equal(database_number("SELECT count(*) FROM attempt"), 0);
    arena_free(&a);
    campaign_drop();
}

static bool never(void *arg, double seconds)
{
    (void)arg;
    (void)seconds;
    return false;
}

static void a_watcher_that_may_not_act_any_more_stops(void **state)
{
    (void)state;
    three_runs();
    here.cycle.pause = never;
    struct cycle_report r = campaign_act();
    assert_int_equal(toy.n_submit, 0);
    assert_int_equal(r.n_waiting, 2);
    assert_true(*r.limit);
    campaign_drop();
}

static void a_run_whose_files_are_not_all_here_is_counted_once(void **state)
{
    (void)state;
    three_runs();
    database_do("UPDATE run SET state=2,n_files=2,n_here=1 WHERE name='run_0002'");
    database_do("INSERT INTO trial(num,recipe_hash,phil,body,active,used,created,who) "
                "VALUES(2,x'"
                "0202030405060708090a0b0c0d0e0f100202030405060708090a0b0c0d0e0f10','a = 2','',1,0,0,'')");
    database_do("INSERT INTO trial_rungroup(trial,rungroup,active) VALUES(2,1,1)");
    struct cycle_report r = campaign_act();
    assert_int_equal(r.n_submitted, 4);
    assert_int_equal(r.n_coming, 1);
    campaign_drop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_run_is_submitted_once_newest_first),
        cmocka_unit_test(a_script_runs_a_copy_of_the_program_on_parameters_that_never_change),
        cmocka_unit_test(one_that_is_refused_fails_with_the_reason_and_stops_nobody),
        cmocka_unit_test(a_limit_is_no_failure_and_what_is_left_comes_later),
        cmocka_unit_test(an_unclear_answer_is_not_repeated),
        cmocka_unit_test(a_scheduler_that_cannot_be_called_fails_no_job),
        cmocka_unit_test(a_second_trial_is_submitted_and_only_it),
        cmocka_unit_test(what_a_person_cancelled_is_told_to_the_scheduler),
        cmocka_unit_test(a_dry_run_changes_nothing),
        cmocka_unit_test(more_new_jobs_than_may_start_by_themselves_are_said),
        cmocka_unit_test(a_result_folder_that_cannot_be_written_is_said),
        cmocka_unit_test(a_watcher_that_may_not_act_any_more_stops),
        cmocka_unit_test(a_run_whose_files_are_not_all_here_is_counted_once),
    };
    return cmocka_run_group_tests_name("cycle/act", tests, NULL, NULL);
}
