/* fetch.c - values: defaults of a master, and what texts change in them; see phil.h and FORMATS 7.5.
 *
 * libtbx takes each name of the master and looks for it in all sources; here each object of a source is taken to its place in
 * the master, which gives the same values and costs no more than the source is long. The recursion is as deep as the master.
 */
#include "param/phil.h"

#include <string.h>

static bool make_defaults(struct arena *a, const struct phil_object *master, struct phil_node *out,
                          struct error *err);

/* The children of a scope, or of one element of a .multiple scope. */
static bool make_children(struct arena *a, const struct phil_object *master, struct phil_node *out,
                          struct error *err)
{
    out->children = arena_array(a, master->n_children, sizeof *out->children);
    for (const struct phil_object *o = master->first; o; o = o->next)
        if (!make_defaults(a, o, &out->children[o->index], err))
            return false;
    return true;
}

static void add_element(struct arena *a, struct phil_node *node, struct phil_node *element)
{
    if (node->n_elements == node->room) {
        struct phil_node **more = arena_array(a, node->room = node->room ? 2 * node->room : 4, sizeof *more);
        if (node->n_elements)
            memcpy(more, node->elements, node->n_elements * sizeof *more);
        node->elements = more;
    }
    node->elements[node->n_elements++] = element;
}

static bool make_defaults(struct arena *a, const struct phil_object *master, struct phil_node *out,
                          struct error *err)
{
    *out = (struct phil_node){.master = master};
    if (master->is_scope && master->multiple != PHIL_TRUE)
        return make_children(a, master, out, err);
    if (!master->is_scope) {
        out->words = master->words;
        if (!phil_value_read(a, master, master->words, &out->value, err))
            return false;
        out->built_in = out->value;
    }
    if (master->multiple == PHIL_TRUE && master->is_scope) {
        out->template = arena_alloc(a, sizeof *out->template);
        out->template->master = master;
        if (!make_children(a, master, out->template, err))
            return false;
    }
    /* the default is always its first element */
    if (master->multiple == PHIL_TRUE && master->optional == PHIL_FALSE) {
        struct phil_node *element = arena_alloc(a, sizeof *element);
        *element = master->is_scope ? *out->template : *out;
        add_element(a, out, element);
    }
    return true;
}

struct phil_node *phil_defaults(struct arena *a, const struct phil_object *master, struct error *err)
{
    struct phil_node *root = arena_alloc(a, sizeof *root);
    return make_defaults(a, master, root, err) ? root : NULL;
}

/* ---- same or not ---- */

static bool same_text(const char *x, const char *y)
{
    return x == y || (x && y && !strcmp(x, y));
}

bool phil_same_value(const struct phil_object *master, const struct phil_value *x, const struct phil_value *y)
{
    if (x->state != y->state)
        return false;
    if (x->state == PHIL_AUTO || (x->state == PHIL_NONE && master->type.kind != PHIL_CHOICE))
        return true;
    if (x->b != y->b || x->n != y->n || !same_text(x->text, y->text))
        return false;
    if (x->number.state != y->number.state || x->number.i != y->number.i || x->number.r != y->number.r)
        return false;
    for (size_t i = 0; i < x->n; i++) {
        if (x->texts && !same_text(x->texts[i], y->texts[i]))
            return false;
        if (x->numbers && (x->numbers[i].state != y->numbers[i].state ||
                           (x->numbers[i].state == PHIL_SET &&
                            (x->numbers[i].i != y->numbers[i].i || x->numbers[i].r != y->numbers[i].r))))
            return false;
    }
    return true;
}

static bool same_node(const struct phil_node *x, const struct phil_node *y)
{
    const struct phil_object *master = x->master;
    if (!master->is_scope && master->multiple != PHIL_TRUE)
        return phil_same_value(master, &x->value, &y->value);
    if (x->n_elements != y->n_elements)
        return false;
    for (size_t i = 0; i < x->n_elements; i++) {
        if (!master->is_scope && !phil_same_value(master, &x->elements[i]->value, &y->elements[i]->value))
            return false;
        for (size_t k = 0; master->is_scope && k < master->n_children; k++)
            if (!same_node(&x->elements[i]->children[k], &y->elements[i]->children[k]))
                return false;
    }
    for (size_t k = 0; master->is_scope && x->children && k < master->n_children; k++)
        if (!same_node(&x->children[k], &y->children[k]))
            return false;
    return true;
}

static bool same_element(const struct phil_object *master, const struct phil_node *x,
                         const struct phil_node *y)
{
    if (!master->is_scope)
        return phil_same_value(master, &x->value, &y->value);
    for (size_t k = 0; k < master->n_children; k++)
        if (!same_node(&x->children[k], &y->children[k]))
            return false;
    return true;
}

bool phil_same_values(const struct phil_node *x, const struct phil_node *y)
{
    return same_node(x, y);
}

bool phil_is_default(const struct phil_node *node)
{
    if (node->master->multiple == PHIL_TRUE)
        return node->n_elements == (node->master->optional == PHIL_FALSE);
    if (!node->master->is_scope)
        return !node->origin || phil_same_value(node->master, &node->value, &node->built_in);
    for (size_t k = 0; k < node->master->n_children; k++)
        if (!phil_is_default(&node->children[k]))
            return false;
    return true;
}

/* ---- merging ---- */

struct merge {
    struct arena *arena;
    const char *origin;
    struct error *err;
};

static bool fetch_scope(struct merge *m, const struct phil_object *master, struct phil_node *children,
                        struct phil_object *source);

static const char *origin_of(struct merge *m, const struct phil_object *o)
{
    return m->origin ? m->origin : phil_place_text(m->arena, o->place);
}

/* A choice's words become the master's list with stars on what is chosen. */
static bool choose(struct merge *m, const struct phil_object *master, struct phil_words *words)
{
    if (phil_is_auto(*words))
        return true;
    bool *chosen = arena_array(m->arena, master->words.n, sizeof *chosen);
    if (!phil_choose(m->arena, master, *words, chosen, m->err))
        return false;
    struct phil_word *list = arena_array(m->arena, master->words.n, sizeof *list);
    for (size_t i = 0; i < master->words.n; i++) {
        list[i] = master->words.word[i];
        const char *bare = list[i].text + (list[i].text[0] == '*');
        list[i].text = chosen[i] ? arena_printf(m->arena, "*%s", bare) : bare;
        list[i].n = strlen(list[i].text);
        list[i].place = words->word[0].place;
    }
    *words = (struct phil_words){list, master->words.n};
    return true;
}

/* Put an element behind the others, unless it says nothing new; an equal earlier one gives up its place. */
static bool keep_element(struct merge *m, struct phil_node *node, struct phil_node *element,
                         struct phil_object *source)
{
    const struct phil_object *master = node->master;
    size_t first = master->optional == PHIL_FALSE;
    if (master->is_scope ? same_element(master, element, node->template)
                         : phil_same_value(master, &element->value, &node->value))
        return true;
    if (!master->is_scope && element->value.state == PHIL_NONE && master->optional == PHIL_TRUE)
        return true;
    for (size_t i = first; i < node->n_elements; i++) {
        if (!same_element(master, element, node->elements[i]))
            continue;
        memmove(&node->elements[i], &node->elements[i + 1],
                (node->n_elements - i - 1) * sizeof *node->elements);
        node->n_elements--;
        break;
    }
    if (node->n_elements >= PHIL_ELEMENTS_MAX)
        return phil_error(m->err, source->place, "more than %d times %s", PHIL_ELEMENTS_MAX,
                          phil_path(m->arena, master));
    node->origin = element->origin;
    add_element(m->arena, node, element);
    return true;
}

static bool same_words(struct phil_words x, struct phil_words y)
{
    if (x.n != y.n)
        return false;
    for (size_t i = 0; i < x.n; i++)
        if (strcmp(x.word[i].text, y.word[i].text) != 0)
            return false;
    return true;
}

static bool fetch_definition(struct merge *m, struct phil_node *node, struct phil_object *source)
{
    const struct phil_object *master = node->master;
    struct phil_words words;
    source->used = true;
    if (!phil_resolve(m->arena, source, &words, m->err))
        return false;
    if (!words.n) /* a variable that holds nothing */
        words = phil_words_of(m->arena, "''");
    if (master->deprecated == PHIL_TRUE) {
        if (same_words(words, master->words))
            return true;
        log_warn("%s is deprecated", phil_path(m->arena, master));
    }
    if (master->type.kind == PHIL_CHOICE && !choose(m, master, &words))
        return false;
    if (master->multiple == PHIL_TRUE) {
        struct phil_node *element = arena_alloc(m->arena, sizeof *element);
        *element = (struct phil_node){.master = master, .words = words, .origin = origin_of(m, source)};
        if (!phil_value_read(m->arena, master, words, &element->value, m->err))
            return false;
        return keep_element(m, node, element, source);
    }
    node->words = words;
    node->origin = origin_of(m, source);
    node->pending = true;
    return true;
}

/* One occurrence of a .multiple scope is one element. */
static bool fetch_element(struct merge *m, struct phil_node *node, struct phil_object *source)
{
    struct phil_node *element = arena_alloc(m->arena, sizeof *element);
    element->master = node->master;
    element->origin = origin_of(m, source);
    if (!make_children(m->arena, node->master, element, m->err) ||
        !fetch_scope(m, node->master, element->children, source))
        return false;
    for (size_t k = 0; k < node->master->n_children; k++)
        if (!phil_check(m->arena, &element->children[k], m->err))
            return false;
    return keep_element(m, node, element, source);
}

static bool fetch_object(struct merge *m, struct phil_node *node, struct phil_object *source)
{
    const struct phil_object *master = node->master;
    if (master->is_scope != source->is_scope)
        return phil_error(m->err, source->place,
                          master->is_scope ? "%s is a scope, not a value" : "%s is a value, not a scope",
                          phil_path(m->arena, master)),
               error_hint(m->err,
                          master->is_scope ? "write %s { name = value } or %s.name = value"
                                           : "write %s = value",
                          phil_path(m->arena, master), phil_path(m->arena, master));
    if (!master->is_scope)
        return fetch_definition(m, node, source);
    if (master->multiple == PHIL_TRUE)
        return fetch_element(m, node, source);
    return fetch_scope(m, master, node->children, source);
}

static bool fetch_scope(struct merge *m, const struct phil_object *master, struct phil_node *children,
                        struct phil_object *source)
{
    for (struct phil_object *o = source->first; o; o = o->next) {
        const struct phil_object *known = o->disabled ? NULL : phil_child(master, o->name, strlen(o->name));
        if (known && !fetch_object(m, &children[known->index], o))
            return false;
    }
    return true;
}

bool phil_fetch(struct arena *a, struct phil_node *root, struct phil_object *source, const char *origin,
                struct error *err)
{
    struct merge m = {.arena = a, .origin = origin, .err = err};
    return fetch_scope(&m, root->master, root->children, source);
}

bool phil_check(struct arena *a, struct phil_node *node, struct error *err)
{
    if (node->pending) {
        struct phil_value value;
        if (!phil_value_read(a, node->master, node->words, &value, err))
            return false;
        node->value = value;
        node->pending = false;
    }
    for (size_t k = 0; node->children && k < node->master->n_children; k++)
        if (!phil_check(a, &node->children[k], err))
            return false;
    return true;
}

const struct phil_object *phil_unused(const struct phil_object *source, const struct phil_object *last)
{
    const struct phil_object *o = last ? last : source;
    while ((o = phil_walk(source, o, o->disabled)) != NULL)
        if (!o->is_scope && !o->disabled && !o->used && strcmp(o->name, "include") != 0)
            break;
    return o;
}

/* ---- finding ---- */

struct phil_node *phil_find(struct phil_node *root, const char *path)
{
    struct phil_node *node = root;
    while (node && *path) {
        size_t n = strcspn(path, ".[");
        const struct phil_object *o = node->children ? phil_child(node->master, path, n) : NULL;
        if (!o)
            return NULL;
        node = &node->children[o->index];
        path += n;
        if (*path == '[') {
            size_t i = 0, digits = strspn(++path, "0123456789");
            for (size_t k = 0; k < digits && i < 1000000; k++)
                i = 10 * i + (size_t)(path[k] - '0');
            if (path[digits] != ']' || o->multiple != PHIL_TRUE)
                return NULL;
            path += digits + 1;
            if (digits)
                node = i < node->n_elements ? node->elements[i] : NULL;
            else if (*path)
                node = node->template;
        }
        if (*path == '.')
            path++;
        else if (*path)
            return NULL;
    }
    return node;
}
