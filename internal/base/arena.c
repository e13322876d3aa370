/* arena.c - blocks that grow in size, each filled from the front; see arena.h. */
#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ALIGN 16
#define BLOCK_MIN 4096
#define BLOCK_MAX                                                                                            \
    (1024 * 1024) /* ordinary blocks double up to this; larger requests get a block of their own */

struct arena_block {
    struct arena_block *next; /* older */
    size_t used, room;        /* bytes behind this header */
};

#define HEADER ((sizeof(struct arena_block) + ALIGN - 1) / ALIGN * ALIGN)

/* Out of memory: one line and the end. _exit, because other threads may be anywhere. */
static __attribute__((noreturn)) void arena_out_of_memory(size_t size)
{
    char line[96];
    int n = snprintf(line, sizeof line, "xfelx: out of memory (%zu more bytes were wanted)\n", size);
    if (write(STDERR_FILENO, line, (size_t)n) < 0) {
        /* nobody to tell */
    }
    _exit(1);
}

static struct arena_block *block_make(size_t room)
{
    struct arena_block *b = room <= SIZE_MAX - HEADER ? malloc(HEADER + room) : NULL;
    if (!b)
        arena_out_of_memory(room);
    *b = (struct arena_block){.room = room};
    return b;
}

static void *take(struct arena *a, size_t size)
{
    if (size > SIZE_MAX / 2)
        arena_out_of_memory(size);
    size = (size + ALIGN - 1) / ALIGN * ALIGN;
    struct arena_block *b = a->head;
    if (!b || b->room - b->used < size) {
        size_t room = b ? b->room * 2 : BLOCK_MIN;
        if (room > BLOCK_MAX)
            room = BLOCK_MAX;
        if (b && size > room / 2) { /* behind the head, so that the head's rest stays in use */
            struct arena_block *own = block_make(size);
            own->used = size;
            own->next = b->next;
            b->next = own;
            return (char *)own + HEADER;
        }
        struct arena_block *fresh = block_make(size > room ? size : room);
        fresh->next = b;
        a->head = b = fresh;
    }
    void *p = (char *)b + HEADER + b->used;
    b->used += size;
    return p;
}

void *arena_alloc(struct arena *a, size_t size)
{
    return memset(take(a, size), 0, size);
}

void *arena_array(struct arena *a, size_t n, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes))
        arena_out_of_memory(SIZE_MAX);
    return arena_alloc(a, bytes);
}

void *arena_rows(struct arena *a, size_t n, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes))
        arena_out_of_memory(SIZE_MAX);
    return take(a, bytes);
}

void *arena_memdup(struct arena *a, const void *bytes, size_t n)
{
    void *p = arena_alloc(a, n);
    if (n)
        memcpy(p, bytes, n);
    return p;
}

char *arena_strndup(struct arena *a, const char *text, size_t n)
{
    n = strnlen(text, n);
    char *p = arena_alloc(a, n + 1);
    memcpy(p, text, n);
    return p;
}

char *arena_strdup(struct arena *a, const char *text)
{
    return arena_memdup(a, text, strlen(text) + 1);
}

char *arena_printf(struct arena *a, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = arena_alloc(a, n < 0 ? 1 : (size_t)n + 1);
    if (n >= 0)
        vsnprintf(text, (size_t)n + 1, format, again);
    va_end(again);
    return text;
}

void *arena_grow(struct arena *a, void *row, size_t n, size_t size)
{
    if (n > 0 && (n & (n - 1)) != 0)
        return row;
    char *larger = arena_array(a, n ? 2 * n : 1, size);
    if (n > 0)
        memcpy(larger, row, n * size);
    return larger;
}

void arena_free(struct arena *a)
{
    for (struct arena_block *b = a->head; b;) {
        struct arena_block *next = b->next;
        free(b);
        b = next;
    }
    a->head = NULL;
}
