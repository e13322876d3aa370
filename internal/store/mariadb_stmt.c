/* mariadb_stmt.c - prepared statements of the MariaDB connector: parameters, bulk arrays, rows; see mariadb.h.
 *
 * The connector buffers a whole result, so that other statements can run while it is read; s->stream reads from the wire row by
 * row instead (whole tables). */
#include "store/mariadb.h"

#include <mysql.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS_MAX = SCHEMA_COLUMNS_MAX, PARAMETERS_MAX = 3 * SCHEMA_COLUMNS_MAX };

struct cell {
    long long i;
    double d;
    char *text; /* room bytes */
    unsigned long length, room;
    my_bool null, cut;
    bool bytes; /* not text */
};

struct sql_stmt {
    MYSQL_STMT *stmt;
    unsigned n; /* result columns; 0: none */
    MYSQL_BIND *binds;
    struct cell *cells;
    bool open; /* a result is being read */
    bool
        moved; /* a column has a larger place: to be said before the next row, since saying it forgets the lengths of this one */
};

static bool fails(struct sql *s, struct sql_stmt *q, struct error *err)
{
    return mariadb_fails(s, mysql_stmt_errno(q->stmt), mysql_stmt_sqlstate(q->stmt),
                         mysql_stmt_error(q->stmt), err);
}

static enum enum_field_types fetched_as(enum enum_field_types type)
{
    switch (type) {
    case MYSQL_TYPE_TINY:
    case MYSQL_TYPE_SHORT:
    case MYSQL_TYPE_LONG:
    case MYSQL_TYPE_INT24:
    case MYSQL_TYPE_LONGLONG:
        return MYSQL_TYPE_LONGLONG;
    case MYSQL_TYPE_FLOAT:
    case MYSQL_TYPE_DOUBLE:
    case MYSQL_TYPE_DECIMAL:
    case MYSQL_TYPE_NEWDECIMAL:
        return MYSQL_TYPE_DOUBLE;
    default:
        return MYSQL_TYPE_STRING;
    }
}

/* Places for the columns of a result. Texts begin with 256 bytes and grow when a longer one comes. */
static bool bind_result(struct sql_stmt *q)
{
    MYSQL_RES *meta = mysql_stmt_result_metadata(q->stmt);
    if (!meta)
        return true;
    q->n = mysql_num_fields(meta);
    q->binds = calloc(q->n, sizeof *q->binds);
    q->cells = calloc(q->n, sizeof *q->cells);
    bool ok = q->binds && q->cells;
    for (unsigned i = 0; ok && i < q->n; i++) {
        const MYSQL_FIELD *f = mysql_fetch_field_direct(meta, i);
        MYSQL_BIND *b = q->binds + i;
        struct cell *c = q->cells + i;
        *b = (MYSQL_BIND){
            .buffer_type = fetched_as(f->type), .length = &c->length, .is_null = &c->null, .error = &c->cut};
        if (b->buffer_type == MYSQL_TYPE_STRING) {
            c->room = 256;
            c->text = malloc(c->room);
            ok = c->text != NULL;
            b->buffer = c->text;
            b->buffer_length = c->room;
        } else {
            b->buffer = b->buffer_type == MYSQL_TYPE_DOUBLE ? (void *)&c->d : (void *)&c->i;
        }
        c->bytes = f->charsetnr == 63; /* the "binary" character set */
    }
    mysql_free_result(meta);
    return ok;
}

struct sql_stmt *mariadb_prepare(struct sql *s, const char *text, struct error *err)
{
    struct sql_stmt *q = calloc(1, sizeof *q);
    if (!q || !(q->stmt = mysql_stmt_init(s->db))) {
        free(q);
        error_set(err, ERROR_MEMORY, "out of memory");
        return NULL;
    }
    s->n_statements++;
    if (mysql_stmt_prepare(q->stmt, text, strlen(text)) != 0)
        fails(s, q, err);
    else if (bind_result(q))
        return q;
    else
        error_set(err, ERROR_MEMORY, "out of memory");
    mariadb_finalize(q);
    return NULL;
}

void mariadb_finalize(struct sql_stmt *q)
{
    mysql_stmt_close(q->stmt);
    for (unsigned i = 0; q->cells && i < q->n; i++)
        free(q->cells[i].text);
    free(q->cells);
    free(q->binds);
    free(q);
}

static MYSQL_BIND parameter(const struct sql_value *v)
{
    MYSQL_BIND b = {.buffer_type = MYSQL_TYPE_NULL};
    if (v->kind == SQL_INT)
        b.buffer_type = MYSQL_TYPE_LONGLONG;
    else if (v->kind == SQL_REAL)
        b.buffer_type = MYSQL_TYPE_DOUBLE;
    else if (v->kind == SQL_TEXT)
        b.buffer_type = MYSQL_TYPE_STRING;
    else if (v->kind == SQL_BYTES)
        b.buffer_type = MYSQL_TYPE_BLOB;
    union {
        const void *in;
        void *out;
    } p = {.in = v->kind == SQL_INT    ? (const void *)&v->i
                 : v->kind == SQL_REAL ? (const void *)&v->d
                 : v->n                ? v->p
                                       : ""};
    b.buffer = p.out;
    b.buffer_length = v->n;
    return b;
}

static bool begin_result(struct sql *s, struct sql_stmt *q, struct error *err)
{
    s->affected = (int64_t)mysql_stmt_affected_rows(q->stmt);
    if (!q->n)
        return true;
    q->open = true;
    return (mysql_stmt_bind_result(q->stmt, q->binds) == 0 &&
            (s->stream || mysql_stmt_store_result(q->stmt) == 0)) ||
           fails(s, q, err);
}

bool mariadb_run(struct sql *s, struct sql_stmt *q, const struct sql_value *v, size_t n, struct error *err)
{
    MYSQL_BIND binds[PARAMETERS_MAX] = {{0}};
    unsigned one = 0;
    for (size_t i = 0; i < n && i < PARAMETERS_MAX; i++)
        binds[i] = parameter(v + i);
    s->n_statements++;
    mysql_stmt_attr_set(q->stmt, STMT_ATTR_ARRAY_SIZE, &one);
    if ((n && mysql_stmt_bind_param(q->stmt, binds) != 0) || mysql_stmt_execute(q->stmt) != 0)
        return fails(s, q, err);
    return begin_result(s, q, err);
}

/* ---- bulk ---- */

/* One column of all rows, as the connector wants it. */
struct bulk_column {
    void *values; /* long long, double, or const char * */
    unsigned long *lengths;
    char *indicators;
};

/* The type of a column is that of its first value that is not NULL; all of a column have one type. */
static enum sql_kind kind_of(const struct sql_value *v, size_t columns, size_t rows)
{
    for (size_t r = 0; r < rows; r++)
        if (v[r * columns].kind != SQL_NULL)
            return v[r * columns].kind;
    return SQL_INT;
}

static void fill_column(struct arena *a, const struct sql_value *v, size_t columns, size_t rows,
                        MYSQL_BIND *b)
{
    enum sql_kind kind = kind_of(v, columns, rows);
    struct bulk_column c = {.values = arena_array(a, rows, 8),
                            .lengths = arena_array(a, rows, sizeof *c.lengths),
                            .indicators = arena_array(a, rows, 1)};
    for (size_t r = 0; r < rows; r++, v += columns) {
        if (v->kind == SQL_NULL)
            c.indicators[r] = STMT_INDICATOR_NULL;
        else if (kind == SQL_INT)
            ((long long *)c.values)[r] = v->i;
        else if (kind == SQL_REAL)
            ((double *)c.values)[r] = v->kind == SQL_REAL ? v->d : (double)v->i;
        else
            ((const char **)c.values)[r] = v->n ? v->p : "", c.lengths[r] = v->n;
        if (v->kind == SQL_NULL && kind >= SQL_TEXT)
            ((const char **)c.values)[r] = "";
    }
    *b = (MYSQL_BIND){.buffer_type = kind == SQL_INT    ? MYSQL_TYPE_LONGLONG
                                     : kind == SQL_REAL ? MYSQL_TYPE_DOUBLE
                                     : kind == SQL_TEXT ? MYSQL_TYPE_STRING
                                                        : MYSQL_TYPE_BLOB,
                      .buffer = c.values,
                      .length = c.lengths,
                      .u.indicator = c.indicators};
}

bool mariadb_run_many(struct sql *s, struct sql_stmt *q, const struct sql_value *v, size_t columns,
                      size_t rows, int64_t *affected, struct error *err)
{
    *affected = 0;
    if (rows == 1 || s->mysql) { /* MySQL has no bulk arrays */
        for (size_t r = 0; r < rows; r++) {
            if (!mariadb_run(s, q, v + r * columns, columns, err))
                return false;
            *affected += s->affected;
        }
        return true;
    }
    MYSQL_BIND binds[COLUMNS_MAX] = {{0}};
    struct arena a = {0};
    for (size_t i = 0; i < columns && i < COLUMNS_MAX; i++)
        fill_column(&a, v + i, columns, rows, binds + i);
    unsigned n = (unsigned)rows;
    s->n_statements++;
    mysql_stmt_attr_set(q->stmt, STMT_ATTR_ARRAY_SIZE, &n);
    bool ok =
        (mysql_stmt_bind_param(q->stmt, binds) == 0 && mysql_stmt_execute(q->stmt) == 0) || fails(s, q, err);
    if (ok)
        *affected = s->affected = (int64_t)mysql_stmt_affected_rows(q->stmt);
    n = 0;
    mysql_stmt_attr_set(q->stmt, STMT_ATTR_ARRAY_SIZE, &n);
    arena_free(&a);
    return ok;
}

/* ---- rows ---- */

int mariadb_step(struct sql *s, struct sql_stmt *q, struct error *err)
{
    if (!q->open)
        return 0;
    if (q->moved)
        mysql_stmt_bind_result(q->stmt, q->binds);
    q->moved = false;
    int got = mysql_stmt_fetch(q->stmt);
    if (got == MYSQL_NO_DATA)
        return 0;
    if (got != 0 && got != MYSQL_DATA_TRUNCATED) {
        fails(s, q, err);
        return -1;
    }
    for (unsigned i = 0; i < q->n; i++) {
        struct cell *c = q->cells + i;
        if (q->binds[i].buffer_type != MYSQL_TYPE_STRING || c->null || c->length <= c->room)
            continue;
        char *larger = realloc(c->text, c->length);
        if (!larger) {
            error_set(err, ERROR_MEMORY, "out of memory");
            return -1;
        }
        c->text = larger;
        c->room = c->length;
        q->binds[i].buffer = c->text;
        q->binds[i].buffer_length = c->room;
        if (mysql_stmt_fetch_column(q->stmt, q->binds + i, i, 0) != 0) {
            fails(s, q, err);
            return -1;
        }
        q->moved = true;
    }
    return 1;
}

void mariadb_reset(struct sql_stmt *q)
{
    if (q->open)
        mysql_stmt_free_result(q->stmt);
    q->open = false;
}

struct sql_value mariadb_column(struct sql_stmt *q, int i)
{
    const struct cell *c = q->cells + i;
    const MYSQL_BIND *b = q->binds + i;
    if (c->null)
        return sql_null();
    if (b->buffer_type == MYSQL_TYPE_LONGLONG)
        return sql_i(c->i);
    if (b->buffer_type == MYSQL_TYPE_DOUBLE)
        return sql_d(c->d);
    return (struct sql_value){.kind = c->bytes ? SQL_BYTES : SQL_TEXT, .p = c->text, .n = c->length};
}

int mariadb_columns(struct sql_stmt *q)
{
    return (int)q->n;
}
