/* sort.h - sorting in place, without memory of its own. */
#ifndef XFELX_KERNELS_SORT_H
#define XFELX_KERNELS_SORT_H

#include <stddef.h>

enum { SORT_MAX_SIZE = 512 };

/* Heap sort of n elements of `size` bytes (at most SORT_MAX_SIZE; larger ones are left alone). compare as for
 * qsort; it must be a total order, for the sort is not stable. O(n log n) always. */
void sort_heap(void *base, size_t n, size_t size, int (*compare)(const void *, const void *));

/* The same for numbers, smallest first. There must be no NaN among them. */
void sort_doubles(double *values, size_t n);

#endif
