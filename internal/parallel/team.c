/* team.c - workers, queue and writer; see parallel.h. OpenMP only makes the team: one parallel region for the whole run, so that
 * its barriers, which spin, are met once. */
#include "parallel/parallel.h"

#include <omp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

enum { QUEUE_MAX = 1024, BATCH_MAX = 256 };

/* Results on their way to the writer. */
struct queue {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct result *items[QUEUE_MAX];
    size_t first, n;
    bool closed;
};

struct run {
    const struct team *team;
    struct queue queue;
    atomic_uint_fast64_t cursor;
    struct team_progress progress;
    struct error error;
    int64_t start;

    /* Detectors that results point to: one copy of each geometry, since those of single images go with their file. */
    pthread_mutex_t detectors_lock;
    struct arena detectors;
    struct known {
        struct known *next;
        uint64_t fingerprint;
        const struct detector *detector;
    } * known;
};

static const struct detector *kept_detector(struct run *r, const struct detector *d)
{
    if (!d)
        return NULL;
    uint64_t fingerprint = detector_fingerprint(d);
    pthread_mutex_lock(&r->detectors_lock);
    struct known *k = r->known;
    while (k && k->fingerprint != fingerprint)
        k = k->next;
    if (!k) {
        k = arena_alloc(&r->detectors, sizeof *k);
        *k = (struct known){
            .next = r->known, .fingerprint = fingerprint, .detector = detector_copy(&r->detectors, d)};
        r->known = k;
    }
    pthread_mutex_unlock(&r->detectors_lock);
    return k->detector;
}

/* ---- queue ---- */

static void queue_put(struct queue *q, struct result *item)
{
    pthread_mutex_lock(&q->lock);
    while (q->n == QUEUE_MAX)
        pthread_cond_wait(&q->changed, &q->lock);
    q->items[(q->first + q->n++) % QUEUE_MAX] = item;
    pthread_cond_broadcast(&q->changed);
    pthread_mutex_unlock(&q->lock);
}

static void queue_close(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    q->closed = true;
    pthread_cond_broadcast(&q->changed);
    pthread_mutex_unlock(&q->lock);
}

/* Wait until half a second has passed, a batch is full, or nothing more will come; take what there is. false: the end. */
static bool queue_take(struct queue *q, struct result **batch, size_t *n)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 500000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&q->lock);
    while (q->n < BATCH_MAX && !q->closed && pthread_cond_timedwait(&q->changed, &q->lock, &until) == 0)
        ;
    for (*n = 0; *n < BATCH_MAX && q->n; q->n--) {
        batch[(*n)++] = q->items[q->first];
        q->first = (q->first + 1) % QUEUE_MAX;
    }
    bool more = *n || !q->closed;
    pthread_cond_broadcast(&q->changed);
    pthread_mutex_unlock(&q->lock);
    return more;
}

/* ---- writer ---- */

static void count(struct team_progress *p, const struct result *r)
{
    p->done++;
    p->hits += outcome_is_hit(r->outcome);
    p->indexed += outcome_is_indexed(r->outcome);
    p->integrated += r->outcome == OUTCOME_INTEGRATED;
    p->below += r->outcome == OUTCOME_INDEXED_BELOW;
    p->failed += r->outcome == OUTCOME_FAILED;
    p->lattices += r->n_lattices;
}

static void write_batch(struct run *run, struct result *const *batch, size_t n)
{
    const struct team *t = run->team;
    bool ok = run->error.code == ERROR_NONE;
    for (size_t i = 0; ok && i < n; i++)
        ok = batch[i] || error_set(&run->error, ERROR_MEMORY, "out of memory: a result could not be kept");
    for (size_t i = 0; ok && t->sink && i < n; i++)
        ok = sink_put(t->sink, batch[i], &run->error);
    if (ok && t->store && n)
        ok = store_put_results(t->store, t->job, (const struct result *const *)batch, n, t->recipe->hash_hex,
                               &run->error);
    for (size_t i = 0; ok && i < n; i++) {
        count(&run->progress, batch[i]);
        if (batch[i]->outcome == OUTCOME_FAILED && t->failed)
            t->failed(t->arg, batch[i]);
    }
    run->progress.seconds = 1e-9 * (double)(clock_monotonic() - run->start);
    if (t->progress)
        t->progress(t->arg, &run->progress);
}

static void *writer(void *arg)
{
    struct run *run = arg;
    struct result *batch[BATCH_MAX];
    size_t n = 0;
    while (queue_take(&run->queue, batch, &n)) {
        write_batch(run, batch, n);
        for (size_t i = 0; i < n; i++)
            free(batch[i]);
        if (run->error.code) /* results can no longer be kept: let the workers stop */
            atomic_store(&run->cursor, UINT64_MAX / 2);
    }
    write_batch(run, NULL, 0); /* the last figures, also of a job without frames */
    return NULL;
}

/* ---- workers ---- */

static void work(struct run *run, uint32_t number)
{
    const struct team *t = run->team;
    struct workspace *w = workspace_make(t->recipe, t->list, number);
    while (w && !*t->stop) {
        uint64_t next = atomic_fetch_add(&run->cursor, 1);
        if (next >= t->n_frames)
            break;
        struct result result;
        frame_process(t->recipe, w, t->frames[next], &result);
        queue_put(&run->queue, result_copy(&result, kept_detector(run, result.detector)));
    }
    workspace_free(w);
}

bool team_run(const struct team *t, struct team_progress *out, struct error *err)
{
    struct run *run = calloc(1, sizeof *run);
    if (!run)
        return error_set(err, ERROR_MEMORY, "out of memory");
    run->team = t;
    run->progress.total = t->n_frames;
    run->start = clock_monotonic();
    pthread_mutex_init(&run->queue.lock, NULL);
    pthread_cond_init(&run->queue.changed, NULL);
    pthread_mutex_init(&run->detectors_lock, NULL);
    pthread_t thread;
    bool ok = pthread_create(&thread, NULL, writer, run) == 0 ||
              error_set(err, ERROR_FAILED, "cannot start a thread");
    if (ok) {
#pragma omp parallel num_threads(t->n_threads)
        work(run, (uint32_t)omp_get_thread_num());
        queue_close(&run->queue);
        pthread_join(thread, NULL);
        ok = run->error.code == ERROR_NONE;
        if (!ok && err)
            *err = run->error;
        *out = run->progress;
    }
    pthread_mutex_destroy(&run->queue.lock);
    pthread_cond_destroy(&run->queue.changed);
    pthread_mutex_destroy(&run->detectors_lock);
    /* the sink may still point to detectors it was given: it copies what it needs in sink_put */
    arena_free(&run->detectors);
    free(run);
    return ok;
}
