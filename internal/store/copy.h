/* copy.h - all rows of all tables from one database to another, of either kind, in bounded memory. Private to store/. */
#ifndef XFELX_STORE_COPY_H
#define XFELX_STORE_COPY_H

#include "store/keep.h"
#include "store/sql.h"

/* What happens to a row on its way; NULL: nothing. columns: as schema_columns gives them; new texts go into the arena. */
struct copy_change {
    void (*row)(void *arg, const struct schema_table *t, const struct schema_column *columns,
                struct sql_value *row, struct arena *a);
    void *arg;
};

/* Copy every table of the schema, table by table in the order of schema_tables (which is that of foreign keys), rows in the order of
 * their primary key: the same rows make the same file. Values are kept to the bit. The caller has begun a transaction
 * on each side; rows of the target that are in the way are an error. *rows counts all. */
bool copy_tables(struct sql *from, struct sql *to, const struct copy_change *change,
                 const struct store_progress *progress, int64_t *rows, struct error *err);

/* The numbers that were given to rows already, of rows that were deleted too: they are not given again by the copy. On a server this
 * commits: before anything else. */
bool copy_counters(struct sql *from, struct sql *to, struct error *err);

/* Are all tables without rows, but for those that a new database has? table: one that is not. */
bool copy_is_empty(struct sql *s, bool *empty, const char **table, struct error *err);

#endif
