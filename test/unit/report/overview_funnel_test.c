/* overview_funnel_test.c - every frame is at one step, or lost on the way to the next. */
#include "report/overview.h"

#include "support.h"

static void losses_are_what_is_missing_at_each_step(void **state)
{
    (void)state;
    struct overview_step f[OVERVIEW_STEPS];
    struct overview_sources in = {0};
    struct store_totals *t = &in.totals;
    t->frames = 1000;
    t->by_outcome[OUTCOME_FAILED] = 10;
    t->by_outcome[OUTCOME_BLANK] = 790;
    t->by_outcome[OUTCOME_HIT_NOT_INDEXED] = 80;
    t->by_outcome[OUTCOME_INDEXED_NOT_INTEGRATED] = 5;
    t->by_outcome[OUTCOME_INTEGRATED] = 115;
    t->by_reason[REASON_TRUNCATED] = 10;
    t->by_reason[REASON_FEW_SPOTS] = 790;
    t->by_reason[REASON_NO_LATTICE] = 70;
    t->by_reason[REASON_ICE] = 10;
    t->by_reason[REASON_FEW_INTEGRATED] = 5;
    overview_funnel(&in, f);
    const uint64_t have[OVERVIEW_STEPS] = {1000, 990, 200, 120, 115};
    for (int i = 0; i < OVERVIEW_STEPS; i++) {
        uint64_t lost = 0;
        for (int r = 0; r < 64; r++)
            lost += f[i].lost[r];
        assert_int_equal(f[i].rate.n, have[i]);
        assert_int_equal(f[i].rate.of, have[i ? i - 1 : 0]);
        assert_int_equal(lost, i ? have[i - 1] - have[i] : 0);
    }
    assert_true(f[2].rate.lo < 200.0 / 990 && 200.0 / 990 < f[2].rate.hi);
}

static void a_stage_that_is_off_counts_where_the_frames_stopped(void **state)
{
    (void)state;
    struct overview_step f[OVERVIEW_STEPS];
    struct overview_sources in = {.totals = {.frames = 9}};
    in.totals.by_reason[REASON_STAGE_OFF] = 9;
    in.totals.by_outcome[OUTCOME_HIT_NOT_INDEXED] = 9;
    overview_funnel(&in, f);
    assert_int_equal(f[3].lost[REASON_STAGE_OFF], 9);
    in.totals.by_outcome[OUTCOME_HIT_NOT_INDEXED] = 0;
    in.totals.by_outcome[OUTCOME_INDEXED_NOT_INTEGRATED] = 9;
    overview_funnel(&in, f);
    assert_int_equal(f[4].lost[REASON_STAGE_OFF], 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(losses_are_what_is_missing_at_each_step),
        cmocka_unit_test(a_stage_that_is_off_counts_where_the_frames_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
