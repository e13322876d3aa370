/* Images put together: virtual datasets of interleaved writers, of one file a module, of files that are not there; numbered
 * links. Files are made here and read as sources with a reference geometry, or described directly. */
#include "source/hdf5.h"

#include "made_h5.h"
#include "place.h"
#include "support.h"

/* n frames of 4 × 5 pixels: pixel = first + 100 frame + place. */
static void writer_file(const char *name, hsize_t n, uint16_t first)
{
    uint16_t pixels[16 * 20];
    for (hsize_t i = 0; i < n * 20; i++)
        pixels[i] = (uint16_t)(first + 100 * (i / 20) + i % 20);
    hid_t file = made_file(in_folder(name), 0), dcpl = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(dcpl, 3, (hsize_t[]){1, 4, 5});
    made_dataset_with(file, "/data", H5T_NATIVE_UINT16, 3, (hsize_t[]){n, 4, 5}, dcpl, pixels);
    H5Pclose(dcpl);
    H5Fclose(file);
}

/* Map frames start, start + stride, … of a virtual dataset to all of /data of a file. */
static void map(hid_t dcpl, int rank, const hsize_t *dims, const hsize_t *start, const hsize_t *stride,
                const hsize_t *count, const hsize_t *block, const char *name, hsize_t n)
{
    hid_t space = H5Screate_simple(rank, dims, NULL),
          source = H5Screate_simple(3, (hsize_t[]){n, 4, 5}, NULL);
    H5Sselect_hyperslab(space, H5S_SELECT_SET, start, stride, count, block);
    assert_true(H5Pset_virtual(dcpl, space, name, "/data", source) >= 0);
    H5Sclose(space);
    H5Sclose(source);
}

static struct detector *modules(size_t n)
{
    struct detector *d = detector_make(&arena, n, 0);
    for (size_t i = 0; i < n; i++) {
        d->panels[i] = (struct panel){.origin = {(double)i, 0, -100},
                                      .fast = {1, 0, 0},
                                      .slow = {0, -1, 0},
                                      .pixel_fast = 0.1,
                                      .pixel_slow = 0.1,
                                      .n_fast = 5,
                                      .n_slow = 4,
                                      .gain = 1};
        d->info[i].name = arena_printf(&arena, "m%zu", i);
    }
    assert_true(detector_finish(d, "test", NULL));
    return d;
}

static struct source *open_good(const char *path, size_t n_modules)
{
    struct source_options o = {.wavelength = 1, .reference = modules(n_modules)};
    struct source *s = NULL;
    struct error err = {0};
    if (!source_open(path, &o, &s, &err))
        fail_msg("%s (%s)", err.fact, err.detail);
    return s;
}

/* First pixel of a frame, or the negative code of its failure. */
static int first_pixel(const struct source *s, uint32_t frame, size_t at)
{
    struct frame_buffer b = {0};
    struct frame f;
    struct error err = {0};
    bool ok = source_read(s, frame, &b, &f, &err);
    int value = ok ? ((const uint16_t *)f.pixels)[at] : -(int)err.code;
    frame_buffer_free(&b);
    return value;
}

static void interleaved_writers_come_in_order(void **state)
{
    (void)state;
    hsize_t dims[3] = {6, 4, 5};
    writer_file("even.h5", 3, 1000);
    writer_file("odd.h5", 3, 2000);
    hid_t file = made_file(in_folder("interleaved.h5"), 0), dcpl = H5Pcreate(H5P_DATASET_CREATE);
    for (hsize_t k = 0; k < 2; k++)
        map(dcpl, 3, dims, (hsize_t[]){k, 0, 0}, (hsize_t[]){2, 1, 1}, (hsize_t[]){3, 1, 1},
            (hsize_t[]){1, 4, 5}, k ? "odd.h5" : "even.h5", 3);
    made_dataset_with(file, "/entry/data/data", H5T_NATIVE_UINT16, 3, dims, dcpl, NULL);
    H5Pclose(dcpl);
    H5Fclose(file);
    struct source *s = open_good(in_folder("interleaved.h5"), 1);
    assert_int_equal(source_frames(s), 6);
    for (uint32_t i = 0; i < 6; i++)
        assert_int_equal(first_pixel(s, i, 0), (int)(1000 + 1000 * (i % 2) + 100 * (i / 2)));
    source_close(s);
}

static void a_missing_writer_fails_its_frames_only(void **state)
{
    (void)state;
    hsize_t dims[3] = {6, 4, 5};
    writer_file("even.h5", 3, 1000);
    hid_t file = made_file(in_folder("half.h5"), 0), dcpl = H5Pcreate(H5P_DATASET_CREATE);
    for (hsize_t k = 0; k < 2; k++)
        map(dcpl, 3, dims, (hsize_t[]){k, 0, 0}, (hsize_t[]){2, 1, 1}, (hsize_t[]){3, 1, 1},
            (hsize_t[]){1, 4, 5}, k ? "gone.h5" : "even.h5", 3);
    made_dataset_with(file, "/entry/data/data", H5T_NATIVE_UINT16, 3, dims, dcpl, NULL);
    H5Pclose(dcpl);
    H5Fclose(file);
    struct source *s = open_good(in_folder("half.h5"), 1);
    for (uint32_t i = 0; i < 6; i++)
        assert_int_equal(first_pixel(s, i, 0), i % 2 ? -(int)ERROR_MISSING : (int)(1000 + 50 * i));
    source_close(s);
}

/* One file a module: (frame, module, slow, fast) out of (frame, slow, fast). The second file has a frame less. */
static void modules_from_files_of_their_own(void **state)
{
    (void)state;
    hsize_t dims[4] = {3, 2, 4, 5};
    writer_file("m0.h5", 3, 1000);
    writer_file("m1.h5", 2, 2000);
    hid_t file = made_file(in_folder("modules.h5"), 0), dcpl = H5Pcreate(H5P_DATASET_CREATE);
    for (hsize_t k = 0; k < 2; k++)
        map(dcpl, 4, dims, (hsize_t[]){0, k, 0, 0}, (hsize_t[]){1, 1, 1, 1}, (hsize_t[]){1, 1, 1, 1},
            (hsize_t[]){k ? 2 : 3, 1, 4, 5}, k ? "m1.h5" : "m0.h5", k ? 2 : 3);
    made_dataset_with(file, "/entry/data/data", H5T_NATIVE_UINT16, 4, dims, dcpl, NULL);
    H5Pclose(dcpl);
    H5Fclose(file);
    struct source *s = open_good(in_folder("modules.h5"), 2);
    assert_int_equal(first_pixel(s, 1, 0), 1100);
    assert_int_equal(first_pixel(s, 1, 20), 2100);
    assert_int_equal(first_pixel(s, 1, 39), 2119);
    assert_int_equal(first_pixel(s, 2, 0), -(int)ERROR_MISSING);
    source_close(s);
}

static void numbered_links_come_in_order_of_their_names(void **state)
{
    (void)state;
    writer_file("first.h5", 2, 1000);
    writer_file("second.h5", 1, 2000);
    hid_t file = made_file(in_folder("links.h5"), 0);
    hid_t group = H5Gcreate2(file, "/entry", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    hid_t data = H5Gcreate2(group, "data", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_external("second.h5", "/data", data, "data_000002", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_external("first.h5", "/data", data, "data_000001", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_external("first.h5", "/wrong", data, "data_000003", H5P_DEFAULT, H5P_DEFAULT);
    H5Fclose(file);
    struct source *s = open_good(in_folder("links.h5"), 1);
    assert_int_equal(source_frames(s), 4);
    assert_int_equal(first_pixel(s, 1, 3), 1103);
    assert_int_equal(first_pixel(s, 2, 3), 2003);
    assert_int_equal(first_pixel(s, 3, 0), -(int)ERROR_MISSING);
    source_close(s);
}

static void a_dataset_without_frames_is_empty(void **state)
{
    (void)state;
    hid_t file = made_file(in_folder("none.h5"), 0), dcpl = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(dcpl, 3, (hsize_t[]){1, 4, 5});
    hid_t space = H5Screate_simple(3, (hsize_t[]){0, 4, 5}, (hsize_t[]){H5S_UNLIMITED, 4, 5});
    hid_t lcpl = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_create_intermediate_group(lcpl, 1);
    H5Dcreate2(file, "/entry/data/data", H5T_NATIVE_UINT16, space, lcpl, dcpl, H5P_DEFAULT);
    H5Fclose(file);
    H5Sclose(space);
    H5Pclose(lcpl);
    H5Pclose(dcpl);
    struct source_options o = {.wavelength = 1, .reference = modules(1)};
    struct source *s = NULL;
    struct error err = {0};
    assert_false(source_open(in_folder("none.h5"), &o, &s, &err));
    assert_int_equal(err.code, ERROR_EMPTY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(interleaved_writers_come_in_order),
        cmocka_unit_test(a_missing_writer_fails_its_frames_only),
        cmocka_unit_test(modules_from_files_of_their_own),
        cmocka_unit_test(numbered_links_come_in_order_of_their_names),
        cmocka_unit_test(a_dataset_without_frames_is_empty),
    };
    return cmocka_run_group_tests(tests, place_begin_with_helper, place_end_with_helper);
}
