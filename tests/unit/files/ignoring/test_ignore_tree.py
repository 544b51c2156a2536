"""Which ignore files apply, and which one wins: tables of small trees."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import hypothesis
import pytest
from hypothesis import strategies as st

from semlens.core.guarded_reader import read_regular
from semlens.files.discovery import Discovery
from semlens.files.ignoring import git_config, ignore_tree
from semlens.files.ignoring.git_config import git_folder, git_top, global_excludes_file
from semlens.settings.loading import FilesSettings, Settings


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without git configuration, outside of any repository."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    return folder


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def found(root: Path, **settings: object) -> set[str]:
    """The Python files found by the walk. Examining each path alone must give the same."""
    discovery = Discovery(root, Settings(files=FilesSettings(**settings)))  # type: ignore[arg-type]
    walked = {file.path for file in discovery.walk() if file.path.endswith(".py")}
    lone = Discovery(root, Settings(files=FilesSettings(**settings)))  # type: ignore[arg-type]
    everything = {str(path.relative_to(root)) for path in root.rglob("*.py")}
    assert {path for path in everything if lone.skip_reason(path) is None} == walked
    return walked


TREES = [
    pytest.param({".gitignore": "a.py\n", "a.py": "", "b.py": ""}, {"b.py"}, id="one file, no repository"),
    pytest.param({".gitignore": "out/\n", "out/a.py": "", "x/out/b.py": "", "c.py": ""}, {"c.py"}, id="folders"),
    pytest.param({".gitignore": "/out\n", "out/a.py": "", "x/out/b.py": ""}, {"x/out/b.py"}, id="anchored"),
    pytest.param(
        {".gitignore": "*.py\n", "sub/.gitignore": "!keep.py\n", "sub/keep.py": "", "sub/a.py": "", "keep.py": ""},
        {"sub/keep.py"},
        id="deeper files win",
    ),
    pytest.param(
        {".gitignore": "out/\n", "out/.gitignore": "!a.py\n", "out/a.py": ""},
        set(),
        id="nothing is taken back from inside",
    ),
    pytest.param(
        {"sub/.gitignore": "/a.py\ndeep/b.py\n", "a.py": "", "sub/a.py": "", "sub/deep/b.py": "", "deep/b.py": ""},
        {"a.py", "deep/b.py"},
        id="anchored below",
    ),
    pytest.param(
        {".gitignore": "!a.py\nb.py\n", ".ignore": "a.py\n!b.py\n", "a.py": "", "b.py": ""},
        {"b.py"},
        id=".ignore beats .gitignore",
    ),
    pytest.param({".ignore": "a.py\n", "sub/.gitignore": "!a.py\n", "sub/a.py": ""}, set(), id="even from further up"),
    pytest.param(
        {".ignore": "a.py\n!b.py", ".semlensignore": "!a.py\nb.py\n", "a.py": "", "b.py": ""},
        {"a.py"},
        id=".semlensignore beats both",
    ),
    pytest.param({"node_modules/a.py": "", "x/node_modules/b.py": "", "c.py": ""}, {"c.py"}, id="never wanted"),
    pytest.param(
        {".semlensignore": "!node_modules/\n", "node_modules/a.py": ""}, {"node_modules/a.py"}, id="but taken back"
    ),
    pytest.param({"env/pyvenv.cfg": "", "env/lib/a.py": "", "b.py": ""}, {"b.py"}, id="virtual environment"),
    pytest.param({"target/CACHEDIR.TAG": "", "target/a.py": "", "b.py": ""}, {"b.py"}, id="tagged cache"),
    pytest.param({"CACHEDIR.TAG": "", "a.py": ""}, {"a.py"}, id="a root that is tagged was asked for"),
    pytest.param({".git/a.py": "", ".hg/b.py": "", "c.py": ""}, {"c.py"}, id="version control"),
    pytest.param({".github/a.py": "", ".hidden.py": ""}, {".github/a.py", ".hidden.py"}, id="hidden files are found"),
]


@pytest.mark.parametrize(("files", "expected"), TREES)
def test_trees(tmp_path: Path, files: dict[str, str], expected: set[str]) -> None:
    root = tmp_path / "root"
    write(root, files)
    assert found(root) == expected


def test_follow_ignore_off_keeps_semlensignore(tmp_path: Path) -> None:
    write(
        tmp_path / "r",
        {".gitignore": "a.py", ".ignore": "b.py", ".semlensignore": "c.py", "a.py": "", "b.py": "", "c.py": ""},
    )
    assert found(tmp_path / "r", follow_ignore=False) == {"a.py", "b.py"}


def test_exclude_and_include(tmp_path: Path) -> None:
    root = tmp_path / "r"
    write(root, {".semlensignore": "!*.py", "src/a.py": "", "src/gen/b.py": "", "lib/c.py": "", "d.py": ""})
    assert found(root, exclude=("gen/", "d.py")) == {"src/a.py", "lib/c.py"}
    assert found(root, include=("src/",)) == {"src/a.py", "src/gen/b.py"}
    assert found(root, include=("src/**", "d.py"), exclude=("**/gen",)) == {"src/a.py", "d.py"}
    assert found(root, include=("/*.py",)) == {"d.py"}


def test_ignore_files_above_the_root_apply_up_to_the_repository(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            ".gitignore": "*.py\n",  # above the repository, so it does not apply
            "repo/.git/info/exclude": "excluded.py\n/src/app/anchored.py\n",
            "repo/.gitignore": "generated.py\n/src/app/top.py\n",
            "repo/src/.gitignore": "app/mid.py\n",
            "repo/src/app/generated.py": "",
            "repo/src/app/top.py": "",
            "repo/src/app/mid.py": "",
            "repo/src/app/excluded.py": "",
            "repo/src/app/anchored.py": "",
            "repo/src/app/sub/anchored.py": "",
        },
    )
    assert found(tmp_path / "repo/src/app") == {"sub/anchored.py"}


def test_a_root_ignored_from_above_is_indexed(tmp_path: Path) -> None:
    write(tmp_path, {"repo/.git/HEAD": "", "repo/.gitignore": "build/\n*.py\n", "repo/build/lib/a.py": ""})
    assert found(tmp_path / "repo/build") == {"lib/a.py"}
    assert found(tmp_path / "repo/build/lib") == {"a.py"}
    assert found(tmp_path / "repo") == set()


def test_a_nested_repository_has_its_own_rules(tmp_path: Path) -> None:
    root = tmp_path / "r"
    write(
        root,
        {
            ".git/info/exclude": "b.py\n",
            ".gitignore": "a.py\n",
            ".ignore": "d.py\n",
            "sub/.git/info/exclude": "c.py\n",
            "sub/a.py": "",
            "sub/b.py": "",
            "sub/c.py": "",
            "sub/d.py": "",
        },
    )
    assert found(root) == {"sub/a.py", "sub/b.py"}


def test_a_worktree_shares_the_excludes_of_its_repository(tmp_path: Path) -> None:
    def git(*arguments: str) -> None:
        subprocess.run(
            ["git", "-c", "user.name=n", "-c", "user.email=n@example.invalid", *arguments],
            check=True,
            capture_output=True,
        )

    git("init", "-q", str(tmp_path / "main"))
    git("-C", str(tmp_path / "main"), "commit", "-q", "--allow-empty", "-m", "x")
    git("-C", str(tmp_path / "main"), "worktree", "add", "-q", str(tmp_path / "tree"))
    write(tmp_path, {"main/.git/info/exclude": "a.py\n", "tree/a.py": "", "tree/b.py": ""})
    assert found(tmp_path / "tree") == {"b.py"}


@pytest.mark.parametrize(
    "config",
    [
        "[core]\n\texcludesFile = ~/mine\n",
        '[core]\n  excludesfile = "~/mine"  # why\n',
        "[Core] EXCLUDESFILE=~/mine\n[user]\nexcludesFile = ~/wrong\n",
        '[core]\nexcludesfile = ~/other\n[core "x"]\nexcludesFile = ~/wrong\n[core]\nexcludesfile = ~/mine ; c\n',
    ],
)
def test_global_excludes(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, config: str) -> None:
    monkeypatch.delenv("GIT_CONFIG_GLOBAL")
    write(home, {".gitconfig": config, "mine": "a.py\nsub/b.py\n"})
    assert global_excludes_file(None) == str(home / "mine")
    write(tmp_path / "r", {"a.py": "", "b.py": "", "sub/b.py": "", ".git/HEAD": ""})
    assert found(tmp_path / "r") == {"b.py"}
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    assert found(tmp_path / "r") == {"a.py", "b.py", "sub/b.py"}


@pytest.mark.parametrize("start", ["//", "\\\\", "/\\", "\\/", "\\\\?\\UNC\\"])
def test_no_file_of_git_leads_to_another_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: str) -> None:
    """An archive may hold such files. Windows would offer the user's credentials to that machine."""
    root = tmp_path / "root"
    remote = f"{start}machine.example/share"
    write(
        root,
        {
            ".git/config": f"[core]\n\texcludesFile = {remote}/ignore\n".replace("\\", "\\\\"),
            "pointer/.git": f"gitdir: {remote}\n",
            "pointer/a.py": "",
            "common/.git": "gitdir: ../separate\n",
            "common/a.py": "",
            "separate/commondir": f"{remote}\n",
        },
    )
    seen: list[str] = []

    def record(path: str, *arguments: int, read=read_regular, **options: bool) -> bytes:
        seen.append(path)
        return read(path, *arguments, **options)

    for module in (git_config, ignore_tree):
        monkeypatch.setattr(module, "read_regular", record)
    assert found(root) == {"pointer/a.py", "common/a.py"}
    assert git_folder(str(root / "pointer")) is None
    assert git_folder(str(root / "common")) is None
    assert seen
    assert not [path for path in seen if "machine.example" in path]


def test_the_place_of_global_excludes_without_configuration(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert global_excludes_file(None) == str(home / ".config/git/ignore")
    monkeypatch.setenv("XDG_CONFIG_HOME", "/x")
    assert global_excludes_file(None) == "/x/git/ignore"


def test_unusable_ignore_files_have_no_rules(tmp_path: Path) -> None:
    root = tmp_path / "r"
    write(root, {"a.py": "", "one/b.py": "", "two/c.py": "", "three/d.py": "", "four/e.py": ""})
    (root / ".gitignore").mkdir()
    os.mkfifo(root / "one/.gitignore")
    (tmp_path / "outside").write_text("*.py\n")
    (root / "two/.gitignore").symlink_to(tmp_path / "outside")
    (root / "three/.ignore").write_bytes(b"*.py\n" * 300_000)
    (root / "four/.git").write_text("gitdir: /nowhere\n")
    assert found(root) == {"a.py", "one/b.py", "two/c.py", "three/d.py", "four/e.py"}


def test_a_folder_outside_git_has_no_repository(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    assert git_top(str(tmp_path / "a/b")) is None
    (tmp_path / "a/.git").mkdir()
    assert git_top(str(tmp_path / "a/b")) == str(tmp_path / "a")


def test_agrees_with_git_on_a_whole_tree(tmp_path: Path) -> None:
    """Random nested ignore files in a repository. git is the oracle."""
    root = tmp_path / "r"
    write(
        root,
        {
            ".gitignore": "*.log.py\n/build\n!important.log.py\ndocs/**/gen\n[a-c]?.py\n",
            "pkg/.gitignore": "!aa.py\nlocal/*\n!local/keep\n",
            "pkg/deep/.gitignore": "*\n!*/\n!x.py\n",
            **{
                f"{folder}{name}": ""
                for folder in (
                    "",
                    "build/",
                    "pkg/",
                    "pkg/local/",
                    "pkg/local/keep/",
                    "pkg/deep/",
                    "pkg/deep/er/",
                    "docs/gen/",
                    "docs/a/b/gen/",
                    "docs/a/",
                )
                for name in ("x.py", "y.log.py", "important.log.py", "aa.py", "bb.py")
            },
        },
    )
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    listed = subprocess.run(
        ["git", "-C", str(root), "ls-files", "-z", "--others", "--exclude-standard"], check=True, capture_output=True
    ).stdout
    expected = {os.fsdecode(name) for name in listed.split(b"\0") if name.endswith(b".py")}
    assert found(root) == expected
    assert len(expected) > 10


FOLDERS = ("", "a/", "a/b/", "a/b/c/", "b/", "b/a/")
LINES = st.lists(
    st.sampled_from(
        (
            *("a", "b", "c", "a/", "b/", "/a", "/b", "*.py", "!*.py", "x.py", "!x.py", "/x.py", "a/x.py", "!a/", "!b/"),
            *("*", "!*/", "b/*", "!b/c", "**/b", "a/**", "**/c/*.py", "!a/b/x.py"),
        )
    ),
    max_size=4,
)


@hypothesis.settings(
    max_examples=40, deadline=None, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture]
)
@hypothesis.given(rules=st.dictionaries(st.sampled_from(FOLDERS), LINES, max_size=4), start=st.sampled_from(FOLDERS))
def test_agrees_with_git_on_any_tree(
    tmp_path_factory: pytest.TempPathFactory, rules: dict[str, list[str]], start: str
) -> None:
    """Also if the root is a folder of the repository, unless that folder is ignored."""
    root = tmp_path_factory.mktemp("any")
    write(root, {f"{folder}{name}": "" for folder in FOLDERS for name in ("x.py", "y.py")})
    write(root, {f"{folder}.gitignore": "\n".join(lines) for folder, lines in rules.items()})
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    listed = subprocess.run(
        ["git", "-C", str(root), "ls-files", "-z", "--others", "--exclude-standard"], check=True, capture_output=True
    ).stdout
    expected = {name for name in os.fsdecode(listed).split("\0") if name.endswith(".py")}
    assert found(root) == expected
    below = {name.removeprefix(start) for name in expected if name.startswith(start)}
    if below:  # an ignored root is indexed
        assert found(root / start) == below
