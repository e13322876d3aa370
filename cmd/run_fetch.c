/* run_fetch.c - `xfelx run fetch`: files of runs that are somewhere else are brought here, whole or not at all. */
#include "cmd/book.h"

#include "facility/facility.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The settings transfer.*. */
static bool read_settings(struct book *b, struct transfer *t, struct error *err)
{
    const struct params *p = b->params;
    const char *const *trust = NULL;
    size_t n = param_texts(p, "transfer.trust", &trust);
    const char **ended = arena_array(b->a, n + 1, sizeof *ended);
    const char *token = param_text(p, "transfer.token_file", NULL);
    for (size_t i = 0; i < n; i++)
        ended[i] = trust[i];
    *t = (struct transfer){
        .from = param_text(p, "transfer.source", NULL),
        .command = param_text(p, "transfer.command", NULL),
        .ca_file = param_text(p, "xfelx.tls.ca_file", NULL),
        .auth = {.kind = token ? NET_AUTH_BEARER : NET_AUTH_NONE, .file = token},
        .trust = ended,
        .parallel = (int)param_int(p, "transfer.parallel", 4),
    };
    if (t->from && *t->from)
        return true;
    error_set(err, ERROR_USAGE, "no place is named that files could be fetched from");
    return error_hint(err, "set transfer.source, as https://HOST:1094/data");
}

/* Files of a run that lie in one folder, and where that folder is below the folder of all runs. */
struct part {
    const char *to, *below;
    const char **names;
    size_t n;
};

/* The path as the facility's root has it: what stands behind the folder of the data. */
static bool below_root(struct book *b, const char *path, const char **below, struct error *err)
{
    bool lcls = strcmp(param_text(b->params, "facility.name", "standalone"), "lcls") == 0;
    const char *name = lcls ? "facility.lcls.root" : "facility.standalone.data_dir";
    const char *root = param_text(b->params, name, NULL);
    root = root ? fs_absolute(b->a, root) : NULL; /* as runs are known (facility_settings_read) */
    size_t n = root ? strlen(root) : 0;
    while (n && root[n - 1] == '/')
        n--;
    if (n && !strncmp(path, root, n) && path[n] == '/') {
        *below = path + n;
        return true;
    }
    if (lcls && !root) { /* paths are the facility's own */
        *below = path;
        return true;
    }
    error_set(err, ERROR_USAGE, "%s is not below the folder of the data", path);
    return error_hint(err, "transfer.source is the other side of %s (now %s)", name, root ? root : "None");
}

static struct part *part_of(struct book *b, struct part **parts, size_t *n, const char *path,
                            const char *below)
{
    const char *to = fs_folder(b->a, path);
    for (size_t i = 0; i < *n; i++)
        if (!strcmp((*parts)[i].to, to))
            return *parts + i;
    *parts = arena_grow(b->a, *parts, *n, sizeof **parts);
    (*parts)[*n] = (struct part){.to = to, .below = fs_folder(b->a, below)};
    return *parts + (*n)++;
}

static bool sort_files(struct book *b, int64_t run, struct part **parts, size_t *n, struct error *err)
{
    struct store_source_row *rows;
    size_t n_rows;
    const char *const *maps = NULL;
    size_t n_maps = param_texts(b->params, "facility.path_map", &maps);
    const char **ended = arena_array(b->a, n_maps + 1, sizeof *ended);
    for (size_t i = 0; i < n_maps; i++)
        ended[i] = maps[i];
    if (!store_run_sources(b->store, run, b->a, &rows, &n_rows, err))
        return false;
    for (size_t i = 0; i < n_rows; i++) {
        const char *below = "", *here = path_map(b->a, ended, rows[i].path);
        if (!below_root(b, rows[i].path, &below, err))
            return false;
        struct part *p = part_of(b, parts, n, here, below);
        p->names = arena_grow(b->a, p->names, p->n, sizeof *p->names);
        p->names[p->n++] = fs_name(rows[i].path);
    }
    return true;
}

/* Address of a folder below another: each name escaped. */
static const char *address(struct book *b, const char *from, const char *below)
{
    struct str url = {0};
    size_t n = strlen(from);
    while (n && from[n - 1] == '/')
        n--;
    str_addn(&url, from, n);
    for (const char *p = below; *p; p++)
        if (*p == '/' || strchr("-._~", *p) || (*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'z') ||
            (*p >= 'A' && *p <= 'Z'))
            str_addc(&url, *p);
        else
            str_printf(&url, "%%%02X", (unsigned char)*p);
    const char *text = arena_strdup(b->a, url.text);
    str_free(&url);
    return text;
}

static bool fetch_part(struct book *b, const struct transfer *how, const struct part *p,
                       struct transfer_report *sum, struct error *err)
{
    struct transfer t = *how;
    struct transfer_report r = {0};
    /* a command gets names, not addresses */
    t.from = how->command ? fs_join(b->a, how->from, p->below + strspn(p->below, "/"))
                          : address(b, how->from, p->below);
    t.to = p->to;
    t.names = p->names;
    t.n_names = p->n;
    bool ok = fs_make_folders(p->to, err) && transfer_fetch(&t, &r, err);
    sum->n_files += r.n_files;
    sum->n_done += r.n_done;
    sum->n_there += r.n_there;
    sum->bytes += r.bytes;
    sum->resumed += r.resumed;
    return ok;
}

static void say(struct book *b, const struct transfer_report *r, double seconds)
{
    str_printf(&b->out, "%s brought here, %zu were here already: %s", COUNT(r->n_done, "file"), r->n_there,
               book_bytes(b, (int64_t)r->bytes));
    if (r->bytes && seconds > 0.5)
        str_printf(&b->out, " in %.0f s, %s/s", seconds,
                   book_bytes(b, (int64_t)((double)r->bytes / seconds)));
    if (r->resumed)
        str_printf(&b->out, "; %s were left of an earlier try", book_bytes(b, (int64_t)r->resumed));
    str_addc(&b->out, '\n');
}

/* Bring all files of some runs; what fails does not stop the rest, the first error is told. */
static bool fetch_runs(struct book *b, const struct transfer *how, const int64_t *runs, size_t n_runs,
                       struct error *err)
{
    struct transfer_report sum = {0};
    struct part *parts = NULL;
    struct error one = {0};
    size_t n = 0;
    int64_t start = clock_monotonic();
    bool good = true;
    for (size_t i = 0; i < n_runs; i++)
        if (!sort_files(b, runs[i], &parts, &n, err))
            return false;
    for (size_t i = 0; i < n; i++)
        if (!fetch_part(b, how, parts + i, &sum, &one) && good) {
            *err = one;
            good = false;
        }
    say(b, &sum, 1e-9 * (double)(clock_monotonic() - start));
    return good;
}

/* All that is not here, a run after the other, by one process of the experiment. */
static bool fetch_missing(struct book *b, const struct transfer *how, struct error *err)
{
    enum { LEASE_SECONDS = 600 };
    char owner[OWNER], shown[OWNER];
    struct store_lease lease = {.held = true};
    int64_t *runs;
    size_t n;
    bool good = store_runs_missing(b->store, b->a, &runs, &n, err);
    owner_of(getpid(), owner);
    for (size_t i = 0; i < n; i++) {
        struct error one = {0};
        if (!store_lease(b->store, "fetch", owner, LEASE_SECONDS, &lease, err))
            return false;
        if (!lease.held)
            break;
        str_printf(&b->out, "run %lld: ", (long long)runs[i]);
        if (fetch_runs(b, how, runs + i, 1, &one))
            continue;
        if (good)
            *err = one;
        good = false;
        str_addc(&b->out, '\n');
    }
    if (n == 0)
        str_add(&b->out, "nothing is missing\n");
    else if (!lease.held)
        str_printf(&b->out, "%s brings files here\n", owner_shown(lease.owner, shown));
    else if (!store_lease_end(b->store, "fetch", owner, NULL))
        log_warn("the lease of fetching is still held");
    return good;
}

static int fetch(struct cli *cli)
{
    struct error err = {0};
    struct book b;
    struct transfer how;
    int64_t *runs = NULL;
    size_t n = 0;
    bool missing = cli_has(cli, "missing");
    bool ok = book_open(cli, !missing, &b, &err) && read_settings(&b, &how, &err);
    if (ok && missing)
        ok = cli_operands(cli, 0, 0, "RUN", &err) && fetch_missing(&b, &how, &err);
    else if (ok)
        ok = book_runs(&b, cli->n_operands, &runs, &n, &err) && fetch_runs(&b, &how, runs, n, &err);
    if (!ok && b.out.len)
        cli_print(&b.out);
    return book_end(&b, ok, &err);
}

const struct command run_fetch = {
    .name = "run fetch",
    .summary = "bring the files of runs here",
    .usage = "[OPTIONS] RUN...|--missing",
    .text =
        "Copies the files of runs from transfer.source to where they belong below "
        "facility.standalone.data_dir, "
        "by HTTP(S) or by transfer.command. A file has its final name only when it is whole: size and, where "
        "the "
        "server tells one, checksum agree. What a broken try left is gone on with; files that are here are "
        "left "
        "alone.\n\n"
        "A file that cannot be brought does not stop the others; the first error is told at the end, and the "
        "same command goes on.",
    .options =
        (const struct option_row[]){
            {0, "missing", NULL, "all closed runs whose files are not all here, the newest first"},
            BOOK_OPTIONS,
            {0},
        },
    .examples =
        (const struct example[]){
            {"xfelx run fetch 12-15", "bring the files of four runs"},
            {"xfelx run fetch --missing", "what the watcher does by itself with transfer.policy=auto"},
            {0},
        },
    .run = fetch,
};
