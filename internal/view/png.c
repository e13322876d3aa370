/* png.c - a palette picture as a PNG file (ISO/IEC 15948): header, palette, one compressed block, end. */
#include "view/view.h"

#include <libdeflate.h>
#include <string.h>

#define CHUNK_FRAME 12 /* length, type, CRC around a chunk's data */
#define LEVEL 1 /* the noise of photons has no repeats: higher ones take ten times as long for a tenth */

static void put_u32(uint8_t *out, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* Frame the n bytes that lie at out + 8 as a chunk; returns the place behind it. */
static uint8_t *end_chunk(uint8_t *out, const char *type, size_t n)
{
    put_u32(out, (uint32_t)n);
    memcpy(out + 4, type, 4);
    put_u32(out + 8 + n, libdeflate_crc32(0, out + 4, n + 4));
    return out + CHUNK_FRAME + n;
}

/* Rows with the filter byte 0 in front, as PNG compresses them. */
static bool filtered_rows(const struct view_picture *p, struct bytes *rows, struct error *err)
{
    size_t width = (size_t)p->width, height = (size_t)p->height;
    if (!bytes_reserve(rows, (width + 1) * height, err))
        return false;
    for (size_t y = 0; y < height; y++) {
        rows->data[y * (width + 1)] = 0;
        memcpy(rows->data + y * (width + 1) + 1, p->index + y * width, width);
    }
    rows->size = (width + 1) * height;
    return true;
}

bool view_png(const struct view_picture *p, struct bytes *out, struct error *err)
{
    static const uint8_t signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    struct bytes rows = {0};
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(LEVEL);
    if (!c)
        error_set(err, ERROR_MEMORY, "no memory to compress a picture");
    bool ok = c && filtered_rows(p, &rows, err);
    size_t bound = ok ? libdeflate_zlib_compress_bound(c, rows.size) : 0;
    ok = ok && bytes_reserve(out, sizeof signature + 4 * CHUNK_FRAME + 13 + 768 + bound, err);
    if (ok) {
        uint8_t *at = out->data;
        memcpy(at, signature, sizeof signature);
        at += sizeof signature;
        put_u32(at + 8, (uint32_t)p->width);
        put_u32(at + 12, (uint32_t)p->height);
        memcpy(at + 16, "\x08\x03\0\0", 5); /* 8 bits, palette, deflate, filters, not interlaced */
        at = end_chunk(at, "IHDR", 13);
        memcpy(at + 8, p->palette, 768);
        at = end_chunk(at, "PLTE", 768);
        at = end_chunk(at, "IDAT", libdeflate_zlib_compress(c, rows.data, rows.size, at + 8, bound));
        at = end_chunk(at, "IEND", 0);
        out->size = (size_t)(at - out->data);
    }
    if (c)
        libdeflate_free_compressor(c);
    bytes_free(&rows);
    return ok;
}
