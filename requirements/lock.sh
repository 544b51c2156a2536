#!/bin/sh
# Resolve the locks for every platform and every Python from 3.11, with hashes. They name no host.
set -eu
cd "$(dirname "$0")/.."
compile() {
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
        --custom-compile-command "make lock" "$@"
}
compile pyproject.toml --group build -o requirements/runtime.txt
for group in dev cluster; do
    compile pyproject.toml --group "$group" -c requirements/runtime.txt -o "requirements/$group.txt"
done
for group in service store release docs; do
    compile --group "pyproject.toml:$group" -c requirements/runtime.txt -o "requirements/$group.txt"
done
if grep -nE '://|--(index|extra-index|find-links)' requirements/*.txt; then
    echo "a lock names a host" >&2
    exit 1
fi
