/* calib.c - versions of masks, geometries, references …, who used them, and whose results are stale; see calib.h. */
#include "store/book_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const words[CALIB_END] = {
    [CALIB_MASK] = "mask",         [CALIB_GAIN] = "gain",   [CALIB_PEDESTAL] = "pedestal",
    [CALIB_GEOMETRY] = "geometry", [CALIB_CELLS] = "cells", [CALIB_REFERENCE] = "reference"};

const char *store_calib_kind_word(int kind)
{
    return kind > 0 && kind < CALIB_END ? words[kind] : "?";
}

int store_calib_kind_of(const char *word)
{
    for (int i = 1; i < CALIB_END; i++)
        if (!strcmp(words[i], word))
            return i;
    return 0;
}

/* ---- lists ---- */

#define COLUMNS                                                                                              \
    "SELECT c.id,c.kind,c.hash,c.label,c.path,c.first_ord,coalesce(c.last_ord,-1),c.t,c.who,"                \
    "(SELECT count(DISTINCT a.job) FROM attempt_calib u JOIN attempt a ON a.id=u.attempt WHERE "             \
    "u.calib=c.id)"                                                                                          \
    " FROM calib c "

static void take(struct sql *s, struct sql_stmt *q, struct arena *a, struct store_calib *out)
{
    size_t n = 0;
    *out = (struct store_calib){.id = sql_int(s, q, 0),
                                .kind = store_calib_kind_of(store_text(s, q, 1, a)),
                                .label = store_text(s, q, 3, a),
                                .path = store_text(s, q, 4, a),
                                .first = sql_int(s, q, 5),
                                .last = sql_int(s, q, 6),
                                .t = sql_int(s, q, 7),
                                .who = store_text(s, q, 8, a),
                                .n_jobs = (uint32_t)sql_int(s, q, 9)};
    const uint8_t *hash = sql_bytes(s, q, 2, &n);
    if (n == sizeof out->hash)
        memcpy(out->hash, hash, n);
}

bool store_calibs(struct store *store, int kind, const char *label, struct arena *a,
                  struct store_calib **rows, size_t *n, struct error *err)
{
    struct sql *s = &store->sql;
    struct sql_stmt *q = sql_query(s, err,
                                   COLUMNS "WHERE (?=0 OR c.kind=?) AND (?=0 OR c.label=?) ORDER BY "
                                           "c.kind,c.label,c.t DESC,c.id DESC",
                                   "itit", (int64_t)kind, store_calib_kind_word(kind),
                                   (int64_t)(label != NULL), label ? label : "");
    int step;
    *rows = NULL;
    *n = 0;
    while ((step = sql_step(s, q, err)) == 1) {
        *rows = arena_grow(a, *rows, *n, sizeof **rows);
        take(s, q, a, *rows + (*n)++);
    }
    return step == 0;
}

/* Of a label those that are for a run; the one added last is meant. */
#define IS_FOR(c, ord) c ".first_ord<=" ord " AND coalesce(" c ".last_ord," ord ")>=" ord

bool store_calib_is_for(const struct store_calib *c, int64_t run)
{
    return (c->first < 0 || c->first <= run) && (c->last < 0 || c->last >= run);
}

static bool find(struct sql *s, struct sql_stmt *q, struct arena *a, struct store_calib *out, bool *there,
                 struct error *err)
{
    int step = sql_step(s, q, err);
    *there = step == 1;
    if (step == 1) {
        take(s, q, a, out);
        sql_reset(s, q);
    }
    return step >= 0;
}

bool store_calib_find(struct store *store, int kind, const char *label, int64_t run, int64_t job,
                      struct arena *a, struct store_calib *out, struct error *err)
{
    struct sql *s = &store->sql;
    const char *word = store_calib_kind_word(kind);
    bool there = false;
    /* a job that goes on does so with what it began with */
    if (job &&
        !find(s,
              sql_query(s, err,
                        COLUMNS "JOIN attempt_calib p ON p.calib=c.id JOIN attempt b ON b.id=p.attempt WHERE "
                                "b.job=? AND c.kind=? AND c.label=? ORDER BY b.no DESC LIMIT 1",
                        "itt", job, word, label),
              a, out, &there, err))
        return false;
    if (there)
        return true;
    struct sql_stmt *q =
        run ? sql_query(s, err,
                        COLUMNS "JOIN run r ON r.id=? WHERE c.kind=? AND c.label=? AND " IS_FOR(
                            "c", "r.ord") " ORDER BY c.t DESC,c.id DESC LIMIT 1",
                        "itt", run, word, label)
            : sql_query(s, err, COLUMNS "WHERE c.kind=? AND c.label=? ORDER BY c.t DESC,c.id DESC LIMIT 1",
                        "tt", word, label);
    if (!find(s, q, a, out, &there, err))
        return false;
    return there || (error_set(err, ERROR_USAGE, "there is no %s called \"%s\"%s", word, label,
                               run ? " for this run" : ""),
                     error_hint(err, "xfelx calib list shows them all"));
}

/* ---- changes ---- */

struct add_work {
    const struct store_by *by; /* NULL: a job's own word, which leaves no audit */
    const struct store_calib *c;
    int64_t id;
};

static bool happened(struct store *s, const struct add_work *w, int64_t now, struct error *err)
{
    char text[512], hex[17], runs[64] = "";
    const struct store_calib *c = w->c;
    if (c->first >= 0 || c->last >= 0)
        snprintf(runs, sizeof runs, ", runs %lld to %s%lld", (long long)(c->first < 0 ? 0 : c->first),
                 c->last < 0 ? "any after " : "", (long long)(c->last < 0 ? c->first : c->last));
    snprintf(text, sizeof text, "%s %s: %s%s", store_calib_kind_word(c->kind), c->label,
             hash_hex(c->hash, 8, hex), runs);
    const struct store_happened e = {.kind = "calib_new", .body = text};
    return store_happens(s, &e, now, err) &&
           book_audit_id(s, w->by, "calib.add", "calib", w->id, NULL, text, err);
}

/* Said anew with fewer runs a version may not be taken, behind a newer one, from runs that it is for. */
static bool loses_runs(struct sql *s, const struct add_work *w, struct error *err)
{
    const struct store_calib *c = w->c;
    int64_t loses = 0;
    if (!sql_number(
            s, &loses, 0, err,
            "SELECT count(*) FROM calib c JOIN calib n ON n.kind=c.kind AND n.label=c.label AND n.t>c.t "
            "WHERE c.id=? AND c.label=? AND ?>=0 AND (c.last_ord IS NULL OR c.last_ord>?)",
            "itii", w->id, c->label, c->last, c->last))
        return true;
    if (loses) {
        error_set(err, ERROR_USAGE, "%s %s has this content already, for runs that would lose it",
                  store_calib_kind_word(c->kind), c->label);
        error_detail(err, "there are newer ones, which it would have to come before and after");
        error_hint(err, "say it with --first, from the run on that it is for again");
    }
    return loses != 0;
}

/* As it is stored: there is no run before 0. */
static int64_t from_of(const struct store_calib *c)
{
    return c->first <= 0 ? -1 : c->first;
}

/* The row that is meant when a content is said anew: the same label from the same run on; the newest of the label, which is put right; what
 * a job read without a label, which now has one. 0: a new one. */
static bool find_row(struct sql *s, const struct store_calib *c, int64_t *id, struct error *err)
{
    const char *kind = store_calib_kind_word(c->kind);
    return sql_number(s, id, 0, err,
                      "SELECT id FROM calib WHERE kind=? AND hash=? AND label=? AND first_ord=?", "tbti",
                      kind, c->hash, 32, c->label, from_of(c)) &&
           (*id || sql_number(s, id, 0, err,
                              "SELECT id FROM calib WHERE kind=? AND hash=? AND label=? AND t=(SELECT max(t) "
                              "FROM calib WHERE kind=? AND label=?)",
                              "tbttt", kind, c->hash, 32, c->label, kind, c->label)) &&
           (*id || sql_number(s, id, 0, err,
                              "SELECT min(id) FROM calib WHERE kind=? AND hash=? AND label LIKE '%/%'", "tb",
                              kind, c->hash, 32));
}

static bool add_work(struct store *store, void *arg, struct error *err)
{
    struct add_work *w = arg;
    struct sql *s = &store->sql;
    const struct store_calib *c = w->c;
    const char *kind = store_calib_kind_word(c->kind), *path = c->path ? c->path : "";
    int64_t now = 0, newest = 0, first = from_of(c);
    if (!sql_now(s, &now, err) || !sql_number(s, &newest, 0, err, "SELECT max(t) FROM calib", ""))
        return false;
    now = now > newest ? now : newest + 1; /* one after the other, whatever the clock says */
    if (w->by && (!find_row(s, c, &w->id, err) || (w->id && loses_runs(s, w, err))))
        return false;
    bool ok =
        w->id
            ? sql_do(s, NULL, err,
                     "UPDATE calib SET label=?,path=?,first_ord=?,last_ord=nullif(?,-1),t=?,who=? WHERE id=?",
                     "tbiiiti", c->label, path, (int)strlen(path), first, c->last, now, w->by->who, w->id)
            : sql_do(s, NULL, err,
                     "INSERT INTO calib(kind,hash,label,path,first_ord,last_ord,t,who) "
                     "VALUES(?,?,?,?,?,nullif(?,-1),?,?)",
                     "tbtbiiit", kind, c->hash, 32, c->label, path, (int)strlen(path), first, c->last, now,
                     w->by ? w->by->who : "process");
    if (ok && !w->id)
        w->id = s->ops->last_id(s);
    return ok && (!w->by || happened(store, w, now, err));
}

/* A label that a person gives is typed in parameters and shown in lists; what has a path for a label got it from a job. */
static bool label_good(const char *label, struct error *err)
{
    char shown[NAME_VISIBLE];
    if (!strchr(label, '/') && !strstr(label, "..") &&
        strcmp(str_visible(label, shown, sizeof shown), label) == 0)
        return true;
    error_set(err, ERROR_USAGE, "a calibration cannot be called \"%s\"",
              str_visible(label, shown, sizeof shown));
    return error_hint(err, "a label has no \"/\", no \"..\" and nothing that cannot be seen");
}

static bool good(const struct store_calib *c, struct error *err)
{
    if (c->kind <= 0 || c->kind >= CALIB_END)
        return error_set(err, ERROR_USAGE,
                         "a calibration is a mask, gain, pedestal, geometry, cells or reference");
    if (c->first >= 0 && c->last >= 0 && c->last < c->first)
        return error_set(err, ERROR_USAGE, "its runs end before they begin");
    return book_name_good("calibration", c->label, err);
}

bool store_calib_add(struct store *s, const struct store_by *by, const struct store_calib *c, int64_t *id,
                     struct error *err)
{
    struct add_work w = {.by = by, .c = c};
    bool ok = good(c, err) && label_good(c->label, err) && book_change(s, add_work, &w, err);
    if (id)
        *id = w.id;
    return ok;
}

struct used_work {
    int64_t attempt;
    const struct store_calib *used;
    size_t n;
};

/* Is "calib:LABEL" in these parameters, as a whole word or in quotes? */
static bool names(const char *phil, const char *label)
{
    size_t n = strlen(label);
    for (const char *at = phil; (at = strstr(at, "calib:")); at++) {
        char quote = at > phil && (at[-1] == '"' || at[-1] == '\'') ? at[-1] : 0;
        const char *end = at + strlen("calib:") + n;
        if (strncmp(end - n, label, n) == 0 && (quote ? *end == quote : strchr(" \t\r\n;}", *end) != NULL))
            return true;
    }
    return false;
}

/* The version that an attempt used of those with the content: of a label that its trial or rungroup names, else any; rather one that is
 * for the run, the newest. 0: the content is not known. */
static bool find_used(struct sql *s, int64_t attempt, const struct store_calib *c, int64_t *id,
                      struct error *err)
{
    struct arena a = {0};
    struct sql_stmt *q = sql_query(
        s, err,
        "SELECT c.id,c.label,t.phil,g.phil FROM calib c LEFT JOIN attempt a ON a.id=? LEFT JOIN job j ON "
        "j.id=a.job LEFT JOIN run r ON r.id=j.run LEFT JOIN trial t ON t.id=j.trial LEFT JOIN rungroup g ON "
        "g.id=j.rungroup WHERE c.kind=? AND c.hash=? ORDER BY CASE WHEN " IS_FOR(
            "c", "r.ord") " THEN 0 ELSE 1 END,c.t DESC,c.id DESC",
        "itb", attempt, store_calib_kind_word(c->kind), c->hash, 32);
    bool named = false;
    int step;
    *id = 0;
    while ((step = sql_step(s, q, err)) == 1) {
        const char *label = store_text(s, q, 1, &a);
        bool is_named = names(book_text(s, q, 2, &a), label) || names(book_text(s, q, 3, &a), label);
        if (*id == 0 || (is_named && !named))
            *id = sql_int(s, q, 0), named = is_named;
    }
    arena_free(&a);
    return step == 0;
}

static bool used_work(struct store *s, void *arg, struct error *err)
{
    const struct used_work *w = arg;
    for (size_t i = 0; i < w->n; i++) {
        struct add_work add = {.c = w->used + i};
        if (!good(w->used + i, err) || !find_used(&s->sql, w->attempt, add.c, &add.id, err) ||
            (!add.id && !add_work(s, &add, err)) ||
            !sql_do(&s->sql, NULL, err, "INSERT INTO attempt_calib(attempt,calib) VALUES(?,?) {keep calib}",
                    "ii", w->attempt, add.id))
            return false;
    }
    return true;
}

bool store_calib_used(struct store *s, int64_t attempt, const struct store_calib *used, size_t n,
                      struct error *err)
{
    struct used_work w = {attempt, used, n};
    return n == 0 || book_change(s, used_work, &w, err);
}

/* ---- stale results ---- */

bool store_stale_jobs(struct store *store, struct arena *a, struct store_stale **rows, size_t *n,
                      struct error *err)
{
    struct sql *s = &store->sql;
    char when[32];
    int step;
    *rows = NULL;
    *n = 0;
    int64_t any = 0;
    if (!sql_number(
            s, &any, 0, err,
            "SELECT 1 FROM calib c JOIN calib x ON x.kind=c.kind AND x.label=c.label AND x.t>c.t LIMIT 1",
            ""))
        return false;
    if (!any) /* as a rule */
        return true;
    /* of the attempts of a job the last that used any of the label counts; a content that came back is what was used */
    struct sql_stmt *q = sql_query(
        s, err,
        "SELECT j.id,c.kind,c.label,max(x.t),j.run FROM attempt_calib u {then} calib c ON c.id=u.calib "
        "{then} calib x "
        "ON x.kind=c.kind AND x.label=c.label AND x.t>c.t {then} attempt a ON a.id=u.attempt {then} job j ON "
        "j.id=a.job {then} run r ON r.id=j.run WHERE x.hash<>c.hash AND " IS_FOR(
            "x", "r.ord") " AND NOT EXISTS (SELECT 1 FROM calib y WHERE y.kind=c.kind AND y.label=c.label "
                          "AND y.hash=c.hash AND y.t>x.t AND " IS_FOR(
                              "y", "r.ord") ") "
                                            "AND NOT EXISTS (SELECT 1 FROM attempt b JOIN attempt_calib v ON "
                                            "v.attempt=b.id "
                                            "JOIN calib d ON "
                                            "d.id=v.calib WHERE b.job=j.id AND d.kind=c.kind AND "
                                            "d.label=c.label AND d.t>c.t) "
                                            "GROUP BY j.id,j.run,c.kind,c.label ORDER BY j.id,c.kind,c.label",
        "");
    while ((step = sql_step(s, q, err)) == 1) {
        int64_t job = sql_int(s, q, 0);
        const char *why = arena_printf(a, "%s %s: a newer one of %s is for this run", store_text(s, q, 1, a),
                                       store_text(s, q, 2, a), clock_text(sql_int(s, q, 3), when));
        if (*n && (*rows)[*n - 1].job == job) {
            (*rows)[*n - 1].why = arena_printf(a, "%s; %s", (*rows)[*n - 1].why, why);
            continue;
        }
        *rows = arena_grow(a, *rows, *n, sizeof **rows);
        (*rows)[(*n)++] = (struct store_stale){job, sql_int(s, q, 4), why};
    }
    return step == 0;
}
