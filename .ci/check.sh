#!/usr/bin/env bash
# Checks that no compiler sees: what programs link, and that the README's commands work. Usage: check.sh BUILD_FOLDER
set -euo pipefail
build=$1

# A worker is small because it links no Foundation (DESIGN 7.6).
if ldd "$build/quantcell-worker" | grep -E 'libFoundation\.so|libFoundationInternationalization|lib_FoundationICU'; then
    echo "quantcell-worker links full Foundation" >&2
    exit 1
fi

# The commands of the README that are marked with '<!-- run -->', as they are written there.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
awk '/<!-- run -->/ {wanted = 1; next} wanted && /^```sh/ {inside = 1; next} /^```/ {inside = wanted = 0} inside' README.md \
    >"$scratch/commands"
[ -s "$scratch/commands" ] || { echo "the README has no commands to run" >&2; exit 1; }
PATH="$(cd "$build" && pwd):$PATH" QUANTCELL_RUNTIME_DIR="$scratch/run" QUANTCELL_DATA_DIR="$scratch/data" \
    bash -euo pipefail "$scratch/commands" >"$scratch/output" 2>&1 ||
    { cat "$scratch/output" >&2; echo "a command of the README failed" >&2; exit 1; }
echo "checked: what quantcell-worker links, $(grep -c . "$scratch/commands") lines of README commands"
