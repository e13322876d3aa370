/* observe_test.c - runs as they are seen, stored; only what changed. */
#include "campaign.h"

#include <unistd.h>

static int n_opened;

static bool opens(void *arg, const char *const *files, size_t n, char *why, size_t room)
{
    (void)arg;
    n_opened++;
    assert_true(n > 0);
    bool good = !strstr(files[0], "junk");
    snprintf(why, room, "%s", good ? "" : "it is junk");
    return good;
}

static void new_files_become_runs_and_a_quiet_look_writes_nothing(void **state)
{
    (void)state;
    campaign_make();
    campaign_file("run_0012.h5", "abc");
    campaign_file("run_0013.h5", "abcd");
    struct cycle_report r = campaign_observe();
    assert_int_equal(r.n_runs, 2);
    assert_int_equal(r.n_new, 2);
    assert_int_equal(database_number("SELECT count(*) FROM run WHERE state=3 AND num=ord AND n_here=1"), 2);
    assert_int_equal(database_number("SELECT count(*) FROM source WHERE size IN (3,4) AND mtime>0"), 2);
    for (int i = 0; i < 3; i++) {
        r = campaign_observe();
        assert_int_equal(r.n_runs, 2);
        assert_int_equal(r.n_changed, 0);
    }
    campaign_file("run_0012.h5", "abcdefgh");
    r = campaign_observe();
    assert_int_equal(r.n_changed, 1);
    assert_int_equal(r.n_new, 0);
    assert_int_equal(database_number("SELECT bytes_here FROM run WHERE num=12"), 8);
    campaign_drop();
}

static void a_run_that_is_gone_is_kept_and_a_renamed_one_is_the_same(void **state)
{
    (void)state;
    char from[512], to[512];
    campaign_make();
    campaign_file("run_0012.h5", "abc");
    campaign_file("run_0013.h5", "abcd");
    campaign_observe();
    snprintf(from, sizeof from, "%s/run_0012.h5", here.data);
    snprintf(to, sizeof to, "%s/run_0022.h5", here.data);
    assert_int_equal(rename(from, to), 0);
    snprintf(to, sizeof to, "%s/run_0013.h5", here.data);
    assert_int_equal(unlink(to), 0);
    struct cycle_report r = campaign_observe();
    assert_int_equal(r.n_new, 0);
    assert_int_equal(database_number("SELECT count(*) FROM run"), 2);
    assert_int_equal(database_number("SELECT state FROM run WHERE id=2"), RUN_VANISHED);
    assert_int_equal(database_number("SELECT state FROM run WHERE id=1"), RUN_PRESENT);
    assert_int_equal(database_number("SELECT name='run_0022' FROM run WHERE id=1"), 1);
    assert_int_equal(campaign_observe().n_changed, 0);
    campaign_drop();
}

static void a_run_that_cannot_be_read_is_recorded_with_the_reason_and_tried_again(void **state)
{
    (void)state;
    campaign_make();
    here.cycle.readable = opens;
    n_opened = 0;
    campaign_file("run_0012.h5", "abc");
    campaign_file("junk_0013.h5", "abcd");
    campaign_observe();
    assert_int_equal(n_opened, 2);
    assert_int_equal(
        database_number("SELECT count(*) FROM run WHERE readable=0 AND num=13 AND why='it is junk'"), 1);
    assert_int_equal(campaign_observe().n_changed, 0);
    assert_int_equal(n_opened, 3); /* the one that could not be read */
    struct cycle_report r = campaign_act();
    assert_int_equal(r.n_submitted, 1);
    campaign_drop();
}

static void a_folder_that_is_not_there_is_an_error_and_loses_nothing(void **state)
{
    (void)state;
    struct cycle_report r = {0};
    struct error err = {0};
    enum net_class class = NET_DONE;
    campaign_make();
    campaign_file("run_0012.h5", "abc");
    campaign_observe();
    const char *data = here.cycle.facility.data_dir;
    here.cycle.facility.data_dir = "/nowhere/at/all";
    assert_false(cycle_observe(&here.cycle, &class, &r, &err));
    assert_int_equal(class, NET_AGAIN);
    assert_true(*err.fact);
    here.cycle.facility.data_dir = data;
    assert_int_equal(database_number("SELECT count(*) FROM run WHERE state=3"), 1);
    assert_int_equal(campaign_observe().n_changed, 0);
    campaign_drop();
}

/* Time for one run only, then the watcher is told to end. */
static bool may_open_one(void *arg, double seconds)
{
    (void)arg;
    (void)seconds;
    return n_opened == 0;
}

static void what_was_not_opened_in_time_waits_and_is_opened_in_a_later_look(void **state)
{
    (void)state;
    struct cycle_report r = {0};
    struct error err = {0};
    campaign_make();
    campaign_file("run_0001.h5", "abc");
    campaign_file("run_0002.h5", "abc");
    campaign_file("run_0003.h5", "abc");
    here.cycle.readable = opens;
    here.cycle.pause = may_open_one;
    n_opened = 0;
    assert_false(cycle_observe(&here.cycle, NULL, &r, &err)); /* told to end */
    assert_int_equal(n_opened, 1);
    assert_int_equal(database_number("SELECT num FROM run WHERE readable=1"), 3); /* the newest first */
    assert_int_equal(database_number("SELECT count(*) FROM run WHERE readable=0 AND why='not opened yet'"),
                     2);
    here.cycle.pause = NULL;
    campaign_observe();
    assert_int_equal(n_opened, 3);
    assert_int_equal(database_number("SELECT count(*) FROM run WHERE readable=1 AND why=''"), 3);
    campaign_drop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_files_become_runs_and_a_quiet_look_writes_nothing),
        cmocka_unit_test(a_run_that_is_gone_is_kept_and_a_renamed_one_is_the_same),
        cmocka_unit_test(a_run_that_cannot_be_read_is_recorded_with_the_reason_and_tried_again),
        cmocka_unit_test(a_folder_that_is_not_there_is_an_error_and_loses_nothing),
        cmocka_unit_test(what_was_not_opened_in_time_waits_and_is_opened_in_a_later_look),
    };
    return cmocka_run_group_tests_name("cycle/observe", tests, NULL, NULL);
}
