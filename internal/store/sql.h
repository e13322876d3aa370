/* sql.h - one connection to a database of either kind: values, statements, transactions, errors by class. Private to
 * store/.
 *
 * Two forms behind one struct of functions: sqlite.c and mariadb.c. SQL text is common to both but for two markers:
 * "{keep COLUMN}" behind an INSERT makes a row that is there stay as it is, and count as not affected; "{then}" is a join whose left
 * side is looked through first. Parameters are
 * "?"; values never stand in the text. A connection belongs to one thread at a time.
 */
#ifndef XFELX_STORE_SQL_H
#define XFELX_STORE_SQL_H

#include "store/schema.h"
#include "store/store.h"

/* What an error means for whoever wrote (STORE 7.3, FACILITY 9). */
enum sql_class {
    CLASS_NONE,
    CLASS_SUCCESS,   /* the row is there already */
    CLASS_TRANSIENT, /* the whole transaction again */
    CLASS_RECONNECT, /* the connection is gone; whether a commit was done is not known */
    CLASS_WAIT,      /* server full or read-only */
    CLASS_SPLIT,     /* the batch is too large */
    CLASS_ROW,       /* a value does not fit: find the row */
    CLASS_REPAIR,    /* prepare again */
    CLASS_OPERATOR,  /* somebody has to type a command at the server */
    CLASS_PERMANENT, /* nothing more can be written by this process */
    CLASS_END
};

/* By number, never by text; numbers from 1900 on mean different things to MariaDB and MySQL. sqlstate: 5 letters or NULL. */
enum sql_class mariadb_class(unsigned number, const char *sqlstate, bool mysql);
enum sql_class sqlite_class(int extended_code);

/* How long to wait before try number n (1, 2, …) after an error that goes away: none before the first, then "full jitter",
 * uniform in 0 … min(30 s, 0.2 s · 2^(n-2)). random: 64 uniform bits. In ns. */
int64_t sql_backoff(unsigned n, uint64_t random);

/* ---- values ---- */

enum sql_kind { SQL_NULL, SQL_INT, SQL_REAL, SQL_TEXT, SQL_BYTES };

struct sql_value {
    enum sql_kind kind;
    int64_t i;
    double d;
    const void *p; /* text need not end in NUL */
    size_t n;
};

struct sql_value sql_null(void);
struct sql_value sql_i(int64_t v);
struct sql_value sql_d(double v);         /* not finite: NULL */
struct sql_value sql_f(double v);         /* as a float would hold it: both kinds then keep the same number */
struct sql_value sql_t(const char *text); /* NULL: NULL */
struct sql_value sql_b(const void *bytes, size_t n);

/* ---- a connection ---- */

struct sql;
struct sql_stmt; /* each kind's own */

struct store_ops {
    const char *name;
    enum dialect dialect;
    bool (*open)(struct sql *s, bool read_only, struct error *err);
    void (*close)(struct sql *s);
    bool (*script)(struct sql *s, const char *text,
                   struct error *err); /* statements ended by ";\n", no parameters */
    struct sql_stmt *(*prepare)(struct sql *s, const char *text, struct error *err);
    void (*finalize)(struct sql_stmt *q);
    bool (*run)(struct sql *s, struct sql_stmt *q, const struct sql_value *v, size_t n, struct error *err);
    /* rows × columns values, row by row; *affected: rows that went in */
    bool (*run_many)(struct sql *s, struct sql_stmt *q, const struct sql_value *v, size_t columns,
                     size_t rows, int64_t *affected, struct error *err);
    int (*step)(struct sql *s, struct sql_stmt *q, struct error *err); /* 1 a row, 0 the end, -1 */
    void (*reset)(struct sql_stmt *q);
    struct sql_value (*column)(struct sql_stmt *q, int i); /* lives until the next step */
    int (*columns)(struct sql_stmt *q);
    int64_t (*last_id)(struct sql *s);
    const char *begin, *has_table, *has_column, *now; /* SQL text; now: NULL: the caller's clock */
};
extern const struct store_ops sqlite_ops, mariadb_ops;

enum { SQL_CACHE = 96 };

struct sql {
    const struct store_ops *ops;
    struct store_options options; /* texts belong to the arena of the store */
    void *db;                     /* sqlite3 *, MYSQL * */
    bool mysql, read_only;
    bool no_procedures, procedures[2]; /* put_one.c: this server lets us make none; which of them are there */
    bool stream;              /* results are not buffered: nothing else runs until one is read to its end */
    const char *journal_mode; /* SQLite: "wal", "delete" */
    bool unchanging;          /* SQLite: opened as a file that nobody writes, as it was then */
    int64_t opened[4];        /* SQLite: device and inode of the file; its size, and time of change in ns */
    enum sql_class class;     /* of the last error */
    int64_t affected;         /* by the last statement */
    uint64_t n_statements;    /* sent so far: tests count them */
    struct {
        char *text;
        struct sql_stmt *stmt;
    } cache[SQL_CACHE];
};

bool sql_open(struct sql *s, const struct store_options *o, bool read_only, struct error *err);
void sql_close(struct sql *s);
bool sql_reopen(struct sql *s, struct error *err);
bool sqlite_has_moved(
    const struct sql
        *s); /* another file is there, or none; or opened as unchanging, and it is written since */
void sql_forget_statements(struct sql *s); /* prepared ones: the next use prepares again */

/* Name of the database as messages have it: the file, or NAME on HOST. In a buffer of s's options. */
const char *sql_name(const struct sql *s);

/* A literal or generated text, prepared once and kept. */
struct sql_stmt *sql_prepared(struct sql *s, const char *text, struct error *err);

/* Prepare, bind (texts as UTF-8 without NUL: other bytes become \xHH), run; then sql_step. types: one letter a parameter: i int64_t, d double, t const char *, b const void * and
 * int. NULL: an error. */
struct sql_stmt *sql_query(struct sql *s, struct error *err, const char *text, const char *types, ...);

/* sql_query and run to the end; no rows wanted. changed: rows affected by it; may be NULL. */
bool sql_do(struct sql *s, int64_t *changed, struct error *err, const char *text, const char *types, ...);

/* Step: 1 a row, 0 the end, -1 an error. After 0 or -1 the statement is reset. */
int sql_step(struct sql *s, struct sql_stmt *q, struct error *err);
void sql_reset(struct sql *s, struct sql_stmt *q);

/* Columns of the row. */
int64_t sql_int(struct sql *s, struct sql_stmt *q, int i);                       /* NULL: 0 */
double sql_real(struct sql *s, struct sql_stmt *q, int i);                       /* NULL: NaN */
void sql_text(struct sql *s, struct sql_stmt *q, int i, char *out, size_t size); /* NULL: "" */
const uint8_t *sql_bytes(struct sql *s, struct sql_stmt *q, int i, size_t *n);

/* Likewise with values as they are, for texts that are made from tables. */
bool sql_run(struct sql *s, const char *text, const struct sql_value *values, size_t n, int64_t *changed,
             struct error *err);

/* First column of the first row as a number; otherwise when there is none. */
bool sql_number(struct sql *s, int64_t *out, int64_t otherwise, struct error *err, const char *text,
                const char *types, ...);

/* All rows of a table in one go, as schema_insert makes them. values: rows × columns of the table; texts are made clean in place. */
bool sql_insert(struct sql *s, const char *table, enum schema_meeting m, struct sql_value *values,
                size_t rows, int64_t *affected, struct error *err);

bool sql_script(struct sql *s, const char *text, struct error *err);
bool sql_has_table(struct sql *s, const char *table, bool *has, struct error *err);
bool sql_has_column(struct sql *s, const char *table, const char *column, bool *has, struct error *err);
bool sql_now(struct sql *s, int64_t *ns, struct error *err); /* the database's clock */

bool sql_begin(struct sql *s, struct error *err);
bool sql_commit(struct sql *s, struct error *err);
void sql_rollback(struct sql *s);

/* Errors of both kinds: class, fact, detail and hint. */
bool sql_fails(struct sql *s, enum sql_class class, const char *detail, struct error *err);

#endif
