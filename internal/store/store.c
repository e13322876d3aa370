/* store.c - open a database, and do transactions on it whatever happens to the connection. See store.h. Jobs and attempts:
 * store_begin.c; results: results.c. */
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

/* SQLite waits ten seconds by itself each time; a server that waits for room on its disk, or for a lock, up to our time-out of a minute:
 * too long to be tried again while others wait for it. */
static bool waited_long(const struct store *s, int64_t start)
{
    return (s->working || s->sql.ops->dialect == DIALECT_SQLITE) && clock_monotonic() - start > 8000000000;
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
    s->connection = mariadb_thread(&s->sql);
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

bool store_has_moved(const struct store *s)
{
    return sqlite_has_moved(&s->sql);
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

/* What is to be done as one transaction; reads: nothing is written, and all is read as it is at one moment. */
struct transaction {
    bool (*work)(struct store *s, void *arg, struct error *err);
    void *arg;
    bool reads;
};

/* One try; what went wrong in s->sql.class. */
static bool try_once(struct store *s, const struct transaction *t, struct error *err)
{
    s->sql.class = CLASS_NONE;
    if (!s->sql.db && !connect_again(s, err))
        return false;
    bool begun = t->reads ? store_snapshot(s, err) : sql_begin(&s->sql, err);
    bool ok = begun && t->work(s, t->arg, err) && (t->reads || sql_commit(&s->sql, err));
    if (ok && !t->reads)
        return true;
    if (s->sql.class == CLASS_RECONNECT)
        sql_close(&s->sql);
    else if (begun)
        sql_rollback(&s->sql);
    return ok;
}

bool store_at_once(struct store *s, bool (*work)(struct store *s, void *arg, struct error *err), void *arg,
                   struct error *err)
{
    s->sql.class = CLASS_NONE;
    if (!s->sql.db || s->superseded)
        return false;
    if (work(s, arg, err))
        return true;
    if (s->sql.class == CLASS_RECONNECT)
        sql_close(&s->sql);
    else
        sql_rollback(&s->sql);
    return false;
}

/* What each class asks for: STORE 7.3. Whether a lost commit was done does not matter: everything is idempotent by key. */
static bool do_patiently(struct store *s, const struct transaction *t, struct error *err)
{
    const unsigned most = s->working ? TRIES_QUICK : TRIES;
    bool repaired = false;
    int64_t start = clock_monotonic();
    if (s->superseded)
        return store_is_superseded(s, err);
    for (unsigned try = 1;; try++) {
        if (try_once(s, t, err))
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

bool store_transaction(struct store *s, bool (*work)(struct store *s, void *arg, struct error *err),
                       void *arg, struct error *err)
{
    return do_patiently(s, &(struct transaction){.work = work, .arg = arg}, err);
}

bool store_reading(struct store *s, bool (*work)(struct store *s, void *arg, struct error *err), void *arg,
                   struct error *err)
{
    return do_patiently(s, &(struct transaction){.work = work, .arg = arg, .reads = true}, err);
}

bool store_happens(struct store *s, const struct store_happened *e, int64_t now, struct error *err)
{
    return sql_do(&s->sql, NULL, err,
                  "INSERT INTO event(t,kind,level,run,job,attempt,body) VALUES(?,?,?,?,?,?,?)", "itiiiit",
                  now, e->kind, e->level ? e->level : STORE_INFO, e->run, e->job, e->attempt,
                  e->body ? e->body : "");
}

bool store_fits(const char *text, size_t most, struct arena *a, const char **out)
{
    size_t n = 0;
    uint32_t code;
    const char *p = text;
    for (; *p; n++) {
        int length = str_utf8(p, &code);
        size_t shown = length ? 1 : 4; /* a byte that is no UTF-8 is stored as \xHH */
        if (n + shown > most)
            break;
        n += shown - 1;
        p += length ? length : 1;
    }
    *out = *p ? arena_strndup(a, text, (size_t)(p - text)) : text;
    return !*p;
}

const char *store_text(struct sql *s, struct sql_stmt *q, int i, struct arena *a)
{
    size_t n;
    const uint8_t *bytes = sql_bytes(s, q, i, &n);
    return n ? arena_strndup(a, (const char *)bytes, n) : "";
}
