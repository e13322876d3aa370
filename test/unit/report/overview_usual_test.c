/* overview_usual_test.c - a change is told when 99 % intervals are apart, and not before. */
#include "report/overview.h"

#include "support.h"

#include <math.h>
#include <string.h>

#define MINUTE INT64_C(60000000000)

static struct store_minute minutes[OVERVIEW_MINUTES];
static struct overview_usual u[OVERVIEW_USUALS];

static struct overview_sources steady(void)
{
    for (int i = 0; i < OVERVIEW_MINUTES; i++) {
        uint64_t hits = 120 + (uint64_t)(i * 7 % 11), indexed = 80 + (uint64_t)(i * 5 % 7);
        minutes[i] = (struct store_minute){.frames = 600,
                                           .hits = hits,
                                           .indexed = indexed,
                                           .lattices = indexed,
                                           .res_a = 2 + 0.01 * (i % 5)};
        minutes[i].spots_hit[5] = 40;
        minutes[i].spots_idx[6] = 80;
        minutes[i].dx_sum = 0.01 * (double)(i % 3) * (double)indexed;
    }
    return (struct overview_sources){
        .minutes = minutes, .n_minutes = OVERVIEW_MINUTES, .now = 5000 * MINUTE, .disk_free = NAN};
}

static const struct overview_usual *of(const char *key)
{
    for (size_t i = 0; i < OVERVIEW_USUALS; i++)
        if (strcmp(u[i].key, key) == 0)
            return u + i;
    fail();
    return NULL;
}

static void a_steady_hour_has_no_change(void **state)
{
    (void)state;
    const struct overview_sources in = steady();
    assert_int_equal(overview_usuals(&in, u), OVERVIEW_USUALS);
    for (size_t i = 0; i < OVERVIEW_USUALS; i++)
        assert_false(u[i].changed);
    const struct overview_usual *hit = of("hit");
    assert_true(hit->usual_lo <= hit->usual && hit->usual <= hit->usual_hi);
    assert_true(hit->now_lo < hit->now && hit->now < hit->now_hi);
    assert_double_equal(of("res_a")->usual, 2.02, 0.011);
    assert_true(of("spots")->now > 31 && of("spots")->now < 127);
}

static void what_falls_is_told_alone_and_what_moves_with_it(void **state)
{
    (void)state;
    struct arena a = {0};
    struct overview_sources in = steady();
    for (int i = 1; i <= 2; i++) {
        minutes[OVERVIEW_MINUTES - i].indexed = minutes[OVERVIEW_MINUTES - i].lattices = 30;
        minutes[OVERVIEW_MINUTES - i].dx_sum = 30 * 1.5;
    }
    overview_usuals(&in, u);
    assert_true(of("indexed")->changed && of("beam_x")->changed);
    assert_false(of("hit")->changed || of("beam_y")->changed || of("res_a")->changed);
    const struct store_audit acts[] = {
        {.t = in.now - MINUTE, .who = "ann", .verb = "group.edit", .target = "group 5"},
        {.t = in.now - MINUTE,
         .who = "bob",
         .verb = "run.tag",
         .target = "run 5"}, /* has nothing to do with it */
        {.t = in.now - 16 * MINUTE,
         .who = "eve",
         .verb = "trial.add",
         .target = "trial 1"}}; /* too long ago */
    in.audits = acts, in.n_audits = 3;
    const char *text = overview_changes(&in, "indexed", &a);
    assert_non_null(strstr(text, "beam centre, fast 1.50 px, usually 0.01"));
    assert_non_null(strstr(text, "ann: group.edit group 5"));
    assert_null(strstr(text, "indexed of hits"));
    assert_null(strstr(text, "bob"));
    assert_null(strstr(text, "eve"));
    assert_null(strstr(text, "photon energy"));
    in.energy[0] = (struct overview_energy){60, 9560};
    in.energy[1] = (struct overview_energy){1000, 9500};
    assert_non_null(strstr(overview_changes(&in, NULL, &a), "photon energy 9560 eV, the job before 9500"));
    in.energy[0].mean_ev = 9505; /* less than a thousandth */
    assert_null(strstr(overview_changes(&in, NULL, &a), "photon energy"));
    in.energy[0] = (struct overview_energy){3, 9900}; /* few frames */
    assert_null(strstr(overview_changes(&in, NULL, &a), "photon energy"));
    arena_free(&a);
}

static void few_frames_and_few_minutes_say_nothing(void **state)
{
    (void)state;
    struct overview_sources in = steady();
    for (int i = 1; i <= 2; i++)
        minutes[OVERVIEW_MINUTES - i] = (struct store_minute){.frames = 24, .hits = 24};
    overview_usuals(&in, u);
    assert_false(of("hit")->changed);
    in = steady();
    in.minutes += OVERVIEW_MINUTES - 9, in.n_minutes = 9; /* two that are now and seven before */
    overview_usuals(&in, u);
    assert_true(isnan(of("hit")->usual) && isfinite(of("hit")->now));
    assert_false(of("hit")->changed);
    in.n_minutes = 0;
    overview_usuals(&in, u);
    assert_true(isnan(of("hit")->now) && isnan(of("res_a")->now));
}

/* In an hour without any change 99 % intervals must be apart hardly ever: hits are binomial, 200 hours. */
static void chance_alone_is_seldom_told(void **state)
{
    (void)state;
    uint64_t seed = 12345;
    int told = 0;
    for (int hour = 0; hour < 200; hour++) {
        const struct overview_sources in = steady();
        for (int i = 0; i < OVERVIEW_MINUTES; i++) {
            minutes[i].hits = 0;
            for (int k = 0; k < 600; k++) {
                seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
                minutes[i].hits += (seed >> 33) % 1000 < 160;
            }
        }
        overview_usuals(&in, u);
        told += of("hit")->changed;
    }
    assert_true(told <= 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_steady_hour_has_no_change),
        cmocka_unit_test(what_falls_is_told_alone_and_what_moves_with_it),
        cmocka_unit_test(few_frames_and_few_minutes_say_nothing),
        cmocka_unit_test(chance_alone_is_seldom_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
