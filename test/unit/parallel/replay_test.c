/* replay_test.c - journals into a store: whole, and any number of times. */
#include "job.h"

static void every_final_frame_is_in_the_store_once_however_often_it_is_replayed(void **state)
{
    (void)state;
    struct error err = {0};
    struct store_job job;
    struct store *s = job_store(&job);
    struct journal *j = job_journal(1, 0), *other = job_journal(1, 3);
    for (uint32_t i = 0; i < 8; i++)
        job_put(i % 2 ? j : other, i, OUTCOME_BLANK, REASON_NO_SPOTS, true);
    job_put(j, 8, OUTCOME_FAILED, REASON_IO, false);
    journal_close(j);
    journal_close(other);
    for (int turn = 0; turn < 2; turn++) {
        uint64_t n;
        struct journals *all = job_read();
        job_good(replay_store(all, s, &job, job_recipe->hash_hex, &n, &err), &err);
        journals_close(all);
        assert_int_equal(n, turn ? 0 : 8); /* what is there is not even read */
        struct store_job_row row = job_row(s);
        assert_int_equal(row.counts.frames, 8);
        assert_int_equal(row.counts.by_outcome[OUTCOME_BLANK], 8);
    }
    store_close(s);
}

static void of_a_frame_that_two_ranks_did_the_record_counts_whose_row_is_there(void **state)
{
    (void)state;
    struct error err = {0};
    struct store_job job;
    struct store *s = job_store(&job);
    struct result r = job_result(3, OUTCOME_BLANK, REASON_NO_SPOTS);
    const struct result *row = &r;
    struct store_batch batch = {.attempt = job.attempt, .writer = 2, .results = &row, .n = 1};
    job_good(store_put_results(s, &job, &batch, 1, job_recipe->hash_hex, &err), &err);
    for (uint32_t rank = 1; rank < 3; rank++) { /* rank 1 died before it could void its record of frame 3 */
        struct journal *j = job_journal((uint64_t)job.attempt, rank);
        job_put(j, 3, OUTCOME_BLANK, REASON_NO_SPOTS, true);
        job_put(j, 4, OUTCOME_BLANK, REASON_NO_SPOTS, true);
        journal_close(j);
    }
    struct journals *all = job_read();
    uint64_t n_put;
    size_t n;
    job_good(replay_store(all, s, &job, job_recipe->hash_hex, &n_put, &err), &err);
    assert_int_equal(n_put, 1);
    const struct journals_frame *f = journals_frames(all, &n);
    assert_int_equal(n, 2);
    assert_int_equal(f[0].rank, 2);
    assert_int_equal(f[1].rank, 1); /* there was no row: the smaller rank */
    const struct journal_void *v = journals_doubles(all, &n);
    assert_int_equal(n, 2);
    assert_true(v[0].rank == 1 && v[0].source == 3 && v[1].rank == 2 && v[1].source == 4);
    assert_int_equal(job_row(s).counts.frames, 2);
    journals_close(all);
    store_close(s);
}

static void no_journals_are_no_rows(void **state)
{
    (void)state;
    struct error err = {0};
    struct store_job job;
    struct store *s = job_store(&job);
    struct journals *all = job_read();
    uint64_t n;
    assert_true(replay_store(all, s, &job, job_recipe->hash_hex, &n, &err));
    assert_int_equal(n, 0);
    journals_close(all);
    store_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        JOB_TEST(every_final_frame_is_in_the_store_once_however_often_it_is_replayed),
        JOB_TEST(of_a_frame_that_two_ranks_did_the_record_counts_whose_row_is_there),
        JOB_TEST(no_journals_are_no_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
