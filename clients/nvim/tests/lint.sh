#!/usr/bin/env bash
# lint.sh [--fix]: runs luacheck and stylua over the client. Installs stylua from npm, once, into the user's cache. If a
# tool is missing, its check is skipped with a message; in continuous integration that is a failure.
set -euo pipefail
client=$(cd "$(dirname "$0")/.." && pwd)
cd "$client"
version=2.5.2
tools=${XDG_CACHE_HOME:-$HOME/.cache}/semlens-test-editors/stylua-$version

lacking() {  # lacking WHAT COMMAND
    echo "Skipped the check by $1: it is not installed. Install it with '$2'." >&2
    [ "${CI:-}" != true ]
}

if [ "${1:-}" = --fix ]; then
    : # the next run without --fix checks the result
elif command -v luacheck >/dev/null 2>&1; then
    luacheck --quiet --no-color .
else
    lacking luacheck "apt-get install lua-check"
fi
if ! command -v npm >/dev/null 2>&1; then
    lacking stylua "apt-get install nodejs npm"
    exit
fi
if [ ! -d "$tools" ]; then
    fresh=$(mktemp -d)
    npm install --prefix "$fresh" --no-audit --no-fund --loglevel=error --ignore-scripts \
        "@johnnymorganz/stylua@$version" >/dev/null || {
        lacking stylua "npm install @johnnymorganz/stylua@$version"
        exit
    }
    mkdir -p "$(dirname "$tools")"
    mv "$fresh" "$tools" 2>/dev/null || rm -rf "$fresh" # another run has installed it meanwhile
fi
NODE_PATH=$tools/node_modules node tests/stylua.cjs "$@"
