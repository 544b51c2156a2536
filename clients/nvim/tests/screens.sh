#!/usr/bin/env bash
# screens.sh FOLDER: uses the client on a real terminal screen (tmux), at several sizes, light and dark, with and without
# icons. Saves screenshots as FOLDER/nvim-*.png where chromium is installed.
set -euo pipefail
pictures=$(mkdir -p "${1:?the folder for the pictures}" && cd "$1" && pwd)
tests=$(cd "$(dirname "$0")" && pwd)
command -v tmux >/dev/null || { echo "Missing: install it with 'apt-get install tmux'." >&2; exit 1; }
chromium=$(command -v chromium || true)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/semlens-test-editors
. "$tests/setup.sh"
socket=$scratch/tmux-0
screen() { tmux -S "$socket" "$@"; }
trap 'screen kill-server 2>/dev/null || true; sweep' EXIT

icons=$cache/pure-nerd-font-3.0.5/node_modules/@azurity/pure-nerd-font/PureNerdFont.woff2
if [ ! -f "$icons" ] && command -v npm >/dev/null; then
    HOME=${cache%/.cache/*} npm install --prefix "$cache/pure-nerd-font-3.0.5" --no-audit --no-fund --loglevel=error \
        --ignore-scripts @azurity/pure-nerd-font@3.0.5 >/dev/null
fi

n_passed=0
start() {  # start COLUMNS LINES dark|light [LUA]
    columns=$1 lines=$2 background=$3
    screen kill-server 2>/dev/null || true
    socket=$scratch/tmux-$n_passed-$1-$3 # the old server may still be on its way out
    printf '%s\n' "${4:-}" > "$scratch/more.lua"
    TERM=xterm-256color COLORTERM=truecolor screen -f /dev/null new-session -d -x "$1" -y "$2" \
        "env TERM=tmux-256color COLORTERM=truecolor '$nvim' -i NONE -n -u '$tests/init.lua' \
         -c 'set bg=$3 termguicolors' -c 'luafile $scratch/more.lua' -c \"lua vim.lsp.enable('semlens')\" net/retry.py"
    shows 'def fetch_with_retry'
}

shows() {  # shows TEXT: wait until the screen shows it
    for _ in $(seq 1200); do
        screen capture-pane -p | grep -qF -- "$1" && return
        sleep 0.1
    done
    echo "not ok - the screen does not show: $1" >&2
    screen capture-pane -p >&2
    exit 1
}

keep() {  # keep NAME: save a screenshot
    screen capture-pane -pe > "$scratch/screen.ansi"
    if [ -n "$chromium" ]; then
        "$python" "$tests/picture.py" "$scratch/screen.ansi" "$background" $([ -f "$icons" ] && echo "$icons") \
            > "$scratch/page.html"
        pixels=$((columns * 843 / 100 + 18)),$((lines * 17 + 18)) # of a cell: 8.43 by 17 pixels
        "$chromium" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
            --disable-component-update --disable-sync --user-data-dir="$scratch/chromium" --hide-scrollbars \
            --virtual-time-budget=3000 --window-size="$pixels" --screenshot="$pictures/nvim-$1.png" "file://$scratch/page.html" 2>/dev/null >&2
    fi
    echo "ok - $1"
    n_passed=$((n_passed + 1))
}

ask() {  # ask QUERY TEXT...: type the query, wait for each text
    screen send-keys -l "$1"
    shift
    for text in "$@"; do shows "$text"; done
}

start 130 36 dark
screen send-keys ':SemanticStatus' Enter
shows 'ready, generation'
keep status
screen send-keys q
screen send-keys ':SemanticSearch' Enter
shows 'Describe what the code does'
keep empty
ask 'hex string to red green blue' 'colour.py:4' 'return tuple('
keep picker
screen send-keys C-w C-w C-w C-w C-w C-w
ask 'xyzzy kind:banana lang:cobol' 'Nothing found.' 'There is no kind'
keep nothing
screen send-keys F1
shows 'this list of keys'
keep keys

question=':SemanticSearch price with value-added tax'
icons_of_mini="vim.opt.rtp:append('$plugins/mini.nvim') require('mini.icons').setup()"
for size in '130 36' '60 30' '200 44'; do
    case $size in 60*) name=-narrow ;; 200*) name=-wide ;; *) name= ;; esac
    for colours in dark light; do
        [ "$name$colours" = dark ] && continue # kept above
        # shellcheck disable=SC2086
        start $size "$colours"
        screen send-keys "$question" Enter
        for text in totalPrice 'What the customer'; do shows "$text"; done
        keep "picker$name$([ $colours = light ] && echo -light || true)"
    done
done
for colours in dark light; do
    start 130 36 "$colours" "$icons_of_mini"
    screen send-keys "$question" Enter
    for text in totalPrice 'What the customer'; do shows "$text"; done
    keep "picker-icons$([ $colours = light ] && echo -light || true)"
done
screen send-keys Enter
shows 'export function totalPrice'
echo "$n_passed passed, 0 failed"
