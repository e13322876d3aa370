/* Strains and their covariances in the frame of the cell; mean cell and scatter of a run come back. */
#include "support.h"

#include "own_lattice.h"

#include "kernels/cell_run_internal.h"

static const double CELL[6] = {50, 60, 70, 85, 95, 100};

static void a_known_strain_is_read_off(void **state)
{
    (void)state;
    static const double E[6] = {0.001, -0.002, 0.0005, 0.0003, -0.0007, 0.0011};
    double c[9], m[9], u[9], metric[9], frame[9], e[6];
    uint64_t seed = 1;
    assert_true(lattice_basis(CELL, c));
    double grow[9] = {1 + E[0], E[3], E[4], E[3], 1 + E[1], E[5], E[4], E[5], 1 + E[2]};
    mat3_mul(grow, c, m);
    still_rotation(&seed, u); /* which way the crystal lies does not matter */
    mat3_mul(u, m, m);
    run_strain(m, c, e);
    for (int k = 0; k < 6; k++)
        assert_double_equal(e[k], E[k], 5e-6);
    lattice_metric(c, metric);
    run_frame(metric, frame);
    for (int i = 0; i < 9; i++)
        assert_double_equal(frame[i], c[i], 1e-9);
}

static void a_covariance_turns_with_the_crystal(void **state)
{
    (void)state;
    enum { DRAWS = 20000 };
    double c[9], u[9], m[9], cov[36] = {0}, turned[36], sum[36] = {0};
    uint64_t seed = 2;
    assert_true(lattice_basis(CELL, c));
    still_rotation(&seed, u);
    mat3_mul(u, c, m);
    for (int k = 0; k < 6; k++)
        cov[7 * k] = (k + 1) * 1e-6;
    cov[1] = cov[6] = 1e-6;
    run_turn(m, cov, turned);
    for (int n = 0; n < DRAWS; n++) { /* E in the laboratory → Uᵀ E U */
        double x[6], t[9], e[6];
        for (int k = 0; k < 6; k++)
            x[k] = 1e-3 * sqrt(k + 1) * noise_normal(&seed);
        x[1] = x[0] + 1e-3 * noise_normal(&seed); /* covariance 1e-6, variance 2e-6 */
        double lab[9] = {x[0], x[3], x[4], x[3], x[1], x[5], x[4], x[5], x[2]}, back[9];
        mat3_transpose(u, back);
        mat3_mul(back, lab, t);
        mat3_mul(t, u, t);
        const double six[6] = {t[0], t[4], t[8], t[1], t[2], t[5]};
        memcpy(e, six, sizeof e);
        for (int a = 0; a < 6; a++)
            for (int b = 0; b < 6; b++)
                sum[6 * a + b] += e[a] * e[b] / DRAWS;
    }
    for (int i = 0; i < 36; i++)
        assert_double_equal(turned[i], sum[i], 2e-7);
}

static void mean_cell_and_scatter_come_back(void **state)
{
    (void)state;
    enum { STILLS = 60 };
    static const struct lattice_group NONE = {.op = {{1, 0, 0, 0, 1, 0, 0, 0, 1}}, .n = 1, .free = 6};
    struct member *members = calloc(STILLS, sizeof *members);
    struct fit f = {{0}, 0, 0, 0};
    uint64_t seed = 3;
    double c[9], metric[9], cell[6];
    assert_non_null(members);
    assert_true(lattice_basis(CELL, c));
    lattice_reduce(c, NULL);
    lattice_metric(c, metric);
    lattice_cell(c, cell);
    for (int i = 0; i < STILLS; i++) {
        struct setting *s = &members[i].setting[0];
        double u[9], grow[9], breath = 0.002 * noise_normal(&seed), cov[36] = {0};
        for (int a = 0; a < 3; a++)
            for (int b = 0; b <= a; b++)
                grow[3 * a + b] = grow[3 * b + a] =
                    (a == b) * (1 + breath) + 0.0007 * noise_normal(&seed) * (a == b ? 1 : sqrt(0.5));
        for (int k = 0; k < 6; k++)
            cov[7 * k] = 0.0003 * 0.0003 * (k < 3 ? 1 : 0.5);
        still_rotation(&seed, u);
        mat3_mul(grow, c, s->m);
        mat3_mul(u, s->m, s->m);
        run_turn(s->m, cov, s->cov);
        members[i].n = 1;
    }
    run_fit(members, STILLS, &NONE, metric, &f);
    lattice_cell(f.c, c);
    for (int k = 0; k < 6; k++)
        assert_double_equal(c[k], cell[k], 0.002 * cell[k]);
    assert_double_equal(f.kappa, 0.002, 0.0006);
    assert_double_equal(f.tau, sqrt(0.0007 * 0.0007 - 0.0003 * 0.0003), 0.00015);
    free(members);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_known_strain_is_read_off),
        cmocka_unit_test(a_covariance_turns_with_the_crystal),
        cmocka_unit_test(mean_cell_and_scatter_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
