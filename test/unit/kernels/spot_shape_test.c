#include "kernels/geometry.h"
#include "kernels/geometry_panel.h"
#include "kernels/spot_shape.h"
#include "support.h"

#include <math.h>

static struct panel make_panel(double pixel_slow)
{
    return (struct panel){.origin = {-50, 50, -100},
                          .fast = {1, 0, 0},
                          .slow = {0, -1, 0},
                          .pixel_fast = 0.1,
                          .pixel_slow = pixel_slow,
                          .n_fast = 1000,
                          .n_slow = 1000};
}

/* A row whose ray meets the panel at a place. */
static struct reflection row_at(const struct panel *p, const struct beam_vector *b, double x, double y)
{
    struct reflection r = {.cal_px = {x, y}};
    double lab[3];
    panel_pixel_to_point(p, r.cal_px, lab);
    r.d = 1 / point_inverse_d(b, lab);
    vec3_norm(lab, r.s1);
    return r;
}

static void the_long_axis_points_from_the_beam(void **state)
{
    (void)state;
    struct panel p = make_panel(0.1);
    struct beam_vector beam = {1, {0, 0, 1}};
    struct view view = {&p, 1, &beam};
    const struct spot_shape shape = {4, 0, 1, 0};
    static const double places[][2] = {{800.5, 500.5}, {500.5, 200.5}, {800.5, 800.5}};
    static const double along[][2] = {{1, 0}, {0, -1}, {0.70710678, 0.70710678}};
    for (int i = 0; i < 3; i++) {
        struct reflection r = row_at(&p, &beam, places[i][0], places[i][1]);
        struct spot_ellipse e;
        assert_true(spot_ellipse_make(&view, &r, &shape, &e));
        double x = along[i][0], y = along[i][1];
        assert_double_equal(spot_ellipse_distance2(&e, 2 * x, 2 * y), 1, 1e-3); /* two px along: one sigma */
        assert_double_equal(spot_ellipse_distance2(&e, -y, x), 1, 1e-3);        /* one px across */
    }
    struct reflection centre = row_at(&p, &beam, 500, 500);
    struct spot_ellipse e;
    centre.d = 1000;
    assert_false(spot_ellipse_make(&view, &centre, &shape, &e)); /* on the beam nothing is radial */
}

static void rows_reach_and_distance_agree(void **state)
{
    (void)state;
    struct panel p = make_panel(0.2); /* pixels twice as high as wide */
    struct beam_vector beam = {1, {0, 0, 1}};
    struct view view = {&p, 1, &beam};
    struct reflection r = row_at(&p, &beam, 730.3, 410.7);
    struct spot_ellipse e;
    double reach[2];
    assert_true(spot_ellipse_make(&view, &r, &(struct spot_shape){9, 0, 2, 0}, &e));
    spot_ellipse_reach(&e, 3, reach);
    for (int32_t y = 380; y < 440; y++) {
        int32_t from = 0, to = 0;
        bool any = spot_ellipse_row(&e, 3, y, &from, &to);
        assert_true(!any || fabs(y + 0.5 - e.y) <= reach[1]);
        for (int32_t x = 690; x < 770; x++) {
            bool inside = spot_ellipse_distance2(&e, x + 0.5 - e.x, y + 0.5 - e.y) <= 9;
            assert_int_equal(inside, any && x >= from && x < to);
            assert_true(!inside || fabs(x + 0.5 - e.x) <= reach[0]);
        }
    }
}

static void profiles_sum_to_one(void **state)
{
    (void)state;
    struct panel p = make_panel(0.1);
    struct beam_vector beam = {1, {0, 0, 1}};
    struct view view = {&p, 1, &beam};
    static const double sizes[][2] = {{0.35, 0.35}, {1, 0.5}, {3, 2}, {20, 6}};
    for (int i = 0; i < 4; i++) {
        struct reflection r = row_at(&p, &beam, 700.2 + 0.3 * i, 300.9);
        struct spot_ellipse e;
        struct spot_profile profile;
        double sum = 0, moment = 0;
        assert_true(spot_ellipse_make(&view, &r, &(struct spot_shape){sizes[i][0], 0, sizes[i][1], 0}, &e));
        spot_profile_make(&e, &profile);
        for (int32_t y = 250; y < 350; y++)
            for (int32_t x = 640; x < 760; x++) {
                double dx = x + 0.5 - e.x, dy = y + 0.5 - e.y, share = spot_profile_at(&profile, dx, dy);
                sum += share;
                moment += share * (dx * dx + dy * dy);
            }
        assert_double_equal(sum, 1, 0.003);
        assert_double_equal(moment / sum / (sizes[i][0] + sizes[i][1]), 1,
                            0.03); /* the pixel's own width is in it */
    }
}

/* The mean of a Gaussian's density at nine places of the pixel, one by one. */
static double nine_samples(const struct spot_ellipse *e, double dx, double dy)
{
    const double pi = 3.14159265358979323846;
    double vr = fmax(e->vr - 1.0 / 12, 0.03), vt = fmax(e->vt - 1.0 / 12, 0.03), sum = 0;
    for (int i = -1; i <= 1; i++)
        for (int j = -1; j <= 1; j++) {
            double x = (dx + i / 3.0) * e->scale_x, y = (dy + j / 3.0) * e->scale_y;
            double r = x * e->ux + y * e->uy, t = -x * e->uy + y * e->ux;
            sum += exp(-0.5 * (r * r / vr + t * t / vt));
        }
    return sum / 9 / (2 * pi * sqrt(vr * vt));
}

static void profiles_are_the_mean_of_nine_samples(void **state)
{
    (void)state;
    static const double sizes[][2] = {{0.05, 0.09}, {0.35, 0.35}, {3, 0.3}, {20, 6}};
    for (int i = 0; i < 4; i++) {
        struct panel p = make_panel(i % 2 ? 0.1 : 0.17); /* square pixels and others */
        struct beam_vector beam = {1, {0, 0, 1}};
        struct view view = {&p, 1, &beam};
        struct reflection r = row_at(&p, &beam, 700.2 + 0.3 * i, 300.9);
        struct spot_ellipse e;
        struct spot_profile profile;
        assert_true(spot_ellipse_make(&view, &r, &(struct spot_shape){sizes[i][0], 0, sizes[i][1], 0}, &e));
        spot_profile_make(&e, &profile);
        for (double dy = -12; dy <= 12; dy += 0.37)
            for (double dx = -12; dx <= 12; dx += 0.41) {
                double want = nine_samples(&e, dx, dy);
                assert_double_equal(spot_profile_at(&profile, dx, dy), want, 1e-12 * want + 1e-100);
            }
        assert_true(spot_profile_at(&profile, 1e4, -1e4) == 0);
    }
}

static void lines_go_through_what_was_measured(void **state)
{
    (void)state;
    struct spot_moments m = {.n = 0};
    struct spot_shape s;
    const double k = 3, e = exp(-0.5 * k * k), cut = 1 - 0.5 * k * k * e / (1 - e);
    for (int i = 0; i < 20; i++) {
        double d = 2 + 0.2 * i, q2 = 1 / (d * d);
        spot_moments_add(&m, (0.5 + 3 * q2) * cut, (0.8 - q2) * cut, k, d, 100 + i);
    }
    assert_false(spot_moments_shape(&m, 21, &s));
    assert_true(spot_moments_shape(&m, 20, &s));
    assert_double_equal(s.r0, 0.5, 1e-9);
    assert_double_equal(s.r1, 3, 1e-9);
    assert_true(s.t1 == 0 && s.t0 > 0.6 && s.t0 < 0.8); /* spots do not shrink outwards */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_long_axis_points_from_the_beam),
        cmocka_unit_test(rows_reach_and_distance_agree),
        cmocka_unit_test(profiles_sum_to_one),
        cmocka_unit_test(profiles_are_the_mean_of_nine_samples),
        cmocka_unit_test(lines_go_through_what_was_measured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
