/* decode_cbf.c - x-CBF_PACKED predicts each element from up to eight decoded neighbours and stores the rest
 * in blocks of few bits; x-CBF_BYTE_OFFSET stores differences in one byte, with escapes to 2, 4 and 8. All
 * arithmetic is modulo 2^32, as in the library that defined the formats, hence uint32_t sums read back as
 * signed.
 */
#include "kernels/decode_cbf.h"

#include <string.h>

enum { PACKED_HEAD = 32 }; /* element count, minimum, maximum, reserved: 8 bytes each */

static const uint8_t packed_widths[8] = {0, 4, 5, 6, 7, 8, 16, 32};
static const uint8_t packed_v2_widths[16] = {0, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 32};

static uint64_t le64(const uint8_t *p)
{
    uint64_t x = 0;
    for (int i = 7; i >= 0; i--)
        x = x << 8 | p[i];
    return x;
}

/* ---- packed ---- */

/* Bits of the stream, least significant first, and the block being read. */
struct packed_stream {
    const uint8_t *at, *end;
    uint64_t bits;
    unsigned have;  /* valid bits in `bits` */
    unsigned left;  /* elements left in the block */
    unsigned width; /* bits per element of the block */
    unsigned head;  /* bits of a block's head: 6 or 7 */
    const uint8_t *widths;
    bool ended; /* more was asked than there is */
};

static void packed_refill(struct packed_stream *s)
{
    while (s->have <= 56 && s->at < s->end) {
        s->bits |= (uint64_t)*s->at++ << s->have;
        s->have += 8;
    }
}

static uint32_t packed_take(struct packed_stream *s, unsigned n)
{
    if (s->have < n) {
        packed_refill(s);
        if (s->have < n) {
            s->ended = true;
            s->have = n; /* zeros from here on; the caller looks at `ended` once a row */
        }
    }
    uint32_t value = (uint32_t)(s->bits & (((uint64_t)1 << n) - 1));
    s->bits >>= n;
    s->have -= n;
    return value;
}

/* The next element's difference from its prediction. */
static inline uint32_t packed_next(struct packed_stream *s)
{
    if (s->left == 0) {
        uint32_t head = packed_take(s, s->head);
        s->left = 1u << (head & 7);
        s->width = s->widths[head >> 3];
    }
    s->left--;
    if (s->width == 0)
        return 0;
    uint32_t value = packed_take(s, s->width);
    uint32_t sign = 1u << (s->width - 1);
    return (value ^ sign) - sign;
}

/* Mean of 2^k values given their sum modulo 2^32: rounded, floor of the signed value. */
static inline uint32_t packed_mean(uint32_t sum, unsigned k)
{
    return (uint32_t)((int32_t)(sum + ((1u << k) >> 1)) >> k);
}

/* A section's first row, and every row of a flat array: each element from the one before. */
static uint32_t packed_row_chain(struct packed_stream *s, uint32_t *row, size_t n, uint32_t before)
{
    for (size_t i = 0; i < n; i++)
        row[i] = before += packed_next(s);
    return before;
}

/* A row below another one in the same section. */
static void packed_row_2d(struct packed_stream *s, uint32_t *row, const uint32_t *above, size_t n)
{
    row[0] = packed_mean(above[0] + above[1], 1) + packed_next(s);
    for (size_t i = 1; i + 1 < n; i++)
        row[i] = packed_mean(row[i - 1] + above[i - 1] + above[i] + above[i + 1], 2) + packed_next(s);
    row[n - 1] = packed_mean(row[n - 2] + above[n - 1], 1) + packed_next(s);
}

/* The same with the two rows of the section before: `behind` at the same place, `corner` the row above that.
 */
static void packed_row_3d(struct packed_stream *s, uint32_t *row, const uint32_t *above,
                          const uint32_t *behind, const uint32_t *corner, size_t n)
{
    row[0] = packed_mean(above[0] + above[1] + corner[0] + corner[1], 2) + packed_next(s);
    for (size_t i = 1; i + 1 < n; i++) {
        uint32_t sum = row[i - 1] + above[i - 1] + above[i] + above[i + 1];
        sum += behind[i] + corner[i - 1] + corner[i] + corner[i + 1];
        row[i] = packed_mean(sum, 3) + packed_next(s);
    }
    row[n - 1] = packed_mean(row[n - 2] + above[n - 1] + behind[n - 1] + corner[n - 1], 2) + packed_next(s);
}

/* out is int32_t for the caller and uint32_t here: the signed and unsigned types of one width may alias. */
enum cbf_status decode_cbf_packed(const uint8_t *in, size_t n_in, const struct cbf_packed *shape,
                                  int32_t *out)
{
    size_t width = shape->n_fast, height = shape->n_mid, plane = width * height;
    if (width < 2 && height > 1 && !shape->flat)
        return CBF_SHAPE;
    if (n_in < PACKED_HEAD)
        return CBF_SHORT;
    if (le64(in) != (uint64_t)plane * shape->n_slow)
        return CBF_COUNT;

    struct packed_stream s = {.at = in + PACKED_HEAD, .end = in + n_in};
    s.head = shape->v2 ? 7 : 6;
    s.widths = shape->v2 ? packed_v2_widths : packed_widths;
    uint32_t *row = (uint32_t *)out;
    uint32_t last = 0;
    for (size_t z = 0; z < shape->n_slow; z++) {
        for (size_t y = 0; y < height; y++, row += width) {
            if (shape->flat)
                last = packed_row_chain(&s, row, width, last);
            else if (y == 0)
                packed_row_chain(&s, row, width, z ? *(row - plane) : 0);
            else if (z == 0 || shape->uncorrelated)
                packed_row_2d(&s, row, row - width, width);
            else
                packed_row_3d(&s, row, row - width, row - plane, row - plane - width, width);
            if (s.ended)
                return CBF_SHORT;
        }
    }
    return CBF_OK;
}

/* ---- byte offset ---- */

/* Does a word hold the byte 0x80, the escape to longer differences? (zero-byte test on word ^ 0x80…) */
static inline bool has_escape(uint64_t word)
{
    uint64_t x = word ^ 0x8080808080808080u;
    return (x - 0x0101010101010101u) & ~x & 0x8080808080808080u;
}

static inline uint32_t step_of_byte(uint8_t byte)
{
    return (byte ^ 0x80u) - 0x80u;
}

/* Read one difference longer than a byte, *at just behind the 0x80. false: the stream ends in it. */
static bool byte_offset_escape(const uint8_t **at, const uint8_t *end, uint32_t *step)
{
    const uint8_t *p = *at;
    if (end - p < 2)
        return false;
    uint32_t word = (uint32_t)p[0] | (uint32_t)p[1] << 8;
    p += 2;
    *step = (word ^ 0x8000u) - 0x8000u;
    if (word == 0x8000u) {
        if (end - p < 4)
            return false;
        *step = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
        p += 4;
        if (*step == 0x80000000u) {
            if (end - p < 8)
                return false;
            *step = (uint32_t)le64(p); /* modulo 2^32 */
            p += 8;
        }
    }
    *at = p;
    return true;
}

enum cbf_status decode_cbf_byte_offset(const uint8_t *in, size_t n_in, int32_t *out, size_t n)
{
    const uint8_t *at = in, *end = in + n_in;
    uint32_t value = 0;
    for (size_t i = 0; i < n;) {
        uint64_t word;
        if (n - i >= 8 && end - at >= 8 && (memcpy(&word, at, 8), !has_escape(word))) {
            for (int k = 0; k < 8; k++) {
                value += step_of_byte(at[k]);
                out[i + (size_t)k] = (int32_t)value;
            }
            at += 8;
            i += 8;
            continue;
        }
        if (at == end)
            return CBF_SHORT;
        uint32_t step = step_of_byte(*at++);
        if (step == 0xffffff80u && !byte_offset_escape(&at, end, &step))
            return CBF_SHORT;
        value += step;
        out[i++] = (int32_t)value;
    }
    return CBF_OK;
}
