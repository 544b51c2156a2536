"""Every point of the first ten minutes has its check. The checks run in `make test`: here, in tests/ and in both editors' suites."""

from __future__ import annotations

import pytest
from terminal import ROOT

JOURNEY = "tests/journey/test_command_line.py"
CLI = "tests/unit/cli/test_first_minutes.py"
NVIM = "clients/nvim/tests/test_first_minutes.lua"
NVIM_SERVER = "clients/nvim/tests/test_server.lua"
DRIVE = "clients/vscode/test/drive.cjs"
MANIFEST = "clients/vscode/test/unit/manifest.test.ts"
FORMAT = "clients/vscode/test/unit/format.test.ts"
DOCUMENTS = "tests/docs/test_documents.py"
EDITORS = "tests/e2e/test_other_editors.py"

POINTS = [
    ("1 few hits, none that wraps", JOURNEY, "def point_1_the_best_hits_stay_on_the_screen"),
    ("1 how to see more", "tests/unit/cli/test_search_command.py", "def test_a_person_is_told_how_to_see_more"),
    (
        "1 no line repeats the signature",
        "tests/unit/cli/test_search_command.py",
        "def test_no_line_is_blank_or_repeats",
    ),
    ("1 help on 80 columns", CLI, "def test_help_fits_into_80_columns"),
    ("2 pipes and exit code", JOURNEY, "def point_2_pipes"),
    ("2 exit code", CLI, "def test_an_option_makes_the_exit_code_say_that_nothing_was_found"),
    ("3 filters", JOURNEY, "def point_3_filters"),
    ("4 sub-folders", JOURNEY, "def point_4_a_sub_folder"),
    ("5 the better model", JOURNEY, "def point_5_the_better_model"),
    ("5 the resident server refines", JOURNEY, "def test_a_first_index_is_handed_to_the_resident_server"),
    ("6 doctor, skipped files, .env.example", JOURNEY, "def point_6_doctor_and_what_is_left_out"),
    ("6 one source of the languages", "tests/unit/syntax/languages/test_docs.py", "def test_doctor_and_docs_count"),
    ("7 everything goes", JOURNEY, "def point_7_everything_goes"),
    ("8 reasons", JOURNEY, "def point_8_reasons"),
    ("9 one name, VS Code", MANIFEST, "everything has one name"),
    ("9 one name, Neovim", NVIM, ":Semlens has sub-commands with completion"),
    ("10 the offer, VS Code", DRIVE, "a chosen wheel installs the server"),
    ("10 the offer, Neovim, a real wheel", "clients/nvim/tests/install.sh", "installed the server from its wheel"),
    ("10 the offer, Neovim", NVIM_SERVER, "a command offers to install it"),
    ("11 sure or not, VS Code", FORMAT, "the title of a list"),
    ("11 sure or not, Neovim", NVIM, "hits that do not seem to fit are dimmed"),
    ("Neovim: one short line", NVIM_SERVER, "no server is installed. Run :Semlens install"),
    ("Neovim: help", NVIM, ":help semlens works after the snippet of the README"),
    ("Neovim: equal rows", NVIM, "rows of one name and file keep the container and the line"),
    ("Neovim: /", NVIM, "a working folder that holds too much is named"),
    ("Neovim: live grep", NVIM, "a question goes to live grep, and back"),
    ("Neovim: log and codes", NVIM, "messages have a code and a level"),
    ("Neovim: a Python that is too old", NVIM_SERVER, "a Python that is too old is passed over"),
    ("VS Code: page", MANIFEST, "the page's pictures and links are files of the package"),
    ("VS Code: keys", MANIFEST, "no default key types a character"),
    ("VS Code: walkthrough", DRIVE, "the first is ticked because the server runs"),
    ("VS Code: title of the view", DRIVE, "Semlens: Results"),
    ("VS Code: what leaves the machine", FORMAT, "the report says what leaves the machine"),
    ("VS Code: narrow and wide, light and dark", DRIVE, "on narrow and wide screens, in a light and a dark theme"),
    ("VS Code: the keyboard after Escape", DRIVE, "escapeTo"),
    ("Emacs", EDITORS, "def test_eglot_finds_symbols_by_a_question"),
    ("Kakoune", EDITORS, "def test_the_kakoune_command_lists_places_that_enter_opens"),
    ("Emacs, lsp-mode", EDITORS, "def test_lsp_mode_finds_symbols_by_a_question"),
    ("Vim", EDITORS, "def test_the_vim_command_goes_to_the_best_hit"),
    ("every command and output", "tests/docs/test_commands_run.py", "def test_what_a_console_shows_is_what_is_printed"),
    ("documents", DOCUMENTS, "def test_commands_and_options_exist"),
]


@pytest.mark.parametrize(("file", "name"), [point[1:] for point in POINTS], ids=[point[0] for point in POINTS])
def test_the_point_has_its_check(file: str, name: str) -> None:
    assert name in (ROOT / file).read_text(encoding="utf-8")
