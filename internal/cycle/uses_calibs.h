/* uses_calibs.h - uses that name calibrations by label: which version, and so which file, a job reads depends on its run. Private to
 * cycle/. */
#ifndef XFELX_CYCLE_USES_CALIBS_H
#define XFELX_CYCLE_USES_CALIBS_H

#include "cycle/cycle.h"

/* Does the PHIL of a use name calibrations by label? *labelled: it does, and it is remembered in the plan; the runs that a label has no
 * version for stand in the snapshot as bad, *changed: there are some. */
bool uses_calibs_open(struct cycle *c, struct arena *a, struct cycle_plan *plan,
                      const struct campaign_use *use, const char *phil, bool *labelled, bool *changed,
                      struct error *err);

/* Open the files of the runs of such uses that the plan would submit, each set of versions once. *changed: some are bad. */
bool uses_calibs_look(struct cycle *c, struct arena *a, struct cycle_plan *plan, bool *changed,
                      struct error *err);

#endif
