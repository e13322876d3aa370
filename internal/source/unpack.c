/* unpack.c - files that arrive as .gz or .bz2, recognised by their first bytes, never by name.
 *
 * The size of the result is limited whatever the file claims: gzip's own field is only a first guess (it is
 * modulo 2^32 and may lie), bzip2 has none. Several streams in one file (pigz, pbzip2) are one content.
 */
#include "source/format.h"

#include <bzlib.h>
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* 2^28 pixels in two bytes each: above what any detector of FORMATS_INPUT 9 needs, below what hurts a node.
 */
#define UNPACKED_LIMIT ((size_t)512 << 20)

bool source_packed(const uint8_t *data, size_t n)
{
    return (n >= 3 && data[0] == 0x1f && data[1] == 0x8b && data[2] == 8) ||
           (n >= 4 && memcmp(data, "BZh", 3) == 0 && data[3] >= '1' && data[3] <= '9');
}

/* More room, contents kept; the memory of struct bytes is malloc's. */
static bool grow(struct bytes *b, size_t n, struct error *err)
{
    if (n <= b->room)
        return true;
    uint8_t *data = realloc(b->data, n);
    if (!data)
        return error_set(err, ERROR_MEMORY, "no memory for %s", COUNT(n, "byte"));
    b->data = data;
    b->room = n;
    return true;
}

static bool too_large(const char *path, struct error *err)
{
    error_set(err, ERROR_UNSUPPORTED, "%s unpacks to more than %zu MiB", path, UNPACKED_LIMIT >> 20);
    return error_hint(err, "an image that large is not read; is it an image at all?");
}

static bool more_room(struct bytes *out, const char *path, struct error *err)
{
    if (out->room >= UNPACKED_LIMIT)
        return too_large(path, err);
    size_t room = out->room < (1 << 20) ? 1 << 20 : out->room * 2;
    return grow(out, room < UNPACKED_LIMIT ? room : UNPACKED_LIMIT, err);
}

/* The fast library says only "bad data"; the slow one tells a cut file from a damaged one. */
static bool gzip_fails(const uint8_t *data, size_t n, const char *path, struct error *err)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)data, .avail_in = (uInt)(n < UINT32_MAX ? n : UINT32_MAX)};
    static const int gzip_only = 16 + MAX_WBITS;
    int status = inflateInit2(&z, gzip_only);
    Bytef scratch[16384];
    while (status == Z_OK) {
        z.next_out = scratch;
        z.avail_out = sizeof scratch;
        status = inflate(&z, Z_NO_FLUSH);
    }
    const char *why = z.msg ? z.msg : "";
    bool cut = status == Z_BUF_ERROR && z.avail_in == 0;
    if (cut)
        error_set(err, ERROR_TRUNCATED, "%s is cut: its gzip stream ends early", path);
    else
        error_set(err, ERROR_DAMAGED, "%s is damaged: its gzip stream cannot be unpacked", path);
    if (*why)
        error_detail(err, "%s", why);
    inflateEnd(&z);
    return false;
}

static bool gzip_member(struct libdeflate_decompressor *d, const uint8_t *data, size_t n, const char *path,
                        struct bytes *out, size_t *used, struct error *err)
{
    for (;;) {
        size_t got = 0;
        enum libdeflate_result result = libdeflate_gzip_decompress_ex(d, data, n, out->data + out->size,
                                                                      out->room - out->size, used, &got);
        if (result == LIBDEFLATE_SUCCESS) {
            out->size += got;
            return true;
        }
        if (result != LIBDEFLATE_INSUFFICIENT_SPACE)
            return gzip_fails(data, n, path, err);
        if (!more_room(out, path, err))
            return false;
    }
}

static bool gzip_unpack(const uint8_t *data, size_t n, const char *path, struct bytes *out, struct error *err)
{
    const uint8_t *tail = data + n - 4;
    size_t guess =
        n < 18 ? 0 : (size_t)tail[0] | (size_t)tail[1] << 8 | (size_t)tail[2] << 16 | (size_t)tail[3] << 24;
    size_t most = n * 1032; /* deflate cannot do better */
    guess = guess < most ? guess : most;
    guess = guess < UNPACKED_LIMIT ? guess : UNPACKED_LIMIT;
    if (!grow(out, guess ? guess : 1, err))
        return false;
    struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
    if (!d)
        return error_set(err, ERROR_MEMORY, "no memory for unpacking %s", path);
    bool ok = true;
    while (ok && n >= 2 && data[0] == 0x1f && data[1] == 0x8b) { /* what follows the last member is padding */
        size_t used = 0;
        ok = gzip_member(d, data, n, path, out, &used, err);
        data += used;
        n -= used;
    }
    libdeflate_free_decompressor(d);
    return ok;
}

/* Run one stream to its end; the state is the caller's to end. */
static bool bzip2_stream(bz_stream *z, const char *path, struct bytes *out, struct error *err)
{
    for (;;) {
        if (out->size == out->room && !more_room(out, path, err))
            return false;
        z->next_out = (char *)out->data + out->size;
        z->avail_out = (unsigned)(out->room - out->size);
        unsigned before = z->avail_in;
        int status = BZ2_bzDecompress(z);
        size_t got = out->room - out->size - z->avail_out;
        out->size += got;
        if (status == BZ_STREAM_END)
            return true;
        if (status != BZ_OK)
            return error_set(err, ERROR_DAMAGED, "%s is damaged: its bzip2 stream cannot be unpacked", path);
        if (z->avail_in == 0 && got == 0 && before == 0)
            return error_set(err, ERROR_TRUNCATED, "%s is cut: its bzip2 stream ends early", path);
    }
}

static bool bzip2_unpack(const uint8_t *data, size_t n, const char *path, struct bytes *out,
                         struct error *err)
{
    bz_stream z = {.next_in = (char *)(uintptr_t)data, .avail_in = (unsigned)n};
    bool ok = true;
    while (ok && z.avail_in >= 4 && memcmp(z.next_in, "BZh", 3) == 0) {
        bz_stream next = {.next_in = z.next_in, .avail_in = z.avail_in};
        if (BZ2_bzDecompressInit(&next, 0, 0) != BZ_OK)
            return error_set(err, ERROR_MEMORY, "no memory for unpacking %s", path);
        ok = bzip2_stream(&next, path, out, err);
        z.next_in = next.next_in;
        z.avail_in = next.avail_in;
        BZ2_bzDecompressEnd(&next);
    }
    return ok;
}

bool source_unpack(const uint8_t *data, size_t n, const char *path, struct bytes *out, struct error *err)
{
    if (n > UNPACKED_LIMIT)
        return too_large(path, err);
    out->size = 0;
    return data[0] == 'B' ? bzip2_unpack(data, n, path, out, err) : gzip_unpack(data, n, path, out, err);
}
