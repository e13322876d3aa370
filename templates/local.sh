#!/bin/sh
@=extra@
scheduler=local
sched_id=$$ nodes=$(uname -n) n_nodes=1 n_tasks=@tasks@
@=body@
