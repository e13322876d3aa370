/* copy.c - see copy.h. Rows are read as a stream and put in by the thousand; texts and blobs of a batch live in an arena. */
#include "store/copy.h"

#include <stdio.h>
#include <string.h>

enum { BATCH_ROWS = 1000, BATCH_BYTES = 1 << 20 };

struct batch {
    const struct schema_table *table;
    struct schema_column columns[SCHEMA_COLUMNS_MAX];
    const struct copy_change *change;
    struct arena arena;
    struct sql_value *values;
    size_t rows, width, bytes;
};

/* The current row into the batch. */
static void take_row(struct sql *from, struct sql_stmt *q, struct batch *b)
{
    struct sql_value *row = b->values + b->rows++ * b->width;
    for (size_t i = 0; i < b->width; i++) {
        row[i] = from->ops->column(q, (int)i);
        if (row[i].kind == SQL_TEXT || row[i].kind == SQL_BYTES) {
            row[i].p = arena_memdup(&b->arena, row[i].n ? row[i].p : "", row[i].n);
            b->bytes += row[i].n;
        }
    }
    if (b->change)
        b->change->row(b->change->arg, b->table, b->columns, row, &b->arena);
}

static bool put_batch(struct sql *to, struct batch *b, struct error *err)
{
    bool ok = b->rows == 0 || sql_insert(to, b->table->name, MEETING_FAILS, b->values, b->rows, NULL, err);
    arena_free(&b->arena);
    b->rows = b->bytes = 0;
    return ok;
}

static bool copy_table(struct sql *from, struct sql *to, struct batch *b,
                       const struct store_progress *progress, int64_t *rows, struct error *err)
{
    struct str text = {0};
    schema_select(b->table, &text);
    struct sql_stmt *q = sql_query(from, err, text.text, "");
    str_free(&text);
    int step;
    while ((step = sql_step(from, q, err)) == 1) {
        take_row(from, q, b);
        if (b->rows < BATCH_ROWS && b->bytes < BATCH_BYTES)
            continue;
        *rows += (int64_t)b->rows;
        if (!put_batch(to, b, err)) {
            sql_reset(from, q);
            return false;
        }
        if (progress)
            progress->say(progress->arg, b->table->name, *rows);
    }
    *rows += (int64_t)b->rows;
    bool ok = put_batch(to, b, err);
    return step == 0 && ok;
}

bool copy_tables(struct sql *from, struct sql *to, const struct copy_change *change,
                 const struct store_progress *progress, int64_t *rows, struct error *err)
{
    struct arena arena = {0};
    struct sql_value *values = arena_array(&arena, (size_t)BATCH_ROWS * SCHEMA_COLUMNS_MAX, sizeof *values);
    bool stream = from->stream, ok = true;
    *rows = 0;
    from->stream = true;
    for (size_t i = 0; ok && i < schema_n_tables; i++) {
        struct batch b = {.table = schema_tables + i, .change = change, .values = values};
        b.width = schema_columns(b.table, b.columns);
        ok = copy_table(from, to, &b, progress, rows, err);
        arena_free(&b.arena);
    }
    from->stream = stream;
    arena_free(&arena);
    return ok;
}

/* ---- numbers that were given ---- */

static const char *const counters[] = {
    [DIALECT_SQLITE] = "SELECT name,seq FROM sqlite_sequence",
    [DIALECT_MARIADB] = "SELECT table_name,auto_increment-1 FROM information_schema.tables WHERE "
                        "table_schema=database() AND auto_increment>1",
};

static bool set_counter(struct sql *s, const char *table, int64_t last, struct error *err)
{
    struct str text = {0};
    if (s->ops->dialect == DIALECT_SQLITE)
        return sql_do(s, NULL, err, "DELETE FROM sqlite_sequence WHERE name=?", "t", table) &&
               sql_do(s, NULL, err, "INSERT INTO sqlite_sequence(name,seq) VALUES(?,?)", "ti", table, last);
    str_printf(&text, "ALTER TABLE `%s` AUTO_INCREMENT=%lld", table, (long long)last + 1);
    bool ok = sql_script(s, text.text, err);
    str_free(&text);
    return ok;
}

bool copy_counters(struct sql *from, struct sql *to, struct error *err)
{
    char name[64];
    int64_t last[64];
    size_t tables[64], n = 0;
    struct sql_stmt *q = sql_query(from, err, counters[from->ops->dialect], "");
    int step;
    while ((step = sql_step(from, q, err)) == 1) {
        sql_text(from, q, 0, name, sizeof name);
        const struct schema_table *t = schema_find(name);
        if (!t || n == 64)
            continue; /* not one of ours */
        tables[n] = (size_t)(t - schema_tables);
        last[n++] = sql_int(from, q, 1);
    }
    bool ok = step == 0;
    for (size_t i = 0; ok && i < n; i++)
        ok = set_counter(to, schema_tables[tables[i]].name, last[i], err);
    return ok;
}

bool copy_is_empty(struct sql *s, bool *empty, const char **table, struct error *err)
{
    *empty = true;
    for (size_t i = 0; *empty && i < schema_n_tables; i++) {
        struct str text = {0};
        int64_t any = 0;
        const char *name = schema_tables[i].name;
        if (!strcmp(name, "meta") || !strcmp(name, "migration"))
            continue;
        str_printf(&text, "SELECT 1 FROM `%s` LIMIT 1", name);
        bool ok = sql_number(s, &any, 0, err, text.text, "");
        str_free(&text);
        if (!ok)
            return false;
        *empty = !any;
        *table = name;
    }
    return true;
}
