#!/bin/sh
# The tests of the page: types, unit tests, and the page in a real Chromium against the real `semlens http`.
set -eu
cd "$(dirname "$0")/.."
sh build.sh
npm run --silent check
npm run --silent lint -- --log-level warn
npm run --silent unit
node --test --test-reporter=spec test/e2e/page.test.mjs
