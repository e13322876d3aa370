/* sql.c - what both kinds of connection share: the cache of statements, binding by letters, transactions; see sql.h. */
#include "store/sql.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sql_value sql_null(void)
{
    return (struct sql_value){.kind = SQL_NULL};
}

struct sql_value sql_i(int64_t v)
{
    return (struct sql_value){.kind = SQL_INT, .i = v};
}

struct sql_value sql_d(double v)
{
    return (struct sql_value){.kind = isfinite(v) ? SQL_REAL : SQL_NULL, .d = v};
}

struct sql_value sql_f(double v)
{
    return sql_d((double)(float)v);
}

struct sql_value sql_t(const char *text)
{
    return (struct sql_value){.kind = text ? SQL_TEXT : SQL_NULL, .p = text, .n = text ? strlen(text) : 0};
}

struct sql_value sql_b(const void *bytes, size_t n)
{
    return (struct sql_value){.kind = SQL_BYTES, .p = bytes, .n = n};
}

/* ---- opening ---- */

bool sql_open(struct sql *s, const struct store_options *o, bool read_only, struct error *err)
{
    *s = (struct sql){
        .ops = o->host || o->socket ? &mariadb_ops : &sqlite_ops, .options = *o, .read_only = read_only};
    if (s->ops->open(s, read_only, err))
        return true;
    sql_close(s);
    return false;
}

void sql_forget_statements(struct sql *s)
{
    for (int i = 0; i < SQL_CACHE; i++) {
        if (s->cache[i].stmt)
            s->ops->finalize(s->cache[i].stmt);
        free(s->cache[i].text);
        s->cache[i].text = NULL;
        s->cache[i].stmt = NULL;
    }
}

void sql_close(struct sql *s)
{
    if (!s->ops)
        return;
    sql_forget_statements(s);
    s->ops->close(s);
    s->db = NULL;
}

bool sql_reopen(struct sql *s, struct error *err)
{
    sql_close(s);
    return s->ops->open(s, s->read_only, err);
}

const char *sql_name(const struct sql *s)
{
    return s->options.label ? s->options.label : s->options.file;
}

bool sql_fails(struct sql *s, enum sql_class class, const char *detail, struct error *err)
{
    s->class = class;
    enum error_code code = class == CLASS_WAIT ? ERROR_NO_SPACE
                           : class == CLASS_TRANSIENT || class == CLASS_RECONNECT || class == CLASS_OPERATOR
                               ? ERROR_BUSY
                               : ERROR_FAILED;
    error_set(err, code, "the database %s cannot be used", sql_name(s));
    error_detail(err, "%s", detail);
    if (class == CLASS_WAIT)
        error_hint(err, "free space on its disk, then run the same command again");
    else if (class == CLASS_RECONNECT && s->ops->dialect == DIALECT_MARIADB)
        error_hint(err,
                   "see that the server runs and can be reached from here, then run the same command again");
    else if (class == CLASS_TRANSIENT)
        error_hint(err,
                   "another program holds it locked; run the same command again when that one has ended");
    return false;
}

/* ---- statements ---- */

/* "{keep COLUMN}" and "{then}" in the words of the dialect. In the buffer of *out. */
static const char *in_dialect(const struct sql *s, const char *text, struct str *out)
{
    bool lite = s->ops->dialect == DIALECT_SQLITE;
    const char *mark;
    while ((mark = strchr(text, '{'))) {
        bool keep = str_starts(mark, "{keep "), then = str_starts(mark, "{then}");
        int n = keep ? (int)strcspn(mark, "}") + 1 : then ? 6 : 1;
        str_addn(out, text, (size_t)(mark - text));
        if (then)
            str_add(out, lite ? "CROSS JOIN" : "STRAIGHT_JOIN");
        else if (keep && lite)
            str_add(out, "ON CONFLICT DO NOTHING");
        else if (keep)
            str_printf(out, "ON DUPLICATE KEY UPDATE `%.*s`=`%.*s`", n - 7, mark + 6, n - 7, mark + 6);
        else
            str_addc(out, *mark);
        text = mark + n;
    }
    str_add(out, text);
    return out->text;
}

struct sql_stmt *sql_prepared(struct sql *s, const char *text, struct error *err)
{
    int i = 0;
    if (!s->db) {
        sql_fails(s, CLASS_RECONNECT, "the connection was lost", err);
        return NULL;
    }
    for (; i < SQL_CACHE - 1 && s->cache[i].text; i++)
        if (!strcmp(s->cache[i].text, text))
            return s->cache[i].stmt;
    if (s->cache[i].text) { /* the last place is reused by whatever does not fit */
        s->ops->finalize(s->cache[i].stmt);
        free(s->cache[i].text);
        s->cache[i].text = NULL;
        s->cache[i].stmt = NULL;
    }
    struct str translated = {0};
    s->cache[i].stmt = s->ops->prepare(s, in_dialect(s, text, &translated), err);
    str_free(&translated);
    if (s->cache[i].stmt)
        s->cache[i].text = strdup(text);
    return s->cache[i].stmt;
}

/* Servers take UTF-8 only, and a NUL ends a text in many a reader: other bytes become \xHH. */
static struct sql_value clean(const struct sql_value *v, struct arena *a)
{
    size_t bad = 0;
    uint32_t code;
    if (v->kind != SQL_TEXT || v->n == 0)
        return *v;
    char *whole = arena_strndup(a, v->p, v->n), *out = NULL;
    for (size_t i = 0, n; i < v->n; i += n ? n : 1) {
        n = (size_t)str_utf8(whole + i, &code);
        bad += n == 0 || code == 0;
    }
    if (bad == 0)
        return *v;
    char *end = out = arena_alloc(a, v->n + 3 * bad + 1);
    for (size_t i = 0, n; i < v->n; i += n ? n : 1) {
        n = (size_t)str_utf8(whole + i, &code);
        if (n == 0 || code == 0)
            end += snprintf(end, 5, "\\x%02X", (unsigned char)whole[i]);
        else
            memcpy(end, whole + i, n), end += n;
    }
    return (struct sql_value){.kind = SQL_TEXT, .p = out, .n = (size_t)(end - out)};
}

static struct sql_stmt *query(struct sql *s, struct error *err, const char *text, const char *types,
                              va_list args)
{
    enum { PARAMETERS = 32 };
    struct sql_value values[PARAMETERS];
    size_t n = 0;
    for (; *types && n < PARAMETERS; types++, n++) {
        if (*types == 'i') {
            values[n] = sql_i(va_arg(args, int64_t));
        } else if (*types == 'd') {
            values[n] = sql_d(va_arg(args, double));
        } else if (*types == 't') {
            values[n] = sql_t(va_arg(args, const char *));
        } else {
            const void *p = va_arg(args, const void *);
            values[n] = sql_b(p, (size_t)va_arg(args, int));
        }
    }
    struct arena texts = {0};
    for (size_t i = 0; i < n; i++)
        values[i] = clean(values + i, &texts);
    struct sql_stmt *q = sql_prepared(s, text, err);
    bool ok = q && s->ops->run(s, q, values, n, err);
    arena_free(&texts);
    return ok ? q : NULL;
}

struct sql_stmt *sql_query(struct sql *s, struct error *err, const char *text, const char *types, ...)
{
    va_list args;
    va_start(args, types);
    struct sql_stmt *q = query(s, err, text, types, args);
    va_end(args);
    return q;
}

int sql_step(struct sql *s, struct sql_stmt *q, struct error *err)
{
    int got = q ? s->ops->step(s, q, err) : -1;
    if (q && got <= 0)
        s->ops->reset(q);
    return got;
}

void sql_reset(struct sql *s, struct sql_stmt *q)
{
    s->ops->reset(q);
}

bool sql_do(struct sql *s, int64_t *changed, struct error *err, const char *text, const char *types, ...)
{
    va_list args;
    va_start(args, types);
    struct sql_stmt *q = query(s, err, text, types, args);
    va_end(args);
    int step = 1;
    while (step == 1)
        step = sql_step(s, q, err);
    if (changed)
        *changed = s->affected;
    return step == 0;
}

bool sql_run(struct sql *s, const char *text, const struct sql_value *values, size_t n, int64_t *changed,
             struct error *err)
{
    struct sql_stmt *q = sql_prepared(s, text, err);
    int step = q && s->ops->run(s, q, values, n, err) ? 1 : -1;
    while (step == 1)
        step = sql_step(s, q, err);
    if (changed)
        *changed = s->affected;
    return step == 0;
}

bool sql_number(struct sql *s, int64_t *out, int64_t otherwise, struct error *err, const char *text,
                const char *types, ...)
{
    va_list args;
    va_start(args, types);
    struct sql_stmt *q = query(s, err, text, types, args);
    va_end(args);
    *out = otherwise;
    int step = sql_step(s, q, err);
    if (step == 1) {
        struct sql_value v = s->ops->column(q, 0);
        if (v.kind == SQL_INT)
            *out = v.i;
        else if (v.kind == SQL_REAL) /* sums are decimals to MariaDB */
            *out = (int64_t)v.d;
        s->ops->reset(q);
    }
    return step >= 0;
}

bool sql_insert(struct sql *s, const char *table, enum schema_meeting m, struct sql_value *values,
                size_t rows, int64_t *affected, struct error *err)
{
    const struct schema_table *t = schema_find(table);
    struct schema_column columns[SCHEMA_COLUMNS_MAX];
    struct str text = {0};
    schema_insert(s->ops->dialect, t, m, &text);
    struct sql_stmt *q = sql_prepared(s, text.text, err);
    str_free(&text);
    int64_t n = 0;
    struct arena texts = {0};
    size_t width = schema_columns(t, columns);
    for (size_t i = 0; i < rows * width; i++)
        values[i] = clean(values + i, &texts);
    bool ok = q && (rows == 0 || s->ops->run_many(s, q, values, width, rows, &n, err));
    arena_free(&texts);
    if (affected)
        *affected = n;
    return ok;
}

/* ---- columns ---- */

int64_t sql_int(struct sql *s, struct sql_stmt *q, int i)
{
    struct sql_value v = s->ops->column(q, i);
    return v.kind == SQL_INT ? v.i : v.kind == SQL_REAL ? (int64_t)v.d : 0;
}

double sql_real(struct sql *s, struct sql_stmt *q, int i)
{
    struct sql_value v = s->ops->column(q, i);
    return v.kind == SQL_REAL ? v.d : v.kind == SQL_INT ? (double)v.i : NAN;
}

void sql_text(struct sql *s, struct sql_stmt *q, int i, char *out, size_t size)
{
    struct sql_value v = s->ops->column(q, i);
    size_t n = v.kind == SQL_TEXT || v.kind == SQL_BYTES ? v.n : 0;
    n = n < size ? n : size - 1;
    if (n)
        memcpy(out, v.p, n);
    out[n] = 0;
}

const uint8_t *sql_bytes(struct sql *s, struct sql_stmt *q, int i, size_t *n)
{
    struct sql_value v = s->ops->column(q, i);
    *n = v.kind == SQL_TEXT || v.kind == SQL_BYTES ? v.n : 0;
    return *n ? v.p : NULL;
}

/* ---- the rest ---- */

bool sql_script(struct sql *s, const char *text, struct error *err)
{
    return s->db ? s->ops->script(s, text, err)
                 : sql_fails(s, CLASS_RECONNECT, "the connection was lost", err);
}

bool sql_has_table(struct sql *s, const char *table, bool *has, struct error *err)
{
    int64_t n = 0;
    bool ok = sql_number(s, &n, 0, err, s->ops->has_table, "t", table);
    *has = n > 0;
    return ok;
}

bool sql_has_column(struct sql *s, const char *table, const char *column, bool *has, struct error *err)
{
    int64_t n = 0;
    bool ok = sql_number(s, &n, 0, err, s->ops->has_column, "tt", table, column);
    *has = n > 0;
    return ok;
}

bool sql_now(struct sql *s, int64_t *ns, struct error *err)
{
    *ns = clock_now();
    return !s->ops->now || sql_number(s, ns, *ns, err, s->ops->now, "");
}

bool sql_begin(struct sql *s, struct error *err)
{
    return sql_script(s, s->ops->begin, err);
}

bool sql_commit(struct sql *s, struct error *err)
{
    return sql_script(s, "COMMIT", err);
}

void sql_rollback(struct sql *s)
{
    enum sql_class class = s->class; /* what went wrong, not what the rollback says of it */
    if (s->db)
        sql_script(s, "ROLLBACK", NULL);
    s->class = class;
}
