/* uses_calibs_test.c - what is wrong with a calibration named by label holds back the runs that it is for, before anything is queued. */
#include "campaign.h"
#include "cycle/uses_calibs.h"

static struct {
    const char *bad; /* parameters with this text are bad */
    size_t n;
} files;

static bool open_files(void *arg, const char *phil, char *why, size_t room)
{
    (void)arg;
    files.n++;
    assert_null(strstr(strrchr(phil, '='), "calib:")); /* the last word is a file's */
    bool bad = files.bad && strstr(phil, files.bad);
    snprintf(why, room, "%s", bad ? "no mask at all" : "");
    return !bad;
}

static void add(const char *name, const char *content, int64_t first, int64_t last)
{
    struct store_calib c = {.kind = CALIB_MASK, .label = "bs", .first = first, .last = last};
    const struct store_by by = {"kim", STORE_VIA_COMMAND};
    char path[512];
    struct error err = {0};
    snprintf(path, sizeof path, "%s/%s", here.out, name);
    sha256(content, strlen(content), c.hash);
    c.path = path;
    assert_true(fs_make_folders(here.out, &err) && fs_write_atomic(path, content, strlen(content), &err));
    if (!store_calib_add(here.store, &by, &c, NULL, &err))
        fail_msg("%s %s", err.fact, err.detail);
}

static void a_campaign_of_four_runs_with_a_label(void)
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
    database_do("UPDATE trial SET phil='spotfinder.lookup.mask = calib:bs'");
    database_do("UPDATE rungroup SET phil=''");
}

static size_t n_marked(const char *text)
{
    char question[256];
    snprintf(question, sizeof question, "SELECT count(*) FROM trial WHERE bad_input LIKE '%%%s%%'", text);
    return (size_t)database_number(question);
}

static void a_label_without_a_version_for_a_run_holds_back_that_run_alone(void **state)
{
    (void)state;
    a_campaign_of_four_runs_with_a_label();
    struct cycle_report r = campaign_act();
    assert_int_equal(r.n_bad, 4);
    assert_int_equal(r.n_refused, 0);
    assert_non_null(strstr(r.first, "there is no mask called \"bs\""));
    assert_int_equal(n_marked("there is no mask called \"bs\""), 1);
    add("m2", "two", 3, -1);
    r = campaign_act();
    assert_int_equal(r.n_submitted, 2);
    assert_int_equal(r.n_bad, 2);
    assert_int_equal(files.n, 1); /* two runs, one file */
    assert_non_null(strstr(r.first, "there is no mask called \"bs\" for this run"));
    assert_int_equal(n_marked("2 jobs, the first of run_000"), 1);
    assert_int_equal(database_number("SELECT min(run) FROM job"), 3);
    add("m1", "one", -1, 2);
    r = campaign_act();
    assert_int_equal(r.n_submitted, 2);
    assert_int_equal(r.n_bad, 0);
    assert_int_equal(n_marked(""), 0); /* and it cleared itself */
    campaign_drop();
}

static void each_version_is_opened_for_the_runs_that_read_it(void **state)
{
    (void)state;
    a_campaign_of_four_runs_with_a_label();
    files.bad = "/m2";
    add("m1", "one", -1, -1);
    add("m2", "two", 4, -1);
    struct cycle_report r = campaign_act();
    assert_int_equal(r.n_submitted, 3);
    assert_int_equal(r.n_bad, 1);
    assert_int_equal(files.n, 2);
    assert_non_null(strstr(r.first, "no mask at all"));
    assert_int_equal(n_marked(": no mask at all"), 1);
    campaign_drop();
}

static void a_copy_that_somebody_changed_is_a_reason_too(void **state)
{
    (void)state;
    char path[512];
    struct error err = {0};
    a_campaign_of_four_runs_with_a_label();
    add("m1", "one", -1, -1);
    snprintf(path, sizeof path, "%s/m1", here.out);
    assert_true(fs_write_atomic(path, "another", 7, &err));
    struct cycle_report r = campaign_act();
    assert_int_equal(r.n_bad, 4);
    assert_int_equal(r.n_refused, 0);
    assert_non_null(strstr(r.first, "is not what was added as mask bs"));
    campaign_drop();
}

/* With one submission allowed, the runs that lack a version take no place from the one that has it. */
static void what_lacks_a_version_takes_no_place_from_what_has_one(void **state)
{
    (void)state;
    a_campaign_of_four_runs_with_a_label();
    add("m1", "one", 1, 1);
    here.cycle.policy.rate_left = 1;
    struct cycle_report r = campaign_act();
    assert_int_equal(r.n_submitted, 1);
    assert_int_equal(database_number("SELECT run FROM job"), 1);
    campaign_drop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_label_without_a_version_for_a_run_holds_back_that_run_alone),
        cmocka_unit_test(each_version_is_opened_for_the_runs_that_read_it),
        cmocka_unit_test(a_copy_that_somebody_changed_is_a_reason_too),
        cmocka_unit_test(what_lacks_a_version_takes_no_place_from_what_has_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
