#!/usr/bin/env bash
# Measures GET /api/v1/workers of a real manager with 100 workers, by wrk with 64 connections. Usage: bench.sh BUILD_FOLDER [WORKERS]
set -euo pipefail
build=$(cd "$1" && pwd)
workers=${2:-100}
command -v wrk >/dev/null || { apt-get install -y -qq wrk >/dev/null; }

scratch=$(mktemp -d)
export QUANTCELL_RUNTIME_DIR=$scratch/run QUANTCELL_DATA_DIR=$scratch/data PATH=$build:$PATH
cat >"$scratch/config.yaml" <<END
manager: {max_workers: $workers}
api: {enabled: true, port: 0, limits: {requests_per_second: 0}}
END
mkfifo "$scratch/log"
quantcell-manager run --config "$scratch/config.yaml" >"$scratch/log" &
manager=$!
trap 'kill $manager 2>/dev/null && wait $manager || true; rm -rf "$scratch"' EXIT
exec 3<"$scratch/log"
while read -r line <&3; do
    case $line in
    *"HTTP on "*) address=${line##* } ;;
    *"the manager runs"*) break ;;
    esac
done
cat <&3 >/dev/null &
token=$(quantcell token new --name bench --scope read | tail -1)
for number in $(seq "$workers"); do
    quantcell start-strategy strategies/heartbeat_probe.swift --name "w$number" --symbols X >/dev/null
done
memory() { awk '/VmRSS/ {print $2 / 1024 " MB"}' "/proc/$manager/status"; }
echo "resident before: $(memory)"
cat >"$scratch/report.lua" <<'END'
done = function(summary, latency)
    for _, p in ipairs({50, 95, 99}) do io.write(string.format("p%d %.2f ms\n", p, latency:percentile(p) / 1000)) end
    io.write(string.format("%d errors\n", summary.errors.status + summary.errors.read + summary.errors.timeout))
end
END
wrk -t 2 -c 64 -d 10 -s "$scratch/report.lua" -H "authorization: Bearer $token" "$address/api/v1/workers"
echo "resident after: $(memory)"
quantcell ping --json
