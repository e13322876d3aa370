/* Overrides: reference geometry, wavelength, distance, beam centre; each is taken, said, and checked. */
#include "made.h"

#include <math.h>

static struct arena arena;

static const struct panel *panel_of(const struct source *s, size_t i)
{
    return &source_detector(s)->panels[i];
}

static void a_wavelength_by_parameter_wins_and_an_offset_adds(void **state)
{
    (void)state;
    struct str file = {0};
    struct source_options o = {.wavelength = 1.5, .wavelength_offset = 0.1};
    made_mini(&file, made_mini_header);
    struct source *s = made_open(&file, &o);
    made_near(source_beam(s)->v.wavelength, 1.5);
    made_near(source_beam(s)->energy_recorded_ev, EV_ANGSTROM);
    assert_int_equal(source_beam(s)->energy_source, 3);
    made_near(panel_of(s, 0)->mu, sensor_mu("Si", 1.5));
    source_close(s);
    o.wavelength = 0;
    s = made_open(&file, &o);
    made_near(source_beam(s)->v.wavelength, 1.1);
    assert_int_equal(source_beam(s)->energy_source, 4);
    struct frame_buffer b = {0};
    struct frame f;
    struct error err = {0};
    assert_true(source_read(s, 0, &b, &f, &err));
    made_near(f.beam.v.wavelength, 1.1); /* once, not twice */
    source_close(s);
    frame_buffer_free(&b);
    o.wavelength_offset = -2;
    made_fails(&file, &o, ERROR_METADATA, "offset");
    o = (struct source_options){.wavelength = -1};
    made_fails(&file, &o, ERROR_USAGE, "wavelength");
    str_free(&file);
}

static void a_distance_moves_the_detector_along_its_normal(void **state)
{
    (void)state;
    struct str file = {0};
    struct source_options o = {.distance = 321};
    made_full(&file, made_full_header);
    struct source *s = made_open(&file, &o);
    for (size_t i = 0; i < 4; i++)
        made_near(panel_distance(panel_of(s, i)), 321);
    made_near(panel_of(s, 0)->origin[0], -11);
    made_near(source_detector(s)->nodes[0].origin[2], -321);
    source_close(s);
    o.distance = -1;
    made_fails(&file, &o, ERROR_USAGE, "distance");
    str_free(&file);
}

static void a_beam_centre_is_met_by_the_beam(void **state)
{
    (void)state;
    struct str file = {0};
    double centre[2] = {4.5, 1.25}, px[2];
    struct source_options o = {.beam_centre_fast_slow = centre};
    made_mini_changed(&file, "# Silicon sensor, thickness 0.000320 m\n", "");
    struct source *s = made_open(&file, &o);
    assert_int_equal(detector_beam_centre(source_detector(s), &source_beam(s)->v, px), 0);
    made_near(px[0], 4.5);
    made_near(px[1], 1.25);
    made_near(panel_distance(panel_of(s, 0)), 200);
    source_close(s);
    str_free(&file);
}

/* As dxtbx: on a 2θ arm the centre is that of the straight detector; the tilt comes back afterwards. */
static void on_a_two_theta_arm_the_centre_is_that_of_the_straight_detector(void **state)
{
    (void)state;
    struct str file = {0};
    double centre[2] = {1, 2};
    struct source_options o = {.beam_centre_fast_slow = centre};
    made_full(&file, made_full_header);
    made_change(&file, "Z translation detector . ",
                "ARM rotation detector . 1 0 0 . . . arm\nZ translation detector ARM ");
    made_change(&file, "Z 0 -100\n", "Z 0 -100\nARM 20 0\n");
    struct source *s = made_open(&file, &o);
    /* the beam of 2θ = 0 turns with the arm: from the panel it meets at (1, 2) px */
    bool met = false;
    for (size_t i = 0; i < 4; i++) {
        const struct panel *p = panel_of(s, i);
        double angle = 20 * 3.14159265358979323846 / 180, to[3] = {0, 0, 0};
        for (int k = 0; k < 3; k++)
            to[k] = p->origin[k] + 0.1 * p->fast[k] + 0.2 * p->slow[k];
        double y = to[1] * cos(angle) + to[2] * sin(angle), z = -to[1] * sin(angle) + to[2] * cos(angle);
        met = met || (fabs(to[0]) < 1e-9 && fabs(y) < 1e-9 && fabs(z + 100) < 1e-9);
    }
    assert_true(met);
    source_close(s);
    str_free(&file);
}

static void a_reference_geometry_gives_positions_and_nothing_else(void **state)
{
    (void)state;
    struct str file = {0};
    made_full(&file, made_full_header);
    struct source *s = made_open(&file, NULL);
    struct detector *reference = detector_copy(&arena, source_detector(s));
    source_close(s);
    reference->nodes[0].origin[2] = -150;
    reference->panels[1].gain = 77;
    struct error err;
    assert_true(detector_finish(reference, "made", &err));
    struct source_options o = {.reference = reference};
    s = made_open(&file, &o);
    made_near(panel_of(s, 1)->origin[2], -150);
    made_near(panel_of(s, 1)->gain, 2.5);
    made_near(panel_of(s, 1)->trusted_lo, -39);
    size_t n;
    assert_non_null(strstr(source_notes(s, &n)[0], "reference geometry"));
    source_close(s);

    made_mini(&file, made_mini_header);
    made_fails(&file, &o, ERROR_METADATA, "1 panel");
    reference->n_panels = 1;
    made_fails(&file, &o, ERROR_METADATA, "pixels");
    str_free(&file);
}

static int teardown(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wavelength_by_parameter_wins_and_an_offset_adds),
        cmocka_unit_test(a_distance_moves_the_detector_along_its_normal),
        cmocka_unit_test(a_beam_centre_is_met_by_the_beam),
        cmocka_unit_test(on_a_two_theta_arm_the_centre_is_that_of_the_straight_detector),
        cmocka_unit_test(a_reference_geometry_gives_positions_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, teardown);
}
