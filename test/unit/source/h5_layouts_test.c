/* Layouts other than NXmx: which one a file is taken for, and what is asked by path. Described in this process. */
#include "source/h5_describe.h"

#include "made_h5.h"
#include "place.h"
#include "support.h"

#include <string.h>

static char path[128];

static hid_t fresh(void)
{
    snprintf(path, sizeof path, "%s/l.h5", folder);
    return made_file(path, 0);
}

static bool describe(hid_t file, uint32_t ask, struct h5_description *d, struct error *err)
{
    struct h5_request q = {.ask = ask, .path = path};
    H5Fclose(file);
    return h5_describe(&q, &arena, d, err);
}

static void images(hid_t file, const char *name)
{
    static const uint16_t zeros[24];
    made_dataset(file, name, H5T_NATIVE_UINT16, 3, (hsize_t[]){2, 3, 4}, zeros);
}

static void a_dectris_master_is_known_by_its_header(void **state)
{
    (void)state;
    struct h5_description d;
    struct error err = {0};
    hid_t file = fresh();
    images(file, "/entry/data/data_000001");
    images(file, "/entry/data/data_000002");
    made_real(file, "/entry/instrument/detector/x_pixel_size", 75e-6);
    made_real(file, "/entry/instrument/detector/detector_distance", 0.2);
    made_real(file, "/entry/instrument/beam/incident_wavelength", 1);
    assert_true(describe(file, H5_ASK_LAYOUT, &d, &err));
    assert_string_equal(d.layout, "Dectris");
    assert_true(d.images[0].extent[H5_FRAME] == 4 && d.images[0].n_pieces == 2);
    assert_non_null(h5_value_find(&d, "wavelength"));
}

static void images_alone_are_a_bare_file(void **state)
{
    (void)state;
    static const char *const places[] = {"/entry/data/data", "/entry_1/data_1/data", "/data/anything"};
    for (size_t i = 0; i < 3; i++) {
        struct h5_description d;
        struct error err = {0};
        hid_t file = fresh();
        images(file, places[i]);
        made_reals(file, "/LCLS/photon_energy_eV", 2, (double[]){9000, 9001});
        assert_true(describe(file, H5_ASK_LAYOUT, &d, &err));
        assert_string_equal(d.layout, "bare");
        assert_true(d.images[0].extent[H5_FRAME] == 2 && h5_value_find(&d, "energy")->n == 2);
        assert_string_equal(h5_value_find(&d, "energy")->unit, "eV");
    }
}

static void a_file_without_images_is_refused(void **state)
{
    (void)state;
    struct h5_description d;
    struct error err = {0};
    hid_t file = fresh();
    made_real(file, "/entry/data/temperature", 20);
    assert_false(describe(file, H5_ASK_LAYOUT, &d, &err));
    assert_int_equal(err.code, ERROR_UNREADABLE);
    assert_non_null(strstr(err.fact, "without images"));
}

static void datasets_by_path_and_by_group(void **state)
{
    (void)state;
    struct h5_wanted wanted[] = {{.path = "/ev%x/img", .n_roles = 2, .roles = {H5_SLOW, H5_FAST}},
                                 {.path = "/none", .use = 1}};
    const char *values[] = {"/ev%x/e", "/k"};
    struct h5_request q = {H5_ASK_PATHS, path, 2, wanted, 2, values};
    struct h5_description d;
    struct error err = {0};
    uint16_t pixels[6] = {0};
    hid_t file = fresh();
    made_dataset(file, "/ev2x/img", H5T_NATIVE_UINT16, 2, (hsize_t[]){2, 3}, pixels);
    made_dataset(file, "/ev1x/img", H5T_NATIVE_UINT16, 2, (hsize_t[]){2, 3}, pixels);
    made_dataset(file, "/ev1y/img", H5T_NATIVE_UINT16, 2, (hsize_t[]){2, 3}, pixels);
    made_real(file, "/ev1x/e", 1);
    made_real(file, "/ev2x/e", 2);
    made_real(file, "/k", 7);
    H5Fclose(file);
    assert_true(h5_describe(&q, &arena, &d, &err));
    assert_true(d.images[0].extent[H5_FRAME] == 2 && d.images[0].n_pieces == 2);
    assert_string_equal(d.arrays[0].dataset, "/ev1x/img");
    assert_int_equal(d.arrays[2].fault_code, ERROR_MISSING);
    assert_true(h5_value_find(&d, "/ev%x/e")->n == 2 && h5_value_find(&d, "/ev%x/e")->v[1] == 2);
    assert_true(h5_value_find(&d, "/k")->v[0] == 7);
}

static void masks_are_found_in_their_places(void **state)
{
    (void)state;
    struct h5_description d;
    struct error err = {0};
    uint8_t mask[6] = {0};
    hid_t file = fresh();
    made_dataset(file, "/mask", H5T_NATIVE_UINT8, 2, (hsize_t[]){2, 3}, mask);
    assert_true(describe(file, H5_ASK_MASK, &d, &err));
    assert_non_null(h5_image_find(&d, 1));
    file = fresh();
    images(file, "/entry/data/data");
    assert_false(describe(file, H5_ASK_MASK, &d, &err));
    assert_int_equal(err.code, ERROR_MISSING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dectris_master_is_known_by_its_header),
        cmocka_unit_test(images_alone_are_a_bare_file),
        cmocka_unit_test(a_file_without_images_is_refused),
        cmocka_unit_test(datasets_by_path_and_by_group),
        cmocka_unit_test(masks_are_found_in_their_places),
    };
    return cmocka_run_group_tests(tests, place_begin, place_end);
}
