/* NXmx as facilities write it: wavelength in all its forms, chains of transformations, links that lead nowhere. Files are
 * made here, opened as sources. */
#include "source/hdf5.h"

#include "made_h5.h"
#include "support.h"

static char folder[64], path[128];

static const double X[3] = {-1, 0, 0}, Z[3] = {0, 0, 1};

static hid_t fresh(hsize_t n_frames)
{
    snprintf(path, sizeof path, "%s/made.h5", folder);
    return made_nxmx(path, n_frames);
}

static struct source *open_made(hid_t file)
{
    struct source *s = NULL;
    struct error err = {0};
    H5Fclose(file);
    if (!source_open(path, NULL, &s, &err))
        fail_msg("%s (%s)", err.fact, err.detail);
    return s;
}

static void refused(hid_t file, enum error_code code, const char *word)
{
    struct source *s = NULL;
    struct error err = {0};
    H5Fclose(file);
    assert_false(source_open(path, NULL, &s, &err));
    if (err.code != code || !strstr(err.fact, word))
        fail_msg("%d %s", (int)err.code, err.fact);
}

static double wavelength(const struct source *s, uint32_t frame)
{
    struct frame_buffer b = {0};
    struct frame f;
    struct error err = {0};
    if (!source_read(s, frame, &b, &f, &err))
        fail_msg("%s", err.fact);
    for (uint32_t i = 0; i < 80; i++)
        assert_int_equal(((const uint16_t *)f.pixels)[i], 100 * frame + i);
    frame_buffer_free(&b);
    return f.beam.v.wavelength;
}

#define BEAM "/entry/instrument/beam/"

static void one_wavelength_in_any_unit_or_as_an_energy(void **state)
{
    (void)state;
    static const struct {
        const char *name, *unit;
        double value;
    } forms[] = {
        {"incident_wavelength", "angstrom", 1.5},     {"incident_wavelength", "nm", 0.15},
        {"incident_wavelength", "m", 1.5e-10},        {"incident_wavelength", "\xc3\x85", 1.5},
        {"incident_energy", "eV", EV_ANGSTROM / 1.5}, {"incident_energy", "keV", EV_ANGSTROM / 1500},
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        char name[128];
        hid_t file = fresh(2);
        snprintf(name, sizeof name, BEAM "%s", forms[i].name);
        made_attribute_text(made_real(file, name, forms[i].value), "units", forms[i].unit);
        struct source *s = open_made(file);
        assert_true(fabs(wavelength(s, 0) - 1.5) < 1e-12 && fabs(wavelength(s, 1) - 1.5) < 1e-12);
        source_close(s);
    }
}

static void each_shot_has_its_own_wavelength(void **state)
{
    (void)state;
    hid_t file = fresh(3);
    made_reals(file, BEAM "incident_wavelength", 3, (double[]){1.1, 1.2, 1.3});
    struct source *s = open_made(file);
    assert_true(wavelength(s, 0) == 1.1 && wavelength(s, 1) == 1.2 && wavelength(s, 2) == 1.3);
    source_close(s);
    file = fresh(3);
    made_reals(file, BEAM "incident_wavelength", 2, (double[]){1.1, 1.2});
    refused(file, ERROR_METADATA, "3 frames and 2 wavelengths");
    file = fresh(3);
    made_attribute_text(made_real(file, BEAM "incident_wavelength", 1), "units", "furlong");
    refused(file, ERROR_METADATA, "furlong");
}

static void spectra_give_their_weighted_mean(void **state)
{
    (void)state;
    hid_t file = fresh(2);
    made_reals(file, BEAM "incident_wavelength", 3, (double[]){1.0, 1.1, 1.2});
    made_dataset(file, BEAM "incident_wavelength_weights", H5T_NATIVE_DOUBLE, 2, (hsize_t[]){2, 3},
                 (double[]){1, 0, 0, 0, 1, 3});
    struct source *s = open_made(file);
    assert_true(fabs(wavelength(s, 0) - 1.0) < 1e-12 && fabs(wavelength(s, 1) - 1.175) < 1e-12);
    source_close(s);
    file = fresh(2);
    made_dataset(file, BEAM "incident_wavelength", H5T_NATIVE_DOUBLE, 2, (hsize_t[]){2, 2},
                 (double[]){1, 2, 3, 4});
    made_dataset(file, BEAM "incident_wavelength_weights", H5T_NATIVE_DOUBLE, 2, (hsize_t[]){2, 2},
                 (double[]){1, 1, 0, 2});
    s = open_made(file);
    assert_true(wavelength(s, 0) == 1.5 && wavelength(s, 1) == 4);
    source_close(s);
}

/* A shot without photons has no spectrum: that frame fails, the others go on. */
static void an_empty_spectrum_fails_its_shot_only(void **state)
{
    (void)state;
    hid_t file = fresh(2);
    made_reals(file, BEAM "incident_wavelength", 2, (double[]){1.0, 1.1});
    made_dataset(file, BEAM "incident_wavelength_weights", H5T_NATIVE_DOUBLE, 2, (hsize_t[]){2, 2},
                 (double[]){0, 0, 1, 1});
    struct source *s = open_made(file);
    struct frame_buffer b = {0};
    struct frame f;
    struct error err = {0};
    assert_false(source_read(s, 0, &b, &f, &err));
    assert_int_equal(err.code, ERROR_METADATA);
    assert_true(fabs(wavelength(s, 1) - 1.05) < 1e-12);
    frame_buffer_free(&b);
    source_close(s);
}

static void the_variant_named_wins(void **state)
{
    (void)state;
    hid_t file = fresh(2);
    hid_t nominal = made_real(file, BEAM "incident_wavelength", 1.0);
    made_attribute_text(nominal, "variant", "incident_wavelength_measured");
    made_reals(file, BEAM "incident_wavelength_measured", 2, (double[]){1.01, 1.02});
    struct source *s = open_made(file);
    assert_true(wavelength(s, 0) == 1.01 && wavelength(s, 1) == 1.02);
    source_close(s);
}

static void the_beam_of_the_sample_serves_when_the_instrument_has_none(void **state)
{
    (void)state;
    hid_t file = fresh(1);
    made_group(file, "/entry/sample", "NXsample");
    made_group(file, "/entry/sample/beam", "NXbeam");
    made_real(file, "/entry/sample/beam/incident_wavelength", 1.25);
    struct source *s = open_made(file);
    assert_true(wavelength(s, 0) == 1.25);
    source_close(s);
    file = fresh(1);
    refused(file, ERROR_METADATA, "no wavelength");
}

static void the_chain_places_the_module(void **state)
{
    (void)state;
    hid_t file = fresh(1);
    made_real(file, BEAM "incident_wavelength", 1);
    struct source *s = open_made(file);
    const struct panel *p = &source_detector(s)->panels[0];
    assert_true(fabs(p->origin[0] + 50) < 1e-12 && fabs(p->origin[1] - 40) < 1e-12 &&
                fabs(p->origin[2] + 100) < 1e-12);
    assert_true(p->fast[0] == 1 && p->slow[1] == -1 && fabs(p->pixel_slow - 0.1) < 1e-15);
    assert_true(p->n_fast == 10 && p->n_slow == 8);
    source_close(s);
}

/* A rail, then an arm turned by 90° about y: NeXus z goes to x. */
static void rotations_turn_what_hangs_on_them(void **state)
{
    (void)state;
    static const double y[3] = {0, 1, 0};
    hid_t file = fresh(1);
    made_real(file, BEAM "incident_wavelength", 1);
    H5Ldelete(file, "/entry/instrument/detector/rail", H5P_DEFAULT);
    made_axis(file, "/entry/instrument/detector/rail", 0.1, "translation", "m", Z, NULL,
              "entry/instrument/detector/arm"); /* absolute without its slash */
    made_axis(file, "/entry/instrument/detector/arm", 90, "rotation", "deg", y, NULL, ".");
    struct source *s = open_made(file);
    const struct panel *p = &source_detector(s)->panels[0];
    /* NeXus: (50, 40, 100) turned: x' = z, z' = -x: (100, 40, -50); the laboratory's: (-100, 40, 50) */
    assert_true(fabs(p->origin[0] + 100) < 1e-9 && fabs(p->origin[1] - 40) < 1e-9 &&
                fabs(p->origin[2] - 50) < 1e-9);
    assert_true(fabs(p->fast[2] + 1) < 1e-12);
    source_close(s);
}

static void chains_that_lead_nowhere_or_in_circles_are_refused(void **state)
{
    (void)state;
    hid_t file = fresh(1);
    H5Ldelete(file, "/entry/instrument/detector/rail", H5P_DEFAULT);
    refused(file, ERROR_METADATA, "rail, which is not there");
    file = fresh(1);
    H5Ldelete(file, "/entry/instrument/detector/rail", H5P_DEFAULT);
    made_axis(file, "/entry/instrument/detector/rail", 0.1, "translation", "m", Z, NULL, "rail");
    refused(file, ERROR_METADATA, "circle");
    file = fresh(1);
    H5Ldelete(file, "/entry/instrument/detector/rail", H5P_DEFAULT);
    made_axis(file, "/entry/instrument/detector/rail", 0.1, "translation", "parsec", Z, NULL, ".");
    refused(file, ERROR_METADATA, "parsec");
    file = fresh(1);
    H5Ldelete(file, "/entry/instrument/detector/rail", H5P_DEFAULT);
    made_axis(file, "/entry/instrument/detector/rail", 0.1, "translation", "m", (double[]){0, 0, 0}, NULL,
              ".");
    refused(file, ERROR_METADATA, "no length");
    file = fresh(1);
    H5Ldelete(file, "/entry/instrument/detector/rail", H5P_DEFAULT);
    made_axis(file, "/entry/instrument/detector/rail", 0.1, "shear", "m", Z, NULL, ".");
    refused(file, ERROR_METADATA, "shear");
}

static void a_module_that_does_not_fit_is_refused(void **state)
{
    (void)state;
    long long size[2] = {9, 10};
    hid_t file = fresh(1);
    hsize_t two = 2;
    H5Ldelete(file, "/entry/instrument/detector/module/data_size", H5P_DEFAULT);
    made_dataset(file, "/entry/instrument/detector/module/data_size", H5T_NATIVE_LLONG, 1, &two, size);
    refused(file, ERROR_METADATA, "does not fit");
    file = fresh(1);
    H5Ldelete(file, "/entry/instrument/detector/module/data_size", H5P_DEFAULT);
    refused(file, ERROR_METADATA, "data_size");
    file = fresh(1);
    H5Ldelete(file, "/entry/data", H5P_DEFAULT);
    refused(file, ERROR_METADATA, "no NXdata");
}

static void facts_of_the_detector_are_taken(void **state)
{
    (void)state;
    hid_t file = fresh(1);
    uint32_t mask[80] = {0};
    mask[5] = 1;
    mask[79] = 1u << 31;
    made_real(file, BEAM "incident_wavelength", 1);
    made_real(file, "/entry/instrument/detector/saturation_value", 60000);
    made_real(file, "/entry/instrument/detector/underload_value", 0);
    made_text(file, "/entry/instrument/detector/sensor_material", "Silicon");
    made_attribute_text(made_real(file, "/entry/instrument/detector/sensor_thickness", 450), "units", "um");
    made_dataset(file, "/entry/instrument/detector/pixel_mask", H5T_NATIVE_UINT32, 2, (hsize_t[]){8, 10},
                 mask);
    made_real(file, "/entry/data/data_scale_factor", 0.1);
    struct source *s = open_made(file);
    const struct panel *p = &source_detector(s)->panels[0];
    assert_true(p->trusted_lo == 0 && p->trusted_hi == 60000 && p->gain == 10);
    assert_true(fabs(p->thickness - 0.45) < 1e-12 && p->mu > 0 && p->parallax);
    for (size_t i = 0; i < 80; i++)
        assert_int_equal(source_mask(s)[i], i != 5 && i != 79);
    source_close(s);
    file = fresh(1);
    made_real(file, BEAM "incident_wavelength", 1);
    made_dataset(file, "/entry/instrument/detector/pixel_mask", H5T_NATIVE_UINT32, 2, (hsize_t[]){10, 8},
                 mask);
    refused(file, ERROR_MASK, "10 x 8");
}

/* Masked pixels of unsigned types are the largest two values: never trusted, whatever the file says. */
static void the_largest_values_of_a_type_are_never_trusted(void **state)
{
    (void)state;
    hid_t file = fresh(1);
    made_real(file, BEAM "incident_wavelength", 1);
    made_real(file, "/entry/instrument/detector/saturation_value", 65535);
    struct source *s = open_made(file);
    assert_true(source_detector(s)->panels[0].trusted_hi == 65533);
    source_close(s);
}

static void an_old_corner_on_the_axis_takes_the_beam_centre(void **state)
{
    (void)state;
    hid_t file = fresh(1);
    made_real(file, BEAM "incident_wavelength", 1);
    H5Ldelete(file, "/entry/instrument/detector/module/module_offset", H5P_DEFAULT);
    made_axis(file, "/entry/instrument/detector/module/module_offset", 0, "translation", "mm", X, NULL,
              "/entry/instrument/detector/rail");
    made_real(file, "/entry/instrument/detector/beam_center_x", 4);
    made_real(file, "/entry/instrument/detector/beam_center_y", 3);
    struct source *s = open_made(file);
    double px[2];
    detector_beam_centre(source_detector(s), &source_beam(s)->v, px);
    assert_true(fabs(px[0] - 4) < 1e-9 && fabs(px[1] - 3) < 1e-9);
    source_close(s);
}

static int start(void **state)
{
    (void)state;
    support_folder(folder);
    return source_helper_start(NULL) ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    source_helper_stop();
    support_remove(folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_wavelength_in_any_unit_or_as_an_energy),
        cmocka_unit_test(each_shot_has_its_own_wavelength),
        cmocka_unit_test(spectra_give_their_weighted_mean),
        cmocka_unit_test(an_empty_spectrum_fails_its_shot_only),
        cmocka_unit_test(the_variant_named_wins),
        cmocka_unit_test(the_beam_of_the_sample_serves_when_the_instrument_has_none),
        cmocka_unit_test(the_chain_places_the_module),
        cmocka_unit_test(rotations_turn_what_hangs_on_them),
        cmocka_unit_test(chains_that_lead_nowhere_or_in_circles_are_refused),
        cmocka_unit_test(a_module_that_does_not_fit_is_refused),
        cmocka_unit_test(facts_of_the_detector_are_taken),
        cmocka_unit_test(the_largest_values_of_a_type_are_never_trusted),
        cmocka_unit_test(an_old_corner_on_the_axis_takes_the_beam_centre),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
