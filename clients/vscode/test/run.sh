#!/usr/bin/env bash
# The tests of this client: types, style, unit tests; then a real workbench with the real server, from the extension
# host (trusted and untrusted) and by keys and mouse. PICTURES names a folder for screenshots.
set -euo pipefail
. "$(dirname "$0")/workbench.sh"
npm run --silent check
npm run --silent lint
"$PYTHON" scripts/settings.py --check
npm run --silent unit

. "$here/install.sh"
package
npm run --silent host
wheel=$(sh "$client/../wheel.sh" "$PYTHON" "$scratch")
fixture=$client/../nvim/tests/fixture
mkdir -p "$scratch"/{one,alpha,beta,untrusted/.vscode}
cp -r "$fixture/." "$scratch/alpha"
cp -r "$here/workspace/." "$scratch/beta"
git -C "$scratch/beta" init -q
git -C "$scratch/beta" add -A
git -C "$scratch/beta" -c user.name=Test -c user.email=test@example.com commit -qm "Start"
cp -r "$fixture/." "$here/workspace/." "$scratch/one"
cp -r "$fixture/." "$scratch/untrusted"
echo '{ "folders": [{ "path": "alpha" }, { "path": "beta" }] }' > "$scratch/two.code-workspace"
cat > "$scratch/untrusted/.vscode/settings.json" <<JSON
{ "semlens.server.path": "/bin/false", "semlens.files.exclude": ["*"], "semlens.context.budget": 1 }
JSON

start trusted false "$scratch/semlens.vsix"
node "$here/inhost.cjs" "$port" workspace "$scratch/two.code-workspace" dist/host/trusted.js || explain
node "$here/drive.cjs" "$port" "$scratch/one" "$PICTURES" "$DATA/user/Machine/settings.json" "$wheel" || explain
stop
start untrusted true
node "$here/inhost.cjs" "$port" folder "$scratch/untrusted" dist/host/untrusted.js || explain
