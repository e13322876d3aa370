/* sorted.h - rows in order: where one stands or would stand. The first member of a comparison is the key, the second a row; what it says
 * is as of strcmp. Rows of size bytes each; the key may be of another type than they are. */
#ifndef XFELX_BASE_SORTED_H
#define XFELX_BASE_SORTED_H

#include "base/arena.h"

#include <stdint.h>

typedef int sorted_compare(const void *key, const void *row);

/* The place of the first row that does not stand before the key; n: all do. Cost: log2(n) comparisons. */
size_t sorted_place(const void *key, const void *rows, size_t n, size_t size, sorted_compare *compare);

/* The first row that is equal to the key; NULL: none is. */
const void *sorted_find(const void *key, const void *rows, size_t n, size_t size, sorted_compare *compare);

/* Room for one more row at a place of n rows that were always grown by arena_grow. Returns the rows; the caller writes the one at the
 * place and counts it. */
void *sorted_open(struct arena *a, void *rows, size_t n, size_t size, size_t place);

/* For rows whose first member is the int64_t by which they stand; the key is one too. */
int sorted_by_i64(const void *key, const void *row);

#endif
