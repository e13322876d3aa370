/* pickle_machine.h - the parts of the pickle reader: its stack of objects (pickle_stack.c) and the literals of its program
 * (pickle_literal.c). Private to pickle.c.
 *
 * All functions that return bool or a pointer fail with false or NULL and fill the machine's error; objects live in its arena.
 */
#ifndef XFELX_SOURCE_PICKLE_MACHINE_H
#define XFELX_SOURCE_PICKLE_MACHINE_H

#include "base/base.h"

enum { PICKLE_STACK_LIMIT = 100000, PICKLE_OBJECT_LIMIT = 1000000, PICKLE_GRID_DIMENSIONS = 10 };

enum pickle_kind {
    PICKLE_NONE,
    PICKLE_BOOL,
    PICKLE_INT,
    PICKLE_TEXT,
    PICKLE_TUPLE,
    PICKLE_LIST,
    PICKLE_NAME,
    PICKLE_GRID,
    PICKLE_ARRAY,
    PICKLE_MARK
};
enum pickle_name { PICKLE_NAME_FLEX_BOOL, PICKLE_NAME_FLEX_GRID, PICKLE_NAME_ENCODE };

struct pickle_object {
    enum pickle_kind kind;
    enum pickle_name name;        /* PICKLE_NAME */
    int64_t number;               /* PICKLE_BOOL, PICKLE_INT */
    const uint8_t *bytes;         /* PICKLE_TEXT: text (UTF-8) or bytes; PICKLE_ARRAY: values */
    size_t n;                     /* bytes, items, dimensions */
    struct pickle_object **items; /* PICKLE_TUPLE, PICKLE_LIST */
    size_t room;
    int64_t extent[PICKLE_GRID_DIMENSIONS]; /* PICKLE_GRID, PICKLE_ARRAY: sizes, slowest first */
    bool filled;                            /* PICKLE_ARRAY: has its values */
};

struct pickle_machine {
    const uint8_t *at, *end;
    const char *path;
    struct arena *arena;
    struct error *err;
    struct pickle_object **stack, **memo;
    size_t depth, memo_size, objects;
};

/* Ways to fail, each false: the file ends early; it breaks the rules of pickles; it holds something else than a mask. */
bool pickle_cut(struct pickle_machine *m);
bool pickle_broken(struct pickle_machine *m);
bool pickle_other(struct pickle_machine *m);

/* ---- pickle_stack.c ---- */

/* A new object; the number of objects is limited. */
struct pickle_object *pickle_make(struct pickle_machine *m, enum pickle_kind kind);

/* o NULL: it could not be made, which is passed on. What is popped is never a mark. */
bool pickle_push(struct pickle_machine *m, struct pickle_object *o);
struct pickle_object *pickle_pop(struct pickle_machine *m);
bool pickle_push_number(struct pickle_machine *m, enum pickle_kind kind, int64_t value);

/* The n uppermost objects become one tuple or list. */
bool pickle_push_tuple(struct pickle_machine *m, enum pickle_kind kind, size_t n);

/* A text; its bytes are not copied. */
bool pickle_push_bytes(struct pickle_machine *m, const uint8_t *bytes, size_t n);

/* How many objects lie above the last mark; the mark is taken out. */
bool pickle_since_mark(struct pickle_machine *m, size_t *n);

/* The n uppermost objects go to the end of the list below them. */
bool pickle_append(struct pickle_machine *m, size_t n);

/* Remember the uppermost object as number i; push object number i. */
bool pickle_memo_put(struct pickle_machine *m, uint64_t i);
bool pickle_memo_get(struct pickle_machine *m, uint64_t i);

/* ---- pickle_literal.c: what follows an instruction ---- */

/* A little-endian number of n ≤ 8 bytes. */
bool pickle_take(struct pickle_machine *m, unsigned n, uint64_t *out);

/* A line of protocol 0 without its end; the same as a decimal number, "12" or "12L" (truth: "00" or "01"). */
bool pickle_take_line(struct pickle_machine *m, const uint8_t **line, size_t *n);
bool pickle_take_decimal(struct pickle_machine *m, int64_t *value, bool *truth);

/* A text is pushed: after its length; V as raw-unicode-escape; S as a Python 2 string in quotes. */
bool pickle_take_text(struct pickle_machine *m, unsigned length_bytes);
bool pickle_take_raw_unicode(struct pickle_machine *m);
bool pickle_take_quoted(struct pickle_machine *m);

#endif
