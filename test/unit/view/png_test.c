/* png_test.c - a written picture is taken apart again. */
#include "view/view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <libdeflate.h>

#include <cmocka.h>

static uint32_t get_u32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void a_picture_reads_back_chunk_by_chunk(void **state)
{
    (void)state;
    uint8_t index[7 * 5], rows[8 * 5];
    struct view_picture p = {.width = 7, .height = 5, .index = index};
    for (int i = 0; i < 35; i++)
        index[i] = (uint8_t)(i * 11);
    for (int i = 0; i < 256; i++)
        memset(p.palette[i], i, 3);
    struct bytes png = {0};
    assert_true(view_png(&p, &png, NULL));
    assert_memory_equal(png.data, "\x89PNG\r\n\x1a\n", 8);
    static const char *const order[] = {"IHDR", "PLTE", "IDAT", "IEND"};
    const uint8_t *at = png.data + 8, *end = png.data + png.size, *chunk[4];
    uint32_t size[4];
    for (int i = 0; i < 4; i++) {
        assert_true(end - at >= 12);
        size[i] = get_u32(at);
        assert_true(size[i] <= (size_t)(end - at) - 12);
        assert_memory_equal(at + 4, order[i], 4);
        chunk[i] = at + 8;
        assert_int_equal(get_u32(chunk[i] + size[i]), libdeflate_crc32(0, at + 4, size[i] + 4));
        at = chunk[i] + size[i] + 4;
    }
    assert_ptr_equal(at, end);
    assert_int_equal(get_u32(chunk[0]), 7);
    assert_int_equal(get_u32(chunk[0] + 4), 5);
    assert_memory_equal(chunk[0] + 8, "\x08\x03\0\0", 5);
    assert_memory_equal(chunk[1], p.palette, 768);
    struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
    assert_int_equal(libdeflate_zlib_decompress(d, chunk[2], size[2], rows, sizeof rows, NULL),
                     LIBDEFLATE_SUCCESS);
    libdeflate_free_decompressor(d);
    for (int y = 0; y < 5; y++) {
        assert_int_equal(rows[8 * y], 0);
        assert_memory_equal(rows + 8 * y + 1, index + 7 * y, 7);
    }
    bytes_free(&png);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_picture_reads_back_chunk_by_chunk)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
