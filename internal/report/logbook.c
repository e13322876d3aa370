/* logbook.c - see logbook.h. */
#include "report/logbook.h"

#include <stdlib.h>
#include <string.h>

const char *logbook_word(enum logbook_kind kind)
{
    static const char *const words[LOGBOOK_END] = {"note", "change", "alarm", "run"};
    return kind < LOGBOOK_END ? words[kind] : "?";
}

/* ---- whom a line is about ---- */

static int by_row(const void *a, const void *b)
{
    int64_t x = ((const struct store_run_row *)a)->id, y = ((const struct store_run_row *)b)->id;
    return x < y ? -1 : x > y;
}

static const struct store_run_row *run_of(const struct logbook_sources *in, int64_t id)
{
    const struct store_run_row key = {.id = id};
    return in->n_runs ? bsearch(&key, in->runs, in->n_runs, sizeof key, by_row) : NULL;
}

static void about_run(const struct logbook_sources *in, int64_t id, struct arena *a, struct logbook_line *l)
{
    const struct store_run_row *r = run_of(in, id);
    if (!r) {
        l->about = "a run that is gone";
        return;
    }
    l->about = arena_printf(a, r->shared ? "run %lld#%lld" : "run %lld", (long long)r->ord, (long long)r->id);
    l->run = r->id;
    l->run_ord = r->ord;
}

static const char *dataset_name(const struct logbook_sources *in, int64_t id, struct arena *a)
{
    for (size_t i = 0; i < in->n_datasets; i++)
        if (in->datasets[i].id == id)
            return arena_printf(a, "dataset %s", in->datasets[i].name);
    return "a dataset that is gone";
}

/* ---- lines ---- */

static struct logbook_line of_note(const struct logbook_sources *in, const struct store_note *n,
                                   struct arena *a)
{
    struct logbook_line l = {
        .kind = LOGBOOK_NOTE, .t = n->t, .who = n->who, .by = "", .about = "", .text = n->body};
    if (n->kind == NOTE_RUN)
        about_run(in, n->target, a, &l);
    else if (n->kind == NOTE_JOB)
        l.about = arena_printf(a, "job %lld", (long long)n->target);
    else if (n->kind == NOTE_DATASET)
        l.about = dataset_name(in, n->target, a);
    return l;
}

/* "run.tag: dark", "trial.comment: was → becomes". */
static const char *change_text(const struct store_audit *x, struct arena *a)
{
    const char *was = x->was ? x->was : "", *becomes = x->becomes ? x->becomes : "";
    if (*was && *becomes)
        return arena_printf(a, "%s: %s → %s", x->verb, was, becomes);
    return *becomes ? arena_printf(a, "%s: %s", x->verb, becomes)
           : *was   ? arena_printf(a, "%s, was: %s", x->verb, was)
                    : x->verb;
}

static struct logbook_line of_change(const struct logbook_sources *in, const struct store_audit *x,
                                     struct arena *a)
{
    static const char *const ways[] = {"", "command", "web", "watch", "import"};
    struct logbook_line l = {.kind = LOGBOOK_CHANGE,
                             .t = x->t,
                             .who = x->who,
                             .by = x->via > 0 && x->via < 5 ? ways[x->via] : "",
                             .about = x->target ? x->target : "",
                             .text = change_text(x, a)};
    int64_t row;
    if (str_starts(l.about, "run ") && str_to_i64(l.about + 4, &row))
        about_run(in, row, a, &l);
    return l;
}

static struct logbook_line of_alarm(const struct store_alarm *x)
{
    return (struct logbook_line){.kind = LOGBOOK_ALARM,
                                 .t = x->since,
                                 .until = x->until,
                                 .id = x->id,
                                 .seen = x->acked != 0,
                                 .who = x->who ? x->who : "",
                                 .by = "",
                                 .about = "",
                                 .text = x->text};
}

/* A folder does not say when a run began: it is there when we see it first. */
static int64_t began(const struct store_run_row *r)
{
    return r->begin_t > 0 ? r->begin_t : r->seen_t;
}

static struct logbook_line of_run(const struct logbook_sources *in, const struct store_run_row *r,
                                  struct arena *a)
{
    struct logbook_line l = {.kind = LOGBOOK_RUN, .t = began(r), .until = r->end_t, .who = "", .by = ""};
    about_run(in, r->id, a, &l);
    l.text = r->n_tags ? arena_printf(a, "%s, tagged %s", r->name, r->tags[0]) : r->name;
    for (size_t i = 1; i < r->n_tags; i++)
        l.text = arena_printf(a, "%s, %s", l.text, r->tags[i]);
    return l;
}

/* By time; of one moment in the order of kinds and then as they were told. */
struct placed {
    struct logbook_line line;
    size_t at;
};

static int by_time(const void *a, const void *b)
{
    const struct placed *x = a, *y = b;
    if (x->line.t != y->line.t)
        return x->line.t < y->line.t ? -1 : 1;
    if (x->line.kind != y->line.kind)
        return x->line.kind < y->line.kind ? -1 : 1;
    return x->at > y->at ? -1 : x->at < y->at; /* told newest first */
}

size_t logbook_lines(const struct logbook_sources *in, unsigned kinds, size_t most, struct arena *a,
                     struct logbook_line **out)
{
    size_t all = in->n_notes + in->n_audits + in->n_alarms + in->n_runs, n = 0;
    struct placed *p = arena_array(a, all + 1, sizeof *p);
    for (size_t i = 0; i < in->n_notes && kinds & 1u << LOGBOOK_NOTE; i++, n++)
        p[n] = (struct placed){of_note(in, in->notes + i, a), n};
    for (size_t i = 0; i < in->n_audits && kinds & 1u << LOGBOOK_CHANGE; i++)
        if (strcmp(in->audits[i].verb, "note.add") != 0) { /* the note itself stands there */
            p[n] = (struct placed){of_change(in, in->audits + i, a), n};
            n++;
        }
    for (size_t i = 0; i < in->n_alarms && kinds & 1u << LOGBOOK_ALARM; i++, n++)
        p[n] = (struct placed){of_alarm(in->alarms + i), n};
    for (size_t i = 0; i < in->n_runs && kinds & 1u << LOGBOOK_RUN; i++)
        if (began(in->runs + i) > 0) {
            p[n] = (struct placed){of_run(in, in->runs + i, a), n};
            n++;
        }
    if (n)
        qsort(p, n, sizeof *p, by_time);
    size_t from = n > most ? n - most : 0;
    *out = arena_array(a, n + 1, sizeof **out);
    for (size_t i = from; i < n; i++)
        (*out)[i - from] = p[i].line;
    return n - from;
}

bool logbook_read(struct store *s, unsigned kinds, size_t most, struct arena *a, struct logbook_line **out,
                  size_t *n, struct error *err)
{
    struct logbook_sources in = {0};
    struct store_note *all = arena_array(a, 4 * most + 1, sizeof *all);
    struct store_audit *audits;
    struct store_alarm *alarms;
    struct store_run_row *runs;
    struct store_dataset_row *datasets;
    *n = 0;
    for (int kind = NOTE_RUN; kind <= NOTE_SHIFT; kind++) {
        struct store_note *notes;
        size_t n_notes;
        if (!store_notes(s, (enum store_note_kind)kind, 0, most, a, &notes, &n_notes, err))
            return false;
        for (size_t i = 0; i < n_notes; i++)
            all[in.n_notes++] = notes[i];
    }
    if (!store_audits(s, NULL, most, a, &audits, &in.n_audits, err) ||
        !store_alarms(s, most, a, &alarms, &in.n_alarms, err) ||
        !store_runs(s, &(struct store_run_filter){0}, a, &runs, &in.n_runs, err) ||
        !store_datasets(s, a, &datasets, &in.n_datasets, err))
        return false;
    if (in.n_runs)
        qsort(runs, in.n_runs, sizeof *runs, by_row);
    in.notes = all;
    in.audits = audits;
    in.alarms = alarms;
    in.runs = runs;
    in.datasets = datasets;
    *n = logbook_lines(&in, kinds, most, a, out);
    return true;
}

/* ---- forms ---- */

void logbook_json(const struct logbook_line *l, struct json_writer *w)
{
    json_object(w, NULL);
    json_put_text(w, "kind", logbook_word(l->kind));
    json_put_fixed(w, "t", 1e-9 * (double)l->t, 3);
    if (l->until > 0)
        json_put_fixed(w, "until", 1e-9 * (double)l->until, 3);
    else
        json_put_null(w, "until");
    json_put_text(w, "who", l->who);
    json_put_text(w, "by", l->by);
    json_put_text(w, "about", l->about);
    json_put_text(w, "text", l->text);
    if (l->run) {
        json_put_int(w, "run", l->run_ord);
        json_put_int(w, "run_id", l->run);
    }
    if (l->kind == LOGBOOK_ALARM) {
        json_put_int(w, "alarm", l->id);
        json_put_bool(w, "seen", l->seen);
    }
    json_end_object(w);
}

/* A cell: one line, its bars and signs of markup harmless. */
static void cell(struct str *out, const char *text)
{
    str_add(out, " ");
    for (const char *p = text; *p; p++) {
        if (strchr("|<>`*_[]\\", *p))
            str_addc(out, '\\');
        str_addc(out, *p == '\n' || *p == '\r' ? ' ' : *p);
    }
    str_add(out, " |");
}

void logbook_markdown(const struct logbook_line *lines, size_t n, struct str *out)
{
    char day[16] = "", text[32];
    for (size_t i = 0; i < n; i++) {
        const struct logbook_line *l = lines + i;
        clock_text(l->t, text);
        if (strncmp(text, day, 10) != 0) {
            str_printf(out, "%s## %.10s (UTC)\n\n| time | what | who | about | |\n|---|---|---|---|---|\n",
                       i ? "\n" : "", text);
            memcpy(day, text, 10);
        }
        str_printf(out, "| %.8s |", text + 11);
        cell(out, logbook_word(l->kind));
        cell(out, l->who);
        cell(out, l->about);
        cell(out, l->text);
        str_addc(out, '\n');
    }
}
