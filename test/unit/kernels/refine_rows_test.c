#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "refined.h"

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
    const struct CMUnitTest tests[] = {cmocka_unit_test(rows_are_those_of_the_spots_used_in_order)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
