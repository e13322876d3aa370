/* lcls_observe.c - from the run table's answer to observations: all its traps are here (FACILITY 2.2, 2.3; CCTBX_XFEL 4.2). */
#include "facility/lcls.h"

#include <math.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

static const char usual_files[] = "/xtc/[^/]*\\.(xtc|xtc2)$"; /* not smalldata/, index/, hdf5/ */

struct table {
    const struct facility_settings *s;
    regex_t required;
    lcls_look *look;
    void *owner;
    struct observations *now;
};

static bool start(struct table *t, const struct facility_settings *s, struct error *err)
{
    t->s = s;
    if (regcomp(&t->required, s->files ? s->files : usual_files, REG_EXTENDED | REG_NOSUB) == 0)
        return true;
    return error_set(err, ERROR_USAGE, "facility.lcls.files is no regular expression: %s", s->files);
}

/* Files that must be here. Streams 80 and 81 come from another host, late or never: only where asked for. */
static bool is_required(const struct table *t, const char *path)
{
    if (strstr(path, ".smd.") || regexec(&t->required, path, 0, NULL, 0) != 0)
        return false;
    if ((strstr(path, "-s80-") && !t->s->enforce80) || (strstr(path, "-s81-") && !t->s->enforce81))
        return false;
    return true;
}

static void note(struct observations *now, const char *text)
{
    for (size_t i = 0; i < now->n_notes; i++)
        if (strcmp(now->notes[i], text) == 0)
            return;
    now->notes = arena_grow(&now->arena, now->notes, now->n_notes, sizeof *now->notes);
    now->notes[now->n_notes++] = text;
}

/* 12, 12.0, "12", "0012"; anything else is no number. */
static bool run_number(const struct json *node, int64_t *out)
{
    double real;
    const char *text = json_text(node);
    if (text)
        return *text >= '0' && *text <= '9' && str_to_i64(text, out);
    if (!json_number(node, &real) || real < 0 || real > 1e9 || real != floor(real))
        return false;
    *out = (int64_t)real;
    return true;
}

static int64_t time_of(const struct json *node)
{
    int64_t ns = 0;
    double seconds;
    const char *text = json_text(node);
    if (text)
        return facility_time(text, &ns) ? ns : 0;
    return json_number(node, &seconds) && fabs(seconds) < 9e9 ? (int64_t)(seconds * 1000) * 1000000 : 0;
}

static uint64_t mix(uint64_t h, const void *data, size_t n) /* FNV-1a */
{
    for (const uint8_t *p = data; n > 0; n--)
        h = (h ^ *p++) * 0x100000001b3u;
    return h;
}

static bool leaves(const char *path)
{
    return strstr(path, "/../") || str_starts(path, "../") || str_ends(path, "/..");
}

/* The path here: root before the logical one, then the maps. */
static const char *path_here(struct arena *a, const struct facility_settings *s, const char *path)
{
    const char *whole = s->root ? arena_printf(a, "%s%s%s", s->root, *path == '/' ? "" : "/", path) : path;
    return path_map(a, s->path_map, whole);
}

/* Files of a run into *o; returns how many of the required ones the table says are there. */
static size_t take_files(struct table *t, const struct json *files, struct observation *o)
{
    struct arena *a = &t->now->arena;
    size_t told = 0;
    o->print = 0xcbf29ce484222325u;
    for (const struct json *f = json_first(files); f; f = json_next(f)) {
        const char *path = json_text(json_get(f, "path"));
        if (!path || leaves(path) || !is_required(t, path))
            continue;
        bool there = json_is_true(json_get(f, "is_present"));
        uint64_t one = mix(mix(0xcbf29ce484222325u, path, strlen(path)), &there, sizeof there);
        o->print += one; /* a sum: the order of files means nothing */
        told += there;
        o->files = arena_grow(a, o->files, o->n_files, sizeof *o->files);
        o->files[o->n_files++] = path_here(a, t->s, path);
    }
    return told;
}

/* What of it is really here: larger than nothing, and not being written. */
static void look_at_files(struct table *t, struct observation *o)
{
    for (size_t i = 0; i < o->n_files; i++) {
        uint64_t size = 0, ignored;
        int64_t modified = 0, unused;
        t->now->n_stats++;
        if (!t->look(t->owner, o->files[i], &size, &modified) || size == 0)
            continue;
        o->bytes += size;
        o->print += mix(mix((uint64_t)i, &size, sizeof size), &modified, sizeof modified);
        o->n_here +=
            !t->look(t->owner, arena_printf(&t->now->arena, "%s.inprogress", o->files[i]), &ignored, &unused);
    }
}

static void decide_state(const struct table *t, struct observation *o, const struct observation *b,
                         bool closed, size_t told, int64_t before_ns)
{
    const struct facility_settings *s = t->s;
    struct arena *a = &t->now->arena;
    int64_t now = t->now->now_ns;
    /* looks that follow each other too fast count as one (FACILITY 2.3: 10 s, or the period where it is shorter) */
    int64_t apart = (int64_t)((s->poll < 10 ? s->poll : 10) * 0.9e9);
    bool same = b && b->print == o->print && b->state != RUN_VANISHED && (b->state == RUN_ONGOING) == !closed;
    bool counts = same && now - b->looked_ns >= apart;
    o->looks = same ? b->looks + counts : 1;
    o->since_ns = same ? b->since_ns : now;
    o->looked_ns = b && same && !counts ? b->looked_ns : now;
    if (b && before_ns < now && o->bytes > b->bytes)
        o->rate = (double)(o->bytes - b->bytes) / ((double)(now - before_ns) * 1e-9);
    o->state = RUN_TRANSFERRING;
    if (!closed)
        o->state = RUN_ONGOING, o->reason = "taking data";
    else if (o->n_files == 0 && (double)(now - o->since_ns) * 1e-9 >= s->empty_grace)
        o->state = RUN_EMPTY, o->reason = "closed, and no files came";
    else if (o->n_files == 0)
        o->reason = "closed, no files listed yet";
    else if (told < o->n_files || o->n_here < o->n_files)
        o->reason =
            arena_printf(a, "%zu of %s here", told < o->n_here ? told : o->n_here, COUNT(o->n_files, "file"));
    else if (o->looks < s->stable_polls)
        o->reason = "all files here, seen too few times alike";
    else
        o->state = RUN_PRESENT, o->reason = "";
}

static void take_run(struct table *t, const struct json *run, const struct observations *before)
{
    struct observations *now = t->now;
    struct arena *a = &now->arena;
    struct observation o = {0};
    if (!run_number(json_get(run, "run_num"), &o.number)) {
        char shown[NAME_VISIBLE];
        const char *label = json_text(json_get(run, "run_num"));
        note(now, arena_printf(a, "run '%s' of the run table has no number and is left out",
                               str_visible(label ? label : "?", shown, sizeof shown)));
        return;
    }
    o.path = arena_printf(a, "%s:%lld", t->s->experiment, (long long)o.number);
    o.name = arena_printf(a, "%lld", (long long)o.number);
    o.begun_ns = time_of(json_get(run, "begin_time"));
    o.ended_ns = time_of(json_get(run, "end_time"));
    const struct observation *b = before ? observations_find(before, o.path) : NULL;
    size_t told = take_files(t, json_get(run, "files"), &o);
    look_at_files(t, &o);
    decide_state(t, &o, b, json_is_true(json_get(run, "is_closed")), told, before ? before->now_ns : 0);
    now->at = arena_grow(a, now->at, now->n, sizeof *now->at);
    now->at[now->n++] = o;
}

static int by_path(const void *x, const void *y)
{
    return strcmp(((const struct observation *)x)->path, ((const struct observation *)y)->path);
}

/* Two runs of one number: the one that began last wins, else the one with more files. After sorting they are neighbours. */
static int by_path_and_begin(const void *x, const void *y)
{
    const struct observation *a = x, *b = y;
    int order = by_path(a, b);
    if (!order)
        order = (a->begun_ns > b->begun_ns) - (a->begun_ns < b->begun_ns);
    if (!order)
        order = (a->n_files > b->n_files) - (a->n_files < b->n_files);
    return order ? order : (a->print > b->print) - (a->print < b->print);
}

static void drop_doubles(struct observations *now)
{
    size_t n = 0;
    if (now->n > 1)
        qsort(now->at, now->n, sizeof *now->at, by_path_and_begin);
    for (size_t i = 0; i < now->n; i++) {
        if (n > 0 && strcmp(now->at[n - 1].path, now->at[i].path) == 0) {
            note(now, arena_printf(&now->arena, "run %s is listed more than once; the later one counts",
                                   now->at[i].name));
            n--;
        }
        now->at[n++] = now->at[i];
    }
    now->n = n;
}

/* Reads go to a replica: a run that was seen once may be missing in the next answer, and is never forgotten. */
static void keep_vanished(struct observations *now, const struct observations *before)
{
    size_t n = now->n;
    for (size_t i = 0; before && i < before->n; i++) {
        const struct observation *b = &before->at[i];
        struct observations sorted = {.at = now->at, .n = n};
        if (observations_find(&sorted, b->path))
            continue;
        struct observation o = *b;
        o.path = arena_strdup(&now->arena, b->path);
        o.name = arena_strdup(&now->arena, b->name);
        o.files = NULL;
        o.n_files = o.n_here = 0;
        o.rate = 0;
        o.reason = "not listed any more";
        o.looks = b->state == RUN_VANISHED ? b->looks + 1 : 1;
        o.state = RUN_VANISHED;
        now->at = arena_grow(&now->arena, now->at, now->n, sizeof *now->at);
        now->at[now->n++] = o;
    }
    if (now->n > n)
        qsort(now->at, now->n, sizeof *now->at, by_path);
}

bool lcls_observe(const struct facility_settings *s, const struct json *answer,
                  const struct observations *before, lcls_look *look, void *owner, int64_t now_ns,
                  struct observations *now, struct error *err)
{
    struct table t = {.look = look, .owner = owner, .now = now};
    now->now_ns = now_ns;
    if (!json_is_array(answer))
        return error_set(err, ERROR_DAMAGED, "LCLS' run table answered without a list of runs");
    if (!start(&t, s, err))
        return false;
    for (const struct json *run = json_first(answer); run; run = json_next(run))
        take_run(&t, run, before);
    regfree(&t.required);
    drop_doubles(now);
    keep_vanished(now, before);
    return true;
}

bool lcls_confirms(const struct facility_settings *s, const struct json *answer, const struct observation *o)
{
    struct observations now = {0};
    struct table t = {.now = &now};
    struct observation fresh = {0};
    struct error err = {0};
    if (!json_is_object(answer) || !json_is_true(json_get(answer, "is_closed")) || !start(&t, s, &err))
        return false;
    size_t told = take_files(&t, json_get(answer, "files"), &fresh);
    bool good = fresh.n_files > 0 && told == fresh.n_files && fresh.n_files <= o->n_files;
    for (size_t i = 0; good && i < fresh.n_files; i++) {
        bool known = false;
        for (size_t k = 0; !known && k < o->n_files; k++)
            known = strcmp(fresh.files[i], o->files[k]) == 0;
        good = known;
    }
    regfree(&t.required);
    arena_free(&now.arena);
    return good;
}
