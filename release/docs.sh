#!/bin/sh
# docs.sh: build the site into site/ without a warning, and check its links and its accessibility. Nothing is downloaded but tools.
set -eu
cd "$(dirname "$0")/.."
NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs build --strict --quiet
.venv-docs/bin/lychee --offline --include-fragments --no-progress --root-dir "$PWD/site" 'site/*.html'
if command -v npm > /dev/null && [ -x "${CHROMIUM:=/usr/bin/chromium}" ]; then
    [ -d clients/page/node_modules ] || npm ci --prefix clients/page --ignore-scripts --no-audit --no-fund --loglevel=error
    CHROMIUM=$CHROMIUM node release/axe.mjs site
else
    echo "Skipped axe: it needs npm and chromium ('apt-get install chromium')." >&2
    [ "${CI:-}" != true ]
fi
