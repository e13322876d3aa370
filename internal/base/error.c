/* error.c - filling a struct error; see error.h. */
#include "base/error.h"

#include "base/str.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Is this byte inside a UTF-8 character, not its first? */
static bool inside(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* Format into a line of fixed size. What is too long loses its middle: it begins with a path and ends with what is wrong. */
static void line_format(char *out, size_t size, const char *format, va_list args)
{
    static const char gap[] = "…";
    char raw[5000], text[10000];
    vsnprintf(raw, sizeof raw, format, args);
    str_visible(raw, text, sizeof text);
    size_t n = strlen(text);
    if (n < size) {
        memcpy(out, text, n + 1);
        return;
    }
    size_t head = size / 3, tail = n - (size - head - sizeof gap);
    while (head && inside(text[head]))
        head--;
    while (inside(text[tail]))
        tail++;
    memcpy(out, text, head);
    memcpy(out + head, gap, sizeof gap - 1);
    memcpy(out + head + sizeof gap - 1, text + tail, n - tail + 1);
}

bool error_set(struct error *err, enum error_code code, const char *fact, ...)
{
    if (!err)
        return false;
    err->code = code;
    err->detail[0] = err->hint[0] = 0;
    va_list args;
    va_start(args, fact);
    line_format(err->fact, sizeof err->fact, fact, args);
    va_end(args);
    return false;
}

bool error_detail(struct error *err, const char *detail, ...)
{
    if (!err)
        return false;
    va_list args;
    va_start(args, detail);
    line_format(err->detail, sizeof err->detail, detail, args);
    va_end(args);
    return false;
}

bool error_hint(struct error *err, const char *hint, ...)
{
    if (!err)
        return false;
    va_list args;
    va_start(args, hint);
    line_format(err->hint, sizeof err->hint, hint, args);
    va_end(args);
    return false;
}

bool error_system(struct error *err, enum error_code code, const char *fact, ...)
{
    if (!err)
        return false;
    int number = errno;
    err->code = code;
    err->hint[0] = 0;
    va_list args;
    va_start(args, fact);
    line_format(err->fact, sizeof err->fact, fact, args);
    va_end(args);
    snprintf(err->detail, sizeof err->detail, "%s", strerror(number));
    return false;
}

char *error_line(const struct error *err, char *out, size_t size)
{
    size_t n = strlen(err->fact), detail = strlen(err->detail), hint = strlen(err->hint);
    detail = detail && n + 2 + detail < size ? detail : 0;
    hint = hint && n + 2 + detail + 3 + hint < size ? hint : 0;
    snprintf(out, size, "%s%s%.*s%s%.*s%s", err->fact, detail ? ": " : "", (int)detail, err->detail,
             hint ? " (" : "", (int)hint, err->hint, hint ? ")" : "");
    return out;
}
