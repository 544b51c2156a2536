#!/usr/bin/env bash
# The tests of this client: types, style, units, then the real workbench with the real server. PICTURES names a folder
# for screenshots.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
client=$(dirname "$here")
repository=$(cd "$client/../.." && pwd)
python=${SEMLENS_PYTHON:-$repository/.venv/bin/python}
if [ ! -x "$python" ]; then
    echo "There is no Python with the server at $python: run 'make setup', or set SEMLENS_PYTHON." >&2
    exit 1
fi
export PYTHONPATH=$repository/server${PYTHONPATH:+:$PYTHONPATH}

cd "$client"
[ -x node_modules/.bin/esbuild ] || npm ci --no-audit --no-fund --loglevel=error
npm run --silent check
npm run --silent lint
"$python" scripts/settings.py --check
npm run --silent unit

missing=""
. "$here/install.sh"
scratch=$(mktemp -d)
workbench=""
finish() {
    if [ -n "$workbench" ]; then
        kill -- "-$workbench" 2>/dev/null || true
        wait "$workbench" 2>/dev/null || true
    fi
    rm -rf "$scratch"
}
trap finish EXIT

bash "$here/package.sh" "$scratch" > "$scratch/package.log" 2>&1 || { cat "$scratch/package.log" >&2; exit 1; }
cp -r "$client/../nvim/tests/fixture" "$scratch/workspace"
export SEMLENS_CACHE_DIR=$scratch/semlens SEMLENS_CONFIG_DIR=$scratch/semlens-config
port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
set -m
DATA=$scratch/data PYTHON=$python bash "$here/start.sh" "$port" "$scratch/workspace" "$scratch/semlens.vsix" \
    > "$scratch/workbench.log" 2>&1 &
workbench=$!
set +m
node "$here/drive.cjs" "$port" "$scratch/workspace" "${PICTURES:-$scratch/pictures}" || {
    tail -20 "$scratch/workbench.log" >&2
    find "$scratch/data" -name '*Semantic Search*.log' -exec tail -20 {} \; >&2
    exit 1
}
