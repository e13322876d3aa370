/* ending.h - when a rank ends before its frames do. Pure. Private to parallel/. */
#ifndef XFELX_PARALLEL_ENDING_H
#define XFELX_PARALLEL_ENDING_H

#include "parallel/supply.h"

enum {
    ENDING_SPARE_SECONDS = 60, /* before the deadline all is to be over: files take their time */
    ENDING_LEAVE_SECONDS = 3,  /* how long a journal may take to be flushed when we were told twice */
};

/* Could a frame that is begun now, at a time in s since 1970, end too near to the deadline (0: there is none)? Frames take the mean
 * of those so far, at most twice that. */
bool ending_deadline(double now, double deadline, const struct supply_state *so_far);

/* Told twice to stop: is the time for flushing over? since: monotonic, when that was first asked; 0 at first, is set. */
bool ending_leave(int64_t now, int64_t *since);

#endif
