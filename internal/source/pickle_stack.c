/* pickle_stack.c - the stack of the pickle reader: objects, marks, memo, and how reading fails. */
#include "source/pickle_machine.h"

#include <string.h>

static bool fails(struct pickle_machine *m, enum error_code code, const char *what)
{
    return error_set(m->err, code, "%s %s", m->path, what);
}

bool pickle_cut(struct pickle_machine *m)
{
    return fails(m, ERROR_TRUNCATED, "ends early: its pickle has no end");
}

bool pickle_broken(struct pickle_machine *m)
{
    return fails(m, ERROR_DAMAGED, "is no sound pickle");
}

bool pickle_other(struct pickle_machine *m)
{
    return fails(m, ERROR_UNSUPPORTED, "is a pickle, but of something else than a tuple of flex.bool arrays");
}

struct pickle_object *pickle_make(struct pickle_machine *m, enum pickle_kind kind)
{
    if (++m->objects > PICKLE_OBJECT_LIMIT) {
        pickle_other(m);
        return NULL;
    }
    struct pickle_object *o = arena_alloc(m->arena, sizeof *o);
    o->kind = kind;
    return o;
}

bool pickle_push(struct pickle_machine *m, struct pickle_object *o)
{
    if (!o)
        return false;
    if (m->depth == PICKLE_STACK_LIMIT)
        return pickle_other(m);
    m->stack[m->depth++] = o;
    return true;
}

struct pickle_object *pickle_pop(struct pickle_machine *m)
{
    if (m->depth == 0 || m->stack[m->depth - 1]->kind == PICKLE_MARK) {
        pickle_broken(m);
        return NULL;
    }
    return m->stack[--m->depth];
}

bool pickle_push_number(struct pickle_machine *m, enum pickle_kind kind, int64_t value)
{
    struct pickle_object *o = pickle_make(m, kind);
    if (o)
        o->number = value;
    return pickle_push(m, o);
}

bool pickle_push_tuple(struct pickle_machine *m, enum pickle_kind kind, size_t n)
{
    if (n > m->depth)
        return pickle_broken(m);
    struct pickle_object *o = pickle_make(m, kind);
    if (!o)
        return false;
    o->items = arena_array(m->arena, n, sizeof *o->items);
    o->n = o->room = n;
    for (size_t i = 0; i < n; i++) {
        o->items[i] = m->stack[m->depth - n + i];
        if (o->items[i]->kind == PICKLE_MARK)
            return pickle_broken(m);
    }
    m->depth -= n;
    return pickle_push(m, o);
}

bool pickle_push_bytes(struct pickle_machine *m, const uint8_t *bytes, size_t n)
{
    struct pickle_object *o = pickle_make(m, PICKLE_TEXT);
    if (!o)
        return false;
    o->bytes = bytes;
    o->n = n;
    return pickle_push(m, o);
}

/* Items above the last mark; the mark goes. */
bool pickle_since_mark(struct pickle_machine *m, size_t *n)
{
    size_t at = m->depth;
    while (at > 0 && m->stack[at - 1]->kind != PICKLE_MARK)
        at--;
    if (at == 0)
        return pickle_broken(m);
    *n = m->depth - at;
    memmove(&m->stack[at - 1], &m->stack[at], *n * sizeof *m->stack);
    m->depth--;
    return true;
}

bool pickle_append(struct pickle_machine *m, size_t n)
{
    if (n + 1 > m->depth)
        return pickle_broken(m);
    struct pickle_object *list = m->stack[m->depth - n - 1];
    if (list->kind != PICKLE_LIST)
        return pickle_other(m);
    if (list->n + n > list->room) {
        size_t room = (list->n + n) * 2;
        struct pickle_object **more = arena_array(m->arena, room, sizeof *more);
        if (list->n)
            memcpy(more, list->items, list->n * sizeof *more);
        list->items = more;
        list->room = room;
    }
    memcpy(list->items + list->n, &m->stack[m->depth - n], n * sizeof *list->items);
    list->n += n;
    m->depth -= n;
    return true;
}

bool pickle_memo_put(struct pickle_machine *m, uint64_t i)
{
    if (m->depth == 0 || i >= PICKLE_OBJECT_LIMIT)
        return pickle_broken(m);
    if (i >= m->memo_size) {
        size_t size = m->memo_size ? m->memo_size : 64;
        while (size <= i)
            size *= 2;
        struct pickle_object **more = arena_array(m->arena, size, sizeof *more);
        if (m->memo_size)
            memcpy(more, m->memo, m->memo_size * sizeof *more);
        m->memo = more;
        m->memo_size = size;
    }
    m->memo[i] = m->stack[m->depth - 1];
    return true;
}

bool pickle_memo_get(struct pickle_machine *m, uint64_t i)
{
    return i < m->memo_size && m->memo[i] ? pickle_push(m, m->memo[i]) : pickle_broken(m);
}
