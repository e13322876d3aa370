/* Datasets as they lie in files: the description is compared with the bytes of the file itself. */
#include "source/h5_describe.h"

#include "made_h5.h"
#include "place.h"
#include "support.h"

#include <string.h>

static char *path_of(const char *name)
{
    return arena_printf(&arena, "%s/%s", folder, name);
}

static struct h5_array describe(const char *path, const uint32_t *roles, size_t n)
{
    struct h5_array a;
    struct error err = {0};
    hid_t file = h5_file_open(path, &err);
    hid_t dataset = h5_dataset(file, "/d");
    assert_true(dataset >= 0);
    h5_array_describe(dataset, roles, n, &arena, &a);
    H5Dclose(dataset);
    h5_file_close(file);
    return a;
}

static uint16_t pixels[2 * 4 * 6];

static void make(const char *path, hsize_t user_block, H5D_layout_t layout)
{
    for (uint16_t i = 0; i < 48; i++)
        pixels[i] = (uint16_t)(1000 + i);
    hid_t file = made_file(path, user_block), dcpl = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_layout(dcpl, layout);
    if (layout == H5D_CHUNKED)
        H5Pset_chunk(dcpl, 3, (hsize_t[]){1, 4, 3});
    made_dataset_with(file, "/d", H5T_STD_U16LE, 3, (hsize_t[]){2, 4, 6}, dcpl, pixels);
    H5Pclose(dcpl);
    H5Fclose(file);
}

static void expect_at(const char *path, uint64_t address, const uint16_t *want, size_t n)
{
    struct bytes b = {0};
    assert_true(fs_read(path, 1 << 20, &b, NULL));
    assert_true(address > 0 && address + 2 * n <= b.size);
    assert_memory_equal(b.data + address, want, 2 * n);
    bytes_free(&b);
}

/* With and without a user block: addresses count from the first byte of the file, whatever the library counts from. */
static void a_user_block_shifts_nothing(void **state)
{
    (void)state;
    static const hsize_t blocks[] = {0, 512, 4096};
    for (size_t i = 0; i < 3; i++) {
        char *path = path_of("chunks.h5");
        make(path, blocks[i], H5D_CHUNKED);
        struct h5_array a = describe(path, NULL, 0);
        assert_true(a.fault_code == ERROR_NONE && a.layout == H5_CHUNKED && a.n_chunks == 4 &&
                    a.type == PIXEL_U16);
        uint16_t want[12];
        for (uint16_t k = 0; k < 12; k++)
            want[k] = (uint16_t)(1000 + 24 + 3 + 6 * (k / 3) + k % 3);
        assert_int_equal(a.chunks[3].size, 24);
        expect_at(path, a.chunks[3].address, want, 12);
        make(path, blocks[i], H5D_CONTIGUOUS);
        a = describe(path, NULL, 0);
        assert_true(a.layout == H5_CONTIGUOUS && a.n_chunks == 0);
        expect_at(path, a.address, pixels, 48);
    }
}

static void compact_data_come_along(void **state)
{
    (void)state;
    char *path = path_of("compact.h5");
    make(path, 0, H5D_COMPACT);
    struct h5_array a = describe(path, NULL, 0);
    assert_true(a.layout == H5_COMPACT && a.n_bytes == 96);
    assert_memory_equal(a.bytes, pixels, 96);
}

static void chunks_that_were_never_written_have_no_address(void **state)
{
    (void)state;
    char *path = path_of("holes.h5");
    hid_t file = made_file(path, 0), dcpl = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(dcpl, 3, (hsize_t[]){1, 4, 6});
    made_dataset_with(file, "/d", H5T_STD_U16LE, 3, (hsize_t[]){3, 4, 6}, dcpl, NULL);
    H5Pclose(dcpl);
    H5Fclose(file);
    struct h5_array a = describe(path, NULL, 0);
    assert_int_equal(a.n_chunks, 3);
    for (size_t i = 0; i < 3; i++)
        assert_true(a.chunks[i].address == 0);
}

static void roles_follow_the_rank_or_the_request(void **state)
{
    (void)state;
    static const uint32_t module_first[] = {H5_MODULE, H5_SLOW, H5_FAST},
                          fast_first[] = {H5_FRAME, H5_FAST, H5_SLOW};
    char *path = path_of("chunks.h5");
    make(path, 0, H5D_CHUNKED);
    struct h5_array a = describe(path, NULL, 0);
    assert_true(a.extent[H5_FRAME] == 2 && a.extent[H5_MODULE] == 1 && a.extent[H5_SLOW] == 4 &&
                a.chunk[H5_FAST] == 3);
    a = describe(path, module_first, 3);
    assert_true(a.extent[H5_FRAME] == 1 && a.extent[H5_MODULE] == 2 && a.fault_code == ERROR_NONE);
    a = describe(path, fast_first, 3);
    assert_int_equal(a.fault_code, ERROR_UNSUPPORTED);
    assert_non_null(strstr(a.fault, "fast-scan"));
    a = describe(path, module_first, 2);
    assert_int_equal(a.fault_code, ERROR_METADATA);
}

static void types_that_are_no_pixels_are_faults(void **state)
{
    (void)state;
    static const struct {
        int what;
        bool good;
    } cases[] = {{0, false}, {1, true}, {2, true}, {3, false}, {4, true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hid_t types[] = {H5T_STD_I64LE, H5T_STD_I32BE, H5T_IEEE_F32LE, H5T_C_S1, H5T_STD_I8LE};
        char *path = path_of("type.h5");
        hid_t file = made_file(path, 0), type = H5Tcopy(types[i]), boolean = -1;
        if (cases[i].what == 4) {
            int8_t no = 0, yes = 1;
            boolean = H5Tenum_create(H5T_STD_I8LE);
            H5Tenum_insert(boolean, "FALSE", &no);
            H5Tenum_insert(boolean, "TRUE", &yes);
        }
        made_dataset(file, "/d", boolean >= 0 ? boolean : type, 2, (hsize_t[]){4, 6}, NULL);
        H5Fclose(file);
        struct h5_array a = describe(path, NULL, 0);
        assert_int_equal(a.fault_code == ERROR_NONE, cases[i].good);
        assert_true(cases[i].what != 1 || a.swap == 1);
        H5Tclose(type);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_user_block_shifts_nothing),
        cmocka_unit_test(compact_data_come_along),
        cmocka_unit_test(chunks_that_were_never_written_have_no_address),
        cmocka_unit_test(roles_follow_the_rank_or_the_request),
        cmocka_unit_test(types_that_are_no_pixels_are_faults),
    };
    return cmocka_run_group_tests(tests, place_begin, place_end);
}
