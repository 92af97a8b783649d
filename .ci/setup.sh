#!/usr/bin/env bash
# Installs what is missing: headers of libzmq and SQLite; with 'test' also Python, pyzmq, sqlite3, tmux, and Prometheus in .build; with
# 'browser' Chromium and, in .build/browser, what drives it; with 'bench' wrk. Does nothing where all is there.
set -euo pipefail

packages=()
sudo=()
[ "$(id -u)" = 0 ] || sudo=(sudo)
has() { command -v "$1" >/dev/null 2>&1; }
header() { has cc && printf '#include <%s>\n' "$1" | cc -E - >/dev/null 2>&1 || [ -e "/usr/include/$1" ]; }

has swift || { echo "a Swift 6.2 toolchain or later is needed; 'swift' was not found in PATH" >&2; exit 1; }
header zmq.h || packages+=(libzmq3-dev)
header sqlite3.h || packages+=(libsqlite3-dev)
if [ "${1:-}" = test ]; then
    has python3 || packages+=(python3 python3-pip)
    has sqlite3 || packages+=(sqlite3)
    has tmux || packages+=(tmux)
fi
if [ "${1:-}" = bench ]; then
    has wrk || packages+=(wrk)
fi
if [ "${1:-}" = browser ]; then
    has chromium || packages+=(chromium)
    python3 -c 'import ensurepip' 2>/dev/null || packages+=(python3-venv)
fi

if [ ${#packages[@]} -gt 0 ]; then
    has apt-get || { echo "install these packages, then try again: ${packages[*]}" >&2; exit 1; }
    [ ${#sudo[@]} = 0 ] || has sudo || { echo "run this as root: apt-get install ${packages[*]}" >&2; exit 1; }
    echo "installing ${packages[*]}"
    "${sudo[@]}" apt-get update -qq
    DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq "${packages[@]}" >/dev/null
fi

if [ "${1:-}" = test ] && ! python3 -c 'import zmq' 2>/dev/null; then
    echo "installing pyzmq"
    # Debian keeps pip out of its own Python unless it is told so; there the packaged one will do.
    python3 -m pip install -q --root-user-action=ignore pyzmq 2>/dev/null ||
        { has apt-get && "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-zmq >/dev/null; }
    python3 -c 'import zmq' || { echo "python3 has no pyzmq, and it could not be installed" >&2; exit 1; }
fi

# Unpacked, not installed: Debian's package would run a service.
if [ "${1:-}" = test ] && ! has promtool && [ ! -x .build/prometheus/usr/bin/promtool ] && has apt-get; then
    echo "fetching prometheus"
    mkdir -p .build/prometheus
    (cd .build/prometheus && { apt-get download -qq prometheus || { apt-get update -qq && apt-get download -qq prometheus; }; } &&
        dpkg-deb -x prometheus_*.deb . && rm prometheus_*.deb) 2>/dev/null ||
        echo "prometheus cannot be had here: the tests that need it say so and are skipped" >&2
fi

if [ "${1:-}" = browser ]; then
    [ -x .build/browser/bin/python ] || python3 -m venv .build/browser
    .build/browser/bin/python -m pip install -q -r Tests/Browser/requirements.txt
fi
