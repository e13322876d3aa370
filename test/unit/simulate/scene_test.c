#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "simulate/scene.h"

#include <math.h>
#include <string.h>

static void the_defaults_make_a_scene(void **state)
{
    (void)state;
    struct arena a = {0};
    struct simulate_params p = simulate_defaults();
    struct error err = {0};
    struct scene *s = scene_make(&p, &a, &err);
    assert_non_null(s);
    assert_int_equal(scene_group(s)->number, 96);
    assert_int_equal(scene_detector(s)->n_pixels, 1024 * 1024);
    assert_true(s->d_min > 1.5 && s->d_min < 2.5);
    arena_free(&a);
}

static void what_cannot_be_simulated_is_named(void **state)
{
    (void)state;
    struct arena a = {0};
    struct error err = {0};
    struct simulate_params p = simulate_defaults();
    p.n_fast = 10;
    assert_null(scene_make(&p, &a, &err));
    assert_int_equal(err.code, ERROR_USAGE);
    assert_non_null(strstr(err.fact, "detector size"));
    p = simulate_defaults();
    p.space_group = "P 7";
    assert_null(scene_make(&p, &a, &err));
    assert_int_equal(err.code, ERROR_USAGE);
    p = simulate_defaults();
    p.cell[1] = 80; /* not tetragonal */
    assert_null(scene_make(&p, &a, &err));
    assert_non_null(strstr(err.fact, "tetragonal"));
    p = simulate_defaults();
    p.hit_fraction = NAN;
    assert_null(scene_make(&p, &a, &err));
    p = simulate_defaults();
    p.cell[0] = p.cell[1] = p.cell[2] = 2000;
    p.space_group = "P 1";
    assert_null(scene_make(&p, &a, &err));
    assert_non_null(strstr(err.hint, "d_min"));
    arena_free(&a);
}

static void intensities_obey_the_laue_group_and_the_absences(void **state)
{
    (void)state;
    struct arena a = {0};
    struct error err = {0};
    struct simulate_params p = simulate_defaults();
    struct scene *s = scene_make(&p, &a, &err);
    const int32_t absent[][3] = {{0, 0, 1}, {0, 0, 2}, {3, 0, 0}, {0, 5, 0}};
    for (int i = 0; i < 4; i++)
        assert_true(scene_wilson(s, absent[i]) == 0);
    double sum = 0;
    int n = 0;
    for (int32_t h = 1; h < 12; h++)
        for (int32_t k = 1; k < h; k++)
            for (int32_t l = 1; l < 12; l++) { /* 4/mmm: all sign changes, and h k swapped */
                double v = scene_wilson(s, (const int32_t[]){h, k, l});
                assert_true(v == scene_wilson(s, (const int32_t[]){-h, -k, -l}));
                assert_true(v == scene_wilson(s, (const int32_t[]){k, h, -l}));
                assert_true(v == scene_wilson(s, (const int32_t[]){-k, h, l}));
                assert_true(v != scene_wilson(s, (const int32_t[]){h, k, l + 1}));
                sum += v, n++;
            }
    assert_true(fabs(sum / n - 1) < 5 / sqrt(n));
    arena_free(&a);
}

static void equal_axes_stay_equal_when_a_cell_is_drawn(void **state)
{
    (void)state;
    struct arena a = {0};
    struct error err = {0};
    struct simulate_params p = simulate_defaults();
    struct scene *s = scene_make(&p, &a, &err);
    struct dice d = dice_start(1, 1, 1);
    double cell[6];
    scene_draw_cell(s, &d, cell);
    assert_true(cell[0] == cell[1] && cell[0] != 79 && fabs(cell[0] - 79) < 1 && cell[2] != 38);
    assert_true(cell[3] == 90 && cell[4] == 90 && cell[5] == 90);
    arena_free(&a);
}

static void the_header_is_off_by_what_was_asked(void **state)
{
    (void)state;
    struct arena a = {0};
    struct error err = {0};
    struct simulate_params p = simulate_defaults();
    struct beam_vector beam = {1.3, {0, 0, 1}};
    p.shift_fast = 1.5, p.shift_slow = -0.75, p.shift_distance = 0.5;
    struct scene *s = scene_make(&p, &a, &err);
    struct detector real = *scene_detector(s);
    double px[2], truth[2];
    real.panels = (struct panel *)scene_true_panel(s);
    assert_int_equal(detector_beam_centre(scene_detector(s), &beam, px), 0);
    assert_int_equal(detector_beam_centre(&real, &beam, truth), 0);
    assert_true(fabs(px[0] - truth[0] - 1.5) < 1e-9 && fabs(px[1] - truth[1] + 0.75) < 1e-9);
    assert_true(fabs(scene_detector(s)->panels[0].origin[2] - scene_true_panel(s)->origin[2] + 0.5) < 1e-12);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_defaults_make_a_scene),
        cmocka_unit_test(what_cannot_be_simulated_is_named),
        cmocka_unit_test(intensities_obey_the_laue_group_and_the_absences),
        cmocka_unit_test(equal_axes_stay_equal_when_a_cell_is_drawn),
        cmocka_unit_test(the_header_is_off_by_what_was_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
