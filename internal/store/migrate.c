/* migrate.c - a new database is made from the tables of the newest version; an older one is brought up by the numbered steps behind
 * its own, each in a transaction where the backend has them for DDL; a newer one is refused. */
#include "store/roll_rows.h"
#include "store/store_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

/* What meta says; 0: no schema yet. Additive versions leave the least reader and writer as they were. */
struct versions {
    int64_t schema, min_reader, min_writer;
};

static bool read_number(struct sql *s, const char *key, int64_t *out, struct error *err)
{
    char text[32] = "0";
    struct sql_stmt *q = sql_query(s, err, "SELECT v FROM meta WHERE k=?", "t", key);
    int step = sql_step(s, q, err);
    if (step == 1) {
        sql_text(s, q, 0, text, sizeof text);
        sql_reset(s, q);
    }
    *out = atoi(text);
    return step >= 0;
}

static bool read_versions(struct sql *s, struct versions *v, struct error *err)
{
    bool has = false;
    *v = (struct versions){0};
    return sql_has_table(s, "meta", &has, err) &&
           (!has ||
            (read_number(s, "schema", &v->schema, err) && read_number(s, "min_reader", &v->min_reader, err) &&
             read_number(s, "min_writer", &v->min_writer, err)));
}

static bool make_tables(struct sql *s, int version, int64_t from, struct error *err)
{
    for (size_t i = 0; i < schema_n_tables; i++) {
        const struct schema_table *t = &schema_tables[i];
        struct str text = {0};
        if (t->since > version || (from && t->since <= from))
            continue;
        schema_create(s->ops->dialect, t, &text);
        bool ok = sql_script(s, text.text, err);
        str_free(&text);
        if (!ok)
            return false;
    }
    return true;
}

static bool add_columns(struct sql *s, const struct schema_step *step, struct error *err)
{
    for (size_t i = 0; i < step->n_adds; i++) {
        bool has = false;
        struct str text = {0};
        if (!sql_has_column(s, step->adds[i].table, step->adds[i].column, &has, err))
            return false;
        schema_add_column(s->ops->dialect, &step->adds[i], &text);
        bool ok = has || sql_script(s, text.text, err); /* a step that was cut short is made again */
        str_free(&text);
        if (!ok)
            return false;
    }
    return true;
}

/* Keys of a table in SQLite are part of it. Nothing refers to the table, and its columns are the newest already. */
static bool remake(struct sql *s, const struct schema_step *step, struct error *err)
{
    const struct schema_table *t = step->remake ? schema_find(step->remake) : NULL;
    struct schema_column columns[SCHEMA_COLUMNS_MAX];
    struct str text = {0}, names = {0};
    if (!t)
        return true;
    if (s->ops->dialect == DIALECT_MARIADB)
        return sql_script(s, step->alter, err);
    size_t n = schema_columns(t, columns);
    for (size_t i = 0; i < n; i++)
        str_printf(&names, "%s`%s`", i ? "," : "", columns[i].name);
    str_printf(&text, "CREATE TABLE `%s_before` AS SELECT %s FROM `%s`;\nDROP TABLE `%s`;\n", t->name,
               names.text, t->name, t->name);
    schema_create(s->ops->dialect, t, &text);
    str_printf(&text, "INSERT INTO `%s`(%s) SELECT %s FROM `%s_before`;\nDROP TABLE `%s_before`", t->name,
               names.text, names.text, t->name, t->name);
    bool ok = sql_script(s, text.text, err);
    str_free(&text);
    str_free(&names);
    return ok;
}

/* Programs of the versions before the last step that is not additive must not write. */
static int least_writer(void)
{
    int least = 1;
    for (size_t i = 0; i < schema_n_steps; i++)
        least = schema_steps[i].additive ? least : schema_steps[i].version;
    return least;
}

static bool note_version(struct sql *s, int version, int least, struct error *err)
{
    char number[16], writer[16];
    snprintf(number, sizeof number, "%d", version);
    snprintf(writer, sizeof writer, "%d", least);
    return sql_do(s, NULL, err, "DELETE FROM meta WHERE k IN ('schema','min_reader','min_writer')", "") &&
           sql_do(s, NULL, err, "INSERT INTO meta(k,v) VALUES('schema',?)", "t", number) &&
           sql_do(s, NULL, err, "INSERT INTO meta(k,v) VALUES('min_reader','1')", "") &&
           sql_do(s, NULL, err, "INSERT INTO meta(k,v) VALUES('min_writer',?)", "t", writer) &&
           sql_do(s, NULL, err,
                  "INSERT INTO migration(step,t,done,`by`,version) VALUES(?,?,1,'','') {keep step}", "ii",
                  (int64_t)version, clock_now());
}

/* Roll-ups of rows that were written before there were any. */
static bool make_rolls(struct sql *s, struct error *err)
{
    struct arena a = {0};
    struct roll **rolls = NULL;
    int64_t *jobs = NULL;
    size_t n = 0;
    int step;
    struct sql_stmt *q = sql_query(s, err, "SELECT DISTINCT job,attempt,writer FROM frame", "");
    while ((step = sql_step(s, q, err)) == 1) {
        rolls = arena_grow(&a, rolls, n, sizeof *rolls);
        jobs = arena_grow(&a, jobs, n, sizeof *jobs);
        rolls[n] = arena_alloc(&a, sizeof **rolls);
        jobs[n] = sql_int(s, q, 0);
        if (!roll_make(rolls[n], NULL))
            return error_set(err, ERROR_MEMORY, "out of memory");
        rolls[n]->attempt = sql_int(s, q, 1);
        rolls[n++]->writer = (uint32_t)sql_int(s, q, 2);
    }
    bool ok = step == 0;
    for (size_t i = 0; i < n; i++) {
        ok = ok && roll_read_rows(s, jobs[i], rolls[i], err) && roll_insert(s, rolls[i], err) &&
             roll_write_slow(s, rolls[i], jobs[i], clock_now(), err);
        roll_free(rolls[i]);
    }
    arena_free(&a);
    return ok;
}

/* Which database it is, wherever it is moved. */
static bool note_birth(struct sql *s, struct error *err)
{
    uint8_t bytes[16];
    char hex[33], when[32];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return error_system(err, ERROR_FAILED, "no random numbers");
    hash_hex(bytes, sizeof bytes, hex);
    return sql_do(s, NULL, err, "INSERT INTO meta(k,v) VALUES('instance',?) {keep k}", "t", hex) &&
           sql_do(s, NULL, err, "INSERT INTO meta(k,v) VALUES('created',?) {keep k}", "t",
                  clock_text(clock_now(), when));
}

/* From a version to the newest. On an empty database all tables are made at once. */
static bool bring_up(struct sql *s, const struct versions *v, struct error *err)
{
    int64_t version = v->schema;
    int least = (int)v->min_writer;
    if (version == 0)
        return make_tables(s, SCHEMA_VERSION, 0, err) &&
               note_version(s, SCHEMA_VERSION, least_writer(), err) && note_birth(s, err);
    /* all columns first: roll-ups are made from the columns of the newest version */
    for (size_t i = 0; i < schema_n_steps; i++)
        if (schema_steps[i].version > version && (!make_tables(s, schema_steps[i].version, version, err) ||
                                                  !add_columns(s, schema_steps + i, err)))
            return false;
    for (size_t i = 0; i < schema_n_steps; i++) {
        const struct schema_step *step = &schema_steps[i];
        if (step->version <= version)
            continue;
        if (!step->additive)
            least = step->version;
        if ((step->rolls && !make_rolls(s, err)) || (step->after && !sql_script(s, step->after, err)) ||
            !remake(s, step, err) || !note_version(s, step->version, least, err))
            return false;
        version = step->version;
    }
    return true;
}

/* SQLite takes tables and version in one transaction; MariaDB commits at each table, so there a lock keeps others out, and every
 * part can be made twice. */
static bool migrate(struct store *store, struct error *err)
{
    struct sql *s = &store->sql;
    bool server = s->ops->dialect == DIALECT_MARIADB;
    struct versions v;
    int64_t got = 1;
    if (server && !sql_number(s, &got, 0, err, "SELECT GET_LOCK(CONCAT('xfelx.schema.',database()),60)", ""))
        return false;
    if (!got)
        return sql_fails(s, CLASS_TRANSIENT, "another program is making its tables", err);
    if (!server && !sql_begin(s, err))
        return false;
    bool ok = read_versions(s, &v, err);
    if (ok && v.schema < SCHEMA_VERSION) {
        ok = bring_up(s, &v, err);
        store->made.tables = ok && v.schema == 0;
        store->made.from = ok ? v.schema : 0;
    }
    if (server)
        return sql_number(s, &got, 0, ok ? err : NULL,
                          "SELECT RELEASE_LOCK(CONCAT('xfelx.schema.',database()))", "") &&
               ok;
    if (ok)
        return sql_commit(s, err);
    sql_rollback(s);
    return false;
}

static bool is_newer(struct sql *s, const struct versions *v, const char *does, int64_t least,
                     struct error *err)
{
    error_set(err, ERROR_FAILED, "the database %s is of a newer xfelx (schema %d; this one %s up to %d)",
              sql_name(s), (int)v->schema, does, SCHEMA_VERSION);
    error_detail(err, "it asks for schema %d at least", (int)least);
    return error_hint(err, "use the newer program, or another folder");
}

/* Would a program of the older version that works on it now go on writing in the old way? */
static bool nobody_works(struct store *store, const struct versions *v, struct error *err)
{
    bool additive = true;
    for (size_t i = 0; i < schema_n_steps; i++)
        additive = additive && (schema_steps[i].version <= v->schema || schema_steps[i].additive);
    if (additive || store->lock >= 0 || !store_anybody_works(store))
        return true;
    error_set(err, ERROR_BUSY, "another xfelx, of an older version, is working with %s",
              sql_name(&store->sql));
    return error_hint(err, "its tables can be brought up to date when that one has ended");
}

bool store_migrate(struct store *store, bool read_only, struct error *err)
{
    struct sql *s = &store->sql;
    struct versions v;
    if (!read_versions(s, &v, err))
        return false;
    if (v.schema > SCHEMA_VERSION && v.min_reader > SCHEMA_VERSION)
        return is_newer(s, &v, "reads", v.min_reader, err);
    if (v.schema > SCHEMA_VERSION && !read_only && v.min_writer > SCHEMA_VERSION)
        return is_newer(s, &v, "writes", v.min_writer, err);
    if (v.schema == 0 && read_only)
        return error_set(err, ERROR_FAILED, "%s is no database of xfelx", sql_name(s));
    if (v.schema < SCHEMA_VERSION && read_only) {
        error_set(err, ERROR_FAILED, "the database %s is of an older xfelx (schema %d; this one reads %d)",
                  sql_name(s), (int)v.schema, SCHEMA_VERSION);
        return error_hint(err, "`xfelx db migrate` or `xfelx process` on it brings it up to date");
    }
    return v.schema >= SCHEMA_VERSION || (nobody_works(store, &v, err) && migrate(store, err));
}

bool store_version(struct store *s, int64_t *version, struct error *err)
{
    struct versions v;
    bool ok = read_versions(&s->sql, &v, err);
    *version = v.schema;
    return ok;
}
