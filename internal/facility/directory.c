/* directory.c - runs in folders: from what is seen to what is told. */
#include "facility/directory.h"

#include <ctype.h>
#include <fnmatch.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A run that may be, before it is compared with the last look. */
struct candidate {
    const struct seen_file *first;
    size_t n; /* files of its folder that match; 1 for a file */
    const char *path, *name;
    uint64_t bytes, smallest, inode, print;
    int64_t modified_ns;
    const char *hindrance; /* what keeps it from being whole besides time; NULL: nothing */
    const char **files;
};

struct work {
    const struct facility_settings *s;
    const struct snapshot *snap;
    struct observations *now;
    regex_t regex;
};

static const char *name_of(const struct seen_file *f)
{
    return f->path + f->folder + (f->folder > 0);
}

static bool same_folder(const struct seen_file *a, const struct seen_file *b)
{
    return a->folder == b->folder && memcmp(a->path, b->path, a->folder) == 0;
}

int directory_status(const char *text)
{
    const char *line = strstr(text, "Status");
    if (!line || strstr(line + 1, "Status"))
        return 0;
    size_t n = strcspn(line, "\r\n");
    const char *value = line;
    for (size_t i = 0; i < n; i++)
        if (line[i] == '=' || line[i] == ',')
            value = line + i + 1;
    n -= (size_t)(value - line);
    while (n > 0 && *value == ' ')
        value++, n--;
    while (n > 0 && value[n - 1] == ' ')
        n--;
    if (n == 8 && memcmp(value, "Finished", 8) == 0)
        return 1;
    for (size_t i = 0; i + 5 <= n; i++)
        if (strncasecmp(value + i, "error", 5) == 0)
            return -1;
    return 0;
}

static bool matches(const struct work *w, const struct seen_file *f)
{
    const char *t = w->s->template, *name = name_of(f);
    if (f->text || str_ends(name, ".inprogress"))
        return false;
    if (t && *t &&
        (strchr(t, '/') ? fnmatch(t, f->path, FNM_PATHNAME | FNM_PERIOD) : fnmatch(t, name, FNM_PERIOD)) != 0)
        return false;
    return !w->s->regex || regexec(&w->regex, f->path, 0, NULL, 0) == 0;
}

/* Runs without a number come behind the largest; so it must leave room. */
enum { NUMBER_DIGITS = 18 };

static int64_t number_of(const struct work *w, const char *path)
{
    regmatch_t at[2];
    int64_t number = 0;
    if (!w->s->regex || w->regex.re_nsub < 1 || regexec(&w->regex, path, 2, at, 0) != 0 || at[1].rm_so < 0)
        return -1;
    char digits[NUMBER_DIGITS + 1];
    size_t n = (size_t)(at[1].rm_eo - at[1].rm_so);
    if (n == 0 || n >= sizeof digits || !isdigit((unsigned char)path[at[1].rm_so]))
        return -1;
    memcpy(digits, path + at[1].rm_so, n);
    digits[n] = '\0';
    return str_to_i64(digits, &number) ? number : -1;
}

static uint64_t mix(uint64_t h, const void *data, size_t n) /* FNV-1a */
{
    for (const uint8_t *p = data; n > 0; n--)
        h = (h ^ *p++) * 0x100000001b3u;
    return h;
}

/* Does a line of a manifest name this file? "NAME", "SIZE NAME", or a checksum and a name as md5sum and sha256sum write. The
 * checksum is not computed here. -1: another; 0: another size; 1: yes. */
static int named_by(const char *line, size_t n, const struct seen_file *f)
{
    const char *name = name_of(f);
    size_t len = strlen(name), first = 0;
    if (n == len && memcmp(line, name, n) == 0)
        return 1;
    while (first < n && line[first] != ' ' && line[first] != '\t')
        first++;
    size_t at = first;
    while (at < n && (line[at] == ' ' || line[at] == '\t' || line[at] == '*'))
        at++;
    if (at == first || n - at != len || memcmp(line + at, name, len) != 0)
        return -1;
    char digits[24];
    int64_t size;
    if (first >= 32)
        return 1;
    if (first >= sizeof digits)
        return -1;
    memcpy(digits, line, first);
    digits[first] = '\0';
    return str_to_i64(digits, &size) ? size >= 0 && (uint64_t)size == f->size : -1;
}

/* What the manifest of a folder holds against it: every file named must be there; for one file (only): it must be named. */
static const char *manifest_says(const struct seen_file *manifest, const struct seen_file *from,
                                 const struct seen_file *end, const struct seen_file *only)
{
    if (!manifest)
        return "no manifest yet";
    bool named = false;
    for (const char *line = manifest->text; *line;) {
        size_t n = strcspn(line, "\r\n");
        int there = -1;
        for (const struct seen_file *f = from; n > 0 && *line != '#' && f < end && there < 0; f++)
            if (!only || f == only)
                there = named_by(line, n, f);
        if (there == 0 || (there < 0 && !only && n > 0 && *line != '#'))
            return there == 0 ? "a file has not the size of the manifest yet"
                              : "a file of the manifest is not there yet";
        named = named || there == 1;
        line += n;
        line += strspn(line, "\r\n");
    }
    return !named ? "not in the manifest yet" : NULL;
}

/* What lies beside the runs of a folder. Found once a folder: there may be 100,000 files in it. */
struct beside {
    const struct seen_file *from, *end, *status, *manifest, **growing;
    size_t n_growing;
};

static struct beside look_beside(struct arena *a, const struct facility_settings *s,
                                 const struct seen_file *from, const struct seen_file *end)
{
    struct beside b = {.from = from, .end = end};
    for (const struct seen_file *f = from; f < end; f++) {
        const char *name = name_of(f);
        if (f->text && strcmp(name, "status.txt") == 0)
            b.status = f;
        if (f->text && s->manifest && strcmp(name, s->manifest) == 0)
            b.manifest = f;
        if (str_ends(name, ".inprogress")) {
            b.growing = arena_grow(a, b.growing, b.n_growing, sizeof *b.growing);
            b.growing[b.n_growing++] = f;
        }
    }
    return b;
}

/* What keeps a run from being whole, by what lies beside it. only: the run's one file, NULL: all of the folder. */
static const char *hindrance(const struct facility_settings *s, const struct beside *b,
                             const struct seen_file *only)
{
    for (size_t i = 0; i < b->n_growing; i++) {
        const char *name = name_of(b->growing[i]);
        if (!only || (str_starts(name, name_of(only)) &&
                      strlen(name) == strlen(name_of(only)) + strlen(".inprogress")))
            return "a file is still being written (.inprogress)";
    }
    bool needed = s->need_status && s->folders && !s->composite;
    int says = b->status ? directory_status(b->status->text) : !needed;
    if (says != 1)
        return says < 0    ? "the status file tells of an error"
               : b->status ? "the status file does not say Finished"
                           : "no status file yet";
    return s->manifest ? manifest_says(b->manifest, b->from, b->end, only) : NULL;
}

/* A run's name as cctbx.xfel gives it: stem of the file; with folders the folder's, or folder_file. */
static const char *run_name(struct arena *a, const struct facility_settings *s, const struct seen_file *f)
{
    const char *name = name_of(f), *dot = strrchr(name, '.');
    char *stem = dot && dot > name ? arena_strndup(a, name, (size_t)(dot - name)) : arena_strdup(a, name);
    if (!s->folders || f->folder == 0)
        return stem;
    const char *folder = arena_strndup(a, f->path, f->folder);
    return s->composite ? arena_printf(a, "%s_%s", fs_name(folder), stem) : fs_name(folder);
}

/* ---- one run against the last look ---- */

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

static void tell(const struct work *w, const struct observations *before, const struct candidate *c,
                 const struct observation *b, const char *was)
{
    const struct facility_settings *s = w->s;
    struct observations *now = w->now;
    int64_t at = w->snap->now_ns;
    struct observation o = {
        .path = c->path, .name = c->name, .was = was, .number = number_of(w, c->first->path)};
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

static const char *whole_path(struct arena *a, const struct facility_settings *s, const char *path, size_t n)
{
    return arena_printf(a, "%s/%.*s", s->data_dir, (int)n, path);
}

/* The candidates of one folder: each file, or all together. */
static struct candidate *gather(struct work *w, size_t from, size_t end, struct candidate *out, size_t *n_out)
{
    const struct facility_settings *s = w->s;
    struct arena *a = &w->now->arena;
    const struct seen_file *at = w->snap->at;
    struct candidate all = {.smallest = UINT64_MAX, .print = 0xcbf29ce484222325u};
    bool each = !s->folders || s->composite;
    if (s->folders && at[from].folder == 0)
        return out;
    struct beside beside = look_beside(a, s, at + from, at + end);
    for (size_t i = from; i < end; i++) {
        const struct seen_file *f = &at[i];
        if (!matches(w, f))
            continue;
        const char *path = whole_path(a, s, f->path, strlen(f->path));
        uint64_t print = each ? 0xcbf29ce484222325u : mix(all.print, f->path, strlen(f->path));
        print = mix(mix(print, &f->size, sizeof f->size), &f->modified_ns, sizeof f->modified_ns);
        if (each) {
            struct candidate one = {
                f, 1, path, run_name(a, s, f), f->size, f->size, f->inode, print, f->modified_ns, NULL, NULL};
            one.hindrance = hindrance(s, &beside, f);
            one.files = arena_grow(a, NULL, 0, sizeof *one.files);
            one.files[0] = path;
            out = arena_grow(a, out, *n_out, sizeof *out);
            out[(*n_out)++] = one;
            continue;
        }
        if (!all.first) {
            all.first = f;
            all.inode = f->inode;
        }
        all.files = arena_grow(a, all.files, all.n, sizeof *all.files);
        all.files[all.n++] = path;
        all.bytes += f->size;
        all.smallest = f->size < all.smallest ? f->size : all.smallest;
        all.modified_ns = f->modified_ns > all.modified_ns ? f->modified_ns : all.modified_ns;
        all.print = print;
    }
    if (!each && all.n > 0) {
        all.path = whole_path(a, s, all.first->path, all.first->folder);
        all.name = run_name(a, s, all.first);
        all.hindrance = hindrance(s, &beside, NULL);
        out = arena_grow(a, out, *n_out, sizeof *out);
        out[(*n_out)++] = all;
    }
    return out;
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

static void compare(struct work *w, const struct observations *before, const struct candidate *c, size_t n)
{
    struct observations *now = w->now;
    size_t n_before = before ? before->n : 0;
    bool *used = calloc(n_before + 1, 1), *old = calloc(n + 1, 1);
    for (size_t i = 0; used && old && i < n; i++) {
        const struct observation *b = before ? observations_find(before, c[i].path) : NULL;
        old[i] = b != NULL;
        if (b) {
            used[b - before->at] = true;
            tell(w, before, &c[i], b, NULL);
        }
    }
    for (size_t i = 0; used && old && i < n; i++) {
        if (old[i])
            continue;
        const struct observation *b = renamed_from(before, &c[i]);
        bool gone = b && !used[b - before->at];
        if (gone)
            used[b - before->at] = true;
        tell(w, before, &c[i], gone ? b : NULL, gone ? arena_strdup(&now->arena, b->path) : NULL);
    }
    for (size_t i = 0; used && i < n_before; i++)
        if (!used[i]) {
            now->at = arena_grow(&now->arena, now->at, now->n, sizeof *now->at);
            now->at[now->n++] = kept(&now->arena, &before->at[i], w->snap->now_ns);
        }
    free(used);
    free(old);
    if (now->n > 1)
        qsort(now->at, now->n, sizeof *now->at, by_path);
}

bool directory_observe(const struct facility_settings *s, const struct snapshot *snap,
                       const struct observations *before, struct observations *now, struct error *err)
{
    struct work w = {.s = s, .snap = snap, .now = now};
    struct candidate *c = NULL;
    size_t n = 0;
    int code = s->regex ? regcomp(&w.regex, s->regex, REG_EXTENDED) : 0;
    if (code) {
        char why[256];
        regerror(code, &w.regex, why, sizeof why);
        return error_set(err, ERROR_USAGE, "facility.standalone.regex is no regular expression: %s",
                         s->regex),
               error_detail(err, "%s", why);
    }
    now->now_ns = snap->now_ns;
    now->server_clock = snap->server_clock;
    now->n_folders = snap->n_folders;
    now->n_stats = snap->n_stats;
    for (size_t from = 0, end; from < snap->n; from = end) {
        for (end = from + 1; end < snap->n && same_folder(&snap->at[from], &snap->at[end]);)
            end++;
        c = gather(&w, from, end, c, &n);
    }
    compare(&w, before, c, n);
    if (s->regex)
        regfree(&w.regex);
    return true;
}

bool directory_list(const struct facility_settings *s, const struct observations *before,
                    struct observations *now, struct error *err)
{
    struct snapshot snap;
    bool good = directory_scan(s, &snap, err) && directory_observe(s, &snap, before, now, err);
    now->class = good ? NET_DONE : NET_AGAIN;
    arena_free(&snap.arena);
    return good;
}
