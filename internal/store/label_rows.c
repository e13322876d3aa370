/* label_rows.c - values of frames as they were given, streamed into their table; see label.h.
 *
 * Rows go in under a version that nobody looks at, some thousand a transaction, so that a file of any length holds no lock for long. In
 * the end one transaction says of each run that this version counts; the older one goes in steps after that. What was cut short is
 * never looked at, and goes with the next import of its run. */
#include "store/label_private.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 2000, COLUMNS = 8 };

struct run_given {
    int64_t run;
    uint32_t n; /* rows; the next one's number */
};

struct store_labels_in {
    struct store *s;
    struct arena arena;
    struct store_label_import what;
    struct label_of set;
    int64_t version;
    struct run_given *runs; /* by run */
    size_t n_runs;
    struct waiting {
        struct store_label_row row;
        uint32_t seq;
        const char *text;
    } * rows;
    size_t n;
    struct arena texts; /* of the rows that wait, and of the words of their batch */
    struct known_word { /* by text */
        const char *text;
        double no;
    } * words;
    size_t n_words;
};

static bool begin_work(struct store *s, void *arg, struct error *err)
{
    struct store_labels_in *in = arg;
    return label_want(s, &in->what.label, &in->set, err) &&
           sql_do(&s->sql, NULL, err, "UPDATE label_set SET version=version+1 WHERE id=?", "i", in->set.id) &&
           sql_number(&s->sql, &in->version, 0, err, "SELECT version FROM label_set WHERE id=?", "i",
                      in->set.id);
}

static void drop(struct store_labels_in *in)
{
    arena_free(&in->texts);
    arena_free(&in->arena);
    free(in->rows);
    free(in);
}

bool store_labels_begin(struct store *s, const struct store_label_import *what, struct store_labels_in **out,
                        struct error *err)
{
    struct store_labels_in *in = calloc(1, sizeof *in);
    *out = NULL;
    if (in)
        in->rows = calloc(BATCH, sizeof *in->rows);
    if (!in || !in->rows) {
        free(in);
        return error_set(err, ERROR_MEMORY, "out of memory");
    }
    in->s = s;
    in->what = *what;
    if (what->tolerance < 0) {
        drop(in);
        return error_set(err, ERROR_USAGE, "a tolerance is not negative");
    }
    if (!book_change(s, begin_work, in, err)) {
        drop(in);
        return false;
    }
    *out = in;
    return true;
}

/* ---- a batch ---- */

static int by_text(const void *key, const void *row)
{
    return strcmp(key, ((const struct known_word *)row)->text);
}

static bool word_no(struct store_labels_in *in, const char *text, double *no, struct error *err)
{
    size_t at = sorted_place(text, in->words, in->n_words, sizeof *in->words, by_text);
    if (at < in->n_words && !strcmp(in->words[at].text, text))
        return *no = in->words[at].no, true;
    if (!label_word(in->s, &in->set, text, no, err))
        return false;
    in->words = sorted_open(&in->texts, in->words, in->n_words++, sizeof *in->words, at);
    in->words[at] = (struct known_word){arena_strdup(&in->texts, text), *no};
    return true;
}

static bool batch_work(struct store *s, void *arg, struct error *err)
{
    struct store_labels_in *in = arg;
    struct arena a = {0};
    struct sql_value *v = arena_array(&a, in->n * COLUMNS, sizeof *v), *c = v;
    bool ok = true;
    in->words = NULL; /* those of a transaction that was not to be are not known */
    in->n_words = 0;
    for (size_t i = 0; ok && i < in->n; i++) {
        const struct waiting *w = in->rows + i;
        double value = w->row.value.number;
        if (in->set.kind == LABEL_TEXT)
            ok = word_no(in, w->text, &value, err);
        *c++ = sql_i(in->set.id);
        *c++ = sql_i(w->row.run);
        *c++ = sql_i(in->what.corrected);
        *c++ = sql_i(in->version);
        *c++ = sql_i(w->seq);
        *c++ = sql_i(w->row.how);
        *c++ = sql_i(w->row.how == LABEL_BY_FRAME
                         ? (int64_t)((uint64_t)w->row.source << 32 | (uint64_t)w->row.place)
                         : w->row.place);
        *c++ = sql_d(in->set.kind == LABEL_BOOL ? value != 0 : value);
    }
    ok = ok && sql_insert(&s->sql, "label_row", MEETING_FAILS, v, in->n, NULL, err);
    arena_free(&a);
    return ok;
}

static bool flush(struct store_labels_in *in, struct error *err)
{
    bool ok = in->n == 0 || book_change(in->s, batch_work, in, err);
    in->n = 0;
    arena_free(&in->texts);
    return ok;
}

static struct run_given *run_of(struct store_labels_in *in, int64_t run)
{
    size_t at = sorted_place(&run, in->runs, in->n_runs, sizeof *in->runs, sorted_by_i64);
    if (at < in->n_runs && in->runs[at].run == run)
        return in->runs + at;
    in->runs = sorted_open(&in->arena, in->runs, in->n_runs++, sizeof *in->runs, at);
    in->runs[at] = (struct run_given){.run = run};
    return in->runs + at;
}

bool store_labels_put(struct store_labels_in *in, const struct store_label_row *row, struct error *err)
{
    struct run_given *run = run_of(in, row->run);
    if (in->set.kind != LABEL_TEXT && !isfinite(row->value.number))
        return error_set(err, ERROR_USAGE, "%s is a number", in->set.name);
    if (in->set.kind == LABEL_TEXT && !book_name_good("label's value", row->value.text, err))
        return false;
    if (row->how == LABEL_BY_FRAME && (row->place < 0 || row->place > UINT32_MAX))
        return error_set(err, ERROR_USAGE, "a frame's number is from 0 on");
    if (run->n >= LABEL_ROWS)
        return error_set(err, ERROR_USAGE, "more than %d values of %s in one run", (int)LABEL_ROWS,
                         in->set.name);
    struct waiting *w = in->rows + in->n++;
    *w = (struct waiting){.row = *row, .seq = run->n++};
    if (row->value.text)
        w->text = arena_strdup(&in->texts, row->value.text);
    return in->n < BATCH || flush(in, err);
}

/* ---- the end ---- */

struct end_work {
    struct store_labels_in *in;
    const struct store_by *by;
};

/* From here on this version counts. */
static bool end_work(struct store *store, void *arg, struct error *err)
{
    const struct end_work *w = arg;
    const struct store_labels_in *in = w->in;
    struct sql *s = &store->sql;
    char rule[96], rows[64];
    int64_t now = 0;
    uint64_t n = 0;
    const char *set = in->what.corrected
                          ? "UPDATE label_join SET corrected=?,tolerance=?,due=1 WHERE label_set=? AND run=?"
                          : "UPDATE label_join SET nominal=?,tolerance=?,due=1 WHERE label_set=? AND run=?";
    if (!sql_now(s, &now, err))
        return false;
    for (size_t i = 0; i < in->n_runs; i++) {
        n += in->runs[i].n;
        if (!sql_do(s, NULL, err,
                    "INSERT INTO label_join(label_set,run,nominal,corrected,tolerance,due,seen,t,n_frames,"
                    "n_unmatched,n_rows,n_unused) VALUES(?,?,0,0,0,1,0,0,0,0,0,0) {keep run}",
                    "ii", in->set.id, in->runs[i].run) ||
            !sql_do(s, NULL, err, set, "iiii", in->version, in->what.tolerance, in->set.id, in->runs[i].run))
            return false;
    }
    snprintf(rule, sizeof rule, "by frame%s, times within %g ms", in->what.corrected ? ", corrected" : "",
             1e-6 * (double)in->what.tolerance);
    snprintf(rows, sizeof rows, "%s of %s from ", COUNT(n, "value"), COUNT(in->n_runs, "run"));
    const char *what =
        arena_printf(&w->in->arena, "%s%s", rows, in->what.source ? in->what.source : "a list");
    const struct store_happened e = {.kind = "labels_joined",
                                     .run = in->n_runs == 1 ? in->runs[0].run : 0,
                                     .body = arena_printf(&w->in->arena, "%s: %s", in->set.name, what)};
    return sql_do(s, NULL, err, "UPDATE label_set SET joined=?,rule=? WHERE id=?", "iti", now, rule,
                  in->set.id) &&
           book_audit(store, w->by, "run.label", arena_printf(&w->in->arena, "label %s", in->set.name), NULL,
                      what, err) &&
           store_happens(store, &e, now, err);
}

struct forget_work {
    const struct store_labels_in *in;
    int64_t run;
};

/* What the version that counts has taken the place of. */
static bool forget_work(struct store *s, void *arg, struct error *err)
{
    const struct forget_work *w = arg;
    const struct store_labels_in *in = w->in;
    return sql_do(&s->sql, NULL, err,
                  "DELETE FROM label_row WHERE label_set=? AND run=? AND layer=? AND version<?", "iiii",
                  in->set.id, w->run, (int64_t)in->what.corrected, in->version);
}

/* What was put and is not kept; a set that has nothing is forgotten too. */
static bool forget_all(struct store_labels_in *in, struct error *err)
{
    bool ok = true;
    for (size_t i = 0; ok && i < in->n_runs; i++)
        ok = sql_do(&in->s->sql, NULL, err,
                    "DELETE FROM label_row WHERE label_set=? AND run=? AND layer=? AND version=?", "iiii",
                    in->set.id, in->runs[i].run, (int64_t)in->what.corrected, in->version);
    return ok &&
           sql_do(&in->s->sql, NULL, err,
                  "DELETE FROM label_set WHERE id=? AND rule='' AND NOT EXISTS (SELECT 1 FROM label_join j "
                  "WHERE j.label_set=?)",
                  "ii", in->set.id, in->set.id);
}

bool store_labels_end(struct store_labels_in *in, const struct store_by *by, bool keep, struct arena *a,
                      int64_t **runs, size_t *n_runs, struct error *err)
{
    struct end_work w = {in, by};
    struct error none = {0};
    bool ok = keep && flush(in, err) && book_change(in->s, end_work, &w, err);
    *runs = NULL;
    *n_runs = 0;
    if (!ok)
        forget_all(in, &none);
    for (size_t i = 0; ok && i < in->n_runs; i++) {
        struct forget_work forget = {.in = in, .run = in->runs[i].run};
        ok = book_change(in->s, forget_work, &forget, err);
    }
    if (ok) {
        *runs = arena_array(a, in->n_runs + 1, sizeof **runs);
        for (size_t i = 0; i < in->n_runs; i++)
            (*runs)[(*n_runs)++] = in->runs[i].run;
    }
    ok = ok || !keep;
    drop(in);
    return ok;
}

/* ---- which file of a run ---- */

bool store_label_source(struct store *store, int64_t run, const char *name, uint32_t *source,
                        struct error *err)
{
    struct sql *s = &store->sql;
    struct arena a = {0};
    size_t n = 0, found = 0;
    int step;
    struct sql_stmt *q = sql_query(s, err, "SELECT no,path FROM source WHERE run=? ORDER BY no", "i", run);
    while ((step = sql_step(s, q, err)) == 1) {
        const char *path = store_text(s, q, 1, &a), *slash = strrchr(path, '/');
        n++;
        if (name && strcmp(path, name) != 0 && strcmp(slash ? slash + 1 : path, name) != 0)
            continue;
        *source = (uint32_t)sql_int(s, q, 0);
        found++;
    }
    arena_free(&a);
    if (step < 0)
        return false;
    if (found == 1)
        return true;
    if (!name)
        return error_set(err, ERROR_USAGE, "the run has %s: a frame's number needs its file",
                         COUNT(n, "file")),
               error_hint(err, "give a column `file`");
    if (!found)
        return error_set(err, ERROR_USAGE, "no file of the run is called %s", name);
    return error_set(err, ERROR_USAGE, "%s of the run are called %s", COUNT(found, "file"), name);
}
