/* Pixels by place: descriptions are made by hand and point into files of raw bytes, so that every byte is known. */
#include "source/h5_pixels.h"

#include "support.h"

#include <string.h>

static char folder[64], path[128];
static struct arena arena;
static struct frame_buffer buffer;

/* A file of 200 uint16: 1000, 1001, … */
static void raw_file(void)
{
    uint16_t words[200];
    for (uint16_t i = 0; i < 200; i++)
        words[i] = (uint16_t)(1000 + i);
    snprintf(path, sizeof path, "%s/raw", folder);
    assert_true(fs_write_atomic(path, words, sizeof words, NULL));
}

static bool read_frame(struct h5_array *array, struct h5_piece *pieces, uint64_t n, const uint64_t *extent,
                       uint64_t frame, uint16_t *out, struct error *err)
{
    struct h5_image m = {.name = "/d", .n_pieces = n, .pieces = pieces};
    struct h5_description d = {.n_arrays = 1, .arrays = array, .n_images = 1, .images = &m};
    memcpy(m.extent, extent, sizeof m.extent);
    h5_image_sort(&m, &arena);
    *err = (struct error){0};
    return h5_image_read(&d, &m, PIXEL_U16, frame, "x.h5", 7, &buffer, (uint8_t *)out, err);
}

static struct h5_array whole(uint32_t layout)
{
    return (struct h5_array){.path = path,
                             .dataset = "/d",
                             .fault = "",
                             .layout = layout,
                             .type = PIXEL_U16,
                             .order = {H5_FRAME, H5_MODULE, H5_SLOW, H5_FAST},
                             .extent = {3, 1, 4, 5},
                             .chunk = {1, 1, 4, 5}};
}

static const uint64_t FRAMES[H5_ROLES] = {3, 1, 4, 5};

static void contiguous_frames_lie_one_after_the_other(void **state)
{
    (void)state;
    uint16_t out[20];
    struct error err;
    struct h5_array a = whole(H5_CONTIGUOUS);
    struct h5_piece p = {0, {0}, {0}, {3, 1, 4, 5}};
    a.address = 2;
    assert_true(read_frame(&a, &p, 1, FRAMES, 2, out, &err));
    for (uint16_t i = 0; i < 20; i++)
        assert_int_equal(out[i], 1041 + i);
    a.swap = 1;
    assert_true(read_frame(&a, &p, 1, FRAMES, 0, out, &err));
    assert_int_equal(out[0], (uint16_t)(1001 >> 8 | (1001 & 255) << 8));
    a.address = 0;
    assert_false(read_frame(&a, &p, 1, FRAMES, 0, out, &err));
    assert_int_equal(err.code, ERROR_MISSING);
}

static void tiles_that_stick_out_are_cut(void **state)
{
    (void)state;
    uint16_t out[20];
    struct error err;
    struct h5_array a = whole(H5_CHUNKED);
    struct h5_piece p = {0, {0}, {0}, {3, 1, 4, 5}};
    struct h5_chunk chunks[3 * 2 * 2];
    uint64_t tile[H5_ROLES] = {1, 1, 3, 4};
    memcpy(a.chunk, tile, sizeof tile);
    a.n_chunks = 12;
    a.chunks = chunks;
    for (uint32_t i = 0; i < 12; i++)
        chunks[i] = (struct h5_chunk){i % 4 * 24 + 2, 24, 0};
    assert_true(read_frame(&a, &p, 1, FRAMES, 1, out, &err));
    for (uint16_t s = 0; s < 4; s++)
        for (uint16_t f = 0; f < 5; f++)
            assert_int_equal(out[5 * s + f], 1001 + 12 * (2 * (s / 3) + f / 4) + 4 * (s % 3) + f % 4);
    chunks[7].address = 0;
    assert_false(read_frame(&a, &p, 1, FRAMES, 1, out, &err));
    assert_int_equal(err.code, ERROR_MISSING);
    assert_true(read_frame(&a, &p, 1, FRAMES, 2, out, &err));
}

/* A chunk of three frames is fetched once: the file may vanish in between. */
static void a_chunk_of_several_frames_is_kept(void **state)
{
    (void)state;
    uint16_t out[20];
    struct error err;
    struct h5_array a = whole(H5_CHUNKED);
    struct h5_piece p = {0, {0}, {0}, {3, 1, 4, 5}};
    struct h5_chunk chunk = {2, 120, 0};
    a.chunk[H5_FRAME] = 3;
    a.n_chunks = 1;
    a.chunks = &chunk;
    assert_true(read_frame(&a, &p, 1, FRAMES, 0, out, &err));
    assert_int_equal(unlink(path), 0);
    assert_true(read_frame(&a, &p, 1, FRAMES, 2, out, &err));
    assert_int_equal(out[19], 1001 + 59);
    frame_buffer_free(&buffer);
    assert_false(read_frame(&a, &p, 1, FRAMES, 2, out, &err));
    assert_int_equal(err.code, ERROR_MISSING);
    raw_file();
}

static void frames_in_another_order_of_dimensions(void **state)
{
    (void)state;
    uint16_t out[20];
    struct error err;
    struct h5_array a = whole(H5_CHUNKED);
    struct h5_piece p = {0, {0}, {0}, {3, 1, 4, 5}};
    struct h5_chunk chunk = {0, 120, 0};
    uint32_t slow_first[] = {H5_MODULE, H5_SLOW, H5_FRAME, H5_FAST}; /* [slow][frame][fast] in one chunk */
    memcpy(a.order, slow_first, sizeof slow_first);
    a.chunk[H5_FRAME] = 3;
    a.n_chunks = 1;
    chunk.address = 2;
    a.chunks = &chunk;
    if (!read_frame(&a, &p, 1, FRAMES, 1, out, &err))
        fail_msg("%s", err.fact);
    for (uint16_t s = 0; s < 4; s++)
        for (uint16_t f = 0; f < 5; f++)
            assert_int_equal(out[5 * s + f], 1001 + 15 * s + 5 + f);
    a.layout = H5_CONTIGUOUS;
    a.address = 2;
    assert_false(read_frame(&a, &p, 1, FRAMES, 1, out, &err));
    assert_int_equal(err.code, ERROR_UNSUPPORTED);
}

static void a_frame_that_is_not_covered_was_not_written(void **state)
{
    (void)state;
    uint16_t out[40];
    struct error err;
    struct h5_array a = whole(H5_CONTIGUOUS);
    uint64_t two[H5_ROLES] = {3, 2, 4, 5};
    struct h5_piece p[2] = {{0, {0, 0, 0, 0}, {0}, {3, 1, 4, 5}}, {0, {1, 1, 0, 0}, {0}, {1, 1, 4, 5}}};
    a.address = 2;
    assert_false(read_frame(&a, p, 2, two, 0, out, &err));
    assert_int_equal(err.code, ERROR_MISSING);
    assert_true(read_frame(&a, p, 2, two, 1, out, &err));
    assert_true(out[0] == 1021 && out[20] == 1001);
    assert_false(read_frame(&a, p, 2, two, 2, out, &err));
}

static void hostile_places_are_refused(void **state)
{
    (void)state;
    static const struct {
        struct h5_chunk chunk;
        enum error_code code;
    } cases[] = {
        {{UINT64_MAX - 10, 40, 0}, ERROR_DAMAGED},
        {{390, 40, 0}, ERROR_TRUNCATED},
        {{2, UINT32_MAX, 0}, ERROR_DAMAGED},
        {{2, 39, 0}, ERROR_TRUNCATED},
        {{2, 41, 0}, ERROR_DAMAGED},
        {{2, 0, 0}, ERROR_TRUNCATED},
    };
    uint16_t out[20];
    struct h5_array a = whole(H5_CHUNKED);
    struct h5_piece p = {0, {0}, {0}, {3, 1, 4, 5}};
    a.n_chunks = 3;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct h5_chunk chunks[3] = {cases[i].chunk, {2, 40, 0}, {2, 40, 0}};
        struct error err;
        a.chunks = chunks;
        assert_false(read_frame(&a, &p, 1, FRAMES, 0, out, &err));
        if (err.code != cases[i].code)
            fail_msg("%zu: %d %s", i, (int)err.code, err.fact);
        assert_true(read_frame(&a, &p, 1, FRAMES, 1, out, &err));
    }
    a.layout = H5_CONTIGUOUS;
    a.address = UINT64_MAX - 1;
    struct error err;
    assert_false(read_frame(&a, &p, 1, FRAMES, 0, out, &err));
    assert_int_equal(err.code, ERROR_DAMAGED);
}

static void a_fault_is_told_with_file_and_frame(void **state)
{
    (void)state;
    uint16_t out[20];
    struct error err;
    struct h5_array a = whole(H5_CHUNKED);
    struct h5_piece p = {0, {0}, {0}, {3, 1, 4, 5}};
    a.fault = "data_000003 points nowhere";
    a.fault_code = ERROR_MISSING;
    assert_false(read_frame(&a, &p, 1, FRAMES, 2, out, &err));
    assert_string_equal(err.fact, "x.h5: frame 2: data_000003 points nowhere");
    assert_int_equal(err.code, ERROR_MISSING);
}

static int start(void **state)
{
    (void)state;
    support_folder(folder);
    raw_file();
    return 0;
}

static int stop(void **state)
{
    (void)state;
    frame_buffer_free(&buffer);
    arena_free(&arena);
    support_remove(folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contiguous_frames_lie_one_after_the_other),
        cmocka_unit_test(tiles_that_stick_out_are_cut),
        cmocka_unit_test(a_chunk_of_several_frames_is_kept),
        cmocka_unit_test(frames_in_another_order_of_dimensions),
        cmocka_unit_test(a_frame_that_is_not_covered_was_not_written),
        cmocka_unit_test(hostile_places_are_refused),
        cmocka_unit_test(a_fault_is_told_with_file_and_frame),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
