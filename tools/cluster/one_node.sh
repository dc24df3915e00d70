#!/bin/bash
# A Slurm cluster of one node, this machine, to try job scripts on: one_node.sh DIR COMMAND... starts munged, slurmctld and slurmd with everything they
# write in DIR, runs COMMAND with srun, sbatch and squeue working, and ends them. Needs root and Debian's slurm-wlm and munge.
#
#   tools/cluster/one_node.sh /tmp/slurm bash -c 'cd build/release && srun --mpi=pmix -n 2 ./fenliu simulate ... -o run'
set -eu
[[ $# -ge 2 ]] || { echo "usage: one_node.sh DIR COMMAND..." >&2; exit 2; }
for needed in munged slurmctld slurmd srun; do
    command -v "$needed" >/dev/null || { echo "one_node.sh: no $needed: apt-get install slurm-wlm munge" >&2; exit 77; }
done
[[ $EUID == 0 ]] || { echo "one_node.sh: slurmd wants root" >&2; exit 77; }
dir=$1
shift
rm -rf "$dir/tmp" # where a step that was killed has left its folder, which the next one of that number would stumble over
mkdir -p "$dir/state" "$dir/spool" "$dir/munge" "$dir/tmp"
dir=$(cd "$dir" && pwd)
chmod 755 "$dir"
node=$(hostname -s)
cores=$(nproc)

dd if=/dev/urandom of="$dir/munge/key" bs=1024 count=1 status=none
chown -R munge: "$dir/munge"
chmod 755 "$dir/munge"
chmod 400 "$dir/munge/key"
cat >"$dir/slurm.conf" <<CONF
ClusterName=one
SlurmctldHost=$node
SlurmctldPort=26817
SlurmdPort=26818
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$dir/munge/socket
CredType=cred/munge
MpiDefault=pmix
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd.pid
SlurmctldLogFile=$dir/slurmctld.log
SlurmdLogFile=$dir/slurmd.log
ReturnToService=2
NodeName=$node CPUs=$cores State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
echo "PMIxCliTmpDirBase=$dir/tmp" >"$dir/mpi.conf"
export SLURM_CONF=$dir/slurm.conf

started=()
finish()
{
    local i
    # The last one first: they sign what they say to each other by munged. Steps that have not ended go with their daemon.
    scancel --full --signal=KILL --user=root 2>/dev/null || true
    for ((i = ${#started[@]} - 1; i >= 0; i--)); do
        kill "${started[i]}" 2>/dev/null || true
        wait "${started[i]}" 2>/dev/null || true
    done
}
trap finish EXIT
setpriv --reuid=munge --regid=munge --clear-groups munged --foreground --socket="$dir/munge/socket" --key-file="$dir/munge/key" \
    --pid-file="$dir/munge/pid" --log-file="$dir/munge/log" --seed-file="$dir/munge/seed" &
started+=($!)
for ((i = 0; i < 50; i++)); do [[ -S $dir/munge/socket ]] && break; sleep 0.1; done
slurmctld -D -c >/dev/null 2>&1 &
started+=($!)
slurmd -D >/dev/null 2>&1 &
started+=($!)
for ((i = 0; i < 150; i++)); do
    [[ $(sinfo -h -o %T 2>/dev/null) == idle ]] && break
    sleep 0.2
done
[[ $(sinfo -h -o %T 2>/dev/null) == idle ]] || { echo "one_node.sh: the node does not come up: $dir/slurmd.log, $dir/slurmctld.log" >&2; exit 1; }
"$@"
