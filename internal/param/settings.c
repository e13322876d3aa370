/* settings.c - the layers below the command line: files in fixed places, a named file, the environment; see param.h, WORDS 6. */
#include "param/params.h"
#include "param/rows.h"

#include <stdlib.h>
#include <string.h>

extern char **environ;

/* XFELX_… names that are no settings (WORDS 6). */
static bool is_other_name(const char *name, size_t n)
{
    static const char *const names[] = {"XFELX_CONFIG",   "XFELX_ATTEMPT",   "XFELX_DEADLINE", "XFELX_RANKS",
                                        "XFELX_ASKED_BY", "XFELX_TEST_DATA", "XFELX_NO_SKIP",  "XFELX_SVC",
                                        "XFELX_TMP",      "XFELX_PORT_BASE", "XFELX_NPM_DIR"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == n && !memcmp(names[i], name, n))
            return true;
    return str_starts(name, "XFELX_SLURM_");
}

static bool merge_if_there(struct params *p, const char *path, struct error *err)
{
    return !fs_is_file(path) || params_merge_file(p, path, err);
}

/* A variable's text is the value as it is for texts and paths, else the words of the value. */
static struct phil_words environment_words(struct params *p, const struct phil_object *o,
                                           const struct phil_source *s)
{
    struct phil_place place = {.source = s, .line = 1};
    struct phil_words words = phil_words_of(p->arena, s->text);
    bool text = o->type.kind == PHIL_STR || o->type.kind == PHIL_PATH || o->type.kind == PHIL_KEY;
    bool plain = phil_is_none(words) || phil_is_auto(words);
    if (!words.n || (text && !plain)) {
        struct phil_word *word = arena_alloc(p->arena, sizeof *word);
        *word = (struct phil_word){.text = s->text, .n = s->n, .quote = PHIL_SINGLE, .place = place};
        return (struct phil_words){word, 1};
    }
    struct phil_word *copy = arena_memdup(p->arena, words.word, words.n * sizeof *copy);
    for (size_t i = 0; i < words.n; i++)
        copy[i].place = place;
    return (struct phil_words){copy, words.n};
}

static bool merge_variable(struct params *p, const struct phil_object *o, const char *name, const char *value,
                           struct error *err)
{
    const struct phil_source *s = phil_source(p->arena, arena_printf(p->arena, "environment %s", name), false,
                                              value, strlen(value), err);
    if (!s)
        return false;
    const char *path = phil_path(p->arena, o);
    struct phil_object *tree = phil_root(p->arena);
    struct phil_object *definition =
        phil_append(p->arena, tree, path, strlen(path), false, (struct phil_place){s, 0, 1});
    definition->words = environment_words(p, o, s);
    return params_merge_tree(p, tree, err);
}

/* The definition whose variable has this name. */
static const struct phil_object *find_variable(struct params *p, const char *name, size_t n)
{
    const struct phil_object *master = p->root->master;
    for (const struct phil_object *o = master; o; o = phil_walk(master, o, false)) {
        const char *own = o->row ? rows_environment(p->arena, o->row) : NULL;
        if (own && strlen(own) == n && !memcmp(own, name, n))
            return o;
    }
    return NULL;
}

static bool merge_environment(struct params *p, struct error *err)
{
    for (char **entry = environ; entry && *entry; entry++) {
        const char *equal = strchr(*entry, '=');
        if (!str_starts(*entry, "XFELX_") || !equal || is_other_name(*entry, (size_t)(equal - *entry)))
            continue;
        const char *name = arena_strndup(p->arena, *entry, (size_t)(equal - *entry));
        const struct phil_object *o = find_variable(p, name, strlen(name));
        if (!o)
            log_warn("%s in the environment is no setting", name);
        else if (!merge_variable(p, o, name, equal + 1, err))
            return false;
    }
    return true;
}

bool params_load_settings(struct params *p, const char *config_file, struct error *err)
{
    const char *home = getenv("HOME"), *named = config_file ? config_file : getenv("XFELX_CONFIG");
    if (!merge_if_there(p, "/etc/xfelx/xfelx.phil", err))
        return false;
    if (home && *home && !merge_if_there(p, fs_join(p->arena, home, ".config/xfelx/xfelx.phil"), err))
        return false;
    if (!merge_if_there(p, "xfelx.phil", err))
        return false;
    if (named && *named && !params_merge_file(p, named, err))
        return false;
    return merge_environment(p, err);
}
