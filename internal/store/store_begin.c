/* store_begin.c - run, trial, job and attempt of a `process` alone: found or made, and begun; see store.h. Its end: attempt.c.
 *
 * Everything is idempotent by key: run by path_hash, trial by recipe hash, job by its five parts. Whether an attempt that looks
 * alive still is, is decided by a lock that goes with its process, not by a time: a crashed command can be repeated at once. */
#include "store/store_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- beginning ---- */

static bool add_sources(struct sql *s, const struct store_begin *b, int64_t run, struct error *err)
{
    enum { COLUMNS = 9 };
    struct arena a = {0};
    struct sql_value *rows = arena_array(&a, b->n_sources * COLUMNS + 1, sizeof *rows), *v = rows;
    for (size_t i = 0; i < b->n_sources; i++) {
        const struct store_source *f = b->sources + i;
        uint8_t *hash = arena_alloc(&a, 32);
        sha256(f->path, strlen(f->path), hash);
        *v++ = sql_i(run);
        *v++ = sql_i((int64_t)i);
        *v++ = sql_b(f->path, strlen(f->path));
        *v++ = sql_b(hash, 16);
        *v++ = sql_i(f->size);
        *v++ = sql_i(f->mtime);
        *v++ = sql_i(f->n_frames);
        *v++ = sql_t(f->format);
        *v++ = sql_i(f->size >= 0);
    }
    bool ok = sql_insert(s, "source", MEETING_KEEPS, rows, b->n_sources, NULL, err);
    arena_free(&a);
    return ok;
}

static bool find_run(struct sql *s, const struct store_begin *b, int64_t *run, struct error *err)
{
    int64_t bytes = 0, here = 0, order = 0, now = clock_now();
    for (size_t i = 0; i < b->n_sources; i++)
        if (b->sources[i].size >= 0)
            bytes += b->sources[i].size, here++;
    bool ok =
        sql_number(s, &order, 0, err, "SELECT max(ord) FROM run", "") &&
        sql_do(s, NULL, err,
               "INSERT INTO "
               "run(ord,num,name,path,path_hash,facility,state,state_t,seen,n_files,n_here,bytes,bytes_here,"
               "n_frames,readable,ignored) VALUES(?,NULL,?,?,?,'process',3,?,?,?,?,?,?,?,1,0) {keep id}",
               "itbbiiiiiii", order + 1, b->run_name, b->folder, (int)strlen(b->folder), b->run_hash, 16, now,
               now, (int64_t)b->n_sources, here, bytes, bytes, (int64_t)b->n_expected);
    ok = ok && sql_number(s, run, 0, err, "SELECT id FROM run WHERE path_hash=?", "b", b->run_hash, 16);
    return ok && add_sources(s, b, *run, err);
}

/* Frames are known by the number of their source: the same files in another order would be taken for each other. */
static bool same_order(struct sql *s, const struct store_begin *b, int64_t run, struct error *err)
{
    struct sql_stmt *q = sql_query(s, err, "SELECT path_hash FROM source WHERE run=? ORDER BY no", "i", run);
    size_t same = 0;
    int step;
    for (size_t i = 0; (step = sql_step(s, q, err)) == 1; i++) {
        uint8_t hash[32];
        size_t n = 0;
        const uint8_t *stands = sql_bytes(s, q, 0, &n);
        if (i >= b->n_sources)
            continue;
        sha256(b->sources[i].path, strlen(b->sources[i].path), hash);
        same += n == 16 && memcmp(stands, hash, 16) == 0;
    }
    if (step < 0)
        return false;
    if (same == b->n_sources)
        return true;
    error_set(err, ERROR_USAGE, "run %s was begun with the same files in another order", b->run_name);
    return error_hint(err, "give the same command again, or another output.output_dir");
}

static bool find_trial(struct sql *s, const struct store_begin *b, int64_t *trial, struct error *err)
{
    int64_t number = 0;
    return sql_number(s, trial, 0, err, "SELECT id FROM trial WHERE recipe_hash=?", "b", b->recipe_hash,
                      32) &&
           (*trial || (sql_number(s, &number, 0, err, "SELECT max(num) FROM trial", "") &&
                       sql_do(s, NULL, err,
                              "INSERT INTO trial(num,recipe_hash,phil,body,active,used,created,who) "
                              "VALUES(?,?,?,'',1,1,?,'')",
                              "ibti", number + 1, b->recipe_hash, 32, b->recipe_text, clock_now()) &&
                       sql_number(s, trial, 0, err, "SELECT id FROM trial WHERE recipe_hash=?", "b",
                                  b->recipe_hash, 32)));
}

bool store_count_done(struct sql *s, int64_t job, int64_t *done, struct error *err)
{
    return sql_number(
        s, done, 0, err,
        "SELECT sum(r.frames) FROM roll r JOIN attempt a ON a.id=r.attempt WHERE a.job=? AND r.label=0", "i",
        job);
}

static bool folder_is_taken(struct sql *s, struct sql_stmt *q, const struct store_begin *b, bool works,
                            int64_t trial, struct error *err)
{
    char hash[65] = "", name[256];
    const char *what = works ? "are being made in" : "are in";
    size_t n = 0;
    const uint8_t *bytes = sql_bytes(s, q, 0, &n);
    if (n == 32)
        hash_hex(bytes, 32, hash);
    sql_text(s, q, 1, name, sizeof name);
    if (sql_int(s, q, 2) == trial)
        error_set(err, ERROR_USAGE, "results of run %s %s %s", name, what, b->folder);
    else
        error_set(err, ERROR_USAGE, "results of trial %.16s (other parameters) %s %s", hash, what, b->folder);
    error_hint(err, "give another output.output_dir");
    sql_reset(s, q);
    return false;
}

/* Files of two jobs in one folder would overwrite each other. A job of which nothing could be read (a mistyped name) left none; one
 * that a process works on now may still do so. */
static bool folder_is_free(struct store *store, const struct store_begin *b, int64_t job, int64_t trial,
                           struct error *err)
{
    struct sql *s = &store->sql;
    struct sql_stmt *q = sql_query(
        s, err,
        "SELECT t.recipe_hash,r.name,j.trial,j.id,EXISTS(SELECT 1 FROM frame f WHERE f.job=j.id AND "
        "f.outcome<6) FROM job j JOIN trial t ON t.id=j.trial JOIN run r ON r.id=j.run "
        "WHERE j.folder=? AND j.id<>?",
        "ti", b->folder, job);
    int step;
    while ((step = sql_step(s, q, err)) == 1) {
        bool has_results = sql_int(s, q, 4), works = !has_results && store_is_alive(store, sql_int(s, q, 3));
        if (has_results || works)
            return folder_is_taken(s, q, b, works, trial, err);
    }
    return step == 0;
}

static bool find_job(struct sql *s, const struct store_begin *b, int64_t run, int64_t trial,
                     struct store_job *out, struct error *err)
{
    int64_t now = clock_now();
    return sql_do(
               s, NULL, err,
               "INSERT INTO "
               "job(trial,rungroup,run,task_rev,version,state,state_t,n_expected,n_tries,cancelled,published,"
               "preview,folder,created) VALUES(?,0,?,0,0,8,?,?,0,0,0,0,?,?) {keep id}",
               "iiiiti", trial, run, now, (int64_t)b->n_expected, b->folder, now) &&
           sql_number(
               s, &out->job, 0, err,
               "SELECT id FROM job WHERE trial=? AND rungroup=0 AND run=? AND task_rev=0 AND version=0", "ii",
               trial, run) &&
           sql_do(s, NULL, err, "UPDATE job SET n_expected=? WHERE id=?", "ii", (int64_t)b->n_expected,
                  out->job);
}

static bool start_attempt(struct store *store, const struct store_begin *b, struct store_job *out,
                          struct error *err)
{
    struct sql *s = &store->sql;
    int64_t now = clock_now(), no = 0, ranks = 0, done = 0, token = 0;
    uint8_t none[32] = {0};
    /* we hold the lock: whoever still looks alive is dead, and what its slow rows lack is made up for (store_mend_rolls) */
    bool ok =
        sql_do(s, NULL, err,
               "DELETE FROM roll_change WHERE attempt IN (SELECT id FROM attempt WHERE job=? AND live=1)",
               "i", out->job) &&
        sql_do(s, NULL, err,
               "UPDATE attempt SET live=NULL,state=11,end_kind=6,end_t=?,reason='its process ended "
               "without a word' WHERE job=? AND live=1",
               "ii", now, out->job) &&
        sql_number(s, &no, 0, err, "SELECT max(no) FROM attempt WHERE job=?", "i", out->job) &&
        sql_number(s, &token, 0, err, "SELECT max(token) FROM attempt WHERE job=?", "i", out->job) &&
        sql_number(s, &ranks, 0, err, "SELECT max(n_ranks) FROM attempt WHERE job=?", "i", out->job);
    out->earlier_ranks = (uint32_t)ranks;
    char name[64];
    snprintf(name, sizeof name, "process-%lld-%lld", (long long)out->job, (long long)no + 1);
    ok = ok &&
         sql_do(s, NULL, err,
                "INSERT INTO "
                "attempt(job,no,name,live,state,end_kind,token,lease_expires,scheduler,start_t,host,n_ranks,"
                "n_threads,program,binary_hash,recipe_hash,n_pending,db_lag) "
                "VALUES(?,?,?,1,6,0,?,0,'local',?,?,?,?,?,?,?,0,0)",
                "iitiitiitbb", out->job, no + 1, name, token + 1, now, b->host, (int64_t)b->n_ranks,
                (int64_t)b->n_threads, b->program, none, 32, b->recipe_hash, 32);
    out->attempt = ok ? s->ops->last_id(s) : 0;
    if (ok && out->attempt <= b->last_attempt) { /* a number names a journal, and must be a new one */
        ok = sql_do(s, NULL, err, "UPDATE attempt SET id=? WHERE id=?", "ii", b->last_attempt + 1,
                    out->attempt);
        out->attempt = b->last_attempt + 1;
    }
    store->token = token + 1;
    /* whoever still writes for an earlier attempt finds its token gone */
    ok = ok &&
         sql_do(s, NULL, err, "UPDATE roll SET token=? WHERE attempt IN (SELECT id FROM attempt WHERE job=?)",
                "ii", token + 1, out->job) &&
         store_count_done(s, out->job, &done, err) &&
         sql_do(s, NULL, err, "UPDATE job SET state=2,state_t=?,n_tries=?,n_final=NULL WHERE id=?", "iii",
                now, no + 1, out->job);
    out->n_done = (uint64_t)done;
    return ok;
}

struct begin_work {
    const struct store_begin *begin;
    struct store_job *out;
    int64_t trial;
};

/* A source as it is now, where its row says something else. grown: the same file with more frames at its end, as far as one can tell. */
struct changed {
    size_t no;
    int64_t size;
    bool grown;
};

static bool find_changed(struct sql *s, const struct store_begin *b, int64_t run, struct arena *a,
                         struct changed **out, size_t *n, struct error *err)
{
    struct sql_stmt *q = sql_query(
        s, err, "SELECT no,size,mtime,n_frames,format,path FROM source WHERE run=? ORDER BY no", "i", run);
    int step;
    *n = 0;
    *out = NULL;
    while ((step = sql_step(s, q, err)) == 1) {
        char format[33];
        size_t length, no = (size_t)sql_int(s, q, 0);
        int64_t size = sql_int(s, q, 1), frames = sql_int(s, q, 3);
        sql_text(s, q, 4, format, sizeof format);
        const uint8_t *path = sql_bytes(s, q, 5, &length);
        if (no >= b->n_sources) /* gone from the list */
            continue;
        const struct store_source *f = b->sources + no;
        if (f->n_frames == 0 || strlen(f->path) != length || memcmp(f->path, path, length) != 0 ||
            (f->size == size && f->n_frames == frames))
            continue; /* not here yet; or in another order: said later */
        /* what could not be read before may have become readable, and what is gone fails by name */
        bool grown =
            size < 0 || f->size < 0 || !*format || !f->format || (f->size > size && f->n_frames > frames);
        *out = arena_grow(a, *out, *n, sizeof **out);
        (*out)[(*n)++] = (struct changed){no, size, grown};
    }
    return step == 0;
}

bool store_same_files(struct sql *s, const struct store_begin *b, int64_t run, int64_t job, struct error *err)
{
    struct arena a = {0};
    struct changed *changed;
    size_t n;
    int64_t done = 0;
    bool ok =
        find_changed(s, b, run, &a, &changed, &n, err) && (n == 0 || store_count_done(s, job, &done, err));
    for (size_t i = 0; ok && i < n; i++) {
        const struct store_source *f = b->sources + changed[i].no;
        if (done && !changed[i].grown) {
            ok = error_set(err, ERROR_USAGE, "%s is not the file that was processed", f->path);
            error_detail(err, "it had %s and has %lld; %s of the run are done",
                         COUNT(changed[i].size, "byte"), (long long)f->size, COUNT(done, "frame"));
            error_hint(err, "%s, or put the old file back",
                       b->given ? "move the file to a new name: it is another run then"
                                : "give another output.output_dir (on a server: another db.name)");
            break;
        }
        ok = sql_do(s, NULL, err,
                    "UPDATE source SET size=?,mtime=?,n_frames=?,format=?,here=? WHERE run=? AND no=?",
                    "iiitiii", f->size, f->mtime, (int64_t)f->n_frames, f->format, (int64_t)(f->size >= 0),
                    run, (int64_t)changed[i].no);
    }
    arena_free(&a);
    return ok;
}

/* Run, trial and job. */
static bool find_all(struct store *store, void *arg, struct error *err)
{
    struct begin_work *w = arg;
    struct sql *s = &store->sql;
    return find_run(s, w->begin, &w->out->run_number, err) && find_trial(s, w->begin, &w->trial, err) &&
           find_job(s, w->begin, w->out->run_number, w->trial, w->out, err) &&
           store_same_files(s, w->begin, w->out->run_number, w->out->job, err) &&
           folder_is_free(store, w->begin, w->out->job, w->trial, err); /* refused: no row is left of it */
}

static bool read_folder(struct sql *s, struct store_job *out, struct error *err)
{
    struct sql_stmt *q = sql_query(s, err, "SELECT folder FROM job WHERE id=?", "i", out->job);
    int step = sql_step(s, q, err);
    if (step == 1) {
        sql_text(s, q, 0, out->folder, sizeof out->folder);
        sql_reset(s, q);
    }
    return step >= 0;
}

/* Other jobs of the folder, of which nothing was found and whose processes are gone: their command would be refused now. */
static bool retire_others(struct sql *s, const struct store_begin *b, int64_t job, struct error *err)
{
    int64_t now = clock_now();
    return sql_do(s, NULL, err,
                  "UPDATE attempt SET live=NULL,state=11,end_kind=6,end_t=?,reason='another job was begun in "
                  "its folder' WHERE live=1 AND job IN (SELECT id FROM job WHERE folder=? AND id<>?)",
                  "iti", now, b->folder, job) &&
           sql_do(s, NULL, err, "UPDATE job SET state=4,state_t=? WHERE folder=? AND id<>? AND state=2",
                  "iti", now, b->folder, job);
}

static bool start_work(struct store *store, void *arg, struct error *err)
{
    struct begin_work *w = arg;
    struct sql *s = &store->sql;
    int64_t published = 0, done = 0;
    /* asked again under the lock: another one may have begun meanwhile */
    if (!folder_is_free(store, w->begin, w->out->job, w->trial, err) ||
        !sql_number(s, &published, 0, err, "SELECT published FROM job WHERE id=? AND state=1", "i",
                    w->out->job))
        return false;
    if (published && !store_count_done(s, w->out->job, &done, err))
        return false;
    published = published && done >= (int64_t)w->begin->n_expected; /* a run that has grown goes on */
    w->out->finished = published;
    if (published && !read_folder(s, w->out, err))
        return false;
    return published ||
           (same_order(s, w->begin, w->out->run_number, err) &&
            retire_others(s, w->begin, w->out->job, err) && start_attempt(store, w->begin, w->out, err));
}

void store_know_job(struct store *s, int64_t job, const double *cell)
{
    s->job = job;
    s->cell_known = cell != NULL;
    if (cell)
        memcpy(s->cell, cell, sizeof s->cell);
}

bool store_begin(struct store *s, const struct store_begin *b, struct store_job *out, struct error *err)
{
    *out = (struct store_job){0};
    if (b->given)
        return store_begin_given(s, b, out, err);
    struct begin_work w = {.begin = b, .out = out};
    bool ok = store_transaction(s, find_all, &w, err) && store_lock(s, out->job, &out->elsewhere, err) &&
              store_transaction(s, start_work, &w, err);
    store_know_job(s, out->job, b->cell);
    ok = ok && (out->finished || store_mend_rolls(s, out, err));
    s->working = ok && !out->finished;
    return ok;
}
