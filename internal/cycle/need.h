/* need.h - what a job asks of the scheduler, from the settings mp.*, container.*, sge.*. Private to cycle/. */
#ifndef XFELX_CYCLE_NEED_H
#define XFELX_CYCLE_NEED_H

#include "batch/batch.h"
#include "param/param.h"

/* Name of the scheduler that mp.method means. */
const char *need_scheduler(const struct params *p);

/* kind: of the task (TASK_…). Fills need, container, image, binds, copy, margin, warn. In the arena. */
bool need_read(const struct params *p, int kind, struct arena *a, struct batch_script *out,
               struct error *err);

#endif
