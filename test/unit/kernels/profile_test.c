#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "kernels/geometry_panel.h"
#include "kernels/profile.h"
#include "kernels/geometry.h"

#include <math.h>
#include <string.h>

static const struct panel PANEL = {.origin = {-50, 50, -200},
                                   .fast = {1, 0, 0},
                                   .slow = {0, -1, 0},
                                   .pixel_fast = 0.1,
                                   .pixel_slow = 0.1,
                                   .n_fast = 1000,
                                   .n_slow = 1000};
static const struct beam_vector BEAM = {1.3, {0, 0, 1}};

static void ray_to(double x, double y, double s1[3])
{
    panel_pixel_to_point(&PANEL, (double[]){x, y}, s1);
    assert_true(vec3_norm(s1, s1));
    for (int i = 0; i < 3; i++)
        s1[i] /= BEAM.wavelength;
}

static void the_axes_are_kabschs(void **state)
{
    (void)state;
    struct kabsch k;
    double s1[3], s0[3] = {0, 0, -1}, cross[3];
    ray_to(700, 200, s1);
    assert_true(kabsch_init(&k, &BEAM, s1));
    assert_true(fabs(vec3_dot(k.e1, k.e2)) < 1e-15 && fabs(vec3_dot(k.e1, k.s1)) < 1e-15);
    assert_true(fabs(vec3_dot(k.e1, s0)) < 1e-15); /* ê1 is normal to the plane of reflection */
    vec3_cross(k.s1, k.e1, cross);
    for (int i = 0; i < 3; i++)
        assert_true(fabs(cross[i] - k.e2[i]) < 1e-15);
    assert_false(kabsch_init(&k, &BEAM, (double[]){0, 0, -1}));
}

static void near_the_spot_the_distance_is_an_angle(void **state)
{
    (void)state;
    struct kabsch k;
    double s1[3], other[3], cross[3];
    ray_to(700, 200, s1);
    assert_true(kabsch_init(&k, &BEAM, s1));
    ray_to(703, 197, other);
    vec3_cross(other, s1, cross);
    double angle = asin(vec3_length(cross) * BEAM.wavelength * BEAM.wavelength);
    assert_true(fabs(sqrt(kabsch_distance2(&k, other)) - angle) < 1e-8);
    for (int i = 0; i < 3; i++)
        other[i] = -other[i];
    assert_true(kabsch_distance2(&k, other) > 1);
}

/* A pixel is foreground exactly when one of its corners is near enough; the box holds all of them. */
static void foreground_is_where_any_corner_is_inside(void **state)
{
    (void)state;
    static uint8_t inside[64 * 64];
    struct kabsch k;
    double s1[3], radius = 3 * 0.0007;
    int32_t box[4];
    ray_to(310.3, 650.8, s1);
    assert_true(kabsch_init(&k, &BEAM, s1));
    assert_true(profile_box(&k, &PANEL, 2 * radius, box));
    assert_true(box[1] - box[0] < 64 && box[3] - box[2] < 64);
    profile_foreground(&k, &PANEL, radius, box, inside);
    int n = 0, width = box[1] - box[0];
    for (int32_t y = box[2]; y < box[3]; y++)
        for (int32_t x = box[0]; x < box[1]; x++) {
            bool any = false;
            for (int c = 0; c < 4; c++) {
                double lab[3];
                panel_pixel_to_point(&PANEL, (double[]){x + (c & 1), y + (c >> 1)}, lab);
                any |= kabsch_distance2(&k, lab) <= radius * radius;
            }
            int got = inside[(y - box[2]) * width + x - box[0]];
            assert_int_equal(got, any);
            bool edge = x == box[0] || x == box[1] - 1 || y == box[2] || y == box[3] - 1;
            assert_false(got && edge);
            n += any;
        }
    double r = radius * 200 / 0.1; /* px, for a spot near the panel's foot point */
    assert_true(n > 3.14 * r * r && n < 3.14 * (r + 1.6) * (r + 1.6) * 1.3);
}

static void boxes_that_cannot_be_are_refused(void **state)
{
    (void)state;
    struct kabsch k;
    double s1[3];
    int32_t box[4];
    ray_to(310, 650, s1);
    assert_true(kabsch_init(&k, &BEAM, s1));
    assert_false(profile_box(&k, &PANEL, 0, box));
    assert_false(profile_box(&k, &PANEL, NAN, box));
    assert_false(profile_box(&k, &PANEL, 0.2, box)); /* 800 pixels */
    assert_true(profile_box(&k, &PANEL, 0.05, box));
}

/* Strong pixels of a Gaussian spot about (x, y) with standard deviation sigma px in both directions. */
static uint32_t gaussian_spot(struct strong_pixel *out, double x, double y, double sigma, double peak)
{
    uint32_t n = 0;
    for (int j = (int)y - 8; j <= (int)y + 8; j++)
        for (int i = (int)x - 8; i <= (int)x + 8; i++) {
            double dx = i + 0.5 - x, dy = j + 0.5 - y;
            out[n].x = (uint16_t)i;
            out[n].y = (uint16_t)j;
            out[n++].value = (float)(peak * exp(-0.5 * (dx * dx + dy * dy) / (sigma * sigma)));
        }
    return n;
}

static void sigma_b_is_the_angular_spread_of_the_spots(void **state)
{
    (void)state;
    static struct strong_pixel pixels[2000];
    struct spot spots[3] = {{.panel = 0}};
    struct reflection rows[4] = {{.spot = 0}};
    const double at[3][2] = {{480, 520}, {530.4, 470.7}, {505.2, 498.1}}, sigma = 1.5;
    uint32_t n = 0;
    for (int i = 0; i < 3; i++) {
        spots[i].first_pixel = n;
        spots[i].n_pixels = gaussian_spot(pixels + n, at[i][0], at[i][1], sigma, 1e4);
        n += spots[i].n_pixels;
        rows[i] = (struct reflection){.spot = i, .lattice = 2};
        ray_to(at[i][0], at[i][1], rows[i].s1);
    }
    rows[3] = (struct reflection){.spot = 0, .lattice = 1};
    ray_to(400, 400, rows[3].s1); /* another lattice's, far off: must not count */
    struct view view = {&PANEL, 1, &BEAM};
    double expected = sqrt(2) * sigma * 0.1 / 200; /* angle² has the variance of two directions */
    double found = profile_sigma_b(&view, pixels, n, spots, 3, rows, 4, 2);
    assert_true(fabs(found / expected - 1) < 0.01);
    assert_true(profile_sigma_b(&view, pixels, n, spots, 3, rows, 4, 7) == 0);
}

static void indices_that_point_nowhere_do_not_count(void **state)
{
    (void)state;
    struct strong_pixel pixels[2] = {{5, 5, 100}, {6, 5, 100}};
    struct spot spots[3] = {{.panel = 9, .n_pixels = 2},
                            {.panel = 0, .first_pixel = 1, .n_pixels = 0xffffffffu},
                            {.panel = 0, .first_pixel = 0, .n_pixels = 2}};
    struct reflection rows[4] = {{.spot = 0}, {.spot = 1}, {.spot = 3}, {.spot = -1}};
    struct view view = {&PANEL, 1, &BEAM};
    for (int i = 0; i < 4; i++)
        ray_to(6, 5.5, rows[i].s1);
    assert_true(profile_sigma_b(&view, pixels, 2, spots, 3, rows, 4, 0) == 0);
    pixels[0].value = pixels[1].value = 0.5f; /* Σ v = 1: no variance */
    rows[0].spot = 2;
    assert_true(profile_sigma_b(&view, pixels, 2, spots, 3, rows, 1, 0) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_axes_are_kabschs),
        cmocka_unit_test(near_the_spot_the_distance_is_an_angle),
        cmocka_unit_test(foreground_is_where_any_corner_is_inside),
        cmocka_unit_test(boxes_that_cannot_be_are_refused),
        cmocka_unit_test(sigma_b_is_the_angular_spread_of_the_spots),
        cmocka_unit_test(indices_that_point_nowhere_do_not_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
