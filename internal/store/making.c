/* making.c - see making.h. Short reads by key; one statement a part of the identity. */
#include "store/store_private.h"

#include <stdio.h>
#include <string.h>

/* A text of any length, in the arena. */
static const char *long_text(struct sql *s, struct sql_stmt *q, int column, struct arena *a)
{
    size_t n = 0;
    const uint8_t *bytes = sql_bytes(s, q, column, &n);
    return n ? arena_strndup(a, (const char *)bytes, n) : "";
}

/* The row must be there, unless the identity has no such part. 1: it is read, the caller resets. */
static int need_row(struct sql *s, struct sql_stmt *q, const char *what, int64_t id, struct error *err)
{
    int step = sql_step(s, q, err);
    if (step == 0)
        error_set(err, ERROR_MISSING, "there is no %s %lld in the database", what, (long long)id);
    return step;
}

static bool read_run(struct sql *s, int64_t run, struct arena *a, struct store_making *out, struct error *err)
{
    if (!run)
        return true;
    struct sql_stmt *q = sql_query(
        s, err,
        "SELECT coalesce(r.num,-1),r.name,EXISTS(SELECT 1 FROM run e WHERE e.id<r.id AND (e.num=r.num OR "
        "(r.num IS NULL AND e.num IS NULL AND e.name=r.name))) FROM run r WHERE r.id=?",
        "i", run);
    if (!q || need_row(s, q, "run", run, err) != 1)
        return false;
    out->run_num = sql_int(s, q, 0);
    out->run_name = long_text(s, q, 1, a);
    out->twin = sql_int(s, q, 2) ? run : 0;
    sql_reset(s, q);
    return true;
}

static bool read_trial(struct sql *s, int64_t trial, struct arena *a, struct store_making *out,
                       struct error *err)
{
    size_t n = 0;
    struct sql_stmt *q = sql_query(s, err,
                                   "SELECT num,recipe_hash,phil,CASE WHEN preview>percent THEN percent ELSE "
                                   "coalesce(preview,0) END FROM trial WHERE id=?",
                                   "i", trial);
    if (!q || need_row(s, q, "trial", trial, err) != 1)
        return false;
    out->trial_num = (uint32_t)sql_int(s, q, 0);
    const uint8_t *hash = sql_bytes(s, q, 1, &n);
    if (n == sizeof out->recipe_hash)
        memcpy(out->recipe_hash, hash, n);
    out->recipe_text = long_text(s, q, 2, a);
    out->preview = (int)sql_int(s, q, 3);
    sql_reset(s, q);
    return true;
}

static bool read_rungroup(struct sql *s, int64_t rungroup, struct arena *a, struct store_making *out,
                          struct error *err)
{
    if (!rungroup)
        return true;
    struct sql_stmt *q = sql_query(s, err, "SELECT phil FROM rungroup WHERE id=?", "i", rungroup);
    if (!q || need_row(s, q, "rungroup", rungroup, err) != 1)
        return false;
    out->rungroup_text = long_text(s, q, 0, a);
    sql_reset(s, q);
    return true;
}

static bool read_task(struct sql *s, int64_t rev, struct arena *a, struct store_making *out,
                      struct error *err)
{
    char kind[33];
    if (!rev)
        return true;
    struct sql_stmt *q = sql_query(s, err,
                                   "SELECT t.id,t.name,t.kind,r.phil,r.resources FROM task_rev r JOIN task t "
                                   "ON t.id=r.task WHERE r.id=?",
                                   "i", rev);
    if (!q || need_row(s, q, "revision of a task", rev, err) != 1)
        return false;
    out->task = sql_int(s, q, 0);
    out->task_name = long_text(s, q, 1, a);
    sql_text(s, q, 2, kind, sizeof kind);
    out->kind = task_kind_find(kind);
    out->task_text = long_text(s, q, 3, a);
    out->resources = long_text(s, q, 4, a);
    sql_reset(s, q);
    return out->kind || error_set(err, ERROR_UNSUPPORTED, "task %s is of a kind that is not known: %s",
                                  out->task_name, kind);
}

static bool read_version(struct sql *s, int64_t version, struct arena *a, struct store_making *out,
                         struct error *err)
{
    if (version <= 0)
        return true;
    struct sql_stmt *q = sql_query(
        s, err,
        "SELECT d.name,v.version FROM dataset_version v JOIN dataset d ON d.id=v.dataset WHERE v.id=?", "i",
        version);
    if (!q || need_row(s, q, "version of a dataset", version, err) != 1)
        return false;
    out->dataset = long_text(s, q, 0, a);
    out->version = (uint32_t)sql_int(s, q, 1);
    sql_reset(s, q);
    return true;
}

static bool read_folder(struct sql *s, const struct campaign_key *k, struct arena *a,
                        struct store_making *out, struct error *err)
{
    struct sql_stmt *q = sql_query(
        s, err, "SELECT folder FROM job WHERE trial=? AND rungroup=? AND run=? AND task_rev=? AND version=?",
        "iiiii", k->trial, k->rungroup, k->run, k->task_rev, k->version);
    int step = sql_step(s, q, err);
    if (step == 1) {
        out->folder = long_text(s, q, 0, a);
        sql_reset(s, q);
    }
    return step >= 0;
}

static bool read_inputs(struct sql *s, int64_t version, int64_t before, struct arena *a,
                        struct store_making *out, struct error *err)
{
    struct sql_stmt *q = before ? sql_query(s, err, "SELECT folder FROM job WHERE id=?", "i", before)
                                : sql_query(s, err,
                                            "SELECT j.folder FROM version_input i JOIN job j ON j.id=i.job "
                                            "WHERE i.version=? ORDER BY j.id",
                                            "i", version);
    int step = q ? 0 : -1;
    while (q && (step = sql_step(s, q, err)) == 1) {
        out->inputs = arena_grow(a, out->inputs, out->n_inputs, sizeof *out->inputs);
        out->inputs[out->n_inputs++] = long_text(s, q, 0, a);
    }
    return step == 0;
}

bool store_read_making(struct store *s, const struct campaign_key *key, int64_t before, struct arena *a,
                       struct store_making *out, struct error *err)
{
    *out = (struct store_making){.run_num = -1,
                                 .kind = TASK_INDEXING,
                                 .run_name = "",
                                 .recipe_text = "",
                                 .rungroup_text = "",
                                 .task_name = "",
                                 .task_text = "",
                                 .resources = "",
                                 .dataset = "",
                                 .folder = ""};
    if (!read_run(&s->sql, key->run, a, out, err) || !read_trial(&s->sql, key->trial, a, out, err))
        return false;
    out->preview = key->version == CAMPAIGN_PREVIEW ? out->preview : 0;
    return read_rungroup(&s->sql, key->rungroup, a, out, err) &&
           read_task(&s->sql, key->task_rev, a, out, err) &&
           read_version(&s->sql, key->version, a, out, err) && read_folder(&s->sql, key, a, out, err) &&
           (!(before || key->version > 0) || read_inputs(&s->sql, key->version, before, a, out, err));
}

bool store_events(struct store *s, int64_t after, size_t limit, struct arena *a, struct store_event **rows,
                  size_t *n, struct error *err)
{
    *rows = NULL;
    *n = 0;
    struct sql_stmt *q = sql_query(&s->sql, err,
                                   "SELECT e.id,e.t,e.run,e.job,e.attempt,e.kind,e.level,r.name,e.body FROM "
                                   "event e LEFT JOIN run r ON r.id=e.run"
                                   " WHERE e.id>? ORDER BY e.id LIMIT ?",
                                   "ii", after, (int64_t)limit);
    int step = q ? 0 : -1;
    while (q && (step = sql_step(&s->sql, q, err)) == 1) {
        *rows = arena_grow(a, *rows, *n, sizeof **rows);
        struct store_event *e = &(*rows)[(*n)++];
        *e = (struct store_event){.id = sql_int(&s->sql, q, 0),
                                  .t = sql_int(&s->sql, q, 1),
                                  .run = sql_int(&s->sql, q, 2),
                                  .job = sql_int(&s->sql, q, 3),
                                  .attempt = sql_int(&s->sql, q, 4),
                                  .level = (int)sql_int(&s->sql, q, 6)};
        sql_text(&s->sql, q, 5, e->kind, sizeof e->kind);
        e->run_name = long_text(&s->sql, q, 7, a);
        e->body = long_text(&s->sql, q, 8, a);
    }
    return step == 0;
}

bool store_last_event(struct store *s, int64_t *id, struct error *err)
{
    return sql_number(&s->sql, id, 0, err, "SELECT max(id) FROM event", "");
}

struct kept {
    const char *name, *text;
};

static bool keep(struct store *s, void *arg, struct error *err)
{
    const struct kept *k = arg;
    return sql_do(&s->sql, NULL, err, "DELETE FROM meta WHERE k=?", "t", k->name) &&
           sql_do(&s->sql, NULL, err, "INSERT INTO meta(k,v) VALUES(?,?)", "tt", k->name, k->text);
}

/* Apart from what the schema keeps in the same table. */
static char *name_of(const char *name, char out[72])
{
    snprintf(out, 72, "word.%.58s", name);
    return out;
}

bool store_keep_word(struct store *s, const char *name, const char *text, struct error *err)
{
    char key[72];
    return store_transaction(s, keep, &(struct kept){name_of(name, key), text}, err);
}

const char *store_kept_word(struct store *s, const char *name, struct arena *a, struct error *err)
{
    char key[72];
    struct sql_stmt *q = sql_query(&s->sql, err, "SELECT v FROM meta WHERE k=?", "t", name_of(name, key));
    if (!q || sql_step(&s->sql, q, err) != 1)
        return NULL;
    const char *text = long_text(&s->sql, q, 0, a);
    sql_reset(&s->sql, q);
    return text;
}
