/* storer.c - rows into the store, in its own time; see storer.h. */
#include "parallel/storer.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { AWAY_SECONDS = 2, AWAY_SECONDS_MAX = 30, END_SECONDS = 60, WAITING_MAX = 8192 };

/* It cannot be reached, is full, or lets us not write: later, then. */
static void fall_behind(struct storer *s, const struct error *err)
{
    char line[1024];
    struct error said = *err;
    *said.hint = 0; /* it tells what to do before the same command is run again; this run goes on */
    s->wait_ns = s->behind ? 2 * s->wait_ns : (int64_t)AWAY_SECONDS * 1000000000;
    if (s->wait_ns > (int64_t)AWAY_SECONDS_MAX * 1000000000)
        s->wait_ns = (int64_t)AWAY_SECONDS_MAX * 1000000000;
    s->look_at = clock_monotonic() + s->wait_ns;
    if (!s->behind)
        log_warn("%s; results are kept in the journals until it is back",
                 error_line(&said, line, sizeof line));
    s->behind = true;
}

/* What the journals of all ranks hold, into the database that is back. */
static bool catch_up(struct storer *s, struct error *err)
{
    const struct team *t = s->run->team;
    struct arena a = {0};
    struct journals *j = NULL;
    char **paths;
    size_t n;
    uint64_t n_put;
    bool ok = journals_list(t->publish->journals, -1, &a, &paths, &n, err) &&
              journals_open((const char *const *)paths, n, &j, err) &&
              replay_store(j, t->store, t->job, t->recipe->hash_hex, &n_put, err);
    journals_close(j);
    arena_free(&a);
    return ok;
}

/* Final rows of a batch, by rank. */
static bool put_batch(struct storer *s, const struct queue_item *batch, struct error *err)
{
    const struct result *results[BATCH_MAX];
    struct store_batch parts[BATCH_MAX];
    const struct team *t = s->run->team;
    size_t n = 0, n_parts = 0;
    for (const struct queue_item *i = batch; i; i = i->next) {
        bool first = true;
        for (const struct queue_item *k = batch; first && k != i; k = k->next)
            first = k->from != i->from;
        if (!first)
            continue;
        struct store_batch part = {.attempt = t->job->attempt, .writer = i->from, .results = results + n};
        for (const struct queue_item *k = i; k; k = k->next)
            if (k->from == i->from && journaling_final(k->result))
                results[n++] = k->result, part.n++;
        if (part.n)
            parts[n_parts++] = part;
    }
    return store_put_results(t->store, t->job, parts, n_parts, t->recipe->hash_hex, err) &&
           store_write_rolls(t->store, false, err);
}

/* Can a later try mend it? The journals must be there to read from. */
static bool comes_back(const struct team *t, const struct error *err)
{
    return t->journal && t->publish && !store_was_superseded(t->store) &&
           (err->code == ERROR_BUSY || err->code == ERROR_NO_SPACE || err->code == ERROR_FAILED);
}

static void note_lag(struct storer *s, const struct queue_item *batch)
{
    int64_t oldest = INT64_MAX;
    for (const struct queue_item *i = batch; i; i = i->next)
        oldest = i->result->t_done < oldest ? i->result->t_done : oldest;
    if (batch)
        s->lag = clock_now() - oldest;
}

/* What a later try may mend does not end the job. */
static void store_batch(struct storer *s, const struct queue_item *batch, bool last)
{
    struct error err = {0};
    if (atomic_exchange(&s->dropped, false) && !s->behind) {
        s->behind = true;
        s->look_at = 0;
    }
    if (run_has_failed(s->run) || (s->behind && !last && clock_monotonic() < s->look_at))
        return;
    if (s->behind ? catch_up(s, &err) : put_batch(s, batch, &err))
        s->behind = false;
    else if (comes_back(s->run->team, &err))
        fall_behind(s, &err);
    else
        run_fails(s->run, &err);
}

/* A sign of life now and then: keeps the attempt's lease, says what is waited for. One that fails is made up for by the next. */
static void beat(struct storer *s)
{
    const struct team *t = s->run->team;
    int64_t full = atomic_load(&s->run->full_t), now = clock_monotonic();
    char when[32], waits[64];
    struct error err = {0};
    if (now < s->beat_at || s->behind || run_has_failed(s->run))
        return;
    s->beat_at = now + (int64_t)STORE_BEAT_SECONDS * 1000000000;
    snprintf(waits, sizeof waits, "disk full since %s", clock_text(full, when));
    const struct store_beat b = {
        .n_pending = (uint32_t)queue_length(&s->queue), .lag = s->lag, .waits = full ? waits : NULL};
    if (store_beat(t->store, t->job, &b, &err))
        return;
    if (store_was_superseded(t->store) || !comes_back(t, &err))
        run_fails(s->run, &err);
}

/* At the end nothing is kept waiting: a database that is away for a moment need not cost another start. */
static void wait_for_store(struct storer *s)
{
    int64_t until = clock_monotonic() + (int64_t)END_SECONDS * 1000000000;
    while (s->behind && clock_monotonic() < until && !*s->run->team->stop && !run_has_failed(s->run)) {
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
        if (clock_monotonic() >= s->look_at)
            store_batch(s, NULL, true);
    }
}

/* ---- the thread ---- */

static void free_items(struct queue_item *item)
{
    for (struct queue_item *next; item; item = next) {
        next = item->next;
        free(item->result);
        free(item);
    }
}

static void *store_all(void *arg)
{
    struct storer *s = arg;
    struct queue_item *batch;
    while (queue_take(&s->queue, &batch)) {
        store_batch(s, batch, false);
        note_lag(s, batch);
        free_items(batch);
        beat(s);
    }
    store_batch(s, NULL, true);
    wait_for_store(s);
    return NULL;
}

void storer_begin(struct storer *s, struct run *run)
{
    struct error err = {0};
    *s = (struct storer){.run = run};
    queue_make(&s->queue);
    if (pthread_create(&s->thread, NULL, store_all, s) == 0)
        return;
    queue_free(&s->queue);
    s->run = NULL;
    error_set(&err, ERROR_FAILED, "cannot start a thread");
    run_fails(run, &err);
}

void storer_give(struct storer *s, struct queue_item *batch)
{
    bool may_drop = s->run->team->journal && s->run->team->publish;
    if (may_drop && queue_length(&s->queue) > WAITING_MAX) {
        atomic_store(&s->dropped, true);
        free_items(batch);
        return;
    }
    for (struct queue_item *next; batch; batch = next) {
        next = batch->next;
        queue_put(&s->queue, batch, false);
    }
    queue_hurry(&s->queue);
}

bool storer_end(struct storer *s)
{
    queue_close(&s->queue);
    pthread_join(s->thread, NULL);
    queue_free(&s->queue);
    return !s->behind;
}
