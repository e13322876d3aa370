/* timeline.c - the steps of a run; see timeline.h. */
#include "report/timeline.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct steps {
    struct arena *arena;
    struct timeline_step *rows;
    size_t n;
};

static void add(struct steps *s, enum timeline_kind kind, int64_t t, int64_t job, uint32_t attempt,
                const char *what)
{
    s->rows = arena_grow(s->arena, s->rows, s->n, sizeof *s->rows);
    s->rows[s->n++] = (struct timeline_step){
        .kind = kind, .t = t, .job = job, .attempt = attempt, .missing = t == 0, .wait_s = NAN, .what = what};
}

/* What its state says must have been is there, even when its time was not recorded. */
static void add_run(struct steps *s, const struct store_run_row *r, const struct store_history *h)
{
    bool observed = strcmp(r->facility, "process") != 0; /* else somebody named its files: they were there */
    bool closed = observed && (r->state == RUN_TRANSFERRING || r->state == RUN_PRESENT);
    if (h->begin_t)
        add(s, TIMELINE_BEGAN, h->begin_t, 0, 0, "the run began");
    add(s, TIMELINE_SEEN, h->seen_t, 0, 0, "first seen");
    if (h->end_t)
        add(s, TIMELINE_ENDED, h->end_t, 0, 0, "the run ended");
    if (h->closed_t || closed)
        add(s, TIMELINE_COMPLETE, h->closed_t, 0, 0, "complete: no more files come");
    if (h->present_t || (observed && r->state == RUN_PRESENT))
        add(s, TIMELINE_PRESENT, h->present_t, 0, 0,
            r->n_files == 1 ? "present: its file is here"
                            : arena_printf(s->arena, "present: all %s are here", COUNT(r->n_files, "file")));
}

static void add_attempt(struct steps *s, const struct store_book_job *j, const struct store_book_attempt *x)
{
    bool scheduled = *x->sched_id != 0, started = x->start_t || x->end_t;
    if (x->submit_t || scheduled)
        add(s, TIMELINE_SUBMITTED, x->submit_t, j->id, x->no,
            *x->sched_id ? arena_printf(s->arena, "submitted to %s as %s", x->scheduler, x->sched_id)
                         : "submitted");
    if (started)
        add(s, TIMELINE_STARTED, x->start_t, j->id, x->no,
            *x->host ? arena_printf(s->arena, "started on %s", x->host) : "started");
    if (x->end_t)
        add(s, TIMELINE_STOPPED, x->end_t, j->id, x->no,
            arena_printf(s->arena, "ended: %s", end_kind_word((int)x->end)));
}

static int by_time(const void *a, const void *b)
{
    const struct timeline_step *x = a, *y = b;
    if (x->t != y->t)
        return x->t < y->t ? -1 : 1;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    if (x->job != y->job)
        return x->job < y->job ? -1 : 1;
    return x->attempt < y->attempt ? -1 : x->attempt > y->attempt;
}

/* A step without a time gets, for sorting alone, that of the step after it of its own run or job, else of the one before. They were added
 * in order. */
static void place_missing(struct steps *s)
{
    for (size_t i = s->n; i-- > 0;)
        for (size_t k = i + 1; s->rows[i].missing && s->rows[i].t == 0 && k < s->n; k++)
            if (s->rows[k].job == s->rows[i].job || s->rows[i].job == 0)
                s->rows[i].t = s->rows[k].t;
    for (size_t i = 1; i < s->n; i++)
        for (size_t k = i; s->rows[i].t == 0 && k-- > 0;)
            if (s->rows[k].job == s->rows[i].job || s->rows[k].job == 0)
                s->rows[i].t = s->rows[k].t;
}

/* A job's first step waits for what the run's last one before it made possible. */
static void find_waits(struct steps *s)
{
    for (size_t i = 0; i < s->n; i++) {
        struct timeline_step *x = s->rows + i;
        for (size_t k = i; !x->missing && k-- > 0;) {
            const struct timeline_step *y = s->rows + k;
            if (y->missing || (y->job != x->job && y->job != 0))
                continue;
            x->wait_s = 1e-9 * (double)(x->t - y->t);
            break;
        }
    }
}

const struct timeline_step *timeline_of(const struct store_run_row *run, const struct store_history *h,
                                        const struct store_book_job *jobs, size_t n_jobs, struct arena *a,
                                        size_t *n)
{
    struct steps s = {.arena = a};
    add_run(&s, run, h);
    for (size_t i = 0; i < n_jobs; i++) {
        if (jobs[i].created_t)
            add(&s, TIMELINE_MADE, jobs[i].created_t, jobs[i].id, 0,
                arena_printf(a, "job made for trial %u", jobs[i].trial));
        for (size_t k = 0; k < jobs[i].n_attempts; k++)
            add_attempt(&s, jobs + i, jobs[i].attempts + k);
    }
    for (size_t i = 0; i < h->n_versions; i++) {
        const struct store_history_version *v = h->versions + i;
        add(&s, TIMELINE_TAKEN, v->created_t, v->job, 0,
            arena_printf(a, "in version %u of %s", v->version, v->dataset));
        if (v->merged_t)
            add(&s, TIMELINE_MERGED, v->merged_t, v->job, 0,
                arena_printf(a, "version %u of %s merged", v->version, v->dataset));
    }
    place_missing(&s);
    if (s.n)
        qsort(s.rows, s.n, sizeof *s.rows, by_time);
    find_waits(&s);
    for (size_t i = 0; i < s.n; i++)
        s.rows[i].t = s.rows[i].missing ? 0 : s.rows[i].t;
    *n = s.n;
    return s.rows;
}
