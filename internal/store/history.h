/* history.h - when a run came, grew, was whole, was worked on and merged: the times that were recorded, of one run by its keys. Part of
 * the store's face; store.h includes it. */
#ifndef XFELX_STORE_HISTORY_H
#define XFELX_STORE_HISTORY_H

#include "base/base.h"

struct store;

/* A version of a dataset that took results of a job of the run. merged_t: when a job of that version was done; 0: none was. */
struct store_history_version {
    int64_t job, created_t, merged_t;
    uint32_t version;
    const char *dataset;
};

/* UTC ns, 0: never, or not recorded. Texts in the arena.
 *
 * closed_t    no file of it will come any more; present_t: all files are on this machine
 * rate        bytes a second of the last look, while it is being transferred
 */
struct store_history {
    int64_t seen_t, begin_t, end_t, closed_t, present_t;
    double rate;
    struct store_history_version *versions; /* by time */
    size_t n_versions;
};
bool store_read_history(struct store *s, int64_t run, struct arena *a, struct store_history *out,
                        struct error *err);

#endif
