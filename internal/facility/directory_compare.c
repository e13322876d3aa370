/* directory_compare.c - what was found in the folders against the last look: grown, at rest, renamed, gone. */
#include "facility/directory_private.h"

#include <stdlib.h>
#include <string.h>

static const struct observation *renamed_from(const struct observations *before, const struct candidate *c)
{
    const struct observation *found = NULL;
    for (size_t i = 0; before && i < before->n; i++) {
        const struct observation *b = &before->at[i];
        if (b->inode == c->inode && b->modified_ns == c->modified_ns && b->bytes == c->bytes &&
            b->state != RUN_VANISHED) {
            if (found)
                return NULL; /* two links of one file: nobody can tell which it was */
            found = b;
        }
    }
    return found;
}

static void tell(const struct directory_look *w, const struct candidate *c, const struct observation *b,
                 const char *was)
{
    const struct facility_settings *s = w->s;
    struct observations *now = w->now;
    const struct observations *before = w->before;
    int64_t at = now->now_ns;
    struct observation o = {.path = c->path, .name = c->name, .was = was, .number = c->number};
    o.files = c->files;
    o.n_files = o.n_here = c->n;
    o.bytes = c->bytes;
    o.inode = c->inode;
    o.print = c->print;
    o.modified_ns = c->modified_ns;
    bool same = b && b->print == c->print;
    o.looks = same ? b->looks + 1 : 1;
    o.since_ns = same ? b->since_ns : at;
    o.looked_ns = at;
    o.begun_ns = b ? b->begun_ns : 0;
    if (b && before->now_ns < at && c->bytes > b->bytes)
        o.rate = (double)(c->bytes - b->bytes) / ((double)(at - before->now_ns) * 1e-9);
    /* a modification time ahead of the clock, or set back by a copy, must not decide alone: what two looks saw counts too */
    double age = (double)(at - c->modified_ns) * 1e-9, seen = (double)(at - o.since_ns) * 1e-9;
    bool quiet = (age >= s->settle && (same || !b)) || (same && seen >= s->settle);
    const char *why = c->hindrance ? c->hindrance
                      : c->n < (s->n_files_needed > 1 && s->folders && !s->composite ? s->n_files_needed : 1)
                          ? "fewer files than needed"
                      : c->smallest < s->min_size ? "smaller than a file must be"
                      : !quiet                    ? "changed a moment ago"
                                                  : NULL;
    o.reason = why ? why : "";
    o.state = why ? RUN_ONGOING : RUN_PRESENT;
    o.ended_ns = why ? 0 : c->modified_ns;
    now->at = arena_grow(&now->arena, now->at, now->n, sizeof *now->at);
    now->at[now->n++] = o;
}

static int by_path(const void *x, const void *y)
{
    return strcmp(((const struct observation *)x)->path, ((const struct observation *)y)->path);
}

static struct observation kept(struct arena *a, const struct observation *b, int64_t now_ns)
{
    struct observation o = *b;
    o.path = arena_strdup(a, b->path);
    o.name = arena_strdup(a, b->name);
    o.files = NULL;
    o.n_files = o.n_here = 0;
    o.was = NULL;
    o.rate = 0;
    o.reason = "not there any more";
    o.looks = b->state == RUN_VANISHED ? b->looks + 1 : 1;
    o.since_ns = b->state == RUN_VANISHED ? b->since_ns : now_ns;
    o.state = RUN_VANISHED;
    return o;
}

/* Nobody could see whether it is there: it stays as it was. */
static struct observation kept_unseen(struct arena *a, const struct observation *b)
{
    struct observation o = *b;
    o.path = arena_strdup(a, b->path);
    o.name = arena_strdup(a, b->name);
    o.reason = arena_strdup(a, b->reason ? b->reason : "");
    o.files = NULL;
    o.was = NULL;
    return o;
}

static bool could_be_seen(const struct directory_look *w, const char *path)
{
    for (size_t i = 0; i < w->n_unseen; i++) {
        size_t n = strlen(w->unseen[i]);
        if (strncmp(path, w->unseen[i], n) == 0 && (path[n] == '/' || path[n] == 0))
            return false;
    }
    return true;
}

static int by_candidate(const void *x, const void *y)
{
    return strcmp(((const struct candidate *)x)->path, ((const struct candidate *)y)->path);
}

void directory_compare(struct directory_look *w)
{
    struct observations *now = w->now;
    const struct observations *before = w->before;
    const struct candidate *c = w->at;
    size_t n = w->n;
    if (n > 1) /* whatever the order in which folders were read */
        qsort(w->at, n, sizeof *w->at, by_candidate);
    size_t n_before = before ? before->n : 0;
    bool *used = calloc(n_before + 1, 1), *old = calloc(n + 1, 1);
    for (size_t i = 0; used && old && i < n; i++) {
        const struct observation *b = before ? observations_find(before, c[i].path) : NULL;
        old[i] = b != NULL;
        if (b) {
            used[b - before->at] = true;
            tell(w, &c[i], b, NULL);
        }
    }
    for (size_t i = 0; used && old && i < n; i++) {
        if (old[i])
            continue;
        const struct observation *b = renamed_from(before, &c[i]);
        bool gone = b && !used[b - before->at];
        if (gone)
            used[b - before->at] = true;
        tell(w, &c[i], gone ? b : NULL, gone ? arena_strdup(&now->arena, b->path) : NULL);
    }
    for (size_t i = 0; used && i < n_before; i++)
        if (!used[i]) {
            now->at = arena_grow(&now->arena, now->at, now->n, sizeof *now->at);
            now->at[now->n++] = could_be_seen(w, before->at[i].path)
                                    ? kept(&now->arena, &before->at[i], now->now_ns)
                                    : kept_unseen(&now->arena, &before->at[i]);
        }
    free(used);
    free(old);
    if (now->n > 1)
        qsort(now->at, now->n, sizeof *now->at, by_path);
}
