#!/bin/sh
#XFELX name=@name@
#XFELX cores=@slots@
@?memory_mb@#XFELX memory_mb=@memory_mb@
@=extra@
scheduler=local
sched_id=$$ nodes=$(uname -n) n_nodes=1 n_tasks=@tasks@
@=body@
