/* source.c - texts as they come from outside: checked once, and places in them for messages; see phil.h. */
#include "param/phil.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { SHOWN_BEFORE = 120, SHOWN_AFTER = 60 }; /* bytes of a line that a message shows around its place */

/* Length of the valid UTF-8 character at p, 0 when there is none: no overlong forms, surrogates or numbers past U+10FFFF
 * (Unicode 15, table 3-7). */
static size_t utf8_length(const unsigned char *p, size_t n)
{
    if (p[0] < 0x80)
        return 1;
    size_t length = p[0] >= 0xc2 && p[0] <= 0xdf   ? 2
                    : p[0] >= 0xe0 && p[0] <= 0xef ? 3
                    : p[0] >= 0xf0 && p[0] <= 0xf4 ? 4
                                                   : 0;
    if (!length || n < length)
        return 0;
    unsigned char lo = p[0] == 0xe0 ? 0xa0 : p[0] == 0xf0 ? 0x90 : 0x80;
    unsigned char hi = p[0] == 0xed ? 0x9f : p[0] == 0xf4 ? 0x8f : 0xbf;
    if (p[1] < lo || p[1] > hi)
        return 0;
    for (size_t i = 2; i < length; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    return length;
}

const struct phil_source *phil_source(struct arena *a, const char *name, bool is_file, const char *text,
                                      size_t n, struct error *err)
{
    if (n > PHIL_FILE_MAX) {
        error_set(err, ERROR_USAGE, "%s: %s are no parameters", name, COUNT(n, "byte"));
        error_hint(err, "parameter files may have up to %d MiB", PHIL_FILE_MAX >> 20);
        return NULL;
    }
    if (n >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) /* byte order mark of some editors */
        text += 3, n -= 3;
    size_t line = 1;
    for (size_t i = 0; i < n;) {
        size_t length = text[i] ? utf8_length((const unsigned char *)text + i, n - i) : 0;
        if (!length) {
            error_set(err, ERROR_USAGE,
                      text[i] ? "%s:%zu: byte 0x%02x is not UTF-8 text" : "%s:%zu: a NUL byte (0x%02x)", name,
                      line, (unsigned char)text[i]);
            error_hint(err, "parameter files are plain text; save it as UTF-8");
            return NULL;
        }
        line += text[i] == '\n';
        i += length;
    }
    struct phil_source *s = arena_alloc(a, sizeof *s);
    *s = (struct phil_source){.name = arena_strdup(a, name),
                              .text = arena_strndup(a, text, n),
                              .n = n,
                              .is_file = is_file,
                              .steps = arena_alloc(a, sizeof(uint64_t))};
    return s;
}

const struct phil_source *phil_source_file(struct arena *a, const char *path, struct error *err)
{
    struct bytes bytes = {0};
    const struct phil_source *s = NULL;
    if (fs_read(path, PHIL_FILE_MAX, &bytes, err))
        s = phil_source(a, path, true, bytes.size ? (const char *)bytes.data : "", bytes.size, err);
    bytes_free(&bytes);
    return s;
}

const char *phil_place_text(struct arena *a, struct phil_place place)
{
    if (!place.source)
        return "built-in";
    if (!place.source->is_file)
        return place.source->name;
    return arena_printf(a, "%s:%u", place.source->name, place.line);
}

/* The line around a place with ^ before the character meant, as the detail of *err. */
static void show_line(struct error *err, struct phil_place place)
{
    const char *text = place.source->text, *at = text + place.offset;
    const char *from = at, *to = at;
    while (from > text && from[-1] != '\n' && at - from < SHOWN_BEFORE)
        from--;
    while (from < at && ((unsigned char)*from & 0xc0) == 0x80)
        from++;
    while (*to && *to != '\n' && to - at < SHOWN_AFTER)
        to++;
    while (to > at && ((unsigned char)*to & 0xc0) == 0x80)
        to--;
    error_detail(err, "%.*s^%.*s", (int)(at - from), from, (int)(to - at), at);
}

bool phil_error(struct error *err, struct phil_place place, const char *fact, ...)
{
    char text[400];
    va_list args;
    va_start(args, fact);
    vsnprintf(text, sizeof text, fact, args);
    va_end(args);
    if (!place.source)
        return error_set(err, ERROR_INTERNAL, "built-in parameters: %s", text);
    if (!place.source->is_file) {
        error_set(err, ERROR_USAGE, "%s: %s", place.source->name, text);
    } else {
        size_t column = 1;
        for (const char *p = place.source->text + place.offset; p > place.source->text && p[-1] != '\n'; p--)
            column += ((unsigned char)p[-1] & 0xc0) != 0x80;
        error_set(err, ERROR_USAGE, "%s:%u:%zu: %s", place.source->name, place.line, column, text);
    }
    show_line(err, place);
    return false;
}
