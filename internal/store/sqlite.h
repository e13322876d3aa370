/* sqlite.h - the SQLite backend's ground: one connection, prepared statements, binding and errors. Private to
 * store/. */
#ifndef XFELX_STORE_SQLITE_H
#define XFELX_STORE_SQLITE_H

#include "base/base.h"

#include <sqlite3.h>

enum { SQL_CACHE = 48 };

struct sql {
    sqlite3 *db;
    char *path;
    struct {
        const char *text; /* the literal's address is the key */
        sqlite3_stmt *stmt;
    } cache[SQL_CACHE];
};

/* Open with the settings of every connection (busy_timeout first, WAL, synchronous NORMAL, foreign keys). */
bool sql_open(struct sql *s, const char *path, bool read_only, struct error *err);
void sql_close(struct sql *s);

/* Statements without parameters, several in one text. */
bool sql_script(struct sql *s, const char *text, struct error *err);

/* Prepare (once per text literal), bind, and leave it ready for stepping. types: one letter a parameter: i
 * int64_t, d double (not finite = NULL), t const char * (NULL = NULL), b const void * and int length, n NULL
 * (no argument). */
sqlite3_stmt *sql_query(struct sql *s, struct error *err, const char *text, const char *types, ...);

/* sql_query and run to the end; no rows wanted. changed: rows changed by it; may be NULL. */
bool sql_do(struct sql *s, int *changed, struct error *err, const char *text, const char *types, ...);

/* Step: 1 a row, 0 the end, -1 an error. After 0 or -1 the statement is reset. */
int sql_step(struct sql *s, sqlite3_stmt *q, struct error *err);
void sql_reset(sqlite3_stmt *q);

/* First column of the first row as a number; otherwise when there is none. */
bool sql_number(struct sql *s, int64_t *out, int64_t otherwise, struct error *err, const char *text,
                const char *types, ...);

/* BEGIN IMMEDIATE: an upgrade of a read would be refused at once */
bool sql_begin(struct sql *s, struct error *err);
bool sql_commit(struct sql *s, struct error *err);
void sql_rollback(struct sql *s);

#endif
