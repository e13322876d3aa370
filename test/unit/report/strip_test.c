/* strip_test.c - frames along a run, in stretches. */
#include "report/report.h"

#include <math.h>

#include "support.h"

static struct arena arena;
static struct strip strip;

enum { N = 1000 };
static struct store_shot shots[N];

/* Every third frame a hit, every sixth indexed; the beam drifts by 0.5 px over the run. */
static void make_shots(void)
{
    for (size_t i = 0; i < N; i++)
        shots[i] = (struct store_shot){.place = i,
                                       .frame = (uint32_t)i,
                                       .n_strong = (uint32_t)i,
                                       .outcome = (uint8_t)(i % 6 == 0   ? OUTCOME_INTEGRATED
                                                            : i % 3 == 0 ? OUTCOME_HIT_NOT_INDEXED
                                                                         : OUTCOME_BLANK),
                                       .flags = (i % 10 == 0 ? FRAME_ICE : 0) | (i % 4 ? FRAME_SOLVENT : 0),
                                       .ring = i % 5 ? (i % 4 ? 2.5f : 0.5f) : NAN,
                                       .len_px = i % 6 == 0 ? 4 : NAN,
                                       .n_lattice = i % 6 == 0 ? 1 + (i % 12 == 0) : 0,
                                       .res_a = i % 6 == 0 ? 2.0f : NAN,
                                       .energy_ev = 9500,
                                       .distance_mm = NAN,
                                       .dx_px = i % 6 == 0 ? 0.5f * (float)i / (N - 1) : NAN,
                                       .dy_px = i % 6 == 0 ? (i % 12 == 0 ? 0.1f : -0.1f) : NAN};
}

static uint64_t counted(void)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < strip.n_bins; i++)
        sum += strip.bins[i].frames;
    return sum;
}

static void nothing_is_lost_between_stretches(void **state)
{
    (void)state;
    make_shots();
    for (size_t bins = 1; bins < 1200; bins += 37) {
        strip_of(shots, N, N, 0, 0, bins, &arena, &strip);
        assert_true(strip.n_bins <= bins);
        assert_int_equal(counted(), N);
        assert_true(strip.step * strip.n_bins >= N && strip.step * (strip.n_bins - 1) < N);
        assert_double_equal(strip.bins[strip.n_bins - 1].strong[STRIP_INDEXED].n > 0
                                ? strip.bins[strip.n_bins - 1].strong[STRIP_INDEXED].hi
                                : 996,
                            996, 0);
    }
    arena_free(&arena);
}

static void ice_and_solvent_are_counted_where_they_are(void **state)
{
    (void)state;
    uint64_t ice = 0, n_ring = 0, solvent = 0;
    make_shots();
    strip_of(shots, N, N, 0, 0, 40, &arena, &strip);
    for (size_t i = 0; i < strip.n_bins; i++)
        ice += strip.bins[i].ice, n_ring += strip.bins[i].n_ring, solvent += strip.bins[i].solvent;
    assert_true(ice == 100 && strip.ice == 100 && strip.ice_hits == 34);
    assert_true(n_ring == 800 && strip.n_ring == 800);
    assert_true(solvent == 750 && strip.solvent == 750);
    assert_true(strip.bins[3].ring.lo == 0.5 && strip.bins[3].ring.hi == 2.5);
    assert_true(strip.len_px.n == 167 && strip.len_px.mean == 4);
    arena_free(&arena);
}

static void a_stretch_keeps_its_extremes_and_whose_they_are(void **state)
{
    (void)state;
    make_shots();
    shots[555].n_strong = 70000; /* 555 % 3 == 0: a hit that was not indexed */
    strip_of(shots, N, N, 0, 0, 10, &arena, &strip);
    const struct strip_value *v = strip.bins[5].strong + STRIP_HIT;
    assert_double_equal(v->hi, 70000, 0);
    assert_int_equal(v->hi_at, 555);
    assert_double_equal(v->lo, 501, 0);
    assert_int_equal(strip.bins[5].first, 500);
    assert_int_equal(strip.bins[5].frames, 100);
    assert_true(isnan(strip.bins[5].distance_mm.mean));
    assert_double_equal(strip.bins[5].energy_ev.spread, 0, 0);
    arena_free(&arena);
}

static void a_part_of_a_run_is_seen_frame_by_frame(void **state)
{
    (void)state;
    make_shots();
    strip_of(shots, N, N, 300, 350, 400, &arena, &strip);
    assert_int_equal(strip.step, 1);
    assert_int_equal(strip.n_bins, 50);
    assert_int_equal(counted(), 50);
    assert_int_equal(strip.frames, N); /* sums are of all of the job */
    strip_of(shots, N, N, 5000, 6000, 400, &arena, &strip);
    assert_int_equal(strip.n_bins, 0);
    arena_free(&arena);
}

static void a_drift_has_its_error_and_scatter_alone_is_none(void **state)
{
    (void)state;
    make_shots();
    strip_of(shots, N, N, 0, 0, 10, &arena, &strip);
    assert_double_equal(strip.dx_px.drift, 0.5, 1e-5);
    assert_true(strip.dx_px.sigma < 1e-5);
    assert_true(fabs(strip.dy_px.drift) < 3 * strip.dy_px.sigma);
    assert_double_equal(strip.dy_px.spread, 0.1, 1e-3);
    assert_true(isnan(strip.distance_mm.drift));
    assert_int_equal(strip.multi, 84);
    arena_free(&arena);
}

static void what_is_not_done_yet_is_a_gap_and_no_frames_are_none(void **state)
{
    (void)state;
    make_shots();
    strip_of(shots, 200, N, 0, 0, 10, &arena, &strip); /* the first 200 of 1000 */
    assert_int_equal(strip.n_bins, 10);
    assert_int_equal(strip.bins[1].frames, 100);
    assert_int_equal(strip.bins[2].frames, 0);
    assert_int_equal(strip.bins[2].first, 200);
    strip_of(NULL, 0, 0, 0, 0, 10, &arena, &strip);
    assert_int_equal(strip.n_bins, 0);
    assert_true(isnan(strip.dx_px.mean));
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost_between_stretches),
        cmocka_unit_test(ice_and_solvent_are_counted_where_they_are),
        cmocka_unit_test(a_stretch_keeps_its_extremes_and_whose_they_are),
        cmocka_unit_test(a_part_of_a_run_is_seen_frame_by_frame),
        cmocka_unit_test(a_drift_has_its_error_and_scatter_alone_is_none),
        cmocka_unit_test(what_is_not_done_yet_is_a_gap_and_no_frames_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
