/* arena.h - memory that lives as long as its owner: many small allocations, one release.
 *
 * Long-lived objects (detectors, tables, parameters) come from an arena given by the caller. Not thread-safe. Allocation
 * cannot fail: when the system has no memory the program ends with one line (a struct error could not be built either).
 */
#ifndef XFELX_BASE_ARENA_H
#define XFELX_BASE_ARENA_H

#include <stddef.h>
#include <stdarg.h>

struct arena {
    struct arena_block *head; /* newest block; NULL: nothing allocated yet. {0} is a valid empty arena */
};

/* size bytes, zeroed, aligned to 16. size 0 gives a valid pointer. */
void *arena_alloc(struct arena *a, size_t size);

/* n elements of size bytes, zeroed; ends the program on overflow of n * size, as on no memory. */
void *arena_array(struct arena *a, size_t n, size_t size);

/* The same, but what is in it is not set: a large table that is filled from the front takes no more memory than its rows. */
void *arena_rows(struct arena *a, size_t n, size_t size);

/* Copies. arena_strndup copies at most n bytes and adds the NUL. arena_printf formats into the arena. */
char *arena_strdup(struct arena *a, const char *text);
char *arena_strndup(struct arena *a, const char *text, size_t n);
void *arena_memdup(struct arena *a, const void *bytes, size_t n);
char *arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Room for one more element in a row of n that was always grown by this (NULL, 0 at first): a twice as large copy when n is a
 * power of two, else the row itself. Returns the row; what is beyond n is zero the first time. */
void *arena_grow(struct arena *a, void *row, size_t n, size_t size);

/* Give everything back; the arena is empty and may be used again. */
void arena_free(struct arena *a);

#endif
