/* schema.h - the tables as data, in a notation that the DDL of both backends is made from; and the numbered steps
 * from one version to the next. Private to store/.
 *
 * schema_tables is the newest version, whole: a new database is made from it. An older one is brought up by the steps
 * behind its version. A step is never edited after a release; before one, version SCHEMA_VERSION may still change.
 */
#ifndef XFELX_STORE_SCHEMA_H
#define XFELX_STORE_SCHEMA_H

#include "base/base.h"

enum { SCHEMA_VERSION = 5 };

enum dialect { DIALECT_SQLITE, DIALECT_MARIADB };

/* A table: columns "name:type" separated by blanks, "?" behind a type = may be NULL, everything else NOT NULL; then
 * keys, separated by " ; ": "pk a,b" primary key, "uq a,b" unique, "ix a,b" index, "fk column table" foreign key
 * (RESTRICT). Types: id u8 u16 u32 i32 i64 ns f32 f64 tN (text of at most N characters) text bN (N bytes; b4096: at
 * most) blob. since: the version that it came with. */
struct schema_table {
    const char *name, *columns, *keys;
    int since;
};

extern const struct schema_table schema_tables[];
extern const size_t schema_n_tables;

const struct schema_table *schema_find(const char *name); /* NULL: there is none */

struct schema_column {
    char name[32], type[8]; /* type without "?" */
    bool null;
};
enum { SCHEMA_COLUMNS_MAX = 40 };
size_t schema_columns(const struct schema_table *t, struct schema_column out[SCHEMA_COLUMNS_MAX]);

/* The next blank-separated word of *text; false at the end. */
bool schema_word(const char **text, char *word, size_t size);

/* A column that a step adds to a table of an older version. */
struct schema_add {
    const char *table, *column;
};

/* From version - 1 to version: the tables since version, then columns. */
struct schema_step {
    int version;
    bool additive; /* programs of the version before may go on writing */
    const struct schema_add *adds;
    size_t n_adds;
    bool rolls;         /* roll-ups are made from the rows that are there */
    const char *after;  /* a statement on the rows that are there; NULL: none */
    const char *remake; /* then, a table whose keys are others: SQLite makes it anew with its rows, */
    const char *alter;  /* MariaDB has this statement, which can be made twice; NULL: none */
};
extern const struct schema_step schema_steps[];
extern const size_t schema_n_steps;

/* The type of a column in the words of the dialect. */
void schema_type(enum dialect d, const char *type, struct str *sql);

/* Statements that make a table with its indexes, each ended by ";\n"; made twice they do nothing the second time. */
void schema_create(enum dialect d, const struct schema_table *t, struct str *sql);

/* ALTER TABLE that adds a column of the newest version. */
void schema_add_column(enum dialect d, const struct schema_add *add, struct str *sql);

/* SELECT of all columns in order, rows in the order of the primary key. */
void schema_select(const struct schema_table *t, struct str *sql);

/* INSERT of all columns in order, with one "?" each. KEEP: a row that is there stays as it is and counts as not affected;
 * SET: its other columns get these values. */
enum schema_meeting { MEETING_FAILS, MEETING_KEEPS, MEETING_SETS };
void schema_insert(enum dialect d, const struct schema_table *t, enum schema_meeting m, struct str *sql);

#endif
