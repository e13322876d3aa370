/* sqlite.c - one connection to SQLite; see sqlite.h. Settings and their order: busy_timeout comes first
 * because setting journal_mode can itself meet a lock; mmap stays off (a truncated file under mmap is
 * SIGBUS). */
#include "store/sqlite.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool sql_error(struct sql *s, struct error *err)
{
    int code = sqlite3_errcode(s->db);
    enum error_code kind = code == SQLITE_FULL                            ? ERROR_NO_SPACE
                           : code == SQLITE_BUSY || code == SQLITE_LOCKED ? ERROR_BUSY
                                                                          : ERROR_FAILED;
    error_set(err, kind, "the database %s cannot be used", s->path);
    error_detail(err, "%s", sqlite3_errmsg(s->db));
    if (kind == ERROR_NO_SPACE)
        error_hint(err, "free space on its disk, then run the same command again");
    else if (kind == ERROR_BUSY)
        error_hint(err,
                   "another program holds it locked; run the same command again when that one has ended");
    else if (code == SQLITE_NOTADB || code == SQLITE_CORRUPT)
        error_hint(err, "move the file away; it is made anew from the next run on");
    return false;
}

bool sql_script(struct sql *s, const char *text, struct error *err)
{
    return sqlite3_exec(s->db, text, NULL, NULL, NULL) == SQLITE_OK || sql_error(s, err);
}

bool sql_open(struct sql *s, const char *path, bool read_only, struct error *err)
{
    *s = (struct sql){.path = strdup(path)};
    if (!s->path)
        return error_set(err, ERROR_MEMORY, "out of memory");
    if (sqlite3_initialize() != SQLITE_OK)
        return error_set(err, ERROR_INTERNAL, "SQLite does not start");
    struct stat st;
    if (read_only && stat(path, &st) != 0)
        return error_set(err, ERROR_UNREADABLE, "there is no database %s", path),
               error_hint(err, "`xfelx process` makes it in output.output_dir; name that folder");
    int flags = read_only ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    int code = sqlite3_open_v2(path, &s->db, flags, NULL);
    if (code != SQLITE_OK && read_only) {
        sqlite3_close(s->db);
        code = sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READONLY, NULL);
    }
    if (code != SQLITE_OK)
        return sql_error(s, err);
    sqlite3_busy_timeout(s->db, 10000);
    sqlite3_extended_result_codes(s->db, 0);
    if (read_only)
        return sql_script(s, "PRAGMA query_only=ON; PRAGMA mmap_size=0; SELECT count(*) FROM sqlite_schema",
                          err);
    return sql_script(s,
                      "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON; PRAGMA "
                      "wal_autocheckpoint=4000; PRAGMA journal_size_limit=67108864; PRAGMA "
                      "cache_size=-16384; PRAGMA mmap_size=0",
                      err);
}

void sql_close(struct sql *s)
{
    for (int i = 0; i < SQL_CACHE; i++)
        sqlite3_finalize(s->cache[i].stmt);
    sqlite3_close(s->db);
    free(s->path);
    *s = (struct sql){0};
}

static sqlite3_stmt *prepared(struct sql *s, const char *text, struct error *err)
{
    int i = 0;
    for (; i < SQL_CACHE - 1 && s->cache[i].text; i++)
        if (s->cache[i].text == text)
            return s->cache[i].stmt;
    if (s->cache[i].text) { /* the last place is reused by whatever does not fit */
        sqlite3_finalize(s->cache[i].stmt);
        s->cache[i].text = NULL;
    }
    if (sqlite3_prepare_v3(s->db, text, -1, SQLITE_PREPARE_PERSISTENT, &s->cache[i].stmt, NULL) !=
        SQLITE_OK) {
        sql_error(s, err);
        return NULL;
    }
    s->cache[i].text = text;
    return s->cache[i].stmt;
}

static sqlite3_stmt *query(struct sql *s, struct error *err, const char *text, const char *types,
                           va_list args)
{
    sqlite3_stmt *q = prepared(s, text, err);
    if (!q)
        return NULL;
    for (int i = 1; *types; types++, i++) {
        if (*types == 'i') {
            sqlite3_bind_int64(q, i, va_arg(args, int64_t));
        } else if (*types == 'd') {
            double v = va_arg(args, double);
            if (isfinite(v))
                sqlite3_bind_double(q, i, v);
            else
                sqlite3_bind_null(q, i);
        } else if (*types == 't') {
            const char *v = va_arg(args, const char *);
            sqlite3_bind_text(q, i, v, -1, SQLITE_TRANSIENT);
        } else if (*types == 'b') {
            const void *v = va_arg(args, const void *);
            sqlite3_bind_blob(q, i, v, va_arg(args, int), SQLITE_TRANSIENT);
        } else {
            sqlite3_bind_null(q, i);
        }
    }
    return q;
}

sqlite3_stmt *sql_query(struct sql *s, struct error *err, const char *text, const char *types, ...)
{
    va_list args;
    va_start(args, types);
    sqlite3_stmt *q = query(s, err, text, types, args);
    va_end(args);
    return q;
}

int sql_step(struct sql *s, sqlite3_stmt *q, struct error *err)
{
    int code = q ? sqlite3_step(q) : SQLITE_ERROR;
    if (code == SQLITE_ROW)
        return 1;
    if (q && code != SQLITE_DONE)
        sql_error(s, err);
    if (q)
        sql_reset(q);
    return code == SQLITE_DONE ? 0 : -1;
}

void sql_reset(sqlite3_stmt *q)
{
    sqlite3_reset(q);
    sqlite3_clear_bindings(q);
}

bool sql_do(struct sql *s, int *changed, struct error *err, const char *text, const char *types, ...)
{
    va_list args;
    va_start(args, types);
    sqlite3_stmt *q = query(s, err, text, types, args);
    va_end(args);
    int step = 1;
    while (step == 1)
        step = sql_step(s, q, err);
    if (changed)
        *changed = sqlite3_changes(s->db);
    return step == 0;
}

bool sql_number(struct sql *s, int64_t *out, int64_t otherwise, struct error *err, const char *text,
                const char *types, ...)
{
    va_list args;
    va_start(args, types);
    sqlite3_stmt *q = query(s, err, text, types, args);
    va_end(args);
    *out = otherwise;
    int step = sql_step(s, q, err);
    if (step == 1) {
        if (sqlite3_column_type(q, 0) != SQLITE_NULL)
            *out = sqlite3_column_int64(q, 0);
        sql_reset(q);
    }
    return step >= 0;
}

bool sql_begin(struct sql *s, struct error *err)
{
    return sql_script(s, "BEGIN IMMEDIATE", err);
}

bool sql_commit(struct sql *s, struct error *err)
{
    return sql_script(s, "COMMIT", err);
}

void sql_rollback(struct sql *s)
{
    if (!sqlite3_get_autocommit(s->db))
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
}
