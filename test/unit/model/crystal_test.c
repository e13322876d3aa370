/* crystal_test.c - cells and matrices in the convention of cctbx. */
#include "support.h"

#include "kernels/geometry.h"
#include "model/crystal.h"

#include <math.h>

static void near_all(const double *a, const double *b, size_t n, double tolerance)
{
    for (size_t i = 0; i < n; i++)
        if (!(fabs(a[i] - b[i]) <= tolerance))
            fail_msg("number %zu is %.17g, not %.17g", i, a[i], b[i]);
}

/* unit_cell((50, 60, 70, 80, 95, 105)): transpose of cctbx's fractionalization_matrix(), volume(). */
static void b_is_the_transposed_fractionalization_matrix_of_cctbx(void **state)
{
    (void)state;
    const double cell[6] = {50, 60, 70, 80, 95, 105};
    const double expected[9] = {0.02,
                                0,
                                0,
                                0.0053589838486224565,
                                0.017254603006834717,
                                0,
                                0.0009197247855872246,
                                -0.002743312225477253,
                                0.014520398201382368};
    double B[9];
    assert_true(cell_to_b(cell, B));
    near_all(B, expected, 9, 1e-17);
    assert_true(fabs(cell_volume(cell) - 199565.97874783707) < 1e-9);
}

static void a_cell_survives_any_orientation(void **state)
{
    (void)state;
    const double cells[][6] = {
        {50, 60, 70, 80, 95, 105}, {79.1, 79.1, 38.4, 90, 90, 90}, {93, 93, 131, 90, 90, 120}};
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
        double axis[3] = {0.3, -0.5 + (double)i, 0.2}, U[9], B[9], A[9], back[6], abc[9];
        vec3_norm(axis, axis);
        mat3_rotation(axis, 1.1, U);
        assert_true(cell_to_b(cells[i], B));
        mat3_mul(U, B, A);
        cell_from_a(A, back);
        near_all(back, cells[i], 6, 1e-11);
        cell_real_vectors(A, abc); /* rows of A⁻¹ */
        double unit[9], one[9];
        mat3_mul(abc, A, unit);
        mat3_identity(one);
        near_all(unit, one, 9, 1e-13);
    }
}

static void impossible_cells_have_no_matrix(void **state)
{
    (void)state;
    const double cells[][6] = {{0, 60, 70, 90, 90, 90},   {50, -60, 70, 90, 90, 90},
                               {50, 60, NAN, 90, 90, 90}, {50, 60, 70, 0, 90, 90},
                               {50, 60, 70, 90, 180, 90}, {50, 60, 70, 60, 60, 120},
                               {50, 60, 70, 30, 100, 60}, {INFINITY, 60, 70, 90, 90, 90}};
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
        double B[9];
        assert_false(cell_to_b(cells[i], B));
        assert_true(isnan(cell_volume(cells[i])));
    }
}

static void a_singular_matrix_has_no_cell(void **state)
{
    (void)state;
    const double A[9] = {1, 2, 3, 2, 4, 6, 0, 0, 1};
    double cell[6], abc[9];
    cell_from_a(A, cell);
    cell_real_vectors(A, abc);
    for (int i = 0; i < 6; i++)
        assert_true(isnan(cell[i]) && isnan(abc[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(b_is_the_transposed_fractionalization_matrix_of_cctbx),
        cmocka_unit_test(a_cell_survives_any_orientation),
        cmocka_unit_test(impossible_cells_have_no_matrix),
        cmocka_unit_test(a_singular_matrix_has_no_cell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
