/* changes.h - has anything changed? What a page that stays open asks once a second, however many look at it. Part of the store's face. */
#ifndef XFELX_STORE_CHANGES_H
#define XFELX_STORE_CHANGES_H

#include "base/base.h"

struct store;

/* The newest of everything; equal twice: pages have nothing new to show. 0 where there is nothing yet. */
struct store_changes {
    int64_t rolls_t;  /* roll_change.updated: frames came in */
    int64_t jobs_t;   /* a job's or attempt's state */
    int64_t runs_t;   /* a run's state */
    int64_t requests; /* of pages and persons: asked, taken, done */
    int64_t audit, event, note;
    int64_t frame_t; /* time of the newest frame, exposure or else record */
};

/* One statement, answered from indexes but for the runs' and jobs' states (a walk over as many rows as there are runs and jobs). */
bool store_read_changes(struct store *s, struct store_changes *out, struct error *err);

#endif
