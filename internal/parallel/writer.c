/* writer.c - the writer thread of a rank: a batch is safe in the journal first; then its rows go to the store, or to rank 0 for it.
 * See run.h, STORE 5.
 *
 * Nobody waits for the store here (storer.c). */
#include "parallel/absence.h"
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

/* Results that are not used, into the batch of the journal. */
static void note_voids(struct writer *w)
{
    struct run *run = w->run;
    pthread_mutex_lock(&run->lock);
    if (run->n_voids && run->team->journal && !w->lost)
        journal_void(run->team->journal, run->voids, run->n_voids);
    run->n_voids = 0;
    pthread_mutex_unlock(&run->lock);
}

/* This rank's own results of a batch, on disk. */
static bool keep_batch(struct writer *w, const struct queue_item *batch)
{
    struct run *run = w->run;
    struct error err = {0};
    bool ok = !w->lost;
    atomic_store(&run->keeping, clock_monotonic());
    note_voids(w);
    for (const struct queue_item *i = batch; ok && i; i = i->next)
        ok = i->from != run->farm->rank || journaling_put(&w->journaling, i->result, &err);
    ok = ok && journaling_sync(&w->journaling, &err);
    atomic_store(&run->keeping, 0);
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
    supply_hold(&run->supply, HOLD_DISK, room != ROOM);
    if (room == ROOM_OVER)
        atomic_store(&run->over, true);
    if (err.code)
        run_fails(run, &err);
}

/* ---- rows ---- */

/* The answer to a rank whose rows were looked at: how many, and which are not used. Our own are noted at once. */
static void answer(struct run *run, uint32_t to, uint32_t n, const struct journal_void *doubles,
                   uint32_t n_doubles)
{
    struct str body = {0};
    run->progress.doubles += n_doubles;
    for (uint32_t i = 0; to == 0 && i < n_doubles; i++)
        run_void(run, doubles[i].source, doubles[i].frame);
    if (to == 0 || n == 0)
        return;
    wire_u32(&body, n);
    wire_u32(&body, n_doubles);
    for (uint32_t i = 0; i < n_doubles; i++) {
        wire_u32(&body, doubles[i].source);
        wire_u32(&body, doubles[i].frame);
    }
    run_post(run, to, MESSAGE_APPLIED, &body);
}

static enum ledger_answer take_row(struct run *run, const struct queue_item *i)
{
    const struct team *t = run->team;
    const struct result *r = i->result;
    uint64_t frame = (uint64_t)t->list->sources[r->id.source].first + r->id.frame;
    pthread_mutex_lock(&run->lock);
    enum ledger_answer a = ledger_take(&run->ledger, frame, i->from, journaling_final(r));
    pthread_mutex_unlock(&run->lock);
    if (a == LEDGER_COUNTS)
        team_count(&run->progress, r);
    if (a == LEDGER_COUNTS && r->outcome == OUTCOME_FAILED && t->failed)
        t->failed(t->arg, r);
    return a;
}

/* Rank 0: these are safe, the store gets those that count in its own time. Cross them off; tell each rank what became of its rows.
 * What does not count goes. */
static struct queue_item *take_rows(struct run *run, struct queue_item *batch)
{
    struct journal_void doubles[BATCH_MAX];
    struct queue_item *counts = NULL, **last = &counts;
    uint32_t from = 0, n = 0, n_doubles = 0;
    for (struct queue_item *i = batch, *next; i; i = next, n++) {
        next = i->next;
        if (i->from != from) {
            answer(run, from, n, doubles, n_doubles);
            from = i->from;
            n = n_doubles = 0;
        }
        enum ledger_answer a = take_row(run, i);
        if (a == LEDGER_DOUBLE)
            doubles[n_doubles++] =
                (struct journal_void){.source = i->result->id.source, .frame = i->result->id.frame};
        if (a == LEDGER_COUNTS) {
            *last = i;
            last = &i->next;
        } else {
            free(i->result);
            free(i);
        }
    }
    *last = NULL;
    answer(run, from, n, doubles, n_doubles);
    return counts;
}

/* ---- rows of the other ranks ---- */

/* Does rank 0 answer? */
static bool is_answered(struct run *run)
{
    return !run_has_failed(run) && !atomic_load(&run->unanswered);
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
    while (atomic_load(&run->unapplied) > UNAPPLIED_MAX && !*run->team->stop && is_answered(run))
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
}

/* Until rank 0 has said of every row whether it is used: then our files can be made for good. */
static void wait_for_answers(struct run *run)
{
    while (atomic_load(&run->unapplied) > 0 && *run->team->stop <= 1 && is_answered(run))
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
}

/* ---- files ---- */

static void *publish(void *arg)
{
    struct run *run = arg;
    struct error err = {0};
    if (!publish_rank(run->team->publish, run->farm->rank, &err) ||
        (run->farm->rank == 0 && !publish_powder(run->team->publish, &err)))
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

/* Files of ranks that do not make them themselves: those that are lost, those that an earlier attempt had and this one has not. */
static bool publish_others(struct run *run, struct error *err)
{
    const struct team *t = run->team;
    bool ok = true;
    for (uint32_t rank = 1; ok && rank < run->farm->size; rank++)
        ok = !run->lost[rank] || publish_rank(t->publish, rank, err);
    return ok && publish_from(t->publish, run->farm->size, err);
}

static void publish_at_end(struct writer *w)
{
    struct run *run = w->run;
    const struct team *t = run->team;
    struct error err = {0};
    bool first = run->farm->rank == 0, ok = true;
    end_publishing(w);
    if (!first)
        wait_for_answers(run);
    note_voids(w);
    if (t->journal && !w->lost)
        ok = absence_settle(run, &err); /* syncs */
    if (ok && t->publish && t->journal)
        ok = publish_rank(t->publish, run->farm->rank, &err) &&
             (!first || run_has_failed(run) || publish_others(run, &err));
    run->progress.published = ok;
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
        batch = take_rows(run, batch);
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
    tell_progress(&w); /* the last figures, also of a job without frames */
    publish_at_end(&w);
    /* the storer gives signs of life until the last file is there, which may take longer than the lease of an attempt */
    run->progress.behind = w.storer.run && !storer_end(&w.storer);
    atomic_store(&run->writer_done, true);
    return NULL;
}
