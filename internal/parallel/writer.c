/* writer.c - the writer thread of a rank: a batch is safe in the journal first; then its rows go to the store, or to rank 0 for it.
 * See run.h, STORE 5.
 *
 * A database that is away stops nobody: what is in the journals is put there when it is back, by this run or by the next one. */
#include "parallel/rows.h"
#include "parallel/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { UNAPPLIED_MAX = 4096, AWAY_SECONDS = 2, AWAY_SECONDS_MAX = 30, END_SECONDS = 60 };

struct writer {
    struct run *run;
    struct journaling journaling;
    bool lost; /* the journal takes nothing more */
    /* rank 0: the database was away; when it is looked at again, and how long after that */
    bool behind;
    int64_t look_at, wait_ns;
    pthread_t publisher;
    bool publishing;
    int64_t publish_at; /* monotonic */
    double publish_wait;
};

/* ---- the journal ---- */

/* This rank's own results of a batch, on disk. */
static bool keep_batch(struct writer *w, const struct queue_item *batch)
{
    struct run *run = w->run;
    struct error err = {0};
    bool ok = !w->lost;
    for (const struct queue_item *i = batch; ok && i; i = i->next)
        ok = i->from != run->farm->rank || journaling_put(&w->journaling, i->result, &err);
    ok = ok && journaling_sync(&w->journaling, &err);
    w->lost = !ok;
    if (err.code)
        run_fails(run, &err);
    return ok;
}

/* Room for what may be in hand: workers, queue, a batch. Without it no frame is begun. */
static void look_for_room(struct writer *w)
{
    struct run *run = w->run;
    struct error err = {0};
    uint64_t frames = (uint64_t)run->team->n_threads + 2 * BATCH_MAX;
    enum journaling_room room = w->lost ? ROOM_NONE : journaling_room(&w->journaling, frames, &err);
    supply_hold(&run->supply, room != ROOM);
    if (room == ROOM_OVER)
        atomic_store(&run->over, true);
    if (err.code)
        run_fails(run, &err);
}

/* ---- rows ---- */

/* Rank 0: these are safe, and in the store if it can be reached. Cross them off; tell each rank how many of its rows were taken. */
static void note_taken(struct run *run, const struct queue_item *batch)
{
    const struct team *t = run->team;
    uint32_t from = 0, n = 0;
    for (const struct queue_item *i = batch; i; i = i->next) {
        const struct result *r = i->result;
        uint64_t frame = (uint64_t)t->list->sources[r->id.source].first + r->id.frame;
        bool final = journaling_final(r);
        pthread_mutex_lock(&run->lock);
        bool is_new = ledger_back(&run->ledger, frame);
        if (is_new && !final)
            ledger_again(&run->ledger, frame);
        pthread_mutex_unlock(&run->lock);
        if (is_new && final)
            team_count(&run->progress, r);
        if (is_new && final && r->outcome == OUTCOME_FAILED && t->failed)
            t->failed(t->arg, r);
        n = i->from == from ? n + 1 : 1;
        from = i->from;
        if (from > 0 && (!i->next || i->next->from != from)) {
            struct str body = {0};
            wire_u32(&body, n);
            run_post(run, from, MESSAGE_APPLIED, &body);
        }
    }
}

static void post_rows(struct run *run, struct str *rows, uint32_t *n)
{
    struct str body = {0};
    if (*n == 0)
        return;
    wire_u32(&body, *n);
    str_addn(&body, rows->text, rows->len);
    atomic_fetch_add(&run->unapplied, *n);
    run_post(run, 0, MESSAGE_ROWS, &body);
    str_clear(rows);
    *n = 0;
}

/* The other ranks: rows to rank 0. When it is behind, the queue here fills and the workers wait. */
static void send_rows(struct run *run, const struct queue_item *batch)
{
    enum { ROW_MAX = 48 << 10 };
    struct str rows = {0};
    uint32_t n = 0;
    for (const struct queue_item *i = batch; i; i = i->next) {
        rows_put(&rows, i->result);
        if (journaling_final(i->result))
            team_count(&run->progress, i->result);
        n++;
        if (rows.len > MESSAGE_ROWS_MAX - ROW_MAX)
            post_rows(run, &rows, &n);
    }
    post_rows(run, &rows, &n);
    str_free(&rows);
    while (atomic_load(&run->unapplied) > UNAPPLIED_MAX && !*run->team->stop && !run_has_failed(run))
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
}

/* ---- the store, rank 0 ---- */

/* It cannot be reached: later, then. */
static void fall_behind(struct writer *w, const struct error *err)
{
    char line[1024];
    w->wait_ns = w->behind ? 2 * w->wait_ns : (int64_t)AWAY_SECONDS * 1000000000;
    /* full, read-only, or not allowed: that takes a person */
    if (err->code != ERROR_BUSY || w->wait_ns > (int64_t)AWAY_SECONDS_MAX * 1000000000)
        w->wait_ns = (int64_t)AWAY_SECONDS_MAX * 1000000000;
    w->look_at = clock_monotonic() + w->wait_ns;
    if (!w->behind)
        log_warn("%s; results are kept in the journals until it is back", error_line(err, line, sizeof line));
    w->behind = true;
}

/* What the journals of all ranks hold, into the database that is back. */
static bool catch_up(struct writer *w, struct error *err)
{
    const struct team *t = w->run->team;
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
static bool put_batch(struct writer *w, const struct queue_item *batch, struct error *err)
{
    const struct result *results[BATCH_MAX];
    struct store_batch parts[BATCH_MAX];
    const struct team *t = w->run->team;
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

/* Rows into the store. false: an error that ends the job; one that a later try may mend is none. */
static bool store_batch(struct writer *w, const struct queue_item *batch, bool last)
{
    const struct team *t = w->run->team;
    struct error err = {0};
    if (!t->store || (w->behind && !last && clock_monotonic() < w->look_at))
        return true;
    if (w->behind ? catch_up(w, &err) : put_batch(w, batch, &err)) {
        w->behind = false;
    } else if (comes_back(t, &err)) {
        fall_behind(w, &err);
    } else {
        run_fails(w->run, &err);
        return false;
    }
    return true;
}

/* At the end nothing is kept waiting: a database that is away for a moment need not cost another start. */
static void wait_for_store(struct writer *w)
{
    int64_t until = clock_monotonic() + (int64_t)END_SECONDS * 1000000000;
    while (w->behind && clock_monotonic() < until && !*w->run->team->stop && !run_has_failed(w->run)) {
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
        if (clock_monotonic() >= w->look_at)
            store_batch(w, NULL, true);
    }
    w->run->progress.behind = w->behind;
}

/* ---- files ---- */

static void *publish(void *arg)
{
    struct run *run = arg;
    struct error err = {0};
    if (!publish_rank(run->team->publish, run->farm->rank, &err))
        run_fails(run, &err);
    return NULL;
}

static void end_publishing(struct writer *w)
{
    if (w->publishing)
        pthread_join(w->publisher, NULL);
    w->publishing = false;
}

/* Files of what is done so far, beside the work, at doubling times. */
static void publish_in_time(struct writer *w)
{
    const struct team *t = w->run->team;
    int64_t now = clock_monotonic();
    if (!t->publish || !t->journal || now < w->publish_at)
        return;
    end_publishing(w); /* began half as long ago as the run: over, as a rule */
    w->publish_wait *= 2;
    w->publish_at = w->run->start + (int64_t)(1e9 * w->publish_wait);
    w->publishing = pthread_create(&w->publisher, NULL, publish, w->run) == 0;
}

static void publish_at_end(struct writer *w)
{
    struct run *run = w->run;
    const struct team *t = run->team;
    struct error err = {0};
    end_publishing(w);
    run->progress.published = !t->publish || !t->journal || publish_rank(t->publish, run->farm->rank, &err);
    if (t->journal && !w->lost) {
        journal_end(t->journal, 0);
        journal_sync(t->journal, &err);
    }
    if (err.code)
        run_fails(run, &err);
}

/* ---- the thread ---- */

static void write_batch(struct writer *w, const struct queue_item *batch, bool last)
{
    struct run *run = w->run;
    const struct team *t = run->team;
    bool ok = keep_batch(w, batch) && !run_has_failed(run);
    if (ok && run->farm->rank > 0)
        send_rows(run, batch);
    else if (ok && store_batch(w, batch, last))
        note_taken(run, batch);
    run->progress.behind = w->behind;
    run->progress.seconds = 1e-9 * (double)(clock_monotonic() - run->start);
    if (t->progress)
        t->progress(t->arg, &run->progress);
}

static void free_batch(struct queue_item *batch)
{
    for (struct queue_item *next; batch; batch = next) {
        next = batch->next;
        free(batch->result);
        free(batch);
    }
}

/* Told twice to stop: what was found is made safe, nothing else is waited for. */
static void leave(struct writer *w)
{
    const struct team *t = w->run->team;
    struct queue_item *batch;
    struct error err;
    queue_close(&w->run->queue);
    while (queue_take(&w->run->queue, &batch)) {
        keep_batch(w, batch);
        free_batch(batch);
    }
    if (t->journal && !w->lost) {
        journal_end(t->journal, (uint32_t)t->leave_code);
        journal_sync(t->journal, &err);
    }
    _exit(t->leave_code);
}

void *run_writer(void *arg)
{
    struct run *run = arg;
    const struct team *t = run->team;
    struct writer w = {
        .run = run,
        .journaling = {.journal = t->journal, .full_wait = t->full_wait, .stop = t->stop},
        .publish_wait = t->publish ? t->publish->after : 0,
    };
    struct queue_item *batch;
    w.publish_at = run->start + (int64_t)(1e9 * w.publish_wait);
    look_for_room(&w);
    while (queue_take(&run->queue, &batch)) {
        write_batch(&w, batch, false);
        free_batch(batch);
        if (*t->stop > 1)
            leave(&w);
        look_for_room(&w);
        publish_in_time(&w);
    }
    write_batch(&w, NULL, true); /* the last figures, also of a job without frames */
    wait_for_store(&w);
    publish_at_end(&w);
    atomic_store(&run->writer_done, true);
    return NULL;
}
