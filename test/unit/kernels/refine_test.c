#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "still.h"

#include "kernels/refine.h"

static const struct known_cell KNOWN = {.cell = {79, 79, 38, 90, 90, 90}, .centring = 'P'};

struct refined {
    struct still s;
    struct still_indexer *x;
    struct refine_params p;
    uint8_t used[STILL_SPOTS];
    void *work;
    double A[9];
};

static struct refined *setup(uint64_t *seed, const double cell[6], size_t n, size_t noise, double sigma_px)
{
    struct refined *r = calloc(1, sizeof *r);
    double u[9];
    r->x = still_indexer(&KNOWN);
    r->work = still_memory(refine_work_size(STILL_SPOTS));
    refine_params_default(&r->p);
    still_empty(&r->s);
    still_rotation(seed, u);
    still_orient(cell, u, r->A);
    still_add_lattice(&r->s, seed, r->A, 'P', n, sigma_px);
    still_add_noise(&r->s, seed, noise);
    return r;
}

static enum refine_reason refine(struct refined *r)
{
    return refine_lattice(&r->p, r->x->cell, &r->s.panel, &r->s.beam, r->x->ray, r->x->n, r->x->owner,
                          (const int32_t(*)[3])r->x->hkl, 0, &r->x->lattice[0], r->used, r->work);
}

static void done(struct refined *r)
{
    still_indexer_free(r->x);
    free(r->work);
    free(r);
}

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

static void rows_are_those_of_the_spots_used_in_order(void **state)
{
    (void)state;
    uint64_t seed = 131;
    struct refined *r = setup(&seed, KNOWN.cell, 100, 20, 0.3);
    assert_int_equal(still_index(r->x, &r->s), 1);
    assert_int_equal(refine(r), REFINE_OK);
    static struct reflection row[STILL_SPOTS];
    size_t n = refine_rows(&r->s.panel, &r->s.beam, r->s.spot, r->x->ray, r->x->n, r->x->owner,
                           (const int32_t(*)[3])r->x->hkl, 0, &r->x->lattice[0], r->used, row);
    assert_int_equal(n, r->x->lattice[0].n_indexed);
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        const struct reflection *a = &row[i];
        const struct spot *spot = &r->s.spot[a->spot];
        assert_int_equal(a->flags, 45);
        assert_true(fabs(vec3_length(a->s1) - 1 / 1.3) < 1e-12);
        assert_true(a->obs_px[0] == spot->x && a->intensity == spot->intensity && a->x0 == spot->x0 &&
                    a->y1 == spot->y1);
        assert_true(fabs(a->obs_mm_var[0] - spot->var_x * 0.075 * 0.075) < 1e-15);
        double q[3] = {a->s1[0], a->s1[1], a->s1[2] + 1 / 1.3};
        assert_true(fabs(a->d * vec3_length(q) - 1) < 1e-9); /* the node turned keeps its length */
        assert_true(fabs(vec3_length(a->rlp) - vec3_length(q)) < 0.01);
        sum += (a->cal_px[0] - a->obs_px[0]) * (a->cal_px[0] - a->obs_px[0]);
        if (i > 0) {
            const struct reflection *b = a - 1;
            int order = 0;
            for (int k = 0; k < 3 && order == 0; k++)
                order = (b->hkl[k] > a->hkl[k]) - (b->hkl[k] < a->hkl[k]);
            assert_true(order < 0);
        }
    }
    assert_true(fabs(sqrt(sum / (double)n) - r->x->lattice[0].rmsd_x) < 1e-6);
    done(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orientation_and_cell_come_out_right),
        cmocka_unit_test(the_free_cell_is_kept_beside_the_restrained_one),
        cmocka_unit_test(a_wrong_index_is_rejected_and_does_not_pull),
        cmocka_unit_test(a_lattice_that_does_not_fit_is_refused_with_its_reason),
        cmocka_unit_test(mosaicity_can_be_prescribed),
        cmocka_unit_test(rows_are_those_of_the_spots_used_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
