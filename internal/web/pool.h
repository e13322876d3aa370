/* pool.h - workers that answer what takes longer than the server's loop may wait: each has the store open for itself. Private to web/. */
#ifndef XFELX_WEB_POOL_H
#define XFELX_WEB_POOL_H

#include "base/base.h"
#include "store/store.h"

struct pool;

/* What a worker does: s is the store, open for reading or for writing as asked; NULL when it cannot be opened now, with why. */
struct pool_job {
    void (*work)(void *arg, struct store *s, const struct error *why);
    void *arg;
    bool writes;
};

/* n_workers threads; at most `most` jobs wait. The store is opened at the first job and again after it was lost. */
struct pool *pool_make(const struct store_options *o, int n_workers, size_t most, struct error *err);

/* false: the queue is full, nothing was taken. */
bool pool_put(struct pool *p, const struct pool_job *job);

/* The job's work found the store broken: this worker opens it anew for the next one. To be called from within work. */
void pool_store_failed(void);

/* Jobs that wait are done first, none is taken any more. */
void pool_stop(struct pool *p);
void pool_free(struct pool *p);

#endif
