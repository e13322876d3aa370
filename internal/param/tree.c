/* tree.c - trees of scopes and definitions; see phil.h. */
#include "param/phil.h"

#include <string.h>

struct phil_object *phil_root(struct arena *a)
{
    struct phil_object *root = arena_alloc(a, sizeof *root);
    *root = (struct phil_object){.name = "",
                                 .is_scope = true,
                                 .multiple = PHIL_UNSET,
                                 .optional = PHIL_UNSET,
                                 .deprecated = PHIL_UNSET,
                                 .expert = -1};
    return root;
}

static struct phil_object *append_one(struct arena *a, struct phil_object *parent, const char *name, size_t n,
                                      bool is_scope, struct phil_place place)
{
    struct phil_object *o = phil_root(a);
    o->name = arena_strndup(a, name, n);
    o->is_scope = is_scope;
    o->place = place;
    o->parent = parent;
    if (parent->last)
        parent->last->next = o;
    else
        parent->first = o;
    parent->last = o;
    return o;
}

struct phil_object *phil_append(struct arena *a, struct phil_object *parent, const char *name, size_t n,
                                bool is_scope, struct phil_place place)
{
    for (const char *dot; (dot = memchr(name, '.', n)) != NULL;) {
        parent = append_one(a, parent, name, (size_t)(dot - name), true, place);
        parent->implied = true;
        n -= (size_t)(dot + 1 - name);
        name = dot + 1;
    }
    return append_one(a, parent, name, n, is_scope, place);
}

const char *phil_path(struct arena *a, const struct phil_object *o)
{
    size_t n = 0;
    for (const struct phil_object *p = o; p && *p->name; p = p->parent)
        n += strlen(p->name) + 1;
    if (!n)
        return "";
    char *path = arena_alloc(a, n);
    for (const struct phil_object *p = o; p && *p->name; p = p->parent) {
        size_t length = strlen(p->name);
        n -= length + 1;
        memcpy(path + n, p->name, length);
        if (n)
            path[n - 1] = '.';
    }
    return path;
}

struct phil_object *phil_child(const struct phil_object *scope, const char *name, size_t n)
{
    for (struct phil_object *o = scope->first; o; o = o->next)
        if (!strncmp(o->name, name, n) && !o->name[n])
            return o;
    return NULL;
}

struct phil_object *phil_walk(const struct phil_object *root, const struct phil_object *o, bool skip)
{
    if (o->first && !skip)
        return o->first;
    while (o != root && !o->next)
        o = o->parent;
    return o == root ? NULL : o->next;
}

int phil_expert(const struct phil_object *o)
{
    for (; o; o = o->parent)
        if (o->expert >= 0)
            return o->expert;
    return 0;
}

size_t phil_depth(const struct phil_object *o)
{
    size_t n = 0;
    for (; o->parent; o = o->parent)
        n++;
    return n;
}

/* Join the children of `from` into `to`, both scopes of one name. */
static void adopt_children(struct phil_object *to, struct phil_object *from)
{
    for (struct phil_object *o = from->first; o; o = o->next)
        o->parent = to;
    if (to->last)
        to->last->next = from->first;
    else
        to->first = from->first;
    if (from->last)
        to->last = from->last;
    from->first = from->last = NULL;
}

/* Take what is disabled or an include out of a scope, join scopes of one name, refuse two definitions of one name. */
static bool tidy_scope(struct arena *a, struct phil_object *scope, struct error *err)
{
    struct phil_object *o = scope->first;
    scope->first = scope->last = NULL;
    for (struct phil_object *next; o; o = next) {
        next = o->next;
        o->next = NULL;
        struct phil_object *same = phil_child(scope, o->name, strlen(o->name));
        if (o->disabled || (!o->is_scope && !strcmp(o->name, "include")))
            continue;
        if (same && same->is_scope && o->is_scope && same->multiple != PHIL_TRUE) {
            adopt_children(same, o);
            continue;
        }
        if (same)
            return phil_error(err, o->place, "%s is defined a second time", phil_path(a, o));
        if (scope->last)
            scope->last->next = o;
        else
            scope->first = o;
        scope->last = o;
        o->index = scope->n_children++;
    }
    return true;
}

bool phil_master(struct arena *a, struct phil_object *root, struct error *err)
{
    for (struct phil_object *o = root; o; o = phil_walk(root, o, false))
        if (o->is_scope && !tidy_scope(a, o, err))
            return false;
    return true;
}
