/* uses.h - whether the files that jobs are to read are well, found before anything is queued (WORDS 4.1: bad_input). Private to cycle/. */
#ifndef XFELX_CYCLE_USES_H
#define XFELX_CYCLE_USES_H

#include "cycle/cycle.h"

/* The uses (a rungroup in a trial) of which the plan would submit something, or whose rows say that their files are bad, and that have
 * not been opened yet: they are opened, and what was found stands in the snapshot. *changed: it is not what the plan took for granted.
 * Without c->inputs nothing is opened. */
bool uses_open(struct cycle *c, struct arena *a, struct cycle_plan *plan, bool *changed, struct error *err);

/* What rows of trials and rungroups should say after that, only those that say something else. A trial is bad when all that was opened of
 * it is, with one and the same error, and not just one rungroup with parameters of its own; else the rungroup is. Where only some
 * runs of one are bad, how many jobs and the first run are said. Pure but for memory. */
size_t uses_found(const struct cycle_plan *plan, struct arena *a, struct store_bad_input **found);

#endif
