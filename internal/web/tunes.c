/* tunes.c - see tunes.h. */
#include "web/tunes.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    KEPT = 32,
    AT_ONCE = 2,
    MEMORY_MIB = 6144,
    ONE_S = 30,
    MANY_S = 300,
    OUTPUT = 24 << 20,
    FILE_MOST = 256 << 20
};

struct tried {
    int64_t id; /* 0: free */
    enum tune_state state;
    bool begun;
    int64_t start, end;
    struct tune_wish wish;
    struct arena arena;
    struct str body;
};

struct tunes {
    pthread_mutex_t lock;
    atomic_bool stop;
    int64_t last;
    struct tried rows[KEPT];
};

struct tunes *tunes_make(void)
{
    struct tunes *t = calloc(1, sizeof *t);
    if (t)
        pthread_mutex_init(&t->lock, NULL);
    return t;
}

static void forget(struct tried *r)
{
    arena_free(&r->arena);
    str_free(&r->body);
    *r = (struct tried){0};
}

void tunes_stop(struct tunes *t)
{
    if (t)
        atomic_store(&t->stop, true);
}

void tunes_free(struct tunes *t)
{
    for (int i = 0; t && i < KEPT; i++)
        forget(t->rows + i);
    if (t)
        pthread_mutex_destroy(&t->lock);
    free(t);
}

static void copy_wish(struct tried *r, const struct tune_wish *w)
{
    struct arena *a = &r->arena;
    size_t n = 0;
    r->wish = *w;
    r->wish.command = w->command ? arena_strdup(a, w->command) : "tune";
    r->wish.name = arena_strdup(a, w->name ? w->name : "");
    r->wish.journal = arena_strdup(a, w->journal);
    r->wish.phil = w->phil ? arena_strdup(a, w->phil) : NULL;
    r->wish.ending = w->ending ? arena_strdup(a, w->ending) : NULL;
    while (w->maps && w->maps[n])
        n++;
    const char **maps = arena_array(a, n + 1, sizeof *maps);
    for (size_t i = 0; i < n; i++)
        maps[i] = arena_strdup(a, w->maps[i]);
    r->wish.maps = maps;
}

/* The place of the oldest that is over, or a free one. NULL: he, or all together, have as many as they may. */
static struct tried *free_place(struct tunes *t, const char *name)
{
    struct tried *place = NULL;
    int running = 0;
    bool his = false;
    for (int i = 0; i < KEPT; i++) {
        struct tried *r = t->rows + i;
        if (r->id && r->state == TUNE_RUNNING) {
            running++;
            his = his || strcmp(r->wish.name, name ? name : "") == 0;
        } else if (!place || r->id < place->id) {
            place = r;
        }
    }
    return his || running >= AT_ONCE ? NULL : place;
}

int64_t tunes_begin(struct tunes *t, const struct tune_wish *w, struct error *err)
{
    pthread_mutex_lock(&t->lock);
    struct tried *r = free_place(t, w->name);
    int64_t id = 0;
    if (r) {
        forget(r);
        copy_wish(r, w);
        r->start = clock_monotonic();
        id = r->id = ++t->last;
    }
    pthread_mutex_unlock(&t->lock);
    if (!id) {
        error_set(err, ERROR_BUSY, "something is being tried already");
        error_hint(err, "one at a time for each, and %d in all: again when it is done", AT_ONCE);
    }
    return id;
}

static struct tried *find(struct tunes *t, int64_t id)
{
    for (int i = 0; i < KEPT; i++)
        if (id > 0 && t->rows[i].id == id)
            return t->rows + i;
    return NULL;
}

void tunes_drop(struct tunes *t, int64_t id)
{
    pthread_mutex_lock(&t->lock);
    struct tried *r = find(t, id);
    if (r && !r->begun)
        forget(r);
    pthread_mutex_unlock(&t->lock);
}

/* ---- doing it ---- */

enum { WORDS = 64 };

static void add(const char **argv, size_t *n, const char *word)
{
    if (*n < WORDS - 1)
        argv[(*n)++] = word;
}

/* The program itself does it: whatever it is called and wherever it is. */
static void make_command(const struct tune_wish *w, const char *file, int seconds, struct arena *a,
                         const char **argv)
{
    size_t n = 0;
    const char *head[] = {"/proc/self/exe",
                          w->command,
                          "--json",
                          "--journal",
                          w->journal,
                          "--memory",
                          arena_printf(a, "%d", MEMORY_MIB),
                          "--seconds",
                          arena_printf(a, "%d", seconds),
                          "--try",
                          arena_printf(a, "%d", w->frames)};
    for (size_t i = 0; i < sizeof head / sizeof *head; i++)
        add(argv, &n, head[i]);
    for (size_t i = 0; w->maps[i]; i++) {
        add(argv, &n, "--set");
        add(argv, &n, arena_printf(a, "facility.path_map=%s", w->maps[i]));
    }
    if (file) {
        add(argv, &n, "--out");
        add(argv, &n, file);
    }
    if (w->phil) {
        add(argv, &n, "--changes");
        add(argv, &n, w->phil);
    }
    add(argv, &n, arena_printf(a, "%u/%u", w->source, w->frame));
    argv[n] = NULL;
}

/* Why it came to nothing: its own words where it had any. */
static void say_failure(const struct child_answer *c, int seconds, struct str *out)
{
    const char *text = c->err.text ? strstr(c->err.text, "error: ") : NULL;
    if (c->timed_out)
        str_printf(out, "it took longer than %d s and was ended", seconds);
    else if (c->signal)
        str_printf(out, "it died of signal %d%s", c->signal,
                   c->signal == 14 || c->signal == 24 ? ": its time was over" : "");
    else
        str_add(out, text ? text + 7 : "it ended without a word");
    while (out->len && out->text[out->len - 1] == '\n')
        out->text[--out->len] = 0;
}

/* A name for the file that is wanted, in a folder of its own. false: there is no room for one. */
static bool make_file(const struct tune_wish *w, struct arena *a, char **folder, char **file,
                      struct error *err)
{
    if (!w->ending)
        return true;
    const char *top = getenv("TMPDIR");
    *folder = arena_printf(a, "%s/xfelx_mask_XXXXXX", top && *top ? top : "/tmp");
    if (!mkdtemp(*folder))
        return error_system(err, ERROR_FAILED, "cannot make a folder %s", *folder);
    *file = arena_printf(a, "%s/mask.%s", *folder, w->ending);
    return true;
}

/* What came of it, in place of the program's words. */
static bool take_file(const char *file, struct str *body, struct error *err)
{
    struct bytes bytes = {0};
    bool ok = fs_read(file, FILE_MOST, &bytes, err);
    if (ok)
        str_addn(body, (const char *)bytes.data, bytes.size);
    bytes_free(&bytes);
    return ok;
}

static void remove_file(const char *folder, const char *file)
{
    if (file)
        unlink(file);
    if (folder)
        rmdir(folder);
}

void tunes_run(struct tunes *t, int64_t id)
{
    pthread_mutex_lock(&t->lock);
    struct tried *r = find(t, id);
    bool mine = r && !r->begun && r->state == TUNE_RUNNING;
    if (mine)
        r->begun = true;
    pthread_mutex_unlock(&t->lock);
    if (!mine)
        return; /* its row stays where it is while it runs: only finished ones are forgotten */
    const char *argv[WORDS];
    struct child_answer answer = {0};
    struct error err = {0};
    struct str body = {0};
    int seconds = r->wish.frames > 1 ? MANY_S : ONE_S;
    char *folder = NULL, *file = NULL;
    bool ok = make_file(&r->wish, &r->arena, &folder, &file, &err);
    make_command(&r->wish, file, seconds, &r->arena, argv);
    struct child c = {.argv = argv, .seconds = seconds + 2, .stop = &t->stop, .limit = OUTPUT};
    ok = ok && child_run(&c, &answer, &err);
    bool good = ok && answer.exit_code == 0 && answer.out.len > 0 && answer.out.len < OUTPUT;
    if (good && file)
        good = ok = take_file(file, &body, &err);
    else if (good)
        str_addn(&body, answer.out.text, answer.out.len);
    if (!good && ok)
        say_failure(&answer, seconds, &body);
    else if (!good)
        str_add(&body, err.fact);
    child_answer_free(&answer);
    remove_file(folder, file);
    pthread_mutex_lock(&t->lock);
    r->body = body;
    r->state = good ? TUNE_DONE : TUNE_FAILED;
    r->end = clock_monotonic();
    pthread_mutex_unlock(&t->lock);
}

bool tunes_look(struct tunes *t, int64_t id, enum tune_state *state, double *seconds, struct str *body)
{
    pthread_mutex_lock(&t->lock);
    const struct tried *r = find(t, id);
    if (r) {
        *state = r->state;
        *seconds = (double)((r->state == TUNE_RUNNING ? clock_monotonic() : r->end) - r->start) / 1e9;
        str_addn(body, r->body.text ? r->body.text : "", r->body.len);
    }
    pthread_mutex_unlock(&t->lock);
    return r != NULL;
}

bool tunes_is_file(struct tunes *t, int64_t id)
{
    pthread_mutex_lock(&t->lock);
    const struct tried *r = find(t, id);
    bool is_file = r && r->wish.ending;
    pthread_mutex_unlock(&t->lock);
    return is_file;
}
