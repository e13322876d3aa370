/* observe.c - one look at the facility: the last observations out of the store, the new ones into it, only what changed.
 *
 * The facility keeps no memory (facility.h): what it needs of the last look stands in the rows of the runs. A run whose look only got
 * older is not written again: of ten thousand runs a quiet minute writes none.
 */
#include "cycle/cycle.h"

#include <string.h>

enum {
    RECHECK_MAX = 20,    /* runs that could not be read, opened again in one look */
    OPENING_SECONDS = 5, /* for opening runs in one look: the newest first, the others in the next looks */
    SLICE = 500          /* runs that are stored together: what a look that is cut short has found stays */
};
static const char not_opened[] = "not opened yet";

/* Runs that are to be opened although they rest: those that never were, and a few of those that could not be read, others each time. */
static void choose_wanted(const struct store_seen *runs, size_t n, struct observations *out)
{
    size_t n_bad = 0, n_fresh = 0, at = 0;
    for (size_t i = 0; i < n; i++)
        n_bad += !runs[i].readable;
    size_t from = n_bad > RECHECK_MAX ? (size_t)(clock_now() / 1000000000) % n_bad : 0;
    for (size_t i = n; i-- > 0;) {
        if (runs[i].readable)
            continue;
        bool fresh = strcmp(runs[i].why, not_opened) == 0;
        out->at[i].wanted = (fresh && n_fresh++ < SLICE) || (at + n_bad - from) % n_bad < RECHECK_MAX;
        at++;
    }
}

/* The last observations as list() wants them. */
static void rebuild(const struct store_seen *runs, size_t n, struct observations *out)
{
    out->at = arena_array(&out->arena, n, sizeof *out->at);
    out->n = n;
    for (size_t i = 0; i < n; i++) {
        const struct store_seen *r = &runs[i];
        out->at[i] = (struct observation){.path = r->path,
                                          .name = r->name,
                                          .reason = r->why,
                                          .number = r->num,
                                          .state = r->state,
                                          .begun_ns = r->begin_t,
                                          .ended_ns = r->end_t,
                                          .n_files = r->n_files,
                                          .n_here = r->n_here,
                                          .bytes = (uint64_t)r->bytes_here,
                                          .rate = r->rate,
                                          .inode = r->look.inode,
                                          .print = r->look.print,
                                          .modified_ns = r->look.modified_t,
                                          .since_ns = r->look.since_t,
                                          .looked_ns = r->look.looked_t,
                                          .looks = (int)r->look.looks};
        if (r->look.looked_t > out->now_ns)
            out->now_ns = r->look.looked_t;
    }
    choose_wanted(runs, n, out);
}

static const struct store_seen *stored(const struct store_seen *runs, size_t n, const char *path)
{
    size_t from = 0, end = n;
    while (from < end) {
        size_t middle = from + (end - from) / 2;
        int order = strcmp(runs[middle].path, path);
        if (order == 0)
            return &runs[middle];
        if (order < 0)
            from = middle + 1;
        else
            end = middle;
    }
    return NULL;
}

/* Does the next look, or a person, learn anything from this one? How often a run that is still changing was seen alike counts; of one
 * that rests it does not. A run's number is that of its first sight (rungroups refer to it). */
static bool differs(const struct observation *o, const struct store_seen *r)
{
    bool rests = o->state == r->state &&
                 (o->state == RUN_PRESENT || o->state == RUN_EMPTY || o->state == RUN_VANISHED);
    return !r || o->was || o->state != r->state || strcmp(o->name, r->name) != 0 ||
           o->n_files != r->n_files || o->n_here != r->n_here || o->bytes != (uint64_t)r->bytes_here ||
           o->print != r->look.print || o->inode != r->look.inode || o->begun_ns != r->begin_t ||
           o->ended_ns != r->end_t || o->modified_ns != r->look.modified_t ||
           (!rests && (o->looks != r->look.looks || o->since_ns != r->look.since_t));
}

/* The files of a run with what is known of each. Sizes are asked of those that are here; a file that is not has -1. */
static const struct store_seen_file *files_of(struct arena *a, const struct observation *o)
{
    if (!o->files || !o->n_files)
        return NULL;
    struct store_seen_file *files = arena_array(a, o->n_files, sizeof *files);
    for (size_t i = 0; i < o->n_files; i++) {
        files[i] = (struct store_seen_file){.path = o->files[i], .size = -1};
        fs_size(o->files[i], &files[i].size, &files[i].modified_t);
    }
    return files;
}

static struct store_seen as_seen(struct cycle *c, const struct observation *o)
{
    return (struct store_seen){.path = o->path,
                               .was = o->was,
                               .name = o->name,
                               .facility = c->facility.name,
                               .num = o->number,
                               .state = o->state,
                               .begin_t = o->begun_ns,
                               .end_t = o->ended_ns,
                               .n_files = (uint32_t)o->n_files,
                               .n_here = (uint32_t)o->n_here,
                               .bytes_here = (int64_t)o->bytes,
                               .rate = o->rate,
                               .look = {.inode = o->inode,
                                        .print = o->print,
                                        .modified_t = o->modified_ns,
                                        .since_t = o->since_ns,
                                        .looked_t = o->looked_ns,
                                        .looks = o->looks}};
}

/* A look that is being stored. */
struct looking {
    struct cycle *c;
    struct arena *a;
    const struct store_seen *runs; /* as they stood, by path */
    const struct observations *before;
    size_t n;
    int64_t end; /* of opening runs, by the monotonic clock */
};

/* A run of this look: what stands of it, what is to be stored. */
struct looked {
    const struct observation *o;
    const struct store_seen *old; /* NULL: it is new */
    struct store_seen seen;
    bool changed;
};

/* Is it to be opened, to see whether it can be read? When it is new or changed, or chosen. */
static bool is_to_open(struct looking *l, const struct looked *x)
{
    if (!l->c->readable || !x->o->files || !facility_may_start(&l->c->facility, x->o))
        return false;
    return x->changed || l->before->at[x->old - l->runs].wanted;
}

static void check_readable(struct looking *l, struct looked *x)
{
    char why[512] = "";
    struct store_seen *s = &x->seen;
    const char *reason = x->o->reason ? x->o->reason : "";
    s->readable = x->old ? x->old->readable : true;
    s->why = *reason ? reason : !s->readable ? x->old->why : "";
    if (!is_to_open(l, x))
        return;
    bool may = clock_monotonic() < l->end && (!l->c->pause || l->c->pause(l->c->arg, 0));
    if (!may) { /* one that was read before stays so until the next look at it */
        s->readable = x->old && x->old->readable;
        s->why = s->readable ? reason : not_opened;
        return;
    }
    s->readable = l->c->readable(l->c->arg, x->o->files, x->o->n_files, why, sizeof why);
    s->why = s->readable ? reason : arena_strdup(l->a, why);
}

static bool store_slice(struct cycle *c, struct looked *const *x, size_t n, struct cycle_report *r,
                        struct error *err)
{
    struct arena a = {0};
    struct store_seen *seen = arena_array(&a, n, sizeof *seen);
    size_t n_new = 0;
    for (size_t i = 0; i < n; i++) {
        seen[i] = x[i]->seen;
        seen[i].files = x[i]->changed ? files_of(&a, x[i]->o) : NULL;
    }
    bool good = store_see(c->store, seen, n, &n_new, err);
    r->n_new += n_new;
    arena_free(&a);
    return good;
}

static bool store_changes(struct looking *l, const struct observations *now, struct cycle_report *r,
                          struct error *err)
{
    struct cycle *c = l->c;
    struct arena *a = l->a;
    l->end = clock_monotonic() + (int64_t)OPENING_SECONDS * 1000000000;
    struct looked *all = arena_array(a, now->n, sizeof *all),
                  **changes = arena_array(a, now->n, sizeof *changes);
    size_t n_changes = 0;
    for (size_t i = now->n; i-- > 0;) {
        const struct observation *o = &now->at[i];
        all[i] = (struct looked){
            .o = o, .old = stored(l->runs, l->n, o->was ? o->was : o->path), .seen = as_seen(c, o)};
        all[i].changed = !all[i].old || differs(o, all[i].old);
        check_readable(l, &all[i]);
    }
    for (size_t i = 0; i < now->n; i++) {
        struct looked *x = &all[i];
        if (x->changed || x->seen.readable != x->old->readable || strcmp(x->seen.why, x->old->why) != 0)
            changes[n_changes++] = x;
    }
    r->n_runs += now->n;
    r->n_changed += n_changes;
    bool good = true;
    for (size_t i = 0; good && i < n_changes; i += SLICE)
        good = store_slice(c, changes + i, n_changes - i < SLICE ? n_changes - i : SLICE, r, err) &&
               (!c->pause || c->pause(c->arg, 0) ||
                error_set(err, ERROR_BUSY, "this watcher is ending, or another one has taken over"));
    return good;
}

/* What was said of the last look is not said again. */
static void say_notes(struct cycle *c, const struct observations *now)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < now->n_notes; i++)
        sum = crc32c(sum, now->notes[i], strlen(now->notes[i]) + 1);
    for (size_t i = 0; sum != c->noted && i < now->n_notes; i++)
        log_warn("%s", now->notes[i]);
    c->noted = sum;
}

bool cycle_observe(struct cycle *c, enum net_class *class, struct cycle_report *r, struct error *err)
{
    const struct facility_ops *ops = facility_find(c->facility.name);
    struct observations before = {0}, now = {0};
    struct store_seen *runs = NULL;
    struct arena a = {0};
    size_t n = 0;
    if (class)
        *class = NET_DONE;
    bool good = ops || error_set(err, ERROR_USAGE, "no facility is known as %s", c->facility.name);
    good = good && store_looks(c->store, c->facility.name, &a, &runs, &n, err);
    if (good) {
        rebuild(runs, n, &before);
        good = ops->list(&c->facility, n ? &before : NULL, &now, err);
        if (!good && class)
            *class = now.class;
    }
    if (good) {
        say_notes(c, &now);
        struct looking l = {.c = c, .a = &a, .runs = runs, .before = &before, .n = n};
        good = store_changes(&l, &now, r, err);
    }
    observations_free(&now);
    observations_free(&before);
    arena_free(&a);
    return good;
}
