/* members.h - which runs belong to a rungroup and to a dataset, and which tags a new run gets. */
#ifndef XFELX_CAMPAIGN_MEMBERS_H
#define XFELX_CAMPAIGN_MEMBERS_H

#include "base/base.h"
#include "store/store.h"

/* Sorted views of a snapshot that questions about membership are answered from. Valid as long as the snapshot and the arena.
 * Made in O(n log n). */
struct members {
    const struct campaign_run **runs;             /* by ord, then id */
    const struct campaign_exception **exceptions; /* by rungroup, then run */
    const struct campaign_run_tag **tags;         /* by run, then tag */
    const struct campaign_dataset_tag **datasets; /* by dataset, then tag */
    const struct snapshot *s;
};
void members_make(const struct snapshot *s, struct arena *a, struct members *out);

/* Its number lies within first and last (open: no last), or it is included; an excluded one never belongs. */
bool members_rungroup_has(const struct members *m, const struct campaign_rungroup *g,
                          const struct campaign_run *run);

/* Runs of a rungroup, each once, by ord. Cost: those of its range, and its exceptions. The array is of the arena. */
const struct campaign_run **members_of_rungroup(const struct members *m, const struct campaign_rungroup *g,
                                                struct arena *a, size_t *n);

/* A run with any of the dataset's tags, or with all of them. A dataset without tags has no runs. */
bool members_dataset_has(const struct members *m, const struct campaign_dataset *d, int64_t run);

#endif
