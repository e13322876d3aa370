/* secret.h - passwords and tokens in files that only their owner can read. */
#ifndef XFELX_BASE_SECRET_H
#define XFELX_BASE_SECRET_H

#include "base/error.h"
#include "base/fs.h"
#include "base/str.h"

/* The first line of a file, without its end. Refused (ERROR_USAGE) when somebody else may read or write it: mode 0600 or less of
 * our own or root's file, or 0440 of root's, as mounted secrets are. Links are followed (mounted secrets are links); what is
 * looked at is the file that is read. Refused too: more than 64 KiB, an empty line, control characters. Read anew at each call,
 * because tokens are renewed. out is cleared first. */
bool secret_read(const char *path, struct str *out, struct error *err);

/* The whole file, at most `most` bytes of any kind, under the same conditions. Who is done with it overwrites it (explicit_bzero). */
bool secret_read_all(const char *path, size_t most, struct bytes *out, struct error *err);

#endif
