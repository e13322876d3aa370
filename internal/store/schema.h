/* schema.h - the tables as data, in a notation that every backend's DDL is made from; and the numbered
 * migrations. */
#ifndef XFELX_STORE_SCHEMA_H
#define XFELX_STORE_SCHEMA_H

#include "base/base.h"

enum { SCHEMA_VERSION = 1 };

/* A table: columns "name:type" separated by blanks, "?" behind a type = may be NULL, everything else NOT
 * NULL; then keys, separated by " ; ": "pk a,b" primary key, "uq a,b" unique, "ix a,b" index, "fk column
 * table" foreign key (RESTRICT). Types: id u8 u16 u32 i32 i64 ns f32 f64 tN (text of at most N) text bN (N
 * bytes) blob. */
struct schema_table {
    const char *name, *columns, *keys;
};

/* One step from version - 1 to version: the tables it adds, then statements. Never edited after a release. */
struct schema_step {
    int version;
    const struct schema_table *tables;
    size_t n_tables;
};

extern const struct schema_step schema_steps[];
extern const size_t schema_n_steps;

/* The SQL that makes a table in SQLite (STRICT), with its indexes. */
void schema_sqlite(const struct schema_table *t, struct str *sql);

#endif
