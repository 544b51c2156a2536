#!/usr/bin/env bash
# record.sh FRAMES FOLDER: uses the extension in FOLDER in the real workbench, and keeps what it shows in FRAMES.
set -euo pipefail
frames=$(mkdir -p "$1" && cd "$1" && pwd)
folder=$(cd "$2" && pwd)
. "$(dirname "$0")/workbench.sh"
. "$here/install.sh"
package
start recording false "$scratch/semlens.vsix"
node "$here/record.cjs" "$port" "$folder" "$frames" || explain
