#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "still.h"

#include "kernels/index_internal.h"

static void a_spot_becomes_the_ray_that_hits_it(void **state)
{
    (void)state;
    struct still s;
    uint64_t seed = 1;
    still_empty(&s);
    still_add_noise(&s, &seed, 50);
    s.panel.mu = 3.9;
    s.panel.thickness = 0.45;
    s.panel.parallax = true;
    struct ray ray[50];
    assert_int_equal(spots_to_rays(&s.panel, 1, &s.beam, s.spot, s.n, ray), 50);
    for (size_t i = 0; i < 50; i++) {
        double mm[2];
        assert_int_equal(ray[i].spot, i);
        assert_true(panel_ray_to_mm(&s.panel, ray[i].s1, mm));
        assert_true(fabs(mm[0] - ray[i].mm[0]) < 1e-9 && fabs(mm[1] - ray[i].mm[1]) < 1e-9);
        /* s1 = λ q - direction */
        double k[3] = {ray[i].q[0] * 1.3, ray[i].q[1] * 1.3, ray[i].q[2] * 1.3 - 1};
        for (int j = 0; j < 3; j++)
            assert_true(fabs(k[j] - ray[i].s1[j]) < 1e-12);
        double px[2]; /* parallax taken out on the way to millimetres */
        panel_mm_to_pixel(&s.panel, ray[i].mm, px);
        assert_true(fabs(px[0] - s.spot[i].x) < 2e-3 && fabs(ray[i].mm[0] - 0.075 * s.spot[i].x) > 1e-6);
        assert_true(vec3_dot(ray[i].unit, ray[i].s1) > 0.5);
    }
}

static void spots_that_cannot_be_mapped_are_left_out(void **state)
{
    (void)state;
    struct still s;
    still_empty(&s);
    s.n = 6;
    for (size_t i = 0; i < s.n; i++)
        s.spot[i] = (struct spot){.x = 300, .y = 400 + (double)i, .intensity = 5};
    s.spot[0].x = NAN;
    s.spot[2].panel = 1;              /* there is one panel */
    s.spot[3].x = s.spot[3].y = 1000; /* the beam itself */
    s.spot[5].y = INFINITY;
    struct ray ray[6];
    assert_int_equal(spots_to_rays(&s.panel, 1, &s.beam, s.spot, s.n, ray), 2);
    assert_int_equal(ray[0].spot, 1);
    assert_int_equal(ray[1].spot, 4);
    assert_int_equal(spots_to_rays(&s.panel, 0, &s.beam, s.spot, s.n, ray), 0);
}

static void points_are_sorted_whatever_the_order_of_the_spots(void **state)
{
    (void)state;
    struct still s;
    uint64_t seed = 4;
    still_empty(&s);
    still_add_noise(&s, &seed, 40);
    s.spot[7] = s.spot[8]; /* equal spots stand in order of number */
    struct ray ray[40];
    struct point point[40];
    double none[2] = {0, 0};
    size_t n = spots_to_rays(&s.panel, 1, &s.beam, s.spot, s.n, ray);
    assert_int_equal(points_make(&s.beam, ray, n, none, point), 40);
    for (size_t i = 1; i < 40; i++)
        assert_true(point[i - 1].length < point[i].length ||
                    (point[i - 1].length == point[i].length && point[i - 1].ray < point[i].ray));
    ray[3].q[0] = ray[3].s1[0] = NAN;
    assert_int_equal(points_make(&s.beam, ray, n, none, point), 39);
}

/* Moving the spots by one pixel along lab x is what the shift columns say, and moving the pattern back undoes it. */
static void a_shift_moves_q_as_its_columns_say(void **state)
{
    (void)state;
    struct still s, moved;
    uint64_t seed = 2;
    still_empty(&s);
    still_add_noise(&s, &seed, 30);
    for (int k = 0; k < 2; k++) {
        struct ray ray[30], ray_moved[30];
        struct point a[30], b[30], c[30];
        double none[2] = {0, 0}, back[2] = {k == 0, k == 1};
        moved = s;
        for (size_t i = 0; i < s.n; i++) {
            moved.spot[i].x += k == 0;
            moved.spot[i].y -= k == 1; /* slow runs down */
        }
        spots_to_rays(&s.panel, 1, &s.beam, s.spot, s.n, ray);
        spots_to_rays(&s.panel, 1, &s.beam, moved.spot, s.n, ray_moved);
        for (size_t i = 0; i < s.n; i++) { /* one by one: the order must not change */
            points_make(&s.beam, &ray[i], 1, none, &a[i]);
            points_make(&s.beam, &ray_moved[i], 1, none, &b[i]);
            points_make(&s.beam, &ray_moved[i], 1, back, &c[i]);
            for (int j = 0; j < 3; j++) {
                assert_true(fabs(b[i].q[j] - a[i].q[j] - a[i].shift[k][j]) < 3e-3 * a[i].across);
                assert_true(fabs(c[i].q[j] - a[i].q[j]) < 3e-3 * a[i].across);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_spot_becomes_the_ray_that_hits_it),
        cmocka_unit_test(spots_that_cannot_be_mapped_are_left_out),
        cmocka_unit_test(points_are_sorted_whatever_the_order_of_the_spots),
        cmocka_unit_test(a_shift_moves_q_as_its_columns_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
