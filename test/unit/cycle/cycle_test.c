/* cycle_test.c - settings of a cycle. */
#include "campaign.h"

#include <unistd.h>

static bool open_with(const char *text, struct cycle *out, struct error *err)
{
    struct params *p = params_make(&here.arena);
    if (!params_merge_text(p, "test", text, err))
        fail_msg("%s %s", err->fact, err->detail);
    return cycle_open(p, here.store, &here.arena, out, err);
}

static void settings_become_policy(void **state)
{
    (void)state;
    struct cycle c;
    struct error err = {0};
    campaign_make();
    assert_true(
        open_with("output_folder = /o\nmp.method = pbs\nmp.max_queued = 7\nsubmit.max_tries = 2\n"
                  "submit.blocked_action = cancel\nsubmit.grace = 5\nmerge.quiet = 60\nfacility.name = lcls\n"
                  "facility.lcls.web.location = S3DF\n",
                  &c, &err));
    assert_string_equal(c.scheduler, "pbs");
    assert_int_equal(c.policy.max_queued, 7);
    assert_int_equal(c.policy.max_tries, 2);
    assert_true(c.policy.cancel_blocked);
    assert_true(c.policy.start_at_complete); /* at S3DF files are written in place */
    assert_int_equal(c.policy.merge_quiet, INT64_C(60000000000));
    assert_int_equal(c.grace, INT64_C(5000000000));
    assert_false(c.dry);
    assert_true(open_with("output_folder = /o\nmp.method = slurm\nmonitoring_mode = True\n", &c, &err));
    assert_true(c.dry);
    assert_false(c.policy.start_at_complete);
    campaign_drop();
}

static void folders_are_those_of_the_settings_wherever_jobs_run(void **state)
{
    (void)state;
    struct cycle c;
    struct error err = {0};
    char here_is[4096];
    campaign_make();
    assert_true(
        open_with("output_folder = o\nfacility.standalone.data_dir = d\nmp.method = slurm\n", &c, &err));
    assert_non_null(getcwd(here_is, sizeof here_is));
    assert_int_equal(c.facility.data_dir[0], '/');
    assert_true(str_starts(c.facility.data_dir, here_is) && str_ends(c.facility.data_dir, "/d"));
    assert_true(str_starts(c.folder, here_is) && str_ends(c.folder, "/o"));
    campaign_drop();
}

static void what_is_missing_is_named(void **state)
{
    (void)state;
    struct cycle c;
    struct error err = {0};
    campaign_make();
    assert_false(open_with("", &c, &err));
    assert_string_equal(err.fact, "output_folder is not set");
    assert_int_equal(err.code, ERROR_USAGE);
    assert_false(open_with("output_folder = /o\nmp.method = htcondor\n", &c, &err));
    assert_int_equal(err.code, ERROR_USAGE);
    campaign_drop();
}

static bool has(const char *const *set, const char *text)
{
    for (; *set; set++)
        if (strcmp(*set, text) == 0)
            return true;
    return false;
}

static void jobs_are_told_which_database_and_never_a_password(void **state)
{
    (void)state;
    struct cycle c;
    struct error err = {0};
    campaign_make();
    assert_true(open_with("output_folder = /o\nmp.method = slurm\n", &c, &err));
    assert_true(has(c.database, "XFELX_DB_FILE=/o/xfelx.db"));
    assert_true(open_with(
        "output_folder = /o\nmp.method = slurm\ndb.host = h\ndb.port = 3307\nexperiment_tag = mfx1\n"
        "db.user = u\ndb.password_file = /p\n",
        &c, &err));
    assert_true(has(c.database, "XFELX_DB_HOST=h") && has(c.database, "XFELX_DB_PORT=3307") &&
                has(c.database, "XFELX_DB_NAME=mfx1") && has(c.database, "XFELX_DB_PASSWORD_FILE=/p"));
    assert_false(
        open_with("output_folder = /o\nmp.method = slurm\ndb.host = h\ndb.password = secret\n", &c, &err));
    assert_null(strstr(err.fact, "secret"));
    assert_non_null(strstr(err.hint, "db.password_file"));
    campaign_drop();
}

static long resident_kb(void)
{
    long pages = 0, ignored = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%ld %ld", &ignored, &pages), 2);
    fclose(f);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* What a daemon does all day. Long form: XFELX_TEST_LONG=1. */
static void cycles_take_no_more_memory_the_more_there_are(void **state)
{
    (void)state;
    int n = getenv("XFELX_TEST_LONG") ? 1000 : 100;
    long before = 0;
    campaign_make();
    for (int i = 0; i < 30; i++)
        campaign_file(arena_printf(&here.arena, "run_%04d.h5", i), "a");
    for (int i = 0; i < n; i++) {
        if (i == n / 4)
            before = resident_kb();
        campaign_observe();
        campaign_poll();
        campaign_act();
    }
    long grown = resident_kb() - before;
#ifdef __SANITIZE_ADDRESS__
    grown = 0; /* it keeps what is given back for a while; leaks it finds by itself */
#endif
    if (grown > 1024)
        fail_msg("%ld KiB more after %d cycles", grown, n - n / 4);
    campaign_drop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cycles_take_no_more_memory_the_more_there_are),
        cmocka_unit_test(settings_become_policy),
        cmocka_unit_test(folders_are_those_of_the_settings_wherever_jobs_run),
        cmocka_unit_test(what_is_missing_is_named),
        cmocka_unit_test(jobs_are_told_which_database_and_never_a_password),
    };
    return cmocka_run_group_tests_name("cycle/cycle", tests, NULL, NULL);
}
