/* campaign.h - from what exists to what should run: the decisions of the slow flow (ARCHITECTURE 5).
 *
 * Everything here is a function of its arguments: no file, clock, network or database. Times are UTC nanoseconds and come
 * with the snapshot.
 *
 * names     folders of jobs, names of attempts
 * members   which runs belong to a rungroup, a dataset; tags that new runs get
 * state     a job's state from its attempts; whether and when it is tried again
 * plan      one action with one reason for every identity
 * explain   the same in words
 */
#ifndef XFELX_CAMPAIGN_CAMPAIGN_H
#define XFELX_CAMPAIGN_CAMPAIGN_H

#include "campaign/explain.h"
#include "campaign/members.h"
#include "campaign/names.h"
#include "campaign/plan.h"
#include "campaign/reasons.h"
#include "store/store.h"
#include "campaign/state.h"

#endif
