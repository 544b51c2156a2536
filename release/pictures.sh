#!/bin/sh
# pictures.sh [terminal] [recordings] [neovim] [vscode]: makes the pictures of the documents again (all of them by default): in a
# real terminal, a real Neovim and a real VS Code workbench. Needs tmux and chromium. The page has clients/page/scripts/pictures.mjs.
set -eu
cd "$(dirname "$0")/.."
docs=$PWD/docs/pictures media=$PWD/clients/vscode/media
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

for what in ${*:-terminal recordings neovim vscode}; do
    case $what in
        terminal)
            .venv/bin/python release/terminal_recording.py
            PICTURES=$docs .venv/bin/python -m pytest -q tests/journey/test_command_line.py -k first_minutes
            ;;
        recordings)
            .venv/bin/python release/terminal_recording.py --workspace "$scratch/python"
            bash clients/nvim/tests/record.sh "$scratch/nvim" "$scratch/python"
            .venv-docs/bin/python release/animate.py "$scratch/nvim" "$docs/nvim-recording.png"
            bash clients/vscode/test/record.sh "$scratch/code" "$scratch/python"
            .venv-docs/bin/python release/animate.py "$scratch/code" "$media/recording.png"
            ;;
        neovim) bash clients/nvim/tests/screens.sh "$docs" ;;
        vscode)
            PICTURES=$scratch/vscode bash clients/vscode/test/run.sh
            for picture in "$scratch"/vscode/vscode-*.png; do
                case ${picture##*/vscode-} in
                    dark.png | tree.png) cp "$picture" "$media/${picture##*/vscode-}" ;; # the extension's own page
                    hits.png) ;; # the recording shows it
                    context.png) cp "$picture" "$media/pack.png" ;;
                    *) cp "$picture" "$docs" ;;
                esac
            done
            ;;
    esac
done
