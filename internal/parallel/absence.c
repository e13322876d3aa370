/* absence.c - ranks that are away; see absence.h. */
#include "parallel/absence.h"

/* ---- while frames are processed ---- */

static void goes(struct run *r, uint32_t rank)
{
    struct farm *f = r->farm;
    struct error err = {0};
    pthread_mutex_lock(&r->lock);
    uint64_t n = ledger_away(&r->ledger, rank);
    pthread_mutex_unlock(&r->lock);
    if (f->hang[rank])
        log_warn("rank %u on %s hangs in a disk; its %llu frames are given to others", rank,
                 f->ranks[rank].name, (unsigned long long)n);
    else
        log_warn("rank %u on %s was not heard of for %g s; its %llu frames are given to others", rank,
                 f->ranks[rank].name, f->silence, (unsigned long long)n);
    farm_message(f);
    if (!farm_send(f, rank, MESSAGE_RECALL, &err))
        run_fails(r, &err);
}

void absence_look(struct run *r)
{
    for (uint32_t rank = 1; rank < r->farm->size; rank++) {
        bool away = farm_away(r->farm, rank);
        if (away == r->ledger.ranks[rank].away || r->lost[rank])
            continue;
        if (away) {
            goes(r, rank);
            continue;
        }
        ledger_heard(&r->ledger, rank);
        log_warn("rank %u on %s is back", rank, r->farm->ranks[rank].name);
    }
}

bool absence_hangs(struct run *r, int64_t longest_frame_ns)
{
    double silence = r->farm->silence, frame = r->team->frame_timeout;
    int64_t keeping = atomic_load(&r->keeping);
    bool worker = frame > 0 && 1e-9 * (double)longest_frame_ns > frame + silence;
    bool writer =
        keeping && !atomic_load(&r->full_t) && 1e-9 * (double)(clock_monotonic() - keeping) > silence;
    return worker || writer;
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
