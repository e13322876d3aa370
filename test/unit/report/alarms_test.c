/* alarms_test.c - each alarm stands when its case is there, and not a step before. */
#include "report/overview.h"

#include "support.h"

#include <math.h>
#include <string.h>

#define MINUTE INT64_C(60000000000)
#define SECOND INT64_C(1000000000)

static struct store_minute minutes[OVERVIEW_MINUTES];
static struct store_book_job job;
static struct store_run_row run;
static struct arena arena;

static struct overview_sources quiet(void)
{
    for (int i = 0; i < OVERVIEW_MINUTES; i++)
        minutes[i] = (struct store_minute){.frames = 600, .hits = 120, .indexed = 80, .lattices = 80};
    job = (struct store_book_job){.id = 1, .state = JOB_RUNNING};
    run = (struct store_run_row){.id = 1, .state = RUN_ONGOING};
    struct overview_sources in = {.minutes = minutes,
                                  .n_minutes = OVERVIEW_MINUTES,
                                  .jobs = &job,
                                  .n_jobs = 1,
                                  .runs = &run,
                                  .n_runs = 1,
                                  .now = 5000 * MINUTE,
                                  .disk_free = 0.5};
    in.live.frames = 1000;
    in.live.by_outcome[OUTCOME_INTEGRATED] = 1000;
    in.live.last_t = in.live.frame_t = in.now - SECOND;
    return in;
}

/* The kinds that stand, a blank behind each. */
static const char *standing(const struct overview_sources *in)
{
    static char words[256];
    size_t n = 0;
    const struct overview_alarm *alarms = overview_alarms(in, &arena, &n);
    words[0] = 0;
    for (size_t i = 0; i < n; i++) {
        assert_true(strlen(alarms[i].text) > 0 && strlen(alarms[i].hint) > 0);
        strcat(strcat(words, alarms[i].kind), " ");
    }
    return words;
}

static void a_good_shift_has_none(void **state)
{
    (void)state;
    const struct overview_sources in = quiet();
    assert_string_equal(standing(&in), "");
}

static void silence_is_stale_and_then_no_frames(void **state)
{
    (void)state;
    struct overview_sources in = quiet();
    in.live.last_t = in.now - 29 * SECOND;
    assert_string_equal(standing(&in), "");
    in.live.last_t = in.now - 31 * SECOND;
    assert_string_equal(standing(&in), "stale ");
    in.live.last_t = in.now - 61 * SECOND;
    assert_string_equal(standing(&in), "no_frames ");
    run.state = RUN_PRESENT; /* its frames are all there: nobody waits for beam */
    assert_string_equal(standing(&in), "stale ");
    job.state = JOB_DONE;
    assert_string_equal(standing(&in), "");
}

static void rates_that_fall_are_told_apart(void **state)
{
    (void)state;
    struct overview_sources in = quiet();
    for (int i = 1; i <= 2; i++)
        minutes[OVERVIEW_MINUTES - i].hits = 30, minutes[OVERVIEW_MINUTES - i].indexed = 20;
    assert_string_equal(standing(&in), "jet ");
    in = quiet();
    for (int i = 1; i <= OVERVIEW_NOW; i++)
        minutes[OVERVIEW_MINUTES - i].indexed = 40;
    assert_string_equal(standing(&in), "geometry ");
    for (int i = 1; i <= OVERVIEW_NOW; i++) /* fewer than 50: nothing is said */
        minutes[OVERVIEW_MINUTES - i] = (struct store_minute){.frames = 4, .hits = 0};
    assert_string_equal(standing(&in), "");
}

static void shares_of_frames(void **state)
{
    (void)state;
    struct overview_sources in = quiet();
    in.live.by_outcome[OUTCOME_FAILED] = 10;
    assert_string_equal(standing(&in), "");
    in.live.by_outcome[OUTCOME_FAILED] = 11;
    assert_string_equal(standing(&in), "failures ");
    in = quiet();
    for (int i = 1; i <= OVERVIEW_NOW; i++) /* 10 % of the hits: not surely more */
        minutes[OVERVIEW_MINUTES - i].ice = minutes[OVERVIEW_MINUTES - i].ice_hits = 12;
    assert_string_equal(standing(&in), "");
    for (int i = 1; i <= OVERVIEW_NOW; i++)
        minutes[OVERVIEW_MINUTES - i].ice = minutes[OVERVIEW_MINUTES - i].ice_hits = 16;
    assert_string_equal(standing(&in), "ice ");
    in = quiet();
    for (int i = 1; i <= OVERVIEW_NOW; i++) /* powder, on blank frames alone */
        minutes[OVERVIEW_MINUTES - i].ice = 80;
    assert_string_equal(standing(&in), "ice ");
    for (int i = 1; i <= OVERVIEW_NOW; i++) /* and it goes when the ice goes */
        minutes[OVERVIEW_MINUTES - i].ice = 10;
    assert_string_equal(standing(&in), "");
    in = quiet();
    for (int i = 1; i <= OVERVIEW_NOW; i++)
        minutes[OVERVIEW_MINUTES - i].saturated = 9;
    assert_string_equal(standing(&in), "saturation ");
    in = quiet();
    for (int i = 1; i <= OVERVIEW_NOW; i++)
        minutes[OVERVIEW_MINUTES - i].dx_sum = 80 * 0.6;
    assert_string_equal(standing(&in), "beam_centre ");
}

static void machinery(void **state)
{
    (void)state;
    struct overview_sources in = quiet();
    in.live.frame_t = in.now - 601 * SECOND;
    assert_string_equal(standing(&in), "backlog ");
    in = quiet();
    in.disk_free = 0.04;
    in.health.lag = 31 * SECOND;
    assert_string_equal(standing(&in), "disk database ");
    in = quiet();
    job.state = JOB_READY;
    in.health.watching = "{\"t\": 60000000000}";
    assert_string_equal(standing(&in), "watch ");
    in.health.lease_expires = in.now + SECOND; /* one that is at it */
    assert_string_equal(standing(&in), "");
    in.health.lease_expires = 0;
    in.health.watching = "{\"t\": 1e9, broken"; /* nobody ever watched, as far as is known */
    assert_string_equal(standing(&in), "");
}

static void limits_are_those_that_are_given(void **state)
{
    (void)state;
    struct overview_sources in = quiet();
    struct alarm_limits limits = alarm_limits_usual;
    in.limits = &limits;
    in.disk_free = 0.08;
    assert_string_equal(standing(&in), "");
    limits.disk = 0.1;
    assert_string_equal(standing(&in), "disk ");
    limits.disk = NAN; /* switched off */
    in.disk_free = 0;
    assert_string_equal(standing(&in), "");
    in.live.by_outcome[OUTCOME_FAILED] = 40;
    assert_string_equal(standing(&in), "failures ");
    limits.min_frames = 2000;
    assert_string_equal(standing(&in), "");
}

static void the_jet_is_looked_at_for_as_long_as_is_said(void **state)
{
    (void)state;
    struct overview_sources in = quiet();
    struct alarm_limits limits = alarm_limits_usual;
    in.limits = &limits;
    for (int i = OVERVIEW_MINUTES - 2; i < OVERVIEW_MINUTES; i++)
        minutes[i].hits = minutes[i].indexed = minutes[i].lattices = 12;
    assert_string_equal(standing(&in), "jet ");
    limits.jet_minutes = 5;
    assert_string_equal(standing(&in), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_shift_has_none),
        cmocka_unit_test(silence_is_stale_and_then_no_frames),
        cmocka_unit_test(rates_that_fall_are_told_apart),
        cmocka_unit_test(shares_of_frames),
        cmocka_unit_test(machinery),
        cmocka_unit_test(limits_are_those_that_are_given),
        cmocka_unit_test(the_jet_is_looked_at_for_as_long_as_is_said),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(&arena);
    return failed;
}
