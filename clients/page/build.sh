#!/bin/sh
# Builds the page into server/semlens/http/page. Without npm or with an old Node it says so and succeeds: semlens works without the page.
set -eu
cd "$(dirname "$0")"
if ! command -v npm >/dev/null 2>&1; then
    echo "The page of 'semlens http' is left out: npm is missing." >&2
    exit 0
fi
if ! node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 22 || (a === 22 && b >= 12) || (a === 20 && b >= 19) ? 0 : 1)'; then
    echo "The page of 'semlens http' is left out: it is built by Node 20.19, 22.12 or later; this is $(node --version)." >&2
    exit 0
fi
if ! cmp -s package-lock.json node_modules/.installed-lock 2>/dev/null; then
    npm ci --no-audit --no-fund --loglevel=error
    cp package-lock.json node_modules/.installed-lock
fi
npm run --silent build -- --logLevel warn
