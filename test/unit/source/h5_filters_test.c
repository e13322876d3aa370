/* The pipeline of filters backwards: order, masks, sizes, what is refused by name. */
#include "source/h5_pixels.h"

#include "support.h"

#include <string.h>

static uint8_t out[64], work[1 << 16];

static bool decode(const struct h5_array *a, uint32_t mask, const uint8_t *raw, size_t n, struct error *err)
{
    assert_true(h5_chunk_work(16) <= sizeof work);
    memset(out, 0xa5, sizeof out);
    bool ok = h5_chunk_decode(a, mask, raw, n, out, 16, work, "t", err);
    assert_int_equal(out[16], 0xa5);
    return ok;
}

static size_t deflated(const uint8_t *data, size_t n, uint8_t *packed, size_t room)
{
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(6);
    size_t size = libdeflate_zlib_compress(c, data, n, packed, room);
    libdeflate_free_compressor(c);
    return size;
}

static void filters_are_undone_from_the_last_to_the_first(void **state)
{
    (void)state;
    uint8_t planes[16], packed[128];
    for (uint8_t i = 0; i < 16; i++)
        planes[(i % 2) * 8 + i / 2] = (uint8_t)(3 * i); /* byte shuffle of 2-byte elements */
    size_t n = deflated(planes, 16, packed, sizeof packed);
    struct h5_array a = {.type = PIXEL_U16, .n_filters = 2, .filters = {{2, 1, {2}}, {1, 1, {4}}}};
    struct error err = {0};
    assert_true(decode(&a, 0, packed, n, &err));
    for (uint8_t i = 0; i < 16; i++)
        assert_int_equal(out[i], 3 * i);
    /* bit 0 of the mask: the shuffle was left out */
    assert_true(decode(&a, 1, packed, n, &err));
    assert_memory_equal(out, planes, 16);
    /* both were */
    assert_true(decode(&a, 3, planes, 16, &err));
    assert_memory_equal(out, planes, 16);
    assert_false(decode(&a, 3, planes, 15, &err));
    assert_int_equal(err.code, ERROR_TRUNCATED);
}

static void sizes_and_damage_are_noticed(void **state)
{
    (void)state;
    uint8_t data[20] = {1, 2, 3}, packed[128];
    struct h5_array a = {.type = PIXEL_U16, .n_filters = 1, .filters = {{1, 1, {4}}}};
    struct error err = {0};
    size_t n = deflated(data, 15, packed, sizeof packed);
    assert_false(decode(&a, 0, packed, n, &err));
    assert_int_equal(err.code, ERROR_TRUNCATED);
    n = deflated(data, 17, packed, sizeof packed);
    assert_false(decode(&a, 0, packed, n, &err));
    assert_int_equal(err.code, ERROR_DAMAGED);
    n = deflated(data, 16, packed, sizeof packed);
    assert_false(decode(&a, 0, packed, n + 3, &err));
    packed[n - 1] ^= 1;
    assert_false(decode(&a, 0, packed, n, &err));
    assert_non_null(strstr(err.fact, "t: deflate: the compressed stream is damaged"));
    assert_false(decode(&a, 0, packed, 100000, &err)); /* refused before a byte is read */
    assert_non_null(strstr(err.fact, "impossible"));
}

/* The checksum outside the compression, as libraries write it, and inside. */
static void a_checksum_may_stand_on_either_side_of_the_compression(void **state)
{
    (void)state;
    uint8_t data[20] = {0}, packed[128];
    size_t n = deflated(data, 16, packed, sizeof packed);
    struct h5_array outside = {.type = PIXEL_U16, .n_filters = 2, .filters = {{1, 1, {4}}, {3, 0, {0}}}};
    struct h5_array inside = {.type = PIXEL_U16, .n_filters = 2, .filters = {{3, 0, {0}}, {1, 1, {4}}}};
    uint32_t s1 = 0, s2 = 0;
    struct error err = {0};
    for (size_t i = 0; i < n; i += 2) {
        s1 = (s1 + (uint32_t)(packed[i] << 8 | (i + 1 < n ? packed[i + 1] : 0))) % 65535;
        s2 = (s2 + s1) % 65535;
    }
    packed[n] = (uint8_t)s1, packed[n + 1] = (uint8_t)(s1 >> 8), packed[n + 2] = (uint8_t)s2;
    packed[n + 3] = (uint8_t)(s2 >> 8);
    assert_true(decode(&outside, 0, packed, n + 4, &err));
    packed[n] ^= 1;
    assert_false(decode(&outside, 0, packed, n + 4, &err));
    assert_non_null(strstr(err.fact, "checksum"));
    n = deflated(data, 20, packed, sizeof packed); /* zeros have the checksum 0 */
    assert_true(decode(&inside, 0, packed, n, &err));
}

static void what_is_not_read_is_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        uint32_t n;
        struct h5_filter filters[2];
        const char *word;
    } cases[] = {
        {1, {{4, 0, {0}}}, "filter 4,"},
        {1, {{32008, 5, {0, 4, 2, 0, 3}}}, "compression 3"},
        {2, {{1, 1, {4}}, {32004, 1, {0}}}, "two compressions"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct h5_array a = {.type = PIXEL_U16, .n_filters = cases[i].n};
        struct error err = {0};
        memcpy(a.filters, cases[i].filters, sizeof cases[i].filters);
        assert_false(h5_filters_known(&a, "t", &err));
        assert_int_equal(err.code, ERROR_UNSUPPORTED);
        assert_non_null(strstr(err.fact, cases[i].word));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters_are_undone_from_the_last_to_the_first),
        cmocka_unit_test(sizes_and_damage_are_noticed),
        cmocka_unit_test(a_checksum_may_stand_on_either_side_of_the_compression),
        cmocka_unit_test(what_is_not_read_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
