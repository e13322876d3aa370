/* pickle.c - a stack machine without any power: it makes numbers, texts, tuples and bool arrays, and refuses the rest. */
#include "source/pickle.h"

#include <stdlib.h>
#include <string.h>

enum { STACK_LIMIT = 100000, OBJECT_LIMIT = 1000000, GRID_DIMENSIONS = 10 };

enum kind {
    KIND_NONE,
    KIND_BOOL,
    KIND_INT,
    KIND_TEXT,
    KIND_TUPLE,
    KIND_LIST,
    KIND_NAME,
    KIND_GRID,
    KIND_ARRAY,
    KIND_MARK
};
enum name { NAME_FLEX_BOOL, NAME_FLEX_GRID, NAME_ENCODE };

struct object {
    enum kind kind;
    enum name name;        /* KIND_NAME */
    int64_t number;        /* KIND_BOOL, KIND_INT */
    const uint8_t *bytes;  /* KIND_TEXT: text (UTF-8) or bytes; KIND_ARRAY: values */
    size_t n;              /* bytes, items, dimensions */
    struct object **items; /* KIND_TUPLE, KIND_LIST */
    size_t room;
    int64_t extent[GRID_DIMENSIONS]; /* KIND_GRID, KIND_ARRAY: sizes, slowest first */
    bool filled;                     /* KIND_ARRAY: has its values */
};

struct machine {
    const uint8_t *at, *end;
    const char *path;
    struct arena *arena;
    struct error *err;
    struct object **stack, **memo;
    size_t depth, memo_size, objects;
};

static bool fails(struct machine *m, enum error_code code, const char *what)
{
    return error_set(m->err, code, "%s %s", m->path, what);
}

static bool cut(struct machine *m)
{
    return fails(m, ERROR_TRUNCATED, "ends early: its pickle has no end");
}

static bool broken(struct machine *m)
{
    return fails(m, ERROR_DAMAGED, "is no sound pickle");
}

static bool other(struct machine *m)
{
    return fails(m, ERROR_UNSUPPORTED, "is a pickle, but of something else than a tuple of flex.bool arrays");
}

/* ---- objects ---- */

static struct object *make(struct machine *m, enum kind kind)
{
    if (++m->objects > OBJECT_LIMIT) {
        other(m);
        return NULL;
    }
    struct object *o = arena_alloc(m->arena, sizeof *o);
    o->kind = kind;
    return o;
}

static bool push(struct machine *m, struct object *o)
{
    if (!o)
        return false;
    if (m->depth == STACK_LIMIT)
        return other(m);
    m->stack[m->depth++] = o;
    return true;
}

static struct object *pop(struct machine *m)
{
    if (m->depth == 0 || m->stack[m->depth - 1]->kind == KIND_MARK) {
        broken(m);
        return NULL;
    }
    return m->stack[--m->depth];
}

static bool push_number(struct machine *m, enum kind kind, int64_t value)
{
    struct object *o = make(m, kind);
    if (o)
        o->number = value;
    return push(m, o);
}

static bool push_tuple(struct machine *m, enum kind kind, size_t n)
{
    if (n > m->depth)
        return broken(m);
    struct object *o = make(m, kind);
    if (!o)
        return false;
    o->items = arena_array(m->arena, n, sizeof *o->items);
    o->n = o->room = n;
    for (size_t i = 0; i < n; i++) {
        o->items[i] = m->stack[m->depth - n + i];
        if (o->items[i]->kind == KIND_MARK)
            return broken(m);
    }
    m->depth -= n;
    return push(m, o);
}

/* Items above the last mark; the mark goes. */
static bool since_mark(struct machine *m, size_t *n)
{
    size_t at = m->depth;
    while (at > 0 && m->stack[at - 1]->kind != KIND_MARK)
        at--;
    if (at == 0)
        return broken(m);
    *n = m->depth - at;
    memmove(&m->stack[at - 1], &m->stack[at], *n * sizeof *m->stack);
    m->depth--;
    return true;
}

static bool append(struct machine *m, size_t n)
{
    if (n + 1 > m->depth)
        return broken(m);
    struct object *list = m->stack[m->depth - n - 1];
    if (list->kind != KIND_LIST)
        return other(m);
    if (list->n + n > list->room) {
        size_t room = (list->n + n) * 2;
        struct object **more = arena_array(m->arena, room, sizeof *more);
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

static bool memo_put(struct machine *m, uint64_t i)
{
    if (m->depth == 0 || i >= OBJECT_LIMIT)
        return broken(m);
    if (i >= m->memo_size) {
        size_t size = m->memo_size ? m->memo_size : 64;
        while (size <= i)
            size *= 2;
        struct object **more = arena_array(m->arena, size, sizeof *more);
        if (m->memo_size)
            memcpy(more, m->memo, m->memo_size * sizeof *more);
        m->memo = more;
        m->memo_size = size;
    }
    m->memo[i] = m->stack[m->depth - 1];
    return true;
}

/* MEMOIZE: the next free number; numbers are dense in files that use it. */
static bool memo_next(struct machine *m, uint64_t *count)
{
    return memo_put(m, (*count)++);
}

static bool memo_get(struct machine *m, uint64_t i)
{
    return i < m->memo_size && m->memo[i] ? push(m, m->memo[i]) : broken(m);
}

/* ---- bytes of the program ---- */

static bool take(struct machine *m, unsigned n, uint64_t *out)
{
    if ((size_t)(m->end - m->at) < n)
        return cut(m);
    *out = 0;
    for (unsigned i = 0; i < n; i++)
        *out |= (uint64_t)m->at[i] << 8 * i;
    m->at += n;
    return true;
}

static bool push_bytes(struct machine *m, const uint8_t *bytes, size_t n)
{
    struct object *o = make(m, KIND_TEXT);
    if (!o)
        return false;
    o->bytes = bytes;
    o->n = n;
    return push(m, o);
}

static bool take_text(struct machine *m, unsigned length_bytes)
{
    uint64_t n = 0;
    if (!take(m, length_bytes, &n))
        return false;
    if (n > (uint64_t)(m->end - m->at))
        return cut(m);
    m->at += n;
    return push_bytes(m, m->at - n, (size_t)n);
}

/* A line of protocol 0 without its end. */
static bool take_line(struct machine *m, const uint8_t **line, size_t *n)
{
    const uint8_t *stop = memchr(m->at, '\n', (size_t)(m->end - m->at));
    if (!stop)
        return cut(m);
    *line = m->at;
    *n = (size_t)(stop - m->at);
    m->at = stop + 1;
    return true;
}

/* A decimal line: "12", "12L", "01" and "00" for true and false. */
static bool take_decimal(struct machine *m, int64_t *value, bool *truth)
{
    const uint8_t *line = NULL;
    size_t n = 0;
    char text[24];
    if (!take_line(m, &line, &n))
        return false;
    if (n > 0 && line[n - 1] == 'L')
        n--;
    if (n == 0 || n >= sizeof text)
        return broken(m);
    memcpy(text, line, n);
    text[n] = 0;
    *truth = n == 2 && text[0] == '0';
    return str_to_i64(text, value) || broken(m);
}

static int hex_digits(const uint8_t *at, const uint8_t *end, int n)
{
    int value = 0;
    for (int i = 0; i < n; i++) {
        if (at + i >= end)
            return -1;
        int c = at[i] | 0x20;
        int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (digit < 0)
            return -1;
        value = value << 4 | digit;
    }
    return value;
}

static void put_utf8(uint8_t *out, size_t *n, int code)
{
    if (code < 0x80) {
        out[(*n)++] = (uint8_t)code;
    } else {
        out[(*n)++] = (uint8_t)(0xc0 | code >> 6);
        out[(*n)++] = (uint8_t)(0x80 | (code & 0x3f));
    }
}

/* V: raw-unicode-escape, made to UTF-8 as the other protocols have it. Only characters of one byte occur in masks. */
static bool take_raw_unicode(struct machine *m)
{
    const uint8_t *line = NULL;
    size_t n = 0, made = 0;
    if (!take_line(m, &line, &n))
        return false;
    uint8_t *out = arena_alloc(m->arena, 2 * n);
    for (size_t i = 0; i < n; i++) {
        int code = line[i];
        if (code == '\\' && i + 1 < n && line[i + 1] == 'u') {
            code = hex_digits(line + i + 2, line + n, 4);
            i += 5;
        }
        if (code < 0 || code > 0xff)
            return broken(m);
        put_utf8(out, &made, code);
    }
    return push_bytes(m, out, made);
}

/* S: a Python 2 string in quotes, as repr writes it; bytes. */
static bool take_quoted(struct machine *m)
{
    static const char letters[] = "nrt\\'\"", meant[] = "\n\r\t\\'\"";
    const uint8_t *line = NULL;
    size_t n = 0, made = 0;
    if (!take_line(m, &line, &n))
        return false;
    if (n < 2 || (line[0] != '\'' && line[0] != '"') || line[n - 1] != line[0])
        return broken(m);
    uint8_t *out = arena_alloc(m->arena, n);
    for (size_t i = 1; i + 1 < n; i++) {
        if (line[i] != '\\') {
            out[made++] = line[i];
            continue;
        }
        const char *letter = ++i + 1 < n && line[i] ? strchr(letters, line[i]) : NULL;
        int code = letter ? meant[letter - letters] : -1;
        if (!letter && i + 1 < n && line[i] == 'x') {
            code = hex_digits(line + i + 1, line + n - 1, 2);
            i += 2;
        }
        if (code < 0)
            return broken(m);
        out[made++] = (uint8_t)code;
    }
    return push_bytes(m, out, made);
}

/* ---- names, and what "calling" them means ---- */

static bool is_text(const uint8_t *bytes, size_t n, const char *text)
{
    return n == strlen(text) && memcmp(bytes, text, n) == 0;
}

static bool push_name(struct machine *m, const uint8_t *module, size_t n_module, const uint8_t *name,
                      size_t n_name)
{
    static const struct {
        const char *module, *name;
    } known[] = {[NAME_FLEX_BOOL] = {"scitbx_array_family_flex_ext", "bool"},
                 [NAME_FLEX_GRID] = {"scitbx_array_family_flex_ext", "grid"},
                 [NAME_ENCODE] = {"_codecs", "encode"}};
    for (int i = 0; i < 3; i++)
        if (is_text(module, n_module, known[i].module) && is_text(name, n_name, known[i].name)) {
            struct object *o = make(m, KIND_NAME);
            if (o)
                o->name = (enum name)i;
            return push(m, o);
        }
    error_set(m->err, ERROR_UNSUPPORTED, "%s is a pickle that names %.*s.%.*s", m->path,
              (int)(n_module < 80 ? n_module : 80), (const char *)module, (int)(n_name < 80 ? n_name : 80),
              (const char *)name);
    return error_hint(
        m->err, "only masks as DIALS writes them (a tuple of flex.bool) are read, and nothing is executed");
}

static bool take_global(struct machine *m)
{
    const uint8_t *module = NULL, *name = NULL;
    size_t n_module = 0, n_name = 0;
    return take_line(m, &module, &n_module) && take_line(m, &name, &n_name) &&
           push_name(m, module, n_module, name, n_name);
}

static bool stack_global(struct machine *m)
{
    struct object *name = pop(m), *module = name ? pop(m) : NULL;
    if (!module)
        return false;
    if (name->kind != KIND_TEXT || module->kind != KIND_TEXT)
        return broken(m);
    return push_name(m, module->bytes, module->n, name->bytes, name->n);
}

static bool is_numbers(const struct object *o, size_t n)
{
    if (o->kind != KIND_TUPLE || o->n != n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (o->items[i]->kind != KIND_INT)
            return false;
    return true;
}

/* grid(origin, last, open_range): sizes are last - origin (+ 1 when the range is closed). */
static bool make_grid(struct machine *m, const struct object *args)
{
    struct object *o = make(m, KIND_GRID);
    if (!o)
        return false;
    if (args->n == 0)
        return push(m, o);
    size_t n = args->items[0]->kind == KIND_TUPLE ? args->items[0]->n : 0;
    if (args->n != 3 || n < 1 || n > GRID_DIMENSIONS || !is_numbers(args->items[0], n) ||
        !is_numbers(args->items[1], n) || args->items[2]->kind != KIND_BOOL)
        return other(m);
    o->n = n;
    for (size_t i = 0; i < n; i++) {
        int64_t origin = args->items[0]->items[i]->number, last = args->items[1]->items[i]->number;
        if (origin != 0 || last < 0 || last > 65536)
            return other(m);
        o->extent[i] = last + (args->items[2]->number ? 0 : 1);
    }
    return push(m, o);
}

/* encode(text, "latin1"): the bytes of a text whose characters are all below 256. */
static bool make_encoded(struct machine *m, const struct object *args)
{
    if (args->n != 2 || args->items[0]->kind != KIND_TEXT || args->items[1]->kind != KIND_TEXT ||
        !is_text(args->items[1]->bytes, args->items[1]->n, "latin1"))
        return other(m);
    const struct object *text = args->items[0];
    uint8_t *out = arena_alloc(m->arena, text->n);
    size_t n = 0;
    for (size_t i = 0; i < text->n; i++) {
        uint8_t c = text->bytes[i];
        if (c >= 0x80) {
            if ((c & 0xfe) != 0xc2 || ++i == text->n || (text->bytes[i] & 0xc0) != 0x80)
                return broken(m);
            c = (uint8_t)(c << 6 | (text->bytes[i] & 0x3f));
        }
        out[n++] = c;
    }
    return push_bytes(m, out, n);
}

static bool reduce(struct machine *m)
{
    struct object *args = pop(m), *name = args ? pop(m) : NULL;
    if (!name)
        return false;
    if (name->kind != KIND_NAME || args->kind != KIND_TUPLE)
        return broken(m);
    if (name->name == NAME_FLEX_GRID)
        return make_grid(m, args);
    if (name->name == NAME_ENCODE)
        return make_encoded(m, args);
    return args->n == 0 ? push(m, make(m, KIND_ARRAY)) : other(m);
}

/* State of an array: (grid, bytes). The bytes begin with their count: one byte with the length of the number and itself, the
 * number little-endian; then '0' or '1' for each element. */
static bool build_array(struct machine *m, struct object *array, const struct object *state)
{
    if (array->filled || state->kind != KIND_TUPLE || state->n != 2 || state->items[0]->kind != KIND_GRID ||
        state->items[1]->kind != KIND_TEXT)
        return other(m);
    const struct object *grid = state->items[0], *text = state->items[1];
    uint64_t count = 0, product = 1;
    size_t head = text->n > 0 ? text->bytes[0] : 0;
    if (head < 1 || head > 8 || head > text->n)
        return broken(m);
    for (size_t i = head; i-- > 1;)
        count = count << 8 | text->bytes[i];
    for (size_t i = 0; i < grid->n; i++)
        if ((product *= (uint64_t)grid->extent[i]) > (uint64_t)1 << 28)
            return broken(m);
    if (count != product || text->n - head != count)
        return broken(m);
    for (size_t i = head; i < text->n; i++)
        if (text->bytes[i] != '0' && text->bytes[i] != '1')
            return broken(m);
    array->bytes = text->bytes + head;
    array->n = grid->n;
    memcpy(array->extent, grid->extent, sizeof array->extent);
    array->filled = true;
    return true;
}

static bool build(struct machine *m)
{
    struct object *state = pop(m);
    if (!state || m->depth == 0)
        return state ? broken(m) : false;
    struct object *object = m->stack[m->depth - 1];
    if (object->kind == KIND_ARRAY)
        return build_array(m, object, state);
    if (object->kind != KIND_GRID || !is_numbers(state, object->n))
        return other(m);
    for (size_t i = 0; i < object->n; i++) /* the focus: padded arrays are not masks */
        if (state->items[i]->number != object->extent[i])
            return other(m);
    return true;
}

/* ---- the machine ---- */

static bool long1(struct machine *m)
{
    uint64_t n = 0, value = 0;
    if (!take(m, 1, &n) || (n > 8 ? !broken(m) : !take(m, (unsigned)n, &value)))
        return false;
    if (n > 8)
        return broken(m);
    if (n > 0 && n < 8 && value >> (8 * n - 1))
        value |= ~(uint64_t)0 << 8 * n;
    return push_number(m, KIND_INT, (int64_t)value);
}

static bool decimal(struct machine *m, bool may_be_truth)
{
    int64_t value = 0;
    bool truth = false;
    if (!take_decimal(m, &value, &truth))
        return false;
    return push_number(m, truth && may_be_truth ? KIND_BOOL : KIND_INT, value);
}

static bool put_or_get(struct machine *m, uint8_t op)
{
    uint64_t i = 0;
    int64_t line = 0;
    bool truth = false, text = op == 'p' || op == 'g', put = op == 'p' || op == 'q' || op == 'r';
    if (text ? !take_decimal(m, &line, &truth) : !take(m, op == 'r' || op == 'j' ? 4 : 1, &i))
        return false;
    if (line < 0)
        return broken(m);
    i = text ? (uint64_t)line : i;
    return put ? memo_put(m, i) : memo_get(m, i);
}

static bool unknown(struct machine *m, uint8_t op)
{
    return error_set(m->err, ERROR_UNSUPPORTED, "%s is no mask: instruction 0x%02x of a pickle is not read",
                     m->path, op),
           error_hint(
               m->err,
               "only masks as DIALS writes them (a tuple of flex.bool) are read, and nothing is executed");
}

/* Instructions that build tuples and lists. */
static bool step_container(struct machine *m, uint8_t op)
{
    size_t n = 0;
    switch (op) {
    case '(':
        return push(m, make(m, KIND_MARK));
    case ')':
        return push_tuple(m, KIND_TUPLE, 0);
    case ']':
        return push_tuple(m, KIND_LIST, 0);
    case 't':
        return since_mark(m, &n) && push_tuple(m, KIND_TUPLE, n);
    case 'l':
        return since_mark(m, &n) && push_tuple(m, KIND_LIST, n);
    case 0x85:
    case 0x86:
    case 0x87:
        return push_tuple(m, KIND_TUPLE, op - 0x84u);
    case 'a':
        return append(m, 1);
    case 'e':
        return since_mark(m, &n) && append(m, n);
    case '0':
        return pop(m) != NULL;
    case '1':
        return since_mark(m, &n) && (m->depth -= n, true);
    default:
        return unknown(m, op);
    }
}

/* Instructions that push a value. */
static bool step_value(struct machine *m, uint8_t op)
{
    uint64_t value = 0;
    switch (op) {
    case 'N':
        return push_number(m, KIND_NONE, 0);
    case 0x88:
    case 0x89:
        return push_number(m, KIND_BOOL, op == 0x88);
    case 'I':
        return decimal(m, true);
    case 'L':
        return decimal(m, false);
    case 'K':
        return take(m, 1, &value) && push_number(m, KIND_INT, (int64_t)value);
    case 'M':
        return take(m, 2, &value) && push_number(m, KIND_INT, (int64_t)value);
    case 'J':
        return take(m, 4, &value) && push_number(m, KIND_INT, (int32_t)(uint32_t)value);
    case 0x8a:
        return long1(m);
    case 'V':
        return take_raw_unicode(m);
    case 'S':
        return take_quoted(m);
    case 'U':
    case 'C':
    case 0x8c:
        return take_text(m, 1);
    case 'X':
    case 'T':
    case 'B':
        return take_text(m, 4);
    case 0x8d:
    case 0x8e:
        return take_text(m, 8);
    default:
        return step_container(m, op);
    }
}

static bool step(struct machine *m, uint8_t op, uint64_t *memoized)
{
    uint64_t ignored = 0;
    switch (op) {
    case 0x80:
        return take(m, 1, &ignored) && (ignored <= 5 || unknown(m, op));
    case 0x95:
        return take(m, 8, &ignored);
    case 'c':
        return take_global(m);
    case 0x93:
        return stack_global(m);
    case 'R':
        return reduce(m);
    case 'b':
        return build(m);
    case 'p':
    case 'q':
    case 'r':
    case 'g':
    case 'h':
    case 'j':
        return put_or_get(m, op);
    case 0x94:
        return memo_next(m, memoized);
    default:
        return step_value(m, op);
    }
}

static bool take_result(struct machine *m, struct pickle_mask *out)
{
    if (m->depth != 1)
        return broken(m);
    struct object *top = m->stack[0], *one[1] = {top};
    bool many = top->kind == KIND_TUPLE || top->kind == KIND_LIST;
    struct object **items = many ? top->items : one;
    out->n_arrays = many ? top->n : 1;
    out->arrays = arena_array(m->arena, out->n_arrays, sizeof *out->arrays);
    for (size_t i = 0; i < out->n_arrays; i++) {
        const struct object *o = items[i];
        if (o->kind != KIND_ARRAY || !o->filled || o->n != 2)
            return other(m);
        out->arrays[i] = (struct pickle_array){(size_t)o->extent[1], (size_t)o->extent[0], o->bytes};
    }
    return true;
}

bool pickle_read_mask(const uint8_t *data, size_t n, const char *path, struct arena *a,
                      struct pickle_mask *out, struct error *err)
{
    struct machine m = {.at = data, .end = data + n, .path = path, .arena = a, .err = err};
    struct object **stack = malloc(STACK_LIMIT * sizeof *stack);
    if (!stack)
        return error_set(err, ERROR_MEMORY, "no memory for reading %s", path);
    m.stack = stack;
    uint64_t memoized = 0;
    bool ok = true, stopped = false;
    while (ok && !stopped) {
        if (m.at == m.end)
            ok = cut(&m);
        else if (*m.at == '.')
            stopped = true;
        else {
            uint8_t op = *m.at++;
            ok = step(&m, op, &memoized);
        }
    }
    ok = ok && take_result(&m, out);
    free(stack);
    return ok;
}
