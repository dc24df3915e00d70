#!/bin/bash
# A run as shards under GNU parallel: on this machine, or on others with --sshlogin.
#
#   shards_parallel.sh SCENARIO DAYS SHARDS OUT [PARALLEL OPTION]...
#   shards_parallel.sh scenarios/618-opening.json 2000 8 618.run --sshlogin a,b --workdir . --transferfile scenarios/618-opening.json --return 618.run.shards/{}
#
# parallel starts a shard that failed once more (--retries), and with --resume-failed goes on with those that are not done.
set -eu
[[ $# -ge 4 ]] || { sed -n '4,5s/^#   /usage: /p' "$0" >&2; exit 2; }
command -v parallel >/dev/null || { echo "shards_parallel.sh: no parallel: apt-get install parallel" >&2; exit 77; }
scenario=$1 days=$2 shards=$3 out=$4
shift 4
fenliu=${FENLIU:-fenliu}
mkdir -p "$out.shards"
seq 0 $((shards - 1)) |
    parallel --will-cite --retries 2 --joblog "$out.shards/joblog" --resume-failed "$@" \
        "$fenliu" simulate "$scenario" -n "$days" -q -j 1 --shard "{}/$shards" -o "$out.shards/{}" >/dev/null
"$fenliu" merge -o "$out" "$out.shards"/[0-9]*
