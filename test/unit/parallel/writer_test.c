/* writer_test.c - results are in the journal before they are in the store; what is tried again is only in the journal; a job goes on
 * from where its journals are. */
#include "job.h"

static volatile sig_atomic_t stop;

static int setup(void **state)
{
    stop = 0;
    return job_setup(state);
}

static struct team_progress ran(struct store *s, const struct store_job *job, uint64_t attempt,
                                const struct resume *r)
{
    struct error err = {0};
    struct launch alone = {.size = 1};
    struct farm *farm;
    struct team_progress end;
    job_good(farm_open(&alone, "test", &farm, &err), &err);
    struct team t = {.farm = farm,
                     .recipe = job_recipe,
                     .list = &job_list,
                     .frames = r->fresh,
                     .n_frames = r->n_fresh,
                     .again = r->again,
                     .n_again = r->n_again,
                     .done = &r->done,
                     .n_threads = 2,
                     .journal = job_journal(attempt, 0),
                     .store = s,
                     .job = job,
                     .stop = &stop};
    job_good(team_run(&t, &end, &err), &err);
    journal_close(t.journal);
    farm_close(farm, 0);
    return end;
}

static struct resume resumed(void)
{
    struct error err = {0};
    struct resume r;
    struct journals *all = job_read();
    job_good(resume_make(all, &job_list, job_numbers, JOB_FRAMES, &job_arena, &r, &err), &err);
    journals_close(all);
    return r;
}

static void all_results_are_in_an_ended_journal_and_in_the_store(void **state)
{
    (void)state;
    struct store_job job;
    struct store *s = job_store(&job);
    struct resume r = resumed();
    struct team_progress end = ran(s, &job, 1, &r);
    assert_int_equal(end.done, JOB_FRAMES);
    assert_int_equal(end.failed, 1);
    assert_int_equal(job_row(s).counts.frames, JOB_FRAMES);
    struct journals *all = job_read();
    size_t n;
    const struct journals_frame *f = journals_frames(all, &n);
    assert_int_equal(n, JOB_FRAMES);
    for (size_t i = 0; i < n; i++)
        assert_true(f[i].final);
    assert_true(journal_ended(journals_reader(all, 0)));
    journals_close(all);
    store_close(s);
}

static void the_next_attempt_does_only_what_is_missing(void **state)
{
    (void)state;
    struct store_job job;
    struct store *s = job_store(&job);
    struct journal *j = job_journal(1, 0);
    job_put(j, 0, OUTCOME_BLANK, REASON_NO_SPOTS, true);
    job_put(j, 4, OUTCOME_FAILED, REASON_IO, false);
    job_put(j, 5, OUTCOME_FAILED, REASON_TRUNCATED, true);
    journal_close(j);
    struct resume r = resumed();
    struct team_progress end = ran(s, &job, 2, &r);
    assert_int_equal(end.done, JOB_FRAMES);
    assert_int_equal(end.earlier, 2);
    assert_int_equal(end.failed, 1);
    assert_int_equal(job_row(s).counts.frames,
                     JOB_FRAMES - 2); /* the others are replayed by who begins the attempt */
    struct journals *all = job_read();
    size_t n;
    const struct journals_frame *f = journals_frames(all, &n);
    assert_int_equal(n, JOB_FRAMES);
    assert_true(f[4].final && f[4].attempt == 2 && f[4].tries == 2);
    assert_int_equal(f[5].attempt, 1);
    journals_close(all);
    store_close(s);
}

static void a_job_without_work_ends_at_once(void **state)
{
    (void)state;
    struct store_job job;
    struct store *s = job_store(&job);
    struct journal *j = job_journal(1, 0);
    for (uint32_t i = 0; i < JOB_FRAMES; i++)
        job_put(j, i, OUTCOME_BLANK, REASON_NO_SPOTS, true);
    journal_close(j);
    struct resume r = resumed();
    struct team_progress end = ran(s, &job, 2, &r);
    assert_int_equal(end.done, JOB_FRAMES);
    assert_int_equal(end.total, JOB_FRAMES);
    store_close(s);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, job_teardown)
    const struct CMUnitTest tests[] = {
        TEST(all_results_are_in_an_ended_journal_and_in_the_store),
        TEST(the_next_attempt_does_only_what_is_missing),
        TEST(a_job_without_work_ends_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
