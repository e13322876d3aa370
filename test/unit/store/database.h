/* database.h - the database of a test: a file in a folder of its own; or, when XFELX_TEST_SOCKET names a MariaDB server's socket
 * (test/services/store_test starts one), a new database there. The same tests run on both. */
#ifndef XFELX_TEST_STORE_DATABASE_H
#define XFELX_TEST_STORE_DATABASE_H

#include "store/sql.h"
#include "store/store.h"

#include "support.h"

static char database_folder[64], database_file[96], database_on_server[64];

static inline struct store_options database_options(void)
{
    const char *socket = getenv("XFELX_TEST_SOCKET");
    return socket ? (struct store_options){.socket = socket, .name = database_on_server, .user = "root"}
                  : (struct store_options){.file = database_file};
}

static inline bool database_is_server(void)
{
    return getenv("XFELX_TEST_SOCKET") != NULL;
}

static inline void database_place(void)
{
    static int n;
    support_folder(database_folder);
    snprintf(database_file, sizeof database_file, "%s/xfelx.db", database_folder);
    snprintf(database_on_server, sizeof database_on_server, "test_%d_%d", (int)getpid(), n++);
}

static inline void database_drop_on_server(void)
{
    struct sql s;
    struct error err = {0};
    struct store_options o = database_options();
    char text[128];
    if (database_is_server() && sql_open(&s, &o, false, &err)) {
        snprintf(text, sizeof text, "DROP DATABASE `%s`", database_on_server);
        sql_script(&s, text, &err);
        sql_close(&s);
    }
}

static inline void database_drop(void)
{
    database_drop_on_server();
    support_remove(database_folder);
}

static inline bool database_open(bool read_only, struct store **out, struct error *err)
{
    struct store_options o = database_options();
    return store_open(&o, read_only, out, err);
}

/* One number, asked past the store. */
static inline int64_t database_number(const char *text)
{
    struct sql s;
    struct error err = {0};
    struct store_options o = database_options();
    int64_t n = 0;
    if (!sql_open(&s, &o, false, &err) || !sql_number(&s, &n, -1, &err, text, ""))
        fail_msg("%s: %s %s", text, err.fact, err.detail);
    sql_close(&s);
    return n;
}

/* A change made past the store. */
static inline void database_do(const char *text)
{
    struct sql s;
    struct error err = {0};
    struct store_options o = database_options();
    if (!sql_open(&s, &o, false, &err) || !sql_do(&s, NULL, &err, text, ""))
        fail_msg("%s: %s %s", text, err.fact, err.detail);
    sql_close(&s);
}

/* A job of all frames of a source, as `process` begins it. */
static inline struct store_begin database_job(const struct store_source *source)
{
    return (struct store_begin){.run_name = "a",
                                .run_hash = (const uint8_t *)"0123456789abcdef",
                                .folder = "/results",
                                .sources = source,
                                .n_sources = 1,
                                .n_expected = source->n_frames,
                                .recipe_hash = (const uint8_t *)"0123456789abcdef0123456789abcdef",
                                .recipe_text = "x = 1\n",
                                .program = "xfelx test",
                                .host = "here",
                                .n_ranks = 1,
                                .n_threads = 1};
}

#endif
