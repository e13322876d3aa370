#!/bin/sh
#PBS -N @name@
#PBS -j oe
#PBS -o @out@
#PBS -k doe
#PBS -l select=@nodes@:ncpus=@cpus_per_node@:mpiprocs=@tasks_per_node@:ompthreads=@cpus@@=chunk@
@?place@#PBS -l place=@place@
#PBS -l walltime=@walltime@
#PBS -r n
@?queue@#PBS -q @queue@
@?account@#PBS -A @account@
@?nice@#PBS -p @nice@
@=extra@
scheduler=pbs
sched_id=${PBS_JOBID-} n_nodes=@nodes@ n_tasks=@tasks@
nodes=$(sort -u "${PBS_NODEFILE-/dev/null}" | tr '\n' ' ')
@=body@
