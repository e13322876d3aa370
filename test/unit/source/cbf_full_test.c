/* imgCIF: beam and intensities beside the axes. */
#include "made.h"

static void trusted_range_excludes_undefined_value_and_overload(void **state)
{
    (void)state;
    struct str file = {0};
    made_full(&file, made_full_header);
    struct source *s = made_open(&file, NULL);
    for (int i = 0; i < 4; i++) {
        made_near(source_detector(s)->panels[i].trusted_lo, -39);
        made_near(source_detector(s)->panels[i].trusted_hi, 899);
        made_near(source_detector(s)->panels[i].gain, 2.5);
    }
    made_near(source_beam(s)->v.wavelength, 1.3);
    made_near(source_beam(s)->v.direction[2], 1);
    source_close(s);
    str_free(&file);
}

static void without_undefined_value_counts_begin_at_0(void **state)
{
    (void)state;
    struct str file = {0};
    made_full(&file, made_full_header);
    made_change(&file, "ARR 2.5 900 -40\n", "ARR . . .\n");
    struct source *s = made_open(&file, NULL);
    made_near(source_detector(s)->panels[0].trusted_lo, 0);
    made_near(source_detector(s)->panels[0].trusted_hi, 2147483647.0);
    made_near(source_detector(s)->panels[0].gain, 1);
    source_close(s);
    str_free(&file);
}

static void settings_of_the_scan_stand_in_for_those_of_the_frame(void **state)
{
    (void)state;
    struct str file = {0};
    made_full(&file, made_full_header);
    made_change(
        &file,
        "_diffrn_scan_frame_axis.axis_id\n_diffrn_scan_frame_axis.angle\n_diffrn_scan_frame_axis."
        "displacement\n",
        "_diffrn_scan_axis.axis_id\n_diffrn_scan_axis.angle_start\n_diffrn_scan_axis.displacement_start\n");
    struct source *s = made_open(&file, NULL);
    made_near(source_detector(s)->panels[2].origin[1], -1);
    made_near(source_detector(s)->panels[2].origin[2], -100);
    source_close(s);
    str_free(&file);
}

static void impossible_values_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *word;
    } cases[] = {
        {"wavelength 1.3", "wavelength .", "no wavelength"},
        {"wavelength 1.3", "wavelength 0", "no wavelength"},
        {"wavelength 1.3", "wavelength x", "not a number"},
        {"wavelength 1.3", "wavelength nan", "wavelength"},
        {"ARR 2.5 900 -40", "ARR 0 900 -40", "intensities"},
        {"ARR 2.5 900 -40", "ARR 1 -50 -40", "intensities"},
        {"ARR 2.5 900 -40", "ARR nan 900 -40", "intensities"},
        {"Z 0 -100\n", "Z 0 0\n", "distance 0"},
    };
    struct str file = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        made_full(&file, made_full_header);
        made_change(&file, cases[i].from, cases[i].to);
        made_fails(&file, NULL, ERROR_METADATA, cases[i].word);
    }
    str_free(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trusted_range_excludes_undefined_value_and_overload),
        cmocka_unit_test(without_undefined_value_counts_begin_at_0),
        cmocka_unit_test(settings_of_the_scan_stand_in_for_those_of_the_frame),
        cmocka_unit_test(impossible_values_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
