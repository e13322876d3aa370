/* calib_test.c - versions of calibrations: by label and run, who used them, what is stale; on both kinds of database. */
#include "done_job.h"

#include <string.h>

static const struct store_by by = {"kim", STORE_VIA_COMMAND};
static struct arena arena;

static struct store_calib version(int kind, const char *label, uint8_t content, int64_t first, int64_t last)
{
    struct store_calib c = {
        .kind = kind, .label = label, .path = "/data/a.expt", .first = first, .last = last};
    memset(c.hash, content, sizeof c.hash);
    return c;
}

static struct store *begin(void)
{
    struct store *s = NULL;
    struct error err = {0};
    database_place();
    done_job(3);
    assert_true(database_open(false, &s, &err));
    return s;
}

static void end(struct store *s)
{
    store_close(s);
    arena_free(&arena);
    database_drop();
}

static int64_t add(struct store *s, struct store_calib c)
{
    struct error err = {0};
    int64_t id = 0;
    if (!store_calib_add(s, &by, &c, &id, &err))
        fail_msg("%s %s", err.fact, err.detail);
    return id;
}

static size_t n_stale(struct store *s, struct store_stale **rows)
{
    struct error err = {0};
    size_t n = 0;
    if (!store_stale_jobs(s, &arena, rows, &n, &err))
        fail_msg("%s %s", err.fact, err.detail);
    return n;
}

static void of_a_label_the_newest_that_is_for_the_run_is_meant(void **state)
{
    (void)state;
    struct store *s = begin();
    struct store_calib c;
    struct error err = {0};
    add(s, version(CALIB_MASK, "beamstop", 1, -1, -1));
    add(s, version(CALIB_MASK, "beamstop", 2, 2, 9));
    add(s, version(CALIB_GEOMETRY, "beamstop", 3, -1, -1));
    assert_true(
        store_calib_find(s, CALIB_MASK, "beamstop", 1, 0, &arena, &c, &err)); /* the run's number is 1 */
    assert_int_equal(c.hash[0], 1);
    assert_true(store_calib_find(s, CALIB_MASK, "beamstop", 0, 0, &arena, &c, &err));
    assert_int_equal(c.hash[0], 2);
    assert_false(store_calib_find(s, CALIB_GAIN, "beamstop", 1, 0, &arena, &c, &err));
    assert_int_equal(err.code, ERROR_USAGE);
    /* the old content again, now for all runs: it is the newest */
    add(s, version(CALIB_MASK, "beamstop", 1, 0, -1));
    assert_true(store_calib_find(s, CALIB_MASK, "beamstop", 0, 0, &arena, &c, &err));
    assert_int_equal(c.hash[0], 1);
    assert_int_equal(database_number("SELECT count(*) FROM calib"), 3);
    end(s);
}

/* A beamstop that moves and comes back: the first runs keep their mask. */
static void a_content_that_comes_back_is_for_its_old_and_its_new_runs(void **state)
{
    (void)state;
    struct store *s = begin();
    struct store_calib c, less = version(CALIB_MASK, "beamstop", 1, -1, 30), *rows;
    struct store_stale *stale;
    struct error err = {0};
    size_t n;
    add(s, version(CALIB_MASK, "beamstop", 1, -1, -1));
    add(s, version(CALIB_MASK, "beamstop", 1, 1, -1)); /* the newest may be put right */
    add(s, version(CALIB_MASK, "beamstop", 1, -1, -1));
    assert_int_equal(database_number("SELECT count(*) FROM calib"), 1);
    add(s, version(CALIB_MASK, "beamstop", 2, 14, -1));
    add(s, version(CALIB_MASK, "beamstop", 1, 20, -1));
    assert_false(store_calib_add(s, &by, &less, NULL, &err));
    assert_int_equal(err.code, ERROR_USAGE);
    assert_true(store_calib_find(s, CALIB_MASK, "beamstop", 1, 0, &arena, &c, &err));
    assert_true(c.hash[0] == 1 && c.first == -1);
    assert_true(store_calibs(s, CALIB_MASK, "beamstop", &arena, &rows, &n, &err));
    assert_int_equal(n, 3);
    assert_true(rows[0].hash[0] == 1 && rows[0].first == 20 && rows[1].hash[0] == 2 && rows[2].first == -1);
    assert_true(store_calib_is_for(rows + 1, 19) && !store_calib_is_for(rows, 19) &&
                !store_calib_is_for(rows + 1, 13));
    /* it came back: what was made with it is not stale, though another one was between */
    const struct store_calib used = version(CALIB_MASK, "/data/m", 1, -1, -1);
    database_do("UPDATE run SET ord=15");
    assert_true(store_calib_used(s, 1, &used, 1, &err));
    assert_int_equal(n_stale(s, &stale), 1);
    database_do("UPDATE run SET ord=25");
    assert_int_equal(n_stale(s, &stale), 0);
    end(s);
}

/* The same file for two beamtimes: each label has it, and a job used the one that its trial names. */
static void a_content_may_have_two_labels(void **state)
{
    (void)state;
    struct store *s = begin();
    struct store_calib *rows;
    struct store_stale *stale;
    struct error err = {0};
    size_t n;
    const struct store_calib used = version(CALIB_MASK, "/data/m", 1, -1, -1);
    add(s, version(CALIB_MASK, "day", 1, -1, -1));
    add(s, version(CALIB_MASK, "day 2", 1, -1, -1));
    database_do("UPDATE trial SET phil='spotfinder.lookup.mask = calib:day'");
    assert_true(store_calib_used(s, 1, &used, 1, &err));
    assert_true(store_calibs(s, CALIB_MASK, NULL, &arena, &rows, &n, &err));
    assert_int_equal(n, 2);
    assert_string_equal(rows[0].label, "day");
    assert_true(rows[0].n_jobs == 1 && rows[1].n_jobs == 0);
    add(s, version(CALIB_MASK, "day 2", 2, -1, -1));
    assert_int_equal(n_stale(s, &stale), 0);
    add(s, version(CALIB_MASK, "day", 2, -1, -1));
    assert_int_equal(n_stale(s, &stale), 1);
    end(s);
}

static void results_of_an_older_version_are_stale_and_stay(void **state)
{
    (void)state;
    struct store *s = begin();
    struct store_stale *stale;
    struct error err = {0};
    const struct store_calib used = version(CALIB_GEOMETRY, "day1", 1, -1, -1);
    add(s, used);
    assert_true(store_calib_used(s, 1, &used, 1, &err));
    assert_true(store_calib_used(s, 1, &used, 1, &err)); /* said twice is said once */
    assert_int_equal(n_stale(s, &stale), 0);
    add(s, version(CALIB_GEOMETRY, "day1", 2, 2, -1)); /* of other runs */
    add(s, version(CALIB_GEOMETRY, "day2", 3, -1, -1));
    assert_int_equal(n_stale(s, &stale), 0);
    add(s, version(CALIB_GEOMETRY, "day1", 4, -1, 1));
    assert_int_equal(n_stale(s, &stale), 1);
    assert_int_equal(stale->job, 1);
    assert_non_null(strstr(stale->why, "geometry day1: a newer one of "));
    struct store_book_job *jobs;
    size_t n;
    const struct store_job_filter all = {.trial = -1, .stale = true};
    assert_true(store_book_jobs(s, &all, &arena, &jobs, &n, &err));
    assert_string_equal(jobs->stale, stale->why);
    struct store_calib c;
    assert_true(store_calib_find(s, CALIB_GEOMETRY, "day1", 1, 0, &arena, &c, &err));
    assert_int_equal(c.hash[0], 4);
    assert_true(
        store_calib_find(s, CALIB_GEOMETRY, "day1", 1, 1, &arena, &c, &err)); /* goes on with what it has */
    assert_int_equal(c.hash[0], 1);
    assert_int_equal(jobs->state, JOB_DONE);
    assert_int_equal(database_number("SELECT count(*) FROM frame"), 3);
    assert_true(store_job_delete(s, &by, 1, &err)); /* its results go: it begins anew, with the newest */
    assert_int_equal(n_stale(s, &stale), 0);
    assert_true(store_calib_find(s, CALIB_GEOMETRY, "day1", 1, 1, &arena, &c, &err));
    assert_int_equal(c.hash[0], 4);
    end(s);
}

static void what_a_job_read_without_a_label_is_known_by_its_path(void **state)
{
    (void)state;
    struct store *s = begin();
    struct store_calib *rows;
    struct error err = {0};
    size_t n;
    const struct store_calib used[] = {version(CALIB_MASK, "/data/mask.pickle", 1, -1, -1),
                                       version(CALIB_REFERENCE, "/data/ref.mtz", 1, -1, -1)};
    assert_true(store_calib_used(s, 1, used, 2, &err));
    assert_true(store_calibs(s, 0, NULL, &arena, &rows, &n, &err));
    assert_int_equal(n, 2);
    assert_int_equal(rows[0].kind, CALIB_MASK);
    assert_int_equal(rows[0].n_jobs, 1);
    assert_string_equal(rows[0].path, "/data/a.expt");
    /* given a label later: the job has used that */
    add(s, version(CALIB_MASK, "beamstop", 1, -1, -1));
    assert_true(store_calibs(s, CALIB_MASK, "beamstop", &arena, &rows, &n, &err));
    assert_true(n == 1 && rows->n_jobs == 1);
    end(s);
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    struct store *s = begin();
    struct error err = {0};
    const struct store_calib bad[] = {version(0, "a", 1, -1, -1),
                                      version(CALIB_END, "a", 1, -1, -1),
                                      version(CALIB_MASK, "", 1, -1, -1),
                                      version(CALIB_MASK, " a", 1, -1, -1),
                                      version(CALIB_MASK, "\xff", 1, -1, -1),
                                      version(CALIB_MASK, "a\nb", 1, -1, -1),
                                      version(CALIB_MASK, "a\033[2J", 1, -1, -1),
                                      version(CALIB_MASK, "\x7f", 1, -1, -1),
                                      version(CALIB_MASK, "day/1", 1, -1, -1),
                                      version(CALIB_MASK, "..", 1, -1, -1),
                                      version(CALIB_MASK, "a", 1, 9, 3)};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(store_calib_add(s, &by, bad + i, NULL, &err));
        assert_int_equal(err.code, ERROR_USAGE);
    }
    assert_int_equal(database_number("SELECT count(*) FROM calib"), 0);
    end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_a_label_the_newest_that_is_for_the_run_is_meant),
        cmocka_unit_test(a_content_that_comes_back_is_for_its_old_and_its_new_runs),
        cmocka_unit_test(a_content_may_have_two_labels),
        cmocka_unit_test(results_of_an_older_version_are_stale_and_stay),
        cmocka_unit_test(what_a_job_read_without_a_label_is_known_by_its_path),
        cmocka_unit_test(what_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
