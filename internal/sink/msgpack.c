/* msgpack.c - shortest headers of MessagePack; see msgpack.h. */
#include "sink/msgpack.h"

#include <string.h>

/* A tag byte and then the lowest n bytes of value, highest first. */
static void add_tagged(struct str *out, unsigned tag, uint64_t value, int n)
{
    str_addc(out, (char)tag);
    while (n-- > 0)
        str_addc(out, (char)(value >> (8 * n) & 0xff));
}

/* Header of a thing of n parts: the short form holds n in its tag, the next ones in 1, 2 or 4 bytes; a tag of 0 says that
 * MessagePack has no such form. */
static void add_header(struct str *out, uint32_t n, unsigned short_tag, uint32_t short_limit,
                       const unsigned char tags[3])
{
    if (n < short_limit)
        add_tagged(out, short_tag | n, 0, 0);
    else if (n < 0x100 && tags[0])
        add_tagged(out, tags[0], n, 1);
    else if (n < 0x10000)
        add_tagged(out, tags[1], n, 2);
    else
        add_tagged(out, tags[2], n, 4);
}

void msgpack_array(struct str *out, uint32_t n)
{
    add_header(out, n, 0x90, 16, (const unsigned char[3]){0, 0xdc, 0xdd});
}

void msgpack_map(struct str *out, uint32_t n)
{
    add_header(out, n, 0x80, 16, (const unsigned char[3]){0, 0xde, 0xdf});
}

void msgpack_uint(struct str *out, uint64_t value)
{
    if (value > UINT32_MAX)
        add_tagged(out, 0xcf, value, 8);
    else
        add_header(out, (uint32_t)value, 0, 0x80, (const unsigned char[3]){0xcc, 0xcd, 0xce});
}

void msgpack_text(struct str *out, const char *text)
{
    size_t n = strlen(text);
    add_header(out, (uint32_t)n, 0xa0, 32, (const unsigned char[3]){0xd9, 0xda, 0xdb});
    str_addn(out, text, n);
}

void msgpack_bytes(struct str *out, uint32_t n)
{
    add_header(out, n, 0, 0, (const unsigned char[3]){0xc4, 0xc5, 0xc6});
}
