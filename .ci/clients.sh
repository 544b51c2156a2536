#!/bin/sh
# The editors' own tests, for `make test`. What a machine lacks is named with the command that installs it; on the
# continuous integration a missing program is a failure, elsewhere those tests are left out and said to be.
set -eu
cd "$(dirname "$0")/.."

lacking() {  # lacking TESTS PACKAGE...
    tests=$1
    shift
    echo "$tests left out: missing system packages; install them with 'apt-get install $*'." >&2
    [ "${CI:-}" != true ]
}

if [ -f clients/nvim/tests/run.sh ]; then
    bash clients/nvim/tests/run.sh
    bash clients/nvim/tests/install.sh
fi
if [ -f clients/vscode/test/run.sh ]; then
    missing=""
    for need in chromium:chromium pkg-config:pkg-config g++:g++ krb5-config:libkrb5-dev node:nodejs npm:npm; do
        command -v "${need%%:*}" >/dev/null 2>&1 || missing="$missing ${need##*:}"
    done
    if [ -n "$missing" ]; then
        # shellcheck disable=SC2086
        lacking "The tests of the VS Code client are" $missing
    else
        bash clients/vscode/test/run.sh
    fi
fi
if [ -f clients/page/test/run.sh ]; then
    missing=""
    for need in chromium:chromium node:nodejs npm:npm; do
        command -v "${need%%:*}" >/dev/null 2>&1 || missing="$missing ${need##*:}"
    done
    if [ -n "$missing" ]; then
        # shellcheck disable=SC2086
        lacking "The tests of the page are" $missing
    else
        sh clients/page/test/run.sh
    fi
fi
