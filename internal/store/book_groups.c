/* book_groups.c - rungroups; see book.h. Which runs belong to one may change at any time: jobs that are there stay, and a run that was not
 * in it is new to it. Its parameters are part of what its jobs did, so a used one keeps them: with other parameters it is another one. */
#include "store/book_private.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* ---- lists ---- */

static bool read_groups(struct store *store, struct arena *a, struct store_group_row **rows, size_t *n,
                        struct error *err)
{
    struct sql *s = &store->sql;
    /* members: those of its range and those put in, without those taken out */
    struct sql_stmt *q = sql_query(
        s, err,
        "SELECT g.id,g.first_ord,coalesce(g.last_ord,-1),g.created,g.phil,g.body,g.who,g.bad_input,g.active,"
        "EXISTS(SELECT 1 FROM job j WHERE j.rungroup=g.id),(SELECT count(*) FROM run r WHERE r.ord>="
        "g.first_ord AND (g.last_ord IS NULL OR r.ord<=g.last_ord) AND NOT EXISTS(SELECT 1 FROM rungroup_run "
        "x WHERE x.rungroup=g.id AND x.run=r.id))+(SELECT count(*) FROM rungroup_run y WHERE y.rungroup=g.id "
        "AND y.include=1) FROM rungroup g ORDER BY g.id",
        "");
    int step;
    while ((step = sql_step(s, q, err)) == 1) {
        *rows = arena_grow(a, *rows, *n, sizeof **rows);
        (*rows)[(*n)++] = (struct store_group_row){
            .id = sql_int(s, q, 0),
            .first = sql_int(s, q, 1),
            .last = sql_int(s, q, 2),
            .created_t = sql_int(s, q, 3),
            .phil = book_text(s, q, 4, a),
            .comment = book_text(s, q, 5, a),
            .who = book_text(s, q, 6, a),
            .bad_input = book_text(s, q, 7, a),
            .active = sql_int(s, q, 8) != 0,
            .used = sql_int(s, q, 9) != 0,
            .n_runs = (uint32_t)sql_int(s, q, 10),
        };
    }
    return step == 0;
}

static bool read_uses(struct store *store, struct arena *a, const struct book_places *p,
                      struct store_group_row *rows, struct error *err)
{
    struct sql *s = &store->sql;
    struct sql_stmt *q =
        sql_query(s, err,
                  "SELECT x.rungroup,t.num,x.active FROM trial_rungroup x JOIN trial t ON t.id=x.trial ORDER "
                  "BY x.rungroup,t.num",
                  "");
    int step;
    size_t at;
    while ((step = book_next(s, q, p, &at, err)) == 1) {
        struct store_group_row *r = rows + at;
        r->uses = arena_grow(a, r->uses, r->n_uses, sizeof *r->uses);
        r->uses[r->n_uses++] = (struct store_group_use){(uint32_t)sql_int(s, q, 1), sql_int(s, q, 2) != 0};
    }
    return step == 0;
}

static bool read_exceptions(struct store *store, struct arena *a, const struct book_places *p,
                            struct store_group_row *rows, struct error *err)
{
    struct sql *s = &store->sql;
    struct sql_stmt *q = sql_query(
        s, err,
        "SELECT x.rungroup,x.run,r.ord,x.include FROM rungroup_run x JOIN run r ON r.id=x.run ORDER "
        "BY x.rungroup,r.ord,r.id",
        "");
    int step;
    size_t at;
    while ((step = book_next(s, q, p, &at, err)) == 1) {
        struct store_group_row *r = rows + at;
        r->exceptions = arena_grow(a, r->exceptions, r->n_exceptions, sizeof *r->exceptions);
        r->exceptions[r->n_exceptions++] =
            (struct store_group_exception){sql_int(s, q, 1), sql_int(s, q, 2), sql_int(s, q, 3) != 0};
    }
    return step == 0;
}

bool store_groups(struct store *s, struct arena *a, struct store_group_row **rows, size_t *n,
                  struct error *err)
{
    *rows = NULL;
    *n = 0;
    if (!read_groups(s, a, rows, n, err))
        return false;
    const struct book_places p =
        book_places_of(a, *rows, *n, sizeof **rows, offsetof(struct store_group_row, id));
    return read_uses(s, a, &p, *rows, err) && read_exceptions(s, a, &p, *rows, err) &&
           book_count_jobs(s,
                           "SELECT rungroup,state,count(*) FROM job WHERE rungroup>0 GROUP BY rungroup,state",
                           &p, *rows, sizeof **rows, offsetof(struct store_group_row, jobs), err);
}

/* ---- one, to be changed ---- */

struct group {
    int64_t id, first, last;
    const char *phil, *comment, *bad_input;
    bool used;
};

static bool read_group(struct store *store, int64_t id, struct arena *a, struct group *out, struct error *err)
{
    struct sql *s = &store->sql;
    *out = (struct group){0};
    struct sql_stmt *q = sql_query(s, err,
                                   "SELECT first_ord,coalesce(last_ord,-1),phil,body,bad_input,EXISTS(SELECT "
                                   "1 FROM job j WHERE j.rungroup=g.id) FROM rungroup g WHERE g.id=?",
                                   "i", id);
    int step = sql_step(s, q, err);
    if (step != 1)
        return step == 0 && (error_set(err, ERROR_USAGE, "there is no rungroup %lld", (long long)id),
                             error_hint(err, "xfelx group list shows them all"));
    *out = (struct group){id,
                          sql_int(s, q, 0),
                          sql_int(s, q, 1),
                          book_text(s, q, 2, a),
                          book_text(s, q, 3, a),
                          book_text(s, q, 4, a),
                          sql_int(s, q, 5) != 0};
    sql_reset(s, q);
    return true;
}

static const char *group_words(const struct group *g, struct arena *a)
{
    const char *runs = g->last < 0
                           ? arena_printf(a, "runs %lld-", (long long)g->first)
                           : arena_printf(a, "runs %lld-%lld", (long long)g->first, (long long)g->last);
    return arena_printf(a, "%s%s%s%s%s%s", runs, *g->comment ? ", " : "", g->comment, *g->phil ? "\n" : "",
                        g->phil, *g->bad_input ? "\nbad input" : "");
}

static bool group_good(const struct group *g, struct error *err)
{
    if (g->first < 0 || g->last < -1)
        return error_set(err, ERROR_USAGE, "numbers of runs are not negative");
    if (g->last >= 0 && g->last < g->first)
        return error_set(err, ERROR_USAGE, "the last run, %lld, lies before the first, %lld",
                         (long long)g->last, (long long)g->first);
    return book_text_good("comment", g->comment, err);
}

/* What is asked for upon what stands. */
static void apply(const struct store_group_edit *e, struct group *g)
{
    g->first = e->first == BOOK_KEEP ? g->first : e->first;
    g->last = e->last == BOOK_KEEP ? g->last : e->last;
    g->comment = e->comment ? e->comment : g->comment;
    if (e->phil) {
        g->phil = e->phil;
        g->bad_input = e->bad_input ? e->bad_input : "";
    }
}

static bool insert_group(struct store *s, const struct store_by *by, struct group *g, struct error *err)
{
    int64_t now = 0;
    bool ok =
        sql_now(&s->sql, &now, err) &&
        sql_do(&s->sql, NULL, err,
               "INSERT INTO rungroup(first_ord,last_ord,active,phil,body,created,who,bad_input) "
               "VALUES(?,NULL,1,?,?,?,?,?)",
               "ittitt", g->first, g->phil, g->comment, now, by->who, *g->bad_input ? g->bad_input : NULL);
    g->id = ok ? s->sql.ops->last_id(&s->sql) : 0;
    return ok && (g->last < 0 || sql_do(&s->sql, NULL, err, "UPDATE rungroup SET last_ord=? WHERE id=?", "ii",
                                        g->last, g->id));
}

static bool update_group(struct store *s, const struct group *g, struct error *err)
{
    return sql_do(&s->sql, NULL, err,
                  "UPDATE rungroup SET first_ord=?,last_ord=NULL,phil=?,body=?,bad_input=? WHERE id=?",
                  "ittti", g->first, g->phil, g->comment, *g->bad_input ? g->bad_input : NULL, g->id) &&
           (g->last < 0 ||
            sql_do(&s->sql, NULL, err, "UPDATE rungroup SET last_ord=? WHERE id=?", "ii", g->last, g->id));
}

/* Runs in or out whatever their number; sign -1: as their numbers say. */
static bool put_exceptions(struct store *s, const struct store_by *by, int64_t group, const int64_t *runs,
                           size_t n, int sign, struct error *err)
{
    static const char *const words[] = {"excluded", "included"};
    for (size_t i = 0; i < n; i++) {
        int64_t was = -1, there = 0;
        if (!sql_number(&s->sql, &there, 0, err, "SELECT 1 FROM run WHERE id=?", "i", runs[i]) ||
            !sql_number(&s->sql, &was, -1, err, "SELECT include FROM rungroup_run WHERE rungroup=? AND run=?",
                        "ii", group, runs[i]))
            return false;
        if (!there)
            return error_set(err, ERROR_USAGE, "there is no run with row %lld", (long long)runs[i]);
        if (was == sign)
            continue;
        char becomes[64], before[64];
        snprintf(becomes, sizeof becomes, "row %lld %s", (long long)runs[i],
                 sign < 0 ? "as its number says" : words[sign]);
        snprintf(before, sizeof before, "row %lld %s", (long long)runs[i],
                 was < 0 ? "as its number says" : words[was != 0]);
        if (!sql_do(&s->sql, NULL, err, "DELETE FROM rungroup_run WHERE rungroup=? AND run=?", "ii", group,
                    runs[i]) ||
            (sign >= 0 &&
             !sql_do(&s->sql, NULL, err, "INSERT INTO rungroup_run(rungroup,run,include) VALUES(?,?,?)",
                     "iii", group, runs[i], (int64_t)sign)) ||
            !book_audit_id(s, by, "group.edit", "group", group, before, becomes, err))
            return false;
    }
    return true;
}

static bool put_all_exceptions(struct store *s, const struct store_by *by, int64_t group,
                               const struct store_group_edit *e, struct error *err)
{
    return put_exceptions(s, by, group, e->include, e->n_include, 1, err) &&
           put_exceptions(s, by, group, e->exclude, e->n_exclude, 0, err) &&
           put_exceptions(s, by, group, e->plain, e->n_plain, -1, err);
}

/* A trial uses it, or does not any more; *changed: it was not so. */
static bool set_use(struct store *s, const struct store_by *by, int64_t group, uint32_t trial, bool on,
                    bool *changed, struct error *err)
{
    int64_t id = 0, was = -1;
    char word[48];
    *changed = false;
    if (!book_trial_id(s, trial, &id, err) ||
        !sql_number(&s->sql, &was, -1, err, "SELECT active FROM trial_rungroup WHERE trial=? AND rungroup=?",
                    "ii", id, group))
        return false;
    if ((was > 0) == on)
        return true;
    *changed = true;
    snprintf(word, sizeof word, "used by trial %u", trial);
    return (was >= 0 ? sql_do(&s->sql, NULL, err,
                              "UPDATE trial_rungroup SET active=? WHERE trial=? AND rungroup=?", "iii",
                              (int64_t)on, id, group)
                     : sql_do(&s->sql, NULL, err,
                              "INSERT INTO trial_rungroup(trial,rungroup,active) VALUES(?,?,1)", "ii", id,
                              group)) &&
           book_audit_id(s, by, "group.use", "group", group, on ? NULL : word, on ? word : NULL, err);
}

/* ---- add ---- */

struct group_work {
    const struct store_by *by;
    const struct store_group_edit *edit;
    int64_t id, id_now;
};

static bool add_work(struct store *s, void *arg, struct error *err)
{
    struct group_work *w = arg;
    struct group g = {.first = 0, .last = -1, .phil = "", .comment = "", .bad_input = ""};
    struct arena a = {0};
    bool changed;
    apply(w->edit, &g);
    bool ok = group_good(&g, err) && insert_group(s, w->by, &g, err) &&
              book_audit_id(s, w->by, "group.add", "group", g.id, NULL, group_words(&g, &a), err) &&
              put_all_exceptions(s, w->by, g.id, w->edit, err);
    for (size_t i = 0; ok && i < w->edit->n_trials; i++)
        ok = set_use(s, w->by, g.id, w->edit->trials[i], true, &changed, err);
    w->id_now = g.id;
    arena_free(&a);
    return ok;
}

bool store_group_add(struct store *s, const struct store_by *by, const struct store_group_edit *group,
                     int64_t *id, struct error *err)
{
    struct group_work w = {by, group, 0, 0};
    bool ok = book_change(s, add_work, &w, err);
    if (id)
        *id = w.id_now;
    return ok;
}

/* ---- edit ---- */

/* Trials that use it now, or those of them that are named. */
static bool read_trials_of(struct store *s, const struct group_work *w, struct arena *a, uint32_t **nums,
                           size_t *n, struct error *err)
{
    struct sql_stmt *q = sql_query(&s->sql, err,
                                   "SELECT t.num FROM trial_rungroup x JOIN trial t ON t.id=x.trial WHERE "
                                   "x.rungroup=? AND x.active=1 ORDER BY t.num",
                                   "i", w->id);
    int step;
    *nums = NULL;
    *n = 0;
    while ((step = sql_step(&s->sql, q, err)) == 1) {
        uint32_t num = (uint32_t)sql_int(&s->sql, q, 0);
        bool wanted = w->edit->n_trials == 0;
        for (size_t i = 0; i < w->edit->n_trials; i++)
            wanted = wanted || w->edit->trials[i] == num;
        if (!wanted)
            continue;
        *nums = arena_grow(a, *nums, *n, sizeof **nums);
        (*nums)[(*n)++] = num;
    }
    return step == 0;
}

/* A copy with other parameters in the place of a used one. */
static bool replace_group(struct store *s, struct group_work *w, struct group *g, struct arena *a,
                          struct error *err)
{
    uint32_t *nums;
    size_t n;
    bool changed;
    int64_t old = g->id;
    bool ok = read_trials_of(s, w, a, &nums, &n, err) && insert_group(s, w->by, g, err) &&
              sql_do(&s->sql, NULL, err,
                     "INSERT INTO rungroup_run(rungroup,run,include) SELECT ?,run,include FROM rungroup_run "
                     "WHERE rungroup=?",
                     "ii", g->id, old) &&
              book_audit_id(s, w->by, "group.edit", "group", old, NULL,
                            arena_printf(a, "other parameters: rungroup %lld", (long long)g->id), err) &&
              book_audit_id(s, w->by, "group.add", "group", g->id, NULL, group_words(g, a), err);
    for (size_t i = 0; ok && i < n; i++)
        ok = set_use(s, w->by, old, nums[i], false, &changed, err) &&
             set_use(s, w->by, g->id, nums[i], true, &changed, err);
    return ok;
}

static bool edit_work(struct store *s, void *arg, struct error *err)
{
    struct group_work *w = arg;
    struct arena a = {0};
    struct group g;
    bool ok = read_group(s, w->id, &a, &g, err);
    if (ok) {
        const char *phil = g.phil, *was = group_words(&g, &a);
        apply(w->edit, &g);
        bool other = strcmp(phil, g.phil) != 0;
        ok = group_good(&g, err);
        if (ok && other && g.used) {
            ok = replace_group(s, w, &g, &a, err);
        } else if (ok) {
            const char *becomes = group_words(&g, &a);
            ok = !strcmp(was, becomes) ||
                 (update_group(s, &g, err) &&
                  book_audit_id(s, w->by, "group.edit", "group", g.id, was, becomes, err));
        }
    }
    ok = ok && put_all_exceptions(s, w->by, g.id, w->edit, err);
    w->id_now = ok ? g.id : 0;
    arena_free(&a);
    return ok;
}

bool store_group_edit(struct store *s, const struct store_by *by, int64_t id,
                      const struct store_group_edit *edit, int64_t *id_now, struct error *err)
{
    struct group_work w = {by, edit, id, 0};
    bool ok = book_change(s, edit_work, &w, err);
    if (id_now)
        *id_now = w.id_now;
    return ok;
}

/* ---- active, used ---- */

struct switch_work {
    const struct store_by *by;
    const int64_t *ids;
    size_t n, changed;
    uint32_t trial;
    bool on;
};

static bool active_work(struct store *s, void *arg, struct error *err)
{
    struct switch_work *w = arg;
    bool ok = true;
    w->changed = 0;
    for (size_t i = 0; ok && i < w->n; i++) {
        int64_t was = -1;
        ok = sql_number(&s->sql, &was, -1, err, "SELECT active FROM rungroup WHERE id=?", "i", w->ids[i]);
        if (ok && was < 0)
            ok = (error_set(err, ERROR_USAGE, "there is no rungroup %lld", (long long)w->ids[i]),
                  error_hint(err, "xfelx group list shows them all"));
        if (!ok || (was != 0) == w->on)
            continue;
        ok = sql_do(&s->sql, NULL, err, "UPDATE rungroup SET active=? WHERE id=?", "ii", (int64_t)w->on,
                    w->ids[i]) &&
             book_audit_id(s, w->by, "group.active", "group", w->ids[i], was ? "active" : "not active",
                           w->on ? "active" : "not active", err);
        w->changed++;
    }
    return ok;
}

static bool use_work(struct store *s, void *arg, struct error *err)
{
    struct switch_work *w = arg;
    struct arena a = {0};
    struct group g;
    bool ok = true, changed;
    w->changed = 0;
    for (size_t i = 0; ok && i < w->n; i++) {
        ok = read_group(s, w->ids[i], &a, &g, err) &&
             set_use(s, w->by, w->ids[i], w->trial, w->on, &changed, err);
        w->changed += ok && changed;
    }
    arena_free(&a);
    return ok;
}

bool store_group_active(struct store *s, const struct store_by *by, const int64_t *ids, size_t n, bool active,
                        size_t *changed, struct error *err)
{
    struct switch_work w = {.by = by, .ids = ids, .n = n, .on = active};
    bool ok = book_change(s, active_work, &w, err);
    if (changed)
        *changed = w.changed;
    return ok;
}

bool store_group_use(struct store *s, const struct store_by *by, const int64_t *ids, size_t n, uint32_t trial,
                     bool on, size_t *changed, struct error *err)
{
    struct switch_work w = {.by = by, .ids = ids, .n = n, .trial = trial, .on = on};
    bool ok = book_change(s, use_work, &w, err);
    if (changed)
        *changed = w.changed;
    return ok;
}
