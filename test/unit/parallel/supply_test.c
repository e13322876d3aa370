/* supply_test.c - frames go to workers once each, in order; workers wait for more and leave at the end. */
#include "parallel/supply.h"

#include "support.h"

#include <time.h>

enum { WORKERS = 3, FRAMES = 3000 };

static struct supply supply;
static int taken[FRAMES];

static void *worker(void *arg)
{
    int64_t since = 0;
    enum work_kind kind;
    uint64_t frame;
    while (supply_next(&supply, &since, &kind, &frame)) {
        assert_int_equal(kind, WORK_SURVEY);
        __atomic_add_fetch(&taken[frame], 1, __ATOMIC_RELAXED);
    }
    return arg;
}

static void each_frame_goes_to_one_worker(void **state)
{
    (void)state;
    struct error err = {0};
    pthread_t threads[WORKERS];
    supply_make(&supply, WORKERS);
    for (int i = 0; i < WORKERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, worker, NULL), 0);
    for (uint32_t at = 0; at < FRAMES; at += 300) {
        struct range two[] = {{at, 100}, {at + 100, 200}};
        assert_true(supply_add(&supply, WORK_SURVEY, two, 2, &err));
    }
    while (supply_look(&supply).begun < FRAMES || supply_look(&supply).free < WORKERS)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    assert_true(supply_look(&supply).wants);
    supply_close(&supply);
    for (int i = 0; i < WORKERS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < FRAMES; i++)
        assert_int_equal(taken[i], 1);
    supply_free(&supply);
}

static void more_is_wanted_when_half_of_the_last_grant_is_used_up(void **state)
{
    (void)state;
    struct error err = {0};
    struct supply s;
    int64_t since = 0;
    enum work_kind kind;
    uint64_t frame;
    supply_make(&s, 1);
    assert_true(supply_look(&s).wants);
    struct range four = {10, 4};
    assert_true(supply_add(&s, WORK_PROCESS, &four, 1, &err));
    assert_false(supply_look(&s).wants);
    assert_true(supply_next(&s, &since, &kind, &frame));
    assert_int_equal(frame, 10);
    assert_false(supply_look(&s).wants);
    assert_true(supply_next(&s, &since, &kind, &frame));
    assert_int_equal(frame, 11);
    assert_true(supply_look(&s).wants);
    supply_close(&s); /* what was not begun is forgotten */
    assert_false(supply_next(&s, &since, &kind, &frame));
    assert_false(supply_look(&s).wants);
    assert_true(supply_add(&s, WORK_PROCESS, &four, 1, &err));
    assert_false(supply_next(&s, &since, &kind, &frame));
    supply_free(&s);
}

static void frames_that_were_taken_back_are_forgotten_and_more_may_come(void **state)
{
    (void)state;
    struct error err = {0};
    struct supply s;
    int64_t since = 0;
    enum work_kind kind;
    uint64_t frame;
    supply_make(&s, 1);
    struct range four = {10, 4}, one = {40, 1};
    assert_true(supply_add(&s, WORK_SURVEY, &four, 1, &err));
    supply_forget(&s);
    assert_true(supply_look(&s).wants);
    assert_true(supply_add(&s, WORK_PROCESS, &one, 1, &err));
    assert_true(supply_next(&s, &since, &kind, &frame));
    assert_true(kind == WORK_PROCESS && frame == 40);
    supply_free(&s);
}

static void frames_are_held_until_nobody_wants_that_any_more(void **state)
{
    (void)state;
    struct supply s;
    supply_make(&s, 1);
    supply_hold(&s, HOLD_DISK, true);
    supply_hold(&s, HOLD_FINDING, true);
    supply_hold(&s, HOLD_DISK, false);
    assert_false(supply_look(&s).wants);
    supply_hold(&s, HOLD_FINDING, false);
    assert_true(supply_look(&s).wants);
    supply_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_frame_goes_to_one_worker),
        cmocka_unit_test(frames_that_were_taken_back_are_forgotten_and_more_may_come),
        cmocka_unit_test(frames_are_held_until_nobody_wants_that_any_more),
        cmocka_unit_test(more_is_wanted_when_half_of_the_last_grant_is_used_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
