/* team.c - workers and writer of a rank; see parallel.h, run.h. OpenMP only makes the team: one parallel region for the whole run,
 * in a thread of its own, so that its barriers, which spin, are met once, and so that the thread that owns MPI is none of it. */
#include "parallel/rows.h"
#include "parallel/run.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { UNAPPLIED_MAX = 4096 };

void run_fails(struct run *r, const struct error *e)
{
    pthread_mutex_lock(&r->lock);
    if (!r->failed)
        r->error = *e;
    r->failed = true;
    pthread_mutex_unlock(&r->lock);
    supply_close(&r->supply);
}

void run_post(struct run *r, uint32_t to, enum message_type type, struct str *body)
{
    struct letter *letter = malloc(sizeof *letter);
    struct error err = {0};
    if (!letter) {
        error_set(&err, ERROR_MEMORY, "out of memory");
        str_free(body);
        run_fails(r, &err);
        return;
    }
    *letter = (struct letter){.to = to, .type = type, .body = *body};
    *body = (struct str){0};
    pthread_mutex_lock(&r->lock);
    *r->last_letter = letter;
    r->last_letter = &letter->next;
    pthread_mutex_unlock(&r->lock);
}

static const struct detector *kept_detector(struct run *r, const struct detector *d)
{
    if (!d)
        return NULL;
    uint64_t fingerprint = detector_fingerprint(d);
    pthread_mutex_lock(&r->lock);
    struct known *k = r->known;
    while (k && k->fingerprint != fingerprint)
        k = k->next;
    if (!k) {
        k = arena_alloc(&r->arena, sizeof *k);
        *k = (struct known){
            .next = r->known, .fingerprint = fingerprint, .detector = detector_copy(&r->arena, d)};
        r->known = k;
    }
    pthread_mutex_unlock(&r->lock);
    return k->detector;
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

/* Rank 0: these are in the store. Cross them off; tell each rank how many of its rows are in. */
static void note_stored(struct run *run, const struct queue_item *batch)
{
    const struct team *t = run->team;
    uint32_t from = 0, n = 0;
    for (const struct queue_item *i = batch; i; i = i->next) {
        const struct result *r = i->result;
        uint64_t frame = (uint64_t)t->list->sources[r->id.source].first + r->id.frame;
        pthread_mutex_lock(&run->lock);
        bool is_new = ledger_back(&run->ledger, frame);
        pthread_mutex_unlock(&run->lock);
        if (is_new)
            count(&run->progress, r);
        if (is_new && r->outcome == OUTCOME_FAILED && t->failed)
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

static bool has_failed(struct run *run)
{
    pthread_mutex_lock(&run->lock);
    bool failed = run->failed;
    pthread_mutex_unlock(&run->lock);
    return failed;
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
        count(&run->progress, i->result);
        n++;
        if (rows.len > MESSAGE_ROWS_MAX - ROW_MAX)
            post_rows(run, &rows, &n);
    }
    post_rows(run, &rows, &n);
    str_free(&rows);
    while (atomic_load(&run->unapplied) > UNAPPLIED_MAX && !*run->team->stop && !has_failed(run))
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
}

static bool store_batch(struct run *run, const struct queue_item *batch, struct error *err)
{
    const struct result *results[BATCH_MAX];
    const struct team *t = run->team;
    size_t n = 0;
    for (const struct queue_item *i = batch; i; i = i->next)
        results[n++] = i->result;
    return !t->store || n == 0 || store_put_results(t->store, t->job, results, n, t->recipe->hash_hex, err);
}

static void write_batch(struct run *run, const struct queue_item *batch)
{
    const struct team *t = run->team;
    struct error err = {0};
    bool ok = !has_failed(run);
    for (const struct queue_item *i = batch; ok && t->sink && i; i = i->next)
        ok = i->from != run->farm->rank || sink_put(t->sink, i->result, &err);
    if (ok && run->farm->rank == 0) {
        ok = store_batch(run, batch, &err);
        if (ok)
            note_stored(run, batch);
    } else if (ok) {
        send_rows(run, batch);
    }
    if (err.code)
        run_fails(run, &err);
    run->progress.seconds = 1e-9 * (double)(clock_monotonic() - run->start);
    if (t->progress)
        t->progress(t->arg, &run->progress);
}

static void *writer(void *arg)
{
    struct run *run = arg;
    struct queue_item *batch, *next;
    struct error err = {0};
    while (queue_take(&run->queue, &batch)) {
        write_batch(run, batch);
        for (; batch; batch = next) {
            next = batch->next;
            free(batch->result);
            free(batch);
        }
    }
    write_batch(run, NULL); /* the last figures, also of a job without frames */
    run->progress.published = !run->team->sink || sink_publish(run->team->sink, &err);
    if (err.code)
        run_fails(run, &err);
    atomic_store(&run->writer_done, true);
    return NULL;
}

/* ---- workers ---- */

static void keep(struct run *run, const struct result *result)
{
    struct queue_item *item = malloc(sizeof *item);
    struct result *copy = result_copy(result, kept_detector(run, result->detector));
    struct error err = {0};
    if (!item || !copy) {
        free(item);
        free(copy);
        error_set(&err, ERROR_MEMORY, "out of memory: a result could not be kept");
        run_fails(run, &err);
        return;
    }
    *item = (struct queue_item){.from = run->farm->rank, .result = copy};
    queue_put(&run->queue, item, true);
}

/* One frame for one worker, seen from inside a guard. */
struct task {
    const struct team *team;
    struct workspace *workspace;
    enum work_kind kind;
    uint64_t frame;
    struct result result; /* WORK_PROCESS */
    struct str sighting;  /* WORK_SURVEY: the frame's number and what it shows */
};

static void do_task(void *arg)
{
    struct task *task = arg;
    const struct team *t = task->team;
    if (task->kind == WORK_SURVEY)
        t->survey->look(t->recipe, task->workspace, task->frame, &task->sighting);
    else
        frame_process(t->recipe, task->workspace, task->frame, &task->result);
}

/* A kernel was left: the frame has failed, its tables are not to be looked at. */
static void mark_left(struct task *task, enum guard_end end)
{
    const struct source_list *l = task->team->list;
    const struct stage_info *stage = stage_info(task->result.n_stages);
    struct result *r = &task->result;
    str_clear(&task->sighting);
    wire_u32(&task->sighting, (uint32_t)task->frame);
    if (task->kind == WORK_SURVEY)
        return;
    *r = (struct result){.outcome = OUTCOME_FAILED,
                         .reason = end == GUARD_HANG ? REASON_TIMEOUT : REASON_FAULT,
                         .n_stages = r->n_stages,
                         .thread = r->thread,
                         .t_done = clock_now()};
    source_list_at(l, task->frame, &r->id.source, &r->id.frame);
    r->id.path = l->sources[r->id.source].recorded;
    r->id.single = !l->sources[r->id.source].container;
    const char *name = stage ? stage->name : "?";
    if (end == GUARD_HANG)
        snprintf(r->message, sizeof r->message, "the stage %s took longer than %g s", name,
                 task->team->frame_timeout);
    else
        snprintf(r->message, sizeof r->message, "the stage %s crashed", name);
}

/* Work on a frame; what its kernels crashed in is made anew. */
static void guarded(struct run *run, struct guard *guard, struct task *task, uint32_t number)
{
    const struct team *t = run->team;
    str_clear(&task->sighting);
    wire_u32(&task->sighting, (uint32_t)task->frame);
    enum guard_end end = guard_run(guard, do_task, task);
    if (end != GUARD_DONE) {
        mark_left(task, end);
        workspace_free(task->workspace);
        task->workspace = workspace_make(t->recipe, t->list, number);
    }
    if (task->kind == WORK_PROCESS) {
        keep(run, &task->result);
        return;
    }
    run_post(run, 0, MESSAGE_SIGHT, &task->sighting);
    task->sighting = (struct str){0};
}

static void show_guard(struct run *run, uint32_t number, struct guard *g)
{
    pthread_mutex_lock(&run->lock);
    run->guards[number] = g;
    pthread_mutex_unlock(&run->lock);
}

static void work(struct run *run, uint32_t number)
{
    const struct team *t = run->team;
    struct guard *guard = guard_make();
    struct task task = {.team = t, .workspace = workspace_make(t->recipe, t->list, number)};
    struct error err = {0};
    int64_t since = 0;
    show_guard(run, number, guard);
    while (guard && task.workspace && supply_next(&run->supply, &since, &task.kind, &task.frame))
        guarded(run, guard, &task, number);
    if (!guard || !task.workspace) {
        error_set(&err, ERROR_MEMORY, "out of memory");
        run_fails(run, &err);
    }
    show_guard(run, number, NULL);
    guard_free(guard);
    str_free(&task.sighting);
    workspace_free(task.workspace);
}

static void *crew(void *arg)
{
    struct run *run = arg;
#pragma omp parallel num_threads(run->team->n_threads)
    work(run, (uint32_t)omp_get_thread_num());
    atomic_store(&run->workers_done, true);
    return NULL;
}

/* ---- a run ---- */

static struct run *run_make(const struct team *t)
{
    struct run *run = calloc(1, sizeof *run);
    if (!run)
        return NULL;
    run->team = t;
    run->farm = t->farm;
    run->progress.total = t->n_frames;
    run->start = clock_monotonic();
    run->last_letter = &run->first_letter;
    pthread_mutex_init(&run->lock, NULL);
    supply_make(&run->supply, (uint32_t)t->n_threads);
    queue_make(&run->queue);
    run->guards = arena_array(&run->arena, (size_t)t->n_threads, sizeof *run->guards);
    guard_install();
    ledger_make(&run->ledger, t->list->n_frames, t->farm->size, &run->arena);
    if (t->farm->rank == 0 && !t->survey)
        ledger_open(&run->ledger, t->frames, t->n_frames);
    return run;
}

static void run_free(struct run *run)
{
    queue_free(&run->queue);
    supply_free(&run->supply);
    pthread_mutex_destroy(&run->lock);
    arena_free(&run->arena); /* the sink copied what it needs of the detectors in sink_put */
    free(run);
}

bool team_run(const struct team *t, struct team_progress *out, struct error *err)
{
    struct run *run = run_make(t);
    pthread_t writing, working;
    if (!run)
        return error_set(err, ERROR_MEMORY, "out of memory");
    bool ok = pthread_create(&writing, NULL, writer, run) == 0;
    bool works = ok && pthread_create(&working, NULL, crew, run) == 0;
    if (!works) {
        struct error none = {0};
        error_set(&none, ERROR_FAILED, "cannot start a thread");
        run_fails(run, &none);
        atomic_store(&run->workers_done, true);
        atomic_store(&run->writer_done, !ok);
    }
    service_run(run);
    if (works)
        pthread_join(working, NULL);
    if (ok)
        pthread_join(writing, NULL);
    if (run->failed && err)
        *err = run->error;
    ok = !run->failed;
    *out = run->progress;
    run_free(run);
    return ok;
}
