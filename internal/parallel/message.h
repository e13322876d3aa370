/* message.h - messages between ranks as bytes (STORE 6): a header of 32 bytes and a body, little-endian. Private to
 * parallel/. No MPI here: bytes in, bytes out, every length checked.
 */
#ifndef XFELX_PARALLEL_MESSAGE_H
#define XFELX_PARALLEL_MESSAGE_H

#include "base/base.h"

enum { MESSAGE_VERSION = 1, MESSAGE_HEADER = 32, MESSAGE_ROWS_MAX = 64 << 10 };
#define MESSAGE_MAX ((size_t)64 << 20) /* bytes of a body */

#define MESSAGE_TABLE(X)                                                                                       \
    X(HELLO, 1) /* r → all, at start: what must be the same everywhere, and where it runs */                 \
    X(ASK, 2)   /* r → 0: u32 threads, u32 of them free, u32 frames/s × 1000 */                             \
    X(GRANT, 3) /* 0 → r: u32 kind of work, u32 ttl ms, n × (u32 first, u32 count): frames of the list */   \
    X(RECALL, 4) /* 0 → r: it was away: others have its frames; those that it has not begun are forgotten */ \
    X(STOP, 5)   /* 0 → r: u32 why; r → 0: a signal came */                                                \
    X(ROWS, 6)   /* r → 0: u32 n, n × a result without its tables (rows.h) */                               \
    X(APPLIED,                                                                                                 \
      7) /* 0 → r: u32 n rows more are taken; u32 k of them are not used, k × (u32 source, u32 frame) */    \
    X(BYE, 8)      /* r → 0: files are written, nothing more comes; u64 ns busy, u64 ns idle */              \
    X(BEAT, 9)     /* r → 0, 0 → r, every 5 s: alive; u8 it hangs in a disk */                             \
    X(NOTE, 10)    /* r → 0: an error that ends the job: u32 code, fact, detail, hint */                     \
    X(END, 11)     /* 0 → r: u32 exit code; everything is over */                                            \
    X(SIGHT, 12)   /* r → 0: sighting of a frame of the survey */                                            \
    X(FINDING, 13) /* 0 → r: what the survey found */

#define X(name, number) MESSAGE_##name = number,
enum message_type { MESSAGE_TABLE(X) MESSAGE_END_OF_TABLE };
#undef X

struct message {
    enum message_type type;
    uint32_t from;
    uint64_t sequence;
    const uint8_t *body;
    size_t size;
};

/* ---- whole messages ---- */

/* Start a message in out (cleared): room for the header. message_close fills it in when the body is there. */
void message_open(struct str *out);
void message_close(struct str *out, enum message_type type, uint32_t from, uint64_t sequence);

/* Read one; the body points into data. ERROR_USAGE for another version, ERROR_INTERNAL for bytes that are none. */
bool message_read(const void *data, size_t n, struct message *out, struct error *err);

#endif
