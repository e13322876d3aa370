/* list.c - from what a person names to the frames of a job, in one fixed order.
 *
 * Arguments are files, folders, globs and lists of paths; what they expand to is sorted inside an argument and each file
 * counts once, by its absolute path, whoever named it first. A name that is no file stays in the list: it counts one frame,
 * which then fails with the reason, so that nothing that was asked for is lost silently.
 *
 * Names are those that the person gave, and make the identity of the frames. Where the data lie under another root on this machine
 * (options.path_map) every look at the disk goes there, and what is found there is named as it would be under the root it was given.
 */
#include "source/format.h"

#include <stdlib.h>
#include <string.h>

enum { LIST_LIMIT_MIB = 256, PATH_LIMIT = 4096 };
#define SOURCE_LIMIT ((size_t)10000000)

struct names {
    char **name;
    size_t n, room;
    struct arena *arena;
    const char *const *maps; /* options.path_map */
};

/* Where a name is on this machine: the name itself unless a map fits its absolute form. */
static const char *place_of(const struct names *l, const char *name)
{
    struct path_move m;
    if (!l->maps)
        return name;
    const char *whole = fs_absolute(l->arena, name);
    return path_map_find(l->maps, whole, &m) ? path_map(l->arena, l->maps, whole) : name;
}

static bool add_name(struct names *l, const char *name, struct error *err)
{
    if (l->n == SOURCE_LIMIT)
        return error_set(err, ERROR_USAGE, "more than %zu files are named", SOURCE_LIMIT);
    if (l->n == l->room) {
        size_t room = l->room ? l->room * 2 : 64;
        char **more = arena_array(l->arena, room, sizeof *more);
        if (l->n)
            memcpy(more, l->name, l->n * sizeof *more);
        l->name = more;
        l->room = room;
    }
    l->name[l->n++] = arena_strdup(l->arena, name);
    return true;
}

/* Names that a folder's listing takes: of the formats' globs, see info.files ("*.cbf *.cbf.gz …"). */
static bool is_image_name(const char *path)
{
    const char *name = fs_name(path);
    for (size_t i = 0; source_formats[i]; i++) {
        const char *at = source_formats[i]->info.files;
        while (*at) {
            size_t n = strcspn(at, " ");
            char suffix[32];
            if (n > 1 && n < sizeof suffix && *at == '*') {
                memcpy(suffix, at + 1, n - 1);
                suffix[n - 1] = 0;
                if (str_ends(name, suffix))
                    return true;
            }
            at += n;
            at += strspn(at, " ");
        }
    }
    return false;
}

/* Length of a name without "_000001", or 0 when it does not end so. */
static size_t before_number(const char *text, size_t n)
{
    size_t at = n;
    while (at > 0 && text[at - 1] >= '0' && text[at - 1] <= '9')
        at--;
    return n - at >= 5 && at > 1 && text[at - 1] == '_' ? at - 1 : 0;
}

/* Data files of Dectris' writer lie beside the master (or .nxs) file that links to them: "x_data_000001.h5", "x_000001.h5",
 * "x_meta.h5" beside "x_master.h5" or "x.nxs". In a folder's listing the frames come from the master, once; where there are
 * both masters, from the .nxs, which has the better geometry. */
static bool is_member(const char *path, struct arena *a)
{
    static const char *const endings[] = {"_data", "_meta", "_vds", ""};
    if (!str_ends(path, ".h5"))
        return false;
    size_t n = strlen(path) - 3;
    if (n > 7 && memcmp(path + n - 7, "_master", 7) == 0)
        return fs_is_file(arena_printf(a, "%.*s.nxs", (int)(n - 7), path));
    size_t numbered = before_number(path, n);
    const char *stem = arena_strndup(a, path, numbered ? numbered : n);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        if (!str_ends(stem, endings[i]) || (!numbered && !*endings[i]))
            continue;
        int length = (int)(strlen(stem) - strlen(endings[i]));
        if (fs_is_file(arena_printf(a, "%.*s_master.h5", length, stem)) ||
            fs_is_file(arena_printf(a, "%.*s.nxs", length, stem)))
            return true;
    }
    return false;
}

static bool add_all(struct names *l, char **names, size_t n, struct error *err)
{
    for (size_t i = 0; i < n; i++)
        if (!add_name(l, names[i], err))
            return false;
    return true;
}

/* place: where the folder is on this machine. */
static bool add_folder(struct names *l, const char *folder, const char *place, struct error *err)
{
    char **names;
    size_t n;
    if (!fs_list(place, l->arena, &names, &n, err))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!is_image_name(names[i]) || is_member(names[i], l->arena))
            continue;
        if (!add_name(l, place == folder ? names[i] : fs_join(l->arena, folder, fs_name(names[i])), err))
            return false;
    }
    return true;
}

/* The names that a glob finds. Under a map only the part behind FROM is a pattern: TO is a name, and goes back to FROM. */
static bool find_names(const struct names *l, const char *pattern, char ***names, size_t *n,
                       struct error *err)
{
    struct path_move m;
    struct arena *a = l->arena;
    const char *whole = l->maps ? fs_absolute(a, pattern) : pattern;
    if (!path_map_find(l->maps, whole, &m))
        return fs_glob(pattern, a, names, n, err);
    const char *to = arena_strndup(a, m.to, m.n_to);
    if (!fs_glob(arena_printf(a, "%s%s", fs_quoted(a, to), whole + m.n_from), a, names, n, err))
        return false;
    for (size_t i = 0; i < *n; i++)
        (*names)[i] = arena_printf(a, "%.*s%s", (int)m.n_from, whole, (*names)[i] + m.n_to);
    return true;
}

/* A file, a folder, or a glob. A file's own name wins over its reading as a glob ("run[1].cbf"). */
static bool add_argument(struct names *l, const char *argument, struct error *err)
{
    char **names;
    size_t n;
    const char *place = place_of(l, argument);
    if (fs_is_folder(place))
        return add_folder(l, argument, place, err);
    if (fs_is_file(place) || !strpbrk(argument, "*?["))
        return add_name(l, argument, err);
    if (!find_names(l, argument, &names, &n, err))
        return false;
    return n > 0 ? add_all(l, names, n, err) : add_name(l, argument, err);
}

/* One path a line; '#' begins a comment line, blanks around are not part of a name; relative to the list's folder. */
static bool add_list(struct names *l, const char *path, struct error *err)
{
    struct bytes text = {0};
    if (!fs_read(place_of(l, path), (size_t)LIST_LIMIT_MIB << 20, &text, err))
        return false;
    const char *folder = fs_folder(l->arena, path);
    bool ok = true;
    for (size_t at = 0; ok && at < text.size;) {
        const char *line = (const char *)text.data + at;
        const char *stop = memchr(line, '\n', text.size - at);
        size_t n = stop ? (size_t)(stop - line) : text.size - at;
        at += n + 1;
        while (n > 0 && strchr(" \t\r", line[n - 1]) && line[n - 1])
            n--;
        while (n > 0 && (*line == ' ' || *line == '\t')) {
            line++;
            n--;
        }
        if (n == 0 || *line == '#')
            continue;
        if (n >= PATH_LIMIT || memchr(line, 0, n))
            ok = error_set(err, ERROR_USAGE, "%s is no list of paths", path);
        else
            ok = add_argument(l, fs_join(l->arena, folder, arena_strndup(l->arena, line, n)), err);
    }
    bytes_free(&text);
    return ok;
}

static bool is_list(const char *argument)
{
    return str_ends(argument, ".txt") || str_ends(argument, ".lst");
}

/* ---- each file once ---- */

struct seen {
    const char *recorded;
    size_t number;
};

static int seen_order(const void *a, const void *b)
{
    const struct seen *x = a, *y = b;
    int order = strcmp(x->recorded, y->recorded);
    return order ? order : (x->number > y->number) - (x->number < y->number);
}

/* Absolute names; doubles after the first are dropped, order kept. */
static void fill_sources(struct names *l, struct source_list *out)
{
    struct seen *seen = arena_array(l->arena, l->n, sizeof *seen);
    bool *twice = arena_array(l->arena, l->n, sizeof *twice);
    for (size_t i = 0; i < l->n; i++)
        seen[i] = (struct seen){fs_absolute(l->arena, l->name[i]), i};
    out->sources = arena_array(l->arena, l->n, sizeof *out->sources);
    const char **recorded = arena_array(l->arena, l->n, sizeof *recorded);
    for (size_t i = 0; i < l->n; i++)
        recorded[i] = seen[i].recorded;
    qsort(seen, l->n, sizeof *seen, seen_order);
    for (size_t i = 1; i < l->n; i++)
        twice[seen[i].number] = strcmp(seen[i].recorded, seen[i - 1].recorded) == 0;
    for (size_t i = 0; i < l->n; i++)
        if (!twice[i])
            out->sources[out->n_sources++] =
                (struct source_entry){.path = place_of(l, l->name[i]), .recorded = recorded[i]};
}

/* How many frames; containers stay open. Errors are kept with the few sources that have one. */
static void count_frames(struct source_entry *e, const struct source_options *o, struct arena *a)
{
    struct error err = {0};
    bool single = true;
    e->n_frames = 1;
    if (source_peek(e->path, &single, &err) && (single || source_open(e->path, o, &e->open, &err)))
        e->n_frames = single ? 1 : source_frames(e->open);
    else
        e->error = arena_memdup(a, &err, sizeof err);
    e->container = !single;
}

static struct error *absent(struct arena *a, const char *path)
{
    struct error *e = arena_alloc(a, sizeof *e);
    error_set(e, ERROR_MISSING, "%s is no part of the list yet", path);
    return e;
}

/* here NULL: all are. A file that is not counts no frame. */
static bool count_all(struct source_list *out, const bool *here, const struct source_options *o,
                      struct arena *a, struct error *err)
{
    for (size_t i = 0; i < out->n_sources; i++) {
        struct source_entry *e = &out->sources[i];
        if (!here || here[i])
            count_frames(e, o, a);
        else
            e->error = absent(a, e->path);
        e->first = (uint32_t)out->n_frames;
        out->n_frames += e->n_frames;
        if (out->n_frames > UINT32_MAX) {
            source_list_close(out);
            return error_set(err, ERROR_USAGE, "more than %u frames are named", UINT32_MAX);
        }
    }
    return true;
}

bool source_list_make(char *const *arguments, size_t n, const struct source_options *o, struct arena *a,
                      struct source_list *out, struct error *err)
{
    struct names l = {.arena = a, .maps = o ? o->path_map : NULL};
    *out = (struct source_list){0};
    for (size_t i = 0; i < n; i++) {
        const char *argument = arguments[i];
        bool at = argument[0] == '@' && argument[1];
        if (*argument == 0)
            continue;
        bool ok = at || (is_list(argument) && !fs_is_folder(place_of(&l, argument)))
                      ? add_list(&l, argument + at, err)
                      : add_argument(&l, argument, err);
        if (!ok)
            return false;
    }
    if (l.n == 0) {
        error_set(err, ERROR_USAGE, "no image files are named");
        return error_hint(err, "name files, folders, globs, or a list of paths as @list.txt");
    }
    fill_sources(&l, out);
    return count_all(out, NULL, o, a, err);
}

bool source_list_of(const char *const *paths, const bool *here, size_t n, const struct source_options *o,
                    struct arena *a, struct source_list *out, struct error *err)
{
    const struct names l = {.arena = a, .maps = o ? o->path_map : NULL};
    bool *counts = arena_array(a, n, sizeof *counts);
    size_t n_extra = 0;
    *out = (struct source_list){.sources = arena_array(a, n, sizeof *out->sources), .n_sources = n};
    for (size_t i = 0; i < n; i++) {
        const char *recorded = arena_strdup(a, paths[i]), *place = place_of(&l, recorded);
        out->sources[i] = (struct source_entry){.path = place, .recorded = recorded};
        counts[i] = is_image_name(recorded) && !is_member(place, a);
        n_extra += !counts[i];
    }
    for (size_t i = 0; i < n; i++)
        counts[i] = here[i] && (counts[i] || n_extra == n);
    return count_all(out, counts, o, a, err);
}

void source_list_close(struct source_list *l)
{
    for (size_t i = 0; i < l->n_sources; i++) {
        if (l->sources[i].open)
            source_close(l->sources[i].open);
        l->sources[i].open = NULL;
    }
    source_doors_free(l->doors);
    l->doors = NULL;
}

void source_list_at(const struct source_list *l, uint64_t i, uint32_t *source, uint32_t *frame)
{
    size_t low = 0, high = l->n_sources;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (l->sources[middle].first <= i)
            low = middle;
        else
            high = middle;
    }
    *source = (uint32_t)low;
    *frame = (uint32_t)(i - l->sources[low].first);
}
