/* wire.h - numbers and texts as little-endian bytes, for what crosses a process boundary: messages between ranks, what rank 0
 * read for the others. Reading checks every length, so that broken bytes can at worst be refused.
 *
 *     wire_u32(&out, n); wire_text(&out, path);                    // appended to a str, which holds bytes here
 *     struct unwire g = {data, data + size, false};
 *     n = unwire_u32(&g); path = unwire_text(&g, &arena);
 *     if (g.bad) …                                               // one question for all of them
 */
#ifndef XFELX_BASE_WIRE_H
#define XFELX_BASE_WIRE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

/* ---- writing: bytes are appended to a str ---- */

void wire_u8(struct str *s, uint8_t v);
void wire_u16(struct str *s, uint16_t v);
void wire_u32(struct str *s, uint32_t v);
void wire_u64(struct str *s, uint64_t v);
void wire_real(struct str *s, double v);
void wire_bytes(struct str *s, const void *data, size_t n); /* u32 length, then the bytes */
void wire_text(struct str *s, const char *text);            /* NULL is told from "" */
void wire_error(struct str *s, const struct error *e);

/* ---- reading: past the end every value is 0 and bad is set ---- */

struct unwire {
    const uint8_t *at, *end;
    bool bad;
};
uint8_t unwire_u8(struct unwire *g);
uint16_t unwire_u16(struct unwire *g);
uint32_t unwire_u32(struct unwire *g);
uint64_t unwire_u64(struct unwire *g);
double unwire_real(struct unwire *g);
const uint8_t *unwire_bytes(struct unwire *g, size_t *n);
/* in the arena; NULL when it was NULL */
char *unwire_text(struct unwire *g, struct arena *a);
void unwire_error(struct unwire *g, struct error *e);

#endif
