/* run_label_file.c - labels of frames from a file, which is read twice, a line at a time: to see what it holds, and to take it. */
#include "cmd/run_label.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- columns ---- */

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
    struct {
        enum store_label_how how; /* of the first line; 0: none yet */
        int64_t run, first, last; /* its run, and the places of lines of this run and kind */
    } named;
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
    if (!run_label_options(f->b, text, &out->label, err))
        return false;
    if (kind && *kind && !run_label_kind(kind, &out->label.kind))
        return error_set(err, ERROR_USAGE, "%s: the column %s is of no kind %s", f->path, text, kind),
               error_hint(err, "a column is named as NAME, NAME:KIND or NAME:KIND:UNIT; text, number, bool");
    out->label.unit = unit && *unit ? unit : out->label.unit;
    const struct store_label_set *set = run_label_set(f->sets, f->n_sets, text);
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

static int by_word(const void *key, const void *row)
{
    return strcmp(key, ((const struct named_run *)row)->word);
}

/* The run of a word, looked up once. 0: none. */
static int64_t run_of(struct label_file *f, const char *word)
{
    size_t n = 0, at = sorted_place(word, f->runs, f->n_runs, sizeof *f->runs, by_word);
    int64_t *ids = NULL;
    if (at < f->n_runs && !strcmp(f->runs[at].word, word))
        return f->runs[at].id;
    struct error own = {0};
    bool one = store_find_runs(f->b->store, &word, 1, f->b->a, &ids, &n, &own) && n == 1;
    f->runs = sorted_open(f->b->a, f->runs, f->n_runs++, sizeof *f->runs, at);
    f->runs[at] = (struct named_run){arena_strdup(f->b->a, word), one ? *ids : 0};
    return f->runs[at].id;
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
        c->bools = c->bools && run_label_bool(text, &number);
        if (c->label.kind && !run_label_value(text, c->label.kind, &v)) {
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
        if (run_label_value(text, c->label.kind, &row->value)) {
            if (!store_labels_put(c->in, row, err))
                return error_detail(err, "%s, line %llu", f->path,
                                    (unsigned long long)records_line(f->records));
        } else {
            bad_line(f, "a value is not of its kind");
        }
    }
    return true;
}

/* Which places the lines name, for when no frame is there. */
static void note_place(struct label_file *f, const struct store_label_row *row)
{
    if (!f->named.how)
        f->named.how = row->how, f->named.run = row->run, f->named.first = f->named.last = row->place;
    if (row->how != f->named.how || row->run != f->named.run)
        return;
    f->named.first = row->place < f->named.first ? row->place : f->named.first;
    f->named.last = row->place > f->named.last ? row->place : f->named.last;
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
        else if (place_of(f, &row) && (note_place(f, &row), put || look_at_values(f)) && put)
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
               ((n == 1 && (f->run = *ids)) ||
                error_set(err, ERROR_USAGE, "--run names %s", COUNT(n, "run")));
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
    if (f->lines == 0)
        return error_set(err, ERROR_USAGE, "%s has no line but its header; nothing was taken", f->path);
    if (!f->bad || f->skip_bad)
        return true;
    error_set(err, ERROR_USAGE, "%s: %llu of %s cannot be used; nothing was taken", f->path,
              (unsigned long long)f->bad, COUNT(f->lines, "line"));
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

/* ---- nothing was found ---- */

static const char *time_word(struct book *b, int64_t ns)
{
    return arena_printf(b->a, "%s.%03d", book_time(b, ns), (int)(ns / 1000000 % 1000));
}

/* Both sides of the key that failed: of the lines, and of the frames. */
static bool say_why_none(struct label_file *f, struct error *err)
{
    struct book *b = f->b;
    struct store_label_keys k;
    long long first = f->named.first, last = f->named.last;
    if (!f->named.how || !store_label_keys(b->store, f->named.run, &k, err))
        return !f->named.how;
    if (k.frames == 0)
        str_add(&b->out, "  the run has no frames yet: they are labelled when they come\n");
    else if (f->named.how == LABEL_BY_EVENT && k.events == 0)
        str_printf(
            &b->out,
            "  no line found its frame: lines name events (%lld to %lld), the files say none; name times or "
            "frames (the number in the file)\n",
            first, last);
    else if (f->named.how == LABEL_BY_EVENT)
        str_printf(
            &b->out,
            "  no line found its frame: lines name events %lld to %lld, the frames have %lld to %lld\n",
            first, last, (long long)k.first_event, (long long)k.last_event);
    else if (f->named.how == LABEL_BY_TIME && k.times == 0)
        str_printf(&b->out,
                   "  no line found its frame: lines name times (from %s on), the files say none; name "
                   "events or frames "
                   "(the number in the file)\n",
                   time_word(b, first));
    else if (f->named.how == LABEL_BY_TIME)
        str_printf(
            &b->out,
            "  no line found its frame: the first line is of %s, the first frame of %s UTC, %+.3f s from it; "
            "--tolerance is in ms\n",
            time_word(b, first), time_word(b, k.first_t), 1e-9 * (double)(k.first_t - f->named.first));
    else
        str_printf(
            &b->out,
            "  no line found its frame: lines name frames %lld to %lld of a file, the files have 0 to %lld\n",
            first, last, (long long)k.last_frame);
    return true;
}

bool run_label_file(struct book *b, const char *path, struct error *err)
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
        if (run_label_set(sets, n, f.labels[i].label.name))
            run_label_say_set(b, run_label_set(sets, n, f.labels[i].label.name));
    if (joined.rows > 0 && joined.unused == joined.rows && !say_why_none(&f, err))
        return false;
    if (f.bad)
        str_printf(&b->out, "%llu of %s passed over; the first is %s\n", (unsigned long long)f.bad,
                   COUNT(f.lines, "line"), f.first_bad);
    return true;
}
