#include "pair.h"

#include <string.h>

static void integrate(struct pair *p)
{
    assert_int_equal(integrate_spots(&p->params, &p->frame, &p->lattice, 1, p->rows, 2, p->work), 2);
}

/* Means over exposures of two spots so far apart: what both ways say, each against its σ. */
static void expose_again_and_again(double apart, const double photons[2], bool shared)
{
    static struct pair p;
    enum { ROUNDS = 120 };
    double sum[4] = {0}, squares[4] = {0}, variance[4] = {0};
    uint64_t seed = 21;
    for (int round = 0; round < ROUNDS; round++) {
        pair_begin(&p, apart, false);
        pair_expose(&p, photons, 1, &seed);
        integrate(&p);
        for (int i = 0; i < 2; i++) {
            const struct reflection *r = &p.rows[i];
            assert_int_equal((r->flags & REFL_OVERLAPPED_FG) != 0, shared);
            assert_true(integrate_keeps(&p.params, r) && r->flags & REFL_INTEGRATED_PRF);
            const double off[2] = {r->intensity - photons[i], r->prf - photons[i]},
                         v[2] = {r->variance, r->prf_variance};
            for (int k = 0; k < 2; k++) {
                sum[2 * i + k] += off[k];
                squares[2 * i + k] += off[k] * off[k];
                variance[2 * i + k] += v[k];
            }
        }
    }
    for (int i = 0; i < 4; i++) {
        double error = sqrt(squares[i]) / ROUNDS, z2 = squares[i] / variance[i];
        if (!(fabs(sum[i] / ROUNDS) < 4 * error) || !(z2 > 0.6 && z2 < 1.7))
            fail_msg("%g px apart, spot %d, %s: off by %g ± %g, z² %g", apart, i / 2, i % 2 ? "fit" : "sum",
                     sum[i] / ROUNDS, error, z2);
    }
}

static void single_spots_are_measured_right_both_ways(void **state)
{
    (void)state;
    expose_again_and_again(60, (double[]){40, 5000}, false);
    expose_again_and_again(60, (double[]){200, 0}, false);
}

static void spots_that_share_pixels_are_told_apart(void **state)
{
    (void)state;
    expose_again_and_again(5, (double[]){40, 2000}, true);
    expose_again_and_again(3, (double[]){500, 400}, true);
}

static void spots_in_one_place_are_left_out(void **state)
{
    (void)state;
    static struct pair p;
    uint64_t seed = 22;
    pair_begin(&p, 0.25, false);
    pair_expose(&p, (double[]){400, 500}, 1, &seed);
    integrate(&p);
    for (int i = 0; i < 2; i++) {
        assert_true(p.rows[i].flags & REFL_OVERLAPPED_FG);
        assert_false(integrate_keeps(&p.params, &p.rows[i]));
    }
}

static void a_neighbours_light_is_no_background(void **state)
{
    (void)state;
    static struct pair p;
    uint64_t seed = 23;
    pair_begin(&p, 9, false); /* foregrounds apart, rings across */
    pair_expose(&p, (double[]){0, 1e5}, 1, &seed);
    integrate(&p);
    assert_false(p.rows[0].flags & REFL_OVERLAPPED_FG);
    assert_true(p.rows[0].flags & REFL_OVERLAPPED_BG);
    assert_true(fabs(p.rows[0].bg_mean - 1) < 0.5);
    assert_true(fabs(p.rows[0].intensity) < 5 * sqrt(p.rows[0].variance));
}

static void a_bad_pixel_costs_its_spot_and_a_group_its_fit(void **state)
{
    (void)state;
    static struct pair p;
    static uint8_t mask[SIDE * SIDE];
    uint64_t seed = 24;
    for (int apart = 5; apart <= 60; apart += 55) {
        memset(mask, 1, sizeof mask);
        pair_begin(&p, apart, false);
        pair_expose(&p, (double[]){500, 500}, 1, &seed);
        mask[99 * SIDE + 98] = 0; /* in the first spot only */
        p.frame.mask = mask;
        integrate(&p);
        assert_true(p.rows[0].flags & REFL_FOREGROUND_BAD);
        assert_false(integrate_keeps(&p.params, &p.rows[0]));
        assert_int_equal(integrate_keeps(&p.params, &p.rows[1]), apart == 60);
    }
}

/* What lies in a circle of 4 px less the mean of the ring from 5 to 7 px, by hand. */
static void rings_are_sums_over_given_circles(void **state)
{
    (void)state;
    static struct pair p;
    uint64_t seed = 25;
    pair_begin(&p, 60, false);
    p.params.method = INTEGRATE_RINGS;
    pair_expose(&p, (double[]){300, 30}, 1, &seed);
    integrate(&p);
    for (int i = 0; i < 2; i++) {
        const struct reflection *r = &p.rows[i];
        double inside = 0, ring = 0, squares = 0;
        int n_inside = 0, n_ring = 0;
        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < SIDE; x++) {
                double dx = x + 0.5 - r->cal_px[0], dy = y + 0.5 - r->cal_px[1], d2 = dx * dx + dy * dy,
                       v = (double)p.pixels[y * SIDE + x];
                inside += d2 <= 16 ? v : 0;
                n_inside += d2 <= 16;
                if (d2 <= 25 || d2 > 49)
                    continue;
                ring += v;
                squares += v * v;
                n_ring++;
            }
        double mean = ring / n_ring;
        assert_true(integrate_keeps(&p.params, r) && !(r->flags & REFL_INTEGRATED_PRF));
        assert_int_equal(r->n_foreground, n_inside);
        assert_int_equal(r->n_background, n_ring);
        /* outliers of the ring are left out: at most the one or two that chance puts there */
        assert_true(fabs(r->intensity - (inside - n_inside * mean)) < 0.15 * n_inside);
        double least = n_inside * mean * (1 + (double)n_inside / n_ring);
        assert_true(r->variance > 0.8 * least && r->variance < 1.2 * (least + inside));
    }
}

static void rings_flag_what_they_share_and_fit_nothing(void **state)
{
    (void)state;
    static struct pair p;
    uint64_t seed = 26;
    pair_begin(&p, 5, false);
    p.params.method = INTEGRATE_RINGS;
    pair_expose(&p, (double[]){0, 2000}, 1, &seed);
    integrate(&p);
    for (int i = 0; i < 2; i++)
        assert_true(p.rows[i].flags & REFL_OVERLAPPED_FG && integrate_keeps(&p.params, &p.rows[i]));
    assert_true(p.rows[0].intensity > 50); /* the neighbour's light */
}

static void what_has_no_fit_is_left_out_when_fits_are_asked_for(void **state)
{
    (void)state;
    static struct pair p;
    uint64_t seed = 27;
    pair_begin(&p, 60, false);
    p.params.method = INTEGRATE_PROFILE;
    pair_expose(&p, (double[]){300, 30}, 1, &seed);
    integrate(&p);
    assert_true(integrate_keeps(&p.params, &p.rows[0]));
    p.rows[0].flags &= (uint32_t)~REFL_INTEGRATED_PRF;
    assert_false(integrate_keeps(&p.params, &p.rows[0]));
    p.params.method = INTEGRATE_SUM;
    assert_true(integrate_keeps(&p.params, &p.rows[0]));
}

static void rows_that_point_nowhere_are_not_integrated(void **state)
{
    (void)state;
    static struct pair p;
    pair_begin(&p, 60, false);
    p.rows[0].panel = 7;
    p.rows[1].lattice = 3;
    integrate_spots(&p.params, &p.frame, &p.lattice, 1, p.rows, 2, p.work);
    for (int i = 0; i < 2; i++)
        assert_false(integrate_keeps(&p.params, &p.rows[i]));
    assert_int_equal(integrate_spots(&p.params, &p.frame, &p.lattice, 0, p.rows, 2, p.work), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(single_spots_are_measured_right_both_ways),
        cmocka_unit_test(spots_that_share_pixels_are_told_apart),
        cmocka_unit_test(spots_in_one_place_are_left_out),
        cmocka_unit_test(a_neighbours_light_is_no_background),
        cmocka_unit_test(a_bad_pixel_costs_its_spot_and_a_group_its_fit),
        cmocka_unit_test(rings_are_sums_over_given_circles),
        cmocka_unit_test(rings_flag_what_they_share_and_fit_nothing),
        cmocka_unit_test(what_has_no_fit_is_left_out_when_fits_are_asked_for),
        cmocka_unit_test(rows_that_point_nowhere_are_not_integrated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
