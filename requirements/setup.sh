#!/bin/sh
# Make .venv hold exactly one lock (runtime or dev) and this checkout as an editable installation.
# Does nothing when that is already so: the stamp holds the lock, the interpreter and the folder it was made for.
set -eu
cd "$(dirname "$0")/.."
want=${1:-runtime}
venv=.venv

find_python() {
    for name in python3.13 python3.12 python3.11 python3 python; do
        # run it: version managers leave commands on the path that only print an error
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            command -v "$name"
            return
        fi
    done
    echo "semlens needs Python 3.11 or later and found none: install it (Debian: apt-get install python3 python3-venv)" \
         "and run this again." >&2
    return 1
}

stamp_of() {
    printf '%s\n' "$PWD" "$1"
    cat "requirements/$1.txt" pyproject.toml
}

is_stamped() {
    [ -f "$venv/semlens-$1.stamp" ] && [ -x "$venv/bin/python" ] && stamp_of "$1" | cmp -s - "$venv/semlens-$1.stamp"
}

is_stamped "$want" && exit 0
[ "$want" = runtime ] && is_stamped dev && exit 0   # the development lock contains the other

# a folder that was moved or whose interpreter went away is made anew
if ! "$venv/bin/python" -c "import sys; sys.exit(sys.version_info < (3, 11))" 2>/dev/null ||
    ! grep -qsxF "$PWD" "$venv/semlens-place.stamp"; then
    rm -rf "$venv"
    python=$(find_python)
    log=$(mktemp)
    echo "Setting up $venv with $("$python" --version) ..." >&2
    if ! "$python" -m venv "$venv" 2>"$log"; then
        cat "$log" >&2
        rm -rf "$venv" "$log"
        echo "The virtual environment could not be made: Debian needs 'apt-get install python3-venv' for it." >&2
        exit 1
    fi
    rm -f "$log"
    echo "$PWD" > "$venv/semlens-place.stamp"
fi
rm -f "$venv"/semlens-runtime.stamp "$venv"/semlens-dev.stamp
echo "Installing the $want packages; this may take some minutes ..." >&2
"$venv/bin/python" -m pip install --disable-pip-version-check -qq --require-hashes \
    -r "requirements/$want.txt"
"$venv/bin/python" -m pip install --disable-pip-version-check -qq --no-deps --no-build-isolation --no-index -e .
stamp_of "$want" > "$venv/semlens-$want.stamp"
