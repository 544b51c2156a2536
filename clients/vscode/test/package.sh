#!/usr/bin/env bash
# package.sh FOLDER: build the .vsix into FOLDER.
set -euo pipefail
mkdir -p "$1"
out=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
[ -x node_modules/.bin/vsce ] || npm ci --no-audit --no-fund --loglevel=error
cp ../../LICENSE LICENSE
npm run --silent package -- -o "$out/semlens.vsix"
