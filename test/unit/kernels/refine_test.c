#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "refined.h"

/* The nodes' spots are seen along the node, DIALS' model turns the node: the difference limits what can be asked. */
static void orientation_and_cell_come_out_right(void **state)
{
    (void)state;
    uint64_t seed = 121;
    for (int round = 0; round < 4; round++) {
        double cell[6] = {79.12, 79.12, 38.05, 90, 90, 90};
        struct refined *r = setup(&seed, cell, 150, 15, 0.2);
        assert_int_equal(still_index(r->x, &r->s), 1);
        assert_int_equal(refine(r), REFINE_OK);
        const struct lattice *l = &r->x->lattice[0];
        assert_true(still_misset(l->A, r->A, 'P') < 0.05);
        assert_true(fabs(l->cell[0] / 79.12 - 1) < 1e-3 && fabs(l->cell[2] / 38.05 - 1) < 1e-3);
        assert_true(fabs(l->cell[0] - l->cell[1]) < 1e-9); /* the lattice system holds exactly */
        for (int k = 3; k < 6; k++)
            assert_true(fabs(l->cell[k] - 90) < 1e-7);
        assert_true(hypot(l->rmsd_x, l->rmsd_y) < 0.8 && l->rmsd_psi < 0.01);
        assert_true(l->n_indexed >= 100 && l->half_mosaicity_deg > 0 && l->domain_size_ang > 0);
        done(r);
    }
}

static void a_wrong_index_is_rejected_and_does_not_pull(void **state)
{
    (void)state;
    uint64_t seed = 125;
    struct refined *r = setup(&seed, KNOWN.cell, 100, 0, 0.2);
    assert_int_equal(still_index(r->x, &r->s), 1);
    double A[9], clean[9];
    memcpy(A, r->x->lattice[0].A, sizeof A);
    assert_int_equal(refine(r), REFINE_OK);
    memcpy(clean, r->x->lattice[0].A, sizeof clean);
    memcpy(r->x->lattice[0].A, A, sizeof A);
    size_t spoilt = 0;
    for (size_t i = 0; i < r->x->n && spoilt < 8; i += 7)
        if (r->x->owner[i] == 0 && r->used[i] == 1) {
            r->x->hkl[i][0]++;
            r->x->ray[i].var_px[0] = NAN; /* nor does a variance that is none */
            spoilt++;
        }
    assert_int_equal(refine(r), REFINE_OK);
    assert_true(still_misset(r->x->lattice[0].A, clean, 'P') < 0.02);
    size_t used = 0;
    for (size_t i = 0; i < r->x->n; i++)
        used += r->used[i] == 1;
    assert_int_equal(used, r->x->lattice[0].n_indexed);
    done(r);
}

static void a_lattice_that_does_not_fit_is_refused_with_its_reason(void **state)
{
    (void)state;
    uint64_t seed = 127;
    struct refined *r = setup(&seed, KNOWN.cell, 60, 0, 0.3);
    assert_int_equal(still_index(r->x, &r->s), 1);
    struct lattice found = r->x->lattice[0], *l = &r->x->lattice[0];
    r->p.rmsd_min_px = 0.01;
    assert_int_equal(refine(r), REFINE_RMSD);
    assert_int_equal(l->reason, REFINE_RMSD);
    *l = found;
    r->p.rmsd_min_px = 0; /* never */
    assert_int_equal(refine(r), REFINE_OK);
    *l = found;
    r->p.volume_max = 1e-9;
    assert_int_equal(refine(r), REFINE_VOLUME);
    *l = found;
    r->p.volume_max = 0.0025;
    r->p.length_tolerance = 1e-7;
    assert_int_equal(refine(r), REFINE_CELL_OFF);
    *l = found;
    r->p.length_tolerance = 0.1;
    memset(l->A, 0, sizeof l->A);
    assert_int_equal(refine(r), REFINE_FAILED);
    *l = found;
    size_t left = 0;
    for (size_t i = 0; i < r->x->n; i++)
        if (r->x->owner[i] == 0 && ++left > 3)
            r->x->owner[i] = -1;
    assert_int_equal(refine(r), REFINE_FEW_INDEXED);
    done(r);
}

static void mosaicity_can_be_prescribed(void **state)
{
    (void)state;
    uint64_t seed = 129;
    struct refined *r = setup(&seed, KNOWN.cell, 60, 0, 0.3);
    assert_int_equal(still_index(r->x, &r->s), 1);
    r->p.set_half_mosaicity_deg = 0.07;
    r->p.set_domain_size = 1234;
    assert_int_equal(refine(r), REFINE_OK);
    assert_true(r->x->lattice[0].half_mosaicity_deg == 0.07 && r->x->lattice[0].domain_size_ang == 1234);
    done(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orientation_and_cell_come_out_right),
        cmocka_unit_test(a_wrong_index_is_rejected_and_does_not_pull),
        cmocka_unit_test(a_lattice_that_does_not_fit_is_refused_with_its_reason),
        cmocka_unit_test(mosaicity_can_be_prescribed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
