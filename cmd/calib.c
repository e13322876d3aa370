/* calib.c - `xfelx calib`: versions of masks, geometries, references … by label and runs (SCIENCE 21). */
#include "cmd/book.h"
#include "cmd/calib_open.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *runs_of(struct book *b, const struct store_calib *c)
{
    if (c->first < 0 && c->last < 0)
        return "all";
    if (c->last < 0)
        return arena_printf(b->a, "%lld-", (long long)c->first);
    return arena_printf(b->a, "%lld-%lld", (long long)(c->first < 0 ? 0 : c->first), (long long)c->last);
}

static bool read_kind(struct book *b, const char *word, int *kind, struct error *err)
{
    (void)b;
    *kind = word ? store_calib_kind_of(word) : 0;
    return !word || *kind ||
           (error_set(err, ERROR_USAGE, "a calibration is no %s", word),
            error_hint(err, "mask, gain, pedestal, geometry, cells, reference"));
}

/* ---- list ---- */

static const struct book_column columns[] = {
    {"kind", false, false},  {"label", false, true}, {"runs", false, false},        {"content", false, false},
    {"added", false, false}, {"jobs", true, false},  {"file", false, BOOK_FLEX_END}};

static void put_cells(struct book *b, const void *row, const char **c)
{
    const struct store_calib *x = row;
    char hex[17];
    *c++ = store_calib_kind_word(x->kind);
    *c++ = x->label;
    *c++ = runs_of(b, x);
    *c++ = arena_strdup(b->a, hash_hex(x->hash, 4, hex));
    *c++ = book_time(b, x->t);
    *c++ = arena_printf(b->a, "%u", x->n_jobs);
    *c++ = x->path;
}

static void put_row(struct book *b, struct json_writer *w, const void *row)
{
    const struct store_calib *c = row;
    char hex[65];
    json_object(w, NULL);
    json_put_int(w, "id", c->id);
    json_put_text(w, "kind", store_calib_kind_word(c->kind));
    json_put_text(w, "label", c->label);
    json_put_text(w, "sha256", hash_hex(c->hash, 32, hex));
    json_put_text(w, "path", book_shown(b, c->path));
    c->first < 0 ? json_put_null(w, "first_run") : json_put_int(w, "first_run", c->first);
    c->last < 0 ? json_put_null(w, "last_run") : json_put_int(w, "last_run", c->last);
    json_put_int(w, "added_ns", c->t);
    json_put_text(w, "who", c->who);
    json_put_int(w, "jobs", c->n_jobs);
    json_end_object(w);
}

static const struct book_list listing = {.key = "calibrations",
                                         .none = "no calibrations",
                                         .size = sizeof(struct store_calib),
                                         .columns = columns,
                                         .n_columns = sizeof columns / sizeof *columns,
                                         .cells = put_cells,
                                         .json = put_row};

static bool list_calibs(struct book *b, struct error *err)
{
    const char *label = b->cli->n_operands ? b->cli->operands[0] : NULL;
    struct store_calib *rows;
    size_t n;
    int kind;
    if (!read_kind(b, cli_value(b->cli, "kind", NULL), &kind, err) ||
        !store_calibs(b->store, kind, label, b->a, &rows, &n, err))
        return false;
    if (label && n == 0)
        return error_set(err, ERROR_USAGE, "no calibration is called \"%s\"", label),
               error_hint(err, "xfelx calib list shows them all");
    return book_list(b, &listing, rows, n);
}

/* ---- add ---- */

static bool hash_file(const char *path, uint8_t hash[32], struct bytes *content, struct error *err)
{
    enum { MOST = 1 << 30 };
    if (!fs_read(path, MOST, content, err))
        return false;
    sha256(content->data, content->size, hash);
    return content->size > 0 || error_set(err, ERROR_USAGE, "%s is empty", path);
}

/* A copy beside the results that nobody changes: what a job reads is what was added, whatever becomes of the file. inside: the dataset that
 * is meant, NULL: the file. */
static bool keep_copy(struct book *b, const char *path, const char *name, const char *inside,
                      const struct bytes *content, const uint8_t hash[32], const char **kept,
                      struct error *err)
{
    char hex[17], *folder;
    const char *out = param_text(b->params, "output_folder", NULL), *copy = fs_absolute(b->a, path);
    bool ok = true;
    if (out) {
        folder = fs_join(b->a, fs_absolute(b->a, out), ".xfelx/calib");
        copy = fs_join(b->a, folder, arena_printf(b->a, "%s-%s", hash_hex(hash, 8, hex), name));
        ok = fs_is_file(copy) ||
             (fs_make_folders(folder, err) && fs_write_atomic(copy, content->data, content->size, err));
    }
    *kept = inside ? arena_printf(b->a, "%s:%s", copy, inside) : copy;
    return ok;
}

/* ---- what a page handed over ---- */

enum { HANDED_DAYS = 2 };

/* A file's name as one of ours: the last part of it, and what may stand in a path anywhere. */
static char *tame_name(struct arena *a, const char *name)
{
    char *out = arena_strndup(a, fs_name(name), 100);
    for (char *p = out; *p; p++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-", *p) ||
            (p == out && *p == '.'))
            *p = '_';
    return *out ? out : arena_strdup(a, "file");
}

/* A copy that was kept of this content; NULL: none. Its whole sum is looked at by who reads it. */
static const char *kept_copy(struct book *b, const char *out, const char *sum)
{
    char **names;
    size_t n = 0;
    char *folder = fs_join(b->a, fs_absolute(b->a, out), ".xfelx/calib");
    const char *pattern = arena_printf(b->a, "%s/%.16s-*", fs_quoted(b->a, folder), sum);
    return fs_glob(pattern, b->a, &names, &n, NULL) && n > 0 ? names[0] : NULL;
}

/* The file of this sum, where the server of pages puts such files; when another request has taken it already, what that one kept. */
static bool handed_file(struct book *b, const char *sum, const char **file, struct error *err)
{
    const char *out = param_text(b->params, "output_folder", NULL);
    if (strlen(sum) != 64 || strspn(sum, "0123456789abcdef") != 64)
        return error_set(err, ERROR_USAGE,
                         "what was handed over is called by 64 hexadecimal digits, not \"%s\"", sum);
    if (!out)
        return error_set(err, ERROR_USAGE, "--handed needs output_folder");
    *file = fs_join(b->a, fs_absolute(b->a, out), arena_printf(b->a, ".xfelx/calib/incoming/%s", sum));
    if (!fs_is_file(*file) && kept_copy(b, out, sum))
        *file = kept_copy(b, out, sum);
    return fs_is_file(*file) ||
           (error_set(err, ERROR_MISSING, "the file that was handed over is not in %s",
                      fs_folder(b->a, *file)),
            error_hint(
                err,
                "hand it over again; the server of pages and the watcher must see the same results' folder"));
}

/* It is kept, or never will be: what waits no longer goes, and what a killed server or a page that was closed left behind. */
static void sweep(struct book *b, const char *taken)
{
    char **names;
    size_t n = 0;
    int64_t size, modified, old = clock_now() - HANDED_DAYS * INT64_C(86400000000000);
    char *folder = fs_folder(b->a, taken);
    if (strcmp(fs_name(folder), "incoming") != 0) /* a copy that was kept, and stays */
        return;
    unlink(taken);
    if (!fs_glob(fs_join(b->a, fs_quoted(b->a, folder), ".part-*"), b->a, &names, &n, NULL))
        n = 0;
    for (size_t i = 0; i < n; i++)
        if (fs_size(names[i], &size, &modified) && modified < old)
            unlink(names[i]);
    if (!fs_list(folder, b->a, &names, &n, NULL))
        n = 0;
    for (size_t i = 0; i < n; i++) {
        char *file = fs_join(b->a, folder, names[i]);
        if (fs_size(file, &size, &modified) && modified < old)
            unlink(file);
    }
}

/* Read, look at, keep. path: FILE or FILE:/DATASET; name: of the copy; sum: what its content must be, NULL: anything. */
static bool take_file(struct book *b, const char *path, const char *name, const char *sum,
                      struct store_calib *c, struct error *err)
{
    struct bytes content = {0};
    const char *inside = NULL, *file = fs_file_of(b->a, path, &inside);
    char hex[65];
    bool ok = hash_file(file, c->hash, &content, err) &&
              (!sum || strcmp(hash_hex(c->hash, 32, hex), sum) == 0 ||
               error_set(err, ERROR_CHANGED, "what was handed over has changed since")) &&
              calib_opens(c->kind, path, err) &&
              keep_copy(b, file, name ? name : fs_name(file), inside, &content, c->hash, &c->path, err);
    bytes_free(&content);
    return ok;
}

static int add(struct cli *cli)
{
    struct error err = {0};
    struct book b = {.cli = cli};
    struct store_calib c = {.first = -1, .last = -1};
    int64_t id = 0;
    char hex[17];
    const char *sum = cli_value(cli, "handed", NULL), *dataset = cli_value(cli, "dataset", NULL),
               *file = NULL;
    bool ok = cli_operands(cli, sum ? 2 : 3, sum ? 2 : 3, sum ? "KIND LABEL" : "KIND LABEL FILE", &err) &&
              cli_int(cli, "first", 0, INT64_MAX, -1, &c.first, &err) &&
              cli_int(cli, "last", 0, INT64_MAX, -1, &c.last, &err) && book_open(cli, false, &b, &err) &&
              (!sum || handed_file(&b, sum, &file, &err)) && read_kind(&b, cli->operands[0], &c.kind, &err);
    if (ok && dataset && *dataset != '/')
        ok = error_set(&err, ERROR_USAGE, "a dataset is named from the root of its file on: /PATH/IN/IT");
    if (ok) {
        const char *from = sum ? file : cli->operands[2];
        const char *name = sum ? tame_name(b.a, cli_value(cli, "name", "file")) : NULL;
        ok = take_file(&b, dataset ? arena_printf(b.a, "%s:%s", from, dataset) : from, name, sum, &c, &err);
        c.label = cli->operands[1];
    }
    ok = ok && store_calib_add(b.store, &b.by, &c, &id, &err);
    if (file && (ok || err.code != ERROR_BUSY))
        sweep(&b, file);
    if (ok)
        str_printf(&b.out, "%s %s: %s, runs %s\n", cli->operands[0], book_shown(&b, c.label),
                   hash_hex(c.hash, 8, hex), runs_of(&b, &c));
    return book_end(&b, ok, &err);
}

#define KIND_OPTION                                                                                          \
    {                                                                                                        \
        0, "kind", "KIND", "only mask, gain, pedestal, geometry, cells or reference"                         \
    }

static const struct command calib_list = {
    .name = "calib list",
    .summary = "the versions, a line each",
    .usage = "[OPTIONS]",
    .text = "Lists versions by kind and label, the newest first: runs that each is for, its content (the "
            "first digits "
            "of its SHA-256), and how many jobs used it. What jobs read without being told a label is listed "
            "by its "
            "path.",
    .options = (const struct option_row[]){KIND_OPTION, BOOK_JSON, BOOK_OPTIONS, {0}},
    .examples = (const struct example[]){{"xfelx calib list --kind mask", "the masks"}, {0}},
    .run = book_run,
    .own = &(const struct book_verb){BOOK_READS, 0, 0, "", list_calibs},
};

static const struct command calib_show = {
    .name = "calib show",
    .summary = "the versions of one label",
    .usage = "[OPTIONS] LABEL",
    .text = "Lists the versions of one label, the newest first. For a run the newest counts that is for it.",
    .options = (const struct option_row[]){KIND_OPTION, BOOK_JSON, BOOK_OPTIONS, {0}},
    .examples =
        (const struct example[]){{"xfelx calib show beamstop --json", "with whole hashes, for programs"},
                                 {0}},
    .run = book_run,
    .own = &(const struct book_verb){BOOK_READS, 1, 1, "LABEL", list_calibs},
};

static const struct command calib_add = {
    .name = "calib add",
    .summary = "a new version of a mask, geometry …",
    .usage = "[OPTIONS] KIND LABEL FILE",
    .text =
        "Adds a content under a label, for all runs or those from --first to --last; the file is copied, "
        "so that it "
        "may change or go. Results made with an older version of the label, of runs that the new one is "
        "for, are "
        "shown as stale from now on; they are neither changed nor deleted, and jobs that run go on with "
        "what they "
        "read. KIND: mask, gain, pedestal, geometry, cells, reference. The file is opened as its kind; a "
        "gain or "
        "pedestal may be a dataset of an HDF5 file, FILE:/DATASET. A "
        "content may have several labels. Said anew under the same label it is the newest; from a later "
        "run on, behind another one, it is back for those runs.\n\n"
        "Trials and rungroups name it as calib:LABEL where a file is wanted, as in "
        "spotfinder.lookup.mask=calib:beamstop: each job reads the version that is for its run. Gains are "
        "xfelx.detector.gain_map, pedestals xfelx.detector.pedestal_map, cells xfelx.cell.file.",
    .options =
        (const struct option_row[]){
            {0, "first", "RUN", "from this run on"},
            {0, "last", "RUN", "up to this run"},
            {0, "dataset", "PATH", "of an HDF5 file, as FILE:PATH says it"},
            {0, "handed", "SHA256", "in place of FILE: what a page handed over, as the watcher does it"},
            {0, "name", "NAME", "what that file was called"},
            BOOK_OPTIONS,
            {0}},
    .examples = (const struct example[]){{"xfelx calib add mask beamstop new_mask.pickle --first 14",
                                          "the beamstop moved before run 14"},
                                         {0}},
    .run = add,
};

static const struct command *const verbs[] = {&calib_list, &calib_add, &calib_show, NULL};

const struct command command_calib = {
    .name = "calib",
    .summary = "versions of masks, geometries and references",
    .usage = "VERB [OPTIONS] ...",
    .text = "What results are calibrated with is kept by content, under labels and for runs. Each job "
            "records what it "
            "used; results of an older version are shown as stale by job list, status and the pages.",
    .examples = (const struct example[]){{"xfelx calib", "list them"},
                                         {"xfelx calib add geometry day2 refined.expt --first 20",
                                          "a geometry for the runs from 20 on"},
                                         {0}},
    .verbs = verbs,
};
