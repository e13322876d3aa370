/* parallel.h - work on the frames of a job with ranks and threads.
 *
 *     struct launch how;
 *     if (!launch_detect(&how, &err)) …              // refused: started by something that cannot wire it; nothing was touched
 *     source_helper_start(&err);                     // forks: before MPI
 *     if (!farm_open(&how, program, &farm, &err)) …  // MPI_Init, where there is a launcher; alone: nothing
 *     if (farm_rank(farm) == 0) …                    // read parameters, masks, lists; others get them:
 *     farm_share(farm, &bytes, &err);
 *     team_run(&team, &progress, &err);              // every rank; rank 0 also opens the store
 *     code = farm_end(farm, code);                   // rank 0's code for everybody
 *     farm_close(farm, code);
 *
 * Rank 0 hands out frames in chunks that shrink towards the end, and works too; each rank has a team of threads. Workers take
 * frames from what their rank was given; what they find goes through a queue to the rank's one writer thread, which makes it safe
 * in the rank's journal first; then rows for the store are sent to rank 0, whose writer alone talks to the store. Result files are
 * made from the journals, by a thread of their own. The thread that calls team_run is
 * the rank's service thread: it owns MPI, and never waits for more than a millisecond. Results do not depend on the number of
 * ranks and threads or on the order in which frames come back. Messages: STORE 6.
 */
#ifndef XFELX_PARALLEL_PARALLEL_H
#define XFELX_PARALLEL_PARALLEL_H

#include "parallel/publish.h"
#include "parallel/replay.h"
#include "parallel/resume.h"
#include "pipeline/pipeline.h"
#include "sink/sink.h"
#include "store/store.h"

#include <signal.h>

/* ---- launching ---- */

/* Who started this program: known before MPI_Init (VENDOR 3.2). */
struct launch {
    bool mpi;            /* a launcher that we speak with; else alone */
    uint32_t rank, size; /* as it says */
    bool one_node;       /* all ranks are on this machine */
};

/* Look at the environment. ERROR_USAGE for launchers that start N programs which cannot find each other: each alone would do
 * all the work. */
bool launch_detect(struct launch *out, struct error *err);

/* ---- the ranks ---- */

struct farm;

/* program: version and commit; ERROR_USAGE when the ranks differ in it. *out is to be closed also after a failure. */
bool farm_open(const struct launch *l, const char *program, struct farm **out, struct error *err);
uint32_t farm_rank(const struct farm *f);
uint32_t farm_ranks(const struct farm *f);
const char *farm_host(const struct farm *f, uint32_t rank); /* its machine; cut after 23 bytes */
int farm_threads(const struct farm *f); /* CPUs of this rank over the ranks that share them, ≥ 1 */

/* Rank 0's bytes to all; on the others they replace what is in bytes. */
bool farm_share(struct farm *f, struct str *bytes, struct error *err);

/* Another rank than 0 cannot begin: rank 0 stops the job with this error. In place of team_run. */
void farm_give_up(struct farm *f, const struct error *why);

/* Rank 0: tell the others that all is over. Others: wait for it. Returns rank 0's code. */
int farm_end(struct farm *f, int code);

/* f may be NULL. When a rank is lost, all are ended with this code and it does not return. */
void farm_close(struct farm *f, int code);

/* ---- the work ---- */

/* Work that comes before the frames and decides about them: a sample is looked at by all ranks, in blocks, rank 0 concludes, and
 * every rank adopts what was found. As pipeline/survey.h says it; bytes are what crosses between ranks.
 *
 * look      a worker of any rank: append what a frame shows; cannot fail
 * next      rank 0: the next block; false: enough was seen
 * take      rank 0: what was seen of one frame of the block; in any order
 * conclude  rank 0: append the finding
 * adopt     every rank, rank 0 too, while no worker works: from the same bytes
 *
 * next, take, conclude and adopt are called by the thread that called team_run, with arg of struct team.
 */
struct team_survey {
    void (*look)(const struct recipe *r, struct workspace *w, uint64_t frame, struct str *out);
    bool (*next)(void *arg, const uint64_t **frames, size_t *n);
    bool (*take)(void *arg, const void *data, size_t n, struct error *err);
    bool (*conclude)(void *arg, struct str *out, struct error *err);
    bool (*adopt)(void *arg, const void *data, size_t n, struct error *err);
};

struct team {
    struct farm *farm;
    const struct recipe *recipe;
    const struct source_list *list;
    /* Rank 0's count: numbers in the list. frames [n_frames]: what is to be done, in this order; again [n_again]: what is to be tried
     * for the second time, after those; done: what earlier attempts did, and the total (resume.h) */
    const uint64_t *frames, *again;
    uint64_t n_frames, n_again;
    const struct team_progress *done; /* NULL: nothing */
    int n_threads;                    /* of this rank */
    double frame_timeout; /* s; a kernel that works longer on a frame is left, the frame fails; 0: never */
    double
        silence; /* s; a rank that is not heard of for longer loses its frames to the others; 0: SILENCE_SECONDS of farm.h */
    const struct team_survey *survey; /* NULL: there is none. The same on all ranks */
    struct journal
        *journal;          /* this rank's; NULL: nothing is journaled, nor published. It gets its END here */
    double full_wait;      /* s; how long a full disk is waited for */
    bool keep_spots;       /* spots are for the journal too */
    struct powder *powder; /* of this rank: frames are added up; NULL: they are not */
    const struct publish *publish; /* NULL: no files */
    double deadline;               /* s since 1970; 0: none. Rank 0's counts */
    struct store *store;           /* NULL: nothing is stored. Rank 0's counts */
    const struct store_job *job;   /* on the other ranks only its attempt counts */
    /* 1: hand out nothing more, finish the frames in hand; 2: flush the journal and leave the process at once with leave_code; on
     * any rank */
    const volatile sig_atomic_t *stop;
    int leave_code;

    /* Rank 0, called by the writer thread after each batch (at least every half second) and at the end. */
    void (*progress)(void *arg, const struct team_progress *p);
    /* Rank 0, called by the writer thread for each failed frame. */
    void (*failed)(void *arg, const struct result *r);
    void *arg;
};

/* Process the frames and write this rank's files. false: results could not be kept (the first error of a journal, the files or the
 * store; on rank 0 of any rank); frames that were not kept are simply not there and are done by the same command. out: what was
 * kept. Where out->hangs, threads that hang in a disk still use all of this: end the process and give nothing back. */
bool team_run(const struct team *t, struct team_progress *out, struct error *err);

#endif
