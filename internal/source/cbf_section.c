/* cbf_section.c - a binary section of a CBF file from its MIME header to pixels. Every length is checked
 * against what is there before it is believed: sizes, counts and dimensions are three statements of the same
 * thing and have to agree.
 */
#include "source/cbf_section.h"

#include "kernels/decode_cbf.h"

#include <stdlib.h>
#include <string.h>

enum { HEADER_LIMIT = 65536, SIDE_LIMIT = 65536 };
#define ELEMENT_LIMIT ((uint64_t)1 << 28)

/* Element types by the words of the header, for plain (uncompressed) sections. */
static const struct {
    const char *words;
    enum pixel_type type;
    bool integer32; /* what the two compressions hold */
} element_types[] = {
    {"signed 32-bit integer", PIXEL_I32, true},    {"unsigned 32-bit integer", PIXEL_U32, true},
    {"signed 16-bit integer", PIXEL_I16, false},   {"unsigned 16-bit integer", PIXEL_U16, false},
    {"signed 8-bit integer", PIXEL_I8, false},     {"unsigned 8-bit integer", PIXEL_U8, false},
    {"signed 32-bit real IEEE", PIXEL_F32, false}, {"signed 64-bit real IEEE", PIXEL_F64, false},
};
enum { ELEMENT_TYPES = sizeof element_types / sizeof *element_types };

size_t pixel_size(enum pixel_type type)
{
    static const uint8_t sizes[PIXEL_TYPES] = {
        [PIXEL_U8] = 1,  [PIXEL_I8] = 1,  [PIXEL_U16] = 2, [PIXEL_I16] = 2,
        [PIXEL_U32] = 4, [PIXEL_I32] = 4, [PIXEL_F32] = 4, [PIXEL_F64] = 8};
    return sizes[type];
}

/* ---- header ---- */

/* Standard base64 of exactly 16 bytes: 22 digits and "==". Anything else counts as no checksum. */
static bool base64_md5(const char *text, uint8_t out[16])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if (strlen(text) != 24 || strcmp(text + 22, "==") != 0)
        return false;
    uint32_t bits = 0;
    for (unsigned i = 0, n = 0, have = 0; i < 22; i++) {
        const char *d = text[i] ? strchr(digits, text[i]) : NULL;
        if (!d)
            return false;
        bits = bits << 6 | (uint32_t)(d - digits);
        have += 6;
        if (have >= 8 && n < 16) {
            have -= 8;
            out[n++] = (uint8_t)(bits >> have);
        }
    }
    return true;
}

/* Value without blanks and quotes around it. */
static void trim(char *text)
{
    size_t n = strlen(text), from = 0;
    while (n > 0 && strchr(" \t\r;\"", text[n - 1]))
        n--;
    while (from < n && strchr(" \t\"", text[from]))
        from++;
    memmove(text, text + from, n - from);
    text[n - from] = 0;
}

static bool take_number(const char *name, const char *text, const char *path, uint64_t *out,
                        struct error *err)
{
    int64_t value;
    if (!str_to_i64(text, &value) || value < 0)
        return error_set(err, ERROR_DAMAGED, "%s: %s of a binary section is no number: \"%.40s\"", path, name,
                         text);
    *out = (uint64_t)value;
    return true;
}

/* conversions="x-CBF_PACKED"; "uncorrelated_sections" … from a Content-Type and its continuation lines. */
static void take_conversions(struct cbf_section *s, const char *value)
{
    const char *at = strstr(value, "conversions=");
    if (!at)
        return;
    at += strlen("conversions=");
    size_t n = 0;
    for (; *at && n + 1 < sizeof s->conversions; at++)
        if (*at != '"')
            s->conversions[n++] = *at;
    s->conversions[n] = 0;
    trim(s->conversions);
}

static bool take_field(struct cbf_section *s, const char *name, char *value, const char *path, bool *sized,
                       struct error *err)
{
    static const char *const sides[3] = {"X-Binary-Size-Fastest-Dimension", "X-Binary-Size-Second-Dimension",
                                         "X-Binary-Size-Third-Dimension"};
    if (str_same_nocase(name, "Content-Type"))
        return take_conversions(s, value), true;
    trim(value);
    for (int i = 0; i < 3; i++)
        if (str_same_nocase(name, sides[i]))
            return take_number(name, value, path, &s->size_of[i], err);
    if (str_same_nocase(name, "X-Binary-Number-of-Elements"))
        return take_number(name, value, path, &s->elements, err);
    if (str_same_nocase(name, "X-Binary-Size")) {
        uint64_t size = 0;
        if (!take_number(name, value, path, &size, err))
            return false;
        s->size = size < SIZE_MAX / 2 ? (size_t)size : SIZE_MAX / 2;
        *sized = true;
    } else if (str_same_nocase(name, "X-Binary-Element-Type")) {
        strncpy(s->element_type, value, sizeof s->element_type - 1);
    } else if (str_same_nocase(name, "X-Binary-Element-Byte-Order")) {
        s->big_endian = str_same_nocase(value, "BIG_ENDIAN");
    } else if (str_same_nocase(name, "Content-MD5")) {
        s->has_md5 = base64_md5(value, s->md5);
    }
    return true;
}

/* One header line with its continuations (lines that begin with a blank), as text without line ends. NULL:
 * the file ends. */
static const uint8_t *take_line(const uint8_t *at, const uint8_t *end, char *out, size_t room)
{
    size_t n = 0;
    bool more = true;
    while (more) {
        const uint8_t *stop = memchr(at, '\n', (size_t)(end - at));
        if (!stop || stop + 1 == end)
            return NULL;
        for (; at < stop; at++)
            if (*at != '\r' && n + 1 < room)
                out[n++] = *at ? (char)*at : ' ';
        at = stop + 1;
        more = n > 0 && (*at == ' ' || *at == '\t');
    }
    out[n] = 0;
    return at;
}

bool cbf_section_parse(const uint8_t *data, size_t n, const char *path, struct cbf_section *out, size_t *used,
                       struct error *err)
{
    static const uint8_t magic[4] = {0x0c, 0x1a, 0x04, 0xd5};
    const uint8_t *at = data, *end = data + n;
    char line[1024];
    bool sized = false;
    *out = (struct cbf_section){.size_of = {0, 1, 1}};
    for (bool first = true;; first = false) {
        at = take_line(at, end, line, sizeof line);
        if (!at)
            return error_set(err, ERROR_TRUNCATED, "%s ends inside the header of a binary section", path);
        if (at - data > HEADER_LIMIT)
            return error_set(err, ERROR_DAMAGED, "%s: the header of a binary section does not end", path);
        char *colon = strchr(line, ':');
        if (line[0] == 0)
            break;
        if (first || !colon)
            continue;
        *colon = 0;
        if (!take_field(out, line, colon + 1, path, &sized, err))
            return false;
    }
    if (end - at < 4)
        return error_set(err, ERROR_TRUNCATED, "%s ends before the first byte of a binary section", path);
    if (memcmp(at, magic, 4) != 0)
        return error_set(err, ERROR_DAMAGED, "%s: a binary section does not begin with its four mark bytes",
                         path);
    if (!sized)
        return error_set(err, ERROR_DAMAGED, "%s: a binary section without X-Binary-Size", path);
    at += 4;
    out->data = at;
    out->available = (size_t)(end - at) < out->size ? (size_t)(end - at) : out->size;
    *used = (size_t)(at - data) + out->available;
    return true;
}

/* ---- decoding ---- */

enum compression { PLAIN, PACKED, PACKED_V2, BYTE_OFFSET, OTHER };

static enum compression compression_of(const struct cbf_section *s)
{
    size_t n = strcspn(s->conversions, "; \t");
    char word[64];
    memcpy(word, s->conversions, n);
    word[n] = 0;
    if (n == 0 || str_same_nocase(word, "x-CBF_NONE"))
        return PLAIN;
    if (str_same_nocase(word, "x-CBF_PACKED"))
        return PACKED;
    if (str_same_nocase(word, "x-CBF_PACKED_V2"))
        return PACKED_V2;
    return str_same_nocase(word, "x-CBF_BYTE_OFFSET") ? BYTE_OFFSET : OTHER;
}

static bool find_type(const struct cbf_section *s, const char *path, enum compression how,
                      enum pixel_type *type, struct error *err)
{
    if (how == OTHER) {
        error_set(err, ERROR_UNSUPPORTED, "%s: compression %s is not read", path, s->conversions);
        return error_hint(err, "x-CBF_PACKED, x-CBF_PACKED_V2, x-CBF_BYTE_OFFSET and none are");
    }
    size_t i = 0;
    while (i < ELEMENT_TYPES && !str_same_nocase(s->element_type, element_types[i].words))
        i++;
    if (s->element_type[0] == 0)
        i = 0; /* CBFlib's own default */
    if (i == ELEMENT_TYPES || (how != PLAIN && !element_types[i].integer32))
        return error_set(err, ERROR_UNSUPPORTED, "%s: elements \"%s\" with compression \"%s\" are not read",
                         path, s->element_type, s->conversions);
    if (s->big_endian)
        return error_set(err, ERROR_UNSUPPORTED, "%s: BIG_ENDIAN elements are not read", path);
    *type = element_types[i].type;
    return true;
}

/* Fewest bytes that n elements can take: a hostile header must not make us reserve a gigabyte for a few
 * bytes. */
static uint64_t fewest_bytes(enum compression how, enum pixel_type type, uint64_t n)
{
    if (how == BYTE_OFFSET)
        return n;
    return how == PLAIN ? n * pixel_size(type) : 32 + n / 128 * 6 / 8; /* blocks of 128 zeros in 6 bits */
}

bool cbf_section_shape(const struct cbf_section *s, const char *path, size_t size_of[3],
                       enum pixel_type *type, struct error *err)
{
    enum compression how = compression_of(s);
    if (!find_type(s, path, how, type, err))
        return false;
    uint64_t n = 1;
    for (int i = 0; i < 3; i++) {
        if (s->size_of[i] < 1 || s->size_of[i] > SIDE_LIMIT)
            return error_set(err, ERROR_DAMAGED, "%s: a binary section states impossible dimensions", path),
                   error_detail(err, "%llu x %llu x %llu", (unsigned long long)s->size_of[0],
                                (unsigned long long)s->size_of[1], (unsigned long long)s->size_of[2]);
        size_of[i] = (size_t)s->size_of[i];
        n *= s->size_of[i];
    }
    if (n > ELEMENT_LIMIT)
        return error_set(err, ERROR_DAMAGED,
                         "%s: a binary section of %llu elements is more than a detector has", path,
                         (unsigned long long)n);
    if (s->elements && s->elements != n)
        return error_set(err, ERROR_DAMAGED,
                         "%s: a binary section states %llu elements, its dimensions give %llu", path,
                         (unsigned long long)s->elements, (unsigned long long)n);
    if (s->size < fewest_bytes(how, *type, n))
        return error_set(err, ERROR_DAMAGED, "%s: %s cannot hold %llu elements", path, COUNT(s->size, "byte"),
                         (unsigned long long)n);
    return true;
}

bool cbf_section_decode(const struct cbf_section *s, const char *path, void *out, struct error *err)
{
    size_t size_of[3];
    enum pixel_type type;
    if (!cbf_section_shape(s, path, size_of, &type, err))
        return false;
    if (s->available < s->size)
        return error_set(err, ERROR_TRUNCATED, "%s ends early: a binary section has %zu of its %s", path,
                         s->available, COUNT(s->size, "byte"));
    uint8_t sum[16];
    if (s->has_md5 && (md5(s->data, s->size, sum), memcmp(sum, s->md5, 16) != 0))
        return error_set(err, ERROR_DAMAGED, "%s: the checksum (MD5) of a binary section is wrong", path);

    enum compression how = compression_of(s);
    size_t n = size_of[0] * size_of[1] * size_of[2];
    enum cbf_status status = CBF_OK;
    if (how == PLAIN) {
        memcpy(out, s->data, n * pixel_size(type)); /* little-endian, as every machine this runs on */
    } else if (how == BYTE_OFFSET) {
        status = decode_cbf_byte_offset(s->data, s->size, out, n);
    } else {
        struct cbf_packed shape = {size_of[0], size_of[1], size_of[2], .v2 = how == PACKED_V2};
        shape.uncorrelated = strstr(s->conversions, "uncorrelated") != NULL;
        shape.flat = strstr(s->conversions, "flat") != NULL;
        status = decode_cbf_packed(s->data, s->size, &shape, out);
    }
    if (status == CBF_SHORT)
        return error_set(err, ERROR_DAMAGED, "%s: a binary section's stream ends before its last element",
                         path);
    if (status == CBF_COUNT)
        return error_set(err, ERROR_DAMAGED, "%s: a binary section's stream has another number of elements",
                         path);
    if (status == CBF_SHAPE)
        return error_set(err, ERROR_UNSUPPORTED, "%s: rows of one element cannot be packed", path);
    return true;
}
