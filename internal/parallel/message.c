/* message.c - bytes of messages; see message.h. */
#include "parallel/message.h"

#include <string.h>

#define MAGIC 0x314D4658u /* "XFM1" */

/* ---- whole messages ---- */

void message_open(struct str *out)
{
    static const char room[MESSAGE_HEADER];
    str_clear(out);
    str_addn(out, room, sizeof room);
}

void message_close(struct str *out, enum message_type type, uint32_t from, uint64_t sequence)
{
    struct str header = {0};
    wire_u32(&header, MAGIC);
    wire_u16(&header, (uint16_t)type);
    wire_u16(&header, MESSAGE_VERSION);
    wire_u32(&header, from);
    wire_u32(&header, (uint32_t)(out->len - MESSAGE_HEADER));
    wire_u64(&header, 0); /* lease: not needed, frames have their keys */
    wire_u64(&header, sequence);
    memcpy(out->text, header.text, MESSAGE_HEADER);
    str_free(&header);
}

bool message_read(const void *data, size_t n, struct message *out, struct error *err)
{
    struct unwire g = {data, (const uint8_t *)data + n, false};
    uint32_t magic = unwire_u32(&g);
    uint16_t type = unwire_u16(&g), version = unwire_u16(&g);
    out->from = unwire_u32(&g);
    uint32_t size = unwire_u32(&g);
    unwire_u64(&g);
    out->sequence = unwire_u64(&g);
    if (g.bad || magic != MAGIC)
        return error_set(err, ERROR_INTERNAL, "bytes that are no message came from another rank");
    if (version != MESSAGE_VERSION) {
        error_set(err, ERROR_USAGE, "rank %u speaks version %u of the messages between ranks, this one %d",
                  out->from, version, MESSAGE_VERSION);
        return error_hint(err, "all ranks must run the same xfelx");
    }
    if (size != (size_t)(g.end - g.at))
        return error_set(err, ERROR_INTERNAL, "a message of rank %u has %s in place of %u", out->from,
                         COUNT((size_t)(g.end - g.at), "byte"), size);
    out->type = (enum message_type)type;
    out->body = g.at;
    out->size = size;
    return true;
}
