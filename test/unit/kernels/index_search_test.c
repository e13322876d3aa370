#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "still.h"

#include "kernels/geometry.h"
#include "kernels/index_internal.h"

static const struct noise EXPECTED = {.sigma_px = 0.5,
                                      .sigma_e0 = 0.0004,
                                      .sigma_e1 = 0.0009,
                                      .strain = 0.002,
                                      .breaking = 0.002,
                                      .shift_px = 0.3};

static void scores_are_what_their_definition_says(void **state)
{
    (void)state;
    enum { N = 4 * LANES, Q = 23 };
    uint64_t seed = 6;
    float x[N], y[N], z[N], q[Q][3], score[N];
    for (int i = 0; i < N; i++) {
        double v[3] = {noise_normal(&seed), noise_normal(&seed), noise_normal(&seed)};
        vec3_norm(v, v);
        x[i] = (float)v[0];
        y[i] = (float)v[1];
        z[i] = (float)v[2];
    }
    for (int i = 0; i < Q; i++)
        for (int j = 0; j < 3; j++)
            q[i][j] = (float)(20 * noise_normal(&seed));
    q[0][0] = q[0][1] = q[0][2] = 0; /* phase 0: full marks */
    score_directions(x, y, z, N, (const float(*)[3])q, Q, 1 / 0.09f, score);
    for (int i = 0; i < N; i++) {
        double sum = 0;
        for (int s = 0; s < Q; s++) {
            double phase = (double)q[s][0] * x[i] + (double)q[s][1] * y[i] + (double)q[s][2] * z[i],
                   r = phase - rint(phase);
            sum += fmax(0, 1 - r * r / 0.09);
        }
        assert_true(fabs(score[i] - sum) < 2e-3);
    }
}

/* 30 spots, a fifth of them wrong, over cells from 25 to 280 Å. */
static void the_orientation_of_a_still_is_found_from_nothing(void **state)
{
    (void)state;
    static const struct known_cell KNOWN[] = {
        {.cell = {79, 79, 38, 90, 90, 90}, .centring = 'P'},
        {.cell = {93.4, 93.4, 131.1, 90, 90, 120}, .centring = 'P'},
        {.cell = {66.9, 106, 117, 90, 98.2, 90}, .centring = 'P'},
        {.cell = {15, 21, 25, 85, 78, 70}, .centring = 'P'},
        {.cell = {78, 78, 78, 90, 90, 90}, .centring = 'I'},
        {.cell = {281, 281, 165.2, 90, 90, 120}, .centring = 'P'},
    };
    uint64_t seed = 21;
    for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++) {
        struct still_indexer *x = still_indexer(&KNOWN[i]);
        for (int round = 0; round < 3; round++) {
            struct still s;
            struct ray ray[STILL_SPOTS];
            struct point point[STILL_SPOTS];
            struct search_work w;
            struct guess g;
            double u[9], A[9], found[9], conventional[9], none[2] = {0, 0};
            still_empty(&s);
            still_rotation(&seed, u);
            still_orient(KNOWN[i].cell, u, A);
            still_add_lattice(&s, &seed, A, KNOWN[i].centring, 24, 0.4);
            still_add_noise(&s, &seed, 6);
            size_t n = spots_to_rays(&s.panel, 1, &s.beam, s.spot, s.n, ray);
            n = points_make(&s.beam, ray, n, none, point);
            assert_true(search_work_size(x->cells, 1) <= index_work_size(x->cells, 1, STILL_SPOTS));
            search_work_init(&w, x->cells, 1, x->work);
            search_sphere(x->cell, &INDEX_EFFORT[0], &EXPECTED, 1, point, n, &g, &w);
            assert_true(g.evidence > 6);
            assert_true(g.explained >= 0.65 * (double)(n - 6));
            mat3_mul(g.m, x->cell->to_conventional, conventional);
            lattice_reciprocal(conventional, found);
            assert_true(still_misset(found, A, KNOWN[i].centring) < 0.3);
        }
        still_indexer_free(x);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_are_what_their_definition_says),
        cmocka_unit_test(the_orientation_of_a_still_is_found_from_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
