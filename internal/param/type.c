/* type.c - names of types with their arguments: "int(value_min=0)", "floats(size=3)", "choice(multi=True)"; see phil.h. */
#include "param/phil.h"

#include <stdio.h>
#include <string.h>

/* Arguments that types take; their order is that of libtbx, where they may be given without name. */
enum argument {
    ARG_NONE,
    ARG_SIZE,
    ARG_SIZE_MIN,
    ARG_SIZE_MAX,
    ARG_VALUE_MIN,
    ARG_VALUE_MAX,
    ARG_ALLOW_NONE,
    ARG_NONE_ELEMENTS,
    ARG_AUTO_ELEMENTS,
    ARG_MULTI
};

static const char *const argument_names[] = {
    [ARG_NONE] = "",
    [ARG_SIZE] = "size",
    [ARG_SIZE_MIN] = "size_min",
    [ARG_SIZE_MAX] = "size_max",
    [ARG_VALUE_MIN] = "value_min",
    [ARG_VALUE_MAX] = "value_max",
    [ARG_ALLOW_NONE] = "allow_none",
    [ARG_NONE_ELEMENTS] = "allow_none_elements",
    [ARG_AUTO_ELEMENTS] = "allow_auto_elements",
    [ARG_MULTI] = "multi",
};

#define NUMBER_ARGUMENTS                                                                                     \
    {                                                                                                        \
        ARG_VALUE_MIN, ARG_VALUE_MAX, ARG_ALLOW_NONE                                                         \
    }
#define LIST_ARGUMENTS                                                                                       \
    {                                                                                                        \
        ARG_SIZE, ARG_SIZE_MIN, ARG_SIZE_MAX, ARG_VALUE_MIN, ARG_VALUE_MAX, ARG_NONE_ELEMENTS,               \
            ARG_AUTO_ELEMENTS                                                                                \
    }

static const struct type_row {
    const char *name;
    enum phil_kind kind;
    enum argument arguments[8];
} type_rows[] = {
    {"bool", PHIL_BOOL, {0}},
    {"int", PHIL_INT, NUMBER_ARGUMENTS},
    {"float", PHIL_FLOAT, NUMBER_ARGUMENTS},
    {"ints", PHIL_INTS, LIST_ARGUMENTS},
    {"floats", PHIL_FLOATS, LIST_ARGUMENTS},
    {"str", PHIL_STR, {0}},
    {"strings", PHIL_STRINGS, {0}},
    {"qstr", PHIL_QSTR, {0}},
    {"path", PHIL_PATH, {0}},
    {"key", PHIL_KEY, {0}},
    {"words", PHIL_WORDS, {0}},
    {"choice", PHIL_CHOICE, {ARG_MULTI}},
    {"space_group", PHIL_SPACE_GROUP, {0}},
    {"unit_cell", PHIL_UNIT_CELL, {0}},
    {"atom_selection", PHIL_STR, {0}},
    {"reflection_table", PHIL_STR, {0}},
    {"reflection_table_selector", PHIL_STR, {0}},
    {"experiment_list", PHIL_STR, {0}},
};

static const struct type_row *find_type(const char *name, size_t n)
{
    for (size_t i = 0; i < sizeof type_rows / sizeof *type_rows; i++)
        if (strlen(type_rows[i].name) == n && !memcmp(type_rows[i].name, name, n))
            return &type_rows[i];
    return NULL;
}

static bool has_argument(const struct type_row *row, enum argument which)
{
    for (size_t i = 0; i < 8; i++)
        if (which && row->arguments[i] == which)
            return true;
    return false;
}

static const char *trim(const char *text, size_t *n)
{
    while (*n && text[0] == ' ')
        text++, (*n)--;
    while (*n && text[*n - 1] == ' ')
        (*n)--;
    return text;
}

static bool is_text(const char *text, size_t n, const char *word)
{
    return strlen(word) == n && !memcmp(text, word, n);
}

/* Store one argument; false: its value is of the wrong kind. */
static bool set_argument(struct phil_type *t, enum argument which, const char *text, size_t n)
{
    bool yes = is_text(text, n, "True"), no = is_text(text, n, "False"), none = is_text(text, n, "None");
    struct phil_number number = {0};
    const char *why;
    switch (which) {
    case ARG_ALLOW_NONE:
        t->allow_none = yes;
        return yes || no;
    case ARG_NONE_ELEMENTS:
        t->none_elements = yes;
        return yes || no;
    case ARG_AUTO_ELEMENTS:
        t->auto_elements = yes;
        return yes || no;
    case ARG_MULTI:
        t->multi = yes;
        return yes || no;
    default:
        break;
    }
    if (none)
        return true;
    if (!phil_expression(text, n, false, &number, &why))
        return false;
    if (which == ARG_VALUE_MIN)
        t->has_min = true, t->min = number.r;
    else if (which == ARG_VALUE_MAX)
        t->has_max = true, t->max = number.r;
    else if (!number.whole || number.i < 1)
        return false;
    if (which == ARG_SIZE || which == ARG_SIZE_MIN)
        t->size_min = (size_t)number.i;
    if (which == ARG_SIZE || which == ARG_SIZE_MAX)
        t->size_max = (size_t)number.i;
    return true;
}

/* The arguments between the parentheses. */
static bool read_arguments(const struct type_row *row, const char *text, size_t n, struct phil_type *out)
{
    bool seen[sizeof argument_names / sizeof *argument_names] = {0};
    size_t at = 0, position = 0;
    bool named = false;
    size_t rest = n;
    if (!*trim(text, &rest) || !rest)
        return true;
    while (at <= n) {
        const char *comma = memchr(text + at, ',', n - at);
        size_t length = comma ? (size_t)(comma - text) - at : n - at;
        const char *part = text + at, *equal = memchr(part, '=', length);
        size_t part_n = length;
        at += length + 1;
        part = trim(part, &part_n);
        if (!part_n && at > n && position)
            break; /* a comma at the end */
        enum argument which = ARG_NONE;
        if (equal) {
            size_t name_n = (size_t)(equal - part);
            const char *name = trim(part, &name_n);
            for (enum argument i = ARG_SIZE; i <= ARG_MULTI; i++)
                if (is_text(name, name_n, argument_names[i]))
                    which = i;
            part_n -= (size_t)(equal + 1 - part);
            part = trim(equal + 1, &part_n);
            named = true;
        } else if (!named && position < 8) {
            which = row->arguments[position];
        }
        position++;
        if (!part_n || !has_argument(row, which) || seen[which] || !set_argument(out, which, part, part_n))
            return false;
        seen[which] = true;
    }
    return !(seen[ARG_SIZE] && (seen[ARG_SIZE_MIN] || seen[ARG_SIZE_MAX])) &&
           !(out->has_min && out->has_max && out->min > out->max) &&
           !(out->size_max && out->size_min > out->size_max);
}

bool phil_type_read(const char *text, struct phil_place place, struct phil_type *out, struct error *err)
{
    size_t n = strlen(text);
    text = trim(text, &n);
    const char *open = memchr(text, '(', n);
    size_t name_n = open ? (size_t)(open - text) : n;
    trim(text, &name_n);
    const struct type_row *row = find_type(text, name_n);
    if (!row)
        return phil_error(err, place, "there is no type \"%.*s\"", (int)(name_n < 80 ? name_n : 80), text),
               error_hint(
                   err,
                   "bool int float ints floats str strings path choice space_group unit_cell key qstr words");
    *out = (struct phil_type){.kind = row->kind, .name = row->name, .allow_none = true};
    if (!open)
        return true;
    if (text[n - 1] != ')' || !read_arguments(row, open + 1, n - (size_t)(open - text) - 2, out))
        return phil_error(err, place, "type \"%.80s\": wrong arguments", text),
               error_hint(err, "as in int(value_min=0, value_max=5), floats(size=3), choice(multi=True)");
    return true;
}

/* Write one argument with what stands before it: "(" for the first, ", " for the others. */
static void show_argument(struct str *s, size_t start, const char *name, const char *value)
{
    str_printf(s, "%s%s=%s", s->len == start ? "(" : ", ", name, value);
}

static void show_number(struct str *s, size_t start, const char *name, double value, bool whole)
{
    char text[64];
    snprintf(text, sizeof text, whole ? "%.0f" : "%.10g", value);
    show_argument(s, start, name, text);
}

void phil_type_show(struct str *s, const struct phil_type *t)
{
    bool whole = t->kind == PHIL_INT || t->kind == PHIL_INTS;
    str_add(s, t->name);
    size_t start = s->len;
    if (t->size_min && t->size_min == t->size_max) {
        show_number(s, start, "size", (double)t->size_min, true);
    } else {
        if (t->size_min)
            show_number(s, start, "size_min", (double)t->size_min, true);
        if (t->size_max)
            show_number(s, start, "size_max", (double)t->size_max, true);
    }
    if (t->has_min)
        show_number(s, start, "value_min", t->min, whole);
    if (t->has_max)
        show_number(s, start, "value_max", t->max, whole);
    if ((t->kind == PHIL_INT || t->kind == PHIL_FLOAT) && t->allow_none)
        show_argument(s, start, "allow_none", "True");
    if (t->none_elements)
        show_argument(s, start, "allow_none_elements", "True");
    if (t->auto_elements)
        show_argument(s, start, "allow_auto_elements", "True");
    if (t->multi)
        show_argument(s, start, "multi", "True");
    if (s->len > start)
        str_addc(s, ')');
}
