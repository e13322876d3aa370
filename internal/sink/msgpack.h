/* msgpack.h - the few forms of MessagePack that reflection tables need, each in its shortest header (FORMATS 2.1).
 *
 * Bytes are appended to a struct str, which never fails. Headers are big-endian; what follows a bin header is the caller's.
 */
#ifndef XFELX_SINK_MSGPACK_H
#define XFELX_SINK_MSGPACK_H

#include "base/base.h"

void msgpack_array(struct str *out, uint32_t n); /* n objects follow */
void msgpack_map(struct str *out, uint32_t n);   /* n pairs of key and value follow */
void msgpack_uint(struct str *out, uint64_t value);
void msgpack_text(struct str *out, const char *text); /* shorter than 2^32 bytes */
void msgpack_bytes(struct str *out, uint32_t n);      /* header of bin; n bytes follow */

#endif
