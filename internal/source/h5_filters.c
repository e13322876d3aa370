/* h5_filters.c - the filter pipeline of a chunk, backwards. Filters are rows of a table. */
#include "source/h5_pixels.h"

#include "kernels/decode_hdf5.h"

#include <libdeflate.h>
#include <string.h>

/* Room for intermediate results: what is stored may be somewhat larger than the chunk (noise that does not compress,
 * checksums); more than this is refused before it is read. */
static size_t half_room(size_t n_out)
{
    return 2 * n_out + 8192;
}

/* One step: n_src bytes to exactly n_dst, which the caller knows. tmp: n_dst bytes. */
struct step {
    const uint8_t *src;
    size_t n_src;
    uint8_t *dst;
    size_t n_dst;
    uint8_t *tmp;
    const struct h5_filter *filter;
    size_t pixel; /* bytes */
};

static enum hdf5_decode undo_deflate(const struct step *s)
{
    struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
    size_t used = 0, got = 0;
    enum libdeflate_result r =
        d ? libdeflate_zlib_decompress_ex(d, s->src, s->n_src, s->dst, s->n_dst, &used, &got)
          : LIBDEFLATE_BAD_DATA;
    libdeflate_free_decompressor(d);
    if (r == LIBDEFLATE_INSUFFICIENT_SPACE)
        return HDF5_DECODE_SIZE;
    if (r != LIBDEFLATE_SUCCESS)
        return HDF5_DECODE_STREAM;
    return got < s->n_dst ? HDF5_DECODE_SHORT : used < s->n_src ? HDF5_DECODE_LEFT_OVER : HDF5_DECODE_OK;
}

static enum hdf5_decode undo_byte_shuffle(const struct step *s)
{
    if (s->n_src != s->n_dst)
        return s->n_src < s->n_dst ? HDF5_DECODE_SHORT : HDF5_DECODE_LEFT_OVER;
    byte_planes_join(s->src, s->n_src, s->filter->n_values > 0 ? s->filter->values[0] : s->pixel, s->dst);
    return HDF5_DECODE_OK;
}

static enum hdf5_decode undo_fletcher32(const struct step *s)
{
    enum hdf5_decode state = fletcher32_check(s->src, s->n_src);
    if (state == HDF5_DECODE_OK && s->n_src - 4 != s->n_dst)
        state = s->n_src - 4 < s->n_dst ? HDF5_DECODE_SHORT : HDF5_DECODE_LEFT_OVER;
    if (state == HDF5_DECODE_OK)
        memcpy(s->dst, s->src, s->n_dst);
    return state;
}

static enum hdf5_decode undo_lz4(const struct step *s)
{
    return hdf5_lz4_decode(s->src, s->n_src, s->dst, s->n_dst);
}

static size_t element_of(const struct step *s)
{
    return s->filter->n_values > 2 && s->filter->values[2] > 0 ? s->filter->values[2] : s->pixel;
}

static enum hdf5_decode undo_bitshuffle(const struct step *s)
{
    size_t block = s->filter->n_values > 3 ? s->filter->values[3] : 0;
    if (s->filter->n_values > 4 && s->filter->values[4] == 2)
        return hdf5_bitshuffle_lz4_decode(s->src, s->n_src, s->dst, s->n_dst, element_of(s), s->tmp);
    return hdf5_bitshuffle_decode(s->src, s->n_src, s->dst, s->n_dst, element_of(s), block);
}

static const struct undo {
    uint32_t id;
    const char *name;
    enum hdf5_decode (*run)(const struct step *s);
    bool compresses; /* the size of what it was given cannot be told from its own */
    size_t adds;     /* bytes that writing added */
} UNDO[] = {
    {1, "deflate", undo_deflate, true, 0},
    {2, "byte shuffle", undo_byte_shuffle, false, 0},
    {3, "Fletcher32", undo_fletcher32, false, 4},
    {32004, "LZ4", undo_lz4, true, 0},
    {32008, "bitshuffle", undo_bitshuffle, false, 0},
};

static const struct undo *undo_of(uint32_t id)
{
    for (size_t i = 0; i < sizeof UNDO / sizeof *UNDO; i++) {
        if (UNDO[i].id == id)
            return &UNDO[i];
    }
    return NULL;
}

static bool compresses(const struct h5_filter *f)
{
    return undo_of(f->id)->compresses || (f->id == 32008 && f->n_values > 4 && f->values[4] != 0);
}

bool h5_filters_known(const struct h5_array *a, const char *name, struct error *err)
{
    size_t compressions = 0;
    for (size_t i = 0; i < a->n_filters; i++) {
        const struct h5_filter *f = &a->filters[i];
        if (!undo_of(f->id))
            return error_set(err, ERROR_UNSUPPORTED,
                             "%s: the pixels are behind HDF5 filter %u, which is not known", name, f->id),
                   error_hint(err, "known: deflate (1), byte shuffle (2), Fletcher32 (3), LZ4 (32004), "
                                   "bitshuffle (32008)");
        if (f->id == 32008 && f->n_values > 4 && f->values[4] != 0 && f->values[4] != 2)
            return error_set(err, ERROR_UNSUPPORTED,
                             "%s: bitshuffle with compression %u is not read, only LZ4", name, f->values[4]);
        if (compresses(f) && ++compressions > 1)
            return error_set(err, ERROR_UNSUPPORTED, "%s: two compressions one after the other are not read",
                             name);
    }
    return true;
}

size_t h5_chunk_work(size_t n_out)
{
    return 2 * half_room(n_out) + n_out + 64;
}

static enum error_code code_of(enum hdf5_decode state)
{
    return state == HDF5_DECODE_SHORT ? ERROR_TRUNCATED : ERROR_DAMAGED;
}

/* Bytes that must come out of undoing filter i: the chunk and the checksums that were added before it; or, when a
 * compression comes before it, what it was given without what it added. */
static size_t size_after(const struct h5_array *a, uint32_t mask, size_t i, size_t n_src, size_t n_out)
{
    size_t adds = undo_of(a->filters[i].id)->adds;
    for (size_t k = 0; k < i; k++) {
        if (mask >> k & 1)
            continue;
        if (compresses(&a->filters[k]))
            return n_src < adds ? 0 : n_src - adds;
        n_out += undo_of(a->filters[k].id)->adds;
    }
    return n_out;
}

bool h5_chunk_decode(const struct h5_array *a, uint32_t mask, const uint8_t *raw, size_t n_raw, uint8_t *out,
                     size_t n_out, uint8_t *work, const char *name, struct error *err)
{
    uint8_t *halves[2] = {work, work + half_room(n_out)}, *tmp = work + 2 * half_room(n_out);
    size_t left = 0, turn = 0, pixel = pixel_bytes((enum pixel_type)a->type);
    if (!h5_filters_known(a, name, err))
        return false;
    for (size_t i = 0; i < a->n_filters; i++)
        left += !(mask >> i & 1);
    if (n_raw > half_room(n_out))
        return error_set(err, ERROR_DAMAGED, "%s: its stored size of %s is impossible", name,
                         COUNT(n_raw, "byte"));
    if (left == 0) {
        if (n_raw != n_out)
            return error_set(err, n_raw < n_out ? ERROR_TRUNCATED : ERROR_DAMAGED,
                             "%s: %s are stored, %zu are a chunk", name, COUNT(n_raw, "byte"), n_out);
        memcpy(out, raw, n_out);
        return true;
    }
    for (size_t i = a->n_filters; i-- > 0;) {
        if (mask >> i & 1)
            continue;
        const struct undo *u = undo_of(a->filters[i].id);
        struct step s = {raw,
                         n_raw,
                         --left == 0 ? out : halves[turn],
                         size_after(a, mask, i, n_raw, n_out),
                         tmp,
                         &a->filters[i],
                         pixel};
        enum hdf5_decode state = u->run(&s);
        if (state != HDF5_DECODE_OK)
            return error_set(err, code_of(state), "%s: %s: %s", name, u->name, hdf5_decode_text(state));
        raw = s.dst;
        n_raw = s.n_dst;
        turn = 1 - turn;
    }
    return true;
}
