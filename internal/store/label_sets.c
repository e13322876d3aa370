/* label_sets.c - labels by name, their words, values of runs and of stretches of time; see label.h. */
#include "store/label_private.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *store_label_kind_word(int kind)
{
    static const char *const words[] = {
        [LABEL_TEXT] = "text", [LABEL_NUMBER] = "number", [LABEL_BOOL] = "bool"};
    return kind >= LABEL_TEXT && kind <= LABEL_BOOL ? words[kind] : "?";
}

/* ---- a set by its name ---- */

bool label_find(struct sql *s, const char *name, struct label_of *out, struct error *err)
{
    *out = (struct label_of){.bin = NAN};
    snprintf(out->name, sizeof out->name, "%s", name);
    struct sql_stmt *q = sql_query(s, err, "SELECT id,kind,bin FROM label_set WHERE name=?", "t", name);
    int step = sql_step(s, q, err);
    if (step == 1) {
        out->id = sql_int(s, q, 0);
        out->kind = (int)sql_int(s, q, 1);
        out->bin = sql_real(s, q, 2);
        sql_reset(s, q);
    }
    return step >= 0;
}

static bool name_good(const char *name, struct error *err)
{
    size_t n = 0;
    if (!book_name_good("label", name, err))
        return false;
    for (const char *p = name; *p; p++)
        n += ((unsigned char)*p & 0xc0) != 0x80;
    return n <= LABEL_NAME_MOST ||
           error_set(err, ERROR_USAGE, "the name of a label has at most %d characters, not %zu",
                     (int)LABEL_NAME_MOST, n);
}

static bool make_set(struct sql *s, const struct store_label *want, struct error *err)
{
    int64_t now = 0;
    return sql_now(s, &now, err) &&
           sql_do(s, NULL, err,
                  "INSERT INTO label_set(name,kind,unit,rule,version,joined,n_unmatched,n_unused,bin) "
                  "VALUES(?,?,?,'',0,?,0,0,?)",
                  "titid", want->name, (int64_t)(want->kind ? want->kind : LABEL_TEXT), want->unit, now,
                  want->bin);
}

/* Another width of bins, another unit. Runs are joined again. */
static bool change_set(struct sql *s, const struct store_label *want, const struct label_of *is,
                       struct error *err)
{
    if (want->unit &&
        !sql_do(s, NULL, err, "UPDATE label_set SET unit=? WHERE id=?", "ti", want->unit, is->id))
        return false;
    if (!(want->bin > 0) || want->bin == is->bin)
        return true;
    return sql_do(s, NULL, err, "UPDATE label_set SET bin=? WHERE id=?", "di", want->bin, is->id) &&
           sql_do(s, NULL, err, "UPDATE label_join SET due=1 WHERE label_set=?", "i", is->id);
}

bool label_want(struct store *s, const struct store_label *want, struct label_of *out, struct error *err)
{
    size_t unit = want->unit ? strlen(want->unit) : 0;
    if (!name_good(want->name, err) || !label_find(&s->sql, want->name, out, err))
        return false;
    if (unit > 16 || !book_text_good("unit", want->unit, err))
        return error_set(err, ERROR_USAGE, "the unit of a label is a text of at most 16 bytes");
    if (want->kind && out->id && out->kind != want->kind)
        return error_set(err, ERROR_USAGE, "the label %s is a %s, not a %s", want->name,
                         store_label_kind_word(out->kind), store_label_kind_word(want->kind)),
               error_hint(err, "a label keeps its kind: use another name, or xfelx run label --remove %s",
                          want->name);
    int kind = out->id ? out->kind : want->kind ? want->kind : LABEL_TEXT;
    if (want->bin > 0 && kind != LABEL_NUMBER)
        return error_set(err, ERROR_USAGE, "only numbers have bins; %s is a %s", want->name,
                         store_label_kind_word(kind));
    if (!isnan(want->bin) && (!isfinite(want->bin) || want->bin <= 0))
        return error_set(err, ERROR_USAGE, "a bin's width is a number above 0");
    if (!out->id && !make_set(&s->sql, want, err))
        return false;
    return (!out->id || change_set(&s->sql, want, out, err)) && label_find(&s->sql, want->name, out, err);
}

/* ---- words ---- */

bool label_word(struct store *s, const struct label_of *set, const char *text, double *no, struct error *err)
{
    int64_t found = 0, n = 0;
    if (!book_name_good("label's value", text, err) ||
        !sql_number(&s->sql, &found, 0, err, "SELECT no FROM label_word WHERE label_set=? AND word=?", "it",
                    set->id, text))
        return false;
    *no = (double)found;
    if (found)
        return true;
    if (!sql_number(&s->sql, &n, 0, err, "SELECT max(no) FROM label_word WHERE label_set=?", "i", set->id))
        return false;
    if (n >= LABEL_GROUPS)
        return error_set(err, ERROR_USAGE, "%s has more than %d different values", set->name,
                         (int)LABEL_GROUPS),
               error_hint(err, "frames cannot be grouped by it; of numbers, give --bin WIDTH");
    *no = (double)(n + 1);
    return sql_do(&s->sql, NULL, err, "INSERT INTO label_word(label_set,no,word) VALUES(?,?,?)", "iit",
                  set->id, n + 1, text);
}

/* 100, not 100.0: people wrote it so. */
static const char *number_text(double v, char out[32])
{
    if (v == floor(v) && fabs(v) < 1e15)
        snprintf(out, 32, "%.0f", v == 0 ? 0.0 : v);
    else
        str_double(v, out);
    return out;
}

const char *label_group_word(const struct label_of *set, double v, struct arena *a, double *value)
{
    char low[32], high[32];
    *value = v;
    if (set->kind == LABEL_BOOL)
        return v != 0 ? "on" : "off";
    if (!(set->bin > 0))
        return arena_strdup(a, number_text(v, low));
    double step = floor(v / set->bin);
    *value = step * set->bin;
    return arena_printf(a, "%s … %s", number_text(*value, low), number_text((step + 1) * set->bin, high));
}

bool label_words_read(struct sql *s, int64_t set, struct arena *a, struct label_words *out, struct error *err)
{
    struct sql_stmt *q =
        sql_query(s, err, "SELECT no,value,word FROM label_word WHERE label_set=? ORDER BY no", "i", set);
    int step;
    *out = (struct label_words){0};
    while ((step = sql_step(s, q, err)) == 1) {
        out->rows = arena_grow(a, out->rows, out->n, sizeof *out->rows);
        out->rows[out->n++] = (struct label_group){
            .no = (uint32_t)sql_int(s, q, 0), .value = sql_real(s, q, 1), .word = store_text(s, q, 2, a)};
    }
    return step == 0;
}

/* ---- values of runs and stretches of time ---- */

struct stretch_work {
    const struct store_by *by;
    const struct store_label *label;
    const struct store_label_value *value;
    const struct store_label_stretch *where;
    struct label_of set;
};

static bool value_of(struct store *s, const struct label_of *set, const struct store_label_value *v,
                     double *out, struct error *err)
{
    if (set->kind == LABEL_TEXT)
        return label_word(s, set, v->text ? v->text : "", out, err);
    *out = set->kind == LABEL_BOOL ? v->number != 0 : v->number;
    return isfinite(*out) || error_set(err, ERROR_USAGE, "%s is a number", set->name);
}

static struct sql_value time_value(int64_t t)
{
    return t == INT64_MIN || t == INT64_MAX ? sql_null() : sql_i(t);
}

/* Runs that have to be joined: each with a row of its own. */
static bool note_due(struct sql *s, int64_t set, int64_t run, struct error *err)
{
    return sql_do(s, NULL, err,
                  "INSERT INTO label_join(label_set,run,nominal,corrected,tolerance,due,seen,t,n_frames,"
                  "n_unmatched,n_rows,n_unused) VALUES(?,?,0,0,0,1,0,0,0,0,0,0) {keep run}",
                  "ii", set, run) &&
           sql_do(s, NULL, err, "UPDATE label_join SET due=1 WHERE label_set=? AND run=?", "ii", set, run);
}

static bool note_all_due(struct sql *s, int64_t set, struct error *err)
{
    return sql_do(
               s, NULL, err,
               "INSERT INTO label_join(label_set,run,nominal,corrected,tolerance,due,seen,t,n_frames,"
               "n_unmatched,n_rows,n_unused) SELECT ?,r.id,0,0,0,1,0,0,0,0,0,0 FROM run r WHERE NOT EXISTS "
               "(SELECT 1 FROM label_join j WHERE j.label_set=? AND j.run=r.id)",
               "ii", set, set) &&
           sql_do(s, NULL, err, "UPDATE label_join SET due=1 WHERE label_set=?", "i", set);
}

static bool put_stretch(struct store *store, struct stretch_work *w, int64_t run, struct error *err)
{
    struct sql *s = &store->sql;
    const struct label_of *set = &w->set;
    int64_t seq = 0;
    double value = 0;
    if (w->where->first_t == INT64_MIN && w->where->last_t == INT64_MAX &&
        !sql_do(s, NULL, err,
                "DELETE FROM label_span WHERE label_set=? AND run=? AND first_t IS NULL AND last_t IS NULL",
                "ii", set->id, run))
        return false;
    if ((w->where->first_t != INT64_MIN || w->where->last_t != INT64_MAX) &&
        !sql_do(s, NULL, err,
                "DELETE FROM label_span WHERE label_set=? AND run=? AND coalesce(first_t,?)=? AND "
                "coalesce(last_t,?)=?",
                "iiiiii", set->id, run, INT64_MIN, w->where->first_t, INT64_MAX, w->where->last_t))
        return false;
    if (w->value) {
        if (!value_of(store, set, w->value, &value, err) ||
            !sql_number(s, &seq, 0, err, "SELECT max(seq) FROM label_span WHERE label_set=?", "i", set->id))
            return false;
        struct sql_value row[] = {sql_i(set->id),
                                  sql_i(seq + 1),
                                  sql_i(run),
                                  time_value(w->where->first_t),
                                  time_value(w->where->last_t),
                                  sql_d(value),
                                  sql_i(1)};
        if (!sql_insert(s, "label_span", MEETING_FAILS, row, 1, NULL, err))
            return false;
    }
    return run ? note_due(s, set->id, run, err) : note_all_due(s, set->id, err);
}

/* "sample = lysozyme", for the audit. */
static const char *said(const struct stretch_work *w, struct arena *a)
{
    char number[32];
    if (!w->value)
        return NULL;
    const char *value = w->set.kind == LABEL_TEXT   ? w->value->text
                        : w->set.kind == LABEL_BOOL ? (w->value->number != 0 ? "on" : "off")
                                                    : number_text(w->value->number, number);
    return arena_printf(a, "%s = %s", w->set.name, value);
}

static bool stretch_work(struct store *store, void *arg, struct error *err)
{
    struct stretch_work *w = arg;
    struct sql *s = &store->sql;
    struct arena a = {0};
    int64_t now = 0, there = 0;
    bool ok = sql_now(s, &now, err) && label_want(store, w->label, &w->set, err) &&
              sql_do(s, NULL, err, "UPDATE label_set SET version=version+1,joined=?,rule=? WHERE id=?", "iti",
                     now, w->where->runs ? "by run" : "by time", w->set.id);
    for (size_t i = 0; ok && w->where->runs && i < w->where->n_runs; i++) {
        int64_t run = w->where->runs[i];
        ok = sql_number(s, &there, 0, err, "SELECT 1 FROM run WHERE id=?", "i", run) &&
             (there || error_set(err, ERROR_USAGE, "there is no run with row %lld", (long long)run)) &&
             put_stretch(store, w, run, err) &&
             book_audit_id(store, w->by, "run.label", "run", run, w->value ? NULL : w->set.name, said(w, &a),
                           err);
    }
    if (ok && !w->where->runs) {
        char from[32] = "the beginning", to[32] = "now on";
        if (w->where->first_t != INT64_MIN)
            clock_text(w->where->first_t, from);
        if (w->where->last_t != INT64_MAX)
            clock_text(w->where->last_t, to);
        const char *target = arena_printf(&a, "runs from %s to %s", from, to);
        ok = put_stretch(store, w, 0, err) &&
             book_audit(store, w->by, "run.label", target, w->value ? NULL : w->set.name, said(w, &a), err);
    }
    arena_free(&a);
    return ok;
}

bool store_label_stretch(struct store *s, const struct store_by *by, const struct store_label *label,
                         const struct store_label_value *value, const struct store_label_stretch *where,
                         struct error *err)
{
    struct stretch_work w = {.by = by, .label = label, .value = value, .where = where};
    if (where->first_t > where->last_t)
        return error_set(err, ERROR_USAGE, "a stretch of time ends before it begins");
    if (!where->runs && where->first_t == INT64_MIN && where->last_t == INT64_MAX)
        return error_set(err, ERROR_USAGE, "a label is of runs, or of a stretch of time");
    return book_change(s, stretch_work, &w, err);
}

/* ---- removing ---- */

struct remove_work {
    const struct store_by *by;
    const char *name;
    int64_t set;
    bool more;
};

static bool remove_name(struct store *s, void *arg, struct error *err)
{
    static const char *const deletes[] = {
        "DELETE FROM label_word WHERE label_set=?", "DELETE FROM label_span WHERE label_set=?",
        "DELETE FROM label_join WHERE label_set=?", "DELETE FROM label_count WHERE label_set=?",
        "DELETE FROM label_set WHERE id=?"};
    struct remove_work *w = arg;
    struct label_of set;
    if (!label_find(&s->sql, w->name, &set, err))
        return false;
    if (!set.id)
        return error_set(err, ERROR_USAGE, "there is no label \"%s\"", w->name),
               error_hint(err, "xfelx run label --list shows them all");
    w->set = set.id;
    for (size_t i = 0; i < sizeof deletes / sizeof *deletes; i++)
        if (!sql_do(&s->sql, NULL, err, deletes[i], "i", set.id))
            return false;
    return book_audit(s, w->by, "run.label", arena_printf(&s->arena, "label %s", w->name), w->name, NULL,
                      err);
}

/* What nobody can see any more, a run a step: numbers of sets are never given again. */
static bool remove_rows(struct store *s, void *arg, struct error *err)
{
    struct remove_work *w = arg;
    int64_t rows = 0, frames = 0;
    if (!sql_number(&s->sql, &rows, 0, err, "SELECT max(run) FROM label_row WHERE label_set=?", "i",
                    w->set) ||
        !sql_number(&s->sql, &frames, 0, err, "SELECT max(run) FROM frame_label WHERE label_set=?", "i",
                    w->set))
        return false;
    w->more = rows || frames;
    return sql_do(&s->sql, NULL, err, "DELETE FROM label_row WHERE label_set=? AND run=?", "ii", w->set,
                  rows) &&
           sql_do(&s->sql, NULL, err, "DELETE FROM frame_label WHERE label_set=? AND run=?", "ii", w->set,
                  frames);
}

bool store_label_remove(struct store *s, const struct store_by *by, const char *name, struct error *err)
{
    struct remove_work w = {.by = by, .name = name, .more = true};
    bool ok = book_change(s, remove_name, &w, err);
    while (ok && w.more)
        ok = book_change(s, remove_rows, &w, err);
    return ok;
}
