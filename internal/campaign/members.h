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

/* Tags that every new run gets (tag.auto). A run has its tags from its first sight on: a person who takes one off keeps it
 * off. seen_before: the run is known. Adds the missing ones to out[n_auto]; returns how many. */
size_t members_auto_tags(const int64_t *auto_tags, size_t n_auto, bool seen_before, const int64_t *has,
                         size_t n_has, int64_t *out);

#endif
