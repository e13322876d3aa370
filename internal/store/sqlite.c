/* sqlite.c - the form of a connection that needs no server; see sql.h. Settings and their order: busy_timeout comes first
 * because setting journal_mode can itself meet a lock; mmap stays off (a truncated file under mmap is SIGBUS). */
#include "store/place.h"
#include "store/sql.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* SQLite's own limit is 512 bytes for the whole path, and it adds "-journal" to it. */
enum { PATH_LONGEST = 500 };

static sqlite3_stmt *stmt_of(struct sql_stmt *q)
{
    return (sqlite3_stmt *)q;
}

static bool fails(struct sql *s, struct error *err)
{
    int code = sqlite3_extended_errcode(s->db);
    sql_fails(s, sqlite_class(code), sqlite3_errmsg(s->db), err);
    if ((code & 255) == SQLITE_NOTADB)
        error_hint(err, "is it the file that is meant? A database of xfelx is called xfelx.db");
    if ((code & 255) == SQLITE_CORRUPT)
        error_hint(
            err,
            "it is damaged: put it aside and bring back a copy (xfelx db export makes them); journals hold "
            "what was found since, xfelx db replay takes it in");
    if ((code & 255) == SQLITE_READONLY)
        error_hint(err, "its file and the folder it lies in have to be writable for you");
    return false;
}

static bool script(struct sql *s, const char *text, struct error *err)
{
    s->n_statements++;
    if (!strcmp(text, "ROLLBACK") && sqlite3_get_autocommit(s->db))
        return true; /* an error has rolled back already */
    return sqlite3_exec(s->db, text, NULL, NULL, NULL) == SQLITE_OK || fails(s, err);
}

static bool settings(struct sql *s, bool read_only, struct error *err)
{
    if (read_only)
        return script(s,
                      "PRAGMA query_only=ON; PRAGMA cache_size=-8192; PRAGMA mmap_size=0; SELECT count(*) "
                      "FROM sqlite_schema",
                      err);
    s->journal_mode = place_journal_mode(s->options.file);
    if (!strcmp(s->journal_mode, "delete") && !place_locks_hold_beside(s->options.file))
        log_warn("the file system of %s does not lock: one process at a time may use it", s->options.file);
    return script(s,
                  !strcmp(s->journal_mode, "wal") ? "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL"
                                                  : "PRAGMA journal_mode=DELETE; PRAGMA synchronous=FULL",
                  err) &&
           script(
               s,
               "PRAGMA foreign_keys=ON; PRAGMA wal_autocheckpoint=4000; PRAGMA journal_size_limit=67108864; "
               "PRAGMA cache_size=-16384; PRAGMA mmap_size=0",
               err);
}

/* The path as a URI; in buf. */
static const char *unchanging(const char *path, char *buf, size_t room)
{
    size_t n = (size_t)snprintf(buf, room, "file:");
    for (const char *p = path; *p && n + sizeof "%25?immutable=1" < room; p++)
        n += (size_t)snprintf(buf + n, room - n, strchr("%?#", *p) ? "%%%02X" : "%c", *p);
    snprintf(buf + n, room - n, "?immutable=1");
    return buf;
}

static bool lies_beside(const char *path, const char *ending)
{
    char name[PATH_LONGEST + 16];
    struct stat st;
    snprintf(name, sizeof name, "%s%s", path, ending);
    return stat(name, &st) == 0 && st.st_size > 0;
}

enum { WHICH_FILE = 2 /* of the numbers that tell of a file, those that say which it is */, HOW_FILE = 4 };

static bool look_at_file(const char *path, int64_t out[HOW_FILE])
{
    struct stat st;
    if (stat(path, &st) != 0)
        return false;
    out[0] = (int64_t)st.st_dev;
    out[1] = (int64_t)st.st_ino;
    out[2] = (int64_t)st.st_size;
    out[3] = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
    return true;
}

bool sqlite_has_moved(const struct sql *s)
{
    int64_t now[HOW_FILE];
    const char *path = s->options.file;
    if (!path || s->mysql)
        return false;
    return !look_at_file(path, now) || memcmp(now, s->opened, WHICH_FILE * sizeof *now) != 0 ||
           (s->unchanging && (lies_beside(path, "-wal") || lies_beside(path, "-journal") ||
                              memcmp(now, s->opened, sizeof now) != 0));
}

/* A database of somebody else, in a folder where we may make no -shm file: SQLite reads such a one only when told that nobody writes.
 * Nobody does while there is no -wal (and no -journal) beside it, which whoever writes keeps there; whoever reads for long looks again
 * (store_has_moved). */
static bool open_unchanging(struct sql *s, struct error *err)
{
    char uri[3 * PATH_LONGEST + 64];
    const char *path = s->options.file;
    sqlite3 *db = NULL;
    int code = sqlite3_extended_errcode(s->db) & 255;
    if ((code != SQLITE_READONLY && code != SQLITE_CANTOPEN) || lies_beside(path, "-wal") ||
        lies_beside(path, "-journal"))
        return false;
    sqlite3_close(s->db);
    *err = (struct error){0};
    s->unchanging = look_at_file(path, s->opened);
    code =
        sqlite3_open_v2(unchanging(path, uri, sizeof uri), &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL);
    s->db = db;
    sqlite3_extended_result_codes(db, 1);
    return code == SQLITE_OK ? settings(s, true, err) : fails(s, err);
}

static bool open_file(struct sql *s, bool read_only, struct error *err)
{
    if (sqlite3_initialize() != SQLITE_OK)
        return error_set(err, ERROR_INTERNAL, "SQLite does not start");
    const char *path = s->options.file;
    struct stat st;
    if (read_only && stat(path, &st) != 0)
        return error_set(err, ERROR_UNREADABLE, "there is no database %s", path),
               error_hint(err, "`xfelx process` makes it in output.output_dir; name that folder");
    if (strlen(path) > PATH_LONGEST)
        return error_set(err, ERROR_USAGE, "the path of the database has %s; SQLite takes %d: %.60s…",
                         COUNT(strlen(path), "byte"), PATH_LONGEST, path),
               error_hint(err, "give a shorter output.output_dir, or keep results on a server (db.host)");
    sqlite3 *db = NULL;
    /* before it is opened: one that takes its place since is another one */
    bool there = look_at_file(path, s->opened);
    int flags = read_only ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    int code = sqlite3_open_v2(path, &db, flags, NULL);
    if (code != SQLITE_OK && read_only) {
        sqlite3_close(db);
        code = sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL);
    }
    s->db = db;
    s->unchanging = false;
    if (code != SQLITE_OK)
        return fails(s, err);
    if (!there)
        look_at_file(path, s->opened);
    sqlite3_busy_timeout(db, 10000);
    sqlite3_extended_result_codes(db, 1);
    return settings(s, read_only, err) || (read_only && open_unchanging(s, err));
}

static void close_file(struct sql *s)
{
    sqlite3_close(s->db);
}

static struct sql_stmt *prepare(struct sql *s, const char *text, struct error *err)
{
    sqlite3_stmt *q = NULL;
    if (sqlite3_prepare_v3(s->db, text, -1, SQLITE_PREPARE_PERSISTENT, &q, NULL) != SQLITE_OK)
        fails(s, err);
    return (struct sql_stmt *)q;
}

static void finalize(struct sql_stmt *q)
{
    sqlite3_finalize(stmt_of(q));
}

static void bind(sqlite3_stmt *q, int i, const struct sql_value *v, sqlite3_destructor_type life)
{
    if (v->kind == SQL_INT)
        sqlite3_bind_int64(q, i, v->i);
    else if (v->kind == SQL_REAL)
        sqlite3_bind_double(q, i, v->d);
    else if (v->kind == SQL_TEXT)
        sqlite3_bind_text64(q, i, v->p, v->n, life, SQLITE_UTF8);
    else if (v->kind == SQL_BYTES)
        sqlite3_bind_blob64(q, i, v->n ? v->p : "", v->n, life);
    else
        sqlite3_bind_null(q, i);
}

static void reset(struct sql_stmt *q)
{
    sqlite3_reset(stmt_of(q));
    sqlite3_clear_bindings(stmt_of(q));
}

/* Runs at the first step, as is SQLite's way. */
static bool run(struct sql *s, struct sql_stmt *q, const struct sql_value *v, size_t n, struct error *err)
{
    (void)err;
    s->n_statements++;
    for (size_t i = 0; i < n; i++)
        bind(stmt_of(q), (int)i + 1, v + i, SQLITE_TRANSIENT);
    return true;
}

static int step(struct sql *s, struct sql_stmt *q, struct error *err)
{
    int code = sqlite3_step(stmt_of(q));
    if (code == SQLITE_ROW)
        return 1;
    if (code != SQLITE_DONE) {
        fails(s, err);
        return -1;
    }
    s->affected = sqlite3_changes64(s->db);
    return 0;
}

static bool run_many(struct sql *s, struct sql_stmt *q, const struct sql_value *v, size_t columns,
                     size_t rows, int64_t *affected, struct error *err)
{
    s->n_statements++;
    int64_t before = sqlite3_total_changes64(s->db);
    bool ok = true;
    for (size_t r = 0; ok && r < rows; r++, v += columns) {
        for (size_t i = 0; i < columns; i++)
            bind(stmt_of(q), (int)i + 1, v + i, SQLITE_STATIC);
        ok = step(s, q, err) == 0;
        sqlite3_reset(stmt_of(q));
    }
    sqlite3_clear_bindings(stmt_of(q));
    *affected = sqlite3_total_changes64(s->db) - before;
    return ok;
}

static struct sql_value column(struct sql_stmt *q, int i)
{
    sqlite3_stmt *p = stmt_of(q);
    switch (sqlite3_column_type(p, i)) {
    case SQLITE_INTEGER:
        return sql_i(sqlite3_column_int64(p, i));
    case SQLITE_FLOAT:
        return sql_d(sqlite3_column_double(p, i));
    case SQLITE_NULL:
        return sql_null();
    default:
        break;
    }
    bool text = sqlite3_column_type(p, i) == SQLITE_TEXT;
    const void *data = text ? (const void *)sqlite3_column_text(p, i) : sqlite3_column_blob(p, i);
    return (struct sql_value){
        .kind = text ? SQL_TEXT : SQL_BYTES, .p = data, .n = (size_t)sqlite3_column_bytes(p, i)};
}

static int columns_of(struct sql_stmt *q)
{
    return sqlite3_column_count(stmt_of(q));
}

static int64_t last_id(struct sql *s)
{
    return sqlite3_last_insert_rowid(s->db);
}

const struct store_ops sqlite_ops = {
    .name = "sqlite",
    .dialect = DIALECT_SQLITE,
    .open = open_file,
    .close = close_file,
    .script = script,
    .prepare = prepare,
    .finalize = finalize,
    .run = run,
    .run_many = run_many,
    .step = step,
    .reset = reset,
    .column = column,
    .columns = columns_of,
    .last_id = last_id,
    .begin = "BEGIN IMMEDIATE", /* an upgrade of a read would be refused at once */
    .has_table = "SELECT count(*) FROM sqlite_schema WHERE type='table' AND name=?",
    .has_column = "SELECT count(*) FROM pragma_table_info(?) WHERE name=?",
    .now = NULL,
};
