"""The code graph over a real engine: callers and callees with ranges, impact of git's changes, unused definitions."""

from __future__ import annotations

import os
import shlex
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from engine_cases import DEADLINE_S, complete
from git_cases import git

from semlens.core.cancel import CancelToken
from semlens.core.errors import Cancelled, UsageError, WorkspaceError
from semlens.core.graph import EdgeKind, ImpactRequest, NeighboursRequest
from semlens.engine.graph import diff_files, graph_queries, reference_places
from semlens.engine.graph.diff_files import lines_that_differ
from semlens.engine.graph.reference_places import _pattern as pattern
from semlens.engine.query.file_text_cache import FileTextCache

RETRY = """class Client:
    def send(self, text):
        return self.wait(text)  # not self.wait()

    def wait(self, text):
        return "wait(1)" + text


def fetch(url):
    return Client().send(url)


def _nobody(x):
    return x
"""
APP = """from net.retry import fetch as get


def main():
    return get("a") + get("b")
"""
TEST = """from net.retry import Client


def test_send():
    assert Client().send("x")
"""
# As git answers in a folder of another user: `git diff` does not look for the reason.
UNTRUSTING_GIT = """#!/bin/sh
case "$*" in
*" config "*) exit 1 ;;
*" diff "*) echo "warning: Not a git repository. Use --no-index to compare two paths" >&2; exit 129 ;;
*) echo "fatal: detected dubious ownership in repository at '$PWD/a top'" >&2; exit 128 ;;
esac
"""


@pytest.fixture
def made(workspace):
    workspace.write("net/retry.py", RETRY)
    workspace.write("app.py", APP)
    workspace.write("tests/test_client.py", TEST)
    workspace.write("tests/test_retry.py", "def test_nothing():\n    pass\n")
    return workspace


def commit(made):
    git(made.folder, "init", "-q")
    git(made.folder, "add", "-A")
    git(made.folder, "commit", "-qm", "first")


def shown(edges):
    return {
        (edge.hit.path, edge.hit.name, edge.kind, tuple((span.start_line, span.start_column) for span in edge.spans))
        for edge in edges
    }


def affected(found):
    return [(one.hit.path, one.hit.name, one.distance, one.via) for one in found]


def test_callers_have_the_places_of_the_calls_and_no_comments_or_strings(made):
    engine = made.engine()
    found = engine.callers(NeighboursRequest(made.uri("net/retry.py"), 4), CancelToken())
    assert found.symbol.name == "wait"
    assert shown(found.edges) == {("net/retry.py", "send", EdgeKind.CALL, ((2, 20),))}
    by_name = engine.callers(NeighboursRequest(name="retry.fetch"), CancelToken())
    assert shown(by_name.edges) == {("app.py", "main", EdgeKind.CALL, ((4, 11), (4, 22)))}


def test_a_name_tells_apart_the_symbols_of_a_line(made):
    made.write(
        "point.ts", "export class Point { size() { return root(1); } }\nfunction root(n: number) { return n; }\n"
    )
    engine = made.engine()
    for name, meant in (("size", "size"), ("Point", "Point"), ("gone", "Point"), ("", "Point")):
        found = engine.callees(NeighboursRequest(made.uri("point.ts"), 0, name), CancelToken())
        assert found.symbol.name == meant


def test_callees_have_the_places_in_the_symbol(made):
    engine = made.engine()
    found = engine.callees(NeighboursRequest(name="fetch"), CancelToken())
    assert shown(found.edges) == {
        ("net/retry.py", "Client", EdgeKind.CALL, ((9, 11),)),
        ("net/retry.py", "send", EdgeKind.CALL, ((9, 20),)),
    }


def test_a_name_in_a_string_is_no_use(workspace):
    workspace.write("a.go", "package a\n\nfunc Recovery() int { return 1 }\n")
    strings = "print(\"[Recovery] `panic\")\n\tprint(`\nRecovery\n`, '`')"
    workspace.write("b.go", f"package a\n\nfunc Report() {{\n\t{strings}\n}}\n")
    workspace.write("c.go", "package a\n\nfunc Use() { run(Recovery) }\n")
    engine = workspace.engine()
    found = engine.callers(NeighboursRequest(name="Recovery"), CancelToken())
    assert shown(found.edges) == {("c.go", "Use", EdgeKind.USE, ((2, 17),))}
    assert engine.callees(NeighboursRequest(name="Report"), CancelToken()).edges == ()


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("a.sh", 'helper() {\n  echo 1\n}\n\nmain() {\n  x="$(helper 1)"\n}\n'),
        ("a.kt", 'fun helper(y: Int): Int {\n    return y\n}\n\nfun main(): String {\n    return "${helper(1)}"\n}\n'),
    ],
)
def test_code_within_a_string_counts(workspace, path, source):
    workspace.write(path, source)
    engine = workspace.engine()
    assert [edge.hit.name for edge in engine.callees(NeighboursRequest(name="main"), CancelToken()).edges] == ["helper"]
    assert [edge.hit.name for edge in engine.callers(NeighboursRequest(name="helper"), CancelToken()).edges] == ["main"]


def test_a_type_uses_what_its_methods_use_outside_of_it(workspace):
    source = "package a\n\ntype Client struct{}\n\nvar Limit = 1\n\nfunc (c Client) Send() int { return Limit }\n"
    workspace.write("a.go", source)
    found = workspace.engine().callees(NeighboursRequest(name="Client"), CancelToken())
    assert shown(found.edges) == {("a.go", "Limit", EdgeKind.USE, ())}


def test_long_code_is_looked_through_once_for_each_edge(made, monkeypatch):
    made.write("app.py", APP.replace("    return", "    x = 1\n" * 500 + "    return"))
    engine = made.engine()
    patterns = []
    monkeypatch.setattr(reference_places, "_pattern", lambda *a: patterns.append(a) or pattern(*a))
    found = engine.callees(NeighboursRequest(name="main"), CancelToken())
    assert shown(found.edges) == {("net/retry.py", "fetch", EdgeKind.CALL, ((504, 11), (504, 22)))}
    assert len(patterns) == 1


def test_of_several_definitions_of_a_name_the_longest_is_meant(made):
    made.write("pipe.py", "class Pipe:\n    def read(self, n): ...\n\n    def read(self, n):\n        return n\n")
    found = made.engine().callers(NeighboursRequest(name="Pipe.read"), CancelToken())
    assert found.symbol.span.start_line == 3
    assert [hit.span.start_line for hit in found.others] == [1]


def test_unsaved_text_counts(made):
    engine = made.engine()
    engine.open_buffer(made.uri("app.py"), "python", APP + "\n\ndef other():\n    get('c')\n")
    found = engine.callers(NeighboursRequest(name="fetch"), CancelToken())
    assert {(edge.hit.name, edge.hit.dirty) for edge in found.edges} == {("main", True), ("other", True)}


def test_limit_and_others_are_counted(made):
    made.write("more.py", "def send(): pass\n" + "".join(f"def f{n}(): send()\n" for n in range(7)))
    engine = made.engine()
    found = engine.callers(NeighboursRequest(name="send", limit=3), CancelToken())
    assert (found.symbol.path, len(found.edges), found.omitted, found.n_others) == ("more.py", 3, 4, 1)
    assert [hit.path for hit in found.others] == ["net/retry.py"]


def test_impact_of_a_range_of_commits_counts_lines_where_they_are_now(made):
    commit(made)
    made.write("net/retry.py", RETRY.replace('"wait(1)"', '"wait(2)"'))
    git(made.folder, "commit", "-qam", "second")
    made.write(
        "net/retry.py",
        "# one more line\n" * 9 + RETRY.replace('"wait(1)"', '"wait(2)"').replace("self.wait", "self.  wait"),
    )
    engine = made.engine()

    def changed(ref):
        return [hit.name for hit in engine.impact(ImpactRequest(ref), CancelToken()).changed]

    assert changed("HEAD~1..HEAD") == changed("HEAD~1..") == changed("HEAD~1...HEAD") == ["wait"]
    assert changed("HEAD") == ["send"]
    for bad in ("HEAD..--output=x", "HEAD..nowhere"):
        with pytest.raises(UsageError, match="knows no commit"):
            changed(bad)
    assert not (made.folder / "x").exists()


def test_callers_of_callers_say_through_whom(made):
    engine = made.engine()

    def walk(find, name, depth):
        edges = find(NeighboursRequest(name=name, depth=depth), CancelToken()).edges
        through = [edges[edge.through].hit.name if edge.through >= 0 else "" for edge in edges]
        return [(edge.hit.name, edge.distance, by, edge.is_test) for edge, by in zip(edges, through, strict=True)]

    assert walk(engine.callers, "wait", 1) == [("send", 1, "", False)]
    assert walk(engine.callers, "wait", 4) == [
        ("send", 1, "", False),
        ("fetch", 2, "send", False),
        ("test_send", 2, "send", True),
        ("main", 3, "fetch", False),
    ]
    assert ("wait", 3, "send", False) in walk(engine.callees, "main", 3)


def test_the_limit_holds_for_each_distance_and_is_divided(made):
    users = "".join(
        f"def {name}{n}(): {name}()\n" for name in ("popular", "rare") for n in range(5 if name == "popular" else 2)
    )
    made.write("far.py", f"def core(): pass\ndef popular(): core()\ndef rare(): core()\n{users}")
    found = made.engine().callers(NeighboursRequest(name="core", limit=3, depth=2), CancelToken())
    assert [edge.hit.name for edge in found.edges] == ["popular", "rare", "popular0", "rare0", "popular1"]
    assert (found.omitted_at, found.omitted) == ((0, 4), 4)


def test_a_circle_of_calls_ends(made):
    made.write("circle.py", "def ping(): pong()\ndef pong(): ping()\n")
    found = made.engine().callers(NeighboursRequest(name="ping", depth=4), CancelToken())
    assert [(edge.hit.name, edge.distance) for edge in found.edges] == [("pong", 1), ("ping", 2)]


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (NeighboursRequest(name="fetsh"), "No symbol is named fetsh. Do you mean fetch?"),
        (NeighboursRequest(name="qqqqqqqq"), "No symbol is named qqqqqqqq. Give PATH:LINE instead."),
        (
            NeighboursRequest("file:///nowhere.py", 1),
            "/nowhere.py is not in the index. Index its folder, or see `semlens status --skipped`.",
        ),
    ],
)
def test_what_is_not_there(made, request_, message):
    with pytest.raises(UsageError) as error:
        made.engine().callers(request_, CancelToken())
    assert str(error.value) == message


def test_a_line_outside_of_symbols(made):
    with pytest.raises(UsageError, match="There is no symbol at this place"):
        made.engine().callees(NeighboursRequest(made.uri("app.py"), 1), CancelToken())


def test_the_impact_of_a_change_has_its_paths_and_tests(made):
    commit(made)
    made.write("net/retry.py", RETRY.replace('"wait(1)" + text', '"wait(2)" + text'))
    found = made.engine().impact(ImpactRequest(), CancelToken())
    assert [hit.name for hit in found.changed] == ["wait"]
    assert affected(found.affected) == [
        ("net/retry.py", "send", 1, ("wait",)),
        ("net/retry.py", "fetch", 2, ("wait", "send")),
        ("app.py", "main", 3, ("wait", "send", "fetch")),
    ]
    assert affected(found.tests) == [
        ("tests/test_retry.py", "test_retry.py", 1, ("retry.py",)),
        ("tests/test_client.py", "test_send", 2, ("wait", "send")),
    ]


def test_the_impact_in_a_folder_of_git_beside_one_without(made, monkeypatch, tmp_path):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    commit(made)
    made.write("app.py", APP.replace('"a"', '"c"'))
    plain = tmp_path / "plain"
    plain.mkdir()
    engine = made.engine()
    engine.add_root(plain)
    complete(engine)
    found = engine.impact(ImpactRequest(), CancelToken())
    assert [hit.name for hit in found.changed] == ["main"]
    assert found.notes[-1] == f"{plain} is in no git repository, so changes are not known. Give a diff."


def test_the_impact_of_staged_changes_of_a_diff_and_of_unsaved_text(made):
    commit(made)
    engine = made.engine()
    assert engine.impact(ImpactRequest(), CancelToken()).changed == ()
    changed = RETRY.replace("return x", "return x + 1")
    engine.open_buffer(made.uri("net/retry.py"), "python", changed)
    assert [hit.name for hit in engine.impact(ImpactRequest(), CancelToken()).changed] == ["_nobody"]
    engine.close_buffer(made.uri("net/retry.py"))
    made.write("net/retry.py", changed)
    diff = git(made.folder, "diff")
    assert engine.impact(ImpactRequest(staged=True), CancelToken()).changed == ()
    git(made.folder, "add", "-A")
    made.change(engine, "net/retry.py")
    for request in (ImpactRequest(staged=True), ImpactRequest(diff=diff)):
        assert [hit.name for hit in engine.impact(request, CancelToken()).changed] == ["_nobody"]


@pytest.mark.parametrize("staged", [False, True])
def test_what_a_branch_got_since_the_work_parted_from_it_is_no_change(made, staged):
    commit(made)
    git(made.folder, "checkout", "-q", "-b", "other")
    made.write("app.py", APP.replace('"a"', '"c"'))
    git(made.folder, "commit", "-qam", "theirs")
    git(made.folder, "checkout", "-q", "-b", "mine", "HEAD~1")
    made.write("net/retry.py", RETRY.replace("return x", "return x + 1"))
    git(made.folder, "commit", "-qam", "mine")
    found = made.engine().impact(ImpactRequest("other", staged), CancelToken())
    assert [hit.name for hit in found.changed] == ["_nobody"]


def test_a_diff_that_is_not_applied_counts_where_it_would_change(made):
    diff = '--- a/app.py\n+++ b/app.py\n@@ -4,2 +4,2 @@\n def main():\n-    return get("a") + get("b")\n+    return 1\n'
    assert [hit.name for hit in made.engine().impact(ImpactRequest(diff=diff), CancelToken()).changed] == ["main"]


@pytest.mark.parametrize(
    ("diff", "message"),
    [
        ("hello", "The diff has no file headers (--- and +++). Give a unified diff, as `git diff` prints it."),
        ("--- a/app.py\n+++ b/app.py\n@@ -1,9 +1,9 @@\n x\n", "The diff ends within a hunk. Give the whole diff."),
        ("--- a/app.py\n+++ b/app.py\n@@ -1 +1 @@\n-x\n+y\n",
         "The diff does not apply to app.py as it is now. Make it against the present files."),
        ("--- a/no.py\n+++ b/no.py\n@@ -1 +1 @@\n-x\n+y\n",
         "The diff changes no file of this workspace. Check its paths, or name another folder."),
    ],
)  # fmt: skip
def test_a_diff_that_does_not_fit(made, diff, message):
    with pytest.raises(UsageError) as error:
        made.engine().impact(ImpactRequest(diff=diff), CancelToken())
    assert str(error.value) == message


def test_a_hunk_with_an_endless_number_is_no_hunk(made):
    diff = f"--- a/app.py\n+++ b/app.py\n@@ -{'9' * 5_000} +1 @@\n-x\n+y\n"
    assert not made.engine().impact(ImpactRequest(diff=diff), CancelToken()).changed


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("abc", "abc", []),
        ("abc", "axc", [1]),
        ("abc", "abxc", [2]),
        ("abc", "ac", [0]),
        ("abc", "", [0]),
        ("", "ab", [0, 1]),
        ("abcdef", "xbcyef", [0, 3]),
        ("x" * 40_000, "x" * 39_000, [38_999]),
        ("x" * 15_000, "y" + "x" * 14_998 + "z", [0, 14_999]),
        ("a" + "xy" * 20_000 + "b", "b" + "yx" * 20_000 + "a", range(40_002)),
    ],
)
def test_lines_that_differ_are_found_in_linear_time(before, after, expected):
    assert lines_that_differ(before, after) == list(expected)


def test_git_says_why_there_is_no_change(made, monkeypatch, tmp_path):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    engine = made.engine()
    for prepare, ref, kind, words in (
        (lambda: None, "HEAD", WorkspaceError, "is in no git repository"),
        (lambda: git(made.folder, "init", "-q"), "HEAD", WorkspaceError, "has no commit yet"),
        (lambda: commit(made), "nonsense", UsageError, "git knows no commit nonsense"),
        (lambda: None, "--output=x", UsageError, "is no commit"),
        (lambda: None, "HEAD:app.py", UsageError, "git cannot compare with HEAD:app.py"),
        (lambda: None, "a\0b", UsageError, "is no commit"),
        (lambda: None, "\ud800", UsageError, "is no commit"),
        (lambda: None, "x" * 2_000, UsageError, "is no commit"),
        (lambda: monkeypatch.setenv("PATH", ""), "HEAD", WorkspaceError, "git is not installed"),
    ):
        prepare()
        with pytest.raises(kind, match=words):
            engine.impact(ImpactRequest(ref), CancelToken())


@pytest.mark.skipif(os.name != "posix", reason="the git of the test is a script for a shell")
def test_git_that_does_not_trust_the_owner_says_so(made, tmp_path, monkeypatch):
    script = tmp_path / "bin" / "git"
    script.parent.mkdir()
    script.write_text(UNTRUSTING_GIT)
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(script.parent), prepend=os.pathsep)
    with pytest.raises(WorkspaceError, match=r"another user owns it\. Run: ") as caught:
        made.engine().impact(ImpactRequest(), CancelToken())
    command = shlex.split(str(caught.value).partition("Run: ")[2])
    assert command == ["git", "config", "--global", "--add", "safe.directory", f"{made.folder}/a top"]


@pytest.mark.parametrize("driver", [b"evil", b"a=b", b"\xff", b"x.clean"])
def test_a_repository_can_start_nothing(made, tmp_path, driver, monkeypatch):
    commit(made)
    (made.folder / ".gitattributes").write_bytes(b"*.py diff=evil filter=%b\n" % driver)
    command = f"touch {tmp_path}/started; cat"
    for key in ("diff.evil.command", "diff.evil.textconv", "core.fsmonitor", "core.sshCommand"):
        git(made.folder, "config", key, command)
    for key in (b"clean", b"process"):
        git(made.folder, "config", b"filter.%b.%b" % (driver, key), command)
    git(made.folder, "config", b"filter.%b.required" % driver, "true")
    made.write("app.py", APP + "\nx = 1\n")
    made.write("git", f"#!/bin/sh\ntouch {tmp_path}/started\n").chmod(0o755)
    with monkeypatch.context() as patch:
        patch.chdir(made.folder)
        patch.setenv("PATH", f".{os.pathsep}{os.environ['PATH']}")
        made.engine().impact(ImpactRequest(), CancelToken())
    assert not (tmp_path / "started").exists()
    subprocess.run(["git", "diff"], cwd=made.folder, capture_output=True, check=False)
    assert (tmp_path / "started").exists()  # the trap works


def test_unused_definitions_are_those_that_nothing_names(made):
    made.write("notes.md", "Call only_in_notes first.\n")
    made.write("setup.cfg", "[entry]\nrun = app:main\n")
    made.write(
        "lib.py",
        "def offered(): pass\ndef only_in_notes(): pass\n@decorated\ndef shown(): pass\n",
    )
    found = made.engine().unused(50, (), CancelToken())
    assert [(one.hit.name, one.confidence, bool(one.assumption)) for one in found.symbols] == [
        ("_nobody", 0.9, False),
        ("offered", 0.5, True),
    ]
    assert found.assumed["tests, which a runner finds"] == 2
    assert found.assumed["names that stand in other text"] == 1


def test_unused_definitions_that_are_exported_or_decorated_on_their_line(made):
    made.write(
        "web.ts",
        "export default class Shown {\n  offered() {}\n  private hidden() {}\n  @Listens('x') heard() {}\n}\n"
        "export const wrapped = () => { function inner() {} };\nfunction alone() {}\nclass Own { inOwn() {} }\n",
    )
    made.write("Beans.java", "class Beans {\n  @Bean Foo made() { return null; }\n}\n")
    found = made.engine().unused(50, (), CancelToken())
    assert {one.hit.name: bool(one.assumption) for one in found.symbols} == {
        "_nobody": False,
        **dict.fromkeys(("Beans", "hidden", "inner", "alone", "Own", "inOwn"), False),
        **dict.fromkeys(("Shown", "offered", "wrapped"), True),
    }
    assert [one.confidence for one in found.symbols] == [0.9] * 7 + [0.5] * 3


def test_only_the_files_of_unused_definitions_that_are_shown_are_read(made, monkeypatch):
    for number in range(20):
        made.write(f"lib{number}.py", f"def _unused_{number}():\n    pass\n")
    engine, read = made.engine(), FileTextCache.read
    paths = []
    monkeypatch.setattr(FileTextCache, "read", lambda *asked: paths.append(asked[2]) or read(*asked))
    found = engine.unused(2, (), CancelToken())
    assert (len(found.symbols), found.omitted) == (2, 19)
    assert len(set(paths)) == 2


def test_unused_definitions_of_a_folder_are_not_hidden_by_those_of_others(made, monkeypatch):
    monkeypatch.setattr(graph_queries, "MAX_CHECKED", 1)
    made.write("part/lib.py", "def offered(): pass\n")
    engine = made.engine()
    assert [one.hit.name for one in engine.unused(50, (), CancelToken()).symbols] == ["_nobody"]
    inside = engine.unused(50, (str(made.folder / "part"),), CancelToken())
    assert [one.hit.name for one in inside.symbols] == ["offered"]


@pytest.fixture
def blocked():
    """Stands in for a function: it says when it is called, and waits until it may go on."""
    called, may_end = threading.Event(), threading.Event()

    def wait(*_arguments, **_options):
        called.set()
        assert may_end.wait(DEADLINE_S)
        raise UsageError("ended")

    with ThreadPoolExecutor() as threads:
        yield SimpleNamespace(wait=wait, called=called, threads=threads)
        may_end.set()


def test_other_questions_are_answered_while_git_compares(made, monkeypatch, blocked):
    engine = made.engine()
    monkeypatch.setattr(diff_files, "git_diff", blocked.wait)
    blocked.threads.submit(engine.impact, ImpactRequest(), CancelToken())
    assert blocked.called.wait(DEADLINE_S)
    callers = blocked.threads.submit(engine.callers, NeighboursRequest(name="fetch"), CancelToken())
    assert {edge.hit.name for edge in callers.result(DEADLINE_S).edges} == {"main"}


def test_a_question_that_waits_for_another_can_be_cancelled(made, monkeypatch, blocked):
    engine = made.engine()
    monkeypatch.setattr(graph_queries, "unused_definitions", blocked.wait)
    blocked.threads.submit(engine.unused, 9, (), CancelToken())
    assert blocked.called.wait(DEADLINE_S)
    cancel = CancelToken()
    cancel.cancel()
    callers = blocked.threads.submit(engine.callers, NeighboursRequest(name="fetch"), cancel)
    with pytest.raises(Cancelled):
        callers.result(DEADLINE_S)
