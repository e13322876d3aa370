/* records.h - tables in text files as people and their programs write them: CSV, TSV (with a line of names) and JSON lines, read a record at
 * a time, so that a file of any length takes no memory.
 *
 * Which it is, the first line says: JSON where it begins with "{", else columns separated by the one of tab, comma and semicolon that
 * stands in it first. CSV as RFC 4180: quotes around a field, doubled inside, and lines within it; CRLF and a byte order mark are fine,
 * blank lines and lines that begin with "#" are passed over. Of JSON, members that are texts, numbers, true, false, null.
 */
#ifndef XFELX_BASE_RECORDS_H
#define XFELX_BASE_RECORDS_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RECORDS_COLUMNS = 256, RECORDS_BYTES = 1 << 20 }; /* of a record at most */

struct records;

/* Open a regular file and read the names. ERROR_UNREADABLE, ERROR_USAGE (no names, one twice, too many). */
bool records_open(const char *path, struct records **out, struct error *err);
void records_close(struct records *r);

/* Names of the columns. JSON lines: those of the first record. */
size_t records_columns(const struct records *r);
const char *records_name(const struct records *r, size_t i);
int records_find(const struct records *r, const char *name); /* -1: none */

/* The next record: *more false at the end. A record that is none (a quote that never ends, more fields than names, no JSON, bytes that
 * are no UTF-8) is *wrong, one line in words, until the next call; else NULL. false: the file cannot be read. */
bool records_next(struct records *r, bool *more, const char **wrong, struct error *err);
uint64_t records_line(const struct records *r); /* where it began, from 1 */

/* A field of it, without blanks around it; "": it has none. Until the next call. */
const char *records_field(const struct records *r, size_t column);

#endif
