/* params.c - the parameters and settings of a command: defaults, merging, getters, hash; see param.h. */
#include "param/params.h"

#include "param/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct params *params_make(struct arena *a)
{
    struct params *p = arena_alloc(a, sizeof *p);
    struct error err;
    p->arena = a;
    p->root = phil_defaults(a, rows_master(a), &err);
    if (!p->root) {
        fprintf(stderr, "xfelx: a built-in default is broken: %s\n", err.fact);
        abort();
    }
    return p;
}

/* ---- merging ---- */

/* A parameter of class "not yet" that says something else than its default. */
static const struct phil_node *find_not_yet(const struct phil_node *node)
{
    const struct phil_object *o = node->master;
    const struct param_row *row = o->row;
    if (row && row->class == PARAM_NOT_YET && !phil_is_default(node))
        return node->n_elements ? node->elements[0] : node;
    for (size_t i = 0; o->is_scope && i < node->n_elements; i++) {
        const struct phil_node *found = find_not_yet(node->elements[i]);
        if (found)
            return found;
    }
    for (size_t k = 0; node->children && k < o->n_children; k++) {
        const struct phil_node *found = find_not_yet(&node->children[k]);
        if (found)
            return found;
    }
    return NULL;
}

bool params_settle(struct params *p, struct error *err)
{
    if (!phil_check(p->arena, p->root, err))
        return false;
    const struct phil_node *later = find_not_yet(p->root);
    if (later)
        return phil_error(err, later->words.word[0].place, "%s is not supported yet",
                          phil_path(p->arena, later->master)),
               error_hint(err, "leave it at its default, %s",
                          ((const struct param_row *)later->master->row)->deflt);
    return true;
}

bool params_merge_tree(struct params *p, struct phil_object *tree, struct error *err)
{
    if (!phil_fetch(p->arena, p->root, tree, NULL, err))
        return false;
    const struct phil_object *unknown = phil_unused(tree, NULL);
    if (unknown) {
        const char *path = phil_path(p->arena, unknown), *near = phil_near(p->arena, p->root->master, path);
        phil_error(err, unknown->place, "there is no parameter %.200s", path);
        if (*near)
            error_hint(err, "did you mean %s?", near);
        else
            error_hint(err, "xfelx process --show-params lists the names");
        return false;
    }
    return params_settle(p, err);
}

bool params_merge_file(struct params *p, const char *path, struct error *err)
{
    struct phil_object *tree = phil_parse_file(p->arena, path, err);
    if (!tree && err && err->code != ERROR_MEMORY)
        err->code = ERROR_USAGE; /* also when it is not there: a settings file was named wrongly */
    return tree && params_merge_tree(p, tree, err);
}

bool params_merge_text(struct params *p, const char *name, const char *text, struct error *err)
{
    const struct phil_source *s = phil_source(p->arena, name, true, text, strlen(text), err);
    struct phil_object *tree = s ? phil_parse(p->arena, s, err) : NULL;
    return tree && params_merge_tree(p, tree, err);
}

/* Passwords on a command line can be read by everybody on the machine. */
static bool refuse_secrets(const struct phil_node *node, const struct phil_source *s, struct error *err)
{
    const struct param_row *row = node->master->row;
    if (rows_is_secret(row) && node->words.n && node->words.word[0].place.source == s)
        return error_set(err, ERROR_USAGE, "%s is not taken from the command line, where others can read it",
                         row->path),
               error_hint(err, "put it into ~/.config/xfelx/xfelx.phil or use db.password_file");
    for (size_t k = 0; node->children && k < node->master->n_children; k++)
        if (!refuse_secrets(&node->children[k], s, err))
            return false;
    return true;
}

bool params_merge_argument(struct params *p, const char *text, struct error *err)
{
    if (str_starts(text, "--"))
        text += 2;
    const struct phil_source *s = phil_source(p->arena, "command line", false, text, strlen(text), err);
    return s && phil_argument(p->arena, p->root, s, err) && refuse_secrets(p->root, s, err) &&
           params_settle(p, err);
}

enum param_argument params_argument_kind(const char *text)
{
    static const char *const endings[] = {".phil", ".param", ".params", ".eff", ".def"};
    const char *name = text + (str_starts(text, "--") ? 2 : 0);
    size_t n = strcspn(name, "={");
    while (n && phil_space(name + n - 1, 1))
        n--;
    if (strchr(name, '=') && phil_is_name(name, n) && !fs_is_file(text))
        return PARAM_ARGUMENT_ASSIGNMENT;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (str_ends(text, endings[i]) && !fs_is_folder(text))
            return PARAM_ARGUMENT_PHIL;
    return PARAM_ARGUMENT_OTHER;
}

/* ---- getters ---- */

static void no_such(const char *path, const char *what)
{
    fprintf(stderr, "xfelx: a part of the program asks for the parameter %s, %s\n", path, what);
    abort();
}

static const struct phil_node *node_at(const struct params *p, const char *path)
{
    const struct phil_node *node = phil_find(p->root, path);
    if (!node)
        no_such(path, "which does not exist");
    return node;
}

static const struct phil_value *value_at(const struct params *p, const char *path)
{
    const struct phil_node *node = node_at(p, path);
    if (node->master->is_scope)
        no_such(path, "which is a scope");
    return &node->value;
}

static const struct phil_value *kind_at(const struct params *p, const char *path, uint64_t kinds)
{
    const struct phil_node *node = node_at(p, path);
    if (node->master->is_scope || !(kinds >> node->master->type.kind & 1))
        no_such(path, "which is of another type");
    return &node->value;
}

#define KIND(k) ((uint64_t)1 << (k))

bool param_is_none(const struct params *p, const char *path)
{
    return value_at(p, path)->state == PHIL_NONE;
}

bool param_is_auto(const struct params *p, const char *path)
{
    return value_at(p, path)->state == PHIL_AUTO;
}

bool param_bool(const struct params *p, const char *path, bool otherwise)
{
    const struct phil_value *v = kind_at(p, path, KIND(PHIL_BOOL));
    return v->state == PHIL_SET ? v->b : otherwise;
}

int64_t param_int(const struct params *p, const char *path, int64_t otherwise)
{
    const struct phil_value *v = kind_at(p, path, KIND(PHIL_INT));
    return v->state == PHIL_SET ? v->number.i : otherwise;
}

double param_real(const struct params *p, const char *path, double otherwise)
{
    const struct phil_value *v = kind_at(p, path, KIND(PHIL_FLOAT) | KIND(PHIL_INT));
    return v->state == PHIL_SET ? v->number.r : otherwise;
}

const char *param_text(const struct params *p, const char *path, const char *otherwise)
{
    const struct phil_value *v = kind_at(p, path,
                                         KIND(PHIL_STR) | KIND(PHIL_PATH) | KIND(PHIL_KEY) | KIND(PHIL_QSTR) |
                                             KIND(PHIL_CHOICE) | KIND(PHIL_SPACE_GROUP));
    return v->state == PHIL_SET && v->text ? v->text : otherwise;
}

size_t param_reals(const struct params *p, const char *path, const double **values)
{
    const struct phil_value *v = kind_at(p, path, KIND(PHIL_FLOATS) | KIND(PHIL_INTS) | KIND(PHIL_UNIT_CELL));
    *values = v->reals;
    return v->state == PHIL_SET ? v->n : 0;
}

size_t param_count(const struct params *p, const char *path)
{
    const struct phil_node *node = node_at(p, path);
    if (node->master->multiple != PHIL_TRUE)
        no_such(path, "of which there is only one");
    return node->n_elements;
}

size_t param_texts(const struct params *p, const char *path, const char *const **values)
{
    const struct phil_node *node = node_at(p, path);
    if (node->master->multiple != PHIL_TRUE || strchr(path, '[')) {
        const struct phil_value *v =
            kind_at(p, path, KIND(PHIL_STRINGS) | KIND(PHIL_CHOICE) | KIND(PHIL_WORDS));
        *values = v->texts;
        return v->state == PHIL_SET ? v->n : 0;
    }
    const char **texts = arena_array(p->arena, node->n_elements, sizeof *texts);
    for (size_t i = 0; i < node->n_elements; i++) {
        const struct phil_value *v = &node->elements[i]->value;
        texts[i] = v->state == PHIL_SET && v->text ? v->text : "";
    }
    *values = texts;
    return node->n_elements;
}

bool param_is_default(const struct params *p, const char *path)
{
    return phil_is_default(node_at(p, path));
}

const char *param_origin(const struct params *p, const char *path)
{
    const char *origin = node_at(p, path)->origin;
    return origin ? origin : "built-in";
}

/* ---- all values ---- */

static bool is_wanted(const struct phil_object *o, const void *arg)
{
    int tree = *(const int *)arg;
    const struct param_row *row = o->row;
    return !rows_is_secret(row) && (tree < 0 || (int)row->tree == tree);
}

void params_show(const struct params *p, const struct param_show_options *o, struct str *out)
{
    struct phil_show how = {.changed = o->what == PARAM_SHOW_CHANGED,
                            .expert = o->expert,
                            .attributes = o->attributes,
                            .origins = o->origins,
                            .wanted = is_wanted,
                            .arg = &o->tree};
    phil_show(p->arena, p->root, &how, out);
}

static void collect_ignored(const struct phil_node *node, const struct params *p, struct arena *a,
                            const char **names, size_t *n)
{
    const struct param_row *row = node->master->row;
    if (row && row->class == PARAM_IGNORED && !phil_is_default(node)) {
        if (names)
            names[*n] = phil_path(a, node->master);
        ++*n;
    }
    for (size_t i = 0; node->master->is_scope && i < node->n_elements; i++)
        collect_ignored(node->elements[i], p, a, names, n);
    for (size_t k = 0; node->children && k < node->master->n_children; k++)
        collect_ignored(&node->children[k], p, a, names, n);
}

size_t params_ignored(const struct params *p, struct arena *a, const char *const **names)
{
    size_t n = 0;
    collect_ignored(p->root, p, a, NULL, &n);
    const char **list = arena_array(a, n, sizeof *list);
    n = 0;
    collect_ignored(p->root, p, a, list, &n);
    *names = list;
    return n;
}
