/* attribute.c - what stands below a name: .type, .help, .multiple …; see phil.h and FORMATS 7.2. */
#include "param/phil.h"

#include <string.h>

static bool read_flag(struct arena *a, const char *name, struct phil_words w, struct phil_place place,
                      enum phil_flag *out, struct error *err)
{
    *out = PHIL_UNSET;
    if (phil_is_none(w) || phil_is_auto(w))
        return true;
    bool value;
    if (!phil_bool(phil_join(a, w), &value))
        return phil_error(err, place, ".%s is True or False, not \"%.80s\"", name, phil_join(a, w));
    *out = value ? PHIL_TRUE : PHIL_FALSE;
    return true;
}

static bool read_whole(struct arena *a, const char *name, struct phil_words w, struct phil_place place,
                       int *out, struct error *err)
{
    *out = -1;
    if (phil_is_none(w) || phil_is_auto(w))
        return true;
    const char *text = phil_join(a, w), *why;
    struct phil_number number;
    if (!phil_expression(text, strlen(text), true, &number, &why))
        return phil_error(err, place, ".%s is a whole number, not \"%.80s\": %s", name, text, why);
    *out = number.i < -1 ? -1 : number.i > 1000 ? 1000 : (int)number.i;
    return true;
}

/* A printf pattern for one number, as Python's % would take: exactly one conversion. */
static bool is_number_pattern(const char *text)
{
    size_t n = 0;
    for (; (text = strchr(text, '%')) != NULL; text++) {
        if (*++text == '%')
            continue;
        text += strspn(text, "#0- +");
        text += strspn(text, "0123456789");
        if (*text == '.')
            text += 1 + strspn(text + 1, "0123456789");
        if (!*text || !strchr("diouxXeEfFgGcrsa", *text))
            return false;
        n++;
    }
    return n == 1;
}

bool phil_set_attribute(struct arena *a, struct phil_object *o, const char *name, struct phil_words w,
                        struct phil_place place, struct error *err)
{
    const char *text = phil_join(a, w);
    bool none = phil_is_none(w);
    int whole;
    enum phil_flag flag;
    if (!strcmp(name, "call"))
        return phil_error(err, place, ".call names a Python object, which cannot be called here");
    if (!strcmp(name, "type")) {
        o->type = (struct phil_type){0};
        if (phil_is_auto(w))
            return phil_error(err, place, "Auto is no type");
        if (!none && !phil_type_read(text, place, &o->type, err))
            return false;
    } else if (!strcmp(name, "multiple")) {
        if (!read_flag(a, name, w, place, &o->multiple, err))
            return false;
    } else if (!strcmp(name, "optional")) {
        if (!read_flag(a, name, w, place, &o->optional, err))
            return false;
    } else if (!strcmp(name, "disable_add") || !strcmp(name, "disable_delete")) {
        if (!read_flag(a, name, w, place, &flag, err))
            return false;
    } else if (!strcmp(name, "expert_level")) {
        if (!read_whole(a, name, w, place, &o->expert, err))
            return false;
    } else if (!strcmp(name, "input_size")) {
        if (!read_whole(a, name, w, place, &whole, err))
            return false;
    } else if (!strcmp(name, "sequential_format")) {
        if (!none && !is_number_pattern(text))
            return phil_error(err, place, ".sequential_format \"%.80s\" has no place for one number", text);
    } else if (!strcmp(name, "deprecated")) {
        o->deprecated = none ? PHIL_UNSET : PHIL_TRUE; /* libtbx takes any text, "False" too, as true */
    } else if (!strcmp(name, "help")) {
        o->help = none ? NULL : text;
    }
    struct phil_attribute *attribute = arena_alloc(a, sizeof *attribute), **end = &o->attributes;
    *attribute = (struct phil_attribute){.name = arena_strdup(a, name), .text = none ? NULL : text};
    while (*end && strcmp((*end)->name, name) != 0)
        end = &(*end)->next;
    if (*end) /* given a second time: the last one counts */
        attribute->next = (*end)->next;
    *end = attribute;
    return true;
}
