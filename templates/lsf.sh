#!/bin/sh
#BSUB -J @name@
#BSUB -oo @out@
#BSUB -n @tasks@
#BSUB -R span[ptile=@tasks_per_node@]
@?memory_mb@#BSUB -R rusage[mem=@memory_mb@]
@?gpus@#BSUB -gpu num=@gpus@
#BSUB -W @minutes@
#BSUB -wa USR2
#BSUB -wt @warn_minutes@
#BSUB -env none
@?queue@#BSUB -q @queue@
@?account@#BSUB -P @account@
@?nice@#BSUB -sp @nice@
@=extra@
scheduler=lsf
sched_id=${LSB_JOBID-} nodes=${LSB_HOSTS-} n_nodes=@nodes@ n_tasks=@tasks@
@=body@
