/* error.c - filling a struct error; see error.h. */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Format into a line of fixed size. Control characters come from hostile names and would garble a terminal or
 * a log line: they are written as \xHH. Cutting never splits a UTF-8 character. */
static void line_format(char *out, size_t size, const char *format, va_list args)
{
    char text[1024];
    vsnprintf(text, sizeof text, format, args);
    size_t n = 0;
    for (const char *p = text; *p; p++) {
        unsigned char c = (unsigned char)*p;
        if (c < 0x20 || c == 0x7f) {
            if (n + 5 > size)
                break;
            n += (size_t)snprintf(out + n, 5, "\\x%02x", c);
        } else {
            if (n + 2 > size)
                break;
            out[n++] = *p;
        }
    }
    while (n + 8 > size && n && ((unsigned char)out[n - 1] & 0xc0) == 0x80)
        n--;
    if (n + 8 > size && n && ((unsigned char)out[n - 1] & 0xc0) == 0xc0)
        n--;
    out[n] = 0;
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
