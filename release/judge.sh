#!/usr/bin/env bash
# Lets the agents' own programs judge the manifests for them, in a home folder of their own. They take 700 MB, so this is part of
# `make test-long`. They are asked to read local files only.
set -euo pipefail
cd "$(dirname "$0")/.."
npm ci --prefix release/judges --ignore-scripts --no-audit --no-fund --loglevel=error
programs=$PWD/release/judges/node_modules
node "$programs/@anthropic-ai/claude-code/install.cjs" # links the program that came with it
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
export HOME=$home CODEX_HOME=$home/.codex DISABLE_AUTOUPDATER=1 CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1
mkdir -p "$CODEX_HOME"

for place in . clients/agents/plugin; do
    "$programs/.bin/claude" plugin validate "$place"
done
"$programs/.bin/codex" plugin marketplace add "$PWD"
"$programs/.bin/codex" plugin add semlens@semlens
"$programs/.bin/codex" mcp list | grep -E '^semlens +uvx +semlens mcp'
"$programs/.bin/gemini" extensions validate .
"$programs/.bin/mcpb" validate clients/agents/mcpb/manifest.json
"$programs/.bin/mcpb" pack clients/agents/mcpb "$home/semlens.mcpb"
echo "All manifests are accepted."
