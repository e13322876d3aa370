#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "refined.h"

/* The free cell follows the spots, the restrained one stays nearer to what is known. */
static void the_free_cell_is_kept_beside_the_restrained_one(void **state)
{
    (void)state;
    uint64_t seed = 123;
    double cell[6] = {79.8, 79.8, 38.4, 90, 90, 90};
    struct refined *r = setup(&seed, cell, 80, 0, 0.2);
    assert_int_equal(still_index(r->x, &r->s), 1);
    double A[9];
    memcpy(A, r->x->lattice[0].A, sizeof A);
    r->p.cell_sigma = 1e-5;
    refine(r);
    const struct lattice *l = &r->x->lattice[0];
    assert_true(fabs(l->cell[0] - 79) < 0.15);
    memcpy(r->x->lattice[0].A, A, sizeof A);
    r->p.cell_sigma = 0.002;
    assert_int_equal(refine(r), REFINE_OK);
    assert_true(fabs(l->free_cell[0] - 79.8) < 0.12 && fabs(l->free_cell[2] - 38.4) < 0.12);
    assert_true(fabs(l->free_cell[0] - 79.8) <= fabs(l->cell[0] - 79.8) + 0.02);
    done(r);
}

/* Free cells of many crystals of one cell scatter as their covariance says; less, because weights allow for a shared error
 * of the header that made stills do not have. */
static void the_free_cell_scatters_as_its_covariance_says(void **state)
{
    (void)state;
    enum { ROUNDS = 40 };
    uint64_t seed = 127;
    double sum[2] = {0};
    for (int round = 0; round < ROUNDS; round++) {
        struct refined *r = setup(&seed, KNOWN.cell, 120, 0, 0.4);
        assert_int_equal(still_index(r->x, &r->s), 1);
        assert_int_equal(refine(r), REFINE_OK);
        const struct lattice *l = &r->x->lattice[0];
        const double *c = l->free_cov;
        assert_true(c[0] > 0 && c[11] > 0);                                /* var a, var c */
        assert_true(fabs(c[0] - c[6]) < 1e-9 && fabs(c[0] - c[1]) < 1e-9); /* a = b: fully correlated */
        assert_true(fabs(c[15]) < 1e-12 && fabs(c[20]) < 1e-12);           /* right angles stay right */
        sum[0] += (l->free_cell[0] - 79) * (l->free_cell[0] - 79) / c[0] / ROUNDS;
        sum[1] += (l->free_cell[2] - 38) * (l->free_cell[2] - 38) / c[11] / ROUNDS;
        assert_int_equal(l->flags, 0);
        done(r);
    }
    print_message("rms pull of a %.2f, of c %.2f\n", sqrt(sum[0]), sqrt(sum[1]));
    for (int k = 0; k < 2; k++)
        assert_true(sqrt(sum[k]) > 0.5 && sqrt(sum[k]) < 1.3);
}

/* Two forms 2 % apart, one cell given: both index, and the free cells tell them apart (SCIENCE 13). */
static void another_form_is_an_outlier_of_the_known_cell(void **state)
{
    (void)state;
    static const double FORM[2][6] = {{79, 79, 38, 90, 90, 90}, {80.6, 80.6, 38, 90, 90, 90}};
    uint64_t seed = 129;
    for (int round = 0; round < 10; round++) {
        int form = round % 3 == 2;
        struct refined *r = setup(&seed, FORM[form], 100, 5, 0.3);
        assert_int_equal(still_index(r->x, &r->s), 1);
        assert_int_equal(refine(r), REFINE_OK);
        const struct lattice *l = &r->x->lattice[0];
        assert_true(fabs(l->free_cell[0] / FORM[form][0] - 1) < 0.004);
        assert_int_equal(l->flags, form ? LATTICE_CELL_OUTLIER : 0);
        r->p.cell_sigma = 0; /* nothing is known: nothing can be off it */
        assert_int_equal(refine(r), REFINE_OK);
        assert_int_equal(l->flags, 0);
        done(r);
    }
}

/* A strain that all axes share is cheap under the run's own prior, one of an axis alone is not. */
static void a_common_strain_may_be_wide_while_the_others_are_narrow(void **state)
{
    (void)state;
    static const double CELL[2][6] = {{79.32, 79.32, 38.15, 90, 90, 90}, {79, 79, 38.15, 90, 90, 90}};
    uint64_t seed = 133;
    for (int k = 0; k < 2; k++) {
        struct refined *r = setup(&seed, CELL[k], 60, 0, 0.3);
        assert_int_equal(still_index(r->x, &r->s), 1);
        r->p.cell_sigma = 1e-5;
        r->p.cell_common = 0.004;
        assert_int_equal(refine(r), REFINE_OK);
        const double *cell = r->x->lattice[0].cell;
        assert_true(fabs(cell[0] / 79 - cell[2] / 38) < 1e-3 * (cell[0] / 79 - 1) + 2e-4);
        if (k == 0)
            assert_true(fabs(cell[0] - 79.32) < 0.1);
        done(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_free_cell_is_kept_beside_the_restrained_one),
        cmocka_unit_test(the_free_cell_scatters_as_its_covariance_says),
        cmocka_unit_test(another_form_is_an_outlier_of_the_known_cell),
        cmocka_unit_test(a_common_strain_may_be_wide_while_the_others_are_narrow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
