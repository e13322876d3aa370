/* calibs.h - calibrations that parameters name by label: "calib:beamstop" where a file is wanted. */
#ifndef XFELX_CYCLE_CALIBS_H
#define XFELX_CYCLE_CALIBS_H

#include "param/param.h"
#include "store/store.h"

/* PHIL lines that put the file of the version that each label means for the run (0: the newest of all) in place of the labels of p; none
 * where there are none. ERROR_USAGE: no such calibration; ERROR_CHANGED: the file is not what was added. */
bool calibs_resolve(struct store *s, const struct params *p, int64_t run, struct arena *a, struct str *lines,
                    struct error *err);

#endif
