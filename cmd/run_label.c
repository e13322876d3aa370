/* run_label.c - `xfelx run label`: what is known of frames beside their images (SCIENCE 23): of whole runs, of stretches of time, and of
 * frames from a file, which is read twice, a line at a time: to see what it holds, and to take it. */
#include "cmd/book.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- options ---- */

static bool kind_of(const char *word, int *kind)
{
    for (*kind = LABEL_TEXT; *kind <= LABEL_BOOL; ++*kind)
        if (!strcmp(store_label_kind_word(*kind), word))
            return true;
    return *kind = 0, false;
}

static bool read_label(struct book *b, const char *name, struct store_label *out, struct error *err)
{
    const char *kind = cli_value(b->cli, "kind", NULL);
    *out = (struct store_label){.name = name, .unit = cli_value(b->cli, "unit", NULL)};
    if (kind && !kind_of(kind, &out->kind))
        return error_set(err, ERROR_USAGE, "a label is a text, a number or a bool, not a %s", kind);
    return cli_real(b->cli, "bin", 1e-300, 1e300, NAN, &out->bin, err);
}

static bool bool_of(const char *text, double *out)
{
    static const char *const words[] = {"off", "on", "false", "true", "no", "yes"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_same_nocase(text, words[i]))
            return *out = (double)(i % 2), true;
    return false;
}

/* A field as a value of a kind. */
static bool value_of(const char *text, int kind, struct store_label_value *out)
{
    *out = (struct store_label_value){.text = kind == LABEL_TEXT ? text : NULL};
    if (kind == LABEL_TEXT)
        return true;
    if (kind == LABEL_BOOL && bool_of(text, &out->number))
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

static const struct store_label_set *set_named(const struct store_label_set *rows, size_t n, const char *name)
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
    if (!read_label(b, name, &label, err) || !store_labels(b->store, b->a, &sets, &n_sets, err) ||
        !read_time(b, "from", INT64_MIN, &where.first_t, err) ||
        !read_time(b, "to", INT64_MAX, &where.last_t, err))
        return false;
    const struct store_label_set *set = set_named(sets, n_sets, name);
    int kind = set ? set->kind : label.kind ? label.kind : LABEL_TEXT;
    if (equals[1] && !value_of(equals + 1, kind, &value))
        return error_set(err, ERROR_USAGE, "%s is a %s, not \"%s\"", name, store_label_kind_word(kind),
                         equals + 1);
    if (b->cli->n_operands > 1 && !book_runs(b, b->cli->n_operands - 1, &runs, &where.n_runs, err))
        return false;
    where.runs = runs;
    if (!store_label_stretch(b->store, &b->by, &label, equals[1] ? &value : NULL, &where, err) ||
        !store_labels_join(b->store, 0, &joined, err))
        return false;
    if (runs)
        str_printf(&b->out, "%zu run%s %s: %s\n", where.n_runs, where.n_runs == 1 ? "" : "s",
                   equals[1] ? "labelled" : "without that label", book_shown(b, word));
    else
        str_printf(&b->out, "%s: %s\n",
                   equals[1] ? "runs of that time labelled" : "that time without the label",
                   book_shown(b, word));
    return true;
}

/* ---- of frames, from a file ---- */

/* Columns that say which frame it is. */
enum place_column {
    COLUMN_RUN,
    COLUMN_EVENT,
    COLUMN_FRAME,
    COLUMN_FILE,
    COLUMN_TIME,
    COLUMN_TIME_MS,
    COLUMN_TIME_US,
    COLUMN_TIME_NS,
    PLACES
};
static const char *const place_names[PLACES] = {"run",  "event",   "frame",   "file",
                                                "time", "time_ms", "time_us", "time_ns"};

struct label_column {
    int column;
    struct store_label label;
    bool numbers, bools; /* so far all its values are */
    uint64_t n;
    struct store_labels_in *in;
};

struct named_run { /* by word */
    const char *word;
    int64_t id;
};

struct label_file {
    struct book *b;
    struct records *records;
    const char *path;
    int places[PLACES]; /* -1: not there */
    struct label_column *labels;
    size_t n_labels;
    struct store_label_set *sets; /* that are there already */
    size_t n_sets;
    struct named_run *runs;
    size_t n_runs;
    int64_t run; /* --run, or the only one; 0: each line says it */
    uint64_t lines, bad;
    char first_bad[512];
    bool skip_bad;
};

static bool is_wanted(struct label_file *f, const char *name)
{
    const char *const *wanted;
    size_t n = cli_values(f->b->cli, "column", &wanted);
    for (size_t i = 0; i < n; i++)
        if (!strcmp(wanted[i], name))
            return true;
    return n == 0;
}

/* "delay:number:fs": name, kind, unit. */
static bool name_label(struct label_file *f, const char *name, struct label_column *out, struct error *err)
{
    char *text = arena_strdup(f->b->a, name), *kind = strchr(text, ':'), *unit = NULL;
    if (kind) {
        *kind++ = 0;
        unit = strchr(kind, ':');
    }
    if (unit)
        *unit++ = 0;
    if (!read_label(f->b, text, &out->label, err))
        return false;
    if (kind && *kind && !kind_of(kind, &out->label.kind))
        return error_set(err, ERROR_USAGE, "%s: the column %s is of no kind %s", f->path, text, kind),
               error_hint(err, "a column is named as NAME, NAME:KIND or NAME:KIND:UNIT; text, number, bool");
    out->label.unit = unit && *unit ? unit : out->label.unit;
    const struct store_label_set *set = set_named(f->sets, f->n_sets, text);
    if (set && out->label.kind && out->label.kind != set->kind)
        return error_set(err, ERROR_USAGE, "the label %s is a %s, not a %s", text,
                         store_label_kind_word(set->kind), store_label_kind_word(out->label.kind));
    out->label.kind = set ? set->kind : out->label.kind;
    return true;
}

static bool find_columns(struct label_file *f, struct error *err)
{
    size_t n = records_columns(f->records);
    f->labels = arena_array(f->b->a, n + 1, sizeof *f->labels);
    for (int p = 0; p < PLACES; p++)
        f->places[p] = records_find(f->records, place_names[p]);
    for (size_t i = 0; i < n; i++) {
        const char *name = records_name(f->records, i);
        bool place = false;
        for (int p = 0; p < PLACES; p++)
            place = place || f->places[p] == (int)i;
        if (place || !is_wanted(f, name))
            continue;
        f->labels[f->n_labels] = (struct label_column){.column = (int)i, .numbers = true, .bools = true};
        if (!name_label(f, name, f->labels + f->n_labels++, err))
            return false;
    }
    if (f->n_labels == 0)
        return error_set(err, ERROR_USAGE, "%s has no column of labels", f->path),
               error_hint(err, "columns beside run, event, time, frame, file are labels; --column chooses");
    for (int p = COLUMN_EVENT; p < PLACES; p++)
        if (p != COLUMN_FILE && f->places[p] >= 0)
            return true;
    return error_set(err, ERROR_USAGE, "%s does not say which frame a line is of", f->path),
           error_hint(err, "a column event, time (s; time_ms, time_us, time_ns) or frame");
}

/* ---- a line ---- */

static bool bad_line(struct label_file *f, const char *why)
{
    if (!f->bad++)
        snprintf(f->first_bad, sizeof f->first_bad, "line %llu: %.470s",
                 (unsigned long long)records_line(f->records), why);
    return false;
}

static const char *field(const struct label_file *f, int column)
{
    return column < 0 ? "" : records_field(f->records, (size_t)column);
}

/* The run of a word, looked up once. 0: none. */
static int64_t run_of(struct label_file *f, const char *word)
{
    size_t lo = 0, hi = f->n_runs, n = 0;
    int64_t *ids = NULL;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (strcmp(f->runs[mid].word, word) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (lo < f->n_runs && !strcmp(f->runs[lo].word, word))
        return f->runs[lo].id;
    struct error own = {0};
    bool one = store_find_runs(f->b->store, &word, 1, f->b->a, &ids, &n, &own) && n == 1;
    f->runs = arena_grow(f->b->a, f->runs, f->n_runs, sizeof *f->runs);
    memmove(f->runs + lo + 1, f->runs + lo, (f->n_runs - lo) * sizeof *f->runs);
    f->runs[lo] = (struct named_run){arena_strdup(f->b->a, word), one ? *ids : 0};
    f->n_runs++;
    return f->runs[lo].id;
}

static bool place_of(struct label_file *f, struct store_label_row *row)
{
    static const int64_t units[] = {1000000000, 1000000, 1000, 1};
    char why[256];
    struct error own = {0};
    const char *run = field(f, f->places[COLUMN_RUN]), *event = field(f, f->places[COLUMN_EVENT]),
               *frame = field(f, f->places[COLUMN_FRAME]), *file = field(f, f->places[COLUMN_FILE]);
    row->run = *run ? run_of(f, run) : f->run;
    if (!row->run) {
        snprintf(why, sizeof why, *run ? "there is no run %.100s" : "it names no run%s", *run ? run : "");
        return bad_line(f, why);
    }
    if (*frame) {
        row->how = LABEL_BY_FRAME;
        if (!str_to_i64(frame, &row->place) || row->place < 0 || row->place > UINT32_MAX)
            return bad_line(f, "its frame is no number from 0 on");
        return store_label_source(f->b->store, row->run, *file ? file : NULL, &row->source, &own) ||
               bad_line(f, own.fact);
    }
    if (*event) {
        row->how = LABEL_BY_EVENT;
        return str_to_i64(event, &row->place) || bad_line(f, "its event is no whole number");
    }
    for (int p = COLUMN_TIME; p < PLACES; p++) {
        const char *time = field(f, f->places[p]);
        row->how = LABEL_BY_TIME;
        if (*time)
            return clock_read(time, units[p - COLUMN_TIME], &row->place) || bad_line(f, "its time is none");
    }
    return bad_line(f, "it does not say which frame it is of");
}

/* What all values of a column could be; those of a kind that is known have to be of it. */
static bool look_at_values(struct label_file *f)
{
    char why[256];
    for (size_t i = 0; i < f->n_labels; i++) {
        struct label_column *c = f->labels + i;
        struct store_label_value v;
        const char *text = field(f, c->column);
        double number;
        if (!*text)
            continue;
        c->n++;
        c->numbers = c->numbers && str_to_double(text, &number) && isfinite(number);
        c->bools = c->bools && bool_of(text, &number);
        if (c->label.kind && !value_of(text, c->label.kind, &v)) {
            snprintf(why, sizeof why, "%.80s is a %s, not \"%.80s\"", c->label.name,
                     store_label_kind_word(c->label.kind), text);
            return bad_line(f, why);
        }
    }
    return true;
}

static bool put_values(struct label_file *f, struct store_label_row *row, struct error *err)
{
    for (size_t i = 0; i < f->n_labels; i++) {
        struct label_column *c = f->labels + i;
        const char *text = field(f, c->column);
        if (!*text)
            continue;
        if (value_of(text, c->label.kind, &row->value)) {
            if (!store_labels_put(c->in, row, err))
                return error_detail(err, "%s, line %llu", f->path,
                                    (unsigned long long)records_line(f->records));
        } else {
            bad_line(f, "a value is not of its kind");
        }
    }
    return true;
}

static bool each_line(struct label_file *f, bool put, struct error *err)
{
    bool more = true;
    const char *wrong = NULL;
    f->lines = f->bad = 0;
    if (!records_open(f->path, &f->records, err))
        return false;
    bool ok = f->labels || find_columns(f, err);
    while (ok && (ok = records_next(f->records, &more, &wrong, err)) && more) {
        struct store_label_row row = {0};
        f->lines++;
        if (wrong)
            bad_line(f, wrong);
        else if (place_of(f, &row) && (put || look_at_values(f)) && put)
            ok = put_values(f, &row, err);
    }
    records_close(f->records);
    return ok;
}

/* ---- the whole file ---- */

static bool one_run(struct label_file *f, struct error *err)
{
    struct store_run_row *rows;
    size_t n = 0;
    const char *run = cli_value(f->b->cli, "run", NULL);
    int64_t *ids;
    if (run)
        return store_find_runs(f->b->store, &run, 1, f->b->a, &ids, &n, err) &&
               ((n == 1 && (f->run = *ids)) || error_set(err, ERROR_USAGE, "--run names %zu runs", n));
    if (!store_runs(f->b->store, &(struct store_run_filter){0}, f->b->a, &rows, &n, err))
        return false;
    f->run = n == 1 ? rows->id : 0;
    return true;
}

/* Of columns that neither the name nor the database gave a kind: what all their values are. */
static void decide_kinds(struct label_file *f)
{
    for (size_t i = 0; i < f->n_labels; i++) {
        struct label_column *c = f->labels + i;
        if (!c->label.kind)
            c->label.kind = c->n && c->bools ? LABEL_BOOL : c->n && c->numbers ? LABEL_NUMBER : LABEL_TEXT;
    }
}

static bool refuse_bad(const struct label_file *f, struct error *err)
{
    if (!f->bad || f->skip_bad)
        return true;
    error_set(err, ERROR_USAGE, "%s: %llu of %llu lines cannot be used; nothing was taken", f->path,
              (unsigned long long)f->bad, (unsigned long long)f->lines);
    error_detail(err, "the first is %s", f->first_bad);
    return error_hint(err, "--skip-bad takes the others");
}

static bool take_file(struct label_file *f, struct error *err)
{
    double tolerance = 0;
    int64_t *runs;
    size_t n_runs, begun = 0;
    bool ok = cli_real(f->b->cli, "tolerance", 0, 3.6e6, 0.5, &tolerance, err);
    for (; ok && begun < f->n_labels; begun += ok) {
        struct label_column *c = f->labels + begun;
        const struct store_label_import what = {.label = c->label,
                                                .corrected = cli_has(f->b->cli, "corrected"),
                                                .tolerance = (int64_t)llround(1e6 * tolerance),
                                                .source = fs_name(f->path)};
        ok = store_labels_begin(f->b->store, &what, &c->in, err);
    }
    ok = ok && each_line(f, true, err);
    for (size_t i = 0; i < begun; i++) { /* all, or none where one fails before the first is kept */
        struct error none = {0};
        bool kept =
            store_labels_end(f->labels[i].in, &f->b->by, ok, f->b->a, &runs, &n_runs, ok ? err : &none);
        ok = ok && kept;
    }
    return ok;
}

static const char *count(struct book *b, uint64_t n, const char *what)
{
    return arena_printf(b->a, "%llu %s%s", (unsigned long long)n, what, n == 1 ? "" : "s");
}

static void say_set(struct book *b, const struct store_label_set *s)
{
    str_printf(&b->out, "%s: %s%s%s, version %u; %s of %s labelled, %llu without; %s without a frame\n",
               book_shown(b, s->name), store_label_kind_word(s->kind), *s->unit ? ", " : "", s->unit,
               s->version, count(b, s->frames - s->unmatched, "frame"), count(b, s->n_runs, "run"),
               (unsigned long long)s->unmatched, count(b, s->unused, "value"));
    if (s->n_due)
        str_printf(&b->out, "  %s to be joined\n", count(b, s->n_due, "run"));
}

static bool put_file(struct book *b, const char *path, struct error *err)
{
    struct label_file f = {.b = b, .path = path, .skip_bad = cli_has(b->cli, "skip-bad")};
    struct store_label_joined joined;
    struct store_label_set *sets;
    size_t n;
    if (!store_labels(b->store, b->a, &f.sets, &f.n_sets, err) || !one_run(&f, err) ||
        !each_line(&f, false, err))
        return false;
    decide_kinds(&f);
    if (!refuse_bad(&f, err) || !take_file(&f, err) || !store_labels_join(b->store, 0, &joined, err) ||
        !store_labels(b->store, b->a, &sets, &n, err))
        return false;
    for (size_t i = 0; i < f.n_labels; i++)
        if (set_named(sets, n, f.labels[i].label.name))
            say_set(b, set_named(sets, n, f.labels[i].label.name));
    if (f.bad)
        str_printf(&b->out, "%llu of %llu lines passed over; the first is %s\n", (unsigned long long)f.bad,
                   (unsigned long long)f.lines, f.first_bad);
    return true;
}

/* ---- lists ---- */

static const char *time_text(struct book *b, int64_t t)
{
    return t == INT64_MIN || t == INT64_MAX ? "" : book_time(b, t);
}

static bool say_list(struct book *b, const struct store_label_set *sets, size_t n, struct error *err)
{
    for (size_t i = 0; i < n; i++) {
        struct store_label_given *given;
        size_t n_given;
        say_set(b, sets + i);
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

static bool json_list(struct book *b, const struct store_label_set *sets, size_t n, struct error *err)
{
    struct json_writer w = {.out = &b->out, .indent = 2};
    bool ok = true;
    json_object(&w, NULL);
    json_put_int(&w, "version", 1);
    json_array(&w, "labels", false);
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
        for (size_t k = 0; ok && k < n_given; k++) {
            json_object(&w, NULL);
            json_put_text(&w, "value", given[k].value);
            given[k].run ? json_put_int(&w, "run", given[k].ord) : json_put_null(&w, "run");
            given[k].first_t == INT64_MIN ? json_put_null(&w, "first_ns")
                                          : json_put_int(&w, "first_ns", given[k].first_t);
            given[k].last_t == INT64_MAX ? json_put_null(&w, "last_ns")
                                         : json_put_int(&w, "last_ns", given[k].last_t);
            json_end_object(&w);
        }
        json_end_array(&w);
        json_end_object(&w);
    }
    json_end_array(&w);
    json_end_object(&w);
    str_addc(&b->out, '\n');
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
        ok = put_file(&b, cli_value(cli, "file", NULL), &err);
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
