/* journaling_test.c - a rank's journal at work: what is final, and what a full disk does. */
#include "job.h"
#include "parallel/journaling.h"

#include <sys/resource.h>

static volatile sig_atomic_t stop;

static int setup(void **state)
{
    signal(SIGXFSZ, SIG_IGN);
    stop = 0;
    return job_setup(state);
}

/* No file may grow beyond so many bytes: to this program a full disk. */
static void limit(rlim_t bytes)
{
    struct rlimit l;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &l), 0);
    l.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &l), 0);
}

static int teardown(void **state)
{
    struct rlimit l;
    getrlimit(RLIMIT_FSIZE, &l);
    limit(l.rlim_max);
    return job_teardown(state);
}

static void only_what_may_go_by_itself_is_tried_again(void **state)
{
    (void)state;
    struct result r = job_result(0, OUTCOME_FAILED, REASON_IO);
    assert_false(journaling_final(&r));
    r.flags = FRAME_SECOND_TRY;
    assert_true(journaling_final(&r));
    r = job_result(0, OUTCOME_FAILED, REASON_TRUNCATED);
    assert_true(journaling_final(&r));
    r = job_result(0, OUTCOME_BLANK, REASON_NO_SPOTS);
    assert_true(journaling_final(&r));
}

static void what_was_synced_is_read_back(void **state)
{
    (void)state;
    struct error err = {0};
    struct journaling w = {.journal = job_journal(1, 0), .stop = &stop};
    struct result r = job_result(2, OUTCOME_BLANK, REASON_NO_SPOTS),
                  failed = job_result(3, OUTCOME_FAILED, REASON_IO);
    job_good(journaling_put(&w, &r, &err) && journaling_put(&w, &failed, &err) && journaling_sync(&w, &err),
             &err);
    struct journals *all = job_read();
    size_t n;
    const struct journals_frame *f = journals_frames(all, &n);
    assert_int_equal(n, 2);
    assert_true(f[0].final && !f[1].final && f[1].tries == 1);
    journals_close(all);
    journal_close(w.journal);
}

static void a_full_disk_is_waited_for_and_then_given_up(void **state)
{
    (void)state;
    struct error err = {0};
    struct journaling w = {.journal = job_journal(1, 0), .stop = &stop, .full_wait = 0.2};
    struct result r = job_result(2, OUTCOME_BLANK, REASON_NO_SPOTS);
    limit(16 << 10);
    for (uint32_t i = 0; i < 100; i++) {
        r.id.source = i % JOB_FRAMES;
        job_good(journaling_put(&w, &r, &err), &err);
    }
    assert_false(journaling_sync(&w, &err));
    assert_int_equal(err.code, ERROR_NO_SPACE);
    limit(RLIM_INFINITY); /* there is room again: nothing is lost */
    job_good(journaling_sync(&w, &err), &err);
    struct journals *all = job_read();
    size_t n;
    journals_frames(all, &n);
    assert_int_equal(n, JOB_FRAMES);
    journals_close(all);
    journal_close(w.journal);
}

/* More than any disk has. */
#define TOO_MANY (UINT64_C(1) << 52)

static void without_room_no_frame_is_begun_until_there_is_some(void **state)
{
    (void)state;
    struct error err = {0};
    struct journaling w = {.journal = job_journal(1, 0), .stop = &stop, .full_wait = 3600};
    struct result r = job_result(2, OUTCOME_BLANK, REASON_NO_SPOTS);
    job_good(journaling_put(&w, &r, &err) && journaling_sync(&w, &err), &err);
    assert_int_equal(journaling_room(&w, 1, &err), ROOM);
    assert_int_equal(journaling_room(&w, TOO_MANY, &err), ROOM_NONE);
    assert_int_equal(journaling_room(&w, 1, &err), ROOM_NONE); /* not yet */
    w.tried -= INT64_C(11) * 1000000000;
    assert_int_equal(journaling_room(&w, 1, &err), ROOM);
    assert_int_equal(journaling_room(&w, TOO_MANY, &err), ROOM_NONE);
    w.full_since -= INT64_C(3601) * 1000000000;
    assert_int_equal(journaling_room(&w, TOO_MANY, &err), ROOM_OVER);
    journal_close(w.journal);
}

static void who_is_told_to_stop_does_not_wait_for_a_full_disk(void **state)
{
    (void)state;
    struct error err = {0};
    struct journaling w = {.journal = job_journal(1, 0), .stop = &stop, .full_wait = 1e6};
    struct result r = job_result(2, OUTCOME_BLANK, REASON_NO_SPOTS);
    limit(8 << 10);
    stop = 1;
    job_good(journaling_put(&w, &r, &err), &err);
    assert_false(journaling_sync(&w, &err));
    assert_int_equal(err.code, ERROR_NO_SPACE);
    journal_close(w.journal);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(only_what_may_go_by_itself_is_tried_again),
        TEST(what_was_synced_is_read_back),
        TEST(a_full_disk_is_waited_for_and_then_given_up),
        TEST(without_room_no_frame_is_begun_until_there_is_some),
        TEST(who_is_told_to_stop_does_not_wait_for_a_full_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
