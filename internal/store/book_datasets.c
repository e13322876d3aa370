/* book_datasets.c - datasets: tags, and what is done with the runs that have them; see book.h. */
#include "store/book_private.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { OP_UNION = 1, OP_INTERSECTION = 2 }; /* dataset.op, STORE 3.1 */

/* ---- lists ---- */

static bool read_datasets(struct store *store, struct arena *a, struct store_dataset_row **rows, size_t *n,
                          struct error *err)
{
    struct sql *s = &store->sql;
    struct sql_stmt *q =
        sql_query(s, err, "SELECT id,name,op,active,goal,body FROM dataset ORDER BY name", "");
    int step;
    while ((step = sql_step(s, q, err)) == 1) {
        int64_t goal = 0;
        *rows = arena_grow(a, *rows, *n, sizeof **rows);
        struct store_dataset_row *r = &(*rows)[(*n)++];
        *r = (struct store_dataset_row){
            .id = sql_int(s, q, 0),
            .name = book_text(s, q, 1, a),
            .all = sql_int(s, q, 2) == OP_INTERSECTION,
            .active = sql_int(s, q, 3) != 0,
            .comment = book_text(s, q, 5, a),
        };
        if (str_to_i64(book_text(s, q, 4, a), &goal) && goal > 0)
            r->goal = (uint64_t)goal;
    }
    return step == 0;
}

static bool read_tags(struct store *store, struct arena *a, const struct book_places *p,
                      struct store_dataset_row *rows, struct error *err)
{
    struct sql *s = &store->sql;
    struct sql_stmt *q =
        sql_query(s, err,
                  "SELECT x.dataset,t.name FROM dataset_tag x JOIN tag t ON t.id=x.tag ORDER BY "
                  "x.dataset,t.name",
                  "");
    int step;
    size_t at;
    while ((step = book_next(s, q, p, &at, err)) == 1) {
        struct store_dataset_row *r = rows + at;
        r->tags = arena_grow(a, r->tags, r->n_tags, sizeof *r->tags);
        r->tags[r->n_tags++] = book_text(s, q, 1, a);
    }
    return step == 0;
}

static bool read_tasks(struct store *store, struct arena *a, const struct book_places *p,
                       struct store_dataset_row *rows, struct error *err)
{
    struct sql *s = &store->sql;
    struct sql_stmt *q =
        sql_query(s, err,
                  "SELECT x.dataset,t.name,r.rev,t.kind,r.id FROM dataset_task x JOIN task_rev r ON "
                  "r.id=x.task_rev JOIN task t ON t.id=r.task ORDER BY x.dataset,x.pos",
                  "");
    int step;
    size_t at;
    while ((step = book_next(s, q, p, &at, err)) == 1) {
        struct store_dataset_row *r = rows + at;
        char kind[33];
        sql_text(s, q, 3, kind, sizeof kind);
        r->tasks = arena_grow(a, r->tasks, r->n_tasks, sizeof *r->tasks);
        r->tasks[r->n_tasks++] = (struct store_dataset_task){
            book_text(s, q, 1, a), (uint32_t)sql_int(s, q, 2), task_kind_find(kind), sql_int(s, q, 4)};
    }
    return step == 0;
}

/* Versions lie in memory of their dataset; `v` finds them by their row. */
static bool read_versions(struct store *store, struct arena *a, const struct book_places *p,
                          struct store_dataset_row *rows, struct error *err)
{
    struct sql *s = &store->sql;
    struct sql_stmt *q =
        sql_query(s, err,
                  "SELECT v.dataset,v.id,v.created,v.version,(SELECT count(*) FROM version_input i WHERE "
                  "i.version=v.id) FROM dataset_version v ORDER BY v.dataset,v.version",
                  "");
    int step;
    size_t at;
    while ((step = book_next(s, q, p, &at, err)) == 1) {
        struct store_dataset_row *r = rows + at;
        r->versions = arena_grow(a, r->versions, r->n_versions, sizeof *r->versions);
        r->versions[r->n_versions++] = (struct store_dataset_version){.id = sql_int(s, q, 1),
                                                                      .created_t = sql_int(s, q, 2),
                                                                      .version = (uint32_t)sql_int(s, q, 3),
                                                                      .n_inputs = (uint32_t)sql_int(s, q, 4)};
    }
    return step == 0;
}

static bool count_version_jobs(struct store *store, const struct book_places *p,
                               struct store_dataset_row *rows, struct error *err)
{
    struct sql *s = &store->sql;
    struct sql_stmt *q = sql_query(
        s, err,
        "SELECT v.dataset,v.id,j.state,count(*) FROM job j JOIN dataset_version v ON v.id=j.version "
        "WHERE j.version>0 GROUP BY v.dataset,v.id,j.state",
        "");
    int step;
    size_t at;
    while ((step = book_next(s, q, p, &at, err)) == 1) {
        int64_t id = sql_int(s, q, 1), state = sql_int(s, q, 2);
        if (state <= 0 || state >= JOB_STATE_END)
            continue;
        for (size_t i = 0; i < rows[at].n_versions; i++)
            if (rows[at].versions[i].id == id)
                rows[at].versions[i].jobs.by[state] += (uint32_t)sql_int(s, q, 3);
    }
    return step == 0;
}

/* How many runs have any (all) of its tags. */
static bool count_runs(struct store *store, const struct book_places *p, struct store_dataset_row *rows,
                       struct error *err)
{
    struct sql *s = &store->sql;
    struct sql_stmt *q =
        sql_query(s, err,
                  "SELECT c.dataset,c.tags,count(*) FROM (SELECT x.dataset dataset,r.run run,count(*) tags "
                  "FROM dataset_tag x JOIN run_tag r ON r.tag=x.tag GROUP BY x.dataset,r.run) c GROUP BY "
                  "c.dataset,c.tags",
                  "");
    int step;
    size_t at;
    while ((step = book_next(s, q, p, &at, err)) == 1)
        if (!rows[at].all || sql_int(s, q, 1) == (int64_t)rows[at].n_tags)
            rows[at].n_runs += (uint32_t)sql_int(s, q, 2);
    return step == 0;
}

bool store_datasets(struct store *s, struct arena *a, struct store_dataset_row **rows, size_t *n,
                    struct error *err)
{
    *rows = NULL;
    *n = 0;
    if (!read_datasets(s, a, rows, n, err))
        return false;
    const struct book_places p =
        book_places_of(a, *rows, *n, sizeof **rows, offsetof(struct store_dataset_row, id));
    return read_tags(s, a, &p, *rows, err) && read_tasks(s, a, &p, *rows, err) &&
           read_versions(s, a, &p, *rows, err) && count_version_jobs(s, &p, *rows, err) &&
           count_runs(s, &p, *rows, err);
}

/* ---- changes ---- */

struct dataset_work {
    const struct store_by *by;
    const char *name; /* of the one to be edited; NULL: a new one */
    const struct store_dataset_edit *edit;
};

/* One as it stands, in words for the audit. */
static bool dataset_words(struct store *s, int64_t id, struct arena *a, const char **out, struct error *err)
{
    struct store_dataset_row *rows;
    size_t n;
    struct str text = {0};
    if (!store_datasets(s, a, &rows, &n, err))
        return false;
    for (size_t i = 0; i < n; i++) {
        const struct store_dataset_row *r = rows + i;
        if (r->id != id)
            continue;
        str_printf(&text, "%s: %s of", r->name, r->all ? "all" : "any");
        for (size_t k = 0; k < r->n_tags; k++)
            str_printf(&text, "%s %s", k ? "," : "", r->tags[k]);
        for (size_t k = 0; k < r->n_tasks; k++)
            str_printf(&text, "%s%s:%u", k ? ", " : "; ", r->tasks[k].name, r->tasks[k].rev);
        if (r->goal)
            str_printf(&text, "; goal %llu", (unsigned long long)r->goal);
        str_printf(&text, "; %s%s%s", r->active ? "active" : "not active", *r->comment ? "; " : "",
                   r->comment);
    }
    *out = arena_strdup(a, text.len ? text.text : "");
    str_free(&text);
    return true;
}

static bool put_tags(struct store *s, int64_t id, const struct store_dataset_edit *e, struct error *err)
{
    if (!e->tags)
        return true;
    if (!sql_do(&s->sql, NULL, err, "DELETE FROM dataset_tag WHERE dataset=?", "i", id))
        return false;
    for (size_t i = 0; i < e->n_tags; i++) {
        int64_t tag = 0;
        if (!book_tag_id(s, e->tags[i], &tag, err) ||
            !sql_do(&s->sql, NULL, err, "INSERT INTO dataset_tag(dataset,tag) VALUES(?,?) {keep dataset}",
                    "ii", id, tag))
            return false;
    }
    return true;
}

/* The revision that "NAME" or "NAME:2" means; a task of that whole name comes first. */
static bool find_revision(struct store *s, const char *word, int64_t *rev_id, int *kind, struct error *err)
{
    char name[4 * BOOK_NAME + 16], kind_word[33] = "";
    const char *colon = strrchr(word, ':');
    int64_t rev = 0, task = 0;
    snprintf(name, sizeof name, "%s", word);
    if (!book_id_of(s, "task", name, &task, err))
        return false;
    if (!task && colon && str_to_i64(colon + 1, &rev) && rev > 0 && (size_t)(colon - word) < sizeof name) {
        name[colon - word] = 0;
        if (!book_id_of(s, "task", name, &task, err))
            return false;
    }
    if (!task)
        return error_set(err, ERROR_USAGE, "there is no task \"%s\"", word),
               error_hint(err, "xfelx task list shows them all");
    struct sql_stmt *q = sql_query(&s->sql, err,
                                   "SELECT r.id,t.kind FROM task_rev r JOIN task t ON t.id=r.task WHERE "
                                   "r.task=? AND (r.rev=? OR ?=0) ORDER BY r.rev DESC LIMIT 1",
                                   "iii", task, rev, rev);
    int step = sql_step(&s->sql, q, err);
    if (step != 1)
        return step == 0 &&
               error_set(err, ERROR_USAGE, "task \"%s\" has no revision %lld", name, (long long)rev);
    *rev_id = sql_int(&s->sql, q, 0);
    sql_text(&s->sql, q, 1, kind_word, sizeof kind_word);
    *kind = task_kind_find(kind_word);
    sql_reset(&s->sql, q);
    return true;
}

/* Tasks on single runs come before those on the whole: what follows a merge cannot be merged. */
static bool put_tasks(struct store *s, int64_t id, const struct store_dataset_edit *e, struct error *err)
{
    bool whole = false;
    if (!e->tasks)
        return true;
    if (!sql_do(&s->sql, NULL, err, "DELETE FROM dataset_task WHERE dataset=?", "i", id))
        return false;
    for (size_t i = 0; i < e->n_tasks; i++) {
        int64_t rev = 0;
        int kind = 0;
        if (!find_revision(s, e->tasks[i], &rev, &kind, err))
            return false;
        const struct task_kind_row *row = task_kind_row(kind);
        if (whole && row && !row->per_dataset)
            return error_set(err, ERROR_USAGE,
                             "task \"%s\" works on single runs and cannot follow one that "
                             "works on the whole dataset",
                             e->tasks[i]),
                   error_hint(err, "name the tasks in the order in which they are to be done");
        whole = whole || (row && row->per_dataset);
        if (!sql_do(&s->sql, NULL, err, "INSERT INTO dataset_task(dataset,pos,task_rev) VALUES(?,?,?)", "iii",
                    id, (int64_t)i + 1, rev))
            return false;
    }
    return true;
}

static bool put_fields(struct store *s, int64_t id, const struct store_dataset_edit *e, struct error *err)
{
    char goal[32];
    snprintf(goal, sizeof goal, "%lld", (long long)e->goal);
    return (!e->name ||
            sql_do(&s->sql, NULL, err, "UPDATE dataset SET name=? WHERE id=?", "ti", e->name, id)) &&
           (!e->comment ||
            sql_do(&s->sql, NULL, err, "UPDATE dataset SET body=? WHERE id=?", "ti", e->comment, id)) &&
           (e->all < 0 || sql_do(&s->sql, NULL, err, "UPDATE dataset SET op=? WHERE id=?", "ii",
                                 (int64_t)(e->all ? OP_INTERSECTION : OP_UNION), id)) &&
           (e->active < 0 || sql_do(&s->sql, NULL, err, "UPDATE dataset SET active=? WHERE id=?", "ii",
                                    (int64_t)(e->active > 0), id)) &&
           (e->goal < 0 || sql_do(&s->sql, NULL, err, "UPDATE dataset SET goal=? WHERE id=?", "ti",
                                  e->goal ? goal : NULL, id)) &&
           put_tags(s, id, e, err) && put_tasks(s, id, e, err);
}

static bool fields_good(struct store *s, const struct dataset_work *w, struct error *err)
{
    const struct store_dataset_edit *e = w->edit;
    int64_t other = 0;
    if ((e->name && !book_name_good("dataset", e->name, err)) || !book_text_good("comment", e->comment, err))
        return false;
    if (!e->name || (w->name && !strcmp(w->name, e->name)))
        return true;
    return book_id_of(s, "dataset", e->name, &other, err) &&
           (!other || error_set(err, ERROR_USAGE, "there is a dataset \"%s\" already", e->name));
}

static bool add_work(struct store *s, void *arg, struct error *err)
{
    const struct dataset_work *w = arg;
    struct arena a = {0};
    const char *becomes;
    int64_t id = 0;
    bool ok = book_name_good("dataset", w->edit->name, err) && fields_good(s, w, err) &&
              sql_do(&s->sql, NULL, err, "INSERT INTO dataset(name,op,active) VALUES(?,?,1)", "ti",
                     w->edit->name, (int64_t)OP_UNION);
    id = ok ? s->sql.ops->last_id(&s->sql) : 0;
    ok = ok && put_fields(s, id, w->edit, err) && dataset_words(s, id, &a, &becomes, err) &&
         book_audit(s, w->by, "dataset.add", arena_printf(&a, "dataset %s", w->edit->name), NULL, becomes,
                    err);
    arena_free(&a);
    return ok;
}

bool store_dataset_add(struct store *s, const struct store_by *by, const struct store_dataset_edit *d,
                       struct error *err)
{
    return book_change(s, add_work, &(struct dataset_work){by, NULL, d}, err);
}

static bool edit_work(struct store *s, void *arg, struct error *err)
{
    const struct dataset_work *w = arg;
    struct arena a = {0};
    const char *was, *becomes;
    int64_t id = 0;
    bool ok = book_name_good("dataset", w->name, err) && book_id_of(s, "dataset", w->name, &id, err);
    if (ok && !id)
        ok = (error_set(err, ERROR_USAGE, "there is no dataset \"%s\"", w->name),
              error_hint(err, "xfelx dataset list shows them all"));
    ok = ok && fields_good(s, w, err) && dataset_words(s, id, &a, &was, err) &&
         put_fields(s, id, w->edit, err) && dataset_words(s, id, &a, &becomes, err) &&
         (!strcmp(was, becomes) ||
          book_audit(s, w->by, "dataset.edit", arena_printf(&a, "dataset %s", w->name), was, becomes, err));
    arena_free(&a);
    return ok;
}

bool store_dataset_edit(struct store *s, const struct store_by *by, const char *name,
                        const struct store_dataset_edit *d, struct error *err)
{
    return book_change(s, edit_work, &(struct dataset_work){by, name, d}, err);
}
