/* absence.c - ranks that are away; see absence.h. */
#include "parallel/absence.h"

/* ---- this rank ---- */

struct absence_workers absence_count(const struct run *r)
{
    struct absence_workers w = {0};
    double limit = r->team->frame_timeout + r->farm->silence;
    for (int i = 0; i < r->team->n_threads; i++) {
        int64_t busy = r->guards[i] ? guard_busy(r->guards[i]) : 0;
        w.busy += busy > 0;
        w.hanging += r->team->frame_timeout > 0 && 1e-9 * (double)busy > limit;
    }
    return w;
}

bool absence_journal(struct run *r)
{
    int64_t keeping = atomic_load(&r->keeping);
    return keeping && !atomic_load(&r->full_t) &&
           1e-9 * (double)(clock_monotonic() - keeping) > r->farm->silence;
}

/* ---- all ranks ---- */

static void goes(struct run *r, uint32_t rank, bool hangs)
{
    struct farm *f = r->farm;
    struct error err = {0};
    pthread_mutex_lock(&r->lock);
    uint64_t n = ledger_away(&r->ledger, rank);
    pthread_mutex_unlock(&r->lock);
    if (hangs)
        log_warn("rank %u on %s hangs in a disk; its %s are given to others", rank, f->ranks[rank].name,
                 COUNT(n, "frame"));
    else
        log_warn("rank %u on %s was not heard of for %g s; its %s are given to others", rank,
                 f->ranks[rank].name, f->silence, COUNT(n, "frame"));
    farm_message(f);
    if (rank == 0)
        supply_forget(&r->supply);
    else if (!farm_send(f, rank, MESSAGE_RECALL, &err))
        run_fails(r, &err);
}

void absence_look(struct run *r, struct absence_workers own)
{
    for (uint32_t rank = 0; r->farm->size > 1 && rank < r->farm->size; rank++) {
        bool hangs = rank == 0 ? own.hanging > 0 : r->farm->hang[rank];
        bool away = hangs || (rank > 0 && farm_away(r->farm, rank));
        if (away == r->ledger.ranks[rank].away || r->lost[rank])
            continue;
        if (away) {
            goes(r, rank, hangs);
            continue;
        }
        ledger_heard(&r->ledger, rank);
        log_warn("rank %u on %s is back", rank, r->farm->ranks[rank].name);
    }
}

bool absence_of_all(const struct run *r, struct absence_workers own, const struct supply_state *now)
{
    if (r->farm->size == 1)
        return own.hanging > 0 && own.busy == own.hanging &&
               (now->waiting == 0 || own.hanging == (uint32_t)r->team->n_threads);
    for (uint32_t rank = 0; rank < r->farm->size; rank++)
        if (!r->ledger.ranks[rank].away)
            return false;
    return true;
}

/* ---- the end ---- */

/* Of one lost rank: its final records of frames that another rank's result counts of. */
static bool void_doubles(struct run *r, uint32_t rank, struct error *err)
{
    const struct team *t = r->team;
    struct arena a = {0};
    struct journals *j = NULL;
    const char *path = journals_path(&a, t->publish->journals, (uint64_t)t->job->attempt, rank);
    size_t n = 0;
    bool ok = journals_open(&path, 1, &j, err);
    const struct journals_frame *frames = ok ? journals_frames(j, &n) : NULL;
    struct journal_void *voids = arena_array(&a, n + 1, sizeof *voids);
    size_t n_voids = 0;
    for (size_t i = 0; i < n; i++) {
        const struct journals_frame *f = frames + i;
        if (f->final && ledger_is_anothers(&r->ledger, t->list->sources[f->source].first + f->frame, rank))
            voids[n_voids++] = (struct journal_void){f->attempt, rank, f->source, f->frame};
    }
    if (n_voids)
        journal_void(t->journal, voids, n_voids);
    r->progress.doubles += n_voids;
    journals_close(j);
    arena_free(&a);
    return ok;
}

bool absence_settle(struct run *r, struct error *err)
{
    const struct team *t = r->team;
    bool ok = true;
    for (uint32_t rank = 1; ok && rank < r->farm->size; rank++)
        if (r->lost[rank] && t->journal && t->publish && t->job)
            ok = void_doubles(r, rank, err);
    return ok && (!t->journal || journal_sync(t->journal, err));
}
