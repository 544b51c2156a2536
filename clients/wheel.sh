#!/bin/sh
# wheel.sh PYTHON FOLDER: prints the path of this checkout's wheel. WHEEL names one that is built already; otherwise it is
# built into FOLDER. The editors' tests install it as their users do.
set -eu
if [ -z "${WHEEL:-}" ]; then
    checkout=$(cd "$(dirname "$0")/.." && pwd)
    "$1" -m build --no-isolation --wheel --outdir "$2" "$checkout" > "$2/build.log" 2>&1 || { cat "$2/build.log" >&2; exit 1; }
    WHEEL=$(echo "$2"/semlens-*.whl)
fi
echo "$WHEEL"
