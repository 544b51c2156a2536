#!/usr/bin/env bash
# record.sh FRAMES FOLDER: uses the client in FOLDER on a real screen, and keeps what it shows as FRAMES/NUMBER-MILLISECONDS.png
# for release/animate.py. Needs tmux and chromium.
set -euo pipefail
frames=$(mkdir -p "$1" && cd "$1" && pwd)
folder=$(cd "$2" && pwd)
tests=$(cd "$(dirname "$0")" && pwd)
. "$tests/setup.sh"
cd "$folder"
columns=110 lines=30 n_frames=0
screen() { tmux -S "$scratch/tmux" "$@"; }
trap 'screen kill-server 2>/dev/null || true; sweep' EXIT

settled() { # wait until nothing on the screen changes
    local before="" now
    for _ in $(seq 100); do
        now=$(screen capture-pane -p)
        [ "$now" = "$before" ] && return
        before=$now
        sleep 0.4
    done
}

frame() { # frame MILLISECONDS
    settled
    n_frames=$((n_frames + 1))
    screen capture-pane -pe > "$scratch/screen.ansi"
    "$python" "$tests/picture.py" "$scratch/screen.ansi" dark > "$scratch/page.html"
    chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
        --disable-component-update --disable-sync --user-data-dir="$scratch/chromium" --hide-scrollbars \
        --window-size=$((columns * 843 / 100 + 18)),$((lines * 17 + 18)) \
        --screenshot="$frames/$(printf '%03d' $n_frames)-$1.png" "file://$scratch/page.html" > /dev/null 2>&1
}

type_slowly() { # a frame for every three letters
    local text=$1
    while [ -n "$text" ]; do
        screen send-keys -l "${text:0:3}"
        text=${text:3}
        frame 180
    done
}

"$python" -m semlens index --no-daemon . > /dev/null 2>&1
TERM=xterm-256color COLORTERM=truecolor screen -f /dev/null new-session -d -x $columns -y $lines \
    "env TERM=tmux-256color COLORTERM=truecolor '$nvim' -i NONE -n -u '$tests/init.lua' -c 'set bg=dark termguicolors number' \
     -c \"lua vim.lsp.enable('semlens')\" shutil.py"
frame 1000
screen send-keys -l ':Semlens'
frame 700
screen send-keys Enter
frame 700
type_slowly 'delete the oldest log files'
frame 2500
screen send-keys C-n
frame 1200
screen send-keys C-p
frame 400
screen send-keys Enter
frame 2400
