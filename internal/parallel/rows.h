/* rows.h - what the store needs of a result as bytes: everything but spots and reflections, which stay with the rank that
 * writes its files. Private to parallel/. */
#ifndef XFELX_PARALLEL_ROWS_H
#define XFELX_PARALLEL_ROWS_H

#include "model/model.h"
#include "source/source.h"

/* Append a result; at most some 13 KiB. */
void rows_put(struct str *out, const struct result *r);

/* Read one back, in one block of memory (free() it); path and the like come from the list. NULL: bytes that are none (g->bad),
 * a frame that is not in the list, or no memory. */
struct result *rows_get(struct unwire *g, const struct source_list *l);

#endif
