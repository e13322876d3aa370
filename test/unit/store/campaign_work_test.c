/* campaign_work_test.c - an attempt learns from the store what it is to work on. */
#include "campaign_rows.h"

static void sources_come_in_the_order_of_their_numbers(void **state)
{
    (void)state;
    struct error err = {0};
    struct arena a = {0};
    struct store_work work;
    size_t n_new;
    const struct store_seen_file late = {"/data/run/z", 1, 1},
                                 both[] = {{"/data/run/\xff'a", 1, 1}, {"/data/run/z", 1, 1}};
    struct store_seen run = {.path = "/data/run",
                             .name = "run",
                             .facility = "standalone",
                             .num = 1,
                             .state = RUN_PRESENT,
                             .readable = true,
                             .n_files = 1,
                             .files = &late};
    assert_true(store_see(store, &run, 1, &n_new, &err));
    run.n_files = 2;
    run.files = both;
    assert_true(store_see(store, &run, 1, &n_new, &err));
    struct store_claimed c = campaign_claimed(1);
    assert_true(store_read_work(store, c.attempt, &a, &work, &err));
    assert_true(work.live && work.job == c.job && work.run == 1 && work.n_paths == 2);
    assert_string_equal(work.paths[0], "/data/run/z");
    assert_string_equal(work.paths[1], "/data/run/\xff'a");
    assert_string_equal(work.run_name, "run");
    assert_string_equal(work.recipe_text, "a = 1");
    assert_string_equal(work.rungroup_text, "b = 2");
    assert_string_equal(work.task_text, "");
    assert_string_equal(work.folder, "/out/r0001/001_rg001");
    campaign_news((struct store_news){.attempt = c.attempt, .state = ATTEMPT_LOST});
    assert_true(store_read_work(store, c.attempt, &a, &work, &err));
    assert_false(work.live);
    assert_false(store_read_work(store, 77, &a, &work, &err));
    assert_non_null(strstr(err.fact, "no attempt 77"));
    arena_free(&a);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, campaign_make, campaign_drop)
    const struct CMUnitTest tests[] = {
        TEST(sources_come_in_the_order_of_their_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
