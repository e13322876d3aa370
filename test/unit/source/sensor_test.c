/* Absorption of sensors: against values that the toolbox of the field (dxtbx, reference_pixels.json) has for
 * real frames. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "source/format.h"

static void assert_near(double got, double want)
{
    if (!(fabs(got - want) <= 1e-6 * want))
        fail_msg("got %.10g, want %.10g", got, want);
}

static void silicon_agrees_with_dxtbx_at_the_wavelengths_of_real_frames(void **state)
{
    (void)state;
    assert_near(sensor_mu("Si", 0.97625), 3.9220365583933647);
    assert_near(sensor_mu("Si", 2.7552), 76.29757805861905);
    assert_near(sensor_mu("Si", 0.9999), 4.206754001614174);
    assert_near(sensor_mu("Si", 0.68937), 1.418174905387403);
}

static void cadmium_telluride_and_gallium_arsenide_agree_with_dxtbx(void **state)
{
    (void)state;
    assert_near(sensor_mu("CdTe", 0.96859), 44.16920231920577);
    assert_near(sensor_mu("CdTe", 2.7552), 534.6941372313034);
    assert_near(sensor_mu("GaAs", 1.3), 22.892652753497465);
}

static void absorption_jumps_at_an_edge_and_not_elsewhere(void **state)
{
    (void)state;
    double edge = EV_ANGSTROM / 26711, below = sensor_mu("CdTe", edge * 1.0001),
           above = sensor_mu("CdTe", edge * 0.9999);
    assert_true(above > 2.5 * below);
    for (double wavelength = 0.2; wavelength < 0.39; wavelength += 0.001)
        assert_true(sensor_mu("Si", wavelength + 0.001) > sensor_mu("Si", wavelength));
}

static void words_of_headers_are_understood(void **state)
{
    (void)state;
    assert_string_equal(sensor_material("Silicon"), "Si");
    assert_string_equal(sensor_material("si"), "Si");
    assert_string_equal(sensor_material("CdTe sensor"), "CdTe");
    assert_string_equal(sensor_material("Sillimanite"), "");
    assert_string_equal(sensor_material(""), "");
    assert_string_equal(sensor_material(NULL), "");
}

static void what_is_not_in_the_table_absorbs_nothing(void **state)
{
    (void)state;
    assert_true(sensor_mu("Si", 0.0251) == 0); /* electrons */
    assert_true(sensor_mu("Si", NAN) == 0);
    assert_true(sensor_mu("", 1) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silicon_agrees_with_dxtbx_at_the_wavelengths_of_real_frames),
        cmocka_unit_test(cadmium_telluride_and_gallium_arsenide_agree_with_dxtbx),
        cmocka_unit_test(absorption_jumps_at_an_edge_and_not_elsewhere),
        cmocka_unit_test(words_of_headers_are_understood),
        cmocka_unit_test(what_is_not_in_the_table_absorbs_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
