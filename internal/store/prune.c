/* prune.c - rows of frames that nobody looks at any more are deleted, and whole databases; see keep.h.
 *
 * A step deletes at most STEP frames by key with what belongs to them, in a transaction of its own: jobs that run meanwhile wait for
 * no longer than one. The event that says a job is pruned comes with its first step, since from there on its roll-ups
 * cannot be counted again. */
#include "store/book_private.h"
#include "store/folder.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { STEP = 5000 };

/* Done, published, not worked on, with frames: everything about it is in its files and roll-ups. */
#define IS_PRUNABLE                                                                                          \
    "j.state=1 AND j.published=1 AND NOT EXISTS (SELECT 1 FROM attempt x WHERE x.job=j.id AND x.live=1) "    \
    "AND "                                                                                                   \
    "EXISTS (SELECT 1 FROM frame f WHERE f.job=j.id)"

bool store_prunable(struct store *store, const struct store_prune *how, struct arena *a,
                    struct store_prunable **rows, size_t *n, struct error *err)
{
    struct sql *s = &store->sql;
    struct sql_stmt *q = sql_query(
        s, err,
        "SELECT j.id,j.run,t.num,(SELECT max(e.end_t) FROM attempt e WHERE e.job=j.id) "
        "ended,j.folder,(SELECT count(*) "
        "FROM frame c WHERE c.job=j.id),j.rungroup FROM job j JOIN trial t ON t.id=j.trial WHERE " IS_PRUNABLE
        " ORDER BY j.id",
        "");
    int step;
    *rows = NULL;
    *n = 0;
    while ((step = sql_step(s, q, err)) == 1) {
        struct store_prunable row = {.job = sql_int(s, q, 0),
                                     .run = sql_int(s, q, 1),
                                     .trial = sql_int(s, q, 2),
                                     .ended = sql_int(s, q, 3),
                                     .frames = sql_int(s, q, 5),
                                     .campaign = sql_int(s, q, 6) != 0};
        if ((how->trial >= 0 && row.trial != how->trial) || (how->before && row.ended >= how->before))
            continue;
        char recorded[FOLDER_MAX];
        sql_text(s, q, 4, recorded, sizeof recorded);
        folder_now(s, recorded, row.folder);
        *rows = arena_grow(a, *rows, *n, sizeof **rows);
        (*rows)[(*n)++] = row;
    }
    return step == 0;
}

struct prune_work {
    const struct store_prunable *job;
    int64_t deleted; /* by the last step */
    bool last;
};

static bool note_pruning(struct sql *s, const struct store_prunable *j, struct error *err)
{
    int64_t noted = 0;
    char body[128];
    if (!sql_number(s, &noted, 0, err, "SELECT 1 FROM event WHERE job=? AND kind='pruned'", "i", j->job))
        return false;
    snprintf(body, sizeof body, "rows of %s deleted; roll-ups and results are kept",
             COUNT(j->frames, "frame"));
    return noted ||
           sql_do(s, NULL, err,
                  "INSERT INTO event(t,kind,level,run,job,attempt,body) VALUES(?,'pruned',1,?,?,0,?)", "iiit",
                  clock_now(), j->run, j->job, body);
}

/* The key of the last row of a step; *last: there are no more behind it. */
static bool find_bound(struct sql *s, int64_t job, int64_t *source, int64_t *frame, bool *last,
                       struct error *err)
{
    struct sql_stmt *q =
        sql_query(s, err, "SELECT source,frame FROM frame WHERE job=? ORDER BY source,frame LIMIT 1 OFFSET ?",
                  "ii", job, (int64_t)STEP - 1);
    int step = sql_step(s, q, err);
    *last = step != 1;
    *source = *frame = INT64_MAX;
    if (step == 1) {
        *source = sql_int(s, q, 0);
        *frame = sql_int(s, q, 1);
        sql_reset(s, q);
    }
    return step >= 0;
}

/* One step of a job's frames with what belongs to them. */
static bool delete_frames(struct sql *s, int64_t job, int64_t *deleted, bool *last, struct error *err)
{
    static const char *const deletes[] = {
        "DELETE FROM lattice WHERE job=? AND (source<? OR (source=? AND frame<=?))",
        "DELETE FROM failure WHERE job=? AND (source<? OR (source=? AND frame<=?))",
        "DELETE FROM frame WHERE job=? AND (source<? OR (source=? AND frame<=?))", /* counted: the last */
    };
    int64_t source, frame;
    if (!find_bound(s, job, &source, &frame, last, err))
        return false;
    for (size_t i = 0; i < sizeof deletes / sizeof *deletes; i++)
        if (!sql_do(s, deleted, err, deletes[i], "iiii", job, source, source, frame))
            return false;
    return true;
}

static bool delete_step(struct store *store, void *arg, struct error *err)
{
    struct prune_work *w = arg;
    return note_pruning(&store->sql, w->job, err) &&
           delete_frames(&store->sql, w->job->job, &w->deleted, &w->last, err);
}

/* A job's results as if it had never run: the roll-ups too. What its attempts were stays. */
bool book_forget_results(struct store *store, int64_t job, bool *left, struct error *err)
{
    static const char *const rolls[] = {"roll", "roll_minute", "roll_hist", "roll_sample", "roll_change"};
    struct sql *s = &store->sql;
    int64_t deleted = 0;
    bool last = true;
    if (!delete_frames(s, job, &deleted, &last, err))
        return false;
    *left = !last;
    for (size_t i = 0; last && i < sizeof rolls / sizeof *rolls; i++) {
        struct str text = {0};
        str_printf(&text, "DELETE FROM `%s` WHERE attempt IN (SELECT id FROM attempt WHERE job=?)", rolls[i]);
        bool ok = sql_do(s, NULL, err, text.text, "i", job);
        str_free(&text);
        if (!ok)
            return false;
    }
    return !last || (sql_do(s, NULL, err, "DELETE FROM refused WHERE job=?", "i", job) &&
                     sql_do(s, NULL, err, "DELETE FROM label_count WHERE job=?", "i", job) &&
                     sql_do(s, NULL, err,
                            "DELETE FROM attempt_calib WHERE attempt IN (SELECT id FROM attempt WHERE job=?)",
                            "i", job) &&
                     sql_do(s, NULL, err, "DELETE FROM event WHERE job=? AND kind='pruned'", "i", job) &&
                     sql_do(s, NULL, err, "UPDATE attempt SET n_new=0 WHERE job=?", "i", job));
}

/* What is the job's as a whole. Labels are a run's: they go with its last frame. */
static bool delete_rest(struct store *store, void *arg, struct error *err)
{
    struct prune_work *w = arg;
    struct sql *s = &store->sql;
    return sql_do(s, NULL, err, "DELETE FROM refused WHERE job=?", "i", w->job->job) &&
           sql_do(s, NULL, err,
                  "DELETE FROM frame_label WHERE run=? AND NOT EXISTS (SELECT 1 FROM frame f JOIN job j ON "
                  "j.id=f.job "
                  "WHERE j.run=?)",
                  "ii", w->job->run, w->job->run);
}

bool store_prune_job(struct store *s, const struct store_prunable *job, const struct store_progress *progress,
                     int64_t *frames, struct error *err)
{
    struct prune_work w = {.job = job};
    *frames = 0;
    while (!w.last) {
        if (!store_transaction(s, delete_step, &w, err))
            return false;
        *frames += w.deleted;
        if (progress)
            progress->say(progress->arg, "frame", *frames);
    }
    return store_transaction(s, delete_rest, &w, err);
}

/* ---- a whole database ---- */

/* Somebody else's table in the same database: not ours to delete. */
static bool only_ours(struct store *store, struct error *err)
{
    static const char *const tables[] = {
        [DIALECT_SQLITE] = "SELECT name FROM sqlite_schema WHERE type='table' AND name NOT LIKE 'sqlite_%'",
        [DIALECT_MARIADB] =
            "SELECT table_name FROM information_schema.tables WHERE table_schema=database() AND "
            "table_type='BASE TABLE'",
    };
    struct sql *s = &store->sql;
    char name[128], other[128] = "";
    bool ours = false;
    struct sql_stmt *q = sql_query(s, err, tables[s->ops->dialect], "");
    int step;
    while ((step = sql_step(s, q, err)) == 1) {
        sql_text(s, q, 0, name, sizeof name);
        ours = ours || !strcmp(name, "attempt");
        if (!schema_find(name))
            snprintf(other, sizeof other, "%s", name);
    }
    if (step < 0)
        return false;
    if (*other || !ours)
        return error_set(err, ERROR_USAGE,
                         *other ? "%s holds tables that are not ours: %s" : "%s is no database of xfelx",
                         sql_name(s), other),
               error_hint(err, "it is left as it is");
    return true;
}

static bool remove_file(const char *file, struct error *err)
{
    static const char *const beside[] = {"-wal", "-shm", "-journal", ".lock"};
    if (unlink(file) != 0)
        return error_system(err, ERROR_FAILED, "cannot remove %s", file);
    for (size_t i = 0; i < sizeof beside / sizeof *beside; i++) {
        struct str name = {0};
        str_printf(&name, "%s%s", file, beside[i]);
        unlink(name.text);
        str_free(&name);
    }
    return true;
}

bool store_drop(struct store *s, struct error *err)
{
    bool elsewhere = false;
    struct str text = {0};
    if (!only_ours(s, err))
        return false;
    if (s->sql.ops->dialect == DIALECT_SQLITE) {
        if (!store_lock(s, 0, &elsewhere, err))
            return false;
        char *file = arena_strdup(&s->arena, s->sql.options.file);
        sql_close(&s->sql);
        bool ok = remove_file(file, err);
        store_unlock(s);
        return ok;
    }
    if (store_anybody_works(s))
        return error_set(err, ERROR_BUSY, "a job is at work on %s", sql_name(&s->sql)),
               error_hint(err, "`xfelx db status` names it");
    str_printf(&text, "DROP DATABASE `%s`", s->sql.options.name);
    bool ok = sql_script(&s->sql, text.text, err);
    str_free(&text);
    return ok;
}
