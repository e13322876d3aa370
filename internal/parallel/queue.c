/* queue.c - results for the writer; see queue.h. */
#include "parallel/queue.h"

#include <time.h>

void queue_make(struct queue *q)
{
    *q = (struct queue){.last = &q->first};
    pthread_mutex_init(&q->lock, NULL);
    pthread_cond_init(&q->changed, NULL);
}

void queue_free(struct queue *q)
{
    pthread_mutex_destroy(&q->lock);
    pthread_cond_destroy(&q->changed);
}

void queue_put(struct queue *q, struct queue_item *item, bool wait)
{
    item->next = NULL;
    pthread_mutex_lock(&q->lock);
    while (wait && q->n >= QUEUE_MAX)
        pthread_cond_wait(&q->changed, &q->lock);
    *q->last = item;
    q->last = &item->next;
    q->n++;
    q->hurry = false;
    pthread_cond_broadcast(&q->changed);
    pthread_mutex_unlock(&q->lock);
}

size_t queue_length(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    size_t n = q->n;
    pthread_mutex_unlock(&q->lock);
    return n;
}

void queue_hurry(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    if (q->n && !q->hurry) {
        q->hurry = true;
        pthread_cond_broadcast(&q->changed);
    }
    pthread_mutex_unlock(&q->lock);
}

void queue_close(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    q->closed = true;
    pthread_cond_broadcast(&q->changed);
    pthread_mutex_unlock(&q->lock);
}

bool queue_take(struct queue *q, struct queue_item **batch)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 500000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&q->lock);
    while (q->n < BATCH_MAX && !q->closed && !q->hurry &&
           pthread_cond_timedwait(&q->changed, &q->lock, &until) == 0)
        ;
    *batch = q->first;
    struct queue_item **at = &q->first;
    for (size_t n = 0; n < BATCH_MAX && *at; n++, q->n--)
        at = &(*at)->next;
    bool more = *batch || !q->closed;
    q->first = *at;
    *at = NULL; /* ends the batch (or an empty queue) */
    if (!q->first)
        q->last = &q->first;
    q->hurry = false;
    pthread_cond_broadcast(&q->changed);
    pthread_mutex_unlock(&q->lock);
    return more;
}
