/* str.c - growing text and small questions about text; see str.h. */
#include "base/str.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* As arena.c: no memory is the end, in one line. */
static void str_resize(struct str *s, size_t room)
{
    char *text = room > s->len ? realloc(s->text, room) : NULL;
    if (!text) {
        static const char line[] = "xfelx: out of memory (text)\n";
        if (write(STDERR_FILENO, line, sizeof line - 1) < 0) {
            /* nobody to tell */
        }
        _exit(1);
    }
    s->text = text;
    s->room = room;
}

static void str_grow(struct str *s, size_t more)
{
    if (more < s->room - s->len) /* room counts the NUL */
        return;
    size_t room = s->room ? s->room : 64;
    while (room <= s->len + more && room <= SIZE_MAX / 4)
        room *= 2;
    str_resize(s, room > s->len + more ? room : 0);
}

void str_reserve(struct str *s, size_t more)
{
    if (more >= s->room - s->len)
        str_resize(s, more < SIZE_MAX - s->len ? s->len + more + 1 : 0);
}

void str_addn(struct str *s, const char *text, size_t n)
{
    str_grow(s, n);
    if (n)
        memcpy(s->text + s->len, text, n);
    s->len += n;
    s->text[s->len] = 0;
}

void str_add(struct str *s, const char *text)
{
    str_addn(s, text, strlen(text));
}

void str_addc(struct str *s, char c)
{
    str_addn(s, &c, 1);
}

void str_printf(struct str *s, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n >= 0) {
        str_grow(s, (size_t)n);
        vsnprintf(s->text + s->len, (size_t)n + 1, format, again);
        s->len += (size_t)n;
    }
    va_end(again);
}

void str_clear(struct str *s)
{
    s->len = 0;
    if (s->text)
        s->text[0] = 0;
}

void str_free(struct str *s)
{
    free(s->text);
    *s = (struct str){0};
}

/* value in %e form with the fewest digits that read back to it (17 always do). The nearest decimal of that
 * length is meant; below a power of two doubles lie twice as dense as above it, so there the next decimal
 * away from zero may read back although the nearest one does not (2^-44: 5.684341886080802e-14). */
static int shortest(double value, char e[32])
{
    int unused;
    bool power_of_two = fabs(frexp(value, &unused)) == 0.5;
    for (int digits = 1;; digits++) {
        snprintf(e, 32, "%.*e", digits - 1, value);
        if (digits == 17 || strtod(e, NULL) == value)
            return digits;
        if (power_of_two && digits > 1) {
            char *last = strchr(e, 'e') - 1;
            /* a 9 that is counted up ends in 0: such a decimal was tried with fewer digits */
            if (*last < '9') {
                ++*last;
                if (strtod(e, NULL) == value)
                    return digits;
            }
        }
    }
}

/* As Python's repr: fixed notation when the decimal exponent is in -4 … 15, always with a point or an
 * exponent. The digits are moved as text: printing the value again could round differently. */
char *str_double(double value, char out[32])
{
    if (isnan(value))
        return strcpy(out, "nan");
    if (isinf(value))
        return strcpy(out, value < 0 ? "-inf" : "inf");
    char e[32];
    int digits = shortest(value, e);
    char *end = strchr(e, 'e');
    int exponent = (int)strtol(end + 1, NULL, 10);
    if (exponent < -4 || exponent >= 16) {
        snprintf(out, 32, "%.*se%c%02d", (int)(end - e), e, exponent < 0 ? '-' : '+', abs(exponent));
        return out;
    }
    char *put = out;
    const char *sign = e[0] == '-' ? "-" : "";
    const char *lead = e + strlen(sign), *rest = digits > 1 ? lead + 2 : end; /* d.ddd */
    put += sprintf(put, "%s", sign);
    if (exponent < 0)
        put += sprintf(put, "0.%.*s", -exponent - 1, "000");
    *put++ = *lead;
    for (int i = 0; i < exponent; i++)
        *put++ = rest < end ? *rest++ : '0';
    if (exponent >= 0)
        put += sprintf(put, ".%s", rest < end ? "" : "0");
    sprintf(put, "%.*s", (int)(end - rest), rest);
    return out;
}

bool str_to_double(const char *text, double *out)
{
    /* strtod takes leading blanks and "0x", "nan(…)"; a number in a file is plain */
    char c = text[0];
    if (!((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.' || c == 'i' || c == 'I' || c == 'n' ||
          c == 'N'))
        return false;
    if (strpbrk(text, "xX("))
        return false;
    char *end;
    errno = 0;
    double value = strtod(text, &end);
    if (end == text || *end || (errno == ERANGE && isinf(value)))
        return false;
    *out = value;
    return true;
}

bool str_to_i64(const char *text, int64_t *out)
{
    char c = text[0];
    if (!((c >= '0' && c <= '9') || c == '+' || c == '-'))
        return false;
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (end == text || *end || errno)
        return false;
    *out = value;
    return true;
}

bool str_starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *text, const char *suffix)
{
    size_t n = strlen(text), m = strlen(suffix);
    return n >= m && memcmp(text + n - m, suffix, m) == 0;
}

static int lower(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

bool str_same_nocase(const char *a, const char *b)
{
    while (*a && lower((unsigned char)*a) == lower((unsigned char)*b))
        a++, b++;
    return *a == *b;
}

int str_utf8(const char *text, uint32_t *code)
{
    const unsigned char *p = (const unsigned char *)text;
    if (p[0] < 0x80) {
        *code = p[0];
        return 1;
    }
    int n = p[0] >= 0xf0 && p[0] < 0xf8   ? 4
            : p[0] >= 0xe0 && p[0] < 0xf0 ? 3
            : p[0] >= 0xc2 && p[0] < 0xe0 ? 2
                                          : 0;
    if (!n)
        return 0;
    *code = p[0] & (0x7fu >> n);
    for (int i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        *code = *code << 6 | (p[i] & 0x3f);
    }
    bool bad = (n == 3 && *code < 0x800) || (n == 4 && (*code < 0x10000 || *code > 0x10ffff)) ||
               (*code >= 0xd800 && *code < 0xe000);
    return bad ? 0 : n;
}

/* Characters that have no place of their own but turn, join or hide others: marks and overrides of direction,
 * separators of lines and paragraphs, blanks of no width. Joiners (U+200C, U+200D) are left: scripts need them. */
static bool is_hidden(uint32_t code)
{
    return code == 0x061c || code == 0x200b || code == 0x200e || code == 0x200f ||
           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x2069) || code == 0xfeff;
}

char *str_visible(const char *text, char *out, size_t room)
{
    size_t n = 0;
    for (const char *p = text; *p && n + 5 <= room;) {
        uint32_t code = 0;
        int length = str_utf8(p, &code);
        if (length == 0 || code < 0x20 || (code >= 0x7f && code < 0xa0) || is_hidden(code)) {
            for (int i = 0; i < (length ? length : 1) && n + 5 <= room; i++)
                n += (size_t)snprintf(out + n, 5, "\\x%02x", (unsigned char)*p++);
        } else {
            memcpy(out + n, p, (size_t)length);
            n += (size_t)length;
            p += length;
        }
    }
    out[n] = 0;
    return out;
}

/* Optimal string alignment: Damerau-Levenshtein where a swapped pair is not edited again. Three rows are
 * enough. */
size_t str_distance(const char *a, const char *b)
{
    uint16_t rows[3][256];
    uint16_t *before = rows[0], *last = rows[1], *now = rows[2];
    size_t n = strnlen(a, 255), m = strnlen(b, 255);
    for (size_t j = 0; j <= m; j++)
        before[j] = last[j] = (uint16_t)j;
    for (size_t i = 1; i <= n; i++) {
        now[0] = (uint16_t)i;
        for (size_t j = 1; j <= m; j++) {
            int best = last[j - 1] + (a[i - 1] != b[j - 1]);
            if (last[j] + 1 < best)
                best = last[j] + 1;
            if (now[j - 1] + 1 < best)
                best = now[j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            now[j] = (uint16_t)best;
        }
        uint16_t *free_row = before;
        before = last, last = now, now = free_row;
    }
    return last[m];
}

char *str_count(uint64_t n, const char *thing, char out[COUNT_ROOM])
{
    snprintf(out, COUNT_ROOM, "%llu %s%s", (unsigned long long)n, thing, n == 1 ? "" : "s");
    return out;
}
