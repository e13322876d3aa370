/* Filters of HDF5 chunks: streams made here by a plain encoder come back equal; damaged ones are refused, and
 * never touch a byte outside the buffers (run with sanitizers to see that). */
#include "kernels/decode_hdf5.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static uint64_t seed = 20250701;

static uint32_t draw(void)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33);
}

/* ---- plain encoders ---- */

struct stream {
    uint8_t data[1 << 17];
    size_t n;
};

static void put(struct stream *s, const void *bytes, size_t n)
{
    assert_true(s->n + n <= sizeof s->data);
    memcpy(s->data + s->n, bytes, n);
    s->n += n;
}

static void put_be(struct stream *s, uint64_t value, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--) {
        uint8_t byte = (uint8_t)(value >> (8 * i));
        put(s, &byte, 1);
    }
}

static void put_length(struct stream *s, size_t n)
{
    uint8_t byte = 255;
    for (; n >= 255; n -= 255)
        put(s, &byte, 1);
    byte = (uint8_t)n;
    put(s, &byte, 1);
}

/* LZ4 with runs of one byte as matches of offset 1 and the rest as literals: enough to walk every branch. */
static void lz4_encode(struct stream *s, const uint8_t *p, size_t n)
{
    size_t from = 0, i = 0;
    while (i < n) {
        size_t run = 1;
        while (i + run < n && p[i + run] == p[i])
            run++;
        if (run < 6 || i + run + 5 > n) {
            i += run;
            continue;
        }
        size_t literals = i + 1 - from, match = run - 1 - 4;
        uint8_t token = (uint8_t)((literals < 15 ? literals : 15) << 4 | (match < 15 ? match : 15));
        put(s, &token, 1);
        if (literals >= 15)
            put_length(s, literals - 15);
        put(s, p + from, literals);
        put(s, "\1\0", 2);
        if (match >= 15)
            put_length(s, match - 15);
        i += run;
        from = i;
    }
    size_t literals = n - from;
    uint8_t token = (uint8_t)((literals < 15 ? literals : 15) << 4);
    put(s, &token, 1);
    if (literals >= 15)
        put_length(s, literals - 15);
    put(s, p + from, literals);
}

/* The definition of bit planes, one bit at a time. */
static void planes_split(const uint8_t *p, size_t n, size_t element, uint8_t *planes)
{
    memset(planes, 0, n * element);
    for (size_t i = 0; i < n; i++) {
        for (size_t bit = 0; bit < 8 * element; bit++) {
            if (p[i * element + bit / 8] >> (bit % 8) & 1)
                planes[bit * (n / 8) + i / 8] |= (uint8_t)(1u << (i % 8));
        }
    }
}

static void bitshuffle_lz4_encode(struct stream *s, const uint8_t *p, size_t n, size_t element, size_t block)
{
    static uint8_t planes[1 << 16];
    put_be(s, n * element, 8);
    put_be(s, block * element, 4);
    for (size_t left = n; left > 0;) {
        size_t now = left >= block ? block : left - left % 8;
        if (now == 0) {
            put(s, p, left * element);
            return;
        }
        planes_split(p, now, element, planes);
        size_t mark = s->n;
        put_be(s, 0, 4);
        lz4_encode(s, planes, now * element);
        size_t length = s->n - mark - 4;
        for (int i = 0; i < 4; i++)
            s->data[mark + (size_t)i] = (uint8_t)(length >> (24 - 8 * i));
        p += now * element;
        left -= now;
    }
}

/* Counts as of a detector: mostly small, some large; the seldom full word walks the upper planes. */
static void fill(uint8_t *p, size_t n, size_t element)
{
    memset(p, 0, n * element);
    for (size_t i = 0; i < n; i++) {
        p[i * element] = (uint8_t)(draw() % 5);
        if (draw() % 97 == 0)
            for (size_t k = 0; k < element; k++)
                p[i * element + k] = (uint8_t)draw();
    }
}

static struct stream stream;
static uint8_t plain[1 << 15], back[1 << 15], work[1 << 15];

/* ---- tests ---- */

static void bit_planes_of_any_element_size_come_back(void **state)
{
    (void)state;
    static uint8_t planes[1 << 15];
    for (int round = 0; round < 60; round++) {
        size_t element = 1 + draw() % 9, n = 8 * (1 + draw() % 60);
        fill(plain, n, element);
        planes_split(plain, n, element, planes);
        memset(back, 0xa5, sizeof back);
        bit_planes_join(planes, n, element, back);
        assert_memory_equal(back, plain, n * element);
        assert_int_equal(back[n * element], 0xa5);
    }
}

static void bitshuffle_lz4_comes_back_for_all_block_sizes(void **state)
{
    (void)state;
    static const size_t elements[] = {1, 2, 4, 8};
    static const size_t blocks[] = {8, 64, 1024, 4096};
    for (int round = 0; round < 48; round++) {
        size_t element = elements[round % 4], block = blocks[round / 4 % 4], n = draw() % 3000;
        fill(plain, n, element);
        stream.n = 0;
        bitshuffle_lz4_encode(&stream, plain, n, element, block);
        memset(back, 0xa5, sizeof back);
        assert_int_equal(hdf5_bitshuffle_lz4_decode(stream.data, stream.n, back, n * element, element, work),
                         HDF5_DECODE_OK);
        assert_memory_equal(back, plain, n * element);
        assert_int_equal(back[n * element], 0xa5);
    }
}

static void bitshuffle_without_lz4_comes_back(void **state)
{
    (void)state;
    size_t n = 4096 + 512 + 3;
    fill(plain, n, 2);
    planes_split(plain, 4096, 2, stream.data);
    planes_split(plain + 8192, 512, 2, stream.data + 8192);
    memcpy(stream.data + 9216, plain + 9216, 6);
    assert_int_equal(hdf5_bitshuffle_decode(stream.data, 2 * n, back, 2 * n, 2, 0), HDF5_DECODE_OK);
    assert_memory_equal(back, plain, 2 * n);
    assert_int_equal(hdf5_bitshuffle_decode(stream.data, 2 * n - 1, back, 2 * n, 2, 0), HDF5_DECODE_SHORT);
    assert_int_equal(hdf5_bitshuffle_decode(stream.data, 2 * n + 1, back, 2 * n, 2, 0),
                     HDF5_DECODE_LEFT_OVER);
    assert_int_equal(hdf5_bitshuffle_decode(stream.data, 2 * n, back, 2 * n, 2, 12), HDF5_DECODE_BLOCK);
}

static void lz4_blocks_packed_and_raw_come_back(void **state)
{
    (void)state;
    fill(plain, 2500, 1);
    stream.n = 0;
    put_be(&stream, 2500, 8);
    put_be(&stream, 1000, 4);
    put_be(&stream, 1000, 4);
    put(&stream, plain, 1000); /* length = block: stored as it is */
    for (size_t done = 1000; done < 2500;) {
        size_t n = 2500 - done < 1000 ? 2500 - done : 1000, mark = stream.n;
        memset(plain + done, 7, n - 20);
        put_be(&stream, 0, 4);
        lz4_encode(&stream, plain + done, n);
        stream.data[mark + 2] = (uint8_t)((stream.n - mark - 4) >> 8);
        stream.data[mark + 3] = (uint8_t)(stream.n - mark - 4);
        done += n;
    }
    assert_int_equal(hdf5_lz4_decode(stream.data, stream.n, back, 2500), HDF5_DECODE_OK);
    assert_memory_equal(back, plain, 2500);
    assert_int_equal(hdf5_lz4_decode(stream.data, stream.n, back, 2501), HDF5_DECODE_SIZE);
}

static void each_damage_has_its_own_word(void **state)
{
    (void)state;
    size_t n = 2 * 1000;
    fill(plain, n, 2);
    stream.n = 0;
    bitshuffle_lz4_encode(&stream, plain, n, 2, 512);
    struct stream whole = stream;
    assert_int_equal(hdf5_bitshuffle_lz4_decode(stream.data, 11, back, 2 * n, 2, work), HDF5_DECODE_SHORT);
    assert_int_equal(hdf5_bitshuffle_lz4_decode(stream.data, 12, back, 2 * n, 2, work), HDF5_DECODE_SHORT);
    assert_int_equal(hdf5_bitshuffle_lz4_decode(stream.data, stream.n / 2, back, 2 * n, 2, work),
                     HDF5_DECODE_SHORT);
    assert_int_equal(hdf5_bitshuffle_lz4_decode(stream.data, stream.n + 1, back, 2 * n, 2, work),
                     HDF5_DECODE_LEFT_OVER);
    stream.data[2] = 1;
    assert_int_equal(hdf5_bitshuffle_lz4_decode(stream.data, stream.n, back, 2 * n, 2, work),
                     HDF5_DECODE_SIZE);
    stream = whole;
    memset(stream.data + 8, 0, 4);
    assert_int_equal(hdf5_bitshuffle_lz4_decode(stream.data, stream.n, back, 2 * n, 2, work),
                     HDF5_DECODE_BLOCK);
    stream = whole;
    stream.data[11] = 12;
    assert_int_equal(hdf5_bitshuffle_lz4_decode(stream.data, stream.n, back, 2 * n, 2, work),
                     HDF5_DECODE_BLOCK);
    stream = whole;
    memset(stream.data + 12, 0x7f, 4);
    assert_int_equal(hdf5_bitshuffle_lz4_decode(stream.data, stream.n, back, 2 * n, 2, work),
                     HDF5_DECODE_LENGTH);
    stream = whole;
    memset(stream.data + 16, 0xff, 20);
    assert_int_equal(hdf5_bitshuffle_lz4_decode(stream.data, stream.n, back, 2 * n, 2, work),
                     HDF5_DECODE_LZ4);
}

static void lz4_refuses_references_before_its_start_and_wrong_sizes(void **state)
{
    (void)state;
    static const uint8_t before[] = {0x10, 'a', 2, 0, 0x00}, none[] = {0x10, 'a', 0, 0, 0x00};
    static const uint8_t good[] = {0x10, 'a', 1, 0, 0x10, 'b'}, open[] = {0x10, 'a', 1, 0};
    static const uint8_t endless[] = {0xf0, 255, 255, 255, 255};
    assert_int_equal(lz4_block_decode(before, sizeof before, back, 5), HDF5_DECODE_LZ4);
    assert_int_equal(lz4_block_decode(none, sizeof none, back, 5), HDF5_DECODE_LZ4);
    assert_int_equal(lz4_block_decode(good, sizeof good, back, 6), HDF5_DECODE_OK);
    assert_memory_equal(back, "aaaaab", 6);
    assert_int_equal(lz4_block_decode(good, sizeof good, back, 5), HDF5_DECODE_LZ4);
    assert_int_equal(lz4_block_decode(good, sizeof good, back, 7), HDF5_DECODE_LZ4);
    assert_int_equal(lz4_block_decode(open, sizeof open, back, 5), HDF5_DECODE_LZ4);
    assert_int_equal(lz4_block_decode(endless, sizeof endless, back, 100), HDF5_DECODE_LZ4);
    assert_int_equal(lz4_block_decode(good, 0, back, 0), HDF5_DECODE_LZ4);
}

/* Exact-size heap blocks, so that a sanitizer sees any step outside. */
static void any_damage_stays_inside_the_buffers(void **state)
{
    (void)state;
    for (int round = 0; round < 400; round++) {
        size_t element = (size_t)1 << (draw() % 3), n = 100 + draw() % 900;
        fill(plain, n, element);
        stream.n = 0;
        bitshuffle_lz4_encode(&stream, plain, n, element, 64);
        size_t cut = draw() % 4 == 0 ? draw() % stream.n : stream.n;
        uint8_t *src = malloc(cut + 1), *dst = malloc(n * element), *tmp = malloc(n * element);
        memcpy(src, stream.data, cut);
        for (uint32_t k = draw() % 4; k > 0 && cut > 12; k--)
            src[12 + draw() % (cut - 12)] = (uint8_t)draw();
        enum hdf5_decode s = hdf5_bitshuffle_lz4_decode(src, cut, dst, n * element, element, tmp);
        assert_true(s < HDF5_DECODE_STATES);
        hdf5_lz4_decode(src, cut, dst, n * element);
        lz4_block_decode(src, cut, dst, n * element);
        free(src);
        free(dst);
        free(tmp);
    }
}

static void byte_planes_come_back_with_their_rest(void **state)
{
    (void)state;
    static const uint8_t planes[] = {1, 3, 5, 2, 4, 6, 9};
    byte_planes_join(planes, 7, 2, back);
    assert_memory_equal(back, "\1\2\3\4\5\6\11", 7);
    byte_planes_join(planes, 7, 1, back);
    assert_memory_equal(back, planes, 7);
}

/* "abcde" and "abcdef": sums of the words by hand, modulo 65535. */
static void fletcher32_knows_good_from_bad(void **state)
{
    (void)state;
    uint8_t even[10] = {'a', 'b', 'c', 'd', 'e', 'f'};
    uint32_t s1 = (0x6162 + 0x6364 + 0x6566) % 65535, s2 = (3 * 0x6162 + 2 * 0x6364 + 0x6566) % 65535;
    even[6] = (uint8_t)s1, even[7] = (uint8_t)(s1 >> 8), even[8] = (uint8_t)s2, even[9] = (uint8_t)(s2 >> 8);
    assert_int_equal(fletcher32_check(even, 10), HDF5_DECODE_OK);
    even[0] ^= 1;
    assert_int_equal(fletcher32_check(even, 10), HDF5_DECODE_CHECKSUM);
    uint8_t odd[9] = {'a', 'b', 'c', 'd', 'e'};
    s1 = (0x6162 + 0x6364 + 0x6500) % 65535, s2 = (3 * 0x6162 + 2 * 0x6364 + 0x6500) % 65535;
    odd[5] = (uint8_t)(s1 >> 8), odd[6] = (uint8_t)s1, odd[7] = (uint8_t)(s2 >> 8),
    odd[8] = (uint8_t)s2; /* old form */
    assert_int_equal(fletcher32_check(odd, 9), HDF5_DECODE_OK);
    assert_int_equal(fletcher32_check(odd, 3), HDF5_DECODE_SHORT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bit_planes_of_any_element_size_come_back),
        cmocka_unit_test(bitshuffle_lz4_comes_back_for_all_block_sizes),
        cmocka_unit_test(bitshuffle_without_lz4_comes_back),
        cmocka_unit_test(lz4_blocks_packed_and_raw_come_back),
        cmocka_unit_test(each_damage_has_its_own_word),
        cmocka_unit_test(lz4_refuses_references_before_its_start_and_wrong_sizes),
        cmocka_unit_test(any_damage_stays_inside_the_buffers),
        cmocka_unit_test(byte_planes_come_back_with_their_rest),
        cmocka_unit_test(fletcher32_knows_good_from_bad),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
