/* experiment_test.c - identifiers of lattices, reference geometry out of .expt files. */
#include "support.h"

#include "model/experiment.h"

#include <math.h>
#include <string.h>

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    support_folder(folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    support_remove(folder);
    return 0;
}

/* The least that dxtbx loads (FORMATS 1.10). %s: a place to put something wrong. */
#define TEXT(before, beam, panel, after)                                                                     \
    "{\"__id__\": \"ExperimentList\",\n"                                                                     \
    " \"experiment\": [{\"__id__\": \"Experiment\", \"beam\": 0, \"detector\": 0" before "}],\n"             \
    " \"beam\": [{\"direction\": [0.0, 0.0, 1.0], \"wavelength\": 1.3" beam "}],\n"                          \
    " \"detector\": [{\"panels\": [{\"fast_axis\": [1.0, 0.0, 0.0], \"slow_axis\": [0.0, -1.0, 0.0],"        \
    " \"origin\": [-50.0, 25.0, -90.0], \"image_size\": [1000, 500], \"pixel_size\": [0.1, 0.1]" panel       \
    "}]}]" after "}\n"

static bool read_text(const char *text, struct arena *a, struct detector **d, struct beam *b,
                      struct error *err)
{
    char path[96];
    snprintf(path, sizeof path, "%s/geometry.expt", folder);
    assert_true(fs_write_atomic(path, text, strlen(text), err));
    return experiment_read_geometry(path, a, d, b, err);
}

static void reads(const char *text, struct arena *a, struct detector **d, struct beam *b)
{
    struct error err = {0};
    if (!read_text(text, a, d, b, &err))
        fail_msg("%s", err.fact);
}

static void refuses(const char *text, enum error_code code, const char *part)
{
    struct arena a = {0};
    struct detector *d;
    struct beam b;
    struct error err = {0};
    assert_false(read_text(text, &a, &d, &b, &err));
    if (err.code != code || !strstr(err.fact, part) || !strstr(err.fact, "geometry.expt"))
        fail_msg("'%s' (%d) does not say '%s'", err.fact, (int)err.code, part);
    arena_free(&a);
}

static void an_identifier_is_a_uuid_made_of_what_it_names(void **state)
{
    (void)state;
    char text[37], other[37];
    uint8_t bytes[16];
    experiment_identifier("toy.h5", 0, 0, "params", bytes, text);
    assert_string_equal(text, "949ac037-1fed-88df-8d63-06fff5fd2fc1");
    assert_int_equal(bytes[0], 0x94);
    assert_int_equal(bytes[15], 0xc1);
    experiment_identifier("toy.h5", 0, 1, "params", NULL, other);
    assert_string_not_equal(text, other);
    experiment_identifier("toy.h5", 1, 0, "params", NULL, other);
    assert_string_not_equal(text, other);
    experiment_identifier("toy.h5", UINT32_MAX, UINT32_MAX, "params", NULL, other);
    assert_int_equal(strlen(other), 36);
    assert_int_equal(other[14], '8');
}

static void the_minimal_file_is_enough(void **state)
{
    (void)state;
    struct arena a = {0};
    struct detector *d;
    struct beam b;
    reads(TEXT("", "", "", ""), &a, &d, &b);
    assert_true(b.v.wavelength == 1.3 && b.v.direction[2] == 1 && b.polarization_fraction == 0.999);
    assert_true(isnan(b.energy_recorded_ev));
    assert_int_equal(d->n_panels, 1);
    assert_int_equal(d->n_nodes, 0);
    assert_int_equal(d->n_pixels, 500000);
    assert_true(d->panels->origin[0] == -50 && d->panels->slow[1] == -1);
    assert_true(d->panels->trusted_hi == 2147483647.0); /* nobody said */
    arena_free(&a);
}

static void old_trusted_ranges_lie_outside_new_ones_inside(void **state)
{
    (void)state;
    struct arena a = {0};
    struct detector *d;
    struct beam b;
    reads(TEXT("", "", ", \"trusted_range\": [-1.0, 65535.0]", ""), &a, &d, &b);
    assert_true(d->panels->trusted_lo == 0 && d->panels->trusted_hi == 65534);
    reads(TEXT("", "", ", \"trusted_range\": [-0.5, 65535.5]", ""), &a, &d,
          &b); /* not whole numbers of counts */
    assert_true(d->panels->trusted_lo == -0.5 && d->panels->trusted_hi == 65535.5);
    reads(TEXT("", "", ", \"trusted_range\": [-1, 65535]", ", \"history\": [\"x|y|z\"]"), &a, &d, &b);
    assert_true(d->panels->trusted_lo == -1 && d->panels->trusted_hi == 65535);
    reads(TEXT("", ", \"probe\": \"x-ray\"", ", \"trusted_range\": [-1, 65535]", ""), &a, &d, &b);
    assert_true(d->panels->trusted_lo == -1 && d->panels->trusted_hi == 65535);
    arena_free(&a);
}

static void parallax_comes_from_the_panel_or_from_the_older_strategy(void **state)
{
    (void)state;
    struct arena a = {0};
    struct detector *d;
    struct beam b;
    reads(TEXT("", "",
               ", \"mu\": 9.5, \"thickness\": 0.3, \"px_mm_strategy\": {\"type\": \"SimplePxMmStrategy\"}",
               ""),
          &a, &d, &b);
    assert_true(!d->panels->parallax && d->panels->mu == 9.5);
    reads(TEXT("", "",
               ", \"mu\": 9.5, \"thickness\": 0.3, \"px_mm_strategy\": {\"type\": "
               "\"ParallaxCorrectedPxMmStrategy\","
               " \"mu\": 3.5, \"t0\": 0.45}",
               ""),
          &a, &d, &b);
    assert_true(d->panels->parallax && d->panels->mu == 3.5 && d->panels->thickness == 0.45);
    arena_free(&a);
    refuses(TEXT("", "", ", \"px_mm_strategy\": {\"type\": \"OffsetParallaxCorrectedPxMmStrategy\"}", ""),
            ERROR_UNSUPPORTED, "displacement maps");
    refuses(TEXT("", "", ", \"px_mm_strategy\": {\"type\": \"Curved\"}", ""), ERROR_UNSUPPORTED,
            "px_mm_strategy");
}

static void frames_of_a_tree_are_composed(void **state)
{
    (void)state;
    struct arena a = {0};
    struct detector *d;
    struct beam b;
    reads(
        "{\"__id__\": \"ExperimentList\", \"experiment\": [{\"beam\": 0, \"detector\": 0}],"
        " \"beam\": [{\"direction\": [0, 0, 2], \"wavelength\": 1.3}], \"detector\": [{\"panels\": ["
        "{\"name\": \"a\", \"fast_axis\": [1, 0, 0], \"slow_axis\": [0, 1, 0], \"origin\": [1, 0, 0],"
        " \"image_size\": [10, 20], \"pixel_size\": [0.1, 0.1]},"
        "{\"name\": \"b\", \"image_size\": [10, 20], \"pixel_size\": [0.1, 0.1]}],"
        " \"hierarchy\": {\"name\": \"root\", \"children\": [{\"panel\": 1},"
        "  {\"name\": \"arm\", \"origin\": [0, 0, -100], \"fast_axis\": [0, 1, 0], \"slow_axis\": [-1, 0, 0],"
        "   \"children\": [{\"panel\": 0}]}]}}]}",
        &a, &d, &b);
    assert_int_equal(d->n_nodes, 4);
    assert_true(b.v.direction[2] == 1);
    assert_true(d->panels[0].origin[1] == 1 && d->panels[0].origin[2] == -100 && d->panels[0].fast[1] == 1);
    assert_true(d->panels[1].fast[0] == 1);
    assert_string_equal(d->nodes[2].name, "arm");
    assert_int_equal(d->nodes[3].panel, 0);
    arena_free(&a);
}

static void several_detectors_must_be_equal_and_the_first_beam_is_taken(void **state)
{
    (void)state;
#define PANELS(distance)                                                                                     \
    "{\"panels\": [{\"fast_axis\": [1, 0, 0], \"slow_axis\": [0, -1, 0], \"origin\": [-5, 5, -" distance     \
    "], \"image_size\": [10, 10], \"pixel_size\": [1, 1]}]}"
#define TWO(second)                                                                                          \
    "{\"__id__\": \"ExperimentList\", \"experiment\": [{\"beam\": 1, \"detector\": 0}, {\"beam\": 0, "       \
    "\"detector\": 1}],"                                                                                     \
    " \"beam\": [{\"direction\": [0, 0, 1], \"wavelength\": 1.3}, {\"direction\": [0, 0, 1], "               \
    "\"wavelength\": 1.4}],"                                                                                 \
    " \"detector\": [" PANELS("90") ", " PANELS(second) "]}"
    struct arena a = {0};
    struct detector *d;
    struct beam b;
    reads(TWO("90"), &a, &d, &b);
    assert_true(b.v.wavelength == 1.4);
    arena_free(&a);
    refuses(TWO("91"), ERROR_UNSUPPORTED, "detector 1: differs");
}

static void what_dxtbx_takes_silently_is_refused_by_name(void **state)
{
    (void)state;
    refuses(TEXT(", \"crystal\": \"crystal.json\"", "", "", ""), ERROR_UNSUPPORTED, "crystal is a file name");
    refuses(TEXT(", \"imageset\": -1", "", "", ", \"imageset\": [{}]"), ERROR_METADATA,
            "imageset is not an index");
    refuses(TEXT(", \"profile\": 3", "", "", ", \"profile\": [{}]"), ERROR_METADATA,
            "profile is not an index");
    refuses(TEXT(", \"profile\": 0.5", "", "", ", \"profile\": [{}]"), ERROR_METADATA,
            "profile is not an index");
    refuses(TEXT("", ", \"polarization_fraction\": NaN", "", ""), ERROR_METADATA, "polarization_fraction");
    refuses(TEXT("", "", ", \"gain\": -Infinity", ""), ERROR_METADATA, "gain is not a finite number");
    refuses(TEXT("", "", ", \"slow_axis2\": 1, \"gain\": 0", ""), ERROR_METADATA, "impossible gain");
    refuses(TEXT("", ", \"__id__\": \"polychromatic\"", "", ""), ERROR_UNSUPPORTED, "not monochromatic");
    refuses(TEXT("", "", "",
                 ", \"crystal\": [{\"real_space_a\": [0, 9, 0], \"real_space_b\": [8, 0, 0],"
                 " \"real_space_c\": [0, 0, 7]}]"),
            ERROR_METADATA, "right-handed");
    refuses(TEXT("", "", "", ", \"crystal\": [{\"A_at_scan_points\": []}]"), ERROR_UNSUPPORTED,
            "A_at_scan_points");
    refuses(
        TEXT(", \"scan\": 0", "", "", ", \"scan\": [{\"image_range\": [1, 9], \"oscillation\": [0.0, 0.1]}]"),
        ERROR_UNSUPPORTED, "scan");
    refuses(TEXT(", \"scan\": 0", "", "", ", \"scan\": [{\"properties\": {\"oscillation\": [0.0, 0.1]}}]"),
            ERROR_UNSUPPORTED, "scan");
}

static void a_scan_that_does_not_turn_is_a_still(void **state)
{
    (void)state;
    struct arena a = {0};
    struct detector *d;
    struct beam b;
    reads(
        TEXT(", \"scan\": 0", "", "", ", \"scan\": [{\"image_range\": [1, 1], \"oscillation\": [0.0, 0.0]}]"),
        &a, &d, &b);
    arena_free(&a);
}

static void broken_geometry_is_refused_with_its_key(void **state)
{
    (void)state;
#define BEAM(text)                                                                                           \
    "{\"__id__\": \"ExperimentList\", \"experiment\": [{\"beam\": 0}], \"beam\": [{" text                    \
    "}], \"detector\": []}"
    refuses(BEAM("\"direction\": [0, 0, 1], \"wavelength\": NaN"), ERROR_METADATA, "wavelength");
    refuses(BEAM("\"direction\": [0, 0, 1], \"wavelength\": -1.3"), ERROR_METADATA, "wavelength");
    refuses(BEAM("\"direction\": [0, 0, 1]"), ERROR_METADATA, "wavelength");
    refuses(BEAM("\"direction\": [0, 0], \"wavelength\": 1"), ERROR_METADATA, "direction");
    refuses(BEAM("\"direction\": [0, 0, 0], \"wavelength\": 1"), ERROR_METADATA, "direction");
    refuses(BEAM("\"direction\": [0, 0, 1], \"wavelength\": 1"), ERROR_METADATA, "no detector");
    refuses(TEXT("", "", "}, {", ""), ERROR_METADATA, "panel 1: pixel_size");
    refuses(TEXT("", "", "}, {\"pixel_size\": [1, 1], \"image_size\": [1.5, 1]", ""), ERROR_METADATA,
            "panel 1");
    refuses(TEXT("", "",
                 "}, {\"pixel_size\": [1, 1], \"image_size\": [1, 1], \"origin\": [0, 0, 0], "
                 "\"fast_axis\": [1, 0, 0], \"slow_axis\": [0.1, 1, 0]",
                 ""),
            ERROR_METADATA, "panel 1 has");
}

static void broken_trees_are_refused(void **state)
{
    (void)state;
#define TREE(text)                                                                                           \
    "{\"__id__\": \"ExperimentList\", \"experiment\": [{\"beam\": 0, \"detector\": 0}],"                     \
    " \"beam\": [{\"direction\": [0, 0, 1], \"wavelength\": 1.3}], \"detector\": [{\"panels\": ["            \
    "{\"image_size\": [10, 20], \"pixel_size\": [0.1, 0.1]}], \"hierarchy\": " text "}]}"
    refuses(TREE("{}"), ERROR_METADATA, "has no list of children");
    refuses(TREE("{\"children\": []}"), ERROR_METADATA, "panel 0 is missing");
    refuses(TREE("{\"children\": [{\"panel\": 0}, {\"panel\": 0}]}"), ERROR_METADATA, "hangs elsewhere");
    refuses(TREE("{\"children\": [{\"panel\": 1}]}"), ERROR_METADATA, "not the index of a panel");
    refuses(TREE("{\"children\": [{\"panel\": \"0\"}]}"), ERROR_METADATA, "not the index of a panel");
    refuses(TREE("{\"children\": [7]}"), ERROR_METADATA, "children");
    struct str deep = {0};
    str_add(&deep, "{\"__id__\": \"ExperimentList\", \"experiment\": [{\"beam\": 0}], \"beam\": "
                   "[{\"direction\": [0, 0, 1],"
                   " \"wavelength\": 1.3}], \"detector\": [{\"panels\": [{}], \"hierarchy\": ");
    for (int i = 0; i < 80; i++)
        str_add(&deep, "{\"children\": [");
    for (int i = 0; i < 80; i++)
        str_add(&deep, "]}");
    str_add(&deep, "}]}");
    refuses(deep.text, ERROR_UNSUPPORTED, "too deep");
    str_free(&deep);
}

static void other_files_are_named_for_what_they_are(void **state)
{
    (void)state;
    refuses("[]", ERROR_UNSUPPORTED, "DataBlock");
    refuses("{\"__id__\": \"Spectrum\"}", ERROR_UNREADABLE, "\"Spectrum\"");
    refuses("{}", ERROR_UNREADABLE, "missing");
    refuses("{\"__id__\": \"ExperimentList\", \"experiment\": []}", ERROR_METADATA, "no experiment");
    refuses("{\"__id__\": ", ERROR_DAMAGED, "JSON");
    refuses("", ERROR_DAMAGED, "JSON");
    struct arena a = {0};
    struct detector *d;
    struct beam b;
    struct error err = {0};
    assert_false(experiment_read_geometry("/nowhere/x.expt", &a, &d, &b, &err));
    assert_int_equal(err.code, ERROR_UNREADABLE);
}

/* Panel, beam centre, resolution of the corners as dxtbx 3.11 finds them. */
static void a_real_file_of_a_refined_detector_is_read_as_dxtbx_reads_it(void **state)
{
    (void)state;
    char path[4096];
    struct arena a = {0};
    struct detector *d;
    struct beam b;
    struct error err = {0};
    double px[2], d_min, d_max;
    support_data("real/rayonix_experiments_000.json", path);
    assert_true(experiment_read_geometry(path, &a, &d, &b, &err));
    assert_int_equal(detector_beam_centre(d, &b.v, px), 0);
    detector_resolution(d, &b.v, &d_min, &d_max);
    assert_true(fabs(px[0] - 959.6702523437077) < 1e-9 && fabs(px[1] - 960.3803478436763) < 1e-9);
    assert_true(fabs(d_min - 1.247697567013732) < 1e-12);
    assert_true(fabs(panel_distance(d->panels) - 123.54552513647172) < 1e-12);
    assert_true(d->panels->trusted_lo == 0 && d->panels->trusted_hi == 65534);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_identifier_is_a_uuid_made_of_what_it_names),
        cmocka_unit_test(the_minimal_file_is_enough),
        cmocka_unit_test(old_trusted_ranges_lie_outside_new_ones_inside),
        cmocka_unit_test(parallax_comes_from_the_panel_or_from_the_older_strategy),
        cmocka_unit_test(frames_of_a_tree_are_composed),
        cmocka_unit_test(several_detectors_must_be_equal_and_the_first_beam_is_taken),
        cmocka_unit_test(what_dxtbx_takes_silently_is_refused_by_name),
        cmocka_unit_test(a_scan_that_does_not_turn_is_a_still),
        cmocka_unit_test(broken_geometry_is_refused_with_its_key),
        cmocka_unit_test(broken_trees_are_refused),
        cmocka_unit_test(other_files_are_named_for_what_they_are),
        cmocka_unit_test(a_real_file_of_a_refined_detector_is_read_as_dxtbx_reads_it),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
