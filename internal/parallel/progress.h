/* progress.h - how far a job is. */
#ifndef XFELX_PARALLEL_PROGRESS_H
#define XFELX_PARALLEL_PROGRESS_H

#include "model/model.h"

/* Counts as WORDS 2. */
struct team_progress {
    uint64_t earlier; /* of those done: by earlier attempts */
    uint64_t total, done, hits, indexed, integrated, failed, lattices, below;
    double seconds;     /* since the start */
    uint64_t messages;  /* between ranks; at the end */
    double cpu_seconds; /* of all ranks; at the end */
    double idle;        /* share of the threads' time spent waiting for frames; at the end */
    bool deadline;      /* it was ended because of the deadline; at the end */
    bool published;     /* this rank's files are written */
    bool behind;        /* rows are only in the journals: the database could not be reached */
    uint64_t doubles; /* results that were not used: another rank had done the frame, since theirs was away */
    uint32_t lost;    /* ranks that did not come back; at the end */
    bool
        hangs; /* workers of this process hang in a disk and were left behind: nothing that they use may go; at the end */
};

/* Count a result. */
void team_count(struct team_progress *p, const struct result *r);

#endif
