/* attempt_test.c - an attempt that was claimed is taken once, lives by its lease, and its end is its job's. */
#include "campaign_rows.h"

#include <signal.h>
#include <sys/wait.h>

static const struct store_source source = {"/data/r1.h5", 100, 1, 4, "NXmx"};

static struct store_begin begin_of(int64_t attempt, const char *owner)
{
    return (struct store_begin){.sources = &source,
                                .n_sources = 1,
                                .n_expected = 4,
                                .recipe_hash = trial_hash,
                                .program = "xfelx test",
                                .host = "nid1",
                                .n_ranks = 2,
                                .n_threads = 3,
                                .given = attempt,
                                .owner = owner};
}

static int64_t claimed(void)
{
    campaign_run(1);
    return campaign_claimed(1).attempt;
}

static struct store *another(void)
{
    struct store *s = NULL;
    struct error err = {0};
    if (!database_open(false, &s, &err))
        fail_msg("%s %s", err.fact, err.detail);
    return s;
}

static void it_is_taken_once(void **state)
{
    (void)state;
    struct error err = {0};
    struct store_job job, other;
    char me[OWNER];
    int64_t attempt = claimed();
    owner_of(getpid(), me);
    struct store_begin b = begin_of(attempt, me);
    if (!store_begin(store, &b, &job, &err))
        fail_msg("%s %s", err.fact, err.detail);
    assert_true(job.attempt == attempt && job.job == 1 && job.n_done == 0 && job.earlier_ranks == 0);
    assert_int_equal(
        database_number("SELECT count(*) FROM attempt WHERE state=6 AND token=1 AND n_ranks=2 AND "
                        "host='nid1' AND lease_expires>1600000000000000000"),
        1);
    assert_int_equal(database_number("SELECT count(*) FROM job WHERE state=2 AND n_expected=4"), 1);
    assert_int_equal(database_number("SELECT n_frames FROM source"), 4);
    assert_int_equal(campaign_events("job_started"), 1);
    struct store *second = another();
    assert_false(store_begin(second, &b, &other, &err));
    assert_true(other.elsewhere);
    assert_non_null(strstr(err.fact, "is already being worked on by process "));
    store_close(second);
}

static void of_many_that_take_it_at_once_one_wins(void **state)
{
    (void)state;
    enum { PROGRAMS = 16 };
    pid_t children[PROGRAMS];
    int won = 0;
    int64_t attempt = claimed();
    for (int i = 0; i < PROGRAMS; i++)
        if ((children[i] = fork()) == 0) {
            struct error err = {0};
            struct store_job job;
            char owner[64];
            snprintf(owner, sizeof owner, "elsewhere %d 1 host", i + 1);
            struct store_begin b = begin_of(attempt, owner);
            struct store *mine = another();
            bool ok = store_begin(mine, &b, &job, &err);
            if (!ok && !job.elsewhere)
                fprintf(stderr, "%s: %s\n", err.fact, err.detail);
            _exit(ok ? 1 : job.elsewhere ? 2 : 3);
        }
    for (int i = 0; i < PROGRAMS; i++) {
        int status;
        waitpid(children[i], &status, 0);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 3);
        won += WEXITSTATUS(status) == 1;
    }
    assert_int_equal(won, 1);
    assert_int_equal(database_number("SELECT max(token) FROM attempt"), 1);
}

static void one_whose_lease_ended_is_lost_and_the_next_goes_on(void **state)
{
    (void)state;
    struct error err = {0};
    struct store_job job;
    int64_t attempt = claimed();
    struct store_begin b = begin_of(attempt, "elsewhere 1 1 host");
    struct store *first = another();
    assert_true(store_begin(first, &b, &job, &err));
    store_close(first);
    assert_false(store_begin(store, &b, &job, &err)); /* its lease lasts: nothing is known of its process */
    assert_true(job.elsewhere);
    database_do("UPDATE attempt SET lease_expires=5");
    assert_false(store_begin(store, &b, &job, &err));
    assert_false(job.elsewhere);
    assert_non_null(strstr(err.fact, "which is gone"));
    assert_int_equal(
        database_number("SELECT count(*) FROM attempt WHERE state=11 AND end_kind=6 AND live IS NULL"), 1);
    assert_int_equal(database_number("SELECT state FROM job"), JOB_AGAIN);
    b = begin_of(campaign_claimed(1).attempt, "elsewhere 2 1 host");
    assert_true(store_begin(store, &b, &job, &err));
    assert_int_equal(job.earlier_ranks, 2);
    assert_int_equal(database_number("SELECT token FROM attempt WHERE no=2"), 2);
}

static void signs_of_life_keep_the_lease_and_tell_what_is_waited_for(void **state)
{
    (void)state;
    struct error err = {0};
    struct store_job job;
    const struct store_writer writers[] = {{0, "nid1", "/j/r0000.xfj"}, {1, "nid2", "/j/r0001.xfj"}};
    struct store_begin b = begin_of(claimed(), "elsewhere 1 1 host");
    assert_true(store_begin(store, &b, &job, &err));
    assert_true(store_put_writers(store, &job, writers, 2, &err));
    database_do("UPDATE attempt SET lease_expires=5");
    database_do("UPDATE writer SET beat=5");
    store->renewed = 0; /* long ago */
    struct store_beat beat = {.n_pending = 7, .lag = 9, .waits = "disk full since then"};
    assert_true(store_beat(store, &job, &beat, &err));
    assert_int_equal(
        database_number("SELECT count(*) FROM attempt WHERE lease_expires>1600000000000000000 AND "
                        "n_pending=7 AND db_lag=9"),
        1);
    assert_int_equal(database_number("SELECT count(*) FROM writer WHERE beat>5"), 2);
    assert_int_equal(
        database_number("SELECT count(*) FROM writer WHERE beat_body='disk full since then' AND writer=0"),
        1);
    beat.waits = NULL;
    assert_true(store_beat(store, &job, &beat, &err));
    assert_int_equal(database_number("SELECT count(beat_body) FROM writer"), 0);
    database_do("UPDATE attempt SET token=2"); /* somebody else has it */
    assert_false(store_beat(store, &job, &beat, &err));
    assert_true(store_was_superseded(store));
}

static void its_end_is_that_of_its_job(void **state)
{
    (void)state;
    struct error err = {0};
    struct store_job job;
    struct result r[4];
    const struct result *rows[4];
    struct store_begin b = begin_of(claimed(), "elsewhere 1 1 host");
    struct store *first = another();
    assert_true(store_begin(first, &b, &job, &err));
    for (uint32_t i = 0; i < 4; i++) {
        r[i] = (struct result){.id = {.frame = i, .path = source.path},
                               .outcome = OUTCOME_BLANK,
                               .reason = REASON_FEW_SPOTS,
                               .beam = {.v = {.wavelength = 1.3}},
                               .t_done = 1};
        rows[i] = r + i;
    }
    struct store_batch batch = {.attempt = job.attempt, .results = rows, .n = 3};
    first->renewed = 0;
    database_do("UPDATE attempt SET lease_expires=5");
    assert_true(store_put_results(first, &job, &batch, 1, "hash", &err)); /* a batch makes the lease last */
    assert_int_equal(database_number("SELECT count(*) FROM attempt WHERE lease_expires>5"), 1);
    assert_true(store_end(first, &job, END_DEADLINE, 75, false, &err));
    store_close(first);
    assert_int_equal(
        database_number("SELECT count(*) FROM attempt WHERE live IS NULL AND state=9 AND end_kind=10 AND "
                        "exit_code=75 AND n_new=3 AND lease_expires=0"),
        1);
    assert_int_equal(database_number("SELECT count(*) FROM job WHERE state=6 AND n_final=3"), 1);
    assert_int_equal(campaign_events("job_again"), 1);
    b = begin_of(campaign_claimed(1).attempt, "elsewhere 2 1 host");
    struct store *next = another();
    assert_true(store_begin(next, &b, &job, &err));
    assert_int_equal(job.n_done, 3);
    batch = (struct store_batch){.attempt = job.attempt, .results = rows + 3, .n = 1};
    assert_true(store_put_results(next, &job, &batch, 1, "hash", &err));
    assert_true(store_end(next, &job, END_OK, 0, true, &err));
    store_close(next);
    assert_int_equal(database_number("SELECT count(*) FROM job WHERE state=1 AND n_final=4 AND published=1"),
                     1);
    assert_int_equal(campaign_events("job_done"), 1);
}

static void rows_of_a_lost_attempt_are_not_taken_once_another_has_begun(void **state)
{
    (void)state;
    struct error err = {0};
    struct store_job old_job, job;
    struct result r = {
        .id = {.path = source.path}, .outcome = OUTCOME_BLANK, .reason = REASON_FEW_SPOTS, .t_done = 1};
    const struct result *row = &r;
    struct store_begin b = begin_of(claimed(), "elsewhere 1 1 host");
    struct store *old = another();
    assert_true(store_begin(old, &b, &old_job, &err));
    struct store_batch batch = {.attempt = old_job.attempt, .results = &row, .n = 1};
    assert_true(store_put_results(old, &old_job, &batch, 1, "hash", &err));
    campaign_news((struct store_news){.attempt = old_job.attempt, .state = ATTEMPT_LOST});
    b = begin_of(campaign_claimed(1).attempt, "elsewhere 2 1 host");
    if (!database_is_server()) { /* a server's lock goes with the connection, which is alive here */
        store_unlock(old);
        assert_true(store_begin(store, &b, &job, &err));
        r.id.frame = 1;
        assert_false(store_put_results(old, &old_job, &batch, 1, "hash", &err));
        assert_true(store_was_superseded(old));
        assert_int_equal(database_number("SELECT count(*) FROM frame"), 1);
    }
    store_close(old);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, campaign_make, campaign_drop)
    const struct CMUnitTest tests[] = {
        TEST(it_is_taken_once),
        TEST(of_many_that_take_it_at_once_one_wins),
        TEST(one_whose_lease_ended_is_lost_and_the_next_goes_on),
        TEST(signs_of_life_keep_the_lease_and_tell_what_is_waited_for),
        TEST(its_end_is_that_of_its_job),
        TEST(rows_of_a_lost_attempt_are_not_taken_once_another_has_begun),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
