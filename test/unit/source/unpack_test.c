/* gzip and bzip2: whole, in several streams, cut, damaged, lying about their size, and bombs. */
#include "made.h"

#include <bzlib.h>
#include <libdeflate.h>

static void gzip(struct bytes *out, const void *data, size_t n)
{
    struct error err = {0};
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(6);
    assert_true(bytes_reserve(out, libdeflate_gzip_compress_bound(c, n), &err));
    out->size = libdeflate_gzip_compress(c, data, n, out->data, out->room);
    libdeflate_free_compressor(c);
    assert_true(out->size > 0);
}

static void bzip2(struct bytes *out, const void *data, size_t n)
{
    struct error err = {0};
    unsigned size = (unsigned)(n + n / 100 + 700);
    assert_true(bytes_reserve(out, size, &err));
    assert_int_equal(
        BZ2_bzBuffToBuffCompress((char *)out->data, &size, (char *)(uintptr_t)data, (unsigned)n, 1, 0, 0),
        BZ_OK);
    out->size = size;
}

static void (*const packers[])(struct bytes *, const void *, size_t) = {gzip, bzip2};

static bool unpack(const struct bytes *in, struct bytes *out, struct error *err)
{
    uint8_t *copy = malloc(in->size);
    memcpy(copy, in->data, in->size);
    bool ok = source_packed(copy, in->size) ? source_unpack(copy, in->size, "made", out, err)
                                            : error_set(err, ERROR_UNREADABLE, "not packed");
    free(copy);
    return ok;
}

static void packed_files_come_back_also_in_several_streams(void **state)
{
    (void)state;
    struct bytes packed = {0}, out = {0}, twice = {0};
    struct error err = {0};
    struct str text = {0};
    for (int i = 0; i < 50000; i++)
        str_printf(&text, "%d ", i % 991 * i % 977);
    for (int k = 0; k < 2; k++) {
        packers[k](&packed, text.text, text.len);
        assert_true(unpack(&packed, &out, &err));
        assert_int_equal(out.size, text.len);
        assert_memory_equal(out.data, text.text, text.len);
        assert_true(bytes_reserve(&twice, packed.size * 2, &err));
        memcpy(twice.data, packed.data, packed.size);
        memcpy(twice.data + packed.size, packed.data, packed.size);
        twice.size = packed.size * 2;
        assert_true(unpack(&twice, &out, &err));
        assert_int_equal(out.size, text.len * 2);
        assert_memory_equal(out.data + text.len, text.text, text.len);
    }
    bytes_free(&packed);
    bytes_free(&out);
    bytes_free(&twice);
    str_free(&text);
}

static void a_packed_file_cut_anywhere_is_truncated(void **state)
{
    (void)state;
    struct bytes packed = {0}, out = {0};
    struct str text = {0};
    for (int i = 0; i < 300; i++)
        str_printf(&text, "%d ", i * i);
    for (int k = 0; k < 2; k++) {
        packers[k](&packed, text.text, text.len);
        size_t whole = packed.size;
        for (size_t n = 4; n < whole; n++) {
            struct error err = {0};
            packed.size = n;
            assert_false(unpack(&packed, &out, &err));
            assert_int_equal(err.code, ERROR_TRUNCATED);
        }
    }
    bytes_free(&packed);
    bytes_free(&out);
    str_free(&text);
}

static void a_flipped_bit_is_damage(void **state)
{
    (void)state;
    struct bytes packed = {0}, out = {0};
    struct str text = {0};
    for (int i = 0; i < 300; i++)
        str_printf(&text, "%d ", i * i);
    for (int k = 0; k < 2; k++) {
        packers[k](&packed, text.text, text.len);
        for (size_t i = 12; i + 4 < packed.size; i++) {
            struct error err = {0};
            packed.data[i] ^= 0x10;
            bool ok = unpack(&packed, &out, &err);
            packed.data[i] ^= 0x10;
            if (ok || (err.code != ERROR_DAMAGED && err.code != ERROR_TRUNCATED))
                fail_msg("byte %zu: %d %s", i, err.code, err.fact);
        }
    }
    bytes_free(&packed);
    bytes_free(&out);
    str_free(&text);
}

static void a_size_that_lies_does_not_matter(void **state)
{
    (void)state;
    struct bytes packed = {0}, out = {0};
    struct error err = {0};
    struct str text = {0};
    for (int i = 0; i < 40000; i++)
        str_add(&text, "ab");
    gzip(&packed, text.text, text.len);
    memset(packed.data + packed.size - 4, 0xff, 4);
    assert_false(unpack(&packed, &out, &err)); /* it is checked at the end */
    assert_int_equal(err.code, ERROR_DAMAGED);
    assert_true(out.room <= packed.size * 1032 + (2 << 20));
    bytes_free(&packed);
    bytes_free(&out);
    str_free(&text);
}

static void a_bomb_stops_at_the_limit(void **state)
{
    (void)state;
    struct bytes packed = {0}, out = {0}, bomb = {0};
    struct error err = {0};
    const size_t part = 64 << 20;
    char *zeros = calloc(1, part);
    gzip(&packed, zeros, part);
    free(zeros);
    assert_true(bytes_reserve(&bomb, packed.size * 9, &err));
    for (int i = 0; i < 9; i++)
        memcpy(bomb.data + packed.size * (size_t)i, packed.data, packed.size);
    bomb.size = packed.size * 9;
    assert_false(unpack(&bomb, &out, &err));
    assert_int_equal(err.code, ERROR_UNSUPPORTED);
    assert_non_null(strstr(err.fact, "512 MiB"));
    bytes_free(&packed);
    bytes_free(&bomb);
    bytes_free(&out);
}

static void a_packed_image_is_read_by_what_is_inside(void **state)
{
    (void)state;
    struct str file = {0};
    struct bytes packed = {0};
    struct error err = {0};
    struct source *s;
    made_mini(&file, made_mini_header);
    for (int k = 0; k < 2; k++) {
        packers[k](&packed, file.text, file.len);
        assert_true(source_open_memory(packed.data, packed.size, "no.name", NULL, &s, &err));
        assert_string_equal(source_format(s), "miniCBF");
        source_close(s);
    }
    packers[0](&packed, "", 0);
    assert_false(source_open_memory(packed.data, packed.size, "made", NULL, &s, &err));
    assert_int_equal(err.code, ERROR_EMPTY);
    packers[1](&packed, "foreign", 7);
    assert_false(source_open_memory(packed.data, packed.size, "made", NULL, &s, &err));
    assert_int_equal(err.code, ERROR_UNREADABLE);
    bytes_free(&packed);
    str_free(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packed_files_come_back_also_in_several_streams),
        cmocka_unit_test(a_packed_file_cut_anywhere_is_truncated),
        cmocka_unit_test(a_flipped_bit_is_damage),
        cmocka_unit_test(a_size_that_lies_does_not_matter),
        cmocka_unit_test(a_bomb_stops_at_the_limit),
        cmocka_unit_test(a_packed_image_is_read_by_what_is_inside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
