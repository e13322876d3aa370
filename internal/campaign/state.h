/* state.h - a job's state as a function of its attempts and counts, and whether it is tried again (WORDS 4). */
#ifndef XFELX_CAMPAIGN_STATE_H
#define XFELX_CAMPAIGN_STATE_H

#include "store/store.h"

/* What becomes of a job whose attempts have all ended. */
enum verdict_kind {
    VERDICT_NEW,    /* nothing was tried (or all is forgiven) */
    VERDICT_RETRY,  /* failed, is tried again at `t`; counts */
    VERDICT_RESUME, /* interrupted, goes on at once; does not count */
    VERDICT_FAILED, /* not by itself */
};

struct verdict {
    enum verdict_kind kind;
    int64_t t;        /* RETRY: not before */
    uint32_t counted; /* tries that count */
    enum end_kind
        last;        /* how the last attempt that matters ended: lost counts as node, exit 75 as unfinished */
    const char *why; /* FAILED: in words; never NULL then */
};

/* Whether the job has what it was to make: every expected frame its final outcome; a task without frames (task_rev or
 * version not 0) an attempt that ended well, and its outputs. attempts: those of this job, by number, none twice. */
bool job_is_done(const struct campaign_job *job, const struct campaign_attempt *const *attempts, size_t n);

/* The live one; NULL: none. */
const struct campaign_attempt *job_live(const struct campaign_attempt *const *attempts, size_t n);

/* attempts by number; live ones are passed over. max_tries: submit.max_tries. */
struct verdict job_verdict(const struct campaign_job *job, const struct campaign_attempt *const *attempts,
                           size_t n, uint32_t max_tries);

/* The first rule of WORDS 4 that fits. inputs_ready: run present, task before it done and published. */
enum job_state job_state(const struct campaign_job *job, const struct campaign_attempt *const *attempts,
                         size_t n, uint32_t max_tries, bool inputs_ready);

#endif
