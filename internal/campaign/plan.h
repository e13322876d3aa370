/* plan.h - what should happen: one action with one reason for every identity (ARCHITECTURE 5, WORDS 4.1). */
#ifndef XFELX_CAMPAIGN_PLAN_H
#define XFELX_CAMPAIGN_PLAN_H

#include "base/base.h"
#include "campaign/reasons.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Settings that decide, and what only the caller knows. {0} is not a policy: policy_default(). */
struct policy {
    bool start_at_complete;  /* facility.start_at: closed runs start when one of their files is here */
    uint32_t max_tries;      /* submit.max_tries */
    uint32_t max_queued;     /* mp.max_queued: live attempts; 0: no limit */
    uint32_t confirm_above;  /* submit.confirm_above: new jobs of one plan */
    bool yes;                /* a person said so */
    bool cancel_blocked;     /* submit.blocked_action=cancel */
    bool goal_stops;         /* submit.goal_stops */
    int64_t merge_quiet;     /* merge.quiet, ns */
    uint32_t merge_min_runs; /* merge.min_new_runs */
    const char *site_down;   /* what the scheduler's last answer was; NULL: it answers */
    uint32_t rate_left;      /* submissions left in this cycle (submit.rate); UINT32_MAX: no limit */
    int64_t explain_run;     /* id: this run is also planned in rungroups that it is not in; 0: none */
};
struct policy policy_default(void);

/* What to do with an identity, and why. The fields below `key` are what the reason's text needs. */
struct action {
    enum action_kind kind;
    enum action_reason reason;
    struct campaign_key key; /* version 0 with new_version > 0: make that version first, of these inputs */
    int64_t dataset;         /* of a task: the dataset that asks for it; 0: none */
    uint32_t new_version;
    uint32_t no;           /* number of the live or of the last attempt */
    const int64_t *inputs; /* ids of jobs */
    size_t n_inputs;
    int64_t job;      /* 0: no row yet */
    int64_t attempt;  /* live one: to show or to cancel */
    int64_t before;   /* the job whose files are its input */
    int64_t t;        /* since when, or when next */
    uint64_t n, of;   /* counts of the reason: frames, files, jobs, lattices */
    const char *text; /* an error, a task's name, who; NULL: none. Of the snapshot, or constant */
};

/* The actions, most urgent first: versions of datasets, then the newest run, in it the highest trial number, then rungroup,
 * then task. The list depends on the snapshot's content alone, not on the order of its rows. A plan of a snapshot to which the
 * plan's own actions were applied submits nothing.
 *
 * Identities: every run of every rungroup of every trial; every job that exists; the tasks of active datasets. Datasets follow
 * one trial, the active one of the highest number: merging lattices of the same frames twice would be wrong.
 *
 * a    holds the answer and all work space
 * Cost: O(n log n) in the rows of the snapshot plus the identities.
 */
struct action *plan(const struct snapshot *s, const struct policy *p, struct arena *a, size_t *n);

/* The order of snapshot.bad_runs, for qsort and bsearch. */
int plan_bad_run_order(const void *x, const void *y);

#endif
