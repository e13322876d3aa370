#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "kernels/geometry_panel.h"
#include "kernels/geometry.h"

#include <math.h>

/* A tilted, off-centre panel of 500 × 400 pixels, axes orthonormal. */
static struct panel tilted_panel(void)
{
    double c = cos(0.3), s = sin(0.3);
    return (struct panel){.origin = {-20, 15, -80},
                          .fast = {c, 0, s},
                          .slow = {0, -1, 0},
                          .pixel_fast = 0.1,
                          .pixel_slow = 0.15,
                          .n_fast = 500,
                          .n_slow = 400,
                          .mu = 3.5,
                          .thickness = 0.45};
}

static void a_point_on_the_panel_is_where_its_ray_lands(void **state)
{
    (void)state;
    struct panel p = tilted_panel();
    for (double x = -3; x < 60; x += 7.7)
        for (double y = -3; y < 60; y += 7.7) {
            double mm[2] = {x, y}, lab[3], back[2];
            panel_mm_to_point(&p, mm, lab);
            for (int i = 0; i < 3; i++)
                lab[i] *= 0.013; /* the ray's length does not matter */
            assert_true(panel_ray_to_mm(&p, lab, back));
            assert_true(fabs(back[0] - x) < 1e-10 && fabs(back[1] - y) < 1e-10);
        }
}

static void a_ray_that_leaves_the_panel_behind_misses_it(void **state)
{
    (void)state;
    struct panel p = tilted_panel();
    double mm[2] = {7, 7}, away[3] = {0, 0, 1}, along[3] = {0, 1, 0}, nothing[3] = {NAN, 0, -1}, px[2];
    assert_false(panel_ray_to_mm(&p, away, mm));
    assert_false(panel_ray_to_mm(&p, along, mm));
    assert_false(panel_ray_to_mm(&p, nothing, mm));
    assert_false(panel_ray_to_pixel(&p, away, px));
    assert_true(mm[0] == 7 && mm[1] == 7);
}

static void the_direction_of_the_normal_does_not_matter(void **state)
{
    (void)state;
    struct panel p = tilted_panel(), q = p;
    for (int i = 0; i < 3; i++) {
        q.fast[i] = p.slow[i];
        q.slow[i] = p.fast[i];
    }
    double ray[3] = {0.05, -0.1, -0.9}, a[2], b[2];
    assert_true(panel_ray_to_mm(&p, ray, a) && panel_ray_to_mm(&q, ray, b));
    assert_true(fabs(a[0] - b[1]) < 1e-12 && fabs(a[1] - b[0]) < 1e-12);
}

static void without_parallax_pixels_are_millimetres_over_the_pixel_size(void **state)
{
    (void)state;
    struct panel p = tilted_panel();
    double mm[2] = {12.5, 30}, px[2], back[2];
    panel_mm_to_pixel(&p, mm, px);
    assert_true(fabs(px[0] - 125) < 1e-12 && fabs(px[1] - 200) < 1e-12);
    panel_pixel_to_mm(&p, px, back);
    assert_true(fabs(back[0] - mm[0]) < 1e-12 && fabs(back[1] - mm[1]) < 1e-12);
}

/* The mean depth is the mean of the exponential absorption law cut off at the end of the path; here by
 * integration. */
static void parallax_shifts_by_the_mean_absorption_depth(void **state)
{
    (void)state;
    struct panel p = tilted_panel();
    p.parallax = true;
    double mm[2] = {40, 50}, px[2], ray[3], normal[3];
    panel_mm_to_point(&p, mm, ray);
    assert_true(vec3_norm(ray, ray));
    vec3_cross(p.fast, p.slow, normal);
    double path = p.thickness / fabs(vec3_dot(ray, normal)), depth = 0;
    const int steps = 200000;
    for (int i = 0; i < steps; i++) {
        double l = (i + 0.5) * path / steps;
        depth += l * p.mu * exp(-p.mu * l) * path / steps;
    }
    panel_mm_to_pixel(&p, mm, px);
    assert_true(fabs(px[0] - (mm[0] + depth * vec3_dot(ray, p.fast)) / p.pixel_fast) < 1e-7);
    assert_true(fabs(px[1] - (mm[1] + depth * vec3_dot(ray, p.slow)) / p.pixel_slow) < 1e-7);
}

static void parallax_there_and_back_agrees_to_a_thousandth_of_a_pixel(void **state)
{
    (void)state;
    struct panel p = tilted_panel();
    p.parallax = true;
    for (double x = 0; x < 500; x += 61)
        for (double y = 0; y < 400; y += 61) {
            double px[2] = {x, y}, mm[2], back[2];
            panel_pixel_to_mm(&p, px, mm);
            panel_mm_to_pixel(&p, mm, back);
            assert_true(fabs(back[0] - x) < 5e-3 && fabs(back[1] - y) < 5e-3);
            assert_true(fabs(mm[0] - x * p.pixel_fast) > 1e-6);
        }
}

static void bragg_law_gives_the_resolution_of_a_point(void **state)
{
    (void)state;
    struct beam_vector b = {.wavelength = 1.3, .direction = {0, 0, 1}};
    double two_theta = 0.5, at[3] = {sin(two_theta), 0, -cos(two_theta)}, centre[3] = {0, 0, -100};
    assert_true(fabs(point_inverse_d(&b, at) - 2 * sin(two_theta / 2) / 1.3) < 1e-14);
    assert_true(point_inverse_d(&b, centre) < 1e-15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_point_on_the_panel_is_where_its_ray_lands),
        cmocka_unit_test(a_ray_that_leaves_the_panel_behind_misses_it),
        cmocka_unit_test(the_direction_of_the_normal_does_not_matter),
        cmocka_unit_test(without_parallax_pixels_are_millimetres_over_the_pixel_size),
        cmocka_unit_test(parallax_shifts_by_the_mean_absorption_depth),
        cmocka_unit_test(parallax_there_and_back_agrees_to_a_thousandth_of_a_pixel),
        cmocka_unit_test(bragg_law_gives_the_resolution_of_a_point),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
