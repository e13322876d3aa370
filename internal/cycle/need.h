/* need.h - what a job asks of the scheduler, from the settings mp.*, container.*, sge.*, custom.*. Private to cycle/. */
#ifndef XFELX_CYCLE_NEED_H
#define XFELX_CYCLE_NEED_H

#include "batch/batch.h"
#include "param/param.h"

/* Name of the scheduler that mp.method means. */
const char *need_scheduler(const struct params *p);

/* Scheduler and its commands. ERROR_USAGE: none of that name, or a setting that cannot be. In the arena. */
bool need_site(const struct params *p, struct arena *a, struct batch_site *out, struct error *err);

/* A user's own template of the whole script (mp.shifter.sbatch_script_template, mp.custom.submit_script_template), read; NULL: ours. Sets
 * out->inner from mp.shifter.srun_script_template. In the arena. */
bool need_template(const struct params *p, struct arena *a, struct batch_script *out, const char **text,
                   struct error *err);

/* kind: of the task (TASK_…). Fills need, launch, sources, container with its options, copy, margin, warn. In the arena. */
void need_read(const struct params *p, int kind, struct arena *a, struct batch_script *out);

#endif
