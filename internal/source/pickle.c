/* pickle.c - a stack machine without any power: it makes numbers, texts, tuples and bool arrays, and refuses the rest. */
#include "source/pickle.h"

#include "source/pickle_machine.h"

#include <stdlib.h>
#include <string.h>

/* ---- names, and what "calling" them means ---- */

static bool is_text(const uint8_t *bytes, size_t n, const char *text)
{
    return n == strlen(text) && memcmp(bytes, text, n) == 0;
}

static bool push_name(struct pickle_machine *m, const uint8_t *module, size_t n_module, const uint8_t *name,
                      size_t n_name)
{
    static const struct {
        const char *module, *name;
    } known[] = {[PICKLE_NAME_FLEX_BOOL] = {"scitbx_array_family_flex_ext", "bool"},
                 [PICKLE_NAME_FLEX_GRID] = {"scitbx_array_family_flex_ext", "grid"},
                 [PICKLE_NAME_ENCODE] = {"_codecs", "encode"}};
    for (int i = 0; i < 3; i++)
        if (is_text(module, n_module, known[i].module) && is_text(name, n_name, known[i].name)) {
            struct pickle_object *o = pickle_make(m, PICKLE_NAME);
            if (o)
                o->name = (enum pickle_name)i;
            return pickle_push(m, o);
        }
    error_set(m->err, ERROR_UNSUPPORTED, "%s is a pickle that names %.*s.%.*s", m->path,
              (int)(n_module < 80 ? n_module : 80), (const char *)module, (int)(n_name < 80 ? n_name : 80),
              (const char *)name);
    return error_hint(
        m->err, "only masks as DIALS writes them (a tuple of flex.bool) are read, and nothing is executed");
}

static bool take_global(struct pickle_machine *m)
{
    const uint8_t *module = NULL, *name = NULL;
    size_t n_module = 0, n_name = 0;
    return pickle_take_line(m, &module, &n_module) && pickle_take_line(m, &name, &n_name) &&
           push_name(m, module, n_module, name, n_name);
}

static bool stack_global(struct pickle_machine *m)
{
    struct pickle_object *name = pickle_pop(m), *module = name ? pickle_pop(m) : NULL;
    if (!module)
        return false;
    if (name->kind != PICKLE_TEXT || module->kind != PICKLE_TEXT)
        return pickle_broken(m);
    return push_name(m, module->bytes, module->n, name->bytes, name->n);
}

static bool is_numbers(const struct pickle_object *o, size_t n)
{
    if (o->kind != PICKLE_TUPLE || o->n != n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (o->items[i]->kind != PICKLE_INT)
            return false;
    return true;
}

/* grid(origin, last, open_range): sizes are last - origin (+ 1 when the range is closed). */
static bool make_grid(struct pickle_machine *m, const struct pickle_object *args)
{
    struct pickle_object *o = pickle_make(m, PICKLE_GRID);
    if (!o)
        return false;
    if (args->n == 0)
        return pickle_push(m, o);
    size_t n = args->items[0]->kind == PICKLE_TUPLE ? args->items[0]->n : 0;
    if (args->n != 3 || n < 1 || n > PICKLE_GRID_DIMENSIONS || !is_numbers(args->items[0], n) ||
        !is_numbers(args->items[1], n) || args->items[2]->kind != PICKLE_BOOL)
        return pickle_other(m);
    o->n = n;
    for (size_t i = 0; i < n; i++) {
        int64_t origin = args->items[0]->items[i]->number, last = args->items[1]->items[i]->number;
        if (origin != 0 || last < 0 || last > 65536)
            return pickle_other(m);
        o->extent[i] = last + (args->items[2]->number ? 0 : 1);
    }
    return pickle_push(m, o);
}

/* encode(text, "latin1"): the bytes of a text whose characters are all below 256. */
static bool make_encoded(struct pickle_machine *m, const struct pickle_object *args)
{
    if (args->n != 2 || args->items[0]->kind != PICKLE_TEXT || args->items[1]->kind != PICKLE_TEXT ||
        !is_text(args->items[1]->bytes, args->items[1]->n, "latin1"))
        return pickle_other(m);
    const struct pickle_object *text = args->items[0];
    uint8_t *out = arena_alloc(m->arena, text->n);
    size_t n = 0;
    for (size_t i = 0; i < text->n; i++) {
        uint8_t c = text->bytes[i];
        if (c >= 0x80) {
            if ((c & 0xfe) != 0xc2 || ++i == text->n || (text->bytes[i] & 0xc0) != 0x80)
                return pickle_broken(m);
            c = (uint8_t)(c << 6 | (text->bytes[i] & 0x3f));
        }
        out[n++] = c;
    }
    return pickle_push_bytes(m, out, n);
}

static bool reduce(struct pickle_machine *m)
{
    struct pickle_object *args = pickle_pop(m), *name = args ? pickle_pop(m) : NULL;
    if (!name)
        return false;
    if (name->kind != PICKLE_NAME || args->kind != PICKLE_TUPLE)
        return pickle_broken(m);
    if (name->name == PICKLE_NAME_FLEX_GRID)
        return make_grid(m, args);
    if (name->name == PICKLE_NAME_ENCODE)
        return make_encoded(m, args);
    return args->n == 0 ? pickle_push(m, pickle_make(m, PICKLE_ARRAY)) : pickle_other(m);
}

/* State of an array: (grid, bytes). The bytes begin with their count: one byte with the length of the number and itself, the
 * number little-endian; then '0' or '1' for each element. */
static bool build_array(struct pickle_machine *m, struct pickle_object *array,
                        const struct pickle_object *state)
{
    if (array->filled || state->kind != PICKLE_TUPLE || state->n != 2 ||
        state->items[0]->kind != PICKLE_GRID || state->items[1]->kind != PICKLE_TEXT)
        return pickle_other(m);
    const struct pickle_object *grid = state->items[0], *text = state->items[1];
    uint64_t count = 0, product = 1;
    size_t head = text->n > 0 ? text->bytes[0] : 0;
    if (head < 1 || head > 8 || head > text->n)
        return pickle_broken(m);
    for (size_t i = head; i-- > 1;)
        count = count << 8 | text->bytes[i];
    for (size_t i = 0; i < grid->n; i++)
        if ((product *= (uint64_t)grid->extent[i]) > (uint64_t)1 << 28)
            return pickle_broken(m);
    if (count != product || text->n - head != count)
        return pickle_broken(m);
    for (size_t i = head; i < text->n; i++)
        if (text->bytes[i] != '0' && text->bytes[i] != '1')
            return pickle_broken(m);
    array->bytes = text->bytes + head;
    array->n = grid->n;
    memcpy(array->extent, grid->extent, sizeof array->extent);
    array->filled = true;
    return true;
}

static bool build(struct pickle_machine *m)
{
    struct pickle_object *state = pickle_pop(m);
    if (!state || m->depth == 0)
        return state ? pickle_broken(m) : false;
    struct pickle_object *object = m->stack[m->depth - 1];
    if (object->kind == PICKLE_ARRAY)
        return build_array(m, object, state);
    if (object->kind != PICKLE_GRID || !is_numbers(state, object->n))
        return pickle_other(m);
    for (size_t i = 0; i < object->n; i++) /* the focus: padded arrays are not masks */
        if (state->items[i]->number != object->extent[i])
            return pickle_other(m);
    return true;
}

/* ---- the machine ---- */

static bool long1(struct pickle_machine *m)
{
    uint64_t n = 0, value = 0;
    if (!pickle_take(m, 1, &n) || (n > 8 ? !pickle_broken(m) : !pickle_take(m, (unsigned)n, &value)))
        return false;
    if (n > 8)
        return pickle_broken(m);
    if (n > 0 && n < 8 && value >> (8 * n - 1))
        value |= ~(uint64_t)0 << 8 * n;
    return pickle_push_number(m, PICKLE_INT, (int64_t)value);
}

static bool decimal(struct pickle_machine *m, bool may_be_truth)
{
    int64_t value = 0;
    bool truth = false;
    if (!pickle_take_decimal(m, &value, &truth))
        return false;
    return pickle_push_number(m, truth && may_be_truth ? PICKLE_BOOL : PICKLE_INT, value);
}

/* MEMOIZE: the next free number; numbers are dense in files that use it. */
static bool memo_next(struct pickle_machine *m, uint64_t *count)
{
    return pickle_memo_put(m, (*count)++);
}

static bool put_or_get(struct pickle_machine *m, uint8_t op)
{
    uint64_t i = 0;
    int64_t line = 0;
    bool truth = false, text = op == 'p' || op == 'g', put = op == 'p' || op == 'q' || op == 'r';
    if (text ? !pickle_take_decimal(m, &line, &truth) : !pickle_take(m, op == 'r' || op == 'j' ? 4 : 1, &i))
        return false;
    if (line < 0)
        return pickle_broken(m);
    i = text ? (uint64_t)line : i;
    return put ? pickle_memo_put(m, i) : pickle_memo_get(m, i);
}

static bool unknown(struct pickle_machine *m, uint8_t op)
{
    return error_set(m->err, ERROR_UNSUPPORTED, "%s is no mask: instruction 0x%02x of a pickle is not read",
                     m->path, op),
           error_hint(
               m->err,
               "only masks as DIALS writes them (a tuple of flex.bool) are read, and nothing is executed");
}

/* Instructions that build tuples and lists. */
static bool step_container(struct pickle_machine *m, uint8_t op)
{
    size_t n = 0;
    switch (op) {
    case '(':
        return pickle_push(m, pickle_make(m, PICKLE_MARK));
    case ')':
        return pickle_push_tuple(m, PICKLE_TUPLE, 0);
    case ']':
        return pickle_push_tuple(m, PICKLE_LIST, 0);
    case 't':
        return pickle_since_mark(m, &n) && pickle_push_tuple(m, PICKLE_TUPLE, n);
    case 'l':
        return pickle_since_mark(m, &n) && pickle_push_tuple(m, PICKLE_LIST, n);
    case 0x85:
    case 0x86:
    case 0x87:
        return pickle_push_tuple(m, PICKLE_TUPLE, op - 0x84u);
    case 'a':
        return pickle_append(m, 1);
    case 'e':
        return pickle_since_mark(m, &n) && pickle_append(m, n);
    case '0':
        return pickle_pop(m) != NULL;
    case '1':
        return pickle_since_mark(m, &n) && (m->depth -= n, true);
    default:
        return unknown(m, op);
    }
}

/* Instructions that push a value. */
static bool step_value(struct pickle_machine *m, uint8_t op)
{
    uint64_t value = 0;
    switch (op) {
    case 'N':
        return pickle_push_number(m, PICKLE_NONE, 0);
    case 0x88:
    case 0x89:
        return pickle_push_number(m, PICKLE_BOOL, op == 0x88);
    case 'I':
        return decimal(m, true);
    case 'L':
        return decimal(m, false);
    case 'K':
        return pickle_take(m, 1, &value) && pickle_push_number(m, PICKLE_INT, (int64_t)value);
    case 'M':
        return pickle_take(m, 2, &value) && pickle_push_number(m, PICKLE_INT, (int64_t)value);
    case 'J':
        return pickle_take(m, 4, &value) && pickle_push_number(m, PICKLE_INT, (int32_t)(uint32_t)value);
    case 0x8a:
        return long1(m);
    case 'V':
        return pickle_take_raw_unicode(m);
    case 'S':
        return pickle_take_quoted(m);
    case 'U':
    case 'C':
    case 0x8c:
        return pickle_take_text(m, 1);
    case 'X':
    case 'T':
    case 'B':
        return pickle_take_text(m, 4);
    case 0x8d:
    case 0x8e:
        return pickle_take_text(m, 8);
    default:
        return step_container(m, op);
    }
}

static bool step(struct pickle_machine *m, uint8_t op, uint64_t *memoized)
{
    uint64_t ignored = 0;
    switch (op) {
    case 0x80:
        return pickle_take(m, 1, &ignored) && (ignored <= 5 || unknown(m, op));
    case 0x95:
        return pickle_take(m, 8, &ignored);
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

static bool take_result(struct pickle_machine *m, struct pickle_mask *out)
{
    if (m->depth != 1)
        return pickle_broken(m);
    struct pickle_object *top = m->stack[0], *one[1] = {top};
    bool many = top->kind == PICKLE_TUPLE || top->kind == PICKLE_LIST;
    struct pickle_object **items = many ? top->items : one;
    out->n_arrays = many ? top->n : 1;
    out->arrays = arena_array(m->arena, out->n_arrays, sizeof *out->arrays);
    for (size_t i = 0; i < out->n_arrays; i++) {
        const struct pickle_object *o = items[i];
        if (o->kind != PICKLE_ARRAY || !o->filled || o->n != 2)
            return pickle_other(m);
        out->arrays[i] = (struct pickle_array){(size_t)o->extent[1], (size_t)o->extent[0], o->bytes};
    }
    return true;
}

bool pickle_read_mask(const uint8_t *data, size_t n, const char *path, struct arena *a,
                      struct pickle_mask *out, struct error *err)
{
    struct pickle_machine m = {.at = data, .end = data + n, .path = path, .arena = a, .err = err};
    struct pickle_object **stack = malloc(PICKLE_STACK_LIMIT * sizeof *stack);
    if (!stack)
        return error_set(err, ERROR_MEMORY, "no memory for reading %s", path);
    m.stack = stack;
    uint64_t memoized = 0;
    bool ok = true, stopped = false;
    while (ok && !stopped) {
        if (m.at == m.end)
            ok = pickle_cut(&m);
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
