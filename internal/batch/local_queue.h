/* local_queue.h - the queue of one user on one machine: a folder with a file a job. Private to batch/.
 *
 * There is no daemon. Whoever comes by, a submission, a question, a job's keeper at its end, moves the queue on: a keeper is a process of
 * its own session that takes the first job that fits, runs it to its end, writes down how it ended, and looks for the next. All
 * campaigns of the user share the machine's cores and memory, first come first served. Files are read and written under one lock, each
 * whole or not at all: any process may be killed anywhere.
 *
 * OWNER of keeper and script say who lives (owner.h): after a start of the machine everything that ran is known to be gone.
 */
#ifndef XFELX_BATCH_LOCAL_QUEUE_H
#define XFELX_BATCH_LOCAL_QUEUE_H

#include "batch/batch.h"

/* A job's file.
 *
 * script, output  absolute; output: what the script says
 * environment     "NAME=value" of who submitted it, ends with NULL
 * keeper, child   owners; "": not started
 * cancel_t        a person asked then; 0: nobody did
 * end             END_NONE: it has not ended
 */
struct local_job {
    int64_t number;
    const char *script, *output, *name, *keeper, *child;
    const char *const *environment;
    int64_t cores, memory_mb;
    int64_t submit_t, start_t, cancel_t, end_t;
    enum end_kind end;
    int exit_code, exit_signal;
};

/* The queue, open and locked. id: 8 hexadecimal digits, made with the folder: numbers of another queue mean nothing here. */
struct local_queue {
    struct arena arena;
    char folder[512], id[9];
    int lock;
    struct local_job *jobs; /* by number */
    size_t n;
};

/* Open (and make) the user's queue on this machine, lock it, read all jobs; mark as ended those whose processes are gone. */
bool local_open(struct local_queue *q, struct error *err);
void local_close(struct local_queue *q);

/* A number for a new job; its file is written by local_write. */
int64_t local_new_number(struct local_queue *q);
bool local_write(struct local_queue *q, const struct local_job *j, struct error *err);

/* What the machine has for jobs. */
struct local_machine {
    int64_t cores, memory_mb;
};
struct local_machine local_machine(void);

bool local_runs(const struct local_job *j); /* started and not ended */

/* The first job that has not started, when it fits beside those that run, or nothing runs; else NULL: nobody overtakes it. Pure. */
struct local_job *local_next(const struct local_queue *q, struct local_machine m);

/* Start a keeper when there is work for it. The queue must be closed: keepers open it. */
bool local_move_on(struct error *err);

#endif
