/* run_label.c - `xfelx run label`: labels of whole runs and of stretches of time, and the lists of labels; see run_label.h. Of
 * frames, from a file: run_label_file.c. */
#include "cmd/run_label.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- options ---- */

bool run_label_kind(const char *word, int *kind)
{
    for (*kind = LABEL_TEXT; *kind <= LABEL_BOOL; ++*kind)
        if (!strcmp(store_label_kind_word(*kind), word))
            return true;
    return *kind = 0, false;
}

bool run_label_options(struct book *b, const char *name, struct store_label *out, struct error *err)
{
    const char *kind = cli_value(b->cli, "kind", NULL);
    *out = (struct store_label){.name = name, .unit = cli_value(b->cli, "unit", NULL)};
    if (kind && !run_label_kind(kind, &out->kind))
        return error_set(err, ERROR_USAGE, "a label is a text, a number or a bool, not a %s", kind);
    return cli_real(b->cli, "bin", 1e-300, 1e300, NAN, &out->bin, err);
}

bool run_label_bool(const char *text, double *out)
{
    static const char *const words[] = {"off", "on", "false", "true", "no", "yes"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_same_nocase(text, words[i]))
            return *out = (double)(i % 2), true;
    return false;
}

bool run_label_value(const char *text, int kind, struct store_label_value *out)
{
    *out = (struct store_label_value){.text = kind == LABEL_TEXT ? text : NULL};
    if (kind == LABEL_TEXT)
        return true;
    if (kind == LABEL_BOOL && run_label_bool(text, &out->number))
        return true;
    return str_to_double(text, &out->number) && isfinite(out->number) &&
           (kind == LABEL_NUMBER || out->number == 0 || out->number == 1);
}

/* ---- of runs and stretches of time ---- */

static bool read_time(struct book *b, const char *option, int64_t otherwise, int64_t *out, struct error *err)
{
    const char *text = cli_value(b->cli, option, NULL);
    *out = otherwise;
    return !text || clock_read(text, 1000000000, out) ||
           (error_set(err, ERROR_USAGE, "--%s %s is no time", option, text),
            error_hint(err, "as 2026-11-26T14:02:07Z (UTC), or seconds since 1970"));
}

const struct store_label_set *run_label_set(const struct store_label_set *rows, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(rows[i].name, name))
            return rows + i;
    return NULL;
}

static bool put_stretch(struct book *b, const char *word, struct error *err)
{
    struct store_label label;
    struct store_label_value value = {0};
    struct store_label_stretch where = {0};
    struct store_label_set *sets;
    struct store_label_joined joined;
    int64_t *runs = NULL;
    size_t n_sets;
    const char *equals = strchr(word, '=');
    if (!equals || equals == word)
        return error_set(err, ERROR_USAGE, "\"%s\" is no label with its value", word),
               error_hint(err, "as xfelx run label 12-15 sample=lysozyme");
    const char *name = arena_strndup(b->a, word, (size_t)(equals - word));
    if (!run_label_options(b, name, &label, err) || !store_labels(b->store, b->a, &sets, &n_sets, err) ||
        !read_time(b, "from", INT64_MIN, &where.first_t, err) ||
        !read_time(b, "to", INT64_MAX, &where.last_t, err))
        return false;
    const struct store_label_set *set = run_label_set(sets, n_sets, name);
    int kind = set ? set->kind : label.kind ? label.kind : LABEL_TEXT;
    if (equals[1] && !run_label_value(equals + 1, kind, &value))
        return error_set(err, ERROR_USAGE, "%s is a %s, not \"%s\"", name, store_label_kind_word(kind),
                         equals + 1);
    if (b->cli->n_operands > 1 && !book_runs(b, b->cli->n_operands - 1, &runs, &where.n_runs, err))
        return false;
    where.runs = runs;
    if (!store_label_stretch(b->store, &b->by, &label, equals[1] ? &value : NULL, &where, err) ||
        !store_labels_join(b->store, 0, &joined, err))
        return false;
    if (runs)
        str_printf(&b->out, "%s %s: %s\n", COUNT(where.n_runs, "run"),
                   equals[1] ? "labelled" : "without that label", book_shown(b, word));
    else
        str_printf(&b->out, "%s: %s\n",
                   equals[1] ? "runs of that time labelled" : "that time without the label",
                   book_shown(b, word));
    return true;
}

/* ---- lists ---- */

static const char *count(struct book *b, uint64_t n, const char *what)
{
    return arena_printf(b->a, "%s", COUNT(n, what));
}

void run_label_say_set(struct book *b, const struct store_label_set *s)
{
    str_printf(&b->out, "%s: %s%s%s, version %u; %s of %s labelled, %llu without; %s without a frame\n",
               book_shown(b, s->name), store_label_kind_word(s->kind), *s->unit ? ", " : "", s->unit,
               s->version, count(b, s->frames - s->unmatched, "frame"), count(b, s->n_runs, "run"),
               (unsigned long long)s->unmatched, count(b, s->unused, "value"));
    if (s->n_due)
        str_printf(&b->out, "  %s to be joined\n", count(b, s->n_due, "run"));
}

static const char *time_text(struct book *b, int64_t t)
{
    return t == INT64_MIN || t == INT64_MAX ? "" : book_time(b, t);
}

static bool say_list(struct book *b, const struct store_label_set *sets, size_t n, struct error *err)
{
    for (size_t i = 0; i < n; i++) {
        struct store_label_given *given;
        size_t n_given;
        run_label_say_set(b, sets + i);
        if (!store_label_stretches(b->store, sets[i].name, b->a, &given, &n_given, err))
            return false;
        for (size_t k = 0; k < n_given; k++) {
            const struct store_label_given *g = given + k;
            const char *from = time_text(b, g->first_t), *to = time_text(b, g->last_t);
            str_printf(&b->out, "  %s = %s", book_shown(b, sets[i].name), book_shown(b, g->value));
            if (g->run)
                str_printf(&b->out, "  run %lld", (long long)g->ord);
            if (*from || *to)
                str_printf(&b->out, "  from %s to %s", *from ? from : "the beginning", *to ? to : "now on");
            str_addc(&b->out, '\n');
        }
    }
    if (!n)
        str_add(&b->out, "no labels\n");
    return true;
}

static void put_given(struct json_writer *w, const struct store_label_given *g)
{
    json_object(w, NULL);
    json_put_text(w, "value", g->value);
    g->run ? json_put_int(w, "run", g->ord) : json_put_null(w, "run");
    g->first_t == INT64_MIN ? json_put_null(w, "first_ns") : json_put_int(w, "first_ns", g->first_t);
    g->last_t == INT64_MAX ? json_put_null(w, "last_ns") : json_put_int(w, "last_ns", g->last_t);
    json_end_object(w);
}

static bool json_list(struct book *b, const struct store_label_set *sets, size_t n, struct error *err)
{
    struct json_writer w = book_json(b, "labels");
    bool ok = true;
    for (size_t i = 0; ok && i < n; i++) {
        const struct store_label_set *s = sets + i;
        struct store_label_given *given;
        size_t n_given;
        ok = store_label_stretches(b->store, s->name, b->a, &given, &n_given, err);
        json_object(&w, NULL);
        json_put_text(&w, "name", s->name);
        json_put_text(&w, "kind", store_label_kind_word(s->kind));
        json_put_text(&w, "unit", *s->unit ? s->unit : NULL);
        json_put_real(&w, "bin", s->bin);
        json_put_int(&w, "version", s->version);
        json_put_int(&w, "groups", s->n_groups);
        json_put_int(&w, "runs", s->n_runs);
        json_put_int(&w, "runs_due", s->n_due);
        json_put_int(&w, "frames", (int64_t)s->frames);
        json_put_int(&w, "frames_without", (int64_t)s->unmatched);
        json_put_int(&w, "values", (int64_t)s->rows);
        json_put_int(&w, "values_without", (int64_t)s->unused);
        json_array(&w, "given", false);
        for (size_t k = 0; ok && k < n_given; k++)
            put_given(&w, given + k);
        json_end_array(&w);
        json_end_object(&w);
    }
    book_json_end(&w);
    return ok;
}

static bool list(struct book *b, struct error *err)
{
    struct store_label_set *sets;
    size_t n;
    return store_labels(b->store, b->a, &sets, &n, err) &&
           (b->json ? json_list(b, sets, n, err) : say_list(b, sets, n, err));
}

/* ---- the verb ---- */

static bool join(struct book *b, struct error *err)
{
    struct store_label_joined j;
    if (!store_labels_join(b->store, 0, &j, err))
        return false;
    str_printf(&b->out, "%s joined: %llu of %s labelled\n", count(b, j.runs, "run"),
               (unsigned long long)(j.frames - j.unmatched), count(b, j.frames, "frame"));
    return true;
}

static int label(struct cli *cli)
{
    static const char *const ways[] = {"list", "join", "file", "remove"};
    struct error err = {0};
    struct book b = {.cli = cli};
    int given = 0;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        given += cli_has(cli, ways[i]);
    bool show = cli_has(cli, "list") || (!given && cli->n_operands == 0);
    bool ok =
        given <= 1 || error_set(&err, ERROR_USAGE, "--list, --join, --file and --remove are four things");
    ok = ok && (given == 0 || cli_operands(cli, 0, 0, "RUN", &err));
    ok = ok && book_open(cli, show, &b, &err);
    if (!ok) {
    } else if (show) {
        ok = list(&b, &err);
    } else if (cli_has(cli, "file")) {
        ok = run_label_file(&b, cli_value(cli, "file", NULL), &err);
    } else if (cli_has(cli, "remove")) {
        ok = store_label_remove(b.store, &b.by, cli_value(cli, "remove", NULL), &err);
        str_add(&b.out, "label removed\n");
    } else if (cli_has(cli, "join")) {
        ok = join(&b, &err);
    } else {
        ok = put_stretch(&b, cli->operands[cli->n_operands - 1], &err);
    }
    return book_end(&b, ok, &err);
}

const struct command run_label = {
    .name = "run label",
    .summary = "say what frames are beside their images: sample, laser, delay",
    .usage = "[OPTIONS] [RUN]... [NAME=VALUE]",
    .text = "Gives frames labels, by which report --by and status --by count: of whole runs (12-15 "
            "sample=lysozyme; "
            "the label \"sample\" is what hit rates are always shown by), of a stretch of time (--from, "
            "--to: several "
            "samples a day), or of each frame, from a file (--file). An empty value takes a label away.\n\n"
            "A file is CSV, TSV (first line: names of columns) or JSON lines. Columns that say which frame: "
            "run (else "
            "--run), and event, time (seconds since 1970, or 2026-11-26T14:02:07.25Z; time_ms, time_us, "
            "time_ns) or "
            "frame (from 0, with file where the run has several). All other columns are labels, named NAME, "
            "NAME:KIND "
            "or NAME:KIND:UNIT; kinds are text, number, bool (on, off, true, false), found out where not "
            "said. Empty "
            "fields have no value. A line that cannot be used refuses the whole file, unless --skip-bad.\n\n"
            "Labels may come before the frames or after; what is given again takes the place of what was "
            "given for "
            "frames of the same runs. With --corrected values go over the nominal ones (a delay with its "
            "jitter), and "
            "both are kept. No label changes a frame's result.",
    .options =
        (const struct option_row[]){
            {0, "from", "TIME", "label frames from this time on (UTC)"},
            {0, "to", "TIME", "until this time"},
            {0, "file", "FILE", "labels of frames"},
            {0, "run", "RUN", "the run of lines that name none"},
            {0, "column", "NAME", "only this column of the file; may be given several times"},
            {0, "tolerance", "MS",
             "a time is that of the nearest exposure within so many milliseconds (0.5)"},
            {0, "corrected", NULL, "values that go over the nominal ones"},
            {0, "kind", "KIND", "of a new label: text, number, bool"},
            {0, "unit", "UNIT", "of a number, as fs"},
            {0, "bin", "WIDTH", "group numbers in steps of this width"},
            {0, "skip-bad", NULL, "pass over lines that cannot be used"},
            {0, "list", NULL, "show the labels that there are"},
            {0, "join", NULL, "join frames that came since (watch does so by itself)"},
            {0, "remove", "NAME", "forget a label"},
            BOOK_JSON,
            BOOK_OPTIONS,
            {0}},
    .examples =
        (const struct example[]){
            {"xfelx run label 12-15 sample=lysozyme", "four runs are of lysozyme"},
            {"xfelx run label --from '2026-11-26 14:00' --to '2026-11-26 16:30' sample=myoglobin",
             "whatever was taken in these hours"},
            {"xfelx run label --file delays.csv --tolerance 2", "laser and delay of each shot"},
            {"xfelx report --by sample", "hit rates by sample"},
            {0}},
    .run = label,
};
