/* spent.h - where the time of a job went, frame by frame. Part of the store's face; store.h includes it.
 *
 * Read by the job's key in one walk, handed out one by one: the caller's memory does not grow with the frames (a million: 1 s).
 */
#ifndef XFELX_STORE_SPENT_H
#define XFELX_STORE_SPENT_H

#include "model/model.h"

struct store;

struct store_spent {
    int64_t attempt;         /* its row */
    uint32_t writer, thread; /* rank */
    uint8_t outcome;
    int64_t done_t;             /* ns */
    double stage_ms[STAGE_MAX]; /* to 0.1 ms, 6.5 s at most */
};

bool store_each_spent(struct store *s, int64_t job, void (*see)(void *arg, const struct store_spent *x),
                      void *arg, struct error *err);

#endif
