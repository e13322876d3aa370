/* include.c - "include file NAME": the objects of another file in place of the line; see phil.h and FORMATS 7.2. */
#include "param/phil.h"

#include <string.h>

/* The files being read, innermost first. */
struct reading {
    const char *path; /* absolute, without . and .. */
    const struct reading *outer;
    size_t *n_files; /* read so far, all together */
};

/* /a/./b//../c → /a/c. Links are not followed: a file that is reached by two names is caught by the depth limit. */
static const char *normal_path(struct arena *a, const char *path)
{
    const char *from = fs_absolute(a, path);
    char *out = arena_alloc(a, strlen(from) + 2);
    size_t n = 0;
    while (*from) {
        size_t length = strcspn(from, "/");
        if (length == 2 && !memcmp(from, "..", 2)) {
            while (n && out[--n] != '/')
                ;
        } else if (length && !(length == 1 && *from == '.')) {
            out[n++] = '/';
            memcpy(out + n, from, length);
            n += length;
        }
        from += length + (from[length] == '/');
    }
    out[n] = '\0';
    return out;
}

static struct phil_object *read_file(struct arena *a, const char *path, const char *shown,
                                     const struct reading *outer, struct phil_place place, struct error *err);

/* The name an include line gives, or NULL. */
static const char *included_name(struct arena *a, const struct phil_object *o, struct error *err)
{
    struct phil_words w;
    if (!phil_resolve(a, o, &w, err))
        return NULL;
    if (w.n >= 1 && str_same_nocase(w.word[0].text, "scope"))
        return phil_error(err, o->place, "include scope names a Python object, which cannot be read here"),
               error_hint(err, "write its parameters into a file and use include file"), NULL;
    if (w.n != 2 || !str_same_nocase(w.word[0].text, "file"))
        return phil_error(err, o->place, "include is followed by file and one name"), NULL;
    return w.word[1].text;
}

/* Replace the include at *link by the file's objects. */
static bool splice(struct arena *a, struct phil_object *scope, struct phil_object **link,
                   const struct reading *reading, struct error *err)
{
    struct phil_object *o = *link;
    const char *name = included_name(a, o, err);
    if (!name)
        return false;
    const char *path = fs_join(a, fs_folder(a, reading->path), name);
    struct phil_object *root = read_file(a, path, path, reading, o->place, err);
    if (!root)
        return false;
    for (struct phil_object *child = root->first; child; child = child->next)
        child->parent = scope;
    *link = o->next;
    if (root->first) {
        root->last->next = o->next;
        *link = root->first;
    }
    if (scope->last == o) {
        scope->last = scope->first;
        while (scope->last && scope->last->next)
            scope->last = scope->last->next;
    }
    return true;
}

static bool is_include(const struct phil_object *o)
{
    return !o->is_scope && !o->disabled && !strcmp(o->name, "include");
}

static bool scope_depths_fit(const struct phil_object *root, struct error *err)
{
    for (const struct phil_object *o = root; o; o = phil_walk(root, o, false))
        if (phil_depth(o) > PHIL_NESTING_MAX + 1)
            return phil_error(err, o->place, "scopes are nested more than %d deep", PHIL_NESTING_MAX);
    return true;
}

static struct phil_object *read_file(struct arena *a, const char *path, const char *shown,
                                     const struct reading *outer, struct phil_place place, struct error *err)
{
    size_t depth = 0, first = 0;
    struct reading reading = {.path = normal_path(a, path), .outer = outer};
    reading.n_files = outer ? outer->n_files : &first;
    for (const struct reading *r = outer; r; r = r->outer, depth++)
        if (!strcmp(r->path, reading.path))
            return phil_error(err, place, "%.200s includes itself", shown), NULL;
    if (depth > PHIL_INCLUDE_MAX)
        return phil_error(err, place, "files are included more than %d deep", PHIL_INCLUDE_MAX), NULL;
    if (++*reading.n_files >
        PHIL_FILES_MAX) /* files that include two others each would double with every level */
        return phil_error(err, place, "more than %d files are included", PHIL_FILES_MAX), NULL;

    const struct phil_source *s = phil_source_file(a, shown, err);
    if (!s)
        return NULL;
    struct phil_object *root = phil_parse(a, s, err);
    if (!root)
        return NULL;
    for (struct phil_object *o = root; o; o = phil_walk(root, o, false)) {
        if (!o->is_scope || (o != root && o->place.source != s))
            continue; /* what was included has done its own includes */
        struct phil_object **link = &o->first;
        while (*link) {
            if ((*link)->place.source != s || !is_include(*link))
                link = &(*link)->next;
            else if (!splice(a, o, link, &reading, err))
                return NULL;
        }
    }
    return scope_depths_fit(root, err) ? root : NULL;
}

struct phil_object *phil_parse_file(struct arena *a, const char *path, struct error *err)
{
    return read_file(a, path, path, NULL, (struct phil_place){0}, err);
}
