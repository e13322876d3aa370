/* parallel.h - work on the frames of a job with a team of threads.
 *
 * Workers share an atomic cursor over the chosen frames and nothing else; each has its own workspace. What they find goes
 * through a queue to one writer thread, which alone talks to sink and store: disks and databases may be slow without a worker
 * waiting for a lock. Results do not depend on the number of threads or on the order in which frames come back.
 */
#ifndef XFELX_PARALLEL_PARALLEL_H
#define XFELX_PARALLEL_PARALLEL_H

#include "pipeline/pipeline.h"
#include "sink/sink.h"
#include "store/store.h"

#include <signal.h>

/* How far it is; counts as WORDS 2. */
struct team_progress {
    uint64_t total, done, hits, indexed, integrated, failed, lattices, below;
    double seconds; /* since the start */
};

struct team {
    const struct recipe *recipe;
    const struct source_list *list;
    const uint64_t *frames; /* [n_frames] numbers in the list: what is to be done, in this order */
    uint64_t n_frames;
    int n_threads;
    struct sink *sink;
    struct store *store; /* NULL: nothing is stored */
    const struct store_job *job;
    const volatile sig_atomic_t *stop; /* not 0: hand out nothing more, finish the frames in hand */

    /* Called by the writer thread after each batch (at least every half second) and at the end. */
    void (*progress)(void *arg, const struct team_progress *p);
    /* Called by the writer thread for each failed frame. */
    void (*failed)(void *arg, const struct result *r);
    void *arg;
};

/* Process the frames. false: results could not be kept (the first error of sink or store); frames that were not kept are simply
 * not there and are done again by the same command. out: what was kept. */
bool team_run(const struct team *t, struct team_progress *out, struct error *err);

#endif
