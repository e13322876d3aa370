/* directory.c - runs in folders: from what is seen to what is told. */
#include "facility/directory_private.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define PRINT 0xcbf29ce484222325u /* of nothing */

static const char *name_of(const struct seen_file *f)
{
    return f->path + f->folder + (f->folder > 0);
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

static bool matches(const struct directory_look *w, const struct seen_file *f)
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

static int64_t number_of(const struct directory_look *w, const char *path)
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

static const char *whole_path(struct arena *a, const struct facility_settings *s, const char *path, size_t n)
{
    return arena_printf(a, "%s/%.*s", s->data_dir, (int)n, path);
}

/* Whose files are as they were, and which does not come to be present now, is not asked for them: a million paths would be made for
 * nothing. */
static bool is_asked_for(const struct directory_look *w, const struct candidate *c)
{
    const struct observation *b = w->before ? observations_find(w->before, c->path) : NULL;
    return !b || b->print != c->print || b->wanted || (b->state != RUN_PRESENT && !c->hindrance);
}

static void add_candidate(struct directory_look *w, const struct candidate *c)
{
    w->at = arena_grow(&w->now->arena, w->at, w->n, sizeof *w->at);
    w->at[w->n++] = *c;
}

static void gather_each(struct directory_look *w, const struct beside *beside)
{
    const struct facility_settings *s = w->s;
    struct arena *a = &w->now->arena;
    for (const struct seen_file *f = beside->from; f < beside->end; f++) {
        if (!matches(w, f))
            continue;
        struct candidate one = {.first = f,
                                .n = 1,
                                .number = number_of(w, f->path),
                                .path = whole_path(a, s, f->path, strlen(f->path)),
                                .name = run_name(a, s, f),
                                .bytes = f->size,
                                .smallest = f->size,
                                .inode = f->inode,
                                .modified_ns = f->modified_ns};
        one.print = mix(mix(PRINT, &f->size, sizeof f->size), &f->modified_ns, sizeof f->modified_ns);
        one.hindrance = hindrance(s, beside, f);
        one.files = arena_array(a, 1, sizeof *one.files);
        one.files[0] = one.path;
        add_candidate(w, &one);
    }
}

static void add_file(struct candidate *all, const struct seen_file *f)
{
    all->n++;
    all->bytes += f->size;
    all->smallest = f->size < all->smallest ? f->size : all->smallest;
    all->modified_ns = f->modified_ns > all->modified_ns ? f->modified_ns : all->modified_ns;
    all->print = mix(all->print, f->path, strlen(f->path));
    all->print = mix(all->print, &f->size, sizeof f->size);
    all->print = mix(all->print, &f->modified_ns, sizeof f->modified_ns);
}

static void gather_folder(struct directory_look *w, const struct beside *beside)
{
    const struct facility_settings *s = w->s;
    struct arena *a = &w->now->arena, scratch = {0};
    struct candidate all = {.smallest = UINT64_MAX, .print = PRINT};
    size_t n = (size_t)(beside->end - beside->from);
    const struct seen_file **in = arena_array(&scratch, n, sizeof *in);
    for (const struct seen_file *f = beside->from; f < beside->end; f++)
        if (matches(w, f)) {
            in[all.n] = f;
            add_file(&all, f);
        }
    if (all.n > 0) {
        all.first = in[0];
        all.inode = in[0]->inode;
        all.number = number_of(w, in[0]->path);
        all.path = whole_path(a, s, in[0]->path, in[0]->folder);
        all.name = run_name(a, s, in[0]);
        all.hindrance = hindrance(s, beside, NULL);
    }
    if (all.n > 0 && is_asked_for(w, &all)) {
        all.files = arena_array(a, all.n, sizeof *all.files);
        for (size_t i = 0; i < all.n; i++)
            all.files[i] = whole_path(a, s, in[i]->path, strlen(in[i]->path));
    }
    if (all.n > 0)
        add_candidate(w, &all);
    arena_free(&scratch);
}

/* ---- folder by folder ---- */

bool directory_begin(struct directory_look *w, const struct facility_settings *s,
                     const struct observations *before, struct observations *now, struct error *err)
{
    *w = (struct directory_look){.s = s, .before = before, .now = now};
    int code = s->regex ? regcomp(&w->regex, s->regex, REG_EXTENDED) : 0;
    if (code) {
        char why[256];
        regerror(code, &w->regex, why, sizeof why);
        return error_set(err, ERROR_USAGE, "facility.standalone.regex is no regular expression: %s",
                         s->regex),
               error_detail(err, "%s", why);
    }
    return true;
}

void directory_add(struct directory_look *w, const struct seen_folder *f)
{
    const struct facility_settings *s = w->s;
    struct arena scratch = {0};
    if (f->wrong) {
        char line[256];
        struct arena *a = &w->now->arena;
        w->unseen = arena_grow(a, w->unseen, w->n_unseen, sizeof *w->unseen);
        w->unseen[w->n_unseen++] = whole_path(a, s, f->path, strlen(f->path));
        snprintf(line, sizeof line, "%s", strerror(f->wrong));
        w->now->notes = arena_grow(a, w->now->notes, w->now->n_notes, sizeof *w->now->notes);
        w->now->notes[w->now->n_notes++] = arena_printf(
            a, "cannot look into %s: %s; its runs are kept as they were", w->unseen[w->n_unseen - 1], line);
        return;
    }
    if (f->n == 0 || (s->folders && f->at[0].folder == 0))
        return;
    struct beside beside = look_beside(&scratch, s, f->at, f->at + f->n);
    (!s->folders || s->composite ? gather_each : gather_folder)(w, &beside);
    arena_free(&scratch);
}

void directory_end(struct directory_look *w, int64_t now_ns, bool server_clock)
{
    w->now->now_ns = now_ns;
    w->now->server_clock = server_clock;
    directory_compare(w);
    directory_drop(w);
}

void directory_drop(struct directory_look *w)
{
    if (w->s->regex)
        regfree(&w->regex);
}

bool directory_observe(const struct facility_settings *s, const struct snapshot *snap,
                       const struct observations *before, struct observations *now, struct error *err)
{
    struct directory_look w;
    if (!directory_begin(&w, s, before, now, err))
        return false;
    for (size_t i = 0; i < snap->n; i++)
        directory_add(&w, &snap->at[i]);
    directory_end(&w, snap->now_ns, false);
    return true;
}

static void take_folder(void *arg, const struct seen_folder *f)
{
    directory_add(arg, f);
}

bool directory_list(const struct facility_settings *s, const struct observations *before,
                    struct observations *now, struct error *err)
{
    struct directory_look w;
    struct directory_scan scan = {.files = true, .take = take_folder, .arg = &w};
    bool good = directory_begin(&w, s, before, now, err);
    if (good) {
        good = directory_scan(s, &scan, err);
        now->n_folders = scan.n_folders;
        now->n_stats = scan.n_stats;
        if (good)
            directory_end(&w, scan.now_ns, scan.server_clock);
        else
            directory_drop(&w);
    }
    now->class = good ? NET_DONE : NET_AGAIN;
    return good;
}
