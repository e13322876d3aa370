/* merges.h - what merging a dataset's versions came to, by shells of resolution (table merge_stats). Part of the store's face. */
#ifndef XFELX_STORE_MERGES_H
#define XFELX_STORE_MERGES_H

#include "base/base.h"

struct store;

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

#endif
