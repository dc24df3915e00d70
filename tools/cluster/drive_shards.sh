#!/bin/bash
# A load test by several load generators against one engine: each plays its share of the same day from the same instant on, and the merge is one run.
# Here they are processes of one machine; on several, each runs the line of its own shard with one --start-at (README.md).
#
#   drive_shards.sh SCENARIO ENGINE SPEED SHARDS OUT [DRIVE OPTION]...
#   drive_shards.sh scenarios/promo-2500.json tcp://127.0.0.1:7000 600 2 load.run
set -eu
[[ $# -ge 5 ]] || { sed -n '5,6s/^#   /usage: /p' "$0" >&2; exit 2; }
scenario=$1 engine=$2 speed=$3 shards=$4 out=$5
shift 5
fenliu=${FENLIU:-fenliu}
mkdir -p "$out.shards"
at=$(date -u -d "+${START_IN:-3} seconds" +%Y-%m-%dT%H:%M:%SZ)
machines=() parts=()
for ((i = 0; i < shards; i++)); do
    "$fenliu" drive "$scenario" --engine "$engine" --speed "$speed" --start-at "$at" --shard "$i/$shards" -q -o "$out.shards/$i" "$@" >/dev/null &
    machines+=($!)
    parts+=("$out.shards/$i")
done
worst=0
for machine in "${machines[@]}"; do
    code=0
    wait "$machine" || code=$?
    ((code <= worst)) || worst=$code
done
((worst == 0)) || exit "$worst"
exec "$fenliu" merge -o "$out" "${parts[@]}"
