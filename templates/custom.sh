#!/bin/sh
@=extra@
scheduler=custom
sched_id=${SLURM_JOB_ID-${PBS_JOBID-${FLUX_JOB_ID-$$}}} nodes=$(uname -n) n_nodes=@nodes@ n_tasks=@tasks@
@=body@
