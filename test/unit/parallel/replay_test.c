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
        JOB_TEST(no_journals_are_no_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
