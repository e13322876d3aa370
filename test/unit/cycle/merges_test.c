/* merges_test.c - figures of merges are taken in when their job is done: once, from the log among its results. */
#include "campaign.h"

#include "cycle/merges.h"

#include <unistd.h>

static const char whole[] =
    "STEP 1: Read\nExperiments: (total,min,max): 16, 16, 16\n"
    "   Intensity Statistics (all accepted experiments)\n\n"
    "  1 -1.0000 -  5.1299  [80/100] 80.00 2.40 3.00 240 80 182 1.476 9.872 9.115 1.545\n"
    "All                    [80/100] 80.00 2.40 3.00 240 80 182 1.476 0.000 0.000 0.000\n";

/* Jobs 40 and 41 of version 2 of a dataset: a merge and what follows it. */
static void two_jobs(void)
{
    campaign_make();
    database_do("INSERT INTO dataset(id,name,op,active) VALUES(7,'d',1,1)");
    database_do("INSERT INTO dataset_version(id,dataset,version,created) VALUES(32,7,2,6)");
    database_do("INSERT INTO task(id,name,kind) VALUES(1,'m','merge'),(2,'p','phenix')");
    database_do(
        "INSERT INTO task_rev(id,task,rev,phil,resources,used,created,who) VALUES(3,1,1,'','',1,0,''),"
        "(4,2,1,'','',1,0,'')");
    database_do(
        "INSERT INTO job(id,trial,rungroup,run,task_rev,version,state,state_t,n_expected,n_tries,cancelled,"
        "published,preview,folder,created) VALUES(40,1,0,0,3,32,1,1,0,1,0,1,0,'ds/m[1]',0),"
        "(41,1,0,0,4,32,1,1,0,1,0,1,0,'ds/p',0)");
}

static void is_done(int job, const char *name, const char *log)
{
    char path[512], text[256];
    struct error err = {0};
    snprintf(path, sizeof path, "%s/ds/%s/out", here.out, job == 40 ? "m[1]" : "p");
    assert_true(fs_make_folders(path, &err));
    snprintf(path + strlen(path), sizeof path - strlen(path), "/%s", name);
    assert_true(fs_write_atomic(path, log, strlen(log), &err));
    snprintf(text, sizeof text,
             "INSERT INTO event(t,kind,level,run,job,attempt,body) VALUES(1,'job_done',1,0,%d,0,'')", job);
    database_do(text);
}

static void look(void)
{
    struct error err = {0};
    if (!cycle_merges(&here.cycle, &err))
        fail_msg("%s %s", err.fact, err.detail);
}

static void the_log_of_a_merge_is_taken_in_once(void **state)
{
    (void)state;
    two_jobs();
    look();
    is_done(40, "light_main.log", whole);
    is_done(41, "light_main.log", whole); /* no merge */
    campaign_poll();
    look();
    assert_int_equal(
        database_number("SELECT count(*) FROM merge_stats WHERE version=32 AND job=40 AND lattices=16"), 2);
    assert_int_equal(database_number("SELECT count(*) FROM merge_stats"), 2);
    assert_int_equal(database_number("SELECT count(*) FROM event WHERE kind='dataset_merged' AND job=40"), 1);
    campaign_drop();
}

static void a_log_that_is_none_is_said_once_and_stops_nothing(void **state)
{
    (void)state;
    two_jobs();
    is_done(40, "light_main.log", "STEP 1: Read\nkilled\n");
    look();
    look();
    assert_int_equal(database_number("SELECT count(*) FROM merge_stats"), 0);
    assert_int_equal(database_number("SELECT count(*) FROM event WHERE kind='watch_error' AND job=40"), 1);
    is_done(40, "light_main.log", whole); /* a person asked for it again */
    look();
    assert_int_equal(database_number("SELECT count(*) FROM merge_stats"), 2);
    campaign_drop();
}

static void other_programs_leave_other_files(void **state)
{
    (void)state;
    two_jobs();
    is_done(40, "partialator.log", whole);
    look();
    assert_int_equal(database_number("SELECT count(*) FROM merge_stats"), 0);
    assert_int_equal(database_number("SELECT count(*) FROM event WHERE kind<>'job_done'"), 0);
    campaign_drop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_log_of_a_merge_is_taken_in_once),
        cmocka_unit_test(a_log_that_is_none_is_said_once_and_stops_nothing),
        cmocka_unit_test(other_programs_leave_other_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
