/* argument.c - assignments on the command line, with full or partial names; see phil.h and FORMATS 7.6. */
#include "param/phil.h"

#include <string.h>

enum { SCORE_ALL = 8, SCORE_PARTS = 4, SCORE_END = 3, SCORE_INSIDE = 1 };

/* How well a name given fits a path of the master. Parts inside a name only serve as hints: libtbx takes them, and hits
 * another parameter than meant with a misspelt name. */
static int score(const char *given, const char *path)
{
    size_t n = strlen(given), m = strlen(path);
    if (!n || !strstr(path, given))
        return 0;
    if (n == m)
        return SCORE_ALL;
    if (strcmp(path + m - n, given) != 0)
        return SCORE_INSIDE;
    return path[m - n - 1] == '.' ? SCORE_PARTS : SCORE_END;
}

/* ---- near names ---- */

struct near {
    const char *path;
    size_t distance;
};

/* Distance to a path: the whole, or its last parts when fewer were given. */
static size_t distance(const char *given, const char *path)
{
    size_t best = str_distance(given, path);
    for (const char *dot = strchr(path, '.'); dot; dot = strchr(dot + 1, '.')) {
        size_t d = str_distance(given, dot + 1);
        best = d < best ? d : best;
    }
    const char *last = strrchr(given, '.'), *end = strrchr(path, '.');
    if (last && end) { /* the right name in the wrong scope */
        size_t d = str_distance(last, end) + 3;
        best = d < best ? d : best;
    }
    return score(given, path) && best > 2 ? 2 : best;
}

const char *phil_near(struct arena *a, const struct phil_object *master, const char *path)
{
    struct near best[3] = {{0}};
    size_t n = 0, limit = strlen(path) / 3 + 1;
    for (const struct phil_object *o = master; o; o = phil_walk(master, o, false)) {
        if (o->is_scope)
            continue;
        struct near now = {phil_path(a, o), 0};
        now.distance = distance(path, now.path);
        if (now.distance > limit)
            continue;
        size_t at = n < 3 ? n : 3;
        while (at && best[at - 1].distance > now.distance) {
            if (at < 3)
                best[at] = best[at - 1];
            at--;
        }
        if (at < 3)
            best[at] = now;
        n += n < 3;
    }
    struct str list = {0};
    /* far names beside a near one would only distract */
    for (size_t i = 0; i < n && best[i].distance <= best[0].distance + 1; i++)
        str_printf(&list, "%s%s", i ? ", " : "", best[i].path);
    const char *text = list.text ? arena_strdup(a, list.text) : "";
    str_free(&list);
    return text;
}

/* ---- partial names ---- */

/* The definitions that fit a name best, and how well. */
static int best_matches(struct arena *a, const struct phil_object *master, const char *given,
                        const struct phil_object **out, size_t *n)
{
    int best = 0;
    *n = 0;
    for (const struct phil_object *o = master; o; o = phil_walk(master, o, false)) {
        int now = o->is_scope ? 0 : score(given, phil_path(a, o));
        if (now > best)
            best = now, *n = 0;
        if (now && now == best)
            out[(*n)++] = o;
    }
    return best;
}

static bool refuse_ambiguous(struct arena *a, const struct phil_object *given, const char *name,
                             const struct phil_object *const *match, size_t n, struct error *err)
{
    struct str list = {0};
    for (size_t i = 0; i < n; i++)
        str_printf(&list, "%s%s", i ? ", " : "", phil_path(a, match[i]));
    phil_error(err, given->place, "%.200s may mean %s", name, COUNT(n, "parameter"));
    error_hint(err, "one of: %s", list.text);
    str_free(&list);
    return false;
}

/* The master's definition that a name means. A tie goes to the one for everybody, if there is just one, with a warning. */
static const struct phil_object *find_target(struct arena *a, const struct phil_object *master,
                                             const struct phil_object *given, struct error *err)
{
    const char *name = phil_path(a, given);
    size_t n_all = 0, n, n_lowest = 0;
    for (const struct phil_object *o = master; o; o = phil_walk(master, o, false))
        n_all += !o->is_scope;
    const struct phil_object **match = arena_array(a, n_all, sizeof *match), *target = NULL;
    if (best_matches(a, master, name, match, &n) < SCORE_END) {
        const char *near = phil_near(a, master, name);
        phil_error(err, given->place, "there is no parameter %.200s", name);
        if (*near)
            error_hint(err, "did you mean %s?", near);
        else
            error_hint(err, "xfelx process --show-params lists the names");
        return NULL;
    }
    int lowest = phil_expert(match[0]);
    for (size_t i = 0; i < n; i++)
        if (phil_expert(match[i]) < lowest)
            lowest = phil_expert(match[i]);
    for (size_t i = 0; i < n; i++)
        if (phil_expert(match[i]) == lowest)
            target = match[i], n_lowest++;
    if (n_lowest > 1)
        return refuse_ambiguous(a, given, name, match, n, err), NULL;
    if (n > 1)
        log_warn("%s may mean %s; %s is taken", name, COUNT(n, "parameter"), phil_path(a, target));
    return target;
}

/* A tree with the one definition at its full path, made of the given one's words. */
static struct phil_object *rooted(struct arena *a, const char *path, const struct phil_object *given,
                                  struct phil_words words)
{
    struct phil_object *root = phil_root(a);
    struct phil_object *o = phil_append(a, root, path, strlen(path), false, given->place);
    o->words = words;
    o->resolved = true; /* variables refer to the argument, not to this tree */
    return root;
}

bool phil_argument(struct arena *a, struct phil_node *root, const struct phil_source *s, struct error *err)
{
    struct phil_object *tree = phil_parse(a, s, err);
    if (!tree)
        return false;
    size_t n = 0;
    for (struct phil_object *o = tree; o; o = phil_walk(tree, o, o->disabled)) {
        if (o->is_scope || o->disabled)
            continue;
        if (!strcmp(o->name, "include"))
            return phil_error(err, o->place, "only files can include files");
        const struct phil_object *target = find_target(a, root->master, o, err);
        struct phil_words words;
        if (!target || !phil_resolve(a, o, &words, err) ||
            !phil_fetch(a, root, rooted(a, phil_path(a, target), o, words), NULL, err))
            return false;
        n++;
    }
    if (!n)
        return error_set(err, ERROR_USAGE, "%s: \"%.200s\" sets no parameter", s->name, s->text);
    return true;
}
