/* queue.h - results on their way to the writer thread, from this rank's workers and from other ranks. Private to parallel/. */
#ifndef XFELX_PARALLEL_QUEUE_H
#define XFELX_PARALLEL_QUEUE_H

#include "model/model.h"

#include <pthread.h>

enum { QUEUE_MAX = 1024, BATCH_MAX = 256 };

/* from: the rank that worked on it; that rank also keeps its reflections. */
struct queue_item {
    struct queue_item *next;
    uint32_t from;
    struct result *result; /* free() it */
};

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct queue_item *first, **last;
    size_t n;
    bool closed, hurry;
};

void queue_make(struct queue *q);
void queue_free(struct queue *q);

/* Give an item (malloc'd). wait: while QUEUE_MAX are there, for workers; the service thread never waits. */
void queue_put(struct queue *q, struct queue_item *item, bool wait);

size_t queue_length(struct queue *q);

/* Nothing is coming for now: what there is may go at once. */
void queue_hurry(struct queue *q);
void queue_close(struct queue *q);

/* Wait until half a second has passed, a batch is full, somebody is in a hurry, or nothing more will come; take what there is, a
 * chain of at most BATCH_MAX. false: the end, nothing came. */
bool queue_take(struct queue *q, struct queue_item **batch);

#endif
