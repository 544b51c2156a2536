#!/bin/sh
# `make run`: index a real code base and answer plain English questions about it. W, Q and PY come from the Makefile.
set -eu
semlens() { "$PY" -m semlens "$@"; }

ask() {  # ask QUESTION COUNT
    if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then printf '\n\033[1;36m? %s\033[0m\n' "$1"; else printf '\n? %s\n' "$1"; fi
    semlens search --no-update -w "$W" -n "$2" -- "$1"
}

if [ -z "$W" ]; then
    W=$("$PY" bench/corpora.py S)
    standard=yes
fi
semlens index "$W"
if [ -n "$Q" ]; then
    ask "$Q" 10
elif [ "${standard:-}" = yes ]; then
    for question in \
        "split a command line into words as the shell does" \
        "start a new log file when the old one grows too big" \
        "show the changed lines between two texts" \
        "wait until a socket can be read" \
        "guess the type of a file from its name"; do
        ask "$question" 3
    done
else
    for question in "where does the program start" "read the settings from a file" "report an error to the user"; do
        ask "$question" 3
    done
fi
echo
echo "Ask your own: make run W=$W Q=\"your question\""
