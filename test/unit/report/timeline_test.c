/* timeline_test.c - what happened to a run, in order. */
#include "report/report.h"

#include <math.h>
#include <string.h>

#include "support.h"

#define S INT64_C(1000000000)

static struct arena arena;

static struct store_book_attempt attempts[] = {
    {.no = 1,
     .submit_t = 60 * S,
     .start_t = 70 * S,
     .end_t = 90 * S,
     .end = END_OK,
     .scheduler = "slurm",
     .sched_id = "47",
     .host = "node7"},
};
static struct store_book_job job = {
    .id = 5, .trial = 2, .created_t = 55 * S, .attempts = attempts, .n_attempts = 1};
static struct store_run_row run = {.id = 12, .facility = "directory", .state = RUN_PRESENT, .n_files = 3};

static void steps_come_in_order_with_their_waits(void **state)
{
    (void)state;
    struct store_history_version v = {
        .job = 5, .created_t = 200 * S, .merged_t = 260 * S, .version = 7, .dataset = "light"};
    const struct store_history h = {.seen_t = 10 * S,
                                    .begin_t = 8 * S,
                                    .end_t = 40 * S,
                                    .closed_t = 45 * S,
                                    .present_t = 50 * S,
                                    .versions = &v,
                                    .n_versions = 1};
    static const struct {
        enum timeline_kind kind;
        double wait;
    } should[] = {{TIMELINE_BEGAN, NAN},   {TIMELINE_SEEN, 2},     {TIMELINE_ENDED, 30},
                  {TIMELINE_COMPLETE, 5},  {TIMELINE_PRESENT, 5},  {TIMELINE_MADE, 5},
                  {TIMELINE_SUBMITTED, 5}, {TIMELINE_STARTED, 10}, {TIMELINE_STOPPED, 20},
                  {TIMELINE_TAKEN, 110},   {TIMELINE_MERGED, 60}};
    size_t n;
    const struct timeline_step *t = timeline_of(&run, &h, &job, 1, &arena, &n);
    assert_int_equal(n, sizeof should / sizeof *should);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(t[i].kind, should[i].kind);
        assert_false(t[i].missing);
        if (isnan(should[i].wait))
            assert_true(isnan(t[i].wait_s));
        else
            assert_double_equal(t[i].wait_s, should[i].wait, 1e-6);
    }
    assert_string_equal(t[6].what, "submitted to slurm as 47");
    assert_string_equal(t[9].what, "in version 7 of light");
    arena_free(&arena);
}

static void what_was_not_recorded_is_said_where_it_belongs(void **state)
{
    (void)state;
    const struct store_history h = {.seen_t = 10 * S};
    struct store_book_attempt lost = attempts[0];
    struct store_book_job other = job;
    size_t n;
    lost.start_t = 0;
    other.attempts = &lost;
    const struct timeline_step *t = timeline_of(&run, &h, &other, 1, &arena, &n);
    assert_int_equal(n, 7);
    assert_int_equal(t[1].kind, TIMELINE_COMPLETE);
    assert_true(t[1].missing && t[1].t == 0);
    assert_int_equal(t[5].kind, TIMELINE_STARTED);
    assert_true(t[5].missing);
    assert_double_equal(t[6].wait_s, 30, 1e-6); /* since it was submitted: the start is not known */
    arena_free(&arena);
}

static void what_nothing_follows_comes_last(void **state)
{
    (void)state;
    const struct store_history h = {.seen_t = 10 * S};
    size_t n;
    const struct timeline_step *t = timeline_of(&run, &h, NULL, 0, &arena, &n);
    assert_int_equal(n, 3);
    assert_int_equal(t[0].kind, TIMELINE_SEEN);
    assert_int_equal(t[2].kind, TIMELINE_PRESENT);
    assert_true(t[1].missing && t[2].missing);
    arena_free(&arena);
}

static void a_run_that_process_made_waits_for_no_files(void **state)
{
    (void)state;
    const struct store_history h = {.seen_t = 10 * S};
    struct store_run_row alone = run;
    size_t n;
    alone.facility = "process";
    const struct timeline_step *t = timeline_of(&alone, &h, NULL, 0, &arena, &n);
    assert_int_equal(n, 1);
    assert_int_equal(t[0].kind, TIMELINE_SEEN);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_come_in_order_with_their_waits),
        cmocka_unit_test(what_was_not_recorded_is_said_where_it_belongs),
        cmocka_unit_test(what_nothing_follows_comes_last),
        cmocka_unit_test(a_run_that_process_made_waits_for_no_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
