/* decode_hdf5.c - filters of HDF5 chunks, plain form. Lengths in a chunk are the word of a stranger: each is compared
 * with what is left before it is used, and every block says how much it must give. */
#include "kernels/decode_hdf5.h"

#include <stdbool.h>
#include <string.h>

enum {
    BITSHUFFLE_TARGET = 8192, /* bytes of a default block */
    BITSHUFFLE_LEAST = 128,   /* elements */
    PLANES_MOST = 512,        /* 64-byte elements */
};
static const uint32_t BLOCK_MOST = 1u << 28;

const char *hdf5_decode_text(enum hdf5_decode state)
{
    static const char *const texts[HDF5_DECODE_STATES] = {
        [HDF5_DECODE_OK] = "",
        [HDF5_DECODE_SHORT] = "the compressed data end early",
        [HDF5_DECODE_SIZE] = "the size in its head is not that of the chunk",
        [HDF5_DECODE_BLOCK] = "the block size in its head is impossible",
        [HDF5_DECODE_LENGTH] = "a compressed block is longer than the chunk",
        [HDF5_DECODE_LZ4] = "an LZ4 block is damaged",
        [HDF5_DECODE_LEFT_OVER] = "bytes are left over after the last block",
        [HDF5_DECODE_STREAM] = "the compressed stream is damaged",
        [HDF5_DECODE_CHECKSUM] = "the Fletcher32 checksum is wrong",
    };
    return (unsigned)state < HDF5_DECODE_STATES ? texts[state] : "";
}

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint64_t be64(const uint8_t *p)
{
    return (uint64_t)be32(p) << 32 | be32(p + 4);
}

/* ---- LZ4 ---- */

/* The rest of a length whose nibble was 15: bytes are added until one is not 255. Stops as soon as the length
 * is more than `most`, so that it cannot overflow. */
static bool lz4_length(const uint8_t **src, const uint8_t *end, size_t most, size_t *length)
{
    uint8_t byte;
    do {
        if (*src == end || *length > most)
            return false;
        byte = *(*src)++;
        *length += byte;
    } while (byte == 255);
    return *length <= most;
}

/* Repeat `length` bytes that start `offset` bytes back; the two may overlap (that is how LZ4 writes runs). */
static void lz4_copy(uint8_t *out, size_t offset, size_t length)
{
    const uint8_t *from = out - offset;
    if (offset >= length) {
        memcpy(out, from, length);
        return;
    }
    if (offset == 1) {
        memset(out, *from, length);
        return;
    }
    /* What is written doubles what may be copied at once. */
    while (length > offset) {
        memcpy(out, from, offset);
        out += offset;
        length -= offset;
        offset *= 2;
    }
    memcpy(out, from, length);
}

enum hdf5_decode lz4_block_decode(const uint8_t *src, size_t n_src, uint8_t *dst, size_t n_dst)
{
    const uint8_t *end = src + n_src;
    size_t done = 0;
    while (src < end) {
        uint8_t token = *src++;
        size_t length = token >> 4;
        if (length == 15 && !lz4_length(&src, end, n_dst - done, &length))
            return HDF5_DECODE_LZ4;
        if (length > n_dst - done || length > (size_t)(end - src))
            return HDF5_DECODE_LZ4;
        memcpy(dst + done, src, length);
        src += length;
        done += length;
        if (src == end)
            return done == n_dst ? HDF5_DECODE_OK : HDF5_DECODE_LZ4;

        if (end - src < 2)
            return HDF5_DECODE_LZ4;
        size_t offset = (size_t)(src[0] | src[1] << 8);
        src += 2;
        length = token & 15;
        if (length == 15 && !lz4_length(&src, end, n_dst - done, &length))
            return HDF5_DECODE_LZ4;
        length += 4;
        if (offset == 0 || offset > done || length > n_dst - done)
            return HDF5_DECODE_LZ4;
        lz4_copy(dst + done, offset, length);
        done += length;
    }
    return HDF5_DECODE_LZ4; /* a block ends with literals, even if there are none of them */
}

/* A block that reaches beyond the chunk: of a length that LZ4 can have for it, the chunk was cut; else it is damaged. */
static enum hdf5_decode beyond(size_t length, size_t plain)
{
    return length <= plain + plain / 255 + 16 ? HDF5_DECODE_SHORT : HDF5_DECODE_LENGTH;
}

enum hdf5_decode hdf5_lz4_decode(const uint8_t *src, size_t n_src, uint8_t *dst, size_t n_dst)
{
    if (n_src < 12)
        return HDF5_DECODE_SHORT;
    if (be64(src) != n_dst)
        return HDF5_DECODE_SIZE;
    uint32_t block = be32(src + 8);
    if (block == 0)
        return HDF5_DECODE_BLOCK;

    size_t at = 12;
    for (size_t done = 0; done < n_dst;) {
        size_t want = n_dst - done < block ? n_dst - done : block;
        if (n_src - at < 4)
            return HDF5_DECODE_SHORT;
        size_t length = be32(src + at);
        at += 4;
        if (length > n_src - at)
            return beyond(length, want);
        if (length == want) {
            memcpy(dst + done, src + at, want);
        } else {
            enum hdf5_decode state = lz4_block_decode(src + at, length, dst + done, want);
            if (state != HDF5_DECODE_OK)
                return state;
        }
        at += length;
        done += want;
    }
    return at == n_src ? HDF5_DECODE_OK : HDF5_DECODE_LEFT_OVER;
}

/* ---- bit planes ---- */

static bool all_zero(const uint8_t *p, size_t n)
{
    uint64_t any = 0, word;
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        memcpy(&word, p + i, 8);
        any |= word;
    }
    for (; i < n; i++)
        any |= p[i];
    return any == 0;
}

/* Transpose an 8 × 8 matrix of bits: bit c of byte r goes to bit r of byte c (Warren, Hacker's Delight 7-3).
 */
static uint64_t transpose8(uint64_t x)
{
    uint64_t t = (x ^ (x >> 7)) & 0x00AA00AA00AA00AAu;
    x ^= t ^ (t << 7);
    t = (x ^ (x >> 14)) & 0x0000CCCC0000CCCCu;
    x ^= t ^ (t << 14);
    t = (x ^ (x >> 28)) & 0x00000000F0F0F0F0u;
    return x ^ t ^ (t << 28);
}

/* Byte `k` of every element from its eight planes; used[] names those that are not all zero. */
static void join_byte(const uint8_t *planes, size_t row, const uint8_t *used, size_t n_used, size_t element,
                      uint8_t *dst)
{
    for (size_t i = 0; i < row; i++) {
        uint64_t x = 0;
        for (size_t u = 0; u < n_used; u++)
            x |= (uint64_t)planes[used[u] * row + i] << (8 * used[u]);
        x = transpose8(x);
        for (size_t j = 0; j < 8; j++)
            dst[(8 * i + j) * element] = (uint8_t)(x >> (8 * j));
    }
}

void bit_planes_join(const uint8_t *planes, size_t n, size_t element, uint8_t *dst)
{
    size_t row = n / 8;
    memset(dst, 0, n * element);
    for (size_t k = 0; k < element; k++) {
        uint8_t used[8];
        size_t n_used = 0;
        const uint8_t *eight = planes + 8 * k * row;
        for (uint8_t bit = 0; bit < 8; bit++) {
            if (!all_zero(eight + bit * row, row))
                used[n_used++] = bit;
        }
        if (n_used > 0)
            join_byte(eight, row, used, n_used, element, dst + k);
    }
}

/* Elements of a default block: 8192 bytes' worth, a multiple of 8. */
static size_t default_block(size_t element)
{
    size_t block = BITSHUFFLE_TARGET / element;
    block -= block % 8;
    return block < BITSHUFFLE_LEAST ? BITSHUFFLE_LEAST : block;
}

static bool element_is_usual(size_t element, size_t n_dst)
{
    return element >= 1 && element <= PLANES_MOST / 8 && n_dst % element == 0;
}

/* Elements of the next block when `left` are to come: full ones, then one of what is left rounded down to 8,
 * then 0. */
static size_t next_block(size_t left, size_t block)
{
    return left >= block ? block : left - left % 8;
}

enum hdf5_decode hdf5_bitshuffle_lz4_decode(const uint8_t *src, size_t n_src, uint8_t *dst, size_t n_dst,
                                            size_t element, void *work)
{
    if (!element_is_usual(element, n_dst))
        return HDF5_DECODE_BLOCK;
    if (n_src < 12)
        return HDF5_DECODE_SHORT;
    if (be64(src) != n_dst)
        return HDF5_DECODE_SIZE;
    uint32_t bytes = be32(src + 8);
    if (bytes == 0 || bytes > BLOCK_MOST || bytes % (8 * element) != 0)
        return HDF5_DECODE_BLOCK;

    size_t at = 12, left = n_dst / element, block = bytes / element;
    for (size_t n; (n = next_block(left, block)) > 0; left -= n) {
        if (n_src - at < 4)
            return HDF5_DECODE_SHORT;
        size_t length = be32(src + at);
        at += 4;
        if (length > n_src - at)
            return beyond(length, n * element);
        enum hdf5_decode state = lz4_block_decode(src + at, length, work, n * element);
        if (state != HDF5_DECODE_OK)
            return state;
        bit_planes_join(work, n, element, dst);
        at += length;
        dst += n * element;
    }
    if (n_src - at < left * element)
        return HDF5_DECODE_SHORT;
    memcpy(dst, src + at, left * element);
    return n_src - at == left * element ? HDF5_DECODE_OK : HDF5_DECODE_LEFT_OVER;
}

enum hdf5_decode hdf5_bitshuffle_decode(const uint8_t *src, size_t n_src, uint8_t *dst, size_t n_dst,
                                        size_t element, size_t block)
{
    if (!element_is_usual(element, n_dst) || block % 8 != 0)
        return HDF5_DECODE_BLOCK;
    if (n_src != n_dst)
        return n_src < n_dst ? HDF5_DECODE_SHORT : HDF5_DECODE_LEFT_OVER;
    if (block == 0)
        block = default_block(element);

    size_t left = n_dst / element;
    for (size_t n; (n = next_block(left, block)) > 0; left -= n) {
        bit_planes_join(src, n, element, dst);
        src += n * element;
        dst += n * element;
    }
    memcpy(dst, src, left * element);
    return HDF5_DECODE_OK;
}

/* ---- bytes ---- */

void byte_planes_join(const uint8_t *src, size_t n, size_t element, uint8_t *dst)
{
    size_t whole = element > 0 ? n / element : 0;
    for (size_t k = 0; whole > 0 && k < element; k++) {
        for (size_t i = 0; i < whole; i++)
            dst[i * element + k] = src[k * whole + i];
    }
    memcpy(dst + whole * element, src + whole * element, n - whole * element);
}

/* As the HDF5 library sums: 16-bit big-endian words, an odd last byte as the high half; 360 words keep the
 * sums below 2^32 before they are folded. */
static uint32_t fletcher32(const uint8_t *p, size_t n)
{
    uint32_t sum1 = 0, sum2 = 0;
    for (size_t words = n / 2; words > 0;) {
        size_t run = words > 360 ? 360 : words;
        words -= run;
        for (; run > 0; run--, p += 2) {
            sum1 += (uint32_t)(p[0] << 8 | p[1]);
            sum2 += sum1;
        }
        sum1 = (sum1 & 0xffff) + (sum1 >> 16);
        sum2 = (sum2 & 0xffff) + (sum2 >> 16);
    }
    if (n % 2 != 0) {
        sum1 += (uint32_t)*p << 8;
        sum2 += sum1;
        sum1 = (sum1 & 0xffff) + (sum1 >> 16);
        sum2 = (sum2 & 0xffff) + (sum2 >> 16);
    }
    sum1 = (sum1 & 0xffff) + (sum1 >> 16);
    sum2 = (sum2 & 0xffff) + (sum2 >> 16);
    return sum2 << 16 | sum1;
}

enum hdf5_decode fletcher32_check(const uint8_t *src, size_t n)
{
    if (n < 4)
        return HDF5_DECODE_SHORT;
    const uint8_t *c = src + n - 4;
    uint32_t stored = (uint32_t)c[3] << 24 | (uint32_t)c[2] << 16 | (uint32_t)c[1] << 8 | c[0];
    /* Libraries before 1.6.3 wrote the bytes of each half the other way round; HDF5 takes both, and so do we.
     */
    uint32_t older = (uint32_t)c[2] << 24 | (uint32_t)c[3] << 16 | (uint32_t)c[0] << 8 | c[1];
    uint32_t sum = fletcher32(src, n - 4);
    return sum == stored || sum == older ? HDF5_DECODE_OK : HDF5_DECODE_CHECKSUM;
}
