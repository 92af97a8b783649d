#!/usr/bin/env bash
# Runs a real manager and has schemathesis try every route of its OpenAPI document: no crash, no undeclared answer. Installs schemathesis into
# a folder of the build. Usage: openapi.sh BUILD_FOLDER [EXAMPLES]
set -euo pipefail
build=$(cd "$1" && pwd)
examples=${2:-25}
venv=$build/../schemathesis
[ -x "$venv/bin/schemathesis" ] || { python3 -m venv "$venv" && "$venv/bin/pip" install --quiet schemathesis==4.32.5; }

scratch=$(mktemp -d)
export QUANTCELL_RUNTIME_DIR=$scratch/run QUANTCELL_DATA_DIR=$scratch/data PATH=$build:$PATH
cat >"$scratch/config.yaml" <<END
api: {enabled: true, port: 0, strategy_dirs: ["$PWD/strategies"], limits: {requests_per_second: 0}}
END
# Most ids that one can think of are nobody's: 'a' is somebody, also after 'b' was removed. (How long a reload is on trial is for the body to say, up
# to a day: that is tried on nobody.) What 'data' must hold depends on the kind of data, which the document does not say.
cat >"$scratch/schemathesis.toml" <<END
parameters = { "path.id" = "a" }
[[operations]]
include-path = "/api/v1/workers/{id}/reload"
parameters = { "path.id" = "nobody" }
[[operations]]
include-path = "/api/v1/workers/{id}"
include-method = "DELETE"
parameters = { "path.id" = "b" }
[[operations]]
include-path = "/api/v1/market-data"
checks.positive_data_acceptance.enabled = false
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
cat <&3 >"$scratch/manager.log" &
token=$(quantcell token new --name schemathesis --scope admin | tail -1)
for name in a b; do quantcell start-strategy strategies/sma_cross.swift --name $name --symbols X; done

# Left out: the streams, which never end, and the end of a session. A wrong method is answered 404: the API's list of statuses has no 405.
(cd "$scratch" && "$venv/bin/schemathesis" run "$address/openapi.json" -H "Authorization: Bearer $token" \
    --exclude-path /api/v1/events --exclude-path /api/v1/ws --exclude-path /logout \
    --exclude-checks unsupported_method --max-examples "$examples" --request-timeout 60 --seed 1 --phases examples,coverage,fuzzing)
kill -0 $manager
quantcell list
