/* wire.c - numbers and texts as bytes; see wire.h. */
#include "base/wire.h"

#include <string.h>

/* ---- writing ---- */

static void put(struct str *s, uint64_t v, int bytes)
{
    char out[8];
    for (int i = 0; i < bytes; i++)
        out[i] = (char)(v >> 8 * i & 0xff);
    str_addn(s, out, (size_t)bytes);
}

void wire_u8(struct str *s, uint8_t v)
{
    put(s, v, 1);
}

void wire_u16(struct str *s, uint16_t v)
{
    put(s, v, 2);
}

void wire_u32(struct str *s, uint32_t v)
{
    put(s, v, 4);
}

void wire_u64(struct str *s, uint64_t v)
{
    put(s, v, 8);
}

void wire_real(struct str *s, double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    put(s, bits, 8);
}

void wire_bytes(struct str *s, const void *data, size_t n)
{
    wire_u32(s, (uint32_t)n);
    if (n)
        str_addn(s, data, n);
}

void wire_text(struct str *s, const char *text)
{
    wire_u8(s, text != NULL);
    if (text)
        wire_bytes(s, text, strlen(text));
}

void wire_error(struct str *s, const struct error *e)
{
    wire_u32(s, e->code);
    wire_text(s, e->fact);
    wire_text(s, e->detail);
    wire_text(s, e->hint);
}

/* ---- reading ---- */

static uint64_t get(struct unwire *g, size_t bytes)
{
    uint64_t v = 0;
    if ((size_t)(g->end - g->at) < bytes) {
        g->bad = true;
        g->at = g->end;
        return 0;
    }
    for (size_t i = 0; i < bytes; i++)
        v |= (uint64_t)g->at[i] << 8 * i;
    g->at += bytes;
    return v;
}

uint8_t unwire_u8(struct unwire *g)
{
    return (uint8_t)get(g, 1);
}

uint16_t unwire_u16(struct unwire *g)
{
    return (uint16_t)get(g, 2);
}

uint32_t unwire_u32(struct unwire *g)
{
    return (uint32_t)get(g, 4);
}

uint64_t unwire_u64(struct unwire *g)
{
    return get(g, 8);
}

double unwire_real(struct unwire *g)
{
    uint64_t bits = get(g, 8);
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

const uint8_t *unwire_bytes(struct unwire *g, size_t *n)
{
    const uint8_t *at;
    *n = unwire_u32(g);
    if ((size_t)(g->end - g->at) < *n) {
        g->bad = true;
        g->at = g->end;
        *n = 0;
    }
    at = g->at;
    g->at += *n;
    return at;
}

char *unwire_text(struct unwire *g, struct arena *a)
{
    size_t n;
    if (!unwire_u8(g))
        return NULL;
    const uint8_t *bytes = unwire_bytes(g, &n);
    return arena_strndup(a, (const char *)bytes, n);
}

static void get_line(struct unwire *g, char *out, size_t room)
{
    size_t n = 0;
    const uint8_t *bytes = unwire_u8(g) ? unwire_bytes(g, &n) : NULL;
    n = n < room ? n : room - 1;
    if (n)
        memcpy(out, bytes, n);
    out[n] = 0;
}

void unwire_error(struct unwire *g, struct error *e)
{
    *e = (struct error){.code = (enum error_code)unwire_u32(g)};
    get_line(g, e->fact, sizeof e->fact);
    get_line(g, e->detail, sizeof e->detail);
    get_line(g, e->hint, sizeof e->hint);
}
