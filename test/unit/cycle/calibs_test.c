/* calibs_test.c - labels of calibrations become files when a job is made; a preview's share is laid over its trial's. */
#include "campaign.h"

#include "cycle/calibs.h"
#include "cycle/script.h"

static int64_t add(const char *name, const char *content, int64_t first, int64_t last)
{
    struct store_calib c = {.kind = CALIB_MASK, .label = "beam stop", .first = first, .last = last};
    const struct store_by by = {"kim", STORE_VIA_COMMAND};
    char path[512];
    struct error err = {0};
    int64_t id = 0;
    snprintf(path, sizeof path, "%s/%s", here.out, name);
    sha256(content, strlen(content), c.hash);
    c.path = path;
    assert_true(fs_make_folders(here.out, &err) && fs_write_atomic(path, content, strlen(content), &err));
    if (!store_calib_add(here.store, &by, &c, &id, &err))
        fail_msg("%s %s", err.fact, err.detail);
    return id;
}

static void campaign_of_two_runs(void)
{
    campaign_make();
    campaign_file("run_0001.h5", "a");
    campaign_file("run_0002.h5", "b");
    campaign_observe();
    database_do("UPDATE trial SET phil='spotfinder.lookup.mask = \"calib:beam stop\"',preview=7");
    database_do("UPDATE rungroup SET phil=''");
}

static bool prepare(int64_t run, int64_t version, struct arena *a, struct recipe_of_job *j, struct error *err)
{
    const struct action x = {.key = {.trial = 1, .rungroup = 1, .run = run, .version = version}};
    return script_prepare(&here.cycle, a, &x, 0, j, err);
}

static void each_run_reads_the_version_that_is_for_it(void **state)
{
    (void)state;
    struct arena a = {0};
    struct recipe_of_job j;
    struct error err = {0};
    campaign_of_two_runs();
    assert_false(prepare(1, 0, &a, &j, &err));
    assert_non_null(strstr(err.fact, "there is no mask called"));
    add("m1", "one", -1, -1);
    add("m2", "two", 2, -1);
    if (!prepare(1, 0, &a, &j, &err))
        fail_msg("%s %s", err.fact, err.detail);
    assert_non_null(strstr(j.phil_text, "/m1\"\n"));
    assert_true(prepare(2, 0, &a, &j, &err));
    assert_non_null(strstr(j.phil_text, "/m2\"\n"));
    arena_free(&a);
    campaign_drop();
}

static void a_file_that_is_another_by_now_is_refused(void **state)
{
    (void)state;
    struct arena a = {0};
    struct recipe_of_job j;
    struct error err = {0};
    char path[512];
    campaign_of_two_runs();
    add("m1", "one", -1, -1);
    snprintf(path, sizeof path, "%s/m1", here.out);
    assert_true(fs_write_atomic(path, "another", 7, &err));
    assert_false(prepare(1, 0, &a, &j, &err));
    assert_int_equal(err.code, ERROR_CHANGED);
    arena_free(&a);
    campaign_drop();
}

static void a_preview_is_the_trial_on_a_share_in_a_folder_of_its_own(void **state)
{
    (void)state;
    struct arena a = {0};
    struct recipe_of_job full, preview;
    struct error err = {0};
    campaign_of_two_runs();
    add("m1", "one", -1, -1);
    if (!prepare(1, 0, &a, &full, &err) || !prepare(1, CAMPAIGN_PREVIEW, &a, &preview, &err))
        fail_msg("%s %s", err.fact, err.detail);
    assert_null(strstr(full.phil_text, "process_percent"));
    assert_non_null(strstr(preview.phil_text, "dispatch.process_percent = 7\n"));
    assert_int_equal(full.script.need.nice, 0);
    assert_int_equal(preview.script.need.nice, BATCH_NICE_USUAL);
    assert_string_equal(preview.folder, fs_join(&a, full.folder, "preview"));
    database_do("UPDATE trial SET preview=NULL");
    assert_false(prepare(1, CAMPAIGN_PREVIEW, &a, &preview, &err));
    arena_free(&a);
    campaign_drop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_run_reads_the_version_that_is_for_it),
        cmocka_unit_test(a_file_that_is_another_by_now_is_refused),
        cmocka_unit_test(a_preview_is_the_trial_on_a_share_in_a_folder_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
