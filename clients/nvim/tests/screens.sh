#!/usr/bin/env bash
# screens.sh FOLDER: uses the client on a real terminal screen (tmux) and keeps what it shows as text and colours
# (FOLDER/*.ansi); ansi2html and chromium turn them into pictures where they are installed.
set -euo pipefail
pictures=$(mkdir -p "${1:?the folder for the pictures}" && cd "$1" && pwd)
tests=$(cd "$(dirname "$0")" && pwd)
command -v tmux >/dev/null || { echo "Missing: install it with 'apt-get install tmux'." >&2; exit 1; }
chromium=$(command -v chromium || true)
. "$tests/setup.sh"
socket=$scratch/tmux-0
screen() { tmux -S "$socket" "$@"; }
trap 'screen kill-server 2>/dev/null || true; sweep' EXIT

start() {  # start COLUMNS LINES BACKGROUND
    screen kill-server 2>/dev/null || true
    socket=$scratch/tmux-$1-$3 # the old server may still be on its way out
    TERM=xterm-256color COLORTERM=truecolor screen -f /dev/null new-session -d -x "$1" -y "$2" \
        "env TERM=tmux-256color COLORTERM=truecolor '$nvim' -i NONE -n -u '$tests/init.lua' \
         -c 'set bg=$3 termguicolors' -c \"lua vim.lsp.enable('semlens')\" net/retry.py"
}

shows() {  # shows TEXT: wait until the screen does
    for _ in $(seq 600); do
        screen capture-pane -p | grep -qF -- "$1" && return
        sleep 0.1
    done
    echo "not ok - the screen does not show: $1" >&2
    screen capture-pane -p >&2
    exit 1
}

keep() {  # keep NAME: the screen as it is
    screen capture-pane -pe > "$pictures/nvim-$1.ansi"
    echo "ok - $1"
    if [ -n "$chromium" ] && "$python" -c 'import ansi2html' 2>/dev/null; then
        "$python" - "$pictures/nvim-$1.ansi" "$2" > "$scratch/page.html" <<'PY'
import sys
from pathlib import Path
from ansi2html import Ansi2HTMLConverter
dark = sys.argv[2] == "dark"
html = Ansi2HTMLConverter(dark_bg=dark, font_size="14px").convert(Path(sys.argv[1]).read_text(encoding="utf-8"))
back = "#14161b" if dark else "#e0e2ea"  # of Neovim's own colour scheme
style = (
    'pre{font-family:"DejaVu Sans Mono",monospace;line-height:17px}span{padding-bottom:1px}'
    f"body.body_background{{margin:0;padding:8px;background-color:{back}}}"
)
print(html.replace("</style>", style + "</style>"))
PY
        "$chromium" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
            --disable-component-update --disable-sync --user-data-dir="$scratch/chromium" --hide-scrollbars \
            --window-size="$3" --screenshot="$pictures/nvim-$1.png" "file://$scratch/page.html" 2>/dev/null >&2
    fi
    rm "$pictures/nvim-$1.ansi"
}

start 130 36 dark
shows 'def fetch_with_retry'
screen send-keys ':SemanticStatus' Enter
shows 'ready, generation'
keep status dark 1130,640
screen send-keys q
screen send-keys ':SemanticSearch' Enter
shows 'Describe what the code does'
screen send-keys -l 'hex string to red green blue'
shows 'colour.py:4'
shows 'return tuple('
keep picker dark 1130,640

start 130 36 light
shows 'def fetch_with_retry'
screen send-keys ':SemanticSearch price with value-added tax' Enter
shows 'totalPrice'
shows 'What the customer'
keep picker-light light 1130,640

start 60 30 dark
shows 'def fetch_with_retry'
screen send-keys ':SemanticSearch delete old backups' Enter
shows 'PruneOldBackups'
shows 'PruneOldBackups keeps'
keep picker-narrow dark 560,540
screen send-keys Enter
shows 'func PruneOldBackups'
echo "4 passed, 0 failed"
