#!/usr/bin/env bash
# bench.sh [S|M|L|FOLDER]: measures the time from keystroke to list, and of activation, in the real workbench on a corpus
# (default M). Writes bench/results/vscode_<corpus>.json, and a screenshot to $PICTURES.
set -euo pipefail
corpus=${1:-M}
. "$(dirname "$0")/workbench.sh"
case $corpus in
    S | M | L) folder=$("$PYTHON" "$repository/bench/corpora.py" "$corpus") ;;
    *) folder=$(cd "$corpus" && pwd) corpus=$(basename "$corpus") ;;
esac
. "$here/install.sh"
package
start bench false "$scratch/semlens.vsix"
node "$here/bench.cjs" "$port" "$folder" "$repository/bench/results/vscode_$corpus.json" "$PICTURES" || explain
