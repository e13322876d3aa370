/* glow_test.c - solvent, ice and the length of spots of a frame, from its pixels. */
#include "one_frame.h"

#include <math.h>

/* A frame at `distance` mm with 20 everywhere, `inside` below 5° and `on` where ice has its rings, with some noise. */
static void paint(const char *path, double distance, int inside, int on)
{
    static const double ice[] = {3.895, 3.669, 3.441};
    static uint16_t pixels[FRAME_SIDE * FRAME_SIDE];
    for (int y = 0; y < FRAME_SIDE; y++)
        for (int x = 0; x < FRAME_SIDE; x++) {
            double angle = atan(hypot(x + 0.5 - 128, y + 0.5 - 128) * 0.1 / distance);
            double d = 1.3 / (2 * sin(angle / 2));
            int v = 20 + ((x * 31 + y * 17 + x * y) % 7 - 3);
            for (int k = 0; k < 3; k++)
                v += fabs(ice[k] / d - 1) < 0.006 ? on : 0;
            pixels[y * FRAME_SIDE + x] = (uint16_t)(angle < 5 * M_PI / 180 ? inside : v);
        }
    frame_write(path, pixels);
}

static void the_ratio_is_of_the_angles_that_are_given(void **state)
{
    (void)state;
    char *path = path_of("wet_001.img");
    paint(path, 80, 5, 0);
    set("radial_average.two_theta_low=3");
    set("radial_average.two_theta_high=7.5");
    set("xfelx.solvent_ratio=3.9");
    struct result r = process(path);
    if (!(fabs(r.glow.ring - 4) < 0.1 && fabs(r.glow.low - 5) < 0.05))
        fail_msg("%g %g", r.glow.ring, r.glow.low);
    assert_true(r.flags & FRAME_SOLVENT);
    assert_false(r.glow.ice_known); /* no ring of ice is on this detector */
}

static void below_the_cut_there_is_no_solvent(void **state)
{
    (void)state;
    char *path = path_of("dry_001.img");
    paint(path, 80, 40, 0);
    set("radial_average.two_theta_low=3");
    set("radial_average.two_theta_high=7.5");
    struct result r = process(path);
    assert_true(fabs(r.glow.ring - 0.5) < 0.02);
    assert_false(r.flags & FRAME_SOLVENT);
}

static void angles_that_the_detector_does_not_reach_give_no_ratio(void **state)
{
    (void)state;
    char *path = path_of("short_001.img");
    paint(path, 80, 5, 0);
    struct result r = process(path);
    assert_true(r.glow.ring == 0 && !(r.flags & (FRAME_SOLVENT | FRAME_ICE)));
}

static void rings_of_ice_are_found(void **state)
{
    (void)state;
    char *path = path_of("ice_001.img");
    paint(path, 30, 20, 5);
    set("geometry.detector.distance=30");
    struct result r = process(path);
    assert_true(r.glow.ice_known && r.flags & FRAME_ICE);
    assert_true(fabs(r.glow.ice - 0.19) < 0.06); /* the ring is narrower than its band */
}

static void a_frame_without_ice_has_none(void **state)
{
    (void)state;
    char *path = path_of("plain_001.img");
    paint(path, 30, 20, 0);
    set("geometry.detector.distance=30");
    struct result r = process(path);
    assert_true(r.glow.ice_known && !(r.flags & FRAME_ICE));
    assert_true(fabs(r.glow.ice) < 0.02);
}

static void spots_have_their_length(void **state)
{
    (void)state;
    char *path = path_of("spots_001.img");
    frame_with_spots(path, 9);
    struct result r = process(path);
    assert_int_equal(r.n_strong, 9);
    assert_true(fabs(r.glow.spot_length_px - 3) < 1e-9);
}

static void one_angle_alone_or_twice_is_refused(void **state)
{
    (void)state;
    struct error err = {0};
    set("radial_average.two_theta_low=3");
    assert_false(recipe_make(params, &arena, &recipe, &err));
    assert_non_null(strstr(err.fact, "needed together"));
    set("radial_average.two_theta_high=3.1");
    assert_false(recipe_make(params, &arena, &recipe, &err));
    assert_non_null(strstr(err.fact, "are one angle"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(the_ratio_is_of_the_angles_that_are_given),
        CASE(below_the_cut_there_is_no_solvent),
        CASE(angles_that_the_detector_does_not_reach_give_no_ratio),
        CASE(rings_of_ice_are_found),
        CASE(a_frame_without_ice_has_none),
        CASE(spots_have_their_length),
        CASE(one_angle_alone_or_twice_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
