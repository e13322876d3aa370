/* journaling.c - the journal of a rank at work; see journaling.h. */
#include "parallel/journaling.h"

#include <time.h>

enum { BATCH_BYTES = 4 << 20, RETRY_SECONDS = 10 };

bool journaling_final(const struct result *r)
{
    return !(r->outcome == OUTCOME_FAILED && reason_is_retried(r->reason) && !(r->flags & FRAME_SECOND_TRY));
}

/* The disk is full: since when? Said once. */
static void note_full(struct journaling *w, const struct error *err)
{
    char line[1024];
    w->tried = clock_monotonic();
    if (w->full_since)
        return;
    w->full_since = w->tried;
    if (w->full_t)
        atomic_store(w->full_t, clock_now());
    log_warn("%s; no new frames are begun, waiting for up to %g s", error_line(err, line, sizeof line),
             w->full_wait);
}

static bool waited_enough(const struct journaling *w)
{
    return 1e-9 * (double)(clock_monotonic() - w->full_since) >= w->full_wait;
}

bool journaling_put(struct journaling *w, const struct result *r, struct error *err)
{
    unsigned tries = r->flags & FRAME_SECOND_TRY ? 2 : 1;
    if (!w->journal)
        return true;
    return journal_put(w->journal, r, journaling_final(r), tries, err) &&
           (journal_pending(w->journal) < BATCH_BYTES || journaling_sync(w, err));
}

/* Until it is time to try again, or nobody wants to wait any more. */
static void pause_before_retry(const struct journaling *w)
{
    while (!*w->stop && !waited_enough(w) &&
           clock_monotonic() - w->tried < (int64_t)RETRY_SECONDS * 1000000000)
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
}

bool journaling_sync(struct journaling *w, struct error *err)
{
    struct error mine = {0};
    if (!w->journal)
        return true;
    while (!journal_sync(w->journal, &mine)) {
        if (mine.code != ERROR_NO_SPACE || *w->stop || (w->full_since && waited_enough(w))) {
            if (err)
                *err = mine;
            return false;
        }
        note_full(w, &mine);
        pause_before_retry(w);
    }
    return true;
}

enum journaling_room journaling_room(struct journaling *w, uint64_t frames, struct error *err)
{
    struct error mine = {0};
    if (!w->journal)
        return ROOM;
    if (w->full_since && !waited_enough(w) &&
        clock_monotonic() - w->tried < (int64_t)RETRY_SECONDS * 1000000000)
        return ROOM_NONE;
    if (journal_reserve(w->journal, frames, &mine)) {
        w->full_since = 0;
        if (w->full_t)
            atomic_store(w->full_t, 0);
        return ROOM;
    }
    if (mine.code != ERROR_NO_SPACE) {
        if (err)
            *err = mine;
        return ROOM_LOST;
    }
    note_full(w, &mine);
    return waited_enough(w) ? ROOM_OVER : ROOM_NONE;
}
