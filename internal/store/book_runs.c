/* book_runs.c - runs as people see them: lists, comments, ignoring, tags put on and taken off; see book.h. */
#include "store/book_private.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- which runs a person means ---- */

struct run_name {
    int64_t id, ord;
    const char *name;
};

static bool read_names(struct store *s, struct arena *a, struct run_name **rows, size_t *n, struct error *err)
{
    struct sql_stmt *q = sql_query(&s->sql, err, "SELECT id,ord,name FROM run ORDER BY ord,id", "");
    int step;
    *rows = NULL;
    *n = 0;
    while ((step = sql_step(&s->sql, q, err)) == 1) {
        *rows = arena_grow(a, *rows, *n, sizeof **rows);
        (*rows)[(*n)++] =
            (struct run_name){sql_int(&s->sql, q, 0), sql_int(&s->sql, q, 1), book_text(&s->sql, q, 2, a)};
    }
    return step == 0;
}

/* Choose the runs of one number, and say so when they are several. */
static bool choose_number(const struct run_name *rows, size_t n, int64_t ord, bool *chosen, struct error *err)
{
    size_t found = 0, first = 0;
    for (size_t i = 0; i < n; i++)
        if (rows[i].ord == ord) {
            first = found++ ? first : i;
            chosen[i] = true;
        }
    if (!found)
        return error_set(err, ERROR_USAGE, "there is no run %lld", (long long)ord),
               error_hint(err, "xfelx run list shows them all");
    if (found > 1)
        return error_set(err, ERROR_USAGE, "%s have the number %lld", COUNT(found, "run"), (long long)ord),
               error_hint(err, "name one of them by number and row, as the list does: %lld#%lld",
                          (long long)ord, (long long)rows[first].id);
    return true;
}

static bool choose_ranges(const struct run_name *rows, size_t n, const struct store_range *ranges,
                          size_t n_ranges, bool *chosen, struct error *err)
{
    for (size_t i = 0; i < n_ranges; i++) {
        if (ranges[i].first == ranges[i].last) {
            if (!choose_number(rows, n, ranges[i].first, chosen, err))
                return false;
            continue;
        }
        size_t found = 0;
        for (size_t k = 0; k < n; k++)
            if (rows[k].ord >= ranges[i].first && rows[k].ord <= ranges[i].last)
                found++, chosen[k] = true;
        if (!found)
            return error_set(err, ERROR_USAGE, "there is no run from %lld to %lld",
                             (long long)ranges[i].first, (long long)ranges[i].last),
                   error_hint(err, "xfelx run list shows them all");
    }
    return true;
}

/* "12#7" */
static bool choose_row(const struct run_name *rows, size_t n, const char *word, bool *chosen)
{
    char number[48];
    for (size_t i = 0; i < n; i++) {
        snprintf(number, sizeof number, "%lld#%lld", (long long)rows[i].ord, (long long)rows[i].id);
        if (!strcmp(number, word))
            return chosen[i] = true;
    }
    return false;
}

static bool choose_name(const struct run_name *rows, size_t n, const char *word, bool *chosen,
                        struct error *err)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++)
        if (!strcmp(rows[i].name, word))
            found++, chosen[i] = true;
    if (!found)
        return error_set(err, ERROR_USAGE, "there is no run \"%s\"", word),
               error_hint(err, "runs are named by their number (12, 12-15,20) or name: xfelx run list");
    if (found > 1)
        return error_set(err, ERROR_USAGE, "%s have the name \"%s\"", COUNT(found, "run"), word),
               error_hint(err, "name them by their numbers: xfelx run list");
    return true;
}

bool store_find_runs(struct store *s, const char *const *words, size_t n_words, struct arena *a,
                     int64_t **ids, size_t *n, struct error *err)
{
    struct run_name *rows;
    size_t n_rows;
    *ids = NULL;
    *n = 0;
    if (!read_names(s, a, &rows, &n_rows, err))
        return false;
    bool *chosen = arena_array(a, n_rows, sizeof *chosen);
    for (size_t i = 0; i < n_words; i++) {
        struct store_range *ranges;
        size_t n_ranges;
        bool ok = store_ranges(words + i, 1, "run", a, &ranges, &n_ranges, NULL)
                      ? choose_ranges(rows, n_rows, ranges, n_ranges, chosen, err)
                      : choose_row(rows, n_rows, words[i], chosen) ||
                            choose_name(rows, n_rows, words[i], chosen, err);
        if (!ok)
            return false;
    }
    *ids = arena_array(a, n_rows, sizeof **ids);
    for (size_t i = 0; i < n_rows; i++)
        if (chosen[i])
            (*ids)[(*n)++] = rows[i].id;
    return true;
}

/* ---- lists ---- */

#define RUNS                                                                                                 \
    "SELECT id,ord,coalesce(num,-1),name,path,facility,why,body,state,state_t,seen,begin_t,end_t,n_files,"   \
    "n_here,bytes,bytes_here,coalesce(n_frames,-1),readable,ignored,coalesce(rate,0) FROM run "
#define ONE_NUMBER "WHERE ord=(SELECT ord FROM run WHERE id=?) "

/* one: that run, and those that share its number; 0: all. */
static bool read_runs(struct store *store, int64_t one, struct arena *a, struct store_run_row **rows,
                      size_t *n, struct error *err)
{
    struct sql *s = &store->sql;
    struct sql_stmt *q = one ? sql_query(s, err, RUNS ONE_NUMBER "ORDER BY ord,id", "i", one)
                             : sql_query(s, err, RUNS "ORDER BY ord,id", "");
    int step;
    while ((step = sql_step(s, q, err)) == 1) {
        *rows = arena_grow(a, *rows, *n, sizeof **rows);
        struct store_run_row *r = &(*rows)[(*n)++];
        *r = (struct store_run_row){
            .id = sql_int(s, q, 0),
            .ord = sql_int(s, q, 1),
            .num = sql_int(s, q, 2),
            .name = book_text(s, q, 3, a),
            .path = book_text(s, q, 4, a),
            .facility = book_text(s, q, 5, a),
            .why = book_text(s, q, 6, a),
            .comment = book_text(s, q, 7, a),
            .state = (enum run_state)sql_int(s, q, 8),
            .state_t = sql_int(s, q, 9),
            .seen_t = sql_int(s, q, 10),
            .begin_t = sql_int(s, q, 11),
            .end_t = sql_int(s, q, 12),
            .n_files = (uint32_t)sql_int(s, q, 13),
            .n_here = (uint32_t)sql_int(s, q, 14),
            .bytes = sql_int(s, q, 15),
            .bytes_here = sql_int(s, q, 16),
            .n_frames = sql_int(s, q, 17),
            .readable = sql_int(s, q, 18) != 0,
            .ignored = sql_int(s, q, 19) != 0,
            .rate = sql_real(s, q, 20),
        };
        if (*n > 1 && r[-1].ord == r->ord)
            r[-1].shared = r->shared = true;
    }
    return step == 0;
}

#define TAGS "SELECT r.run,t.name FROM run_tag r JOIN tag t ON t.id=r.tag "

static bool read_tags(struct store *store, int64_t one, struct arena *a, const struct book_places *p,
                      struct store_run_row *rows, struct error *err)
{
    struct sql *s = &store->sql;
    struct sql_stmt *q = one ? sql_query(s, err, TAGS "WHERE r.run=? ORDER BY r.run,t.name", "i", one)
                             : sql_query(s, err, TAGS "ORDER BY r.run,t.name", "");
    int step;
    size_t at;
    while ((step = book_next(s, q, p, &at, err)) == 1) {
        struct store_run_row *r = rows + at;
        r->tags = arena_grow(a, r->tags, r->n_tags, sizeof *r->tags);
        r->tags[r->n_tags++] = book_text(s, q, 1, a);
    }
    return step == 0;
}

static bool count_notes(struct store *store, const struct book_places *p, struct store_run_row *rows,
                        struct error *err)
{
    struct sql *s = &store->sql;
    struct sql_stmt *q =
        sql_query(s, err, "SELECT target,count(*) FROM note WHERE kind=1 GROUP BY target", "");
    int step;
    size_t at;
    while ((step = book_next(s, q, p, &at, err)) == 1)
        rows[at].n_notes = (uint32_t)sql_int(s, q, 1);
    return step == 0;
}

static bool has_id(const int64_t *ids, size_t n, int64_t id)
{
    for (size_t i = 0; i < n; i++)
        if (ids[i] == id)
            return true;
    return false;
}

static bool is_wanted(const struct store_run_row *r, const struct store_run_filter *f)
{
    bool tagged = !f->tag;
    for (size_t i = 0; i < r->n_tags && !tagged; i++)
        tagged = !strcmp(r->tags[i], f->tag);
    return tagged && (!f->facility || !strcmp(r->facility, f->facility)) &&
           (!f->state || (int)r->state == f->state) && (!f->ids || has_id(f->ids, f->n_ids, r->id)) &&
           (!f->ignored_only || r->ignored);
}

bool store_runs(struct store *s, const struct store_run_filter *f, struct arena *a,
                struct store_run_row **rows, size_t *n, struct error *err)
{
    size_t all = 0, kept = 0;
    *rows = NULL;
    *n = 0;
    if (!read_runs(s, f->n_ids == 1 ? f->ids[0] : 0, a, rows, &all, err))
        return false;
    const struct book_places p =
        book_places_of(a, *rows, all, sizeof **rows, offsetof(struct store_run_row, id));
    if (!read_tags(s, f->n_ids == 1 ? f->ids[0] : 0, a, &p, *rows, err) || !count_notes(s, &p, *rows, err) ||
        !book_count_jobs(s, "SELECT run,state,count(*) FROM job WHERE run>0 GROUP BY run,state", &p, *rows,
                         sizeof **rows, offsetof(struct store_run_row, jobs), err))
        return false;
    for (size_t i = 0; i < all; i++)
        if (is_wanted(*rows + i, f))
            (*rows)[kept++] = (*rows)[i];
    size_t left_out = f->newest && kept > f->newest ? kept - f->newest : 0;
    if (left_out)
        *rows += left_out; /* there may be no rows at all */
    *n = kept - left_out;
    return true;
}

static bool neighbour(struct store *store, int64_t id, bool after, struct arena *a, const char **word,
                      struct error *err)
{
    static const char *const where[] = {"SELECT n.ord,n.id,(SELECT count(*) FROM run o WHERE o.ord=n.ord) "
                                        "FROM run r JOIN run n ON n.ord<=r.ord AND (n.ord<r.ord OR "
                                        "n.id<r.id) WHERE r.id=? ORDER BY n.ord DESC,n.id DESC LIMIT 1",
                                        "SELECT n.ord,n.id,(SELECT count(*) FROM run o WHERE o.ord=n.ord) "
                                        "FROM run r JOIN run n ON n.ord>=r.ord AND (n.ord>r.ord OR "
                                        "n.id>r.id) WHERE r.id=? ORDER BY n.ord,n.id LIMIT 1"};
    struct sql *s = &store->sql;
    struct sql_stmt *q = sql_query(s, err, where[after], "i", id);
    int step = sql_step(s, q, err);
    *word = "";
    if (step == 1) {
        *word = arena_printf(a, sql_int(s, q, 2) > 1 ? "%lld#%lld" : "%lld", (long long)sql_int(s, q, 0),
                             (long long)sql_int(s, q, 1));
        step = sql_step(s, q, err);
    }
    return step == 0;
}

bool store_run_neighbours(struct store *s, int64_t id, struct arena *a, const char **before,
                          const char **after, struct error *err)
{
    return neighbour(s, id, false, a, before, err) && neighbour(s, id, true, a, after, err);
}

bool store_run_sources(struct store *store, int64_t run, struct arena *a, struct store_source_row **rows,
                       size_t *n, struct error *err)
{
    struct sql *s = &store->sql;
    struct sql_stmt *q = sql_query(
        s, err,
        "SELECT no,path,format,size,coalesce(n_frames,-1),here,mtime FROM source WHERE run=? ORDER BY no",
        "i", run);
    int step;
    *rows = NULL;
    *n = 0;
    while ((step = sql_step(s, q, err)) == 1) {
        *rows = arena_grow(a, *rows, *n, sizeof **rows);
        (*rows)[(*n)++] = (struct store_source_row){
            .no = (uint32_t)sql_int(s, q, 0),
            .path = book_text(s, q, 1, a),
            .format = book_text(s, q, 2, a),
            .size = sql_int(s, q, 3),
            .n_frames = sql_int(s, q, 4),
            .here = sql_int(s, q, 5) != 0,
            .modified_t = sql_int(s, q, 6),
        };
    }
    return step == 0;
}

bool store_runs_missing(struct store *store, struct arena *a, int64_t **runs, size_t *n, struct error *err)
{
    struct sql *s = &store->sql;
    struct sql_stmt *q = sql_query(s, err,
                                   "SELECT id FROM run WHERE state=2 AND ignored=0 AND n_here<n_files "
                                   "ORDER BY ord DESC,id DESC LIMIT 1000",
                                   "");
    int step;
    *runs = NULL;
    *n = 0;
    while ((step = sql_step(s, q, err)) == 1) {
        *runs = arena_grow(a, *runs, *n, sizeof **runs);
        (*runs)[(*n)++] = sql_int(s, q, 0);
    }
    return step == 0;
}

/* ---- changes ---- */

struct run_work {
    const struct store_by *by;
    const int64_t *runs;
    size_t n, changed;
    const char *text, *tag;
    bool on, make;
};

/* A run that is not there is an error of whoever names it. */
static bool look_at_run(struct store *s, struct arena *a, const char *sql, int64_t run, const char **was,
                        struct error *err)
{
    bool there = false;
    return book_look(s, a, was, &there, err, sql, run) &&
           (there || error_set(err, ERROR_USAGE, "there is no run with row %lld", (long long)run));
}

static bool comment_work(struct store *s, void *arg, struct error *err)
{
    struct run_work *w = arg;
    struct arena a = {0};
    bool ok = true;
    w->changed = 0;
    for (size_t i = 0; ok && i < w->n; i++) {
        const char *was;
        ok = look_at_run(s, &a, "SELECT body FROM run WHERE id=?", w->runs[i], &was, err);
        if (!ok || !strcmp(was, w->text))
            continue;
        ok = sql_do(&s->sql, NULL, err, "UPDATE run SET body=? WHERE id=?", "ti", w->text, w->runs[i]) &&
             book_audit_id(s, w->by, "run.comment", "run", w->runs[i], was, w->text, err);
        w->changed++;
    }
    arena_free(&a);
    return ok;
}

bool store_run_comment(struct store *s, const struct store_by *by, const int64_t *runs, size_t n,
                       const char *text, size_t *changed, struct error *err)
{
    struct run_work w = {.by = by, .runs = runs, .n = n, .text = text};
    bool ok = book_text_good("comment", text, err) && book_change(s, comment_work, &w, err);
    if (changed)
        *changed = w.changed;
    return ok;
}

static bool ignore_work(struct store *s, void *arg, struct error *err)
{
    struct run_work *w = arg;
    bool ok = true;
    w->changed = 0;
    for (size_t i = 0; ok && i < w->n; i++) {
        int64_t was = -1;
        ok =
            sql_number(&s->sql, &was, -1, err, "SELECT ignored FROM run WHERE id=?", "i", w->runs[i]) &&
            (was >= 0 || error_set(err, ERROR_USAGE, "there is no run with row %lld", (long long)w->runs[i]));
        if (!ok || (was != 0) == w->on)
            continue;
        ok = sql_do(&s->sql, NULL, err, "UPDATE run SET ignored=? WHERE id=?", "ii", (int64_t)w->on,
                    w->runs[i]) &&
             book_audit_id(s, w->by, "run.ignore", "run", w->runs[i], was ? "ignored" : "not ignored",
                           w->on ? "ignored" : "not ignored", err);
        w->changed++;
    }
    return ok;
}

bool store_run_ignore(struct store *s, const struct store_by *by, const int64_t *runs, size_t n, bool ignored,
                      size_t *changed, struct error *err)
{
    struct run_work w = {.by = by, .runs = runs, .n = n, .on = ignored};
    bool ok = book_change(s, ignore_work, &w, err);
    if (changed)
        *changed = w.changed;
    return ok;
}

/* The tag, made when it may be. */
static bool want_tag(struct store *s, const struct run_work *w, int64_t *tag, struct error *err)
{
    if (!w->make)
        return book_tag_id(s, w->tag, tag, err);
    if (!book_name_good("tag", w->tag, err) || !book_id_of(s, "tag", w->tag, tag, err))
        return false;
    struct store_tag_edit fresh = {.name = w->tag, .colour = -1, .automatic = -1};
    return *tag || (store_tag_add(s, w->by, &fresh, err) && book_id_of(s, "tag", w->tag, tag, err));
}

static bool tag_one(struct store *s, struct run_work *w, int64_t tag, int64_t run, struct error *err)
{
    int64_t has = 0, there = 0, now = 0;
    if (!sql_number(&s->sql, &there, 0, err, "SELECT 1 FROM run WHERE id=?", "i", run) ||
        !sql_number(&s->sql, &has, 0, err, "SELECT 1 FROM run_tag WHERE run=? AND tag=?", "ii", run, tag) ||
        !sql_now(&s->sql, &now, err))
        return false;
    if (!there)
        return error_set(err, ERROR_USAGE, "there is no run with row %lld", (long long)run);
    if ((has != 0) == w->on)
        return true;
    w->changed++;
    bool ok = w->on ? sql_do(&s->sql, NULL, err, "INSERT INTO run_tag(run,tag,t,who) VALUES(?,?,?,?)", "iiit",
                             run, tag, now, w->by->who)
                    : sql_do(&s->sql, NULL, err, "DELETE FROM run_tag WHERE run=? AND tag=?", "ii", run, tag);
    return ok && book_audit_id(s, w->by, w->on ? "run.tag" : "run.untag", "run", run, w->on ? NULL : w->tag,
                               w->on ? w->tag : NULL, err);
}

static bool tag_work(struct store *s, void *arg, struct error *err)
{
    struct run_work *w = arg;
    int64_t tag = 0;
    bool nested = s->changing;
    w->changed = 0;
    s->changing = true; /* the tag is made in this transaction */
    bool ok = want_tag(s, w, &tag, err);
    s->changing = nested;
    for (size_t i = 0; ok && i < w->n; i++)
        ok = tag_one(s, w, tag, w->runs[i], err);
    return ok;
}

bool store_run_tag(struct store *s, const struct store_by *by, const int64_t *runs, size_t n, const char *tag,
                   bool on, bool make, size_t *changed, struct error *err)
{
    struct run_work w = {.by = by, .runs = runs, .n = n, .tag = tag, .on = on, .make = on && make};
    bool ok = book_change(s, tag_work, &w, err);
    if (changed)
        *changed = w.changed;
    return ok;
}
