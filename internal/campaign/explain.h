/* explain.h - a plan in words, the same for `submit --dry-run`, `--explain`, pages and tests. */
#ifndef XFELX_CAMPAIGN_EXPLAIN_H
#define XFELX_CAMPAIGN_EXPLAIN_H

#include "base/base.h"
#include "campaign/plan.h"

/* "done in attempt 2 (95 of 95 frames)": the reason of one action as a sentence, without the newline. Times are UTC, with the
 * day when it is not today's. Names are written visibly (str_visible). Added to out. */
void explain_reason(const struct snapshot *s, const struct action *x, struct str *out);

/* "run 12, trial 3, rungroup 5": what the action is about. Added to out. */
void explain_identity(const struct snapshot *s, const struct action *x, struct str *out);

/* One line an action: identity, action, reason's word, sentence; without the action where there is nothing to do. run 0: of all; else of this run (id) alone, and one line that
 * says so when there is none. Added to out. */
void explain_plan(const struct snapshot *s, const struct action *actions, size_t n, int64_t run,
                  struct str *out);

#endif
