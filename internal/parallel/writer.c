/* writer.c - the writer thread of a rank: a batch is safe in the journal first; then its rows go to the store, or to rank 0 for it.
 * See run.h, STORE 5.
 *
 * Nobody waits for the store here (storer.c). */
#include "parallel/rows.h"
#include "parallel/run.h"
#include "parallel/storer.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { UNAPPLIED_MAX = 4096 };

struct writer {
    struct run *run;
    struct journaling journaling;
    bool lost;            /* the journal takes nothing more */
    struct storer storer; /* rank 0 */
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

/* Rank 0: these are safe, the store gets them in its own time. Cross them off; tell each rank how many of its rows were taken. */
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

static void free_batch(struct queue_item *batch)
{
    for (struct queue_item *next; batch; batch = next) {
        next = batch->next;
        free(batch->result);
        free(batch);
    }
}

static void tell_progress(struct writer *w)
{
    struct run *run = w->run;
    run->progress.seconds = 1e-9 * (double)(clock_monotonic() - run->start);
    if (run->team->progress)
        run->team->progress(run->team->arg, &run->progress);
}

/* The batch is taken over. */
static void write_batch(struct writer *w, struct queue_item *batch)
{
    struct run *run = w->run;
    bool ok = keep_batch(w, batch) && !run_has_failed(run);
    if (ok && run->farm->rank > 0)
        send_rows(run, batch);
    else if (ok)
        note_taken(run, batch);
    if (ok && w->storer.run)
        storer_give(&w->storer, batch);
    else
        free_batch(batch);
    tell_progress(w);
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
        .journaling = {.journal = t->journal,
                       .full_wait = t->full_wait,
                       .stop = t->stop,
                       .full_t = &run->full_t},
        .publish_wait = t->publish ? t->publish->after : 0,
    };
    struct queue_item *batch;
    w.publish_at = run->start + (int64_t)(1e9 * w.publish_wait);
    if (run->farm->rank == 0 && t->store)
        storer_begin(&w.storer, run);
    look_for_room(&w);
    while (queue_take(&run->queue, &batch)) {
        write_batch(&w, batch);
        if (*t->stop > 1)
            leave(&w);
        look_for_room(&w);
        publish_in_time(&w);
    }
    run->progress.behind = w.storer.run && !storer_end(&w.storer);
    tell_progress(&w); /* the last figures, also of a job without frames */
    publish_at_end(&w);
    atomic_store(&run->writer_done, true);
    return NULL;
}
