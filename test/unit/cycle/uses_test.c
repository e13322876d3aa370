/* uses_test.c - files that jobs are to read are opened before anything is queued, once for a trial and a rungroup. */
#include "campaign.h"
#include "cycle/uses.h"

static struct {
    const char *bad; /* parameters with this text are bad */
    size_t n;
    char phil[256];
} files;

static bool open_files(void *arg, const char *phil, char *why, size_t room)
{
    (void)arg;
    files.n++;
    snprintf(files.phil, sizeof files.phil, "%s", phil);
    bool bad = files.bad && strstr(phil, files.bad);
    snprintf(why, room, "%s", bad ? "cannot open the mask m" : "");
    return !bad;
}

static void a_campaign_of_four_runs(void)
{
    campaign_make();
    memset(&files, 0, sizeof files);
    here.cycle.inputs = open_files;
    for (int i = 1; i <= 4; i++) {
        char name[32];
        snprintf(name, sizeof name, "run_%04d.h5", i);
        campaign_file(name, "a");
    }
    campaign_observe();
}

static void nothing_is_queued_with_files_that_are_bad_and_all_is_when_they_are_well(void **state)
{
    (void)state;
    a_campaign_of_four_runs();
    files.bad = "a = 1";
    database_do("UPDATE rungroup SET phil=''");
    struct cycle_report r = campaign_act();
    assert_int_equal(r.n_submitted, 0);
    assert_int_equal(r.n_bad, 4);
    assert_non_null(strstr(r.first, "cannot open the mask m"));
    assert_int_equal(files.n, 1); /* four decisions, one look */
    assert_string_equal(files.phil, "a = 1\n\n");
    assert_int_equal(database_number("SELECT count(*) FROM job"), 0);
    assert_int_equal(database_number("SELECT count(*) FROM trial WHERE bad_input='cannot open the mask m'"),
                     1);
    assert_int_equal(database_number("SELECT count(*) FROM rungroup WHERE bad_input IS NOT NULL"), 0);
    files.bad = NULL;
    r = campaign_act();
    assert_int_equal(r.n_submitted, 4);
    assert_int_equal(r.n_bad, 0);
    assert_int_equal(database_number("SELECT count(*) FROM trial WHERE bad_input IS NOT NULL"), 0);
    campaign_drop();
}

static void only_what_reads_the_bad_file_is_held_back(void **state)
{
    (void)state;
    a_campaign_of_four_runs();
    database_do("INSERT INTO rungroup(first_ord,active,phil,body,created,who) VALUES(3,1,'c = 3','',0,'')");
    database_do("INSERT INTO trial_rungroup(trial,rungroup,active) VALUES(1,2,1)");
    files.bad = "c = 3";
    struct cycle_report r = campaign_act();
    assert_int_equal(r.n_submitted, 4);
    assert_int_equal(r.n_bad, 2);
    assert_int_equal(database_number("SELECT count(*) FROM trial WHERE bad_input IS NOT NULL"), 0);
    assert_int_equal(database_number("SELECT id FROM rungroup WHERE bad_input IS NOT NULL"), 2);
    campaign_drop();
}

/* Where submit.rate lets one go in a cycle, the bad ones do not stand in the way of the good ones. */
static void what_is_bad_takes_no_place_from_what_is_well(void **state)
{
    (void)state;
    a_campaign_of_four_runs();
    database_do("INSERT INTO rungroup(first_ord,last_ord,active,phil,body,created,who) VALUES(4,4,1,'c = "
                "3','',0,'')");
    database_do("UPDATE rungroup SET last_ord=3 WHERE id=1");
    database_do("INSERT INTO trial_rungroup(trial,rungroup,active) VALUES(1,2,1)");
    files.bad = "c = 3";
    here.cycle.policy.rate_left = 1;
    assert_int_equal(campaign_act().n_submitted, 1);
    assert_int_equal(files.n, 2);
    assert_int_equal(database_number("SELECT run FROM job"), 3);
    campaign_drop();
}

static void nothing_is_opened_when_nothing_is_to_be_done(void **state)
{
    (void)state;
    a_campaign_of_four_runs();
    campaign_act();
    files.n = 0;
    campaign_act();
    assert_int_equal(files.n, 0);
    campaign_drop();
}

static void what_a_person_kept_with_a_missing_file_starts_when_the_file_is_there(void **state)
{
    (void)state;
    a_campaign_of_four_runs();
    database_do("UPDATE rungroup SET bad_input='was not there'");
    assert_int_equal(campaign_act().n_submitted, 4);
    assert_int_equal(database_number("SELECT count(*) FROM rungroup WHERE bad_input IS NOT NULL"), 0);
    campaign_drop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_queued_with_files_that_are_bad_and_all_is_when_they_are_well),
        cmocka_unit_test(only_what_reads_the_bad_file_is_held_back),
        cmocka_unit_test(what_is_bad_takes_no_place_from_what_is_well),
        cmocka_unit_test(nothing_is_opened_when_nothing_is_to_be_done),
        cmocka_unit_test(what_a_person_kept_with_a_missing_file_starts_when_the_file_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
