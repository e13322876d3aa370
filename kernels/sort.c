/* sort.c - heap sort. Kernels may not call qsort (it may allocate); lists here are short and heap sort needs no memory
 * and no recursion. */
#include "kernels/sort.h"

#include <string.h>

/* Let the element at `root` sink to its place in the heap of n elements. */
static void sink(char *base, size_t root, size_t n, size_t size, int (*compare)(const void *, const void *))
{
    char hole[SORT_MAX_SIZE];
    memcpy(hole, base + root * size, size);
    for (size_t child; (child = 2 * root + 1) < n; root = child) {
        if (child + 1 < n && compare(base + child * size, base + (child + 1) * size) < 0)
            child++;
        if (compare(hole, base + child * size) >= 0)
            break;
        memcpy(base + root * size, base + child * size, size);
    }
    memcpy(base + root * size, hole, size);
}

void sort_heap(void *base, size_t n, size_t size, int (*compare)(const void *, const void *))
{
    char *b = base, swap[SORT_MAX_SIZE];
    if (n < 2 || size == 0 || size > SORT_MAX_SIZE)
        return;
    for (size_t i = n / 2; i-- > 0;)
        sink(b, i, n, size, compare);
    for (size_t last = n - 1; last > 0; last--) {
        memcpy(swap, b, size);
        memcpy(b, b + last * size, size);
        memcpy(b + last * size, swap, size);
        sink(b, 0, last, size, compare);
    }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void sort_doubles(double *values, size_t n)
{
    sort_heap(values, n, sizeof *values, by_value);
}
