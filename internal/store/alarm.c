/* alarm.c - the log of alarms; see alarm.h. */
#include "store/alarm.h"

#include "store/store_private.h"

#include <string.h>

static const int64_t again_ns = INT64_C(120000000000); /* one that comes back sooner has not been away */

bool store_alarms(struct store *store, size_t limit, struct arena *a, struct store_alarm **rows, size_t *n,
                  struct error *err)
{
    struct sql *s = &store->sql;
    *rows = NULL;
    *n = 0;
    struct sql_stmt *q = sql_query(
        s, err,
        "SELECT id,kind,since,coalesce(until,0),coalesce(acked,0),who,body,fields FROM alarm ORDER BY "
        "CASE WHEN until IS NULL THEN 0 ELSE 1 END,since DESC,id DESC LIMIT ?",
        "i", (int64_t)limit);
    int step;
    while ((step = sql_step(s, q, err)) == 1) {
        *rows = arena_grow(a, *rows, *n, sizeof **rows);
        (*rows)[(*n)++] = (struct store_alarm){.id = sql_int(s, q, 0),
                                               .kind = store_text(s, q, 1, a),
                                               .since = sql_int(s, q, 2),
                                               .until = sql_int(s, q, 3),
                                               .acked = sql_int(s, q, 4),
                                               .who = store_text(s, q, 5, a),
                                               .text = store_text(s, q, 6, a),
                                               .with = store_text(s, q, 7, a)};
    }
    return step == 0;
}

/* ---- writing it down ---- */

struct noting {
    const struct store_alarm_now *now;
    size_t n, on, off;
    int64_t t;
};

static const struct store_alarm_now *standing(const struct noting *w, const char *kind)
{
    for (size_t i = 0; i < w->n; i++)
        if (strcmp(w->now[i].kind, kind) == 0)
            return w->now + i;
    return NULL;
}

static bool begin(struct store *s, struct noting *w, const struct store_alarm_now *x, struct error *err)
{
    int64_t id = 0;
    if (!sql_number(&s->sql, &id, 0, err, "SELECT max(id) FROM alarm WHERE kind=? AND until>=?", "ti",
                    x->kind, w->t - again_ns))
        return false;
    if (id)
        return sql_do(&s->sql, NULL, err, "UPDATE alarm SET until=NULL,body=?,fields=? WHERE id=?", "tti",
                      x->text, x->with, id);
    w->on++;
    return sql_do(&s->sql, NULL, err, "INSERT INTO alarm(kind,since,body,fields) VALUES(?,?,?,?)", "titt",
                  x->kind, w->t, x->text, x->with) &&
           store_happens(
               s, &(struct store_happened){.kind = "alarm_on", .level = STORE_WARNING, .body = x->text}, w->t,
               err);
}

static bool end(struct store *s, struct noting *w, const struct store_alarm *row, struct error *err)
{
    w->off++;
    return sql_do(&s->sql, NULL, err, "UPDATE alarm SET until=? WHERE id=? AND until IS NULL", "ii", w->t,
                  row->id) &&
           store_happens(s, &(struct store_happened){.kind = "alarm_off", .body = row->text}, w->t, err);
}

static bool go_on(struct store *s, const struct store_alarm *row, const struct store_alarm_now *x,
                  struct error *err)
{
    /* what changed with it is of its beginning: later the change itself has become usual */
    return strcmp(row->text, x->text) == 0 ||
           sql_do(&s->sql, NULL, err, "UPDATE alarm SET body=? WHERE id=?", "ti", x->text, row->id);
}

/* Rows that stand and their texts, in the transaction. */
static bool read_standing(struct store *s, struct arena *a, struct store_alarm **rows, size_t *n,
                          struct error *err)
{
    *rows = NULL;
    *n = 0;
    struct sql_stmt *q =
        sql_query(&s->sql, err, "SELECT id,kind,body FROM alarm WHERE until IS NULL ORDER BY id", "");
    int step;
    while ((step = sql_step(&s->sql, q, err)) == 1) {
        *rows = arena_grow(a, *rows, *n, sizeof **rows);
        (*rows)[(*n)++] = (struct store_alarm){.id = sql_int(&s->sql, q, 0),
                                               .kind = store_text(&s->sql, q, 1, a),
                                               .text = store_text(&s->sql, q, 2, a)};
    }
    return step == 0;
}

static bool note(struct store *s, void *arg, struct error *err)
{
    struct noting *w = arg;
    struct arena a = {0};
    struct store_alarm *rows;
    size_t n = 0;
    w->on = w->off = 0;
    bool good = sql_now(&s->sql, &w->t, err) && read_standing(s, &a, &rows, &n, err);
    for (size_t i = 0; i < n && good; i++) {
        const struct store_alarm_now *x = standing(w, rows[i].kind);
        good = x ? go_on(s, rows + i, x, err) : end(s, w, rows + i, err);
    }
    for (size_t i = 0; i < w->n && good; i++) {
        bool stood = false;
        for (size_t k = 0; k < n; k++)
            stood = stood || strcmp(rows[k].kind, w->now[i].kind) == 0;
        good = stood || begin(s, w, w->now + i, err);
    }
    arena_free(&a);
    return good;
}

/* Nothing new: nobody waits for a lock because of it. */
static bool is_noted(struct store *s, const struct store_alarm_now *now, size_t n, bool *same,
                     struct error *err)
{
    const struct noting w = {.now = now, .n = n};
    struct arena a = {0};
    struct store_alarm *rows;
    size_t found = 0;
    bool good = read_standing(s, &a, &rows, &found, err);
    *same = good && found == n;
    for (size_t i = 0; i < found && *same; i++) {
        const struct store_alarm_now *x = standing(&w, rows[i].kind);
        *same = x && strcmp(x->text, rows[i].text) == 0;
    }
    arena_free(&a);
    return good;
}

bool store_alarms_note(struct store *s, const struct store_alarm_now *now, size_t n, size_t *on, size_t *off,
                       struct error *err)
{
    struct noting w = {.now = now, .n = n};
    bool same = false,
         good = is_noted(s, now, n, &same, err) && (same || store_transaction(s, note, &w, err));
    if (on)
        *on = w.on;
    if (off)
        *off = w.off;
    return good;
}
