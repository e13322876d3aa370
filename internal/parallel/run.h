/* run.h - what the threads of a rank share while frames are processed: workers and writer (team.c), service (service.c). Private
 * to parallel/. */
#ifndef XFELX_PARALLEL_RUN_H
#define XFELX_PARALLEL_RUN_H

#include "parallel/farm.h"
#include "parallel/guard.h"
#include "parallel/journaling.h"
#include "parallel/queue.h"
#include "parallel/supply.h"

#include <stdatomic.h>

/* A message of another thread, for the service thread to send. */
struct letter {
    struct letter *next;
    uint32_t to;
    enum message_type type;
    struct str body;
};

/* What the frames that are handed out are for; one after the other (rounds.c). */
enum round { ROUND_SURVEY, ROUND_FIRST, ROUND_AGAIN };

struct run {
    const struct team *team;
    struct farm *farm;
    struct supply supply;
    struct queue queue;
    struct team_progress progress; /* of the writer thread */
    int64_t start;
    atomic_bool workers_done, writer_done;
    atomic_int_fast64_t full_t; /* UTC ns: since when this rank's disk is full; 0: there is room */
    atomic_bool over;     /* the disk is full for too long, or the deadline is near: end in good order */
    atomic_bool deadline; /* over because of the deadline */
    enum round round;     /* rank 0, of the service thread */
    atomic_uint_fast32_t unapplied; /* rows sent to rank 0 and not yet taken by it */
    atomic_bool unanswered;         /* rank 0 takes no more rows: the job has failed */
    atomic_int_fast64_t keeping;    /* monotonic: since when the writer is at the journal; 0: it is not */
    bool *lost; /* rank 0, [ranks] set before the queue is closed: they never said that they are done */

    pthread_mutex_t lock;  /* of all below */
    struct guard **guards; /* [n_threads] of the workers; NULL: it has not begun, or is over */
    struct letter *first_letter, **last_letter;
    struct error error; /* the first one */
    bool failed;
    struct ledger ledger;       /* rank 0 */
    struct journal_void *voids; /* [n_voids] own results that are not used: for the journal */
    size_t n_voids;
    struct arena arena;
    /* Detectors that results point to: one copy of each geometry, since those of single images go with their file. */
    struct known {
        struct known *next;
        uint64_t fingerprint;
        const struct detector *detector;
    } * known;
};

/* Keep the first error; whoever serves then stops the job. Any thread. */
void run_fails(struct run *r, const struct error *e);

bool run_has_failed(struct run *r);

/* Have a message sent; the body is taken over. Any thread. */
void run_post(struct run *r, uint32_t to, enum message_type type, struct str *body);

/* A result of this rank is not used, since another rank's is: the writer will note it in the journal. Any thread. */
void run_void(struct run *r, uint32_t source, uint32_t frame);

/* The writer thread's work: journal, files, store (writer.c). */
void *run_writer(void *arg);

/* Rank 0's service thread: all frames of a round are back; hand out the next ones. false: there are none. (rounds.c) */
bool rounds_next(struct run *r);

/* What a frame of the survey shows, from rank from: its number, then bytes that only the survey knows. (rounds.c) */
void rounds_sight(struct run *r, const void *data, size_t n, uint32_t from);

/* Serve until this rank's frames are done, its files written, and (rank 0) the other ranks have said so too. */
void service_run(struct run *r);

#endif
