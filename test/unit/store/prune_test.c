/* prune_test.c - rows of finished jobs go by steps, their sums stay; a database is deleted only when it is ours. */
#include "done_job.h"

#include "store/store_private.h"

#include <string.h>

static struct store *open_it(void)
{
    struct store *s = NULL;
    struct error err = {0};
    struct store_options o = database_options();
    if (!store_open_existing(&o, false, false, &s, &err))
        fail_msg("%s: %s", err.fact, err.detail);
    return s;
}

static void forget(void *arg, const char *line)
{
    (void)arg;
    (void)line;
}

static void count_steps(void *arg, const char *table, int64_t rows)
{
    (void)table;
    (void)rows;
    ++*(int *)arg;
}

static void rows_go_in_steps_and_sums_stay(void **state)
{
    (void)state;
    struct arena a = {0};
    struct error err = {0};
    struct store_prunable *jobs;
    struct store_check check = {.say = forget};
    int64_t frames = 0;
    int steps = 0;
    const struct store_progress progress = {count_steps, &steps};
    size_t n;
    database_place();
    done_job(12000);
    struct store *s = open_it();
    assert_true(store_prunable(s, &(struct store_prune){.trial = -1}, &a, &jobs, &n, &err));
    assert_int_equal(n, 1);
    assert_int_equal(jobs[0].frames, 12000);
    assert_string_equal(jobs[0].folder, "/results");
    if (!store_prune_job(s, jobs, &progress, &frames, &err))
        fail_msg("%s: %s", err.fact, err.detail);
    assert_int_equal(frames, 12000);
    assert_int_equal(steps, 3);
    assert_true(store_prunable(s, &(struct store_prune){.trial = -1}, &a, &jobs, &n, &err));
    assert_int_equal(n, 0);
    /* what is left fits together */
    assert_true(store_check(s, &check, &err));
    assert_int_equal(check.n_differences, 0);
    store_close(s);
    assert_int_equal(database_number("SELECT count(*) FROM frame"), 0);
    assert_int_equal(database_number("SELECT count(*) FROM failure"), 0);
    assert_int_equal(database_number("SELECT frames FROM roll"), 12000);
    assert_int_equal(database_number("SELECT count(*) FROM event WHERE kind='pruned' AND job=1"), 1);
    arena_free(&a);
    database_drop();
}

static size_t chosen(const struct store_prune *how)
{
    struct arena a = {0};
    struct error err = {0};
    struct store_prunable *jobs;
    size_t n = 0;
    struct store *s = open_it();
    assert_true(store_prunable(s, how, &a, &jobs, &n, &err));
    store_close(s);
    arena_free(&a);
    return n;
}

static void only_finished_jobs_that_were_meant_are_chosen(void **state)
{
    (void)state;
    const struct store_prune all = {.trial = -1};
    database_place();
    done_job(10);
    int64_t ended = database_number("SELECT end_t FROM attempt"),
            trial = database_number("SELECT num FROM trial");
    assert_int_equal(chosen(&all), 1);
    assert_int_equal(chosen(&(struct store_prune){.trial = trial}), 1);
    assert_int_equal(chosen(&(struct store_prune){.trial = trial + 1}), 0);
    assert_int_equal(chosen(&(struct store_prune){.trial = -1, .before = ended}), 0);
    assert_int_equal(chosen(&(struct store_prune){.trial = -1, .before = ended + 1}), 1);
    database_do("UPDATE job SET published=0");
    assert_int_equal(chosen(&all), 0);
    database_do("UPDATE job SET published=1,state=6");
    assert_int_equal(chosen(&all), 0);
    database_do("UPDATE job SET state=1");
    database_do("UPDATE attempt SET live=1");
    assert_int_equal(chosen(&all), 0);
    database_drop();
}

static void a_database_goes_with_all_its_files_unless_others_use_it(void **state)
{
    (void)state;
    struct error err = {0};
    database_place();
    done_job(10);
    database_do("CREATE TABLE theirs(a INT)");
    struct store *s = open_it();
    assert_false(store_drop(s, &err));
    assert_int_equal(err.code, ERROR_USAGE);
    assert_non_null(strstr(err.fact, "theirs"));
    store_close(s);
    database_do("DROP TABLE theirs");
    s = open_it();
    if (!store_drop(s, &err))
        fail_msg("%s: %s", err.fact, err.detail);
    store_close(s);
    struct store_options o = database_options();
    assert_false(store_open_existing(&o, true, true, &s, &err));
    if (!database_is_server()) {
        char **names;
        size_t n;
        struct arena a = {0};
        assert_true(fs_list(database_folder, &a, &names, &n, &err));
        assert_int_equal(n, 0);
        arena_free(&a);
    }
    support_remove(database_folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_go_in_steps_and_sums_stay),
        cmocka_unit_test(only_finished_jobs_that_were_meant_are_chosen),
        cmocka_unit_test(a_database_goes_with_all_its_files_unless_others_use_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
