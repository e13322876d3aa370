/* Units, trusted ranges, the tree of chains, numbers of Dectris masters. */
#include "source/nexus.h"

#include "support.h"

#include <math.h>
#include <string.h>

static struct arena arena;

static void units_are_known_by_their_words(void **state)
{
    (void)state;
    double f;
    assert_true(unit_factor(UNIT_LENGTH, "m", &f) && f == 1000);
    assert_true(unit_factor(UNIT_LENGTH, "\xc2\xb5m", &f) && f == 1e-3);
    assert_true(unit_factor(UNIT_LENGTH, "Angstrom", &f) && f == 1e-7);
    assert_true(unit_factor(UNIT_ANGLE, "degrees", &f) && fabs(f - M_PI / 180) < 1e-18);
    assert_true(unit_factor(UNIT_ENERGY, "KeV", &f) && f == 1000);
    assert_false(unit_factor(UNIT_ANGLE, "mm", &f));
    assert_false(unit_factor(UNIT_LENGTH, "", &f));
}

static void the_top_of_the_trusted_range_leaves_out_marks(void **state)
{
    (void)state;
    assert_true(trusted_top(PIXEL_U16, 65535) == 65533 && trusted_top(PIXEL_U16, 1000) == 1000);
    assert_true(trusted_top(PIXEL_I32, INT32_MAX) == INT32_MAX - 2.0);
    assert_true(trusted_top(PIXEL_F32, 1e12) == 1e12);
}

/* Two modules on one arm: rail → arm (one component) → module_offset each. */
static struct h5_description two_modules(void)
{
    static struct h5_axis axes[8];
    static struct h5_module modules[2];
    static const struct h5_axis common[2] = {
        {.path = "/rail",
         .depends_on = -1,
         .unit = "m",
         .offset_unit = "",
         .component = "arm",
         .value = 0.1,
         .vector = {0, 0, 2}},
        {.path = "/arm",
         .depends_on = 0,
         .rotation = 1,
         .unit = "deg",
         .offset_unit = "mm",
         .component = "arm",
         .value = 90,
         .vector = {0, 0, 1}},
    };
    memcpy(axes, common, sizeof common);
    for (int m = 0; m < 2; m++) {
        struct h5_axis *x = &axes[2 + 3 * m];
        x[0] = (struct h5_axis){.path = m ? "/m1/offset" : "/m0/offset",
                                .depends_on = 1,
                                .unit = "mm",
                                .offset_unit = "mm",
                                .component = "",
                                .vector = {1, 0, 0},
                                .offset = {10 * m, 5, 0}};
        x[1] = (struct h5_axis){.path = "/f",
                                .depends_on = 2 + 3 * m,
                                .unit = "mm",
                                .offset_unit = "",
                                .component = "",
                                .value = 0.1,
                                .vector = {-1, 0, 0}};
        x[2] = (struct h5_axis){.path = "/s",
                                .depends_on = 2 + 3 * m,
                                .unit = "mm",
                                .offset_unit = "",
                                .component = "",
                                .value = 0.2,
                                .vector = {0, -1, 0}};
        modules[m] = (struct h5_module){m ? "/m1" : "/m0",    2,      2,
                                        {4 * (uint64_t)m, 0}, {4, 5}, (uint32_t)(3 + 3 * m),
                                        (uint32_t)(4 + 3 * m)};
    }
    return (struct h5_description){
        .layout = "NXmx", .n_axes = 8, .axes = axes, .n_modules = 2, .modules = modules};
}

static void consecutive_axes_of_a_component_are_one_node(void **state)
{
    (void)state;
    struct h5_description d = two_modules();
    struct h5_image image = {.extent = {1, 1, 8, 5}};
    struct detector *det = NULL;
    struct panel_place *places;
    const char *notes[8];
    size_t n_notes = 0;
    struct error err = {0};
    if (!nexus_detector(&d, &image, true, PIXEL_U16, "t", &arena, &det, &places, notes, &n_notes, &err))
        fail_msg("%s", err.fact);
    assert_int_equal(det->n_nodes, 1 + 1 + 2 + 2);
    assert_string_equal(det->nodes[1].name, "/arm");
    assert_string_equal(det->nodes[2].name, "/m0/offset");
    assert_int_equal(det->nodes[2].parent, 1);
    assert_true(det->nodes[3].panel == 0 && det->nodes[3].parent == 2);
    /* (10, 5, 0) turned by 90° about z is (-5, 10, 0); the laboratory's x and z change sign */
    const struct panel *p = &det->panels[1];
    assert_true(fabs(p->origin[0] - 5) < 1e-12 && fabs(p->origin[1] - 10) < 1e-12 &&
                fabs(p->origin[2] + 100) < 1e-12);
    /* fast (-1, 0, 0) → (0, -1, 0); slow (0, -1, 0) → (1, 0, 0) → (-1, 0, 0) */
    assert_true(fabs(p->fast[1] + 1) < 1e-12 && fabs(p->slow[0] + 1) < 1e-12);
    assert_true(p->pixel_fast == 0.1 && p->pixel_slow == 0.2);
    assert_true(places[1].slow == 4 && det->info[1].raw_offset[1] == 4);
}

static void offsets_without_a_length_are_refused(void **state)
{
    (void)state;
    struct h5_description d = two_modules();
    struct h5_image image = {.extent = {1, 1, 8, 5}};
    struct detector *det;
    struct panel_place *places;
    const char *notes[8];
    size_t n = 0;
    struct error err = {0};
    d.axes[1].offset[0] = 1;
    d.axes[1].offset_unit = "";
    assert_false(nexus_detector(&d, &image, true, PIXEL_U16, "t", &arena, &det, &places, notes, &n, &err));
    assert_non_null(strstr(err.fact, "/arm"));
    d.axes[1].offset[0] = 0;
    d.axes[1].value = NAN;
    assert_false(nexus_detector(&d, &image, true, PIXEL_U16, "t", &arena, &det, &places, notes, &n, &err));
    d.axes[1].value = 0;
    d.axes[3].value = -1;
    assert_false(nexus_detector(&d, &image, true, PIXEL_U16, "t", &arena, &det, &places, notes, &n, &err));
    assert_non_null(strstr(err.fact, "pixels of"));
}

static void a_dectris_header_may_lack_distance_or_centre(void **state)
{
    (void)state;
    double pixel = 75e-6;
    struct h5_value values[] = {{"x_pixel_size", "m", 1, &pixel}, {"y_pixel_size", "", 1, &pixel}};
    struct h5_description d = {.layout = "Dectris", .n_values = 2, .values = values};
    struct h5_image image = {.extent = {1, 1, 8, 5}};
    struct detector *det;
    struct panel_place *places;
    bool no_distance, no_centre;
    assert_true(dectris_detector(&d, &image, true, PIXEL_U16, "t", &arena, &det, &places, &no_distance,
                                 &no_centre, NULL));
    assert_true(no_distance && no_centre && det->panels[0].n_fast == 5 && det->panels[0].trusted_lo == 0);
    assert_true(fabs(det->panels[0].pixel_slow - 0.075) < 1e-15);
    assert_false(dectris_detector(&d, &image, false, PIXEL_U16, "t", &arena, &det, &places, &no_distance,
                                  &no_centre, NULL));
}

static void energies_become_wavelengths(void **state)
{
    (void)state;
    double energy[2] = {9, 10}, *v;
    struct h5_value values[] = {{"energy", "keV", 2, energy}};
    struct h5_description d = {.n_values = 1, .values = values};
    uint64_t n;
    assert_true(nexus_wavelengths(&d, 2, "t", &arena, &v, &n, NULL));
    assert_true(n == 2 && fabs(v[1] - EV_ANGSTROM / 10000) < 1e-12);
    assert_false(nexus_wavelengths(&d, 3, "t", &arena, &v, &n, NULL));
    d.n_values = 0;
    assert_true(nexus_wavelengths(&d, 3, "t", &arena, &v, &n, NULL));
    assert_int_equal(n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units_are_known_by_their_words),
        cmocka_unit_test(the_top_of_the_trusted_range_leaves_out_marks),
        cmocka_unit_test(consecutive_axes_of_a_component_are_one_node),
        cmocka_unit_test(offsets_without_a_length_are_refused),
        cmocka_unit_test(a_dectris_header_may_lack_distance_or_centre),
        cmocka_unit_test(energies_become_wavelengths),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(&arena);
    return failed;
}
