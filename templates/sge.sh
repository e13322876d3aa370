#!/bin/sh
#$ -N @name@
#$ -j y
#$ -o @out@
#$ -cwd
#$ -S /bin/sh
#$ -r n
#$ -l h_rt=@walltime@
@?pe@#$ -pe @pe@ @slots@
@?queue@#$ -q @queue@
@?account@#$ -P @account@
@?nice@#$ -p @nice@
@=extra@
scheduler=sge
sched_id=${JOB_ID-} nodes=${HOSTNAME-$(uname -n)} n_nodes=${NHOSTS-1} n_tasks=@tasks@
@=body@
