/* script_test.c - chains of custom tasks, versions of datasets: what their job scripts run, and that they really do. */
#include "campaign.h"

#include "cycle/script.h"

#include <unistd.h>

/* A run whose indexing is done and published, with a dataset of two tasks: one on the run, one on all. */
static void a_chain(void)
{
    campaign_make();
    campaign_file("run_0001.h5", "a");
    campaign_observe();
    here.cycle.policy.merge_quiet = 0;
    database_do("INSERT INTO task(id,name,kind) VALUES(7,'mine','script'),(8,'all','script_all')");
    database_do("INSERT INTO task_rev(id,task,rev,phil,resources,used,created,who) VALUES"
                "(3,7,1,'cat <input>/idx.txt <phil> >made.txt && echo <run> >>made.txt\nn = 3\n','',0,0,''),"
                "(4,8,1,'cat <inputs>/made.txt >all.txt','',0,0,'')");
    database_do("INSERT INTO tag(id,name,auto) VALUES(1,'lyso',1)");
    database_do("INSERT INTO run_tag(run,tag,t,who) VALUES(1,1,0,'')");
    database_do("INSERT INTO dataset(id,name,op,active) VALUES(5,'ly so',1,1)");
    database_do("INSERT INTO dataset_tag VALUES(5,1)");
    database_do("INSERT INTO dataset_task VALUES(5,0,3),(5,1,4)");
    campaign_act();
    assert_int_equal(toy.n, 1);
    database_do("UPDATE attempt SET live=NULL,state=9,end_kind=1");
    database_do("UPDATE job SET state=1,n_expected=4,n_final=4,published=1,state_t=1");
}

/* Run an attempt's script as a scheduler would, and see how it ended. */
static void run_script(int64_t attempt)
{
    char path[512], folder[256];
    struct error err = {0};
    struct child_answer answer;
    snprintf(folder, sizeof folder, "%s/.xfelx/jobs", here.out);
    snprintf(path, sizeof path, "%s/%lld.sh", folder, (long long)attempt);
    const char *const argv[] = {"/bin/sh", path, NULL};
    assert_true(child_run(&(struct child){.argv = argv, .folder = folder, .seconds = 20}, &answer, &err));
    child_answer_free(&answer);
    for (size_t i = 0; i < toy.n; i++)
        toy.jobs[i].state = ATTEMPT_ENDED, toy.jobs[i].end = END_OK;
    campaign_poll();
}

static void assert_content(const char *name, const char *expected)
{
    char path[512];
    struct bytes b = {0};
    struct error err = {0};
    snprintf(path, sizeof path, "%s/%s", here.out, name);
    if (!fs_read(path, 1 << 20, &b, &err))
        fail_msg("%s %s", err.fact, err.detail);
    if (b.size != strlen(expected) || memcmp(b.data, expected, b.size) != 0)
        fail_msg("%s: %.*s", name, (int)b.size, (const char *)b.data);
    bytes_free(&b);
}

static void a_chain_of_tasks_goes_from_the_run_to_the_dataset(void **state)
{
    (void)state;
    char path[512];
    struct error err = {0};
    a_chain();
    snprintf(path, sizeof path, "%s/r0001/001_rg001/out", here.out);
    assert_true(fs_make_folders(path, &err));
    snprintf(path, sizeof path, "%s/r0001/001_rg001/out/idx.txt", here.out);
    assert_true(fs_write_atomic(path, "indexed\n", 8, &err));
    assert_int_equal(campaign_act().n_submitted, 1);
    assert_int_equal(campaign_act().n_submitted, 0); /* the dataset waits for it */
    run_script(2);
    assert_int_equal(database_number("SELECT count(*) FROM job WHERE task_rev=3 AND state=1 AND published=1"),
                     1);
    assert_content("r0001/001_rg001/task007/out/made.txt", "indexed\nn = 3\nrun_0001\n");
    database_do("UPDATE job SET state_t=1");
    assert_int_equal(campaign_act().n_submitted, 1);
    assert_int_equal(database_number("SELECT count(*) FROM dataset_version"), 1);
    run_script(3);
    assert_content("ly%20so/v001/task008/out/all.txt", "indexed\nn = 3\nrun_0001\n");
    assert_int_equal(campaign_act().n_submitted, 0);
    assert_int_equal(database_number("SELECT count(*) FROM job WHERE state=1"), 3);
    campaign_drop();
}

static void what_a_failed_try_left_does_not_stand_in_the_way(void **state)
{
    (void)state;
    char path[512];
    struct error err = {0};
    a_chain();
    campaign_act();
    run_script(2); /* its input is not there */
    assert_int_equal(
        database_number("SELECT count(*) FROM attempt WHERE id=2 AND end_kind=2 AND exit_code=1"), 1);
    snprintf(path, sizeof path, "%s/r0001/001_rg001/task007/out", here.out);
    assert_int_not_equal(access(path, F_OK), 0);
    snprintf(path, sizeof path, "%s/r0001/001_rg001/out", here.out);
    assert_true(fs_make_folders(path, &err));
    snprintf(path, sizeof path, "%s/r0001/001_rg001/out/idx.txt", here.out);
    assert_true(fs_write_atomic(path, "indexed\n", 8, &err));
    database_do("UPDATE job SET forgiven_t=9000000000000000000 WHERE task_rev=3"); /* job retry */
    assert_int_equal(campaign_act().n_submitted, 1);
    run_script(3);
    assert_content("r0001/001_rg001/task007/out/made.txt", "indexed\nn = 3\nrun_0001\n");
    campaign_drop();
}

static void a_task_has_resources_of_its_own(void **state)
{
    (void)state;
    char path[512];
    struct bytes b = {0};
    struct error err = {0};
    a_chain();
    database_do("UPDATE task_rev SET resources='mp.nproc = 3\nmp.queue = fast\n' WHERE id=3");
    assert_int_equal(campaign_act().n_submitted, 1);
    snprintf(path, sizeof path, "%s/.xfelx/jobs/2.sh", here.out);
    assert_true(fs_read(path, 1 << 20, &b, &err));
    b.data[b.size - 1] = 0;
    assert_non_null(strstr((const char *)b.data, "#SBATCH --partition=fast\n"));
    assert_non_null(strstr((const char *)b.data, "#SBATCH --cpus-per-task=3\n"));
    bytes_free(&b);
    database_do("UPDATE attempt SET live=NULL,state=9,end_kind=13 WHERE id=2");
    database_do("UPDATE task_rev SET resources='mp.nproc = many' WHERE id=3");
    struct cycle_report r = campaign_act();
    assert_int_equal(r.n_submitted, 0);
    assert_int_equal(r.n_refused, 1);
    assert_true(*r.first);
    campaign_drop();
}

static void a_task_without_a_command_is_said_and_stops_nobody(void **state)
{
    (void)state;
    a_chain();
    database_do("UPDATE task_rev SET phil='<nothing>' WHERE id=3");
    campaign_file("run_0002.h5", "ab");
    campaign_observe();
    struct cycle_report r = campaign_act();
    assert_int_equal(r.n_submitted, 1);
    assert_int_equal(r.n_refused, 1);
    assert_non_null(strstr(r.first, "<nothing>"));
    assert_int_equal(database_number("SELECT count(*) FROM job WHERE task_rev=3"), 0);
    campaign_drop();
}

static void a_script_can_be_shown_before_it_is_made(void **state)
{
    (void)state;
    struct cycle_plan plan;
    struct arena a = {0};
    struct error err = {0};
    struct str out = {0};
    campaign_make();
    campaign_file("run_0001.h5", "a");
    campaign_observe();
    assert_true(cycle_plan(&here.cycle, &a, &plan, &err));
    assert_int_equal(plan.n, 1);
    if (!cycle_script(&here.cycle, &plan.actions[0], &out, &err))
        fail_msg("%s", err.fact);
    assert_non_null(strstr(out.text, "XFELX_ATTEMPT=1"));
    assert_non_null(strstr(out.text, "/xfelx-HASH process "));
    assert_int_equal(database_number("SELECT count(*) FROM job"), 0);
    str_free(&out);
    arena_free(&a);
    campaign_drop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chain_of_tasks_goes_from_the_run_to_the_dataset),
        cmocka_unit_test(what_a_failed_try_left_does_not_stand_in_the_way),
        cmocka_unit_test(a_task_has_resources_of_its_own),
        cmocka_unit_test(a_task_without_a_command_is_said_and_stops_nobody),
        cmocka_unit_test(a_script_can_be_shown_before_it_is_made),
    };
    return cmocka_run_group_tests_name("cycle/script", tests, NULL, NULL);
}
