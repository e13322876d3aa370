/* miniCBF headers: what is taken from each line, and what each missing or impossible one does. */
#include "made.h"

static void a_header_gives_geometry_beam_and_sensor(void **state)
{
    (void)state;
    struct str file = {0};
    made_mini(&file, made_mini_header);
    struct source *s = made_open(&file, NULL);
    const struct panel *p = &source_detector(s)->panels[0];
    assert_string_equal(source_format(s), "miniCBF");
    made_near(p->origin[0], -3 * 0.172);
    made_near(p->origin[1], 2 * 0.172);
    made_near(p->origin[2], -200);
    made_near(p->slow[1], -1);
    made_near(p->pixel_fast, 0.172);
    made_near(p->thickness, 0.32);
    made_near(p->trusted_lo, 0);
    made_near(p->trusted_hi, 999);
    made_near(p->mu, sensor_mu("Si", 1.0));
    assert_true(p->parallax);
    made_near(source_beam(s)->v.wavelength, 1);
    assert_string_equal(source_detector(s)->info[0].type, "SENSOR_PAD");
    source_close(s);
    str_free(&file);
}

static void units_and_punctuation_of_writers_are_tolerated(void **state)
{
    (void)state;
    struct str file = {0};
    made_mini(&file, made_mini_header);
    made_change(&file, "Detector_distance 0.20000 m", "Detector_distance: 200 mm");
    made_change(&file, "Wavelength 1.0000 A", "Wavelength = 0.1 nm");
    made_change(&file, "Beam_xy (3.00, 2.00) pixels", "Beam_xy: 3.00 2.00");
    struct source *s = made_open(&file, NULL);
    made_near(source_detector(s)->panels[0].origin[2], -200);
    made_near(source_beam(s)->v.wavelength, 1);
    made_near(source_detector(s)->panels[0].origin[0], -3 * 0.172);
    source_close(s);
    made_mini_changed(&file, "# Wavelength 1.0000 A", "# Energy 12398.419843320026 eV");
    s = made_open(&file, NULL);
    made_near(source_beam(s)->v.wavelength, 1);
    source_close(s);
    str_free(&file);
}

static void what_is_missing_is_named(void **state)
{
    (void)state;
    struct str file = {0};
    made_mini_changed(&file, "# Wavelength 1.0000 A\n", "");
    made_fails(&file, NULL, ERROR_METADATA, "no wavelength");
    made_mini_changed(&file, "# Detector_distance 0.20000 m\n", "");
    made_fails(&file, NULL, ERROR_METADATA, "Detector_distance");
    made_mini_changed(&file, "# Beam_xy (3.00, 2.00) pixels\n", "");
    made_fails(&file, NULL, ERROR_METADATA, "Beam_xy");
    made_mini_changed(&file, "# Pixel_size 172e-6 m x 172e-6 m\n", "");
    made_fails(&file, NULL, ERROR_METADATA, "Pixel_size");
    str_free(&file);
}

static void what_is_impossible_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *word;
        enum error_code code;
    } cases[] = {
        {"Wavelength 1.0000", "Wavelength 0.0000", "wavelength", ERROR_METADATA},
        {"Wavelength 1.0000", "Wavelength nan", "wavelength", ERROR_METADATA},
        {"Wavelength 1.0000", "Wavelength -1", "wavelength", ERROR_METADATA},
        {"Wavelength 1.0000", "Wavelength inf", "wavelength", ERROR_METADATA},
        {"Wavelength 1.0000", "Wavelength x", "Wavelength", ERROR_METADATA},
        {"distance 0.20000", "distance 0.00000", "istance", ERROR_METADATA},
        {"distance 0.20000", "distance nan", "istance", ERROR_METADATA},
        {"Pixel_size 172e-6 m x", "Pixel_size 0 m x", "Pixel_size", ERROR_METADATA},
        {"Beam_xy (3.00,", "Beam_xy (nan,", "Beam_xy", ERROR_METADATA},
        {"Count_cutoff 1000", "Count_cutoff 0", "Count_cutoff", ERROR_METADATA},
        {"2theta 0.0000", "2theta 20.0000", "2theta", ERROR_UNSUPPORTED},
    };
    struct str file = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        made_mini_changed(&file, cases[i].from, cases[i].to);
        made_fails(&file, NULL, cases[i].code, cases[i].word);
    }
    str_free(&file);
}

static void a_missing_item_may_come_from_the_options(void **state)
{
    (void)state;
    struct str file = {0};
    double centre[2] = {1, 4};
    struct source_options o = {.wavelength = 1.5, .distance = 77, .beam_centre_fast_slow = centre};
    made_mini_changed(
        &file, "# Wavelength 1.0000 A\n# Detector_distance 0.20000 m\n# Beam_xy (3.00, 2.00) pixels\n", "");
    struct source *s = made_open(&file, &o);
    const struct panel *p = &source_detector(s)->panels[0];
    made_near(p->origin[0], -0.172);
    made_near(p->origin[1], 4 * 0.172);
    made_near(p->origin[2], -77);
    made_near(source_beam(s)->v.wavelength, 1.5);
    assert_int_equal(source_beam(s)->energy_source, 3);
    source_close(s);
    str_free(&file);
}

static void a_large_rotation_is_remarked(void **state)
{
    (void)state;
    struct str file = {0};
    made_mini_changed(&file, "Angle_increment 0.1000", "Angle_increment 1.0000");
    struct source *s = made_open(&file, NULL);
    size_t n;
    const char *const *notes = source_notes(s, &n);
    assert_int_equal(n, 1);
    assert_non_null(strstr(notes[0], "still"));
    source_close(s);
    str_free(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_header_gives_geometry_beam_and_sensor),
        cmocka_unit_test(units_and_punctuation_of_writers_are_tolerated),
        cmocka_unit_test(what_is_missing_is_named),
        cmocka_unit_test(what_is_impossible_is_refused),
        cmocka_unit_test(a_missing_item_may_come_from_the_options),
        cmocka_unit_test(a_large_rotation_is_remarked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
