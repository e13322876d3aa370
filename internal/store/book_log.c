/* book_log.c - the log book (notes) and the audit; see book.h. */
#include "store/book_private.h"

#include <stdio.h>
#include <string.h>

/* ---- notes ---- */

struct note_work {
    const struct store_by *by;
    enum store_note_kind kind;
    int64_t target;
    const char *text;
};

/* What a note may be about: words of the audit, and where its row is. */
static const struct {
    const char *word, *there;
} kinds[] = {
    [NOTE_RUN] = {"run", "SELECT 1 FROM run WHERE id=?"},
    [NOTE_JOB] = {"job", "SELECT 1 FROM job WHERE id=?"},
    [NOTE_DATASET] = {"dataset", "SELECT 1 FROM dataset WHERE id=?"},
    [NOTE_SHIFT] = {"shift", NULL},
};

static bool note_work(struct store *s, void *arg, struct error *err)
{
    const struct note_work *w = arg;
    int64_t now = 0, there = 1;
    if (w->kind < NOTE_RUN || w->kind > NOTE_SHIFT)
        return error_set(err, ERROR_USAGE, "a note is of a run, a job, a dataset or the shift");
    if (kinds[w->kind].there && !sql_number(&s->sql, &there, 0, err, kinds[w->kind].there, "i", w->target))
        return false;
    if (!there)
        return error_set(err, ERROR_USAGE, "there is no %s with row %lld", kinds[w->kind].word,
                         (long long)w->target);
    return sql_now(&s->sql, &now, err) &&
           sql_do(&s->sql, NULL, err, "INSERT INTO note(t,who,kind,target,body) VALUES(?,?,?,?,?)", "itiit",
                  now, w->by->who, (int64_t)w->kind, w->kind == NOTE_SHIFT ? (int64_t)0 : w->target,
                  w->text) &&
           book_audit_id(s, w->by, "note.add", kinds[w->kind].word, w->target, NULL, w->text, err);
}

bool store_note_add(struct store *s, const struct store_by *by, enum store_note_kind kind, int64_t target,
                    const char *text, struct error *err)
{
    struct note_work w = {by, kind, target, text};
    if (!text || !*text)
        return error_set(err, ERROR_USAGE, "a note needs words");
    return book_text_good("note", text, err) && book_change(s, note_work, &w, err);
}

bool store_notes(struct store *store, enum store_note_kind kind, int64_t target, size_t limit,
                 struct arena *a, struct store_note **rows, size_t *n, struct error *err)
{
    struct sql *s = &store->sql;
    struct sql_stmt *q = sql_query(s, err,
                                   "SELECT id,t,target,kind,who,body FROM note WHERE kind=? AND (target=? OR "
                                   "?=0) ORDER BY id DESC LIMIT ?",
                                   "iiii", (int64_t)kind, target, target, (int64_t)limit);
    int step;
    *rows = NULL;
    *n = 0;
    while ((step = sql_step(s, q, err)) == 1) {
        *rows = arena_grow(a, *rows, *n, sizeof **rows);
        (*rows)[(*n)++] = (struct store_note){sql_int(s, q, 0),      sql_int(s, q, 1),
                                              sql_int(s, q, 2),      (enum store_note_kind)sql_int(s, q, 3),
                                              book_text(s, q, 4, a), book_text(s, q, 5, a)};
    }
    return step == 0;
}

/* ---- alarms ---- */

struct seen_work {
    const struct store_by *by;
    int64_t alarm;
};

static bool seen_work(struct store *s, void *arg, struct error *err)
{
    const struct seen_work *w = arg;
    int64_t now = 0, there = 0, seen = 0;
    if (!sql_now(&s->sql, &now, err) ||
        !sql_number(&s->sql, &there, 0, err, "SELECT 1 FROM alarm WHERE id=?", "i", w->alarm) ||
        !sql_number(&s->sql, &seen, 0, err, "SELECT acked FROM alarm WHERE id=?", "i", w->alarm))
        return false;
    if (!there)
        return error_set(err, ERROR_USAGE, "there is no alarm %lld", (long long)w->alarm),
               error_hint(err, "xfelx log list --kind alarm shows their numbers");
    return seen || (sql_do(&s->sql, NULL, err, "UPDATE alarm SET acked=?,who=? WHERE id=?", "iti", now,
                           w->by->who, w->alarm) &&
                    book_audit_id(s, w->by, "alarm.ack", "alarm", w->alarm, "standing", "acknowledged", err));
}

bool store_alarm_seen(struct store *s, const struct store_by *by, int64_t alarm, struct error *err)
{
    struct seen_work w = {by, alarm};
    return book_change(s, seen_work, &w, err);
}

/* ---- audit ---- */

bool store_audits(struct store *store, const char *target, size_t limit, struct arena *a,
                  struct store_audit **rows, size_t *n, struct error *err)
{
    struct sql *s = &store->sql;
    struct sql_stmt *q =
        target
            ? sql_query(s, err,
                        "SELECT id,t,via,who,verb,target,was,becomes FROM audit WHERE target=? ORDER BY id "
                        "DESC LIMIT ?",
                        "ti", target, (int64_t)limit)
            : sql_query(s, err,
                        "SELECT id,t,via,who,verb,target,was,becomes FROM audit ORDER BY id DESC LIMIT ?",
                        "i", (int64_t)limit);
    int step;
    *rows = NULL;
    *n = 0;
    while ((step = sql_step(s, q, err)) == 1) {
        *rows = arena_grow(a, *rows, *n, sizeof **rows);
        (*rows)[(*n)++] = (struct store_audit){
            sql_int(s, q, 0),      sql_int(s, q, 1),      (int)sql_int(s, q, 2), book_text(s, q, 3, a),
            book_text(s, q, 4, a), book_text(s, q, 5, a), book_text(s, q, 6, a), book_text(s, q, 7, a)};
    }
    return step == 0;
}
