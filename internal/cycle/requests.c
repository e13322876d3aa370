/* requests.c - see requests.h. Each verb is a row: which command, and what becomes of each argument. Words go to the program as they are,
 * never through a shell, options as --name=value and operands behind "--", so that nothing people type is taken for something else. */
#include "cycle/requests.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { STALE_SECONDS = 120, COMMAND_SECONDS = 60 };

enum how { OPTION = 1, FLAG, OPERANDS, TEXT };

struct argument {
    const char *key, *option; /* option NULL: called as the key is */
    enum how how;
};

// clang-format off
static const struct verb {
    const char *name, *words[3]; /* words: the command, then what is always said */
    bool detached;
    struct argument arguments[12];
} verbs[] = {
    {"trial.add", {"trial", "add"}, false,
     {{"from", NULL, OPERANDS}, {"phil", NULL, TEXT}, {"comment", NULL, OPTION}, {"active", NULL, FLAG}, {"groups", "group", OPTION},
      {"anyway", NULL, FLAG}}},
    {"group.add", {"group", "add"}, false,
     {{"phil", NULL, TEXT}, {"first", NULL, OPTION}, {"last", NULL, OPTION}, {"open", NULL, FLAG}, {"comment", NULL, OPTION},
      {"trials", "trial", OPTION}, {"include", NULL, OPTION}, {"exclude", NULL, OPTION}, {"anyway", NULL, FLAG}}},
    {"group.edit", {"group", "edit"}, false,
     {{"group", NULL, OPERANDS}, {"phil", NULL, TEXT}, {"first", NULL, OPTION}, {"last", NULL, OPTION}, {"open", NULL, FLAG},
      {"comment", NULL, OPTION}, {"trials", "trial", OPTION}, {"include", NULL, OPTION}, {"exclude", NULL, OPTION},
      {"plain", NULL, OPTION}, {"anyway", NULL, FLAG}}},
    {"mask.add", {"mask"}, false,
     {{"frame", NULL, OPERANDS}, {"phil", NULL, TEXT}, {"label", NULL, OPTION}, {"first", NULL, OPTION}, {"last", NULL, OPTION}}},
    {"calib.add", {"calib", "add"}, false,
     {{"kind", NULL, OPERANDS}, {"label", NULL, OPERANDS}, {"file", "handed", OPTION}, {"name", NULL, OPTION}, {"dataset", NULL, OPTION},
      {"first", NULL, OPTION}, {"last", NULL, OPTION}}},
    {"job.delete", {"job", "delete", "--yes"}, false, {{"jobs", NULL, OPERANDS}}},
    {"run.fetch", {"run", "fetch"}, true, {{"runs", NULL, OPERANDS}}},
    {"doctor.run", {"doctor", "--keep"}, true, {{NULL, NULL, 0}}},
};
// clang-format on

/* ---- words ---- */

struct line {
    struct arena *a;
    const char **words;
    size_t n;
};

static void add(struct line *l, const char *word)
{
    l->words = arena_grow(l->a, l->words, l->n, sizeof *l->words);
    l->words[l->n++] = word;
}

/* A text or a whole number as a word; NULL: neither. */
static const char *word_of(struct arena *a, const struct json *value)
{
    int64_t v = 0;
    if (json_text(value))
        return arena_strdup(a, json_text(value));
    return json_whole(value, &v) ? arena_printf(a, "%lld", (long long)v) : NULL;
}

/* Its words, one after the other or joined by commas. */
static bool add_value(struct line *l, const struct argument *arg, const struct json *value, struct error *err)
{
    bool list = json_is_array(value);
    struct str joined = {0};
    bool good = true;
    for (const struct json *x = list ? json_first(value) : value; x && good; x = list ? json_next(x) : NULL) {
        const char *word = word_of(l->a, x);
        good = word || error_set(err, ERROR_USAGE, "the argument %s holds neither text nor number", arg->key);
        if (good && arg->how == OPERANDS)
            add(l, word);
        else if (good)
            str_printf(&joined, "%s%s", joined.len ? "," : "", word);
    }
    if (good && arg->how == OPTION && joined.text)
        add(l, arena_printf(l->a, "--%s=%s", arg->option ? arg->option : arg->key, joined.text));
    str_free(&joined);
    return good;
}

/* Options first, then "--" and the operands. */
static bool add_arguments(struct line *l, const struct verb *v, const struct json *args, const char *file,
                          const char **phil, struct error *err)
{
    bool good = true;
    for (const struct argument *arg = v->arguments; arg->key && good; arg++) {
        const struct json *value = json_get(args, arg->key);
        if (!value || json_is_null(value))
            continue;
        if (arg->how == FLAG && json_is_true(value))
            add(l, arena_printf(l->a, "--%s", arg->key));
        else if (arg->how == OPTION)
            good = add_value(l, arg, value, err);
    }
    add(l, "--");
    for (const struct argument *arg = v->arguments; arg->key && good; arg++) {
        const struct json *value = json_get(args, arg->key);
        if (!value || json_is_null(value))
            continue;
        if (arg->how == OPERANDS)
            good = add_value(l, arg, value, err);
        if (arg->how == TEXT) {
            *phil = arena_strdup(l->a, json_text(value) ? json_text(value) : "");
            add(l, file);
        }
    }
    return good;
}

bool request_words(const char *verb, const char *args, const char *file, struct arena *a,
                   const char *const **words, const char **phil, bool *detached, struct error *err)
{
    struct line l = {.a = a};
    const struct verb *v = NULL;
    *phil = NULL;
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(verbs[i].name, verb) == 0)
            v = &verbs[i];
    if (!v)
        return error_set(err, ERROR_USAGE, "the watcher does not know how to do %s", verb);
    struct json *root = json_parse(args, strlen(args), "arguments of a request", err);
    if (!root)
        return false;
    bool copies =
        strcmp(verb, "trial.add") == 0 && json_get(root, "from") && !json_is_null(json_get(root, "from"));
    for (size_t i = 0; i < sizeof v->words / sizeof *v->words && v->words[i]; i++)
        add(&l, copies && i == 1 ? "copy" : v->words[i]);
    bool good = add_arguments(&l, v, root, file, phil, err);
    json_free(root);
    add(&l, NULL);
    *words = l.words;
    *detached = v->detached;
    return good;
}

/* ---- doing ---- */

static const char *own_program(const struct cycle *c, struct arena *a)
{
    char path[4096];
    ssize_t n = readlink(c->program, path, sizeof path - 1);
    return n > 0 ? arena_strndup(a, path, (size_t)n) : c->program;
}

/* The program with these words; one that may take long goes on by itself, and its log says how it fares. */
static const char *const *argv_of(const struct cycle *c, struct arena *a, const char *const *words,
                                  bool detached, const char *log)
{
    struct line l = {.a = a};
    if (detached) {
        add(&l, "/bin/sh");
        add(&l, "-c");
        add(&l, "setsid \"$@\" >>\"$0\" 2>&1 </dev/null &");
        add(&l, log);
    }
    add(&l, own_program(c, a));
    for (; *words; words++)
        add(&l, *words);
    add(&l, NULL);
    return l.words;
}

/* For the database, the results' folder, and the audit: who asked. */
static const char *const *environment_of(const struct cycle *c, struct arena *a, const char *who)
{
    struct line l = {.a = a};
    for (const char *const *d = c->database; d && *d; d++)
        add(&l, *d);
    add(&l, arena_printf(a, "XFELX_OUTPUT_FOLDER=%s", c->folder));
    add(&l, arena_printf(a, "XFELX_ASKED_BY=%s", who));
    add(&l, NULL);
    return l.words;
}

bool run_own(const struct cycle *c, struct arena *a, const char *const *words, const char *who, bool detached,
             const char *log, struct child_answer *said, struct error *err)
{
    return child_run(&(struct child){.argv = argv_of(c, a, words, detached, log),
                                     .set = environment_of(c, a, who),
                                     .seconds = COMMAND_SECONDS},
                     said, err);
}

/* "error: " and what follows on its line; without one the last line of what it said. */
static const char *answer_of(struct arena *a, const struct child_answer *answer)
{
    const char *text = answer->exit_code == 0 ? answer->out.text : answer->err.text;
    const char *fact = text ? strstr(text, "error: ") : NULL;
    if (!text || !*text)
        return answer->exit_code == 0 ? "done" : "it failed without a word";
    fact = fact ? fact + strlen("error: ") : text;
    return arena_strndup(a, fact, strcspn(fact, "\n"));
}

/* true: answered, well or not; false: it could not be answered. */
static bool do_request(struct cycle *c, const struct store_request *q, struct error *err)
{
    struct arena a = {0};
    struct error why = {0};
    struct child_answer said = {0};
    const char *const *words, *phil;
    const char *folder = arena_printf(&a, "%s/.xfelx/requests", c->folder);
    const char *file = arena_printf(&a, "%s/%lld.phil", folder, (long long)q->id);
    const char *log = arena_printf(&a, "%s/%lld.log", folder, (long long)q->id);
    bool detached = false;
    bool good = request_words(q->verb, q->args, file, &a, &words, &phil, &detached, &why) &&
                fs_make_folders(folder, &why) && (!phil || fs_write_atomic(file, phil, strlen(phil), &why)) &&
                run_own(c, &a, words, q->who, detached, log, &said, &why);
    const char *answer = !good      ? why.fact
                         : detached ? arena_printf(&a, "begun; %s says how far it is", log)
                                    : answer_of(&a, &said);
    bool answered = store_request_answer(c->store, q->id, good && said.exit_code == 0, answer, err);
    child_answer_free(&said);
    arena_free(&a);
    return answered;
}

bool cycle_requests(struct cycle *c, struct cycle_report *r, struct error *err)
{
    struct arena a = {0};
    struct store_request *rows = NULL;
    size_t n = 0;
    bool good =
        store_requests_open(c->store, clock_now() - STALE_SECONDS * INT64_C(1000000000), &a, &rows, &n, err);
    for (size_t i = 0; good && i < n; i++) {
        bool taken = false;
        if (c->pause && !c->pause(c->arg, 0))
            break;
        if (!store_request_take(c->store, &rows[i], &taken, err))
            good = taken;
        else if (taken) {
            good = do_request(c, &rows[i], err);
            r->n_requests += good;
        }
    }
    arena_free(&a);
    return good;
}
