/* merges.h - what merges came to, once their jobs are done. Private to cycle/. */
#ifndef XFELX_CYCLE_MERGES_H
#define XFELX_CYCLE_MERGES_H

#include "cycle/cycle.h"

/* Of every job of a task of kind merge that was done since the last time: take in the main log of cctbx.xfel.merge among its results
 * (*_main.log, the first by name). Without such a log there is nothing to take: other programs merge, too. One that is not understood is
 * told once, as an event. How far we are is kept in the store under "merges". */
bool cycle_merges(struct cycle *c, struct error *err);

#endif
