#!/bin/sh
#SBATCH --job-name=@name@
#SBATCH --output=@out@
#SBATCH --nodes=@nodes@
#SBATCH --ntasks=@tasks@
#SBATCH --cpus-per-task=@cpus@
@?gpus@#SBATCH --gpus-per-node=@gpus@
@?memory_mb@#SBATCH --mem=@memory_mb@M
#SBATCH --time=@minutes@
#SBATCH --signal=B:USR2@@@warn@
#SBATCH --export=NONE
#SBATCH --open-mode=append
#SBATCH --no-requeue
@?queue@#SBATCH --partition=@queue@
@?account@#SBATCH --account=@account@
@?qos@#SBATCH --qos=@qos@
@?constraint@#SBATCH --constraint=@constraint@
@?reservation@#SBATCH --reservation=@reservation@
@?nice@#SBATCH --nice=@nice@
@=extra@
scheduler=slurm
sched_id=${SLURM_JOB_ID-} nodes=${SLURM_JOB_NODELIST-} n_nodes=${SLURM_JOB_NUM_NODES-1} n_tasks=@tasks@
export SRUN_CPUS_PER_TASK=@cpus@
@=body@
