/* timeline.h - what happened to a run, from "first seen" to "in version 7 of a dataset", as far as it was recorded (UI 3.3). Pure. */
#ifndef XFELX_REPORT_TIMELINE_H
#define XFELX_REPORT_TIMELINE_H

#include "store/store.h"

/* By the order in which they come when they have one time. */
enum timeline_kind {
    TIMELINE_BEGAN,     /* the run, as the facility says */
    TIMELINE_SEEN,      /* by us, first */
    TIMELINE_ENDED,     /* the run, as the facility says */
    TIMELINE_COMPLETE,  /* no more files come: transferring from here on */
    TIMELINE_PRESENT,   /* all files are here */
    TIMELINE_MADE,      /* a job was made for it */
    TIMELINE_SUBMITTED, /* an attempt */
    TIMELINE_STARTED,
    TIMELINE_STOPPED, /* an attempt ended */
    TIMELINE_TAKEN,   /* into a version of a dataset */
    TIMELINE_MERGED,
    TIMELINE_END
};

/* missing: it must have happened, since a later step did, but its time was not recorded (t is 0 then). wait_s: since the
 * step before it of the same job (of the run for its own steps) that is known; NaN: there is none. Texts in the arena. */
struct timeline_step {
    enum timeline_kind kind;
    int64_t t, job;
    uint32_t attempt; /* 0: of none */
    bool missing;
    double wait_s;
    const char *what; /* "submitted", "started on node7", … */
};

/* Steps by time; what is missing stands where it belongs. jobs: with all attempts. */
const struct timeline_step *timeline_of(const struct store_run_row *run, const struct store_history *h,
                                        const struct store_book_job *jobs, size_t n_jobs, struct arena *a,
                                        size_t *n);

#endif
