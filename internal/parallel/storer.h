/* storer.h - rank 0's thread that talks to the store, behind the writer: a database that is slow or away keeps nobody from making
 * results safe. Private to parallel/.
 *
 * What it cannot take in time is dropped here, since it is in the journals: it is read there when the database is back, by this run
 * or by the next one.
 */
#ifndef XFELX_PARALLEL_STORER_H
#define XFELX_PARALLEL_STORER_H

#include "parallel/run.h"

struct storer {
    struct run *run; /* NULL: not begun */
    struct queue queue;
    pthread_t thread;
    atomic_bool dropped; /* the queue was too long */
    bool behind;         /* rows are only in the journals */
    int64_t beat_at,
        lag; /* when the next sign of life is due; ns from the oldest result of the last batch to its row */
    int64_t look_at, wait_ns; /* when the database is looked at again, and how long after that */
};

/* Start the thread. An error ends the run. */
void storer_begin(struct storer *s, struct run *run);

/* A batch that is in the journals; it is taken over. Never waits. */
void storer_give(struct storer *s, struct queue_item *batch);

/* Put what is left, end the thread. false: rows are only in the journals. */
bool storer_end(struct storer *s);

#endif
