#!/usr/bin/env bash
# Runs grid.json as an array of 8 tasks of a real Slurm on this machine, kills two tasks in the middle, queues one again and
# submits the other again, merges the parts, and compares every byte with one run that was never split or stopped.
# For root on Debian 12: installs slurm-wlm and munge where they are missing. Daemons, their configuration and the runs are in a
# temporary folder; nothing of the system's own Slurm is touched. From the repository's top folder, after make build:
#   evaluation/cluster/slurm_test.sh [GRAFT]
set -euo pipefail
export GRAFT=$(realpath "${1:-.build/release/graft}")
here=evaluation/cluster

missing=$(for package in slurm-wlm munge; do dpkg -s "$package" >/dev/null 2>&1 || echo "$package"; done)
if [ -n "$missing" ]; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi

state=$(mktemp -d /tmp/graft-slurm.XXXXXX)
export SLURM_CONF=$state/slurm.conf
stop() {
  for daemon in slurmd slurmctld munged; do
    if [ -s "$state/$daemon.pid" ]; then kill "$(cat "$state/$daemon.pid")" 2>/dev/null || true; fi
  done
}
fail() {
  echo "FAILED: $1; logs are in $state" >&2
  exit 1
}
trap stop EXIT

# munge, slurmctld and slurmd on loopback.
mkdir -p "$state/munge" "$state/control" "$state/node"
chmod 711 "$state" "$state/munge"
head -c 1024 /dev/urandom >"$state/munge/key"
chmod 400 "$state/munge/key"
munged --force --key-file="$state/munge/key" --socket="$state/munge/socket" --pid-file="$state/munged.pid" \
  --log-file="$state/munged.log" --seed-file="$state/munge/seed" 2>/dev/null
node=$(hostname -s)
cat >"$SLURM_CONF" <<END
ClusterName=loopback
SlurmctldHost=$node(127.0.0.1)
SlurmctldPort=36817
SlurmdPort=36818
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$state/munge/socket
StateSaveLocation=$state/control
SlurmdSpoolDir=$state/node
SlurmctldPidFile=$state/slurmctld.pid
SlurmdPidFile=$state/slurmd.pid
SlurmctldLogFile=$state/slurmctld.log
SlurmdLogFile=$state/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SwitchType=switch/none
ReturnToService=2
NodeName=$node NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
END
slurmctld -c
slurmd -c
for ((i = 0; i < 60; i++)); do
  if [ "$(sinfo -h -o %T)" = idle ]; then break; fi
  sleep 0.5
done
[ "$(sinfo -h -o %T)" = idle ] || fail "the node does not become idle"
echo "$(sinfo --version), $(nproc) processors, $("$GRAFT" --version)"

# Kills a part's process when its journal has some batches; the pattern has the folder of this test, so nothing else matches.
kill_part() {
  local pids
  for ((i = 0; i < 60000; i++)); do
    if [ "$(stat -c %s "$state/run/part$1/journal" 2>/dev/null || echo 0)" -gt 80000 ]; then
      pids=$(pgrep -f -- "experiment stitch .* -o $state/run/part$1 ") || fail "part $1 has no process"
      kill -9 $pids
      echo "killed part $1, process $pids, with $(stat -c %s "$state/run/part$1/journal") bytes of its journal written"
      return
    fi
    [ ! -e "$state/run/part$1/results.json" ] || fail "part $1 was finished before it could be killed"
    sleep 0.01
  done
  fail "part $1 did not begin"
}
wait_for_jobs() {
  for ((i = 0; i < 1200; i++)); do
    if [ -z "$(squeue -h)" ]; then return; fi
    sleep 0.5
  done
  fail "jobs do not end"
}
submit() { sbatch --parsable --output="$state/graft-%A_%a.log" "$@" "$here/array.sh" "$here/grid.json" "$state/run"; }
parts=$(printf 'run/part%s ' 1 2 3 4 5 6 7 8)

job=$(submit)
kill_part 3
kill_part 6
wait_for_jobs
(cd "$state" && "$GRAFT" experiment status $parts)
found=$(cd "$state" && "$GRAFT" experiment status $parts --json | tr -d ' \n' | grep -o '"unfinished":\[[0-9,]*\]')
[ "$found" = '"unfinished":[3,6]' ] || fail "expected the parts 3 and 6 not finished, found $found"
if (cd "$state" && "$GRAFT" experiment merge $parts -o early 2>early.log); then fail "merged what is not finished"; fi

scontrol requeue "${job}_3"
wait_for_jobs
submit --array=6 >/dev/null
wait_for_jobs
(cd "$state" && "$GRAFT" experiment status $parts | tail -1 && "$GRAFT" experiment merge $parts -o merged >/dev/null)
"$GRAFT" experiment stitch "$here/grid.json" -o "$state/whole" --threads 1 --progress none >/dev/null
diff -r "$state/whole" "$state/merged" || fail "the merged run differs from one run"
(cd "$state/merged" && sha256sum ./* | cut -c 1-16,65-)
echo "the merged parts are one run, byte for byte: $(ls "$state/merged" | wc -l) files, $(du -sb "$state/merged" | cut -f 1) bytes"
stop
trap - EXIT
rm -rf "$state"
