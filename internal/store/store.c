/* store.c - open, begin an attempt, end it. See store.h. Results: results.c.
 *
 * Everything is idempotent by key: run by path_hash, trial by recipe hash, job by its five parts, frame by
 * (job, source, frame). Whether an attempt that looks alive still is, is decided by a lock that the kernel or
 * the server drops when its process dies, not by a time: a crashed command can be repeated at once. */
#include "store/mariadb.h"
#include "store/store_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- opening ---- */

/* The options with texts of their own. */
static struct store_options kept(const struct store_options *o, struct arena *a)
{
    struct store_options k = *o;
    const char **texts[] = {&k.file, &k.host, &k.socket, &k.name,        &k.user, &k.password,
                            &k.ca,   &k.cert, &k.key,    &k.fingerprint, &k.label};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (*texts[i])
            *texts[i] = arena_strdup(a, *texts[i]);
    if (!k.label && (k.host || k.socket))
        k.label = arena_printf(a, "%s on %s", k.name ? k.name : "", k.host ? k.host : k.socket);
    return k;
}

/* Part of SQL texts where no parameter can stand. */
static bool name_is_good(const char *name)
{
    size_t n = name ? strlen(name) : 0;
    return n >= 1 && n <= 40 && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == n;
}

bool store_options_good(const struct store_options *o, struct error *err)
{
    bool server = o->host || o->socket;
    if (server && !name_is_good(o->name))
        return error_set(err, ERROR_USAGE, "db.name must be 1 to 40 small letters, digits and underscores"),
               error_hint(err, "one database an experiment: db.name=xpp12345");
    if (!server && !o->file)
        return error_set(err, ERROR_USAGE, "no database is named");
    return !server || mariadb_check(o, err);
}

static void sleep_ns(int64_t ns)
{
    nanosleep(&(struct timespec){.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000}, NULL);
}

static void back_off(unsigned try)
{
    sleep_ns(
        sql_backoff(try, ((uint64_t)clock_monotonic() ^ (uint64_t)getpid() << 32) * 0x9e3779b97f4a7c15u));
}

/* SQLite waits ten seconds by itself each time. */
static bool waited_long(const struct store *s, int64_t start)
{
    return s->sql.ops->dialect == DIALECT_SQLITE && clock_monotonic() - start > 8000000000;
}

/* Many at once are turned away for a moment: too many connections, a file that one of them is just turning to WAL (where SQLite does
 * not wait by itself). A server that is just starting, or a full queue of connections: a few times, since a wrong host name looks the
 * same. */
static bool open_patiently(struct store *s, const struct store_options *o, bool read_only, struct error *err)
{
    enum { BUSY = 12, AWAY = 4 };
    int64_t start = clock_monotonic();
    for (unsigned try = 1; !sql_open(&s->sql, o, read_only, err); try++) {
        enum sql_class class = s->sql.class;
        if ((class != CLASS_TRANSIENT || try == BUSY || waited_long(s, start)) &&
            (class != CLASS_RECONNECT || try >= AWAY)) {
            if (class == CLASS_RECONNECT && s->sql.ops->dialect == DIALECT_SQLITE && err)
                err->code = ERROR_FAILED; /* a file that cannot be opened does not come back by itself */
            return false;
        }
        back_off(try + 1);
    }
    return true;
}

static bool open_sql(struct store *s, const struct store_options *o, bool read_only, struct error *err)
{
    if (open_patiently(s, o, read_only, err))
        return true;
    bool no_database =
        s->sql.class == CLASS_PERMANENT && s->sql.ops->dialect == DIALECT_MARIADB && !read_only;
    return no_database && mariadb_make_database(o, err) && open_patiently(s, o, read_only, err) &&
           (s->made.database = true);
}

bool store_open(const struct store_options *o, bool read_only, struct store **out, struct error *err)
{
    struct store *s = calloc(1, sizeof *s);
    if (!s)
        return error_set(err, ERROR_MEMORY, "out of memory");
    s->lock = -1;
    struct store_options k = kept(o, &s->arena);
    if (!store_options_good(&k, err) || !open_sql(s, &k, read_only, err) ||
        !store_migrate(s, read_only, err)) {
        store_close(s);
        return false;
    }
    s->made.database = s->made.tables && (k.file || s->made.database);
    s->connection = mariadb_thread(&s->sql);
    *out = s;
    return true;
}

bool store_open_existing(const struct store_options *o, bool read_only, bool any_schema, struct store **out,
                         struct error *err)
{
    struct store *s = calloc(1, sizeof *s);
    if (!s)
        return error_set(err, ERROR_MEMORY, "out of memory");
    s->lock = -1;
    struct store_options k = kept(o, &s->arena);
    bool ok = store_options_good(&k, err);
    if (ok && k.file && access(k.file, F_OK) != 0)
        ok = error_set(err, ERROR_UNREADABLE, "there is no database %s", k.file),
        error_hint(err, "`xfelx db init` makes one; name its folder or file");
    if (!ok || !open_patiently(s, &k, read_only, err) || !(any_schema || store_migrate(s, true, err))) {
        store_close(s);
        return false;
    }
    *out = s;
    return true;
}

struct store_made store_made(const struct store *s)
{
    return s->made;
}

bool store_open_file(const char *path, bool read_only, struct store **out, struct error *err)
{
    return store_open(&(struct store_options){.file = path}, read_only, out, err);
}

void store_close(struct store *s)
{
    if (!s)
        return;
    store_forget_writers(s);
    sql_close(&s->sql);
    store_unlock(s);
    arena_free(&s->arena);
    free(s);
}

/* ---- transactions ---- */

/* Has another process begun an attempt of the job since? */
static bool is_taken(struct store *s, bool *taken, struct error *err)
{
    int64_t token = 0;
    bool ok = sql_number(&s->sql, &token, 0, err, "SELECT max(token) FROM attempt WHERE job=?", "i", s->job);
    *taken = ok && token > s->token;
    return ok;
}

/* The lock that the old connection held. Where its end never reached the server (a cut cable) the server keeps it for that one: it is
 * ended, unless somebody else has the job. */
static bool lock_again(struct store *s, unsigned long old, struct error *err)
{
    int64_t got = 0, holder = 0;
    bool taken = false;
    char text[64];
    if (!*s->server_lock)
        return true;
    if (!is_taken(s, &taken, err))
        return false;
    if (taken)
        return store_is_superseded(s, err);
    if (!sql_number(&s->sql, &holder, 0, err, "SELECT IS_USED_LOCK(?)", "t", s->server_lock))
        return false;
    snprintf(text, sizeof text, "KILL CONNECTION %lu", old);
    if (holder && (unsigned long)holder == old)
        sql_script(&s->sql, text, NULL);
    if (!sql_number(&s->sql, &got, 0, err, "SELECT GET_LOCK(?,2)", "t", s->server_lock))
        return false;
    /* held by somebody who has not begun yet, or by ours that is dying: which of them shows the next time */
    return got || sql_fails(&s->sql, CLASS_RECONNECT, "another connection holds the lock of this job", err);
}

/* A new connection; none is left where that fails, so that nothing is written without the lock. */
static bool connect_again(struct store *s, struct error *err)
{
    unsigned long old = s->connection;
    if (!sql_reopen(&s->sql, err)) {
        sql_close(&s->sql);
        return false;
    }
    s->connection = mariadb_thread(&s->sql);
    if (lock_again(s, old, err))
        return true;
    s->connection = old;
    sql_close(&s->sql);
    return false;
}

enum { TRIES = 9, TRIES_QUICK = 3 };

/* One try; what went wrong in s->sql.class. */
static bool try_once(struct store *s, bool (*work)(struct store *s, void *arg, struct error *err), void *arg,
                     struct error *err)
{
    s->sql.class = CLASS_NONE;
    if (!s->sql.db && !connect_again(s, err))
        return false;
    bool begun = sql_begin(&s->sql, err);
    if (begun && work(s, arg, err) && sql_commit(&s->sql, err))
        return true;
    if (s->sql.class == CLASS_RECONNECT)
        sql_close(&s->sql);
    else if (begun)
        sql_rollback(&s->sql);
    return false;
}

/* What each class asks for: STORE 7.3. Whether a lost commit was done does not matter: everything is idempotent by key. */
bool store_transaction(struct store *s, bool (*work)(struct store *s, void *arg, struct error *err),
                       void *arg, struct error *err)
{
    const unsigned most = s->working ? TRIES_QUICK : TRIES;
    bool repaired = false;
    int64_t start = clock_monotonic();
    if (s->superseded)
        return store_is_superseded(s, err);
    for (unsigned try = 1;; try++) {
        if (try_once(s, work, arg, err))
            return true;
        enum sql_class class = s->sql.class;
        if (class == CLASS_SUCCESS) /* another one made the row that we were about to make: look again */
            class = CLASS_TRANSIENT;
        if (class == CLASS_REPAIR && !repaired) {
            sql_forget_statements(&s->sql);
            repaired = true;
        } else if (s->superseded || waited_long(s, start) ||
                   ((class != CLASS_TRANSIENT || try >= TRIES) && (class != CLASS_RECONNECT || try >= most)))
            return false;
        back_off(try + 1);
    }
}

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
               "n_frames,readable,ignored) VALUES(?,NULL,?,?,?,'standalone',3,?,?,?,?,?,?,?,1,0) {keep id}",
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

/* Frames with a final outcome, from the roll-ups. */
static bool count_done(struct sql *s, int64_t job, int64_t *done, struct error *err)
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
         count_done(s, out->job, &done, err) &&
         sql_do(s, NULL, err, "UPDATE job SET state=2,state_t=?,n_tries=? WHERE id=?", "iii", now, no + 1,
                out->job);
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
        if (strlen(f->path) != length || memcmp(f->path, path, length) != 0 ||
            (f->size == size && f->n_frames == frames))
            continue; /* in another order: said later */
        /* what could not be read before may have become readable, and what is gone fails by name */
        bool grown =
            size < 0 || f->size < 0 || !*format || !f->format || (f->size > size && f->n_frames > frames);
        *out = arena_grow(a, *out, *n, sizeof **out);
        (*out)[(*n)++] = (struct changed){no, size, grown};
    }
    return step == 0;
}

/* Files that were replaced by others since frames of them were done would be mixed with these. A time alone says nothing: copies get
 * a new one. */
static bool same_files(struct sql *s, const struct store_begin *b, int64_t run, int64_t job,
                       struct error *err)
{
    struct arena a = {0};
    struct changed *changed;
    size_t n;
    int64_t done = 0;
    bool ok = find_changed(s, b, run, &a, &changed, &n, err) && (n == 0 || count_done(s, job, &done, err));
    for (size_t i = 0; ok && i < n; i++) {
        const struct store_source *f = b->sources + changed[i].no;
        if (done && !changed[i].grown) {
            ok = error_set(err, ERROR_USAGE, "%s is not the file that was processed", f->path);
            error_detail(err, "it had %lld bytes and has %lld; %lld frames of the run are done",
                         (long long)changed[i].size, (long long)f->size, (long long)done);
            error_hint(
                err,
                "give another output.output_dir (on a server: another db.name), or put the old file back");
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
           same_files(s, w->begin, w->out->run_number, w->out->job, err) &&
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
    if (published && !count_done(s, w->out->job, &done, err))
        return false;
    published = published && done >= (int64_t)w->begin->n_expected; /* a run that has grown goes on */
    w->out->finished = published;
    if (published && !read_folder(s, w->out, err))
        return false;
    return published ||
           (same_order(s, w->begin, w->out->run_number, err) && start_attempt(store, w->begin, w->out, err));
}

bool store_begin(struct store *s, const struct store_begin *b, struct store_job *out, struct error *err)
{
    *out = (struct store_job){0};
    struct begin_work w = {.begin = b, .out = out};
    bool ok = store_transaction(s, find_all, &w, err) && store_lock(s, out->job, &out->elsewhere, err) &&
              store_transaction(s, start_work, &w, err);
    s->job = out->job;
    s->cell_known = b->cell != NULL;
    if (b->cell)
        memcpy(s->cell, b->cell, sizeof s->cell);
    ok = ok && (out->finished || store_mend_rolls(s, out, err));
    s->working = ok && !out->finished;
    return ok;
}

/* ---- the end ---- */

struct end_work {
    const struct store_job *job;
    int end_kind, exit_code;
    bool published;
};

static bool end_work(struct store *store, void *arg, struct error *err)
{
    const struct end_work *w = arg;
    struct sql *s = &store->sql;
    int64_t done = 0, expected = 0, now = clock_now();
    if (!count_done(s, w->job->job, &done, err) ||
        !sql_number(s, &expected, 0, err, "SELECT n_expected FROM job WHERE id=?", "i", w->job->job))
        return false;
    int64_t state = done >= expected                                         ? JOB_DONE
                    : w->end_kind == END_OK || w->end_kind == END_UNFINISHED ? JOB_AGAIN
                                                                             : JOB_FAILED;
    int64_t stands = 0;
    if (!sql_number(s, &stands, 0, err, "SELECT state FROM attempt WHERE id=?", "i", w->job->attempt))
        return false;
    if (stands == ATTEMPT_LOST)
        return store_is_superseded(store, err);
    return sql_do(s, NULL, err,
                  "UPDATE attempt SET live=NULL,state=9,end_kind=?,exit_code=?,end_t=? WHERE id=?", "iiii",
                  (int64_t)w->end_kind, (int64_t)w->exit_code, now, w->job->attempt) &&
           sql_do(s, NULL, err, "UPDATE job SET state=?,state_t=?,published=? WHERE id=?", "iiii", state, now,
                  (int64_t)w->published, w->job->job);
}

bool store_end(struct store *s, const struct store_job *j, int end_kind, int exit_code, bool published,
               struct error *err)
{
    struct end_work w = {j, end_kind, exit_code, published};
    s->working = false; /* nobody waits behind this any more */
    return store_write_rolls(s, true, err) && store_transaction(s, end_work, &w, err);
}

bool store_is_superseded(struct store *s, struct error *err)
{
    s->superseded = true;
    error_set(err, ERROR_BUSY, "another process has taken this job on %s", sql_name(&s->sql));
    return error_hint(err, "nothing is lost: that one finishes it; `xfelx status` shows how far it is");
}

bool store_was_superseded(const struct store *s)
{
    return s->superseded;
}
