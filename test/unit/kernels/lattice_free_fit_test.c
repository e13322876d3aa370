/* Evidence without a cell: the true lattice beats all its relatives, and its errors are told right. */
#include "support.h"

#include "still.h"

#include "kernels/lattice_free_internal.h"

static const double CELL[6] = {42, 51, 60, 90, 98, 90};
static const struct noise NOISE = {.sigma_px = 0.5, .sigma_e0 = 0.0004, .sigma_e1 = 0.0009, .shift_px = 1};

static size_t look(uint64_t seed, struct point *points, struct guess *truth)
{
    static struct still s;
    static struct ray ray[STILL_SPOTS];
    static const double PLACE[2] = {0, 0};
    double u[9], A[9];
    still_empty(&s);
    still_rotation(&seed, u);
    still_orient(CELL, u, A);
    still_add_lattice(&s, &seed, A, 'P', 60, 0.4);
    *truth = (struct guess){.evidence = -99};
    assert_true(lattice_reciprocal(A, truth->m));
    return points_make(&s.beam, ray, spots_to_rays(&s.panel, 1, &s.beam, s.spot, s.n, ray), PLACE, points);
}

static void relatives_are_all_lattices_of_index_two_and_three(void **state)
{
    (void)state;
    double basis[9], relative[FREE_RELATIVES][9];
    int count[4] = {0};
    assert_true(lattice_basis(CELL, basis));
    assert_int_equal(free_relatives(basis, relative), FREE_RELATIVES);
    for (int i = 0; i < FREE_RELATIVES; i++) {
        static const double RATIO[4] = {2, 3, 0.5, 1 / 3.};
        for (int k = 0; k < 4; k++)
            count[k] += fabs(mat3_det(relative[i]) / mat3_det(basis) / RATIO[k] - 1) < 1e-9;
    }
    assert_int_equal(count[0], 7);
    assert_int_equal(count[1], 13);
    assert_int_equal(count[2], 7);
    assert_int_equal(count[3], 13);
}

static void the_true_lattice_has_more_evidence_than_any_relative(void **state)
{
    (void)state;
    static struct point points[STILL_SPOTS];
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct guess truth, g;
        double relative[FREE_RELATIVES][9];
        size_t n = look(seed, points, &truth);
        free_refine(&NOISE, points, n, &truth);
        assert_true(truth.evidence > 50 && truth.explained > 50);
        free_relatives(truth.m, relative);
        for (int i = 0; i < FREE_RELATIVES; i++) {
            g = (struct guess){.evidence = -99};
            memcpy(g.m, relative[i], sizeof g.m);
            free_refine(&NOISE, points, n, &g);
            assert_true(g.evidence < truth.evidence - 1);
        }
    }
}

static void the_covariance_is_that_of_the_strains(void **state)
{
    (void)state;
    enum { STILLS = 60 };
    static struct point points[STILL_SPOTS];
    double chi2 = 0;
    for (uint64_t seed = 1; seed <= STILLS; seed++) {
        struct guess truth, g;
        double cov[36], inverse[9] = {0}, rotation[9], x[9], e[6], h[36], solved[6];
        size_t n = look(1000 + seed, points, &truth);
        g = truth;
        lattice_reduce(g.m, NULL);
        truth = g;
        free_refine(&NOISE, points, n, &g);
        free_evidence(&NOISE, points, n, &g, cov);
        assert_true(mat3_inverse(truth.m, inverse));
        mat3_mul(g.m, inverse, x); /* found = x · true */
        assert_true(lattice_nearest_rotation(x, rotation));
        mat3_transpose(rotation, rotation);
        mat3_mul(x, rotation, x);
        const double six[6] = {x[0] - 1, x[4] - 1, x[8] - 1, x[1], x[2], x[5]};
        memcpy(e, six, sizeof e);
        memcpy(h, cov, sizeof h);
        memcpy(solved, e, sizeof e);
        assert_true(cholesky_solve(h, solved, 6, 6));
        for (int k = 0; k < 6; k++)
            chi2 += e[k] * solved[k];
    }
    chi2 /= 6.0 * STILLS;
    assert_true(chi2 > 0.4 && chi2 < 1.6); /* spots are made with 0.4 px where 0.5 are expected */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(relatives_are_all_lattices_of_index_two_and_three),
        cmocka_unit_test(the_true_lattice_has_more_evidence_than_any_relative),
        cmocka_unit_test(the_covariance_is_that_of_the_strains),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
