#include "pair.h"

static void under_parity_neighbours_do_not_exist(void **state)
{
    (void)state;
    static struct pair p;
    uint64_t seed = 23;
    pair_begin(&p, 3, true);
    pair_expose(&p, (double[]){400, 500}, 1, &seed);
    integrate_rows(&p.params, &p.frame, &p.lattice, 1, p.rows, 2, p.work);
    struct reflection both = p.rows[0];
    p.rows[0].flags = 0;
    integrate_rows(&p.params, &p.frame, &p.lattice, 1, p.rows, 1, p.work);
    assert_true(both.intensity == p.rows[0].intensity && both.variance == p.rows[0].variance);
    assert_false(both.flags & (REFL_OVERLAPPED_FG | REFL_OVERLAPPED_BG));
    assert_true(integrate_keeps(&p.params, &both));
    free(p.work);
}

static void rows_that_point_nowhere_are_not_integrated(void **state)
{
    (void)state;
    static struct pair p;
    pair_begin(&p, 60, true);
    p.rows[0].panel = 7;
    p.rows[1].lattice = 3;
    integrate_rows(&p.params, &p.frame, &p.lattice, 1, p.rows, 2, p.work);
    for (int i = 0; i < 2; i++) {
        assert_true(p.rows[i].flags & REFL_DONT_INTEGRATE);
        assert_false(integrate_keeps(&p.params, &p.rows[i]));
    }
    free(p.work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(under_parity_neighbours_do_not_exist),
        cmocka_unit_test(rows_that_point_nowhere_are_not_integrated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
