/* pickle_literal.c - numbers and texts in the program of a pickle, of all protocols. */
#include "source/pickle_machine.h"

#include <string.h>

bool pickle_take(struct pickle_machine *m, unsigned n, uint64_t *out)
{
    if ((size_t)(m->end - m->at) < n)
        return pickle_cut(m);
    *out = 0;
    for (unsigned i = 0; i < n; i++)
        *out |= (uint64_t)m->at[i] << 8 * i;
    m->at += n;
    return true;
}

/* A line of protocol 0 without its end. */
bool pickle_take_line(struct pickle_machine *m, const uint8_t **line, size_t *n)
{
    const uint8_t *stop = memchr(m->at, '\n', (size_t)(m->end - m->at));
    if (!stop)
        return pickle_cut(m);
    *line = m->at;
    *n = (size_t)(stop - m->at);
    m->at = stop + 1;
    return true;
}

/* A decimal line: "12", "12L", "01" and "00" for true and false. */
bool pickle_take_decimal(struct pickle_machine *m, int64_t *value, bool *truth)
{
    const uint8_t *line = NULL;
    size_t n = 0;
    char text[24];
    if (!pickle_take_line(m, &line, &n))
        return false;
    if (n > 0 && line[n - 1] == 'L')
        n--;
    if (n == 0 || n >= sizeof text)
        return pickle_broken(m);
    memcpy(text, line, n);
    text[n] = 0;
    *truth = n == 2 && text[0] == '0';
    return str_to_i64(text, value) || pickle_broken(m);
}

bool pickle_take_text(struct pickle_machine *m, unsigned length_bytes)
{
    uint64_t n = 0;
    if (!pickle_take(m, length_bytes, &n))
        return false;
    if (n > (uint64_t)(m->end - m->at))
        return pickle_cut(m);
    m->at += n;
    return pickle_push_bytes(m, m->at - n, (size_t)n);
}

static int hex_digits(const uint8_t *at, const uint8_t *end, int n)
{
    int value = 0;
    for (int i = 0; i < n; i++) {
        if (at + i >= end)
            return -1;
        int c = at[i] | 0x20;
        int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (digit < 0)
            return -1;
        value = value << 4 | digit;
    }
    return value;
}

static void put_utf8(uint8_t *out, size_t *n, int code)
{
    if (code < 0x80) {
        out[(*n)++] = (uint8_t)code;
    } else {
        out[(*n)++] = (uint8_t)(0xc0 | code >> 6);
        out[(*n)++] = (uint8_t)(0x80 | (code & 0x3f));
    }
}

/* V: raw-unicode-escape, made to UTF-8 as the other protocols have it. Only characters of one byte occur in masks. */
bool pickle_take_raw_unicode(struct pickle_machine *m)
{
    const uint8_t *line = NULL;
    size_t n = 0, made = 0;
    if (!pickle_take_line(m, &line, &n))
        return false;
    uint8_t *out = arena_alloc(m->arena, 2 * n);
    for (size_t i = 0; i < n; i++) {
        int code = line[i];
        if (code == '\\' && i + 1 < n && line[i + 1] == 'u') {
            code = hex_digits(line + i + 2, line + n, 4);
            i += 5;
        }
        if (code < 0 || code > 0xff)
            return pickle_broken(m);
        put_utf8(out, &made, code);
    }
    return pickle_push_bytes(m, out, made);
}

/* S: a Python 2 string in quotes, as repr writes it; bytes. */
bool pickle_take_quoted(struct pickle_machine *m)
{
    static const char letters[] = "nrt\\'\"", meant[] = "\n\r\t\\'\"";
    const uint8_t *line = NULL;
    size_t n = 0, made = 0;
    if (!pickle_take_line(m, &line, &n))
        return false;
    if (n < 2 || (line[0] != '\'' && line[0] != '"') || line[n - 1] != line[0])
        return pickle_broken(m);
    uint8_t *out = arena_alloc(m->arena, n);
    for (size_t i = 1; i + 1 < n; i++) {
        if (line[i] != '\\') {
            out[made++] = line[i];
            continue;
        }
        const char *letter = ++i + 1 < n && line[i] ? strchr(letters, line[i]) : NULL;
        int code = letter ? meant[letter - letters] : -1;
        if (!letter && i + 1 < n && line[i] == 'x') {
            code = hex_digits(line + i + 1, line + n - 1, 2);
            i += 2;
        }
        if (code < 0)
            return pickle_broken(m);
        out[made++] = (uint8_t)code;
    }
    return pickle_push_bytes(m, out, made);
}
