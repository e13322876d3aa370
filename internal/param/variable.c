/* variable.c - $name in values: what stands above in the same text, else the environment; see phil.h and FORMATS 7.3. */
#include "param/phil.h"

#include <stdlib.h>
#include <string.h>

/* Objects that all variables of a text may look at together: variables that name variables twice each would double the
 * work with every line. */
enum { STEPS_MAX = 4000000 };

/* A word cut at its variables. */
struct fragment {
    const char *text; /* plain text, or the name */
    bool variable;
};

static bool name_start(char c)
{
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Length of the variable at p, which points behind the $; its name goes to *name. 0: refused. */
static size_t variable_length(struct arena *a, const struct phil_word *w, const char *p, const char **name,
                              struct error *err)
{
    if (!*p)
        return phil_error(err, w->place, "$ is not followed by a name"), 0;
    if (*p == '(') {
        const char *close = strchr(p, ')');
        if (!close)
            return phil_error(err, w->place, "$( is not closed by )"), 0;
        size_t n = (size_t)(close - p) - 1, dot = n && p[1] == '.';
        if (!phil_is_name(p + 1 + dot, n - dot))
            return phil_error(err, w->place, "\"%.*s\" is no name of a variable", (int)(n < 80 ? n : 80),
                              p + 1),
                   0;
        *name = arena_strndup(a, p + 1, n);
        return n + 2;
    }
    size_t n = 0;
    while (name_start(p[n]) || (n && p[n] >= '0' && p[n] <= '9'))
        n++;
    if (!n)
        return phil_error(err, w->place, "$ is not followed by a name"),
               error_hint(err, "write '...' in single quotes, or \\$, for the sign itself"), 0;
    *name = arena_strndup(a, p, n);
    return n;
}

static bool cut(struct arena *a, const struct phil_word *w, struct fragment *out, size_t *n,
                struct error *err)
{
    const char *plain = w->text, *p = w->text;
    *n = 0;
    while (*p) {
        if (*p == '\\' && p[1] == '$') {
            p += 2;
            continue;
        }
        if (*p != '$') {
            p++;
            continue;
        }
        if (p > plain)
            out[(*n)++] = (struct fragment){arena_strndup(a, plain, (size_t)(p - plain)), false};
        const char *name;
        size_t length = variable_length(a, w, p + 1, &name, err);
        if (!length)
            return false;
        out[(*n)++] = (struct fragment){name, true};
        plain = p += 1 + length;
    }
    if (p > plain)
        out[(*n)++] = (struct fragment){plain, false};
    return true;
}

/* The last object of a scope with a (dotted) name; only what stands above `order` in the same text counts. */
static struct phil_object *look_in(const struct phil_object *scope, const char *name,
                                   const struct phil_source *source, uint32_t order)
{
    struct phil_object *found = NULL;
    for (struct phil_object *o = scope->first; o; o = o->next) {
        ++*source->steps;
        if (o->place.source != source)
            continue;
        if (o->order && o->order >= order)
            break;
        size_t n = strlen(o->name);
        if (!strcmp(o->name, name)) {
            found = o;
        } else if (o->is_scope && !strncmp(name, o->name, n) && name[n] == '.') {
            struct phil_object *inner = look_in(o, name + n + 1, source, order);
            if (inner)
                found = inner;
        }
    }
    return found;
}

static struct phil_object *look_up(const struct phil_object *definition, const char *name)
{
    const struct phil_object *scope = definition->parent;
    if (!scope)
        return NULL;
    if (*name == '.') {
        while (scope->parent)
            scope = scope->parent;
        name++;
    }
    for (; scope; scope = scope->parent) {
        struct phil_object *o = look_in(scope, name, definition->place.source, definition->order);
        if (o)
            return o;
    }
    return NULL;
}

static bool resolve(struct arena *a, const struct phil_object *definition, size_t depth,
                    struct phil_words *out, struct error *err);

/* The words a variable stands for. */
static bool variable_words(struct arena *a, const struct phil_object *definition, const struct phil_word *w,
                           const char *name, size_t depth, struct phil_words *out, struct error *err)
{
    struct phil_object *o = look_up(definition, name);
    if ((*w->place.source->steps += 16) > STEPS_MAX)
        return phil_error(err, w->place, "too many variables in this text");
    if (o && o->is_scope)
        return phil_error(err, w->place, "$%.80s is a scope, not a value", name);
    if (o) {
        o->used = true;
        if (depth >= PHIL_VARIABLE_MAX)
            return phil_error(err, w->place, "variables name variables more than %d deep", PHIL_VARIABLE_MAX);
        return resolve(a, o, depth + 1, out, err);
    }
    const char *value = getenv(name);
    if (!value)
        return phil_error(err, w->place, "there is no variable $%.80s", name),
               error_hint(err, "it is neither set above in this text nor in the environment; '$' in single "
                               "quotes is a plain sign");
    struct phil_word *word = arena_alloc(a, sizeof *word);
    *word = (struct phil_word){
        .text = arena_strdup(a, value), .n = strlen(value), .quote = PHIL_DOUBLE, .place = w->place};
    *out = (struct phil_words){word, 1};
    return true;
}

/* A word with its variables replaced, joined to one quoted word; one unquoted variable alone becomes the words it
 * stands for. */
static bool resolve_word(struct arena *a, const struct phil_object *definition, const struct phil_word *w,
                         size_t depth, struct phil_words *out, struct error *err)
{
    struct fragment *fragments = arena_array(a, w->n + 1, sizeof *fragments);
    size_t n;
    if (!cut(a, w, fragments, &n, err))
        return false;
    if (n == 1 && fragments[0].variable && w->quote == PHIL_PLAIN)
        return variable_words(a, definition, w, fragments[0].text, depth, out, err);
    if (n == 1 && !fragments[0].variable)
        return true;
    struct str joined = {0};
    for (size_t k = 0; k < n; k++) {
        struct phil_words value = {0};
        if (fragments[k].variable && !variable_words(a, definition, w, fragments[k].text, depth, &value, err))
            return str_free(&joined), false;
        str_add(&joined, fragments[k].variable ? phil_join(a, value) : fragments[k].text);
        if (joined.len > PHIL_VALUE_MAX)
            return str_free(&joined),
                   phil_error(err, w->place, "the value grows over %d bytes", PHIL_VALUE_MAX);
    }
    struct phil_word *word = arena_alloc(a, sizeof *word);
    *word = (struct phil_word){.text = arena_strndup(a, joined.text ? joined.text : "", joined.len),
                               .n = joined.len,
                               .quote = PHIL_DOUBLE,
                               .place = w->place};
    *out = (struct phil_words){word, 1};
    str_free(&joined);
    return true;
}

static bool resolve(struct arena *a, const struct phil_object *definition, size_t depth,
                    struct phil_words *out, struct error *err)
{
    struct phil_word_list list = {0};
    for (size_t i = 0; i < definition->words.n; i++) {
        const struct phil_word *w = &definition->words.word[i];
        struct phil_words these = {w, 1};
        if (w->quote != PHIL_SINGLE && strchr(w->text, '$') &&
            !resolve_word(a, definition, w, depth, &these, err))
            return false;
        for (size_t k = 0; k < these.n; k++)
            phil_list_add(a, &list, &these.word[k]);
        if (list.bytes > 2 * PHIL_VALUE_MAX)
            return phil_error(err, w->place, "the value grows over %s", COUNT(2 * PHIL_VALUE_MAX, "byte"));
    }
    *out = (struct phil_words){list.word, list.n};
    return true;
}

bool phil_resolve(struct arena *a, const struct phil_object *definition, struct phil_words *out,
                  struct error *err)
{
    *out = definition->words;
    return definition->resolved || resolve(a, definition, 0, out, err);
}
