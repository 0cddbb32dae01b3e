#!/usr/bin/env bash
# A grid of stitched models as a Slurm job array, one part per task: sbatch evaluation/cluster/array.sh GRID RUN
# GRID is the definition of graft experiment stitch; the parts are RUN/part1 to RUN/part8, on a file system that all nodes see.
# For another number of parts change 8 in both places. A task that was killed resumes its part when it is queued again
# (scontrol requeue JOB_TASK, or sbatch --array=3 of this script for task 3 alone).
#SBATCH --job-name=graft
#SBATCH --array=1-8
#SBATCH --cpus-per-task=1
#SBATCH --output=graft-%A_%a.log
#SBATCH --open-mode=append
#SBATCH --requeue
set -euo pipefail

# The number of threads is part of the stamp: the same for all parts.
exec "${GRAFT:-graft}" experiment stitch "$1" --shard slurm:8 -o "$2/part$SLURM_ARRAY_TASK_ID" --resume \
  --threads "${SLURM_CPUS_PER_TASK:-1}"
