/* map_files.c - maps of numbers from NumPy arrays and from texts; see map.h. Every length is compared with what is left. */
#include "source/map.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- NumPy .npy: magic, version, length of the header, a Python dictionary as text, the numbers ---- */

enum { NPY_HEADER_MOST = 65536 };

// clang-format off
static const struct npy_type { const char *word; enum pixel_type type; } npy_types[] = {
    {"u1", PIXEL_U8}, {"i1", PIXEL_I8}, {"u2", PIXEL_U16}, {"i2", PIXEL_I16}, {"u4", PIXEL_U32}, {"i4", PIXEL_I32},
    {"f4", PIXEL_F32}, {"f8", PIXEL_F64},
};
// clang-format on

/* Where the value of a key begins. */
static const char *npy_value(const char *header, const char *key)
{
    const char *at = strstr(header, key);
    at = at ? strchr(at + strlen(key), ':') : NULL;
    return at ? at + 1 + strspn(at + 1, " ") : NULL;
}

static bool npy_shape(const char *header, struct map_content *out)
{
    uint64_t shape[8];
    size_t rank = 0;
    const char *at = npy_value(header, "'shape'");
    if (!at || *at++ != '(')
        return false;
    for (;;) {
        at += strspn(at, " ,");
        if (*at == ')')
            break;
        if (!isdigit((unsigned char)*at) || rank == 8)
            return false;
        char *end;
        shape[rank++] = strtoull(at, &end, 10);
        at = end;
    }
    if (rank == 0)
        shape[rank++] = 1;
    return map_extent(shape, rank, out);
}

static float npy_number(const uint8_t *p, enum pixel_type type, size_t bytes, bool swap)
{
    uint8_t raw[8];
    for (size_t i = 0; i < bytes; i++)
        raw[i] = p[swap ? bytes - 1 - i : i];
    return map_number(raw, type);
}

/* The header as text; *at: where the numbers begin. NULL: it is damaged. */
static char *npy_header(const uint8_t *data, size_t n, struct arena *a, size_t *at)
{
    bool wide = n > 6 && data[6] >= 2;
    size_t head = wide ? 12 : 10, length = 0;
    if (n < head || data[6] < 1 || data[6] > 3)
        return NULL;
    for (size_t i = head; i-- > 8;)
        length = length << 8 | data[i];
    if (length > NPY_HEADER_MOST || length > n - head)
        return NULL;
    *at = head + length;
    return arena_strndup(a, (const char *)data + head, length);
}

bool map_read_npy(const uint8_t *data, size_t n, const char *path, struct arena *a, struct map_content *out,
                  struct error *err)
{
    size_t at = 0, i = 0;
    const char *header = npy_header(data, n, a, &at);
    const char *type = header ? npy_value(header, "'descr'") : NULL;
    const char *order = header ? npy_value(header, "'fortran_order'") : NULL;
    if (!type || !order || *type != '\'' || strlen(type) < 5 || !npy_shape(header, out))
        return error_set(err, ERROR_DAMAGED, "%s: its header is damaged, or its shape none of an image",
                         path);
    while (i < sizeof npy_types / sizeof *npy_types && strncmp(type + 2, npy_types[i].word, 2) != 0)
        i++;
    if (i == sizeof npy_types / sizeof *npy_types || !strchr("<>|=", type[1]) || type[4] != '\'')
        return error_set(err, ERROR_UNSUPPORTED, "%s: numbers of type %.8s are not read", path, type);
    if (strncmp(order, "False", 5) != 0)
        return error_set(err, ERROR_UNSUPPORTED, "%s: columns are its first dimension", path),
               error_hint(err, "numpy.save of numpy.ascontiguousarray(map)");
    size_t bytes = pixel_bytes(npy_types[i].type);
    if (n - at != out->n * bytes)
        return error_set(err, n - at < out->n * bytes ? ERROR_TRUNCATED : ERROR_DAMAGED,
                         "%s has %zu bytes for %zu numbers", path, n - at, out->n);
    out->values = arena_array(a, out->n, sizeof *out->values);
    for (size_t k = 0; k < out->n; k++)
        out->values[k] = npy_number(data + at + k * bytes, npy_types[i].type, bytes, type[1] == '>');
    return true;
}

/* ---- texts ---- */

static bool text_line(char *line, const char *path, size_t number, struct arena *a, struct map_content *out,
                      struct error *err)
{
    char *words[3], *save = NULL;
    size_t n = 0;
    double v;
    line[strcspn(line, "#")] = 0;
    for (char *w = strtok_r(line, " \t\r,", &save); w && n < 3; w = strtok_r(NULL, " \t\r,", &save))
        words[n++] = w;
    if (n == 0)
        return true;
    bool named = n == 2;
    if (n > 2 || !str_to_double(words[n - 1], &v) || (out->n && named != (out->names != NULL)) ||
        out->n >= 65536)
        return error_set(err, ERROR_UNREADABLE,
                         "%s line %zu: a number, or a panel's name and a number, stands here", path, number),
               error_hint(err, "maps of pixels are HDF5 datasets (FILE:/DATASET) or NumPy .npy arrays");
    if (named) {
        out->names = arena_grow(a, out->names, out->n, sizeof *out->names);
        out->names[out->n] = arena_strdup(a, words[0]);
    }
    out->values = arena_grow(a, out->values, out->n, sizeof *out->values);
    out->values[out->n++] = (float)v;
    return true;
}

bool map_read_text(const uint8_t *data, size_t n, const char *path, struct arena *a, struct map_content *out,
                   struct error *err)
{
    size_t number = 0;
    *out = (struct map_content){0};
    for (size_t at = 0; at < n;) {
        const uint8_t *stop = memchr(data + at, '\n', n - at);
        size_t length = stop ? (size_t)(stop - (data + at)) : n - at;
        char line[512];
        number++;
        if (length >= sizeof line || memchr(data + at, 0, length))
            return error_set(err, ERROR_UNREADABLE,
                             "%s is neither an HDF5 file, a NumPy array nor a text of numbers", path);
        memcpy(line, data + at, length);
        line[length] = 0;
        if (!text_line(line, path, number, a, out, err))
            return false;
        at += length + 1;
    }
    return out->n > 0 || error_set(err, ERROR_EMPTY, "%s has no numbers", path);
}
