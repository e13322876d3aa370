#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "simulate/simulate.h"

#include <math.h>
#include <string.h>

static void every_known_detector_can_be_made_and_its_panels_do_not_overlap(void **state)
{
    (void)state;
    for (const struct simulate_preset *d = simulate_presets; d->name; d++) {
        struct arena a = {0};
        struct error err = {0};
        struct simulate_params p = simulate_defaults();
        assert_true(simulate_use_preset(&p, d->name, 0, &a, &err));
        assert_int_equal(p.detector->n_panels, d->one_image ? 1 : d->modules_fast * d->modules_slow);
        for (size_t i = 0; i < p.detector->n_panels; i++)
            for (size_t k = 0; k < i; k++) {
                const struct panel *x = &p.detector->panels[i], *y = &p.detector->panels[k];
                assert_true(fabs(x->origin[0] - y->origin[0]) >= x->n_fast * d->pixel ||
                            fabs(x->origin[1] - y->origin[1]) >= x->n_slow * d->pixel);
            }
        arena_free(&a);
    }
}

static void the_gaps_of_one_image_are_masked(void **state)
{
    (void)state;
    struct arena a = {0};
    struct error err = {0};
    struct simulate_params p = simulate_defaults();
    assert_true(simulate_use_preset(&p, "EIGER4m", 200, &a, &err));
    assert_int_equal(p.detector->panels[0].n_fast, 2070);
    assert_int_equal(p.detector->panels[0].n_slow, 2167);
    size_t good = 0;
    for (size_t i = 0; i < p.detector->n_pixels; i++)
        good += p.detector_mask[i];
    assert_int_equal(good, 8 * 1030 * 514);
    assert_true(p.detector->panels[0].origin[2] == -200);
    arena_free(&a);
}

static void an_unknown_name_is_answered_with_the_known_ones(void **state)
{
    (void)state;
    struct arena a = {0};
    struct error err = {0};
    struct simulate_params p = simulate_defaults();
    assert_false(simulate_use_preset(&p, "pilatus", 0, &a, &err));
    assert_int_equal(err.code, ERROR_USAGE);
    assert_non_null(strstr(err.hint, "jungfrau4M"));
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_known_detector_can_be_made_and_its_panels_do_not_overlap),
        cmocka_unit_test(the_gaps_of_one_image_are_masked),
        cmocka_unit_test(an_unknown_name_is_answered_with_the_known_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
