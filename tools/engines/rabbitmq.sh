#!/usr/bin/env bash
# rabbitmq.sh FOLDER PORT: a RabbitMQ broker of one's own, all of it in FOLDER, with STOMP at 127.0.0.1:PORT and its own business at the
# three ports behind that; runs until it gets SIGTERM. Needs Debian's rabbitmq-server, of which no service has to run.
set -euo pipefail
(($# == 2)) || { sed -n '2,3s/^# //p' "$0" >&2; exit 2; }
mkdir -p "$1"
folder=$(cd "$1" && pwd) port=$2
server=/usr/lib/rabbitmq/bin/rabbitmq-server
[[ -x $server ]] || { echo 'rabbitmq-server is not installed' >&2; exit 77; }
printf '%s\n' "listeners.tcp.default = 127.0.0.1:$((port + 1))" "stomp.listeners.tcp.1 = 127.0.0.1:$port" \
    'vm_memory_high_watermark.relative = 0.2' 'disk_free_limit.absolute = 50MB' >"$folder/rabbitmq.conf"
echo '[rabbitmq_stomp].' >"$folder/enabled_plugins"
export HOME=$folder RABBITMQ_NODENAME=fenliu-$port@localhost RABBITMQ_MNESIA_BASE=$folder/mnesia RABBITMQ_LOG_BASE=$folder/log \
    RABBITMQ_PID_FILE=$folder/pid RABBITMQ_ENABLED_PLUGINS_FILE=$folder/enabled_plugins RABBITMQ_CONFIG_FILE=$folder/rabbitmq.conf \
    RABBITMQ_DIST_PORT=$((port + 2)) ERL_EPMD_PORT=$((port + 3)) ERL_EPMD_ADDRESS=127.0.0.1
# The node's name server outlives the node unless it is ended with it.
trap 'kill "$broker" 2>/dev/null; wait "$broker" || true; epmd -kill >/dev/null 2>&1 || true' EXIT
trap 'exit 0' TERM INT
"$server" >"$folder/output" 2>&1 &
broker=$!
wait "$broker"
