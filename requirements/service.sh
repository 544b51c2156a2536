#!/bin/sh
# Make .venv-service hold the embedding service of `make test-service`. Does nothing when it is there.
set -eu
cd "$(dirname "$0")/.."
cmp -s requirements/service.txt .venv-service/service.stamp && exit 0
rm -rf .venv-service
.venv/bin/python -m venv .venv-service
.venv-service/bin/python -m pip install --disable-pip-version-check -qq --require-hashes -r requirements/service.txt
cp requirements/service.txt .venv-service/service.stamp
