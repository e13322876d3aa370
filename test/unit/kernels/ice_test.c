/* ice_test.c - decisions on rings: light, spots, solvent. */
#include "kernels/ice.h"

#include "random.h"

#include <math.h>
#include <string.h>

#include "support.h"

static struct ring_sums sums;

/* Poisson by adding up waiting times; large means by a normal. */
static double draw(struct random *rng, double mean)
{
    if (mean > 50) {
        double u = 0;
        for (int i = 0; i < 12; i++)
            u += random_unit(rng);
        return fmax(0, rint(mean + (u - 6) * sqrt(mean)));
    }
    double n = -1, t = 0;
    for (; t < mean; n++)
        t -= log(1 - random_unit(rng));
    return n;
}

/* A frame whose background falls along the bands, with `extra` of it on the rings, and a bright Bragg spot in `spoiled` cells. */
static void make(struct random *rng, double per_pixel, double extra, int spoiled, size_t n_rings)
{
    memset(&sums, 0, sizeof sums);
    for (size_t b = 0; b < 3 * n_rings; b++)
        for (int s = 0; s < RINGS_SECTORS; s++) {
            uint32_t n = b % 3 == 1 ? 300 : 320;
            double mean = per_pixel * (2 - 0.05 * (double)b) * (b % 3 == 1 ? 1 + extra : 1);
            sums.cells[b][s] = (struct ring_cell){draw(rng, mean * n), n};
        }
    for (int i = 0; i < spoiled; i++)
        sums.cells[(size_t)(random_unit(rng) * 3 * (double)n_rings)][(int)(random_unit(rng) * RINGS_SECTORS)]
            .sum += 3000;
}

static void spacings_are_those_of_ice_and_salt(void **state)
{
    (void)state;
    static const double ice[] = {3.895, 3.669, 3.441, 2.671, 2.249, 2.072},
                        salt[] = {2.820, 1.994, 1.628, 1.261};
    double d[ICE_RINGS];
    assert_int_equal(ice_spacings(SUBSTANCE_ICE, d), 6);
    for (int i = 0; i < 6; i++)
        assert_true(fabs(d[i] - ice[i]) < 0.001);
    assert_int_equal(ice_spacings(SUBSTANCE_SALT, d), 4);
    for (int i = 0; i < 4; i++)
        assert_true(fabs(d[i] - salt[i]) < 0.001);
}

static void bands_do_not_meet(void **state)
{
    (void)state;
    for (int what = 0; what < SUBSTANCES; what++) {
        struct ring_bands b;
        ice_bands((enum substance)what, 1.3, &b);
        for (size_t i = 0; i < b.n; i++)
            for (size_t k = 0; k < b.n; k++)
                assert_true(b.lo[i] < b.hi[i] && (i == k || b.hi[i] <= b.lo[k] || b.hi[k] <= b.lo[i]));
    }
}

static void light_on_rings_is_found_and_none_where_there_is_none(void **state)
{
    (void)state;
    struct random rng = random_start("ice");
    int found = 0, false_ones = 0;
    for (int i = 0; i < 400; i++) {
        struct ice_light light;
        make(&rng, 0.5, i % 2 ? 0.15 : 0, 8, 6);
        ice_judge_light(&sums, 6, &light);
        assert_true(light.known && light.rings == 6);
        found += i % 2 && light.stands;
        false_ones += i % 2 == 0 && light.stands;
    }
    if (found < 195 || false_ones > 0)
        fail_msg("%d of 200 found, %d of 200 false", found, false_ones);
}

static void what_cannot_be_seen_is_not_known(void **state)
{
    (void)state;
    struct random rng = random_start("half");
    struct ice_light light;
    make(&rng, 0.5, 1, 0, 1); /* one ring alone */
    ice_judge_light(&sums, 6, &light);
    assert_true(!light.known && !light.stands && light.rings == 1);
    memset(&sums, 0, sizeof sums);
    ice_judge_light(&sums, 6, &light);
    assert_true(!light.known && light.rings == 0);
    make(&rng, 0, 0, 0, 6); /* no light at all */
    ice_judge_light(&sums, 6, &light);
    assert_false(light.stands);
}

static void spots_on_rings_are_told_from_spots_everywhere(void **state)
{
    (void)state;
    uint32_t area[RINGS_BANDS], counts[RINGS_BANDS] = {0};
    struct random rng = random_start("spots");
    struct ice_spots spots;
    int false_ones = 0;
    for (size_t b = 0; b < RINGS_BANDS; b++)
        area[b] = 1000;
    for (int i = 0; i < 3000; i++) {
        memset(counts, 0, sizeof counts);
        for (int k = 0; k < 10 + i % 60; k++)
            counts[(size_t)(random_unit(&rng) * 18)]++;
        ice_judge_spots(counts, area, 6, &spots);
        false_ones += spots.stands;
    }
    assert_true(false_ones <= 1); /* the chance is 1e-4 at most */
    memset(counts, 0, sizeof counts);
    counts[1] = 6, counts[4] = 5, counts[7] = 3, counts[0] = 2;
    ice_judge_spots(counts, area, 6, &spots);
    assert_true(spots.stands && spots.on == 14 && spots.beside == 2 && spots.up == 3);
    counts[1] = 14, counts[4] = counts[7] = 0; /* on one ring alone */
    ice_judge_spots(counts, area, 6, &spots);
    assert_false(spots.stands);
}

static void the_chance_is_that_of_the_binomial(void **state)
{
    (void)state;
    uint32_t area[RINGS_BANDS] = {100, 100, 100}, counts[RINGS_BANDS] = {1, 3, 0};
    struct ice_spots spots;
    ice_judge_spots(counts, area, 1, &spots);
    assert_true(fabs(spots.log10_chance - log10(4 * 2.0 / 81 + 1.0 / 81)) < 1e-12); /* 3 or 4 of 4 at 1/3 */
}

static void the_ratio_is_of_sectors_that_see_both(void **state)
{
    (void)state;
    double ratio, low;
    memset(&sums, 0, sizeof sums);
    for (int s = 0; s < RINGS_SECTORS; s++) {
        sums.cells[0][s] = (struct ring_cell){s < 8 ? 50 : 500, 100};
        sums.cells[1][s] = (struct ring_cell){s < 8 ? 100 : 0, s < 8 ? 100 : 0};
    }
    sums.cells[1][2].sum = 1e6; /* a spot */
    assert_true(solvent_ratio(&sums, 400, &ratio, &low));
    assert_true(ratio == 2 && low == 0.5);
    assert_false(solvent_ratio(&sums, 801, &ratio, &low));
    for (int s = 0; s < RINGS_SECTORS; s++)
        sums.cells[0][s].sum = -1; /* a pedestal that is too high */
    assert_false(solvent_ratio(&sums, 400, &ratio, &low));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spacings_are_those_of_ice_and_salt),
        cmocka_unit_test(bands_do_not_meet),
        cmocka_unit_test(light_on_rings_is_found_and_none_where_there_is_none),
        cmocka_unit_test(what_cannot_be_seen_is_not_known),
        cmocka_unit_test(spots_on_rings_are_told_from_spots_everywhere),
        cmocka_unit_test(the_chance_is_that_of_the_binomial),
        cmocka_unit_test(the_ratio_is_of_sectors_that_see_both),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
