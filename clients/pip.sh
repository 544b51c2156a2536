# To be sourced before HOME becomes another. pip then goes on with this user's settings and downloads, so installing the
# server asks little of the package index.
PIP_CACHE_DIR=${PIP_CACHE_DIR:-$("${PYTHON:-$python}" -m pip cache dir)}
export PIP_CACHE_DIR
pip_settings=${XDG_CONFIG_HOME:-$HOME/.config}/pip/pip.conf
[ ! -f "$pip_settings" ] || export PIP_CONFIG_FILE="${PIP_CONFIG_FILE:-$pip_settings}"
