/* calib.h - versions of what results are calibrated with: masks, gains, pedestals, geometries, cell lists, references (SCIENCE 21). Part of
 * the store's face: store.h includes it.
 *
 * A version is a content (its SHA-256) with a label and the runs that it is for. A content may have several labels, and come back under one
 * from a later run on. Several versions may share a label: of those that are for a run,
 * the one added last is meant. Every attempt records the versions it used; results made with an older one are stale: shown so, never
 * changed or deleted.
 */
#ifndef XFELX_STORE_CALIB_H
#define XFELX_STORE_CALIB_H

#include "base/base.h"
#include "store/book.h"

struct store;

enum store_calib_kind {
    CALIB_MASK = 1,
    CALIB_GAIN,
    CALIB_PEDESTAL,
    CALIB_GEOMETRY,
    CALIB_CELLS,
    CALIB_REFERENCE,
    CALIB_END
};
const char *store_calib_kind_word(int kind); /* "mask", … ; "?" */
int store_calib_kind_of(const char *word);   /* 0: none */

struct store_calib {
    int64_t id, t, first, last; /* numbers of runs; -1: open */
    int kind;
    uint8_t hash[32];
    const char *label, *path, *who;
    uint32_t n_jobs; /* that used it */
};
/* By kind, label, and age, the newest first. kind 0, label NULL: all. */
bool store_calibs(struct store *s, int kind, const char *label, struct arena *a, struct store_calib **rows,
                  size_t *n, struct error *err);

/* Add a version. The same content under the same label is said anew, and is then the newest, when it is from the same run on or is the newest
 * already; what a job read without a label gets this one. ERROR_USAGE: a newer one came since, and runs that it is for would lose it; a label with "/", ".." or what cannot be seen. id, t, who, n_jobs do not count.
 * Event calib_new. */
bool store_calib_add(struct store *s, const struct store_by *by, const struct store_calib *c, int64_t *id,
                     struct error *err);

/* The version that a label means: the one that the job has read already (0: a new one), else the newest that is for the run (0: of all).
 * ERROR_USAGE: none. */
bool store_calib_find(struct store *s, int kind, const char *label, int64_t run, int64_t job, struct arena *a,
                      struct store_calib *out, struct error *err);

/* Is it for the run of this number? */
bool store_calib_is_for(const struct store_calib *c, int64_t run);

/* What an attempt used; a content that is not known is added, its path for a label. */
bool store_calib_used(struct store *s, int64_t attempt, const struct store_calib *used, size_t n,
                      struct error *err);

/* Jobs whose results were made with an older version than the one that their label means now, and why, in words; by job. */
struct store_stale {
    int64_t job, run;
    const char *why; /* "mask dark: a newer one of 2026-11-26 14:02 is for this run" */
};
bool store_stale_jobs(struct store *s, struct arena *a, struct store_stale **rows, size_t *n,
                      struct error *err);

#endif
