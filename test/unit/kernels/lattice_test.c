#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "noise.h"

#include "kernels/lattice.h"
#include "kernels/geometry.h"

#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* One cell of each lattice system: rotations of the lattice, strains it can have. */
static const struct {
    double cell[6];
    char centring;
    size_t rotations, strains;
} SYSTEMS[] = {
    // clang-format off
    {{31, 42, 55, 84, 95, 101}, 'P', 1, 6},
    {{58, 81, 62, 90, 98, 90}, 'P', 2, 4},
    {{52, 61, 89, 90, 90, 90}, 'P', 4, 3},
    {{79, 79, 38, 90, 90, 90}, 'P', 8, 2},
    {{58, 58, 151, 90, 90, 90}, 'P', 8, 2},
    {{93.4, 93.4, 131, 90, 90, 120}, 'P', 12, 2},
    {{60, 60, 60, 75, 75, 75}, 'P', 6, 2},
    {{78, 78, 78, 90, 90, 90}, 'P', 24, 1},
    {{78, 78, 78, 90, 90, 90}, 'I', 24, 1},
    {{78, 78, 78, 90, 90, 90}, 'F', 24, 1},
    {{80, 70, 55, 90, 101, 90}, 'C', 2, 4},
    {{80, 70, 55, 90, 90, 90}, 'C', 4, 3},
    {{80, 72, 55, 90, 90, 90}, 'F', 4, 3},
    {{81, 81, 120, 90, 90, 120}, 'R', 6, 2},
    // clang-format on
};

static void a_cell_comes_back_from_its_basis(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(SYSTEMS); i++) {
        double basis[9], cell[6];
        assert_true(lattice_basis(SYSTEMS[i].cell, basis));
        lattice_cell(basis, cell);
        for (int k = 0; k < 6; k++)
            assert_true(fabs(cell[k] - SYSTEMS[i].cell[k]) < 1e-9);
        assert_true(basis[3] == 0 && basis[6] == 0 && basis[7] == 0 && mat3_det(basis) > 0);
    }
}

static void impossible_cells_are_refused(void **state)
{
    (void)state;
    static const double BAD[][6] = {
        {0, 1, 1, 90, 90, 90},    {NAN, 50, 50, 90, 90, 90},   {50, 50, 50, 90, 90, NAN},
        {50, 50, 50, 20, 20, 90}, {50, 50, 50, 120, 120, 121}, {1e9, 50, 50, 90, 90, 90},
        {50, 50, 50, 0, 90, 90},  {50, -50, 50, 90, 90, 90},   {50, 50, INFINITY, 90, 90, 90}};
    double basis[9];
    for (size_t i = 0; i < COUNT(BAD); i++)
        assert_false(lattice_basis(BAD[i], basis));
}

static void a_reciprocal_basis_is_dual_and_its_own_inverse(void **state)
{
    (void)state;
    double m[9], a[9], back[9], flat[9] = {1, 2, 3, 2, 4, 6, 1, 1, 1};
    lattice_basis(SYSTEMS[0].cell, m);
    assert_true(lattice_reciprocal(m, a));
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) {
            double product = m[i] * a[j] + m[3 + i] * a[3 + j] + m[6 + i] * a[6 + j];
            assert_true(fabs(product - (i == j)) < 1e-12);
        }
    assert_true(lattice_reciprocal(a, back));
    for (int i = 0; i < 9; i++)
        assert_true(fabs(back[i] - m[i]) < 1e-10);
    assert_false(lattice_reciprocal(flat, back));
}

static void centring_divides_the_volume(void **state)
{
    (void)state;
    static const struct {
        char centring;
        double points;
    } CASES[] = {{'P', 1}, {'A', 2}, {'B', 2}, {'C', 2}, {'I', 2}, {'F', 4}, {'R', 3}};
    double m[9], p[9], to[9], again[9];
    lattice_basis(SYSTEMS[5].cell, m);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        assert_true(lattice_primitive(CASES[i].centring, m, p, to));
        assert_true(fabs(mat3_det(m) / mat3_det(p) - CASES[i].points) < 1e-9);
        mat3_mul(m, to, again);
        for (int k = 0; k < 9; k++)
            assert_true(fabs(again[k] - p[k]) < 1e-12);
    }
    assert_false(lattice_primitive('X', m, p, NULL));
}

/* A change of determinant ±1 from a product of shears and exchanges. */
static void random_change(uint64_t *seed, double p[9])
{
    double t[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    for (int n = 0; n < 8; n++) {
        double e[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
        int i = (int)(3 * noise_uniform(seed)), j = (i + 1 + (int)(2 * noise_uniform(seed))) % 3;
        e[3 * i + j] = rint(4 * noise_uniform(seed) - 2);
        mat3_mul(t, e, t);
    }
    memcpy(p, t, sizeof t);
}

static void reduction_undoes_any_change_of_basis(void **state)
{
    (void)state;
    uint64_t seed = 11;
    for (size_t i = 0; i < COUNT(SYSTEMS); i++) {
        double conventional[9], m[9], first[9], cell[6], expected[6];
        lattice_basis(SYSTEMS[i].cell, conventional);
        lattice_primitive(SYSTEMS[i].centring, conventional, m, NULL);
        memcpy(first, m, sizeof first);
        lattice_reduce(first, NULL);
        lattice_cell(first, expected);
        for (int round = 0; round < 40; round++) {
            double p[9], start[9], mixed[9];
            int32_t change[9];
            random_change(&seed, p);
            mat3_mul(m, p, start);
            memcpy(mixed, start, sizeof mixed);
            lattice_reduce(mixed, change);
            lattice_cell(mixed, cell);
            for (int k = 0; k < 3; k++) /* lengths are unique; angles of equally short vectors need not be */
                assert_true(fabs(cell[k] - expected[k]) < 1e-6 * expected[k]);
            assert_true(mat3_det(mixed) > 0);
            double d[9], again[9];
            for (int k = 0; k < 9; k++)
                d[k] = change[k];
            assert_true(fabs(fabs(mat3_det(d)) - 1) < 1e-9);
            mat3_mul(start, d, again);
            for (int k = 0; k < 9; k++)
                assert_true(fabs(again[k] - mixed[k]) < 1e-6);
        }
    }
}

static void every_lattice_system_has_its_rotations_and_strains(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(SYSTEMS); i++) {
        double m[9], g[9], strain[6][9];
        int8_t p[LATTICE_ROTATIONS][9];
        lattice_basis(SYSTEMS[i].cell, m);
        lattice_primitive(SYSTEMS[i].centring, m, m, NULL);
        lattice_reduce(m, NULL);
        lattice_metric(m, g);
        size_t n = lattice_operations(g, 0, 1e-4, p, COUNT(p));
        assert_int_equal(n, SYSTEMS[i].rotations);
        for (int k = 0; k < 9; k++)
            assert_int_equal(p[0][k], k % 4 == 0);
        size_t strains = lattice_strains(m, (const int8_t(*)[9])p, n, strain);
        assert_int_equal(strains, SYSTEMS[i].strains);
        for (size_t a = 0; a < strains; a++)
            for (size_t b = 0; b < strains; b++) {
                double product = 0;
                for (int k = 0; k < 9; k++)
                    product += strain[a][k] * strain[b][k];
                assert_true(fabs(product - (a == b)) < 1e-9);
            }
        for (size_t a = 0; a < strains; a++) { /* a strained lattice keeps its rotations */
            double e[9];
            for (int k = 0; k < 9; k++)
                e[k] = (k % 4 == 0) + 0.01 * strain[a][k];
            mat3_mul(e, m, e);
            lattice_metric(e, g);
            for (size_t k = 0; k < n; k++)
                assert_true(lattice_metric_change(g, p[k]) < 1e-9);
        }
    }
}

static void a_metric_averaged_over_a_group_obeys_it(void **state)
{
    (void)state;
    double cell[6] = {79.1, 78.9, 38, 90.1, 89.9, 90.2}, m[9], g[9], exact[9];
    int8_t p[LATTICE_ROTATIONS][9];
    lattice_basis(SYSTEMS[3].cell, m);
    lattice_metric(m, g);
    size_t n = lattice_operations(g, 0, 1e-4, p, COUNT(p));
    lattice_basis(cell, m);
    lattice_metric(m, g);
    lattice_symmetrise(g, (const int8_t(*)[9])p, n, exact);
    for (size_t k = 0; k < n; k++) {
        assert_true(lattice_metric_change(exact, p[k]) < 1e-12);
        assert_true(k == 0 || lattice_metric_change(g, p[k]) > 1e-4);
    }
}

static void the_nearest_rotation_is_found_under_strain(void **state)
{
    (void)state;
    uint64_t seed = 3;
    for (int round = 0; round < 50; round++) {
        double w[3], r[9], e[9], u[9];
        for (int k = 0; k < 3; k++)
            w[k] = noise_normal(&seed);
        lattice_rotation(w, r);
        assert_true(fabs(mat3_det(r) - 1) < 1e-12);
        for (int i = 0; i < 3; i++)
            for (int j = 0; j <= i; j++)
                e[3 * i + j] = e[3 * j + i] = (i == j) + 0.02 * noise_normal(&seed);
        mat3_mul(r, e, e); /* polar: rotation × symmetric */
        assert_true(lattice_nearest_rotation(e, u));
        for (int k = 0; k < 9; k++)
            assert_true(fabs(u[k] - r[k]) < 1e-12);
    }
    double mirror[9] = {-1, 0, 0, 0, 1, 0, 0, 0, 1}, u[9];
    assert_false(lattice_nearest_rotation(mirror, u));
    double w[3] = {0.3, -0.4, 1.2}, r[9];
    lattice_rotation(w, r);
    assert_true(fabs(lattice_rotation_angle(r) - 1.3) < 1e-12);
    double tiny[3] = {1e-12, 0, 0};
    lattice_rotation(tiny, r);
    assert_true(fabs(r[7] - 1e-12) < 1e-20 && r[0] == 1);
}

static void cholesky_solves_and_refuses(void **state)
{
    (void)state;
    enum { N = 6, STRIDE = 8 };
    uint64_t seed = 5;
    double a[N * STRIDE] = {0}, h[N * STRIDE], g[N], x[N];
    for (int i = 0; i < N; i++)
        x[i] = noise_normal(&seed);
    for (int n = 0; n < 20; n++) {
        double v[N];
        for (int i = 0; i < N; i++)
            v[i] = noise_normal(&seed);
        for (int i = 0; i < N; i++)
            for (int j = 0; j < N; j++)
                a[i * STRIDE + j] += v[i] * v[j];
    }
    for (int i = 0; i < N; i++) {
        g[i] = 0;
        for (int j = 0; j < N; j++)
            g[i] += a[i * STRIDE + j] * x[j];
    }
    memcpy(h, a, sizeof h);
    assert_true(cholesky_solve(h, g, N, STRIDE));
    for (int i = 0; i < N; i++)
        assert_true(fabs(g[i] - x[i]) < 1e-9);
    double two[4] = {3, 0, 1, 5}, none[2] = {0};
    assert_true(cholesky_solve(two, none, 2, 2));
    assert_true(fabs(cholesky_log_det(two, 2, 2) - log(14)) < 1e-12);
    double singular[4] = {1, 0, 1, 1}, broken[4] = {NAN, 0, 0, 1};
    assert_false(cholesky_solve(singular, none, 2, 2));
    assert_false(cholesky_solve(broken, none, 2, 2));
}

static void a_lattice_is_known_in_any_basis(void **state)
{
    (void)state;
    static const int8_t whole[9] = {1, 1, 0, 0, 1, -2, 0, 0, -1}, doubled[9] = {2, 0, 0, 0, 1, 0, 0, 0, 1};
    double m[9] = {31, 2, -5, 0, 42, 7, 1, 0, 55}, other[9], off[9], broken[9] = {NAN};
    lattice_change(m, whole, other);
    assert_true(lattice_is_same(m, other, 1e-9));
    assert_true(lattice_is_same(other, m, 1e-9));
    lattice_change(m, doubled, other);
    assert_false(lattice_is_same(m, other, 1e-3));
    assert_false(lattice_is_same(other, m, 1e-3)); /* whole, but of twice the volume */
    memcpy(off, m, sizeof off);
    off[0] *= 1.02;
    assert_true(lattice_is_same(m, off, 0.1));
    assert_false(lattice_is_same(m, off, 1e-3));
    assert_false(lattice_is_same(m, broken, 0.1));
    assert_false(lattice_is_same(broken, m, 0.1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cell_comes_back_from_its_basis),
        cmocka_unit_test(impossible_cells_are_refused),
        cmocka_unit_test(a_reciprocal_basis_is_dual_and_its_own_inverse),
        cmocka_unit_test(centring_divides_the_volume),
        cmocka_unit_test(reduction_undoes_any_change_of_basis),
        cmocka_unit_test(a_lattice_is_known_in_any_basis),
        cmocka_unit_test(every_lattice_system_has_its_rotations_and_strains),
        cmocka_unit_test(a_metric_averaged_over_a_group_obeys_it),
        cmocka_unit_test(the_nearest_rotation_is_found_under_strain),
        cmocka_unit_test(cholesky_solves_and_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
