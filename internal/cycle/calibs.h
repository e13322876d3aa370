/* calibs.h - calibrations that parameters name by label: "calib:beamstop" where a file is wanted. */
#ifndef XFELX_CYCLE_CALIBS_H
#define XFELX_CYCLE_CALIBS_H

#include "param/param.h"
#include "store/store.h"

/* PHIL lines that put a file in place of each label of p: of the version that the job has read already (0: a new one), else of the newest
 * for the run (0: of all); none where there are no labels. ERROR_USAGE: no such calibration; ERROR_CHANGED: the file is not what was
 * added. */
bool calibs_resolve(struct store *s, const struct params *p, int64_t run, int64_t job, struct arena *a,
                    struct str *lines, struct error *err);

#endif
