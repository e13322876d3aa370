/* mariadb.h - the functions of mariadb_stmt.c for the table in mariadb.c, and making a database. Private to store/. */
#ifndef XFELX_STORE_MARIADB_H
#define XFELX_STORE_MARIADB_H

#include "store/sql.h"

/* Note an error by its number; false. state: SQLSTATE. */
bool mariadb_fails(struct sql *s, unsigned number, const char *state, const char *text, struct error *err);

/* The server's number of this connection; 0: none, or no server. */
unsigned long mariadb_thread(const struct sql *s);

/* Options of a server that cannot be. ERROR_USAGE. */
bool mariadb_check(const struct store_options *o, struct error *err);

/* Make the database o->name where it is not there; its name was checked. */
bool mariadb_make_database(const struct store_options *o, struct error *err);

/* CHECK TABLE, which MySQL does not prepare. out: what the server objects to; "": nothing. */
bool mariadb_check_table(struct sql *s, const char *table, char out[300], struct error *err);

struct sql_stmt *mariadb_prepare(struct sql *s, const char *text, struct error *err);
void mariadb_finalize(struct sql_stmt *q);
bool mariadb_run(struct sql *s, struct sql_stmt *q, const struct sql_value *v, size_t n, struct error *err);
bool mariadb_run_many(struct sql *s, struct sql_stmt *q, const struct sql_value *v, size_t columns,
                      size_t rows, int64_t *affected, struct error *err);
int mariadb_step(struct sql *s, struct sql_stmt *q, struct error *err);
void mariadb_reset(struct sql_stmt *q);
struct sql_value mariadb_column(struct sql_stmt *q, int i);
int mariadb_columns(struct sql_stmt *q);

#endif
