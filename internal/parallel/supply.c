/* supply.c - frames in hand; see supply.h. */
#include "parallel/supply.h"

#include <stdlib.h>
#include <string.h>

void supply_make(struct supply *s, uint32_t threads)
{
    *s = (struct supply){.threads = threads};
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->changed, NULL);
}

void supply_free(struct supply *s)
{
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->changed);
    free(s->ranges);
    s->ranges = NULL;
}

bool supply_next(struct supply *s, int64_t *since, enum work_kind *kind, uint64_t *frame)
{
    pthread_mutex_lock(&s->lock);
    int64_t now = clock_monotonic();
    if (*since)
        s->busy_ns += now - *since;
    s->idle++;
    while ((!s->waiting || s->held) && !s->closed)
        pthread_cond_wait(&s->changed, &s->lock);
    s->idle--;
    *since = clock_monotonic();
    s->idle_ns += *since - now;
    bool more = s->waiting > 0; /* none when it is closed */
    if (more) {
        *kind = s->kind;
        *frame = s->ranges[0].first++;
        if (--s->ranges[0].count == 0)
            memmove(s->ranges, s->ranges + 1, --s->n * sizeof *s->ranges);
        s->waiting--;
        s->begun++;
    }
    pthread_mutex_unlock(&s->lock);
    return more;
}

static bool grow(struct supply *s, size_t more, struct error *err)
{
    if (s->n + more <= s->room)
        return true;
    size_t room = 2 * (s->n + more);
    struct range *ranges = realloc(s->ranges, room * sizeof *ranges);
    if (!ranges)
        return error_set(err, ERROR_MEMORY, "out of memory");
    s->ranges = ranges;
    s->room = room;
    return true;
}

bool supply_add(struct supply *s, enum work_kind kind, const struct range *ranges, size_t n,
                struct error *err)
{
    pthread_mutex_lock(&s->lock);
    bool ok = grow(s, n, err);
    if (ok && !s->closed) {
        s->kind = kind;
        s->last = 0;
        for (size_t i = 0; i < n; i++) {
            s->ranges[s->n++] = ranges[i];
            s->last += ranges[i].count;
        }
        s->waiting += s->last;
        if (!s->since)
            s->since = clock_monotonic();
    }
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    return ok;
}

void supply_forget(struct supply *s)
{
    pthread_mutex_lock(&s->lock);
    s->n = 0;
    s->waiting = 0;
    pthread_mutex_unlock(&s->lock);
}

void supply_hold(struct supply *s, enum supply_hold why, bool held)
{
    pthread_mutex_lock(&s->lock);
    s->held = held ? s->held | why : s->held & ~(unsigned)why;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

void supply_close(struct supply *s)
{
    pthread_mutex_lock(&s->lock);
    s->closed = true;
    s->n = 0;
    s->waiting = 0;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

struct supply_state supply_look(struct supply *s)
{
    pthread_mutex_lock(&s->lock);
    int64_t took = s->since ? clock_monotonic() - s->since : 0;
    uint64_t finished = s->begun - (s->threads - s->idle < s->begun ? s->threads - s->idle : s->begun);
    double rate = took > 0 ? 1e12 * (double)finished / (double)took : 0;
    struct supply_state state = {
        .wants = !s->closed && !s->held && s->waiting <= s->last / 2,
        .closed = s->closed,
        .free = s->idle,
        .waiting = s->waiting,
        .rate = rate < 4e9 ? (uint32_t)rate : UINT32_MAX,
        .begun = s->begun,
        .idle_ns = s->idle_ns,
        .busy_ns = s->busy_ns,
    };
    pthread_mutex_unlock(&s->lock);
    return state;
}
