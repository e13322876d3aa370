/* book_tasks.c - tasks and their revisions; see book.h. */
#include "store/book_private.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

static bool read_revisions(struct store *store, struct arena *a, struct store_task_row **rows, size_t *n,
                           struct error *err)
{
    struct sql *s = &store->sql;
    struct sql_stmt *q =
        sql_query(s, err,
                  "SELECT t.id,r.id,r.created,r.rev,t.name,r.phil,r.resources,r.who,t.kind,r.used OR "
                  "EXISTS(SELECT 1 FROM job j WHERE j.task_rev=r.id) FROM task t JOIN task_rev r ON "
                  "r.task=t.id ORDER BY t.name,r.rev",
                  "");
    int step;
    while ((step = sql_step(s, q, err)) == 1) {
        char kind[33];
        *rows = arena_grow(a, *rows, *n, sizeof **rows);
        struct store_task_row *r = &(*rows)[(*n)++];
        sql_text(s, q, 8, kind, sizeof kind);
        *r = (struct store_task_row){
            .task = sql_int(s, q, 0),
            .rev_id = sql_int(s, q, 1),
            .created_t = sql_int(s, q, 2),
            .rev = (uint32_t)sql_int(s, q, 3),
            .name = book_text(s, q, 4, a),
            .phil = book_text(s, q, 5, a),
            .resources = book_text(s, q, 6, a),
            .who = book_text(s, q, 7, a),
            .kind = task_kind_find(kind),
            .used = sql_int(s, q, 9) != 0,
            .newest = true,
        };
        if (*n > 1 && r[-1].task == r->task)
            r[-1].newest = false;
    }
    return step == 0;
}

bool store_tasks(struct store *store, struct arena *a, struct store_task_row **rows, size_t *n,
                 struct error *err)
{
    struct sql *s = &store->sql;
    size_t at;
    int step;
    *rows = NULL;
    *n = 0;
    if (!read_revisions(store, a, rows, n, err))
        return false;
    const struct book_places p =
        book_places_of(a, *rows, *n, sizeof **rows, offsetof(struct store_task_row, rev_id));
    struct sql_stmt *q = sql_query(
        s, err,
        "SELECT DISTINCT x.task_rev,d.name FROM dataset_task x JOIN dataset d ON d.id=x.dataset ORDER BY "
        "d.name,x.task_rev",
        "");
    while ((step = book_next(s, q, &p, &at, err)) == 1) {
        struct store_task_row *r = *rows + at;
        r->datasets = arena_grow(a, r->datasets, r->n_datasets, sizeof *r->datasets);
        r->datasets[r->n_datasets++] = book_text(s, q, 1, a);
    }
    return step == 0;
}

struct task_work {
    const struct store_by *by;
    const struct store_task_new *task;
    bool everywhere;
    int64_t rev_id;
    uint32_t rev;
};

static bool texts_good(const struct store_task_new *t, struct error *err)
{
    return book_text_good("task's text", t->phil, err) && book_text_good("resource", t->resources, err);
}

static bool insert_revision(struct store *s, struct task_work *w, int64_t task, uint32_t rev,
                            const char *phil, const char *resources, struct error *err)
{
    int64_t now = 0;
    bool ok = sql_now(&s->sql, &now, err) &&
              sql_do(&s->sql, NULL, err,
                     "INSERT INTO task_rev(task,rev,phil,resources,used,created,who) VALUES(?,?,?,?,0,?,?)",
                     "iittit", task, (int64_t)rev, phil, resources, now, w->by->who);
    w->rev_id = ok ? s->sql.ops->last_id(&s->sql) : 0;
    w->rev = rev;
    return ok;
}

static bool add_work(struct store *s, void *arg, struct error *err)
{
    struct task_work *w = arg;
    const struct store_task_new *t = w->task;
    const struct task_kind_row *kind = task_kind_row(t->kind);
    struct arena a = {0};
    int64_t other = 0;
    const char *phil = t->phil ? t->phil : "", *resources = t->resources ? t->resources : "";
    bool ok = book_name_good("task", t->name, err) && texts_good(t, err) &&
              book_id_of(s, "task", t->name, &other, err);
    if (ok && other)
        ok = (error_set(err, ERROR_USAGE, "there is a task \"%s\" already", t->name),
              error_hint(err, "xfelx task revise makes its next revision"));
    if (ok && (!kind || t->kind == TASK_INDEXING))
        ok = error_set(err, ERROR_USAGE, "indexing is what a trial does; a task follows it");
    ok = ok &&
         sql_do(&s->sql, NULL, err, "INSERT INTO task(name,kind) VALUES(?,?)", "tt", t->name, kind->word) &&
         insert_revision(s, w, s->sql.ops->last_id(&s->sql), 1, phil, resources, err) &&
         book_audit(s, w->by, "task.add", arena_printf(&a, "task %s", t->name), NULL,
                    arena_printf(&a, "%s\n%s\n%s", kind->word, phil, resources), err);
    arena_free(&a);
    return ok;
}

bool store_task_add(struct store *s, const struct store_by *by, const struct store_task_new *task,
                    int64_t *rev_id, struct error *err)
{
    struct task_work w = {.by = by, .task = task};
    bool ok = book_change(s, add_work, &w, err);
    if (rev_id)
        *rev_id = w.rev_id;
    return ok;
}

struct revision {
    int64_t task, id;
    uint32_t rev;
    const char *phil, *resources;
    bool used;
};

static bool read_newest(struct store *store, const char *name, struct arena *a, struct revision *out,
                        struct error *err)
{
    struct sql *s = &store->sql;
    *out = (struct revision){0};
    if (!book_name_good("task", name, err))
        return false;
    struct sql_stmt *q =
        sql_query(s, err,
                  "SELECT r.task,r.id,r.rev,r.phil,r.resources,r.used OR EXISTS(SELECT 1 FROM job j WHERE "
                  "j.task_rev=r.id) FROM task t JOIN task_rev r ON r.task=t.id WHERE t.name=? ORDER BY r.rev "
                  "DESC LIMIT 1",
                  "t", name);
    int step = sql_step(s, q, err);
    if (step != 1)
        return step == 0 && (error_set(err, ERROR_USAGE, "there is no task \"%s\"", name),
                             error_hint(err, "xfelx task list shows them all"));
    *out = (struct revision){sql_int(s, q, 0),      sql_int(s, q, 1),      (uint32_t)sql_int(s, q, 2),
                             book_text(s, q, 3, a), book_text(s, q, 4, a), sql_int(s, q, 5) != 0};
    sql_reset(s, q);
    return true;
}

static bool put_everywhere(struct store *s, const struct task_work *w, const struct revision *r,
                           struct error *err)
{
    return !w->everywhere ||
           sql_do(
               &s->sql, NULL, err,
               "UPDATE dataset_task SET task_rev=? WHERE task_rev IN (SELECT id FROM task_rev WHERE task=?)",
               "ii", w->rev_id, r->task);
}

static bool revise_work(struct store *s, void *arg, struct error *err)
{
    struct task_work *w = arg;
    const struct store_task_new *t = w->task;
    struct arena a = {0};
    struct revision r;
    bool ok = texts_good(t, err) && read_newest(s, t->name, &a, &r, err);
    if (ok) {
        const char *phil = t->phil ? t->phil : r.phil, *resources = t->resources ? t->resources : r.resources;
        bool other = strcmp(phil, r.phil) != 0 || strcmp(resources, r.resources) != 0;
        w->rev = r.rev;
        w->rev_id = r.id;
        if (other && r.used)
            ok = insert_revision(s, w, r.task, r.rev + 1, phil, resources, err);
        else if (other)
            ok = sql_do(&s->sql, NULL, err, "UPDATE task_rev SET phil=?,resources=? WHERE id=?", "tti", phil,
                        resources, r.id);
        ok = ok && put_everywhere(s, w, &r, err);
        if (ok && other)
            ok = book_audit(s, w->by, "task.revise", arena_printf(&a, "task %s", t->name),
                            arena_printf(&a, "revision %u\n%s\n%s", r.rev, r.phil, r.resources),
                            arena_printf(&a, "revision %u\n%s\n%s", w->rev, phil, resources), err);
    }
    arena_free(&a);
    return ok;
}

bool store_task_revise(struct store *s, const struct store_by *by, const struct store_task_new *task,
                       bool everywhere, uint32_t *rev, struct error *err)
{
    struct task_work w = {.by = by, .task = task, .everywhere = everywhere};
    bool ok = book_change(s, revise_work, &w, err);
    if (rev)
        *rev = w.rev;
    return ok;
}
