/* state.c - how attempts end decides what comes next; see state.h. */
#include "campaign/state.h"

static const int64_t minute = INT64_C(60) * 1000000000;
static const uint8_t back_off[] = {1, 5, 15}; /* minutes before the 2nd, 3rd … counted try */
enum { IDLE_REPEATS = 5 };                    /* uncounted repeats in a row without a new frame */
enum { EXIT_UNFINISHED = 75 };

enum next {
    NEXT_FAILED,
    NEXT_ONCE,      /* again, one time for this kind of end; counts */
    NEXT_TRANSIENT, /* likewise when its text is of a kind that passes, else failed */
    NEXT_ADVANCING, /* at once while frames come, failed when none did */
    NEXT_AT_ONCE,   /* does not count */
    NEXT_NOTHING,   /* as if it had not been */
};

static const struct {
    enum next next;
    const char *why; /* when that was the end of it */
} rules[END_KIND_END] = {
    [END_NONE] = {NEXT_AT_ONCE, "ended without a word"},
    [END_OK] = {NEXT_ONCE, "ended well but frames are missing"},
    [END_EXIT] = {NEXT_FAILED, "ended with an error"},
    [END_SIGNAL] = {NEXT_ONCE, "killed by a signal"},
    [END_TIMEOUT] = {NEXT_ADVANCING, "time limit, and no new frame"},
    [END_MEMORY] = {NEXT_FAILED, "too little memory: fewer ranks per node"},
    [END_NODE] = {NEXT_AT_ONCE, "its host or process died"},
    [END_PREEMPTED] = {NEXT_AT_ONCE, "gave way to other jobs"},
    [END_CANCELLED] = {NEXT_FAILED, "cancelled, not by us"},
    [END_LAUNCH] = {NEXT_TRANSIENT, "could not be started"},
    [END_DEADLINE] = {NEXT_AT_ONCE, "deadline"},
    [END_REQUEUED] = {NEXT_AT_ONCE, "run again by the scheduler"},
    [END_UNFINISHED] = {NEXT_AT_ONCE, "stopped before the end"},
    [END_SUPERSEDED] = {NEXT_NOTHING, ""},
    [END_OTHER] = {NEXT_FAILED, "ended in a way that is not known"},
};

static bool has_frames(const struct campaign_job *job)
{
    return job->key.task_rev == 0 && job->key.version <= 0;
}

static enum end_kind end_of(const struct campaign_attempt *a)
{
    if (a->state == ATTEMPT_LOST)
        return END_NODE;
    if (a->end_kind == END_EXIT && a->exit_code == EXIT_UNFINISHED)
        return END_UNFINISHED;
    return (unsigned)a->end_kind < END_KIND_END ? a->end_kind : END_OTHER;
}

bool job_is_done(const struct campaign_job *job, const struct campaign_attempt *const *attempts, size_t n)
{
    if (has_frames(job))
        return job->n_expected > 0 && job->n_final >= job->n_expected;
    for (size_t i = 0; i < n; i++)
        if (!attempts[i]->live && attempts[i]->state == ATTEMPT_ENDED && attempts[i]->end_kind == END_OK)
            return job->outputs;
    return false;
}

const struct campaign_attempt *job_live(const struct campaign_attempt *const *attempts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (attempts[i]->live)
            return attempts[i];
    return NULL;
}

static void failed(struct verdict *v, const char *why)
{
    v->kind = VERDICT_FAILED;
    v->why = why;
}

struct verdict job_verdict(const struct campaign_job *job, const struct campaign_attempt *const *attempts,
                           size_t n, uint32_t max_tries)
{
    struct verdict v = {.kind = VERDICT_NEW};
    uint32_t ended_so[END_KIND_END] = {0}, idle = 0;

    for (size_t i = 0; i < n; i++) {
        const struct campaign_attempt *a = attempts[i];
        if (a->live || (job->forgiven_t != 0 && a->end_t <= job->forgiven_t))
            continue;
        enum end_kind kind = end_of(a);
        enum next next = rules[kind].next;
        if (next == NEXT_NOTHING)
            continue;
        v.last = kind;
        idle = a->n_new > 0 ? 0 : idle;
        if (next == NEXT_FAILED || (next == NEXT_TRANSIENT && !a->transient) ||
            (next == NEXT_ADVANCING && a->n_new == 0)) {
            v.counted++;
            failed(&v, rules[kind].why);
        } else if (next == NEXT_AT_ONCE || next == NEXT_ADVANCING) {
            v.kind = VERDICT_RESUME;
            idle += a->n_new == 0;
            if (idle > IDLE_REPEATS)
                failed(&v, rules[kind].why);
        } else {
            size_t step = v.counted < sizeof back_off ? v.counted : sizeof back_off - 1;
            v.kind = VERDICT_RETRY;
            v.t = a->end_t + back_off[step] * minute;
            v.counted++;
            if (++ended_so[kind] > 1 || v.counted >= max_tries)
                failed(&v, rules[kind].why);
        }
    }
    return v;
}

enum job_state job_state(const struct campaign_job *job, const struct campaign_attempt *const *attempts,
                         size_t n, uint32_t max_tries, bool inputs_ready)
{
    if (job_is_done(job, attempts, n))
        return JOB_DONE;
    const struct campaign_attempt *live = job_live(attempts, n);
    if (live != NULL)
        return live->state == ATTEMPT_CLAIMED || live->state == ATTEMPT_SUBMITTING ||
                       live->state == ATTEMPT_QUEUED || live->state == ATTEMPT_BLOCKED
                   ? JOB_QUEUED
                   : JOB_RUNNING;
    if (job->cancelled)
        return JOB_CANCELLED;
    struct verdict v = job_verdict(job, attempts, n, max_tries);
    if (v.kind == VERDICT_FAILED)
        return JOB_FAILED;
    if (v.kind != VERDICT_NEW)
        return JOB_AGAIN;
    return inputs_ready ? JOB_READY : JOB_WAITING;
}
