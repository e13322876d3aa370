/* open_job.h - a database with one job of 1000 frames that has begun, for tests that put frames. */
#ifndef XFELX_TEST_STORE_OPEN_JOB_H
#define XFELX_TEST_STORE_OPEN_JOB_H

#include "database.h"

static struct store *store;
static const struct store_source source = {"/data/a.h5", 100, 1, 1000, "NXmx"};
static struct store_job job;

static inline int open_job(void **state)
{
    (void)state;
    struct error err = {0};
    struct store_begin b = database_job(&source);
    database_place();
    return !(database_open(false, &store, &err) && store_begin(store, &b, &job, &err));
}

static inline int close_job(void **state)
{
    (void)state;
    store_close(store);
    database_drop();
    return 0;
}

#endif
