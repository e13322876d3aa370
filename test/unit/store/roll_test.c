/* roll_test.c - roll-ups are a function of the set of frames: counts, minutes, histograms, the sample. */
#include "store/roll.h"

#include <math.h>
#include <string.h>

#include "support.h"

static const double known_cell[6] = {78, 78, 38, 90, 90, 90};

static struct roll_lattice lattice_of(uint32_t i)
{
    struct roll_lattice l = {.n_integrated = 10 + i % 7,
                             .cell = {78, 78, 38, 90, 90, 90},
                             .free_cell = {77 + 0.01 * (i % 200), 78, 38, 90, 90, 90},
                             .A = {0.0128, 0, 0, 0, 0.0128, 0, 0, 0, 0.0263},
                             .evidence = 12,
                             .rmsd_px = 0.5,
                             .res_a = 2};
    memcpy(l.ident, &i, sizeof i);
    return l;
}

static struct roll_frame frame_of(uint32_t i, const struct roll_lattice *l)
{
    return (struct roll_frame){.frame = i,
                               .outcome = l ? OUTCOME_INTEGRATED : OUTCOME_BLANK,
                               .reason = l ? REASON_NONE : REASON_NO_SPOTS,
                               .n_strong = l ? 40 : 3,
                               .t_done = 1000000000000 + 1000000000 * (int64_t)(i % 130),
                               .t_event = INT64_MIN,
                               .ev_used = 9500,
                               .res_a = l ? 2 : NAN,
                               .ring = i % 2 ? 1.5 : NAN,
                               .len_px = l ? 4 : NAN,
                               .stages = {20, 0, 7},
                               .n_lattices = l != NULL,
                               .lattices = l};
}

static void fill(struct roll *r, uint32_t n, bool backwards)
{
    assert_true(roll_make(r, known_cell));
    for (uint32_t k = 0; k < n; k++) {
        uint32_t i = backwards ? n - 1 - k : k;
        struct roll_lattice l = lattice_of(i);
        struct roll_frame f = frame_of(i, i % 3 ? NULL : &l);
        roll_hot_add(&r->hot, &f);
        roll_slow_add(r, &f);
    }
}

static void counts_do_not_depend_on_the_order_of_frames(void **state)
{
    (void)state;
    struct roll a, b;
    fill(&a, 300, false);
    fill(&b, 300, true);
    assert_memory_equal(&a.hot, &b.hot, sizeof a.hot);
    assert_int_equal(a.hot.frames, 300);
    assert_int_equal(a.hot.by_outcome[OUTCOME_INTEGRATED], 100);
    assert_int_equal(a.hot.reasons[REASON_NO_SPOTS], 200);
    assert_int_equal(a.n_minutes, b.n_minutes);
    uint32_t frames = 0;
    for (size_t i = 0; i < a.n_minutes; i++) {
        assert_int_equal(a.minutes[i].minute, b.minutes[i].minute);
        assert_int_equal(a.minutes[i].hits, b.minutes[i].hits);
        frames += a.minutes[i].frames;
    }
    assert_int_equal(frames, 300);
    roll_free(&a);
    roll_free(&b);
}

static void every_value_of_a_histogram_is_in_a_bin_or_beside_them(void **state)
{
    (void)state;
    struct roll r;
    fill(&r, 300, false);
    for (int k = 0; k < ROLL_KINDS; k++) {
        const struct roll_hist *h = r.hists + k;
        int64_t sum = (int64_t)h->under + h->over;
        for (uint32_t i = 0; i < h->n_bins; i++)
            sum += h->bins[i];
        assert_int_equal(sum, h->n);
    }
    assert_int_equal(r.hists[0].n, 100);
    assert_int_equal(r.hists[12].n, 150); /* ring */
    assert_int_equal(r.hists[12].bins[30], 150);
    assert_int_equal(r.hists[13].bins[16], 100);  /* length */
    assert_int_equal(r.hists[ROLL_FIXED].n, 300); /* the first stage ran on all, the second on none */
    assert_int_equal(r.hists[ROLL_FIXED + 1].n, 0);
    assert_double_equal(r.hists[ROLL_FIXED].total, 6000, 0);
    roll_free(&r);
}

static int by_hash(const void *a, const void *b)
{
    int64_t x = ((const struct roll_sampled *)a)->hash, y = ((const struct roll_sampled *)b)->hash;
    return (x > y) - (x < y);
}

static void the_sample_is_bounded_and_depends_on_the_lattices_alone(void **state)
{
    (void)state;
    struct roll a, b;
    fill(&a, 75000, false); /* 25,000 lattices */
    fill(&b, 75000, true);
    assert_true(a.n_sample <= ROLL_SAMPLE_MAX && a.n_sample > ROLL_SAMPLE_MAX / 3);
    assert_int_equal(a.n_sample, b.n_sample);
    assert_int_equal(a.level, b.level);
    qsort(a.sample, a.n_sample, sizeof *a.sample, by_hash);
    qsort(b.sample, b.n_sample, sizeof *b.sample, by_hash);
    for (size_t i = 0; i < a.n_sample; i++)
        assert_int_equal(a.sample[i].hash, b.sample[i].hash);
    roll_free(&a);
    roll_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_do_not_depend_on_the_order_of_frames),
        cmocka_unit_test(every_value_of_a_histogram_is_in_a_bin_or_beside_them),
        cmocka_unit_test(the_sample_is_bounded_and_depends_on_the_lattices_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
