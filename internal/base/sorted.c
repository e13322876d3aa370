/* sorted.c - see sorted.h. */
#include "base/sorted.h"

#include <string.h>

size_t sorted_place(const void *key, const void *rows, size_t n, size_t size, sorted_compare *compare)
{
    size_t lo = 0, hi = n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (compare(key, (const char *)rows + mid * size) > 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

const void *sorted_find(const void *key, const void *rows, size_t n, size_t size, sorted_compare *compare)
{
    size_t place = sorted_place(key, rows, n, size, compare);
    const char *row = (const char *)rows + place * size;
    return place < n && compare(key, row) == 0 ? row : NULL;
}

void *sorted_open(struct arena *a, void *rows, size_t n, size_t size, size_t place)
{
    char *grown = arena_grow(a, rows, n, size), *at = grown + place * size;
    memmove(at + size, at, (n - place) * size);
    return grown;
}

int sorted_by_i64(const void *key, const void *row)
{
    const int64_t *x = key, *y = row;
    return (*x > *y) - (*x < *y);
}
