/* book_trials.c - trials: parameters under a number that never change; see book.h. */
#include "store/book_private.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static bool read_trials(struct store *store, struct arena *a, struct store_trial_row **rows, size_t *n,
                        struct error *err)
{
    struct sql *s = &store->sql;
    struct sql_stmt *q =
        sql_query(s, err,
                  "SELECT t.id,t.num,t.created,t.recipe_hash,t.phil,t.body,t.who,t.bad_input,"
                  "t.percent,t.d_min,t.active,t.used OR EXISTS(SELECT 1 FROM job j WHERE "
                  "j.trial=t.id),coalesce(t.preview,0) FROM trial t ORDER BY t.num",
                  "");
    int step;
    while ((step = sql_step(s, q, err)) == 1) {
        *rows = arena_grow(a, *rows, *n, sizeof **rows);
        struct store_trial_row *r = &(*rows)[(*n)++];
        *r = (struct store_trial_row){
            .id = sql_int(s, q, 0),
            .num = (uint32_t)sql_int(s, q, 1),
            .created_t = sql_int(s, q, 2),
            .phil = book_text(s, q, 4, a),
            .comment = book_text(s, q, 5, a),
            .who = book_text(s, q, 6, a),
            .bad_input = book_text(s, q, 7, a),
            .percent = sql_real(s, q, 8),
            .d_min = sql_real(s, q, 9),
            .active = sql_int(s, q, 10) != 0,
            .used = sql_int(s, q, 11) != 0,
            .preview = (int)sql_int(s, q, 12),
        };
        size_t length = 0;
        const uint8_t *hash = sql_bytes(s, q, 3, &length);
        if (length == sizeof r->recipe_hash)
            memcpy(r->recipe_hash, hash, length);
    }
    return step == 0;
}

static bool read_uses(struct store *store, struct arena *a, const struct book_places *p,
                      struct store_trial_row *rows, struct error *err)
{
    struct sql *s = &store->sql;
    struct sql_stmt *q = sql_query(
        s, err, "SELECT trial,rungroup FROM trial_rungroup WHERE active=1 ORDER BY trial,rungroup", "");
    int step;
    size_t at;
    while ((step = book_next(s, q, p, &at, err)) == 1) {
        struct store_trial_row *r = rows + at;
        int64_t *groups = arena_grow(a, (void *)r->rungroups, r->n_rungroups, sizeof *groups);
        groups[r->n_rungroups++] = sql_int(s, q, 1);
        r->rungroups = groups;
    }
    return step == 0;
}

bool store_trials(struct store *s, struct arena *a, struct store_trial_row **rows, size_t *n,
                  struct error *err)
{
    *rows = NULL;
    *n = 0;
    if (!read_trials(s, a, rows, n, err))
        return false;
    const struct book_places p =
        book_places_of(a, *rows, *n, sizeof **rows, offsetof(struct store_trial_row, id));
    return read_uses(s, a, &p, *rows, err) &&
           book_count_jobs(
               s, "SELECT trial,state,count(*) FROM job WHERE task_rev=0 AND run>0 GROUP BY trial,state", &p,
               *rows, sizeof **rows, offsetof(struct store_trial_row, jobs), err);
}

/* ---- a new one ---- */

struct add_work {
    const struct store_by *by;
    const struct store_trial_new *trial;
    uint32_t num;
};

static bool is_new(struct store *s, const uint8_t *hash, struct error *err)
{
    int64_t num = -1;
    if (!sql_number(&s->sql, &num, -1, err, "SELECT num FROM trial WHERE recipe_hash=? ORDER BY num LIMIT 1",
                    "b", hash, 32))
        return false;
    return num < 0 || (error_set(err, ERROR_USAGE, "trial %lld has the same parameters", (long long)num),
                       error_hint(err, "xfelx trial activate %lld lets it process runs", (long long)num));
}

static bool real_column(struct store *s, const char *sql, double value, int64_t id, struct error *err)
{
    return isnan(value) || sql_do(&s->sql, NULL, err, sql, "di", value, id);
}

static bool use_groups(struct store *s, const struct add_work *w, int64_t id, struct error *err)
{
    for (size_t i = 0; i < w->trial->n_rungroups; i++) {
        int64_t group = w->trial->rungroups[i], there = 0;
        if (!sql_number(&s->sql, &there, 0, err, "SELECT 1 FROM rungroup WHERE id=?", "i", group))
            return false;
        if (!there)
            return error_set(err, ERROR_USAGE, "there is no rungroup %lld", (long long)group),
                   error_hint(err, "xfelx group list shows them all");
        if (!sql_do(&s->sql, NULL, err,
                    "INSERT INTO trial_rungroup(trial,rungroup,active) VALUES(?,?,1) {keep trial}", "ii", id,
                    group))
            return false;
    }
    return true;
}

static bool add_work(struct store *s, void *arg, struct error *err)
{
    struct add_work *w = arg;
    const struct store_trial_new *t = w->trial;
    int64_t last = 0, now = 0;
    if (!is_new(s, t->recipe_hash, err) ||
        !sql_number(&s->sql, &last, 0, err, "SELECT max(num) FROM trial", "") || !sql_now(&s->sql, &now, err))
        return false;
    w->num = (uint32_t)last + 1;
    if (!sql_do(&s->sql, NULL, err,
                "INSERT INTO trial(num,recipe_hash,phil,body,active,used,created,who,bad_input) "
                "VALUES(?,?,?,?,?,0,?,?,?)",
                "ibttiitt", last + 1, t->recipe_hash, 32, t->phil, t->comment ? t->comment : "",
                (int64_t)t->active, now, w->by->who, t->bad_input))
        return false;
    int64_t id = s->sql.ops->last_id(&s->sql);
    char hash[17], words[64];
    snprintf(words, sizeof words, "recipe %s%s", hash_hex(t->recipe_hash, 8, hash),
             t->active ? ", active" : "");
    return real_column(s, "UPDATE trial SET percent=? WHERE id=?", t->percent, id, err) &&
           real_column(s, "UPDATE trial SET d_min=? WHERE id=?", t->d_min, id, err) &&
           use_groups(s, w, id, err) &&
           book_audit_id(s, w->by, "trial.add", "trial", w->num, NULL, words, err);
}

bool store_trial_add(struct store *s, const struct store_by *by, const struct store_trial_new *trial,
                     uint32_t *num, struct error *err)
{
    struct add_work w = {by, trial, 0};
    bool ok = book_text_good("comment", trial->comment, err) && book_change(s, add_work, &w, err);
    if (num)
        *num = w.num;
    return ok;
}

/* ---- what may change ---- */

struct change_work {
    const struct store_by *by;
    const uint32_t *nums;
    size_t n, changed;
    const char *text;
    bool active;
    int percent;
};

static bool comment_work(struct store *s, void *arg, struct error *err)
{
    const struct change_work *w = arg;
    struct arena a = {0};
    const char *was;
    bool there;
    int64_t id = 0;
    bool ok = book_trial_id(s, *w->nums, &id, err) &&
              book_look(s, &a, &was, &there, err, "SELECT body FROM trial WHERE id=?", id);
    if (ok && strcmp(was, w->text) != 0)
        ok = sql_do(&s->sql, NULL, err, "UPDATE trial SET body=? WHERE id=?", "ti", w->text, id) &&
             book_audit_id(s, w->by, "trial.comment", "trial", *w->nums, was, w->text, err);
    arena_free(&a);
    return ok;
}

bool store_trial_comment(struct store *s, const struct store_by *by, uint32_t num, const char *text,
                         struct error *err)
{
    struct change_work w = {.by = by, .nums = &num, .n = 1, .text = text};
    return book_text_good("comment", text, err) && book_change(s, comment_work, &w, err);
}

static bool active_work(struct store *s, void *arg, struct error *err)
{
    struct change_work *w = arg;
    bool ok = true;
    w->changed = 0;
    for (size_t i = 0; ok && i < w->n; i++) {
        int64_t id = 0, was = 0;
        ok = book_trial_id(s, w->nums[i], &id, err) &&
             sql_number(&s->sql, &was, 0, err, "SELECT active FROM trial WHERE id=?", "i", id);
        if (!ok || (was != 0) == w->active)
            continue;
        ok = sql_do(&s->sql, NULL, err, "UPDATE trial SET active=? WHERE id=?", "ii", (int64_t)w->active,
                    id) &&
             book_audit_id(s, w->by, "trial.active", "trial", w->nums[i], was ? "active" : "not active",
                           w->active ? "active" : "not active", err);
        w->changed++;
    }
    return ok;
}

bool store_trial_active(struct store *s, const struct store_by *by, const uint32_t *nums, size_t n,
                        bool active, size_t *changed, struct error *err)
{
    struct change_work w = {.by = by, .nums = nums, .n = n, .active = active};
    bool ok = book_change(s, active_work, &w, err);
    if (changed)
        *changed = w.changed;
    return ok;
}

static bool preview_work(struct store *s, void *arg, struct error *err)
{
    struct change_work *w = arg;
    bool ok = true;
    w->changed = 0;
    for (size_t i = 0; ok && i < w->n; i++) {
        char from[32], to[32];
        int64_t id = 0, was = 0;
        ok = book_trial_id(s, w->nums[i], &id, err) &&
             sql_number(&s->sql, &was, 0, err, "SELECT preview FROM trial WHERE id=?", "i", id);
        if (!ok || was == w->percent)
            continue;
        snprintf(from, sizeof from, "preview of %d %%", (int)was);
        snprintf(to, sizeof to, "preview of %d %%", w->percent);
        ok = sql_do(&s->sql, NULL, err, "UPDATE trial SET preview=nullif(?,0) WHERE id=?", "ii",
                    (int64_t)w->percent, id) &&
             book_audit_id(s, w->by, "trial.preview", "trial", w->nums[i], was ? from : NULL,
                           w->percent ? to : NULL, err);
        w->changed++;
    }
    return ok;
}

bool store_trial_preview(struct store *s, const struct store_by *by, const uint32_t *nums, size_t n,
                         int percent, size_t *changed, struct error *err)
{
    struct change_work w = {.by = by, .nums = nums, .n = n, .percent = percent};
    if (percent < 0 || percent > 100)
        return error_set(err, ERROR_USAGE, "a preview is of 1 to 100 %% of the frames, not %d", percent),
               error_hint(err, "0: no preview");
    bool ok = book_change(s, preview_work, &w, err);
    if (changed)
        *changed = w.changed;
    return ok;
}
