/* detector_test.c - panels, their tree, and where the beam meets them. */
#include "support.h"

#include "kernels/geometry.h"
#include "model/detector.h"

#include <math.h>
#include <string.h>

/* One panel of 100 × 60 pixels of 0.1 mm, 50 mm away, the beam at its middle. */
static struct detector *one_panel(struct arena *a)
{
    struct detector *d = detector_make(a, 1, 0);
    struct panel *p = d->panels;
    vec3_set(p->origin, -5, 3, -50);
    vec3_set(p->slow, 0, -1, 0);
    p->pixel_fast = p->pixel_slow = 0.1;
    p->n_fast = 100;
    p->n_slow = 60;
    d->info->name = "p0";
    return d;
}

/* root → arm (turned and moved) → two panels side by side. */
static struct detector *two_on_an_arm(struct arena *a)
{
    struct detector *d = detector_make(a, 2, 4);
    d->nodes[0].name = "root";
    d->nodes[1].name = "arm";
    vec3_set(d->nodes[1].origin, 1, 2, -80);
    vec3_set(d->nodes[1].fast, 0, 1, 0);
    vec3_set(d->nodes[1].slow, -1, 0, 0);
    for (int i = 0; i < 2; i++) {
        d->panels[i].pixel_fast = d->panels[i].pixel_slow = 0.2;
        d->panels[i].n_fast = 10;
        d->panels[i].n_slow = 20;
        d->nodes[2 + i].parent = 1;
        d->nodes[2 + i].panel = i;
        vec3_set(d->nodes[2 + i].origin, 3 * i, 0, 0.5);
    }
    return d;
}

static const struct beam_vector beam = {1.3, {0, 0, 1}};

static void a_flat_detector_counts_its_pixels_and_names_its_defaults(void **state)
{
    (void)state;
    struct arena a = {0};
    struct error err;
    struct detector *d = one_panel(&a);
    assert_true(detector_finish(d, "x.cbf", &err));
    assert_int_equal(d->n_pixels, 6000);
    assert_int_equal(d->panels->first_pixel, 0);
    assert_true(d->panels->gain == 1 && d->panels->pedestal == 0);
    assert_true(d->panels->trusted_hi == 2147483647.0 && d->panels->trusted_lo == -2147483647.0);
    assert_string_equal(d->info->type, "SENSOR_PAD");
    arena_free(&a);
}

static void panels_of_a_tree_are_where_their_parents_put_them(void **state)
{
    (void)state;
    struct arena a = {0};
    struct error err;
    struct detector *d = two_on_an_arm(&a);
    assert_true(detector_finish(d, "x", &err));
    /* the arm's fast axis is +y, its slow axis -x, its normal +z */
    const double origin[3] = {1, 5, -79.5}, fast[3] = {0, 1, 0}, slow[3] = {-1, 0, 0};
    for (int i = 0; i < 3; i++) {
        assert_true(fabs(d->panels[1].origin[i] - origin[i]) < 1e-12);
        assert_true(fabs(d->panels[1].fast[i] - fast[i]) < 1e-12);
        assert_true(fabs(d->panels[1].slow[i] - slow[i]) < 1e-12);
    }
    assert_int_equal(d->panels[1].first_pixel, 200);
    assert_int_equal(d->n_pixels, 400);
    uint64_t before = detector_fingerprint(d);
    assert_true(detector_finish(d, "x", &err)); /* again: nothing moves */
    assert_true(detector_fingerprint(d) == before);
    arena_free(&a);
}

static void refused(struct detector *d, const char *part)
{
    struct error err = {0};
    assert_false(detector_finish(d, "file.expt", &err));
    assert_int_equal(err.code, ERROR_METADATA);
    if (!strstr(err.fact, part))
        fail_msg("'%s' does not say '%s'", err.fact, part);
}

static void impossible_panels_are_refused_by_name(void **state)
{
    (void)state;
    struct arena a = {0};
    struct detector *d;
    refused(detector_make(&a, 0, 0), "no panels");
    d = one_panel(&a), d->panels->slow[1] = -1.001;
    refused(d, "panel 0 (p0) has an axis that is not of unit length");
    d = one_panel(&a), d->panels->slow[0] = 1e-4;
    refused(d, "not perpendicular");
    d = one_panel(&a), d->panels->fast[0] = NAN;
    refused(d, "not finite");
    d = one_panel(&a), d->panels->origin[2] = -1e9;
    refused(d, "1 km");
    d = one_panel(&a), d->panels->pixel_fast = 0;
    refused(d, "pixel size");
    d = one_panel(&a), d->panels->n_slow = 65537;
    refused(d, "image size");
    d = one_panel(&a), d->panels->n_slow = -1;
    refused(d, "image size");
    d = one_panel(&a), d->panels->trusted_lo = NAN;
    refused(d, "trusted range");
    d = one_panel(&a), d->panels->gain = 0;
    refused(d, "gain");
    d = one_panel(&a), d->panels->n_slow = d->panels->n_fast = 65536;
    refused(d, "pixels");
    arena_free(&a);
}

static void broken_trees_are_refused(void **state)
{
    (void)state;
    struct arena a = {0};
    struct detector *d;
    d = two_on_an_arm(&a), d->nodes[2].panel = 1;
    refused(d, "hangs elsewhere");
    d = two_on_an_arm(&a), d->nodes[3].panel = -1;
    refused(d, "panel 1 is missing");
    d = two_on_an_arm(&a), d->nodes[3].panel = 7;
    refused(d, "not there");
    d = two_on_an_arm(&a), d->nodes[3].parent = 2;
    refused(d, "hangs from a panel");
    d = two_on_an_arm(&a), d->nodes[1].parent = 3;
    refused(d, "before it");
    d = two_on_an_arm(&a), d->nodes[0].parent = 0;
    refused(d, "before it");
    d = two_on_an_arm(&a), d->nodes[1].fast[1] = 2;
    refused(d, "node 1 (arm)");
    arena_free(&a);
}

static void axes_within_the_tolerance_become_unit_vectors(void **state)
{
    (void)state;
    struct arena a = {0};
    struct error err;
    struct detector *d = one_panel(&a);
    d->panels->slow[1] = -1.0000005;
    assert_true(detector_finish(d, "x", &err));
    assert_true(d->panels->slow[1] == -1);
    arena_free(&a);
}

static void the_beam_is_found_on_the_panel_it_hits(void **state)
{
    (void)state;
    struct arena a = {0};
    struct error err;
    double px[2];
    struct detector *d = one_panel(&a);
    assert_true(detector_finish(d, "x", &err));
    assert_int_equal(detector_beam_centre(d, &beam, px), 0);
    assert_true(fabs(px[0] - 50) < 1e-9 && fabs(px[1] - 30) < 1e-9);
    assert_true(fabs(panel_distance(d->panels) - 50) < 1e-12);
    arena_free(&a);
}

static void a_beam_through_a_gap_belongs_to_the_nearest_panel(void **state)
{
    (void)state;
    struct arena a = {0};
    struct error err;
    double px[2];
    struct detector *d = detector_make(&a, 2, 0);
    d->panels[0] = d->panels[1] = *one_panel(&a)->panels;
    d->panels[0].origin[0] = 1;     /* 1 mm to the right of the beam */
    d->panels[1].origin[0] = -10.5; /* 0.5 mm to its left */
    assert_true(detector_finish(d, "x", &err));
    assert_int_equal(detector_beam_centre(d, &beam, px), 1);
    assert_true(fabs(px[0] - 105) < 1e-9);
    vec3_set(d->panels[0].origin, 1, 3, 50); /* both behind the sample */
    vec3_set(d->panels[1].origin, 1, 3, 50);
    assert_int_equal(detector_beam_centre(d, &beam, px), -1);
    arena_free(&a);
}

static void resolution_follows_bragg(void **state)
{
    (void)state;
    struct arena a = {0};
    struct error err;
    double d_min, d_max, corner[2] = {0, 0}, centre[2] = {50, 30};
    struct detector *d = one_panel(&a);
    assert_true(detector_finish(d, "x", &err));
    double expected = 1.3 / (2 * sin(0.5 * atan2(hypot(5, 3), 50)));
    assert_true(fabs(panel_resolution(d->panels, &beam, corner) - expected) < 1e-9);
    assert_true(panel_resolution(d->panels, &beam, centre) > 1e9);
    detector_resolution(d, &beam, &d_min, &d_max);
    assert_true(fabs(d_min - expected) < 1e-9 && fabs(d_max - expected) < 1e-9);
    arena_free(&a);
}

static void a_copy_outlives_its_original(void **state)
{
    (void)state;
    struct arena a = {0}, b = {0};
    struct error err;
    struct detector *d = two_on_an_arm(&a);
    assert_true(detector_finish(d, "x", &err));
    uint64_t fingerprint = detector_fingerprint(d);
    struct detector *copy = detector_copy(&b, d);
    arena_free(&a);
    assert_true(detector_fingerprint(copy) == fingerprint);
    assert_string_equal(copy->nodes[1].name, "arm");
    assert_int_equal(copy->n_pixels, 400);
    arena_free(&b);
}

static void the_fingerprint_tells_geometry_and_nothing_else(void **state)
{
    (void)state;
    struct arena a = {0};
    struct error err;
    struct detector *d = one_panel(&a);
    assert_true(detector_finish(d, "x", &err));
    uint64_t before = detector_fingerprint(d);
    d->info->name = "other";
    d->panels->fast[1] = -0.0;
    d->panels->mu = 9; /* without parallax it moves nothing */
    assert_true(detector_fingerprint(d) == before);
    d->panels->origin[2] = nextafter(d->panels->origin[2], 0);
    assert_true(detector_fingerprint(d) != before);
    d = one_panel(&a);
    d->panels->trusted_hi = 100;
    assert_true(detector_fingerprint(d) != before);
    d = one_panel(&a);
    d->panels->mu = d->panels->thickness = 1;
    d->panels->parallax = true;
    assert_true(detector_fingerprint(d) != before);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flat_detector_counts_its_pixels_and_names_its_defaults),
        cmocka_unit_test(panels_of_a_tree_are_where_their_parents_put_them),
        cmocka_unit_test(impossible_panels_are_refused_by_name),
        cmocka_unit_test(broken_trees_are_refused),
        cmocka_unit_test(axes_within_the_tolerance_become_unit_vectors),
        cmocka_unit_test(the_beam_is_found_on_the_panel_it_hits),
        cmocka_unit_test(a_beam_through_a_gap_belongs_to_the_nearest_panel),
        cmocka_unit_test(resolution_follows_bragg),
        cmocka_unit_test(a_copy_outlives_its_original),
        cmocka_unit_test(the_fingerprint_tells_geometry_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
