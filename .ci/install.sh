#!/usr/bin/env bash
# Installs or removes the programs, what a strategy compiles against, and the Python package. Usage: install.sh install|uninstall PREFIX
set -euo pipefail
action=$1
prefix=$2
release=.build/release
modules=$prefix/lib/quantcell/Modules

case $action in
install)
    install -d "$prefix/bin" "$prefix/libexec/quantcell" "$modules" "$prefix/share/quantcell/strategies"
    install -d "$prefix/share/quantcell/prometheus" "$prefix/share/quantcell/grafana"
    install -m 755 "$release/quantcell" "$release/quantcell-manager" "$prefix/bin/"
    install -m 755 "$release/quantcell-worker" "$prefix/libexec/quantcell/"
    install -m 644 "$release/Modules/StrategyKit.swiftmodule" "$release/Modules/StrategyKit.swiftdoc" "$modules/"
    python=$prefix/lib/quantcell/python
    (cd Sources/quantcell-python/src && find quantcell -name '*.py' -o -name py.typed) | while read -r file; do
        install -D -m 644 "Sources/quantcell-python/src/$file" "$python/$file"
    done
    install -m 644 strategies/*.swift strategies/*.py "$prefix/share/quantcell/strategies/"
    rm -rf "$prefix/share/quantcell/dashboard"
    cp -r Sources/ManagerAPI/Dashboard "$prefix/share/quantcell/dashboard"
    chmod -R u=rwX,go=rX "$prefix/share/quantcell/dashboard"
    install -m 644 config/quantcell.yaml "$prefix/share/quantcell/quantcell.yaml.example"
    install -m 644 config/prometheus/*.yml "$prefix/share/quantcell/prometheus/"
    install -m 644 config/grafana/quantcell.json "$prefix/share/quantcell/grafana/"
    echo "installed below $prefix"
    ;;
uninstall)
    rm -f "$prefix/bin/quantcell" "$prefix/bin/quantcell-manager"
    rm -rf "$prefix/libexec/quantcell" "$prefix/lib/quantcell" "$prefix/share/quantcell"
    echo "removed from $prefix"
    ;;
*)
    echo "usage: install.sh install|uninstall PREFIX" >&2
    exit 64
    ;;
esac
