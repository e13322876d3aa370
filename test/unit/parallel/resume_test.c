/* resume_test.c - what is still to be done, by what the journals say. */
#include "job.h"

static struct resume resumed(void)
{
    struct error err = {0};
    struct resume r;
    struct journals *all = job_read();
    job_good(resume_make(all, &job_list, job_numbers, JOB_FRAMES, &job_arena, &r, &err), &err);
    journals_close(all);
    return r;
}

static void a_death_without_a_word_counts_half(void **state)
{
    (void)state;
    static const struct {
        struct resume_tries t;
        enum resume_next next;
    } cases[] = {
        {{0, 0, 0}, RESUME_FRESH}, {{1, 0, 0}, RESUME_AGAIN}, {{0, 1, 0}, RESUME_AGAIN},
        {{0, 0, 1}, RESUME_AGAIN}, {{0, 0, 3}, RESUME_AGAIN}, {{0, 2, 0}, RESUME_FAIL},
        {{1, 1, 0}, RESUME_FAIL},  {{0, 0, 4}, RESUME_FAIL},  {{0, 1, 1}, RESUME_AGAIN},
        {{0, 1, 2}, RESUME_FAIL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(resume_next(&cases[i].t), cases[i].next);
}

static void without_journals_all_is_to_be_done(void **state)
{
    (void)state;
    struct error err = {0};
    struct resume r;
    assert_true(resume_make(NULL, &job_list, job_numbers, JOB_FRAMES, &job_arena, &r, &err));
    assert_int_equal(r.n_fresh, JOB_FRAMES);
    assert_int_equal(r.n_again + r.n_failed + r.done.done, 0);
    assert_int_equal(r.done.total, JOB_FRAMES);
}

static void final_frames_are_done_and_others_get_one_more_try(void **state)
{
    (void)state;
    struct journal *j = job_journal(1, 0);
    job_put(j, 0, OUTCOME_BLANK, REASON_NO_SPOTS, true);
    job_put(j, 3, OUTCOME_FAILED, REASON_IO, false);
    job_put(j, 4, OUTCOME_FAILED, REASON_TRUNCATED, true);
    journal_close(j);
    struct resume r = resumed();
    assert_int_equal(r.n_fresh, JOB_FRAMES - 3);
    assert_int_equal(r.fresh[0], 1);
    assert_int_equal(r.n_again, 1);
    assert_int_equal(r.again[0], 3);
    assert_int_equal(r.done.done, 2);
    assert_int_equal(r.done.failed, 1);
}

static void frames_in_hand_at_a_death_count_until_one_is_given_up(void **state)
{
    (void)state;
    for (uint64_t attempt = 1; attempt <= 2; attempt++) {
        struct journal *j = job_journal(attempt, 0);
        journal_slot(j, 0, true, 7, 0, 3, 1);
        *journal_slot_mark(j, 0) = JOURNAL_CRASHED;
        journal_slot(j, 1, true, 8, 0, 3, 1);
        journal_slot(j, 2, false, 9, 0, 3, 1);
        if (attempt == 1) {
            struct resume alive = resumed();
            assert_int_equal(alive.n_fresh, JOB_FRAMES); /* its writer lives */
        }
        journal_close(j);
        struct resume r = resumed();
        assert_int_equal(r.n_failed, attempt - 1);
        assert_int_equal(r.n_again, 3 - attempt);
    }
    struct resume r = resumed();
    assert_int_equal(r.failed[0], 7);
    assert_int_equal(r.again[0], 8);
    struct result failed;
    resume_result(&job_list, 7, &failed);
    assert_int_equal(failed.reason, REASON_CRASH);
    assert_string_equal(failed.id.path, job_list.sources[7].recorded);
}

static void an_ended_journal_was_left_in_good_order(void **state)
{
    (void)state;
    struct error err = {0};
    struct journal *j = job_journal(1, 0);
    journal_slot(j, 0, true, 7, 0, 3, 1);
    journal_end(j, 75);
    job_good(journal_sync(j, &err), &err);
    journal_close(j);
    assert_int_equal(resumed().n_fresh, JOB_FRAMES);
}

static void journals_of_other_files_are_refused(void **state)
{
    (void)state;
    struct error err = {0};
    struct resume r;
    journal_close(job_journal(1, 0));
    struct journals *all = job_read();
    struct source_entry *first = job_list.sources, swapped = first[0];
    first[0] = first[1];
    first[1] = swapped;
    assert_false(resume_make(all, &job_list, job_numbers, JOB_FRAMES, &job_arena, &r, &err));
    assert_int_equal(err.code, ERROR_USAGE);
    journals_close(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        JOB_TEST(a_death_without_a_word_counts_half),
        JOB_TEST(without_journals_all_is_to_be_done),
        JOB_TEST(final_frames_are_done_and_others_get_one_more_try),
        JOB_TEST(frames_in_hand_at_a_death_count_until_one_is_given_up),
        JOB_TEST(an_ended_journal_was_left_in_good_order),
        JOB_TEST(journals_of_other_files_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
