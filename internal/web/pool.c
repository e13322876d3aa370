/* pool.c - workers with a store each; see pool.h. */
#include "web/pool.h"

#include <pthread.h>
#include <stdlib.h>

enum { WORKERS_MOST = 8 };

struct worker {
    struct pool *pool;
    pthread_t thread;
    struct store *stores[2]; /* for reading, for writing; NULL: not open */
    bool failed;
};

struct pool {
    const struct store_options *options;
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct pool_job *waiting; /* a ring */
    size_t first, n, most;
    bool stopping;
    int n_workers;
    struct worker workers[WORKERS_MOST];
};

static _Thread_local struct worker *this_worker; /* pool_store_failed is called from inside of a job */

static void do_job(struct worker *w, const struct pool_job *job)
{
    struct store **s = w->stores + job->writes;
    struct error why = {0};
    if (*s && store_has_moved(*s)) {
        store_close(*s);
        *s = NULL;
    }
    if (!*s && !store_open_existing(w->pool->options, !job->writes, false, s, &why)) { /* never made anew */
        if (why.code == ERROR_UNREADABLE)
            error_hint(&why, "it was there when these pages were started; they go on when it is back");
        why.code = ERROR_BUSY;
    }
    job->work(job->arg, *s, &why);
    if (w->failed && *s) {
        store_close(*s);
        *s = NULL;
    }
    w->failed = false;
}

static void *work(void *arg)
{
    struct worker *w = arg;
    struct pool *p = w->pool;
    this_worker = w;
    pthread_mutex_lock(&p->lock);
    for (;;) {
        while (p->n == 0 && !p->stopping)
            pthread_cond_wait(&p->more, &p->lock);
        if (p->n == 0)
            break;
        struct pool_job job = p->waiting[p->first];
        p->first = (p->first + 1) % p->most;
        p->n--;
        pthread_mutex_unlock(&p->lock);
        do_job(w, &job);
        pthread_mutex_lock(&p->lock);
    }
    pthread_mutex_unlock(&p->lock);
    for (int i = 0; i < 2; i++)
        if (w->stores[i])
            store_close(w->stores[i]);
    return NULL;
}

struct pool *pool_make(const struct store_options *o, int n_workers, size_t most, struct error *err)
{
    struct pool *p = calloc(1, sizeof *p);
    if (p)
        p->waiting = calloc(most, sizeof *p->waiting);
    if (!p || !p->waiting) {
        free(p);
        error_set(err, ERROR_MEMORY, "out of memory");
        return NULL;
    }
    p->options = o;
    p->most = most;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->more, NULL);
    int wanted = n_workers < 1 ? 1 : n_workers > WORKERS_MOST ? WORKERS_MOST : n_workers;
    for (int i = 0; i < wanted; i++) {
        p->workers[i].pool = p;
        if (pthread_create(&p->workers[i].thread, NULL, work, p->workers + i) != 0)
            break;
        p->n_workers++;
    }
    if (p->n_workers > 0)
        return p;
    error_set(err, ERROR_FAILED, "no thread can be started");
    pool_free(p);
    return NULL;
}

bool pool_put(struct pool *p, const struct pool_job *job)
{
    pthread_mutex_lock(&p->lock);
    bool room = p->n < p->most && !p->stopping;
    if (room) {
        p->waiting[(p->first + p->n++) % p->most] = *job;
        pthread_cond_signal(&p->more);
    }
    pthread_mutex_unlock(&p->lock);
    return room;
}

void pool_store_failed(void)
{
    if (this_worker)
        this_worker->failed = true;
}

void pool_stop(struct pool *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->stopping = true;
    pthread_cond_broadcast(&p->more);
    pthread_mutex_unlock(&p->lock);
    for (int i = 0; i < p->n_workers; i++)
        pthread_join(p->workers[i].thread, NULL);
    p->n_workers = 0;
}

void pool_free(struct pool *p)
{
    if (!p)
        return;
    pool_stop(p);
    pthread_cond_destroy(&p->more);
    pthread_mutex_destroy(&p->lock);
    free(p->waiting);
    free(p);
}
