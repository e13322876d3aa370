/* states.h - what pages show of jobs. Private to cycle/. */
#ifndef XFELX_CYCLE_STATES_H
#define XFELX_CYCLE_STATES_H

#include "cycle/cycle.h"

/* Store the states of jobs that no attempt is alive of: those follow their attempt's news. */
bool cycle_store_states(struct cycle *c, const struct cycle_plan *plan, struct error *err);

#endif
