/* take.c - a job is taken without starting an attempt: to put into the store what journals hold; see keep.h. */
#include "store/folder.h"
#include "store/store_private.h"

#include <stdio.h>
#include <string.h>

bool store_replayable(struct store *store, struct arena *a, struct store_replayable **rows, size_t *n,
                      struct error *err)
{
    struct sql *s = &store->sql;
    struct sql_stmt *q = sql_query(
        s, err,
        "SELECT j.id,j.folder,coalesce((SELECT a.recipe_hash FROM attempt a WHERE a.job=j.id AND a.token>0 "
        "ORDER BY a.no DESC LIMIT 1),t.recipe_hash),t.phil,j.rungroup,g.phil FROM job j JOIN trial t ON "
        "t.id=j.trial LEFT JOIN rungroup g ON g.id=j.rungroup WHERE NOT EXISTS (SELECT 1 FROM event e WHERE "
        "e.job=j.id AND e.kind='pruned') "
        "ORDER BY j.id",
        "");
    int step;
    *rows = NULL;
    *n = 0;
    while ((step = sql_step(s, q, err)) == 1) {
        size_t size = 0;
        *rows = arena_grow(a, *rows, *n, sizeof **rows);
        struct store_replayable *r = *rows + (*n)++;
        r->job = sql_int(s, q, 0);
        char recorded[FOLDER_MAX];
        sql_text(s, q, 1, recorded, sizeof recorded);
        folder_now(s, recorded, r->folder);
        const uint8_t *hash = sql_bytes(s, q, 2, &size);
        if (size == 32)
            hash_hex(hash, 32, r->recipe_hash);
        const char *trial = store_text(s, q, 3, a), *rungroup = store_text(s, q, 5, a);
        r->recipe_text = *rungroup ? arena_printf(a, "%s\n%s", trial, rungroup) : trial;
        r->campaign = sql_int(s, q, 4) != 0;
    }
    return step == 0;
}

/* A lease outlives the connection that the lock went with. */
static bool is_leased(struct sql *s, int64_t job, bool *is, struct error *err)
{
    int64_t now = 0;
    char owner[OWNER] = "";
    *is = false;
    if (!sql_now(s, &now, err))
        return false;
    struct sql_stmt *q = sql_query(
        s, err, "SELECT owner FROM attempt WHERE job=? AND live=1 AND lease_expires>?", "ii", job, now);
    int step = sql_step(s, q, err);
    if (step == 1) {
        sql_text(s, q, 0, owner, sizeof owner);
        sql_reset(s, q);
    }
    *is = step == 1 && !owner_is_dead(owner);
    return step >= 0;
}

/* We hold the lock: whoever still looks alive is dead, and whoever still writes finds its token gone. */
static bool take(struct store *store, void *arg, struct error *err)
{
    struct store_job *out = arg;
    struct sql *s = &store->sql;
    int64_t token = 0;
    if (!is_leased(s, out->job, &out->elsewhere, err))
        return false;
    if (out->elsewhere)
        return error_set(err, ERROR_BUSY, "job %lld is being worked on", (long long)out->job);
    bool ok =
        sql_number(s, &out->attempt, 0, err, "SELECT id FROM attempt WHERE job=? ORDER BY no DESC LIMIT 1",
                   "i", out->job) &&
        sql_number(s, &token, 0, err, "SELECT max(token) FROM attempt WHERE job=?", "i", out->job) &&
        sql_do(s, NULL, err,
               "DELETE FROM roll_change WHERE attempt IN (SELECT id FROM attempt WHERE job=? AND live=1)",
               "i", out->job) &&
        sql_do(s, NULL, err,
               "UPDATE attempt SET live=NULL,state=11,end_kind=6,end_t=?,reason='its process ended without a "
               "word' WHERE job=? AND live=1",
               "ii", clock_now(), out->job) &&
        sql_do(s, NULL, err, "UPDATE job SET state=6 WHERE id=? AND state=2", "i", out->job) &&
        sql_do(s, NULL, err, "UPDATE job SET n_final=NULL WHERE id=?", "i", out->job) &&
        sql_do(s, NULL, err, "UPDATE attempt SET n_new=NULL WHERE job=?", "i", out->job);
    store->token = token + 1;
    return ok &&
           sql_do(s, NULL, err, "UPDATE attempt SET token=? WHERE id=?", "ii", store->token, out->attempt) &&
           sql_do(s, NULL, err,
                  "UPDATE roll SET token=? WHERE attempt IN (SELECT id FROM attempt WHERE job=?)", "ii",
                  store->token, out->job);
}

bool store_take(struct store *s, int64_t job, const double *cell, struct store_job *out, struct error *err)
{
    *out = (struct store_job){.job = job};
    if (!store_lock(s, job, &out->elsewhere, err) || !store_transaction(s, take, out, err))
        return false;
    store_know_job(s, job, cell);
    return store_mend_rolls(s, out, err);
}
