/* lines.c - values as lines "path = value": what the recipe hash is made of, and what differs between two sets; and one value set as a
 * text, whatever stands in it. See param.h. */
#include "param/params.h"

#include <string.h>

/* Where lines go: one struct, so that the walk over scopes and their elements is written once. */
struct walk {
    const struct params *p;
    bool in_hash;
    void (*take)(void *arg, const char *path, const char *value, const struct param_row *row);
    void *arg;
};

static void take_value(const struct walk *w, const struct phil_object *o, const struct phil_value *v,
                       const char *path)
{
    struct phil_words words = phil_value_words(w->p->arena, o, v);
    struct str value = {0};
    for (size_t i = 0; i < words.n; i++) {
        if (i)
            str_addc(&value, ' ');
        phil_word_show(&value, &words.word[i]);
    }
    w->take(w->arg, path, value.text ? value.text : "", o->row);
    str_free(&value);
}

static void walk_node(const struct walk *w, const struct phil_node *node, const char *path)
{
    const struct phil_object *o = node->master;
    const struct param_row *row = o->row;
    struct arena *a = w->p->arena;
    if (!o->is_scope && w->in_hash && !row->in_hash)
        return;
    if (o->multiple == PHIL_TRUE && node->n_elements) {
        for (size_t i = 0; i < node->n_elements; i++) {
            const char *element = arena_printf(a, "%s[%zu]", path, i);
            const struct phil_node *children = node->elements[i]->children;
            for (size_t k = 0; o->is_scope && k < o->n_children; k++)
                walk_node(w, &children[k], arena_printf(a, "%s.%s", element, children[k].master->name));
            if (!o->is_scope)
                take_value(w, o, &node->elements[i]->value, element);
        }
        return;
    }
    if (!o->is_scope)
        take_value(w, o, &node->value, path);
    for (size_t k = 0; node->children && k < o->n_children; k++)
        walk_node(w, &node->children[k],
                  *path ? arena_printf(a, "%s.%s", path, node->children[k].master->name)
                        : node->children[k].master->name);
}

/* ---- the recipe hash ---- */

static void hash_line(void *arg, const char *path, const char *value, const struct param_row *row)
{
    (void)row;
    const char *const parts[] = {path, *value ? " = " : " =", value, "\n"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        sha256_add(arg, parts[i], strlen(parts[i]));
}

void params_hash(const struct params *p, const char *file_lines, uint8_t out[32])
{
    struct sha256 h;
    sha256_start(&h);
    walk_node(&(struct walk){p, true, hash_line, &h}, p->root, "");
    if (file_lines)
        sha256_add(&h, file_lines, strlen(file_lines));
    sha256_end(&h, out);
}

/* ---- lists and differences ---- */

struct lines {
    struct arena *arena;
    enum param_tree tree;
    struct param_line *rows;
    size_t n;
};

static void keep_line(void *arg, const char *path, const char *value, const struct param_row *row)
{
    struct lines *l = arg;
    if (row && row->tree != l->tree)
        return;
    l->rows = arena_grow(l->arena, l->rows, l->n, sizeof *l->rows);
    l->rows[l->n++] = (struct param_line){arena_strdup(l->arena, path), arena_strdup(l->arena, value)};
}

size_t params_lines(const struct params *p, enum param_tree tree, struct arena *a, struct param_line **out)
{
    struct lines l = {.arena = a, .tree = tree};
    walk_node(&(struct walk){p, false, keep_line, &l}, p->root, "");
    *out = l.rows;
    return l.n;
}

static const char *value_of(const struct param_line *rows, size_t n, const char *path)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(rows[i].path, path))
            return rows[i].value;
    return NULL;
}

static void add_difference(struct arena *a, struct param_difference **out, size_t *n, const char *path,
                           const char *was, const char *is)
{
    *out = arena_grow(a, *out, *n, sizeof **out);
    (*out)[(*n)++] = (struct param_difference){path, was, is};
}

size_t params_differences(const struct params *p, const struct params *q, enum param_tree tree,
                          struct arena *a, struct param_difference **out)
{
    struct param_line *x, *y;
    size_t n = 0, n_x = params_lines(p, tree, a, &x), n_y = params_lines(q, tree, a, &y);
    *out = NULL;
    for (size_t i = 0; i < n_x; i++) {
        /* both have the table's order: nearly always the same place */
        const char *other =
            i < n_y && !strcmp(y[i].path, x[i].path) ? y[i].value : value_of(y, n_y, x[i].path);
        if (!other || strcmp(other, x[i].value) != 0)
            add_difference(a, out, &n, x[i].path, x[i].value, other);
    }
    for (size_t i = 0; i < n_y; i++)
        if (!(i < n_x && !strcmp(x[i].path, y[i].path)) && !value_of(x, n_x, y[i].path))
            add_difference(a, out, &n, y[i].path, NULL, y[i].value);
    return n;
}

/* ---- one value ---- */

bool params_set_text(struct params *p, const char *path, const char *text, struct error *err)
{
    const struct phil_source *s = phil_source(p->arena, path, false, text, strlen(text), err);
    if (!s)
        return false;
    struct phil_place place = {.source = s, .line = 1};
    struct phil_object *tree = phil_root(p->arena);
    struct phil_object *definition = phil_append(p->arena, tree, path, strlen(path), false, place);
    struct phil_word *word = arena_alloc(p->arena, sizeof *word);
    *word = (struct phil_word){
        .text = arena_strdup(p->arena, text), .n = strlen(text), .quote = PHIL_SINGLE, .place = place};
    definition->words = (struct phil_words){word, 1};
    definition->resolved = true;
    return params_merge_tree(p, tree, err);
}
