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
        assert_true(crystal_intensity(&s->crystal, 1, absent[i]) == 0);
    double sum = 0;
    int n = 0;
    for (int32_t h = 1; h < 12; h++)
        for (int32_t k = 1; k < h; k++)
            for (int32_t l = 1; l < 12; l++) { /* 4/mmm: all sign changes, and h k swapped */
                double v = crystal_intensity(&s->crystal, 1, (const int32_t[]){h, k, l});
                assert_true(v == crystal_intensity(&s->crystal, 1, (const int32_t[]){-h, -k, -l}));
                assert_true(v == crystal_intensity(&s->crystal, 1, (const int32_t[]){k, h, -l}));
                assert_true(v == crystal_intensity(&s->crystal, 1, (const int32_t[]){-k, h, l}));
                assert_true(v != crystal_intensity(&s->crystal, 1, (const int32_t[]){h, k, l + 1}));
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
    double px[2], truth[2];
    assert_int_equal(detector_beam_centre(scene_detector(s), &beam, px), 0);
    assert_int_equal(detector_beam_centre(scene_true_detector(s), &beam, truth), 0);
    assert_true(fabs(px[0] - truth[0] - 1.5) < 1e-9 && fabs(px[1] - truth[1] + 0.75) < 1e-9);
    assert_true(fabs(scene_detector(s)->panels[0].origin[2] - scene_true_detector(s)->panels[0].origin[2] +
                     0.5) < 1e-12);
    arena_free(&a);
}

static void panels_are_moved_against_the_header(void **state)
{
    (void)state;
    struct arena a = {0};
    struct error err = {0};
    struct simulate_params p = simulate_defaults();
    assert_true(simulate_use_preset(&p, "jungfrau4M", 0, &a, &err));
    p.panel_shift = 0.5, p.one_panel_shift = 2, p.one_panel_turn_deg = 0.2;
    struct scene *s = scene_make(&p, &a, &err);
    assert_non_null(s);
    double moved = 0;
    for (size_t k = 0; k < 8; k++) {
        const struct panel *real = &scene_true_detector(s)->panels[k],
                           *header = &scene_detector(s)->panels[k];
        for (int i = 0; i < 2; i++)
            moved += pow((real->origin[i] - header->origin[i]) / 0.075, 2) / 16;
        assert_true(k == 0 || real->fast[1] == header->fast[1]);
    }
    assert_true(fabs(scene_true_detector(s)->panels[0].fast[1] / tan(0.2 * 3.14159265358979 / 180)) > 0.99);
    assert_true(moved > 0.05 && moved < 2);
    arena_free(&a);
}

static void a_list_of_intensities_takes_the_place_of_wilson(void **state)
{
    (void)state;
    struct arena a = {0};
    struct error err = {0};
    struct simulate_params p = simulate_defaults();
    struct space_group g;
    struct intensities list;
    static const char text[] = "h k l I\n2 1 0 300\n1 2 5 100\n3 0 0 7\n";
    assert_true(space_group_find("P43212", &g, &err));
    assert_true(intensities_parse((const uint8_t *)text, sizeof text - 1, "list", NULL, &g, &a, &list, &err));
    p.structure = &list;
    struct scene *s = scene_make(&p, &a, &err);
    assert_non_null(s);
    double strong = crystal_intensity(&s->crystal, 1, (const int32_t[]){-1, 2, 0});
    double weak = crystal_intensity(&s->crystal, 1, (const int32_t[]){2, 1, -5});
    assert_true(strong > 0 && fabs(strong / weak - 3) < 1e-12);
    assert_true(crystal_intensity(&s->crystal, 1, (const int32_t[]){3, 0, 0}) ==
                0); /* a screw axis says so */
    assert_true(crystal_intensity(&s->crystal, 1, (const int32_t[]){4, 4, 4}) == 0); /* not in the list */
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
        cmocka_unit_test(panels_are_moved_against_the_header),
        cmocka_unit_test(a_list_of_intensities_takes_the_place_of_wilson),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
