/* store.c - writing: open and migrate, begin an attempt, put results, end it. See store.h.
 *
 * Everything is idempotent by key: run by path_hash, trial by recipe hash, job by its five parts, frame by
 * (job, source, frame). Whether an attempt that looks alive still is, is decided by a lock that the kernel
 * drops when its process dies, not by a time: a crashed command can be repeated at once. */
#include "store/store_private.h"

#include "store/pack.h"
#include "store/schema.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

/* ---- opening ---- */

static bool schema_version(struct sql *s, int64_t *version, struct error *err)
{
    int64_t n = 0;
    if (!sql_number(s, &n, 0, err, "SELECT count(*) FROM sqlite_schema WHERE type='table' AND name='meta'",
                    ""))
        return false;
    *version = 0;
    return n == 0 ||
           sql_number(s, version, 0, err, "SELECT CAST(v AS INTEGER) FROM meta WHERE k='schema'", "");
}

static bool make_step(struct sql *s, const struct schema_step *step, struct error *err)
{
    struct str sql = {0};
    for (size_t i = 0; i < step->n_tables; i++)
        schema_sqlite(step->tables + i, &sql);
    bool ok = sql_script(s, sql.text, err);
    str_free(&sql);
    char number[16];
    snprintf(number, sizeof number, "%d", step->version);
    ok = ok &&
         sql_do(s, NULL, err, "INSERT INTO meta(k,v) VALUES('schema',?1) ON CONFLICT(k) DO UPDATE SET v=?1",
                "t", number);
    ok = ok && sql_do(s, NULL, err,
                      "INSERT OR IGNORE INTO meta(k,v) VALUES('min_reader','1'),('min_writer','1')", "");
    return ok && sql_do(s, NULL, err, "INSERT INTO migration(step,t,done,by,version) VALUES(?,?,1,'','')",
                        "ii", (int64_t)step->version, clock_now());
}

static bool migrate(struct sql *s, struct error *err)
{
    if (!sql_begin(s, err))
        return false;
    int64_t version = 0;
    bool ok = schema_version(s, &version, err);
    for (size_t i = 0; ok && i < schema_n_steps; i++)
        if (schema_steps[i].version > version)
            ok = make_step(s, schema_steps + i, err);
    if (ok)
        return sql_commit(s, err);
    sql_rollback(s);
    return false;
}

bool store_open(const char *path, bool read_only, struct store **out, struct error *err)
{
    struct store *s = calloc(1, sizeof *s);
    if (!s)
        return error_set(err, ERROR_MEMORY, "out of memory");
    s->lock = -1;
    int64_t version = 0;
    bool ok = sql_open(&s->sql, path, read_only, err) && schema_version(&s->sql, &version, err);
    if (ok && version > SCHEMA_VERSION) {
        ok = error_set(err, ERROR_FAILED,
                       "the database %s is of a newer xfelx (schema %d; this one knows up to %d)", path,
                       (int)version, SCHEMA_VERSION);
        error_hint(err, "use the newer program, or another folder");
    } else if (ok && version == 0 && read_only) {
        ok = error_set(err, ERROR_FAILED, "%s is no database of xfelx", path);
    } else if (ok && !read_only) {
        ok = migrate(&s->sql, err);
    }
    if (!ok) {
        store_close(s);
        return false;
    }
    *out = s;
    return true;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    sql_close(&s->sql);
    if (s->lock >= 0)
        close(s->lock);
    free(s);
}

/* ---- beginning ---- */

/* Only one process at a time works on what a database file holds. */
static bool take_lock(struct store *s, bool *elsewhere, struct error *err)
{
    struct str name = {0};
    str_printf(&name, "%s.lock", s->sql.path);
    s->lock = open(name.text, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    bool ok = s->lock >= 0 || error_system(err, ERROR_FAILED, "cannot make %s", name.text);
    int busy = ok ? flock(s->lock, LOCK_EX | LOCK_NB) : 0;
    /* store_is_alive holds it for a moment */
    for (int i = 0; busy != 0 && errno == EWOULDBLOCK && i < 10; i++) {
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
        busy = flock(s->lock, LOCK_EX | LOCK_NB);
    }
    if (busy != 0) {
        /* a file system without locks lets everybody in: nothing better is to be had there */
        *elsewhere = errno == EWOULDBLOCK;
        ok = !*elsewhere || error_set(err, ERROR_BUSY, "another xfelx is working with %s", s->sql.path);
        if (!ok)
            error_hint(err, "`xfelx status` shows how far it is");
    }
    str_free(&name);
    return ok;
}

bool store_is_alive(const struct store *s)
{
    struct str name = {0};
    str_printf(&name, "%s.lock", s->sql.path);
    int fd = open(name.text, O_RDONLY | O_CLOEXEC);
    bool alive = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (fd >= 0)
        close(fd);
    str_free(&name);
    return alive;
}

static bool find_run(struct sql *s, const struct store_begin *b, int64_t *run, struct error *err)
{
    int64_t bytes = 0, here = 0;
    for (size_t i = 0; i < b->n_sources; i++)
        if (b->sources[i].size >= 0)
            bytes += b->sources[i].size, here++;
    bool ok =
        sql_do(s, NULL, err,
               "INSERT INTO "
               "run(ord,num,name,path,path_hash,facility,state,state_t,seen,n_files,n_here,bytes,bytes_here,"
               "n_frames,readable,ignored) SELECT "
               "coalesce(max(ord),0)+1,NULL,?1,?2,?3,'standalone',3,?4,?4,?5,?6,?7,?7,?8,1,0"
               " FROM run WHERE true ON CONFLICT(path_hash) DO NOTHING",
               "tbbiiiii", b->run_name, b->folder, (int)strlen(b->folder), b->run_hash, 16, clock_now(),
               (int64_t)b->n_sources, here, bytes, (int64_t)b->n_expected);
    ok = ok && sql_number(s, run, 0, err, "SELECT id FROM run WHERE path_hash=?", "b", b->run_hash, 16);
    for (size_t i = 0; ok && i < b->n_sources; i++) {
        const struct store_source *f = b->sources + i;
        uint8_t hash[32];
        sha256(f->path, strlen(f->path), hash);
        ok = sql_do(s, NULL, err,
                    "INSERT INTO source(run,no,path,path_hash,size,mtime,n_frames,format,here) "
                    "VALUES(?,?,?,?,?,?,?,?,?) "
                    "ON CONFLICT DO NOTHING",
                    "iibbiiiti", *run, (int64_t)i, f->path, (int)strlen(f->path), hash, 16, f->size, f->mtime,
                    (int64_t)f->n_frames, f->format, (int64_t)(f->size >= 0));
    }
    return ok;
}

/* Frames are known by the number of their source: the same files in another order would be taken for each other. */
static bool same_order(struct sql *s, const struct store_begin *b, int64_t run, struct error *err)
{
    for (size_t i = 0; i < b->n_sources; i++) {
        uint8_t hash[32];
        int64_t same = 0;
        sha256(b->sources[i].path, strlen(b->sources[i].path), hash);
        if (!sql_number(s, &same, 0, err, "SELECT 1 FROM source WHERE run=? AND no=? AND path_hash=?", "iib",
                        run, (int64_t)i, hash, 16))
            return false;
        if (!same)
            return error_set(err, ERROR_USAGE, "run %s was begun with the same files in another order",
                             b->run_name),
                   error_hint(err, "give the same command again, or another output.output_dir");
    }
    return true;
}

static bool find_trial(struct sql *s, const struct store_begin *b, int64_t *trial, struct error *err)
{
    return sql_number(s, trial, 0, err, "SELECT id FROM trial WHERE recipe_hash=?", "b", b->recipe_hash,
                      32) &&
           (*trial || (sql_do(s, NULL, err,
                              "INSERT INTO trial(num,recipe_hash,phil,body,active,used,created,who) "
                              "SELECT coalesce(max(num),0)+1,?1,?2,'',1,1,?3,'' FROM trial",
                              "bti", b->recipe_hash, 32, b->recipe_text, clock_now()) &&
                       sql_number(s, trial, 0, err, "SELECT id FROM trial WHERE recipe_hash=?", "b",
                                  b->recipe_hash, 32)));
}

/* Files of two jobs in one folder would overwrite each other. A job of which nothing could be read (a mistyped name) left none. */
static bool folder_is_free(struct sql *s, const struct store_begin *b, int64_t run, int64_t trial,
                           struct error *err)
{
    sqlite3_stmt *q = sql_query(
        s, err,
        "SELECT t.recipe_hash, r.name, j.trial=?3 FROM job j JOIN trial t ON t.id=j.trial JOIN run r ON "
        "r.id=j.run WHERE j.folder=?1 AND NOT (j.run=?2 AND j.trial=?3) AND EXISTS(SELECT 1 FROM frame f "
        "WHERE "
        "f.job=j.id AND f.outcome<6) LIMIT 1",
        "tii", b->folder, run, trial);
    int step = sql_step(s, q, err);
    if (step <= 0)
        return step == 0;
    char hash[65] = "";
    if (sqlite3_column_bytes(q, 0) == 32)
        hash_hex(sqlite3_column_blob(q, 0), 32, hash);
    if (sqlite3_column_int(q, 2))
        error_set(err, ERROR_USAGE, "results of run %s are in %s", (const char *)sqlite3_column_text(q, 1),
                  b->folder);
    else
        error_set(err, ERROR_USAGE, "results of trial %.16s (other parameters) are in %s", hash, b->folder);
    error_hint(err, "give another output.output_dir");
    sql_reset(q);
    return false;
}

static bool find_job(struct sql *s, const struct store_begin *b, int64_t run, int64_t trial,
                     struct store_job *out, struct error *err)
{
    return sql_do(
               s, NULL, err,
               "INSERT INTO "
               "job(trial,rungroup,run,task_rev,version,state,state_t,n_expected,n_tries,cancelled,published,"
               "preview,folder,created) VALUES(?1,0,?2,0,0,8,?3,?4,0,0,0,0,?5,?3) ON CONFLICT DO NOTHING",
               "iiiit", trial, run, clock_now(), (int64_t)b->n_expected, b->folder) &&
           sql_number(
               s, &out->job, 0, err,
               "SELECT id FROM job WHERE trial=? AND rungroup=0 AND run=? AND task_rev=0 AND version=0", "ii",
               trial, run) &&
           sql_do(s, NULL, err, "UPDATE job SET n_expected=? WHERE id=?", "ii", (int64_t)b->n_expected,
                  out->job);
}

static bool start_attempt(struct sql *s, const struct store_begin *b, struct store_job *out,
                          struct error *err)
{
    int64_t now = clock_now(), no = 0, ranks = 0;
    uint8_t none[32] = {0};
    /* we hold the lock: whoever still looks alive is dead */
    bool ok = sql_do(s, NULL, err,
                     "UPDATE attempt SET live=NULL,state=11,end_kind=6,end_t=?,reason='its process ended "
                     "without a word' WHERE job=? AND live=1",
                     "ii", now, out->job) &&
              sql_number(s, &no, 0, err, "SELECT max(no) FROM attempt WHERE job=?", "i", out->job) &&
              sql_number(s, &ranks, 0, err, "SELECT max(n_ranks) FROM attempt WHERE job=?", "i", out->job);
    out->earlier_ranks = (uint32_t)ranks;
    char name[64];
    snprintf(name, sizeof name, "process-%lld-%lld", (long long)out->job, (long long)no + 1);
    ok = ok &&
         sql_do(s, NULL, err,
                "INSERT INTO "
                "attempt(job,no,name,live,state,end_kind,token,lease_expires,scheduler,start_t,host,n_ranks,"
                "n_threads,program,binary_hash,recipe_hash,n_pending,db_lag) "
                "VALUES(?,?,?,1,6,0,0,0,'local',?,?,?,?,?,?,?,0,0)",
                "iititiitbb", out->job, no + 1, name, now, b->host, (int64_t)b->n_ranks,
                (int64_t)b->n_threads, b->program, none, 32, b->recipe_hash, 32);
    out->attempt = sqlite3_last_insert_rowid(s->db);
    int64_t done = 0;
    ok = ok && sql_number(s, &done, 0, err, "SELECT count(*) FROM frame WHERE job=?", "i", out->job) &&
         sql_do(s, NULL, err, "UPDATE job SET state=2,state_t=?,n_tries=? WHERE id=?", "iii", now, no + 1,
                out->job);
    out->n_done = (uint64_t)done;
    return ok;
}

bool store_begin(struct store *s, const struct store_begin *b, struct store_job *out, struct error *err)
{
    *out = (struct store_job){0};
    int64_t trial = 0, published = 0;
    if (!take_lock(s, &out->elsewhere, err) || !sql_begin(&s->sql, err))
        return false;
    bool ok = find_run(&s->sql, b, &out->run_number, err) && find_trial(&s->sql, b, &trial, err) &&
              folder_is_free(&s->sql, b, out->run_number, trial, err) &&
              find_job(&s->sql, b, out->run_number, trial, out, err) &&
              sql_number(&s->sql, &published, 0, err, "SELECT published FROM job WHERE id=? AND state=1", "i",
                         out->job);
    out->finished = ok && published;
    if (ok && !published)
        ok = same_order(&s->sql, b, out->run_number, err) && start_attempt(&s->sql, b, out, err);
    if (ok)
        return sql_commit(&s->sql, err);
    sql_rollback(&s->sql);
    return false;
}

/* ---- results ---- */

static int64_t or_zero(int64_t v)
{
    return v == INT64_MIN ? 0 : v;
}

static bool put_lattice(struct sql *s, const struct store_job *j, const struct result *r, uint32_t n,
                        const char *recipe_hash, struct error *err)
{
    const struct lattice *l = r->lattices + n;
    uint8_t mat[72], free_cell[48], free_cov[84], shells[110], ident[16];
    pack_reals(l->A, 9, mat);
    pack_reals(l->free_cell, 6, free_cell);
    pack_floats(l->free_cov, 21, free_cov);
    store_shells(r, n, shells);
    experiment_identifier(r->id.path, r->id.frame, n, recipe_hash, ident, NULL);
    double rmsd = hypot(l->rmsd_x, l->rmsd_y);
    return sql_do(
        s, NULL, err,
        "INSERT INTO lattice(job,source,frame,lattice,reason,cell_no,n_indexed,n_integrated,evidence,rmsd_px,"
        "rmsd_psi,res_a,eta_deg,dom_a,dx_px,dy_px,a,b,c,al,be,ga,mat,free_cell,free_cov,shells,ident) "
        "VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING",
        "iiiiiiiiddddddddddddddbbbbb", j->job, (int64_t)r->id.source, (int64_t)r->id.frame, (int64_t)n,
        (int64_t)l->reason, (int64_t)l->cell_no, (int64_t)l->n_indexed, (int64_t)l->n_integrated,
        isfinite(l->evidence) ? l->evidence : 0.0, rmsd, l->rmsd_psi, l->res_a > 0 ? l->res_a : NAN,
        2 * l->half_mosaicity_deg, l->domain_size_ang, l->shift_px[0], l->shift_px[1], l->cell[0], l->cell[1],
        l->cell[2], l->cell[3], l->cell[4], l->cell[5], mat, 72, free_cell, 48, free_cov, 84, shells, 110,
        ident, 16);
}

/* What an earlier attempt, which did not publish, said about this frame: its files are made anew from what this attempt finds,
 * and the rows must say the same as the files. */
static bool drop_earlier(struct sql *s, const struct store_job *j, const struct result *r, struct error *err)
{
    int64_t earlier = 0, source = r->id.source, frame = r->id.frame;
    return sql_number(s, &earlier, 0, err,
                      "SELECT 1 FROM frame WHERE job=? AND source=? AND frame=? AND attempt<>?", "iiii",
                      j->job, source, frame, j->attempt) &&
           (!earlier || (sql_do(s, NULL, err, "DELETE FROM lattice WHERE job=? AND source=? AND frame=?",
                                "iii", j->job, source, frame) &&
                         sql_do(s, NULL, err, "DELETE FROM failure WHERE job=? AND source=? AND frame=?",
                                "iii", j->job, source, frame) &&
                         sql_do(s, NULL, err, "DELETE FROM frame WHERE job=? AND source=? AND frame=?", "iii",
                                j->job, source, frame)));
}

static bool put_frame(struct sql *s, const struct store_job *j, const struct result *r,
                      const char *recipe_hash, struct error *err)
{
    uint8_t stages[32];
    if (j->n_done && !drop_earlier(s, j, r, err))
        return false;
    pack_stages(r, stages);
    double best = NAN;
    for (size_t i = 0; i < r->n_lattices; i++)
        if (r->lattices[i].res_a > 0)
            best = fmin(r->lattices[i].res_a, isnan(best) ? INFINITY : best);
    int changed = 0;
    bool failed = r->outcome == OUTCOME_FAILED;
    bool ok = sql_do(
        s, &changed, err,
        "INSERT INTO frame(job,source,frame,attempt,writer,outcome,reason,flags,label,n_lattice,n_strong,"
        "n_sat,t_done,ev_rec,ev_used,ev_src,dist_mm,res_a,stages) "
        "VALUES(?,?,?,?,0,?,?,?,0,?,?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING",
        "iiiiiiiiiiiddiddb", j->job, (int64_t)r->id.source, (int64_t)r->id.frame, j->attempt,
        (int64_t)r->outcome, (int64_t)r->reason, (int64_t)r->flags, (int64_t)r->n_lattices,
        (int64_t)r->n_strong, (int64_t)r->n_saturated, or_zero(r->t_done),
        failed ? NAN : r->beam.energy_recorded_ev, failed ? NAN : EV_ANGSTROM / r->beam.v.wavelength,
        (int64_t)(failed ? 0 : r->beam.energy_source), failed ? NAN : r->distance, best, stages, 32);
    if (!ok || changed == 0)
        return ok;
    if (failed)
        ok = sql_do(s, NULL, err,
                    "INSERT INTO failure(job,source,frame,body) VALUES(?,?,?,?) ON CONFLICT DO NOTHING",
                    "iiit", j->job, (int64_t)r->id.source, (int64_t)r->id.frame, r->message);
    for (uint32_t i = 0; ok && i < r->n_lattices; i++)
        ok = put_lattice(s, j, r, i, recipe_hash, err);
    return ok;
}

bool store_put_results(struct store *s, const struct store_job *j, const struct result *const *results,
                       size_t n, const char *recipe_hash, struct error *err)
{
    if (!sql_begin(&s->sql, err))
        return false;
    bool ok = true;
    for (size_t i = 0; ok && i < n; i++)
        ok = put_frame(&s->sql, j, results[i], recipe_hash, err);
    if (ok)
        return sql_commit(&s->sql, err);
    sql_rollback(&s->sql);
    return false;
}

bool store_end(struct store *s, const struct store_job *j, int end_kind, int exit_code, bool published,
               struct error *err)
{
    if (!sql_begin(&s->sql, err))
        return false;
    int64_t done = 0, expected = 0, now = clock_now();
    bool ok = sql_number(&s->sql, &done, 0, err, "SELECT count(*) FROM frame WHERE job=?", "i", j->job) &&
              sql_number(&s->sql, &expected, 0, err, "SELECT n_expected FROM job WHERE id=?", "i", j->job);
    int64_t state = done >= expected                                   ? JOB_DONE
                    : end_kind == END_OK || end_kind == END_UNFINISHED ? JOB_AGAIN
                                                                       : JOB_FAILED;
    ok = ok &&
         sql_do(&s->sql, NULL, err,
                "UPDATE attempt SET live=NULL,state=9,end_kind=?,exit_code=?,end_t=? WHERE id=?", "iiii",
                (int64_t)end_kind, (int64_t)exit_code, now, j->attempt) &&
         sql_do(&s->sql, NULL, err, "UPDATE job SET state=?,state_t=?,published=? WHERE id=?", "iiii", state,
                now, (int64_t)published, j->job);
    if (ok)
        return sql_commit(&s->sql, err);
    sql_rollback(&s->sql);
    return false;
}
