/* planner.h - what the parts of the plan share (plan.c, plan_datasets.c); for those files only. */
#ifndef XFELX_CAMPAIGN_PLANNER_H
#define XFELX_CAMPAIGN_PLANNER_H

#include "campaign/members.h"
#include "campaign/plan.h"

struct planner_job {
    const struct campaign_job *row;
    bool planned; /* its identity has an action */
};

struct planned {
    struct action action;
    int64_t ord; /* of its run; INT64_MAX: a version of a dataset */
    uint32_t trial_num;
};

struct planner {
    const struct snapshot *s;
    const struct policy *policy;
    struct arena *arena;
    struct members members;
    struct planner_job *jobs;                 /* by key */
    const struct campaign_run **runs;         /* by id */
    const struct campaign_attempt **attempts; /* by job, then number */
    const struct campaign_trial *followed;    /* by datasets; NULL: no trial is active */
    bool *goal_reached;                       /* of each dataset */
    bool any_goal_reached;
    struct planned *list;
    size_t n, room;
};

struct planner_job *planner_job(const struct planner *p, const struct campaign_key *key); /* NULL: none */
bool planner_done(const struct planner *p, const struct planner_job *job);                /* NULL: false */

const struct campaign_trial *planner_trial(const struct planner *p, int64_t id); /* likewise */
const struct campaign_rungroup *planner_rungroup(const struct planner *p, int64_t id);
const struct campaign_run *planner_run(const struct planner *p, int64_t id);

/* An action for the identity, to be filled: WORDS 4.1 from the top. True when its history already decides it (done, live,
 * cancelled, tries_used, later); else the reason that a submission would have is set, `fresh` where nothing was tried. */
bool planner_history(struct planner *p, struct planned *x, enum action_reason fresh);
void planner_add(struct planner *p, const struct planned *x);
void planner_because(struct planned *x, enum action_reason reason);

/* Of every active dataset: whether its goal is reached, for plan.c; its tasks. */
void planner_goals(struct planner *p);
void planner_datasets(struct planner *p);

#endif
