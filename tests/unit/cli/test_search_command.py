from __future__ import annotations

import io
import json
import sys

import pytest
from hit_cases import HIT

from semlens.cli import main
from semlens.cli.arguments import with_command
from semlens.cli.commands import search
from semlens.cli.output.hits import NOTHING_FITS, short_name
from semlens.core.request import TestFilter
from semlens.core.status import Problem
from semlens.core.symbol import SymbolKind


def test_json_matches_the_protocol(semlens, script, workspace):
    code, out, err = semlens("search", "fetch", "again", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out) == {
        "query": "fetch again",
        "workspace": str(workspace),
        "servedBy": "process",
        "generation": 12,
        "complete": True,
        "elapsedMs": 7.4,
        "confidence": 0.812,
        "nothingFits": False,
        "notes": [],
        "hits": [
            {
                "path": "src/net/retry.py",
                "startLine": 40,
                "endLine": 71,
                "nameLine": 41,
                "nameColumn": 5,
                "name": "fetch_with_retry",
                "qualifiedName": "net.retry.fetch_with_retry",
                "kind": "function",
                "language": "python",
                "score": 0.8346,
                "signature": "def fetch_with_retry(url, attempts=3)",
                "reasons": ["name", "meaning"],
                "highlights": [[52, 53]],
                "snippet": {"text": HIT.snippet, "startLine": 52, "endLine": 54},
                "dirty": False,
            }
        ],
    }


def test_an_answer_that_does_not_fit_says_so_first(semlens, script):
    script.result = script.result._replace(confidence=0.05, nothing_fits=True)
    _, out, _ = semlens("search", "fetch")
    assert out.splitlines()[:3] == [NOTHING_FITS, "", _first_line_of(semlens, script)]
    code, out, err = semlens("search", "fetch", "--format", "lines")
    assert (code, err, out.count("\n")) == (0, f"semlens: {NOTHING_FITS}\n", 1)
    _, out, _ = semlens("search", "fetch", "--json")
    assert (json.loads(out)["confidence"], json.loads(out)["nothingFits"]) == (0.05, True)


def _first_line_of(semlens, script) -> str:
    script.result = script.result._replace(nothing_fits=False)
    _, out, _ = semlens("search", "fetch")
    script.result = script.result._replace(nothing_fits=True)
    return out.splitlines()[0]


def test_explain_adds_the_features(semlens, script):
    _, out, _ = semlens("search", "fetch", "--json", "--explain")
    assert json.loads(out)["hits"][0]["features"] == {"bm25.body": 0.2142}
    assert script.explained is True
    _, out, _ = semlens("search", "fetch", "--explain")
    assert "bm25.body=0.214" in out


def test_text_output_has_path_name_signature_and_best_lines(semlens, script):
    code, out, _ = semlens("search", "fetch")
    assert code == 0
    assert out.splitlines() == [
        "1  src/net/retry.py:40-71  fetch_with_retry  function  name, meaning",
        "   def fetch_with_retry(url, attempts=3)",
        "   52  for attempt in range(attempts):",
        "   53      try:",
        "   54          return fetch(url)",
    ]


def test_the_lines_of_a_long_snippet_are_those_around_the_match(semlens, script):
    lines = "".join(f"line{number}\n" for number in range(100, 140))
    span = HIT.snippet_span._replace(start_line=100, end_line=140)
    script.with_hits(HIT._replace(snippet=lines, snippet_span=span, highlights=((120, 121),)))
    _, out, _ = semlens("search", "fetch")
    assert [line.split()[0] for line in out.splitlines()[2:]] == ["120", "121", "122", "123"]
    assert "   121  line120" in out


@pytest.mark.parametrize(
    ("signature", "snippet", "shown"),
    [
        (HIT.signature, "def fetch_with_retry(url, attempts=3):\n\n    return url\n", ["54  return url"]),
        (HIT.signature, "def fetch_with_retry(\n    url,\n    attempts=3,\n):\n    pass\n", ["56  pass"]),
        (HIT.signature, "@cache\ndef fetch_with_retry(url, attempts=3):\n", ["52  @cache"]),
        ("function Kind(size: number)", "export function Kind(\n  size: number,\n) {\n  go();\n", ["55  go();"]),
        ('"share": 0.16', '"share": 0.16,\n', []),
        ("new()", "new() {\n  x = new();\n", ["53  x = new();"]),
        (HIT.signature, "\n\n\n", []),
    ],
)
def test_no_line_is_blank_or_repeats_the_signature(semlens, script, signature, snippet, shown):
    span = HIT.snippet_span._replace(start_line=51, end_line=51 + snippet.count("\n"))
    name_line = 51 + snippet.startswith("@")
    name_span = HIT.name_span._replace(start_line=name_line, end_line=name_line)
    hit = HIT._replace(signature=signature, snippet=snippet, snippet_span=span, name_span=name_span, highlights=())
    script.with_hits(hit)
    assert [line.strip() for line in semlens("search", "fetch")[1].splitlines()[2:]] == shown


@pytest.mark.parametrize(
    ("columns", "heading"),
    [
        (80, "1  src/net/retry.py:40-71  fetch_with_retry  function  name, meaning"),
        (60, "1  src/net/retry.py:40-71  fetch_with_retry  function"),
        (50, "1  src/net/retry.py:40-71  fetch_with_retry"),
        (40, "1  src…/retry.py:40-71  fetch_with_retry"),
    ],
)
def test_a_heading_is_one_line(semlens, script, monkeypatch, columns, heading):
    """What says least is left out first. A name is never cut."""
    monkeypatch.setattr("semlens.cli.output.hits.width", lambda: columns)
    assert semlens("search", "fetch")[1].splitlines()[0] == heading


@pytest.mark.parametrize(
    ("path", "qualified_name", "shown"),
    [
        ("src/net/retry.py", "net.retry.Client.fetch", "Client.fetch"),
        ("src/net/retry.rs", "net::retry::Client::fetch", "Client::fetch"),
        ("main.go", "fetch", "fetch"),
        ("a/fetch.py", "fetch.fetch", "fetch"),
    ],
)
def test_the_module_is_not_said_twice(path, qualified_name, shown):
    assert short_name(HIT._replace(path=path, qualified_name=qualified_name)) == shown


def test_a_person_on_a_terminal_sees_few_hits(semlens, script, monkeypatch):
    for arguments, limit in (((), 8), (("-n", "30"), 30), (("--json",), 20), (("--format", "lines"), 20)):
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
        semlens("search", "x", *arguments)
        assert script.requests[-1].limit == limit


@pytest.mark.parametrize(
    ("n_hits", "arguments", "is_terminal", "says"),
    [(8, (), True, True), (7, (), True, False), (8, ("-n", "8"), True, False), (8, (), False, False)],
)
def test_a_person_is_told_how_to_see_more(semlens, script, monkeypatch, n_hits, arguments, is_terminal, says):
    monkeypatch.setenv("PAGER", "cat")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: is_terminal)
    script.with_hits(*[HIT] * n_hits)
    assert ("These are the best 8. For more: -n 20" in semlens("search", "x", *arguments)[1]) == says


@pytest.mark.parametrize(
    ("pager", "arguments", "shown"),
    [("tr a-z A-Z", (), "FETCH_WITH_RETRY"), ("tr a-z A-Z", ("--no-pager",), "fetch_with_retry"),
     ("cat", (), "fetch_with_retry"), ("no-such-program", (), "fetch_with_retry")],
)  # fmt: skip
def test_long_output_of_a_terminal_goes_through_a_pager(workspace, script, monkeypatch, capfd, pager, arguments, shown):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("SEMLENS_PAGER", pager)
    monkeypatch.setenv("LINES", "10")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    script.with_hits(*[HIT] * 5)
    assert main(["search", "x", *arguments]) == 0
    assert shown in capfd.readouterr().out


def test_no_pager_of_the_current_folder_is_started(workspace, script, monkeypatch, capfd):
    (workspace / "less").write_text("#!/bin/sh\n: > started\n")
    (workspace / "less").chmod(0o755)
    for name, value in {"TERM": "xterm", "LINES": "10", "PATH": "."}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    script.with_hits(*[HIT] * 5)
    for pager in ("", "less -F"):
        monkeypatch.delenv("PAGER", raising=False)
        monkeypatch.delenv("SEMLENS_PAGER", raising=False)
        if pager:
            monkeypatch.setenv("PAGER", pager)
        assert main(["search", "x"]) == 0
        assert "retry" in capfd.readouterr().out
    assert not (workspace / "started").exists()


def test_code_and_names_cannot_control_the_terminal(semlens, script):
    script.with_hits(
        HIT._replace(path="a\udcff\x1b[2J.py", signature="def \x1b]0;title\x07()", snippet="x = '\x9b1m'\n")
    )
    _, out, _ = semlens("search", "fetch")
    assert not set(out) & {"\x1b", "\x07", "\x9b", "\udcff"}
    assert "a\\xff\\x1b[2J.py" in out


def test_any_file_name_is_valid_json(semlens, script):
    script.with_hits(HIT._replace(path="a\udcff.py"))
    _, out, _ = semlens("search", "fetch", "--json")
    assert out.isascii()
    assert json.loads(out)["hits"][0]["path"].encode("utf-8", "surrogateescape") == b"a\xff.py"


def test_no_hits_is_no_failure(semlens, script):
    script.with_hits()
    code, out, _ = semlens("search", "nowhere")
    assert code == 0
    assert out.startswith("Nothing found in ")


def test_an_incomplete_index_and_notes_are_written_to_stderr(semlens, script):
    script.with_hits(HIT, complete=False, notes=("'lang:foo' was searched as words.",))
    _, out, err = semlens("search", "fetch")
    assert "not complete" in err
    assert "lang:foo" in err
    assert "lang:foo" not in out


def test_a_lost_capability_is_reported_and_a_malformed_file_is_not(semlens, script):
    lost = Problem("", "The model does not match its checksum: install semlens again.")
    script.status = script.status._replace(problems=(lost, Problem("odd.py", "Odd.")))
    code, out, err = semlens("search", "fetch")
    assert code == 0
    assert "fetch_with_retry" in out
    assert err == f"semlens: warning: {lost.message}\n"


def test_options_become_request_parameters(semlens, script):
    semlens(
        *("search", "open", "file", "-n", "7", "--per-file", "0", "--tests", "exclude"),
        *("--lang", "py,golang", "--lang", "Rust", "--kind", "fn", "--path", "src/**", "--path", "*.go"),
    )
    (request,) = script.requests
    assert request.query == "open file"
    assert (request.limit, request.per_file) == (7, 0)
    assert request.filter.languages == {"python", "go", "rust"}
    assert request.filter.kinds == {SymbolKind.FUNCTION}
    assert request.filter.paths == ("src/**", "*.go")
    assert request.filter.tests is TestFilter.EXCLUDE


def test_workspace_settings_apply_without_options(semlens, script, workspace):
    (workspace / ".semlens.toml").write_text("[search]\nlimit = 3\nperFile = 5\n")
    semlens("search", "x")
    semlens("search", "x", "-n", "4")
    assert [(request.limit, request.per_file) for request in script.requests] == [(3, 5), (4, 5)]


def test_a_bad_setting_is_reported_and_has_no_effect(semlens, script, workspace):
    (workspace / ".semlens.toml").write_text("[search]\nlimits = 3\n")
    code, _, err = semlens("search", "x")
    assert code == 0
    assert err.startswith("semlens: warning: ")
    assert "limits" in err


@pytest.mark.parametrize(("arguments", "read_only"), [((), False), (("--no-update",), True)])
def test_no_update_only_reads_the_index(semlens, script, arguments, read_only):
    semlens("search", "x", *arguments)
    assert script.read_only is read_only


@pytest.mark.parametrize(("arguments", "explicit"), [((), False), (("-w", "."), True)])
def test_a_folder_is_explicit_only_when_named(semlens, script, arguments, explicit):
    semlens("search", "x", *arguments)
    assert script.explicit is explicit


@pytest.mark.parametrize("query", ["foo(bar", 'a"b', "*", "C++", "x" * 100_000, "\udcff", "é\N{PILE OF POO}", "- x"])
def test_any_text_is_a_valid_query(semlens, script, query):
    code, out, err = semlens("search", "--json", "--", query)
    assert (code, err) == (0, "")
    assert script.requests[0].query == query
    assert json.loads(out)["query"] == query


def test_the_engine_is_always_closed(semlens, script):
    script.error = RuntimeError("boom")
    semlens("search", "x")
    assert script.calls[-1] == "close"


@pytest.mark.parametrize("words", [["x" * 300], ["a b " * 2_000]])
def test_a_long_question_in_quotes_is_a_question(words):
    assert with_command(words) == ["search", *words]


def test_a_piped_log_may_have_bytes_of_any_encoding(monkeypatch):
    monkeypatch.setattr(
        "sys.stdin", io.TextIOWrapper(io.BytesIO(b"caf\xe9 error\n"), encoding="utf-8", errors="strict")
    )
    assert search._query(["-"]) == "caf\ufffd error"


def test_a_folder_after_the_question_gets_a_hint(semlens, workspace):
    (workspace / "net").mkdir()
    for words, hints in ((["retry", "./net"], True), (["retry", "net"], False), (["./net"], False), (["."], False)):
        _, _, err = semlens("search", *words)
        assert (f"To search in that folder: -w {words[-1]}" in err) is hints, words
