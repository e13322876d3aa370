/* merges.h - what merging a dataset's versions came to, by shells of resolution (table merge_stats). Part of the store's face. */
#ifndef XFELX_STORE_MERGES_H
#define XFELX_STORE_MERGES_H

#include "base/base.h"

struct store;
struct store_by;

/* One shell of what one job merged of one version; shell 0: all of them together, then from low resolution. NaN, -1: not known. */
struct store_merge_shell {
    uint32_t version, shell; /* number of the version */
    int64_t job, possible, unique, measured, cc_pairs, lattices;
    double d_max, d_min, completeness, multiplicity, mean_i, i_over_sigma, cc_half, cc_star, r_split,
        wilson_b;
};

/* Of a dataset (its row), the newest version first, then by job and shell; at most `limit` rows. In the arena. */
bool store_merges(struct store *s, int64_t dataset, size_t limit, struct arena *a,
                  struct store_merge_shell **rows, size_t *n, struct error *err);

/* Whose figures they are: a version of a dataset, by its name and number, and the job that merged it. job -1: the newest one of the
 * version that is of a task of kind merge, else 0, which is nobody's: merged by hand. */
struct store_merge {
    const char *dataset;
    uint32_t version;
    int64_t job;
};

/* These shells (merge_log.h) in place of what was known of this merge; an event dataset_merged says so. shells[].version and job are not
 * read. *job: the one they were put to. ERROR_USAGE: no such dataset, version, or job of it. */
bool store_put_merge(struct store *s, const struct store_by *by, const struct store_merge *m,
                     const struct store_merge_shell *shells, size_t n, int64_t *job, struct error *err);

/* Jobs of kind merge that were done after an event (0: ever) and have no figures yet, in that order, at most `limit`: where they left
 * their log. *seen: the event up to which was looked. In the arena. */
struct store_merge_done {
    struct store_merge merge;
    const char *folder;
};
bool store_merges_done(struct store *s, int64_t after, size_t limit, struct arena *a,
                       struct store_merge_done **rows, size_t *n, int64_t *seen, struct error *err);

/* A log of a job that cannot be taken in, as an event for people. */
bool store_merge_refused(struct store *s, int64_t job, const char *why, struct error *err);

#endif
