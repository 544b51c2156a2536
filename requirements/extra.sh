#!/bin/sh
# extra.sh GROUP: make .venv-GROUP hold exactly the lock of that group: service, release or docs. These packages are not ours
# to run with, so they stay out of .venv. Does nothing when it is there.
set -eu
cd "$(dirname "$0")/.."
venv=.venv-$1 lock=requirements/$1.txt
cmp -s "$lock" "$venv/$1.stamp" && exit 0
echo "Setting up $venv; this may take some minutes ..." >&2
rm -rf "$venv"
.venv/bin/python -m venv "$venv"
"$venv/bin/python" -m pip install --disable-pip-version-check -qq --require-hashes --only-binary :all: -r "$lock"
cp "$lock" "$venv/$1.stamp"
