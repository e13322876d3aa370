#!/bin/sh
#XFELX name=@name@
#XFELX cores=@slots@
@?memory_mb@#XFELX memory_mb=@memory_mb@
@=extra@
@?nice@renice -n @nice@ -p $$ >/dev/null 2>&1
scheduler=local
sched_id=$$ nodes=$(uname -n) n_nodes=1 n_tasks=@tasks@
@=body@
