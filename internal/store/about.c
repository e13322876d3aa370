/* about.c - what a database is: kind, place, size, versions, rows, who works on it. Cheap: rows are counted to a limit, and nothing
 * that jobs wait for is locked. Works on any schema: what a version does not have is left empty. */
#include "store/place.h"
#include "store/store_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What each kind is asked; column: where the answer stands. */
struct questions {
    const char *bytes, *free, *server, *journal, *tls, *connections;
};

static const struct questions questions[] = {
    [DIALECT_SQLITE] =
        {
            .bytes = "SELECT page_count*page_size FROM pragma_page_count(),pragma_page_size()",
            .free = "SELECT freelist_count*page_size FROM pragma_freelist_count(),pragma_page_size()",
            .server = "SELECT sqlite_version()",
            .journal = "PRAGMA journal_mode",
        },
    [DIALECT_MARIADB] =
        {
            .bytes =
                "SELECT CAST(sum(data_length+index_length) AS SIGNED) FROM information_schema.tables WHERE "
                "table_schema=database()",
            .free = "SELECT CAST(sum(data_free) AS SIGNED) FROM information_schema.tables WHERE "
                    "table_schema=database()",
            .server = "SELECT version()",
            .tls = "SHOW SESSION STATUS LIKE 'Ssl_cipher'", /* name, value */
            .connections = "SELECT count(*) FROM information_schema.processlist WHERE db=database()",
        },
};

static bool ask_number(struct sql *s, const char *question, int64_t *out, struct error *err)
{
    return !question || sql_number(s, out, 0, err, question, "");
}

/* The last column of the first row. */
static bool ask_text(struct sql *s, const char *question, char *out, size_t size, struct error *err)
{
    *out = 0;
    if (!question)
        return true;
    struct sql_stmt *q = sql_query(s, err, question, "");
    int step = sql_step(s, q, err);
    if (step == 1) {
        sql_text(s, q, s->ops->columns(q) - 1, out, size);
        sql_reset(s, q);
    }
    return step >= 0;
}

static bool read_meta(struct sql *s, struct store_about *a, struct error *err)
{
    char key[64], value[256];
    bool has = false;
    if (!sql_has_table(s, "meta", &has, err) || !has)
        return has || a->schema == 0;
    struct sql_stmt *q = sql_query(s, err, "SELECT k,v FROM meta", "");
    int step;
    while ((step = sql_step(s, q, err)) == 1) {
        const struct {
            const char *key;
            int64_t *number;
            char *text;
        } rows[] = {{"schema", &a->schema, NULL},         {"min_reader", &a->min_reader, NULL},
                    {"min_writer", &a->min_writer, NULL}, {"instance", NULL, a->instance},
                    {"created", NULL, a->created},        {"exported", NULL, a->exported},
                    {"imported", NULL, a->imported}};
        sql_text(s, q, 0, key, sizeof key);
        sql_text(s, q, 1, value, sizeof value);
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
            if (strcmp(key, rows[i].key))
                continue;
            else if (rows[i].number)
                *rows[i].number = atoi(value);
            else
                snprintf(rows[i].text, sizeof a->instance, "%.*s", (int)sizeof a->instance - 1, value);
    }
    return step == 0;
}

/* At most STORE_COUNT_MAX rows of a table are looked at, unless all are asked for. */
static bool count_rows(struct sql *s, bool all, struct store_about *a, struct error *err)
{
    for (size_t i = 0; i < schema_n_tables && a->n_tables < STORE_TABLES_MAX; i++) {
        const char *name = schema_tables[i].name;
        struct str text = {0};
        bool has = false;
        int64_t n = 0;
        if (!sql_has_table(s, name, &has, err))
            return false;
        if (!has)
            continue;
        if (all)
            str_printf(&text, "SELECT count(*) FROM `%s`", name);
        else
            str_printf(&text, "SELECT count(*) FROM (SELECT 1 FROM `%s` LIMIT %d) x", name,
                       STORE_COUNT_MAX + 1);
        bool ok = sql_number(s, &n, 0, err, text.text, "");
        str_free(&text);
        if (!ok)
            return false;
        bool more = !all && n > STORE_COUNT_MAX;
        snprintf(a->tables[a->n_tables].name, sizeof a->tables->name, "%s", name);
        a->tables[a->n_tables].rows = more ? STORE_COUNT_MAX : n;
        a->tables[a->n_tables++].more = more;
    }
    return true;
}

bool store_about(struct store *store, bool count, struct store_about *out, struct error *err)
{
    struct sql *s = &store->sql;
    bool server = s->ops->dialect == DIALECT_MARIADB;
    const struct questions *ask = &questions[s->ops->dialect];
    *out = (struct store_about){
        .kind = s->mysql ? "mysql" : s->ops->name, .ours = SCHEMA_VERSION, .connections = -1};
    snprintf(out->place, sizeof out->place, "%s", sql_name(s));
    if (!server)
        out->shared = place_shared_name(s->options.file);
    return ask_number(s, ask->bytes, &out->bytes, err) && ask_number(s, ask->free, &out->free, err) &&
           ask_number(s, ask->connections, &out->connections, err) &&
           ask_text(s, ask->server, out->server, sizeof out->server, err) &&
           ask_text(s, ask->journal, out->journal, sizeof out->journal, err) &&
           ask_text(s, ask->tls, out->tls, sizeof out->tls, err) && read_meta(s, out, err) &&
           count_rows(s, count, out, err);
}

static void read_worker(struct sql *s, struct sql_stmt *q, struct store_worker *w)
{
    w->job = sql_int(s, q, 0);
    w->attempt = sql_int(s, q, 1);
    w->run = sql_int(s, q, 2);
    sql_text(s, q, 3, w->run_name, sizeof w->run_name);
    sql_text(s, q, 4, w->host, sizeof w->host);
    w->start_t = sql_int(s, q, 5);
    w->pending = sql_int(s, q, 6);
    w->lag = sql_int(s, q, 7);
    w->state = (int)sql_int(s, q, 8);
    w->alive = sql_int(s, q, 9) != 0;
}

bool store_workers(struct store *store, struct arena *a, struct store_worker **rows, size_t *n,
                   struct error *err)
{
    struct sql *s = &store->sql;
    bool has = false;
    *n = 0;
    *rows = NULL;
    int64_t now;
    if (!sql_has_table(s, "attempt", &has, err) || !has)
        return !has;
    if (!sql_now(s, &now, err))
        return false;
    struct sql_stmt *q = sql_query(
        s, err,
        "SELECT a.job,a.id,r.ord,r.name,a.host,a.start_t,a.n_pending,a.db_lag,a.state,a.lease_expires>? "
        "FROM attempt a JOIN job j ON j.id=a.job LEFT JOIN run r ON r.id=j.run WHERE a.live=1 AND "
        "a.state IN (5,6,7,8,10) ORDER BY a.id",
        "i", now);
    int step;
    while ((step = sql_step(s, q, err)) == 1) {
        *rows = arena_grow(a, *rows, *n, sizeof **rows);
        read_worker(s, q, *rows + (*n)++);
    }
    for (size_t i = 0; i < *n; i++) /* a lease tells of other machines too */
        (*rows)[i].alive = (*rows)[i].alive || store_is_alive(store, (*rows)[i].job);
    return step == 0;
}
