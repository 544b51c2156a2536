# To be sourced. `start` and `stop` a workbench in $scratch, which is deleted at exit. $PYTHON has the server.
here=$(cd "$(dirname "$0")" && pwd)
client=$(dirname "$here")
repository=$(cd "$client/../.." && pwd)
export PYTHON=${SEMLENS_PYTHON:-$repository/.venv/bin/python}
if [ ! -x "$PYTHON" ]; then
    echo "There is no Python with the server at $PYTHON: run 'make setup', or set SEMLENS_PYTHON." >&2
    exit 1
fi
# Only where it is needed: it would reach the server that the extension installs, too.
(cd / && "$PYTHON" -c 'import semlens' 2> /dev/null) || export PYTHONPATH=$repository/server${PYTHONPATH:+:$PYTHONPATH}
. "$repository/clients/pip.sh"
cd "$client"
[ -x node_modules/.bin/esbuild ] || npm ci --no-audit --no-fund --loglevel=error

scratch=$(mktemp -d)
workbench=""
export SEMLENS_CACHE_DIR=$scratch/semlens SEMLENS_CONFIG_DIR=$scratch/semlens-config
export PICTURES=${PICTURES:-$scratch/pictures}
mkdir -p "$PICTURES"

stop() {
    if [ -n "$workbench" ]; then
        kill -- "-$workbench" 2>/dev/null || true
        wait "$workbench" 2>/dev/null || true
        workbench=""
    fi
}
finish() {
    stop
    [ ! -d "$scratch/semlens/server" ] || "$PYTHON" -m semlens daemon stop > /dev/null || true
    rm -rf "$scratch" || { sleep 2; rm -rf "$scratch"; } # an exiting server may still write
}
trap finish EXIT

start() { # start NAME TRUST [VSIX]: a workbench on $port, in the folder $DATA
    export DATA=$scratch/data-$1 TRUST=$2
    : > "$DATA.log"
    set -m
    bash "$here/start.sh" "${3:-}" > "$DATA.log" 2>&1 &
    workbench=$!
    set +m
    until port=$(sed -n 's|.*HTTP server listening on http://127.0.0.1:\([0-9]*\).*|\1|p' "$DATA.log") && [ -n "$port" ]; do
        kill -0 "$workbench" 2> /dev/null || explain
        sleep 0.2
    done
}

explain() { # print the logs of the workbench and the extension, and fail
    tail -20 "$DATA.log" >&2
    find "$DATA" -name 'semlens.log' -exec tail -20 {} \; >&2
    exit 1
}

package() { # build the .vsix in $scratch
    bash "$here/package.sh" "$scratch" > "$scratch/package.log" 2>&1 || { cat "$scratch/package.log" >&2; exit 1; }
}
