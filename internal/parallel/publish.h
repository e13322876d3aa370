/* publish.h - a rank's result files from its journals, of all attempts (STORE 5.3). */
#ifndef XFELX_PARALLEL_PUBLISH_H
#define XFELX_PARALLEL_PUBLISH_H

#include "pipeline/pipeline.h"
#include "sink/sink.h"

struct publish {
    const char *journals;     /* folder of the job's journals */
    struct sink_options sink; /* of this rank */
    double after;             /* s from the start to the first time; then at doubled times, and at the end */
    struct powder *powder;    /* of this rank; NULL: there is none */
    uint64_t attempt;         /* number: sums of each have a file of their own, */
    const char *powder_parts; /* in this folder; */
    const char *powder_path;  /* the picture of all of them, */
    const char *residuals_path; /* and where their spots lie */
};

/* Write the files of a rank anew, from what its journals hold on disk. Journals are read, nobody is waited for: it may run beside
 * the threads that append to them. */
bool publish_rank(const struct publish *p, uint32_t rank, struct error *err);

/* Rank 0: the powder picture anew, from the sums that ranks of all attempts have written so far; when all have, it is that of all. Half
 * a second for 1 Mpx, most of it for packing the file. */
bool publish_powder(const struct publish *p, struct error *err);

/* Files of ranks from a number on: those that an earlier attempt had and this one has not. */
bool publish_from(const struct publish *p, uint32_t first_rank, struct error *err);

#endif
