#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "simulate/scene.h"

#include "kernels/geometry_panel.h"

#include <math.h>

static void rings_are_where_water_and_ice_scatter(void **state)
{
    (void)state;
    struct arena a = {0};
    struct error err = {0};
    struct simulate_params p = simulate_defaults();
    struct beam_vector beam = {1.3, {0, 0, 1}};
    p.ice = 2, p.dark = 0.5, p.n_fast = p.n_slow = 512, p.pixel = 0.2;
    struct scene *s = scene_make(&p, &a, &err);
    assert_non_null(s);
    double ice_on = 0, ice_off = 0, water = 0, n_on = 0, n_off = 0, n_water = 0;
    for (size_t i = 0; i < s->real->n_pixels; i++) {
        const double px[2] = {(double)(i % 512) + 0.5, (double)(i / 512) + 0.5};
        double lab[3];
        panel_pixel_to_point(&s->real->panels[0], px, lab);
        double d = 1 / point_inverse_d(&beam, lab);
        assert_true(s->background[i] >= 0 && s->air[i] <= s->background[i] && s->ice[i] >= 0);
        if (fabs(d / 3.897 - 1) < 0.002)
            ice_on += s->ice[i], n_on++;
        else if (d > 4.2 && d < 6)
            ice_off += s->ice[i], n_off++;
        if (fabs(d - 3.2) < 0.1)
            water += s->background[i], n_water++;
    }
    assert_true(n_on > 10 && n_off > 100 && ice_on / n_on > 1 && ice_off == 0);
    assert_true(water / n_water > 0.3 && water / n_water < 0.7);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rings_are_where_water_and_ice_scatter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
