/* campaign_rows.h - a database with a small campaign: trial 1, open rungroup 1, and runs as asked for. */
#ifndef XFELX_TEST_STORE_CAMPAIGN_ROWS_H
#define XFELX_TEST_STORE_CAMPAIGN_ROWS_H

#include "database.h"

#include "store/store_private.h"

#include <string.h>

static struct store *store;
static const uint8_t program_hash[32] = "program", trial_hash[32] = "trial";

static int campaign_make(void **state)
{
    (void)state;
    struct error err = {0};
    database_place();
    if (!database_open(false, &store, &err))
        return -1;
    database_do(
        "INSERT INTO trial(num,recipe_hash,phil,body,active,used,created,who) "
        "VALUES(1,x'0102030405060708090a0b0c0d0e0f100102030405060708090a0b0c0d0e0f10','a = 1','',1,0,0,'')");
    database_do("INSERT INTO rungroup(first_ord,active,phil,body,created,who) VALUES(1,1,'b = 2','',0,'')");
    database_do("INSERT INTO trial_rungroup(trial,rungroup,active) VALUES(1,1,1)");
    return 0;
}

static int campaign_drop(void **state)
{
    (void)state;
    store_close(store);
    database_drop();
    return 0;
}

/* Run number 1, 2 … of one file, "/data/rN.h5", present. */
static inline void campaign_run(int number)
{
    char path[64], name[32];
    struct error err = {0};
    size_t n_new;
    snprintf(path, sizeof path, "/data/r%d.h5", number);
    snprintf(name, sizeof name, "r%04d", number);
    const struct store_seen_file file = {path, 100, 1};
    const struct store_seen run = {.path = path,
                                   .name = name,
                                   .facility = "standalone",
                                   .why = "",
                                   .num = number,
                                   .state = RUN_PRESENT,
                                   .readable = true,
                                   .n_files = 1,
                                   .n_here = 1,
                                   .bytes_here = 100,
                                   .files = &file};
    if (!store_see(store, &run, 1, &n_new, &err))
        fail_msg("%s %s", err.fact, err.detail);
}

static inline struct store_claim campaign_claim(int64_t run)
{
    return (struct store_claim){.key = {.trial = 1, .rungroup = 1, .run = run},
                                .folder = "/out/r0001/001_rg001",
                                .scheduler = "slurm",
                                .program = "xfelx test",
                                .recipe_hash = trial_hash,
                                .binary_hash = program_hash,
                                .n_ranks = 2,
                                .n_threads = 4};
}

static inline struct store_claimed campaign_claimed(int64_t run)
{
    struct error err = {0};
    struct store_claimed out;
    struct store_claim c = campaign_claim(run);
    if (!store_claim(store, &c, &out, &err))
        fail_msg("%s %s", err.fact, err.detail);
    return out;
}

static inline void campaign_news(struct store_news news)
{
    struct error err = {0};
    if (!store_put_news(store, &news, 1, &err))
        fail_msg("%s %s", err.fact, err.detail);
}

static inline int64_t campaign_events(const char *kind)
{
    char text[96];
    snprintf(text, sizeof text, "SELECT count(*) FROM event WHERE kind='%s'", kind);
    return database_number(text);
}

#endif
