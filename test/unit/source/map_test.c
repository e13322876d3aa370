/* map_test.c - gain and pedestal maps: every form onto panels, and what is none. */
#include "made_h5.h"
#include "place.h"

static struct detector *detector_of(size_t n)
{
    struct error err;
    struct detector *d = detector_make(&arena, n, 0);
    for (size_t i = 0; i < n; i++) {
        d->panels[i].n_fast = 3;
        d->panels[i].n_slow = 2;
        d->panels[i].pixel_fast = d->panels[i].pixel_slow = 0.1;
        d->panels[i].origin[2] = -100;
        d->info[i].name = arena_printf(&arena, "p%zu", i);
    }
    assert_true(detector_finish(d, "made", &err));
    return d;
}

static struct error err;

static bool read_file(const char *name, const char *bytes, size_t n, size_t panels, struct source_map *out)
{
    err = (struct error){0};
    assert_true(fs_write_atomic(in_folder(name), bytes, n, &err));
    return source_map_read(in_folder(name), SOURCE_MAP_GAIN, detector_of(panels), &arena, out, &err);
}

static bool read_text(const char *text, size_t panels, struct source_map *out)
{
    return read_file("map.txt", text, strlen(text), panels, out);
}

/* An .npy file of version 1 with this dictionary. */
static bool read_npy(const char *header, const void *data, size_t n, size_t panels, struct source_map *out)
{
    struct str s = {0};
    size_t length = strlen(header);
    str_addn(&s, "\x93NUMPY\1\0", 8);
    str_addc(&s, (char)(length & 255));
    str_addc(&s, (char)(length >> 8));
    str_add(&s, header);
    str_addn(&s, data, n);
    bool ok = read_file("map.npy", s.text, s.len, panels, out);
    str_free(&s);
    return ok;
}

static void a_text_is_a_number_a_panel(void **state)
{
    (void)state;
    struct source_map m;
    assert_true(read_text("# ADU a photon\n2.5\n\n7 # broken\n", 2, &m));
    assert_null(m.pixels);
    assert_true(m.panels[0] == 2.5 && m.panels[1] == 7);
    assert_true(read_text("p1 4\r\np0\t3\r\nother 9", 2, &m));
    assert_true(m.panels[0] == 3 && m.panels[1] == 4);
    assert_true(read_text("8", 2, &m)); /* one for all */
    assert_true(m.panels[0] == 8 && m.panels[1] == 8);
}

static void a_text_that_is_no_list_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum error_code code;
    } cases[] = {{"1\n2\n3\n", ERROR_MASK},       {"p0 1\n", ERROR_MASK},       {"1 2 3\n", ERROR_UNREADABLE},
                 {"p0 1\n2\n", ERROR_UNREADABLE}, {"1\n0\n", ERROR_METADATA},   {"1\n-2\n", ERROR_METADATA},
                 {"# nothing\n", ERROR_EMPTY},    {"1\nnan\n", ERROR_METADATA}, {"x\n", ERROR_UNREADABLE}};
    struct source_map m;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_false(read_text(cases[i].text, 2, &m));
        assert_int_equal(err.code, cases[i].code);
    }
}

static void an_npy_array_is_laid_onto_the_panels(void **state)
{
    (void)state;
    struct source_map m;
    const float one[6] = {1, 2, 3, 4, 0, NAN};
    assert_true(
        read_npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n", one, sizeof one, 1, &m));
    for (size_t i = 0; i < 4; i++)
        assert_true(m.pixels[i] == (float)(i + 1));
    assert_true(isnan(m.pixels[4]) && isnan(m.pixels[5])); /* a pixel without gain */
    uint8_t big[24];
    for (size_t i = 0; i < 12; i++)
        big[2 * i] = 0, big[2 * i + 1] = (uint8_t)(i + 1);
    static const char *const stacks[] = {"(2, 2, 3)", "(4, 3)", "(1, 2, 2, 3)"};
    for (size_t k = 0; k < 3; k++) {
        char header[128];
        snprintf(header, sizeof header, "{'descr': '>u2', 'fortran_order': False, 'shape': %s, }", stacks[k]);
        if (!read_npy(header, big, sizeof big, 2, &m))
            fail_msg("%s", err.fact);
        for (size_t i = 0; i < 12; i++)
            assert_true(m.pixels[i] == (float)(i + 1));
    }
    const double panels[2] = {5, 6};
    assert_true(
        read_npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2,)}", panels, sizeof panels, 2, &m));
    assert_true(!m.pixels && m.panels[1] == 6);
}

static void an_npy_array_that_cannot_be_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        size_t n;
        enum error_code code;
    } cases[] = {
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", 23, ERROR_TRUNCATED},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", 25, ERROR_DAMAGED},
        {"{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }", 24, ERROR_UNSUPPORTED},
        {"{'descr': '<c8', 'fortran_order': False, 'shape': (2, 3), }", 24, ERROR_UNSUPPORTED},
        {"{'descr': '|O', 'fortran_order': False, 'shape': (2, 3), }", 24, ERROR_UNSUPPORTED},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }", 24, ERROR_MASK},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3, 1, 2, 1), }", 24, ERROR_MASK},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999, 99999999999), }", 24,
         ERROR_DAMAGED},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 1, 1, 2, 3), }", 24, ERROR_DAMAGED},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3", 24, ERROR_DAMAGED},
        {"{'descr': '<f4', 'fortran_order': False}", 24, ERROR_DAMAGED},
        {"{'fortran_order': False, 'shape': (2, 3), 'descr': '", 24, ERROR_DAMAGED},
        {"", 24, ERROR_DAMAGED},
    };
    const float ones[8] = {1, 1, 1, 1, 1, 1, 1, 1};
    struct source_map m;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (read_npy(cases[i].header, ones, cases[i].n, 1, &m) || err.code != cases[i].code)
            fail_msg("%s: %d %s", cases[i].header, err.code, err.fact);
    }
    assert_false(read_file("cut.npy", "\x93NUMPY\1", 7, 1, &m));
    assert_false(read_file("cut.npy", "\x93NUMPY\1\0\xff\xff", 10, 1, &m));
    assert_false(read_file("p.pickle", "\x80\2c", 3, 1, &m));
    assert_int_equal(err.code, ERROR_UNSUPPORTED);
}

static void a_dataset_of_an_hdf5_file_is_read(void **state)
{
    (void)state;
    struct source_map m;
    double v[12];
    for (size_t i = 0; i < 12; i++)
        v[i] = 1.5 * (double)i - 3;
    hid_t file = made_file(in_folder("maps.h5"), 0);
    made_dataset(file, "/calib/dark", H5T_NATIVE_DOUBLE, 3, (hsize_t[]){2, 2, 3}, v);
    made_dataset(file, "/gain", H5T_NATIVE_DOUBLE, 2, (hsize_t[]){4, 3}, v);
    made_reals(file, "/list", 2, v + 3);
    made_dataset(file, "/stages", H5T_NATIVE_DOUBLE, 4, (hsize_t[]){3, 1, 2, 2}, v);
    H5Fclose(file);
    struct detector *d = detector_of(2);
    const char *path = in_folder("maps.h5");
#define OF(name) arena_printf(&arena, "%s:%s", path, name)
    assert_true(source_map_read(OF("/calib/dark"), SOURCE_MAP_PEDESTAL, d, &arena, &m, &err));
    for (size_t i = 0; i < 12; i++)
        assert_true(m.pixels[i] == (float)v[i]);                              /* pedestals may be negative */
    assert_true(source_map_read(path, SOURCE_MAP_GAIN, d, &arena, &m, &err)); /* where such maps are */
    assert_true(isnan(m.pixels[2]) && m.pixels[3] == 1.5f);
    assert_true(source_map_read(OF("/list"), SOURCE_MAP_GAIN, d, &arena, &m, &err));
    assert_true(!m.pixels && m.panels[0] == 1.5 && m.panels[1] == 3);
    assert_false(source_map_read(path, SOURCE_MAP_PEDESTAL, d, &arena, &m, &err));
    assert_int_equal(err.code, ERROR_MISSING);
    assert_non_null(strstr(err.hint, "FILE:/PATH"));
    assert_false(source_map_read(OF("/nowhere"), SOURCE_MAP_GAIN, d, &arena, &m, &err));
    assert_false(source_map_read(OF("/stages"), SOURCE_MAP_GAIN, d, &arena, &m, &err));
    assert_int_equal(err.code, ERROR_MASK);
    assert_non_null(strstr(err.hint, "three gains"));
    assert_true(source_map_check(OF("/stages"), SOURCE_MAP_GAIN, &err)); /* whatever the detector */
    assert_false(source_map_check(in_folder("nothing.h5"), SOURCE_MAP_GAIN, &err));
#undef OF
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_is_a_number_a_panel),
        cmocka_unit_test(a_text_that_is_no_list_is_refused),
        cmocka_unit_test(an_npy_array_is_laid_onto_the_panels),
        cmocka_unit_test(an_npy_array_that_cannot_be_is_refused),
        cmocka_unit_test(a_dataset_of_an_hdf5_file_is_read),
    };
    return cmocka_run_group_tests(tests, place_begin_with_helper, place_end_with_helper);
}
