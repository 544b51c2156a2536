#!/usr/bin/env bash
# start.sh [VSIX]: runs the workbench on a free port of loopback, which its output names, without network access. It writes
# only to $DATA. $PYTHON has the server.
set -euo pipefail
vsix=${1:-}
export PATH="$EDITORS/nodebin:$EDITORS/node24/bin:$PATH"
export HOME=$DATA/home XDG_CONFIG_HOME=$DATA/home/.config XDG_DATA_HOME=$DATA/home/.local/share
mkdir -p "$HOME" "$DATA/user/User" "$DATA/user/Machine"
code=(node "$EDITORS/node_modules/code-server/out/node/entry.js" --user-data-dir "$DATA/user"
    --extensions-dir "$DATA/extensions")
export EXTENSIONS_GALLERY='{"serviceUrl":"","itemUrl":"","resourceUrlTemplate":""}'
if [ -n "$vsix" ]; then
    "${code[@]}" --install-extension "$vsix"
fi
cat > "$DATA/user/User/settings.json" <<JSON
{
  "security.workspace.trust.enabled": ${TRUST:-false}, "security.workspace.trust.startupPrompt": "never",
  "workbench.startupEditor": "none", "telemetry.telemetryLevel": "off",
  "update.mode": "none", "extensions.autoCheckUpdates": false, "extensions.autoUpdate": false,
  "window.restoreWindows": "none", "workbench.enableExperiments": false, "workbench.tips.enabled": false,
  "chat.disableAIFeatures": true, "chat.commandCenter.enabled": false, "files.autoSave": "off", "window.confirmBeforeClose": "never",
  "workbench.secondarySideBar.defaultVisibility": "hidden"
}
JSON
cat > "$DATA/user/Machine/settings.json" <<JSON
{ "semlens.server.path": "$PYTHON", "semlens.server.arguments": ["-m", "semlens", "serve"], "semlens.models.refine": "none" }
JSON
exec "${code[@]}" --auth none --bind-addr "127.0.0.1:0" --disable-telemetry --disable-update-check \
    --disable-getting-started-override --ignore-last-opened --reconnection-grace-time 30 \
    --vscode-option enable-smoke-test-driver
