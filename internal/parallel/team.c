/* team.c - the workers of a rank, and a run from its beginning to its end; see parallel.h, run.h. OpenMP only makes the team: one parallel region for the whole run,
 * in a thread of its own, so that its barriers, which spin, are met once, and so that the thread that owns MPI is none of it. */
#include "parallel/run.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>

void run_fails(struct run *r, const struct error *e)
{
    pthread_mutex_lock(&r->lock);
    if (!r->failed)
        r->error = *e;
    r->failed = true;
    pthread_mutex_unlock(&r->lock);
    supply_close(&r->supply);
}

bool run_has_failed(struct run *r)
{
    pthread_mutex_lock(&r->lock);
    bool failed = r->failed;
    pthread_mutex_unlock(&r->lock);
    return failed;
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

void run_void(struct run *r, uint32_t source, uint32_t frame)
{
    const struct store_job *job = r->team->job;
    struct journal_void one = {job ? (uint64_t)job->attempt : 0, r->farm->rank, source, frame};
    pthread_mutex_lock(&r->lock);
    r->voids = arena_grow(&r->arena, r->voids, r->n_voids, sizeof *r->voids);
    r->voids[r->n_voids++] = one;
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

/* ---- workers ---- */

static void keep(struct run *run, const struct result *result)
{
    struct queue_item *item = malloc(sizeof *item);
    struct result kept = *result;
    if (!run->team->keep_spots)
        kept.spots = NULL;
    struct result *copy = result_copy(&kept, kept_detector(run, result->detector));
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
    uint32_t number;      /* of the thread */
    struct result result; /* WORK_PROCESS, WORK_AGAIN */
    struct str sighting;  /* WORK_SURVEY: the frame's number and what it shows */
};

/* In the journal's slot of this thread. */
static void note_stage(void *arg, uint32_t stage)
{
    const struct task *task = arg;
    const struct team *t = task->team;
    uint32_t source, frame;
    if (task->kind == WORK_SURVEY || !t->journal)
        return;
    source_list_at(t->list, task->frame, &source, &frame);
    journal_slot(t->journal, task->number, true, source, frame, stage, task->kind == WORK_AGAIN ? 2 : 1);
}

static struct workspace *task_workspace(struct task *task)
{
    const struct team *t = task->team;
    struct workspace *w = workspace_make(t->recipe, t->list, task->number);
    if (w)
        workspace_watch(w, note_stage, task);
    return w;
}

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
static void guarded(struct run *run, struct guard *guard, struct task *task)
{
    const struct team *t = run->team;
    str_clear(&task->sighting);
    wire_u32(&task->sighting, (uint32_t)task->frame);
    enum guard_end end = guard_run(guard, do_task, task);
    if (end != GUARD_DONE) {
        mark_left(task, end);
        workspace_free(task->workspace);
        task->workspace = task_workspace(task);
    }
    if (task->kind != WORK_SURVEY) {
        if (t->powder && end == GUARD_DONE) /* outside of the guard: it takes locks */
            frame_add(t->powder, task->workspace, &task->result);
        task->result.flags |= task->kind == WORK_AGAIN ? FRAME_SECOND_TRY : 0;
        keep(run, &task->result);
        if (t->journal)
            journal_slot(t->journal, task->number, false, 0, 0, 0, 0);
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
    struct task task = {.team = t, .number = number};
    task.workspace = task_workspace(&task);
    if (guard && t->journal)
        guard_mark(guard, journal_slot_mark(t->journal, number), JOURNAL_CRASHED);
    struct error err = {0};
    int64_t since = 0;
    show_guard(run, number, guard);
    while (guard && task.workspace && supply_next(&run->supply, &since, &task.kind, &task.frame))
        guarded(run, guard, &task);
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
    if (t->done)
        run->progress = *t->done;
    else
        run->progress.total = t->n_frames + t->n_again;
    run->progress.earlier = run->progress.done;
    run->start = clock_monotonic();
    run->last_letter = &run->first_letter;
    pthread_mutex_init(&run->lock, NULL);
    supply_make(&run->supply, (uint32_t)t->n_threads);
    queue_make(&run->queue);
    run->guards = arena_array(&run->arena, (size_t)t->n_threads, sizeof *run->guards);
    guard_install();
    ledger_make(&run->ledger, t->farm->rank == 0 ? t->list->n_frames : 0, t->farm->size, &run->arena);
    run->lost = arena_array(&run->arena, t->farm->size, sizeof *run->lost);
    if (t->silence > 0)
        t->farm->silence = t->silence;
    for (uint64_t i = 0; i < t->n_again; i++)
        ledger_again(&run->ledger, t->again[i]);
    run->round = t->survey && t->n_frames + t->n_again ? ROUND_SURVEY : ROUND_FIRST;
    if (t->farm->rank == 0 && run->round == ROUND_FIRST)
        ledger_open(&run->ledger, t->frames, t->n_frames);
    return run;
}

static void run_free(struct run *run)
{
    queue_free(&run->queue);
    supply_free(&run->supply);
    pthread_mutex_destroy(&run->lock);
    arena_free(&run->arena);
    free(run);
}

bool team_run(const struct team *t, struct team_progress *out, struct error *err)
{
    struct run *run = run_make(t);
    pthread_t writing, working;
    if (!run)
        return error_set(err, ERROR_MEMORY, "out of memory");
    bool ok = pthread_create(&writing, NULL, run_writer, run) == 0;
    bool works = ok && pthread_create(&working, NULL, crew, run) == 0;
    if (!works) {
        struct error none = {0};
        error_set(&none, ERROR_FAILED, "cannot start a thread");
        run_fails(run, &none);
        atomic_store(&run->workers_done, true);
        atomic_store(&run->writer_done, !ok);
    }
    service_run(run);
    bool hangs = run->progress.hangs;
    if (works && !hangs)
        pthread_join(working, NULL);
    if (ok)
        pthread_join(writing, NULL);
    if (run->failed && err)
        *err = run->error;
    ok = !run->failed;
    *out = run->progress;
    if (!hangs) /* else they may wake up yet */
        run_free(run);
    return ok;
}
