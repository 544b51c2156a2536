"""The watcher on real folders: what it reports, what it ignores, and how it falls back.

No test sleeps: each waits for a report, with a deadline. To check that something is not reported, the test writes a marker
file after it. When the marker is reported, earlier events have been handled.
"""

from __future__ import annotations

import errno
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import NoReturn

import pytest
from watchdog.events import DirCreatedEvent

from semlens.files.discovery import DiscoveredFile, Discovery
from semlens.files.ignoring import ignore_tree
from semlens.files.watching import inotify
from semlens.files.watching import inotify_source as watch_inotify
from semlens.files.watching.inotify import IN_Q_OVERFLOW, Inotify, InotifyEvent
from semlens.files.watching.observer_source import ObserverSource
from semlens.files.watching.polling_source import PollingSource
from semlens.files.watching.watcher import Changes, Rescan, Watcher
from semlens.settings.loading import FilesSettings, Settings, WatchSettings

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")
DEADLINE_S = 300.0


class Reports:
    """Collects the reports of the watcher."""

    def __init__(self) -> None:
        self.condition = threading.Condition()
        self.paths: set[str] = set()
        self.rescans: list[str] = []
        self.batches: list[Changes] = []

    def __call__(self, changes: Changes) -> None:
        with self.condition:
            self.batches.append(changes)
            if isinstance(changes, Rescan):
                self.rescans.append(changes.reason)
            else:
                assert changes
                self.paths |= changes
            self.condition.notify_all()

    def wait_for(self, done: Callable[[Reports], bool]) -> None:
        with self.condition:
            assert self.condition.wait_for(lambda: done(self), DEADLINE_S), (self.paths, self.rescans)

    def wait_for_paths(self, *paths: str) -> None:
        self.wait_for(lambda reports: reports.paths.issuperset(paths))

    def clear(self) -> None:
        with self.condition:
            self.paths.clear()
            self.rescans.clear()
            self.batches.clear()


class Watched:
    """A root with a running watcher."""

    def __init__(self, root: Path, mode: str = "native", poll_s: int = 1) -> None:
        self.root = root
        self.reports = Reports()
        settings = Settings(watch=WatchSettings(mode=mode, poll_seconds=poll_s))
        self.discovery = Discovery(root, settings)
        self.watcher = Watcher(root, self.discovery, settings, self.reports)
        self.n_markers = 0

    def start(self) -> None:
        self.watcher.start()
        assert self.watcher.wait_ready(DEADLINE_S)
        self.settle()

    def settle(self) -> None:
        """Wait until everything done so far was handled, then forget the reports."""
        self.marker()
        self.reports.clear()

    def marker(self) -> None:
        """Wait until all earlier changes were reported. A rescan may replace the marker, so it is retried."""
        for _ in range(50):
            self.n_markers += 1
            name = f"marker{self.n_markers}.py"
            n_rescans = len(self.reports.rescans)
            (self.root / name).touch()
            self.reports.wait_for(
                lambda reports, name=name, n=n_rescans: name in reports.paths or len(reports.rescans) > n
            )
            if name in self.reports.paths:
                return
        pytest.fail("one rescan after the other")

    def write(self, name: str, text: str = "x = 1\n") -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def n_watches(self) -> int:
        """The number of watches by the system's count. The watcher's own count must match."""
        n_watches = sum(
            line.startswith("inotify ")
            for path in Path("/proc/self/fdinfo").iterdir()
            if path.exists()
            for line in path.read_text().splitlines()
        )
        assert self.watcher.n_watches == n_watches
        return n_watches

    def seen(self) -> set[str]:
        """All reports since `settle`."""
        self.marker()
        return {path for path in self.reports.paths if not path.startswith("marker")}


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    root = tmp_path / "root"
    for folder in ("src/deep", "lib", "node_modules/pkg/lib", ".git/objects"):
        (root / folder).mkdir(parents=True)
    (root / ".gitignore").write_text("build/\n*.gen.py\n")
    (root / "src/a.py").write_text("a = 1\n")
    (root / "src/deep/b.py").write_text("b = 1\n")
    # Files just created must not look like changes made while watching starts.
    watched = Watched(root)
    yield watched
    watched.watcher.stop()


@linux_only
class TestNative:
    def test_created_changed_and_deleted_files(self, watched: Watched) -> None:
        watched.start()
        assert (watched.watcher.mode, watched.watcher.problem) == ("native", "")
        watched.write("src/new.py")
        watched.write("src/a.py", "a = 2\n")
        (watched.root / "src/deep/b.py").unlink()
        assert watched.seen() == {"src/new.py", "src/a.py", "src/deep/b.py"}
        assert watched.reports.rescans == []

    def test_an_atomic_save(self, watched: Watched) -> None:
        watched.start()
        watched.write("src/a.py.tmp", "a = 3\n").replace(watched.root / "src/a.py")
        assert watched.seen() == {"src/a.py"}

    def test_a_renamed_file_is_reported_under_both_names(self, watched: Watched) -> None:
        watched.start()
        (watched.root / "src/a.py").rename(watched.root / "lib/c.py")
        assert watched.seen() == {"src/a.py", "lib/c.py"}

    def test_a_file_that_becomes_a_link_is_reported(self, watched: Watched) -> None:
        watched.start()
        (watched.root / "src/a.py").unlink()
        (watched.root / "src/a.py").symlink_to("deep/b.py")
        assert watched.seen() == {"src/a.py"}

    def test_a_write_that_keeps_the_file_open(self, watched: Watched) -> None:
        watched.start()
        with (watched.root / "src/a.py").open("a") as file:
            file.write("more = 1\n")
            file.flush()
            watched.reports.wait_for_paths("src/a.py")

    def test_a_file_that_is_written_to_is_reported_when_closed(
        self, watched: Watched, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(watch_inotify, "_MAX_WRITE_DELAY_S", 3600.0)
        watched.start()
        with (watched.root / "src/a.py").open("a") as file:
            for _ in range(3):
                file.write("line = 1\n")
                file.flush()
                assert watched.seen() == set()
        assert watched.seen() == {"src/a.py"}

    def test_a_file_that_is_never_closed_is_reported_among_other_events(
        self, watched: Watched, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(watch_inotify, "_MAX_WRITE_DELAY_S", 0.0)
        watched.start()
        with (watched.root / "src/a.py").open("a") as file:
            file.write("line = 1\n")
            file.flush()
            assert watched.seen() == {"src/a.py"}

    def test_new_folders_are_watched_with_their_content(self, watched: Watched) -> None:
        watched.start()
        for number in range(40):
            watched.write(f"new/{number}/in/f.py")
        watched.reports.wait_for_paths(*(f"new/{number}/in/f.py" for number in range(40)))
        watched.reports.clear()
        watched.write("new/7/in/later.py")
        watched.reports.wait_for_paths("new/7/in/later.py")

    def test_a_folder_that_moves_in_and_within(self, watched: Watched, tmp_path: Path) -> None:
        watched.start()
        (tmp_path / "outside/deep").mkdir(parents=True)
        (tmp_path / "outside/deep/o.py").write_text("o = 1\n")
        (tmp_path / "outside").rename(watched.root / "inside")
        watched.reports.wait_for_paths("inside/deep/o.py")
        (watched.root / "src").rename(watched.root / "moved")
        watched.reports.wait_for_paths("src", "moved/a.py", "moved/deep/b.py")
        watched.settle()
        watched.write("moved/deep/b.py", "b = 2\n")
        watched.write("src/deep/b.py", "b = 3\n")
        watched.reports.wait_for_paths("moved/deep/b.py", "src/deep/b.py")

    def test_a_deleted_folder_is_reported_and_releases_its_watches(self, watched: Watched) -> None:
        watched.start()
        before = watched.n_watches()
        shutil.rmtree(watched.root / "src")
        watched.reports.wait_for_paths("src")
        assert {"src/a.py", "src/deep", "src/deep/b.py"} <= watched.seen()
        assert watched.n_watches() == before - 2

    def test_a_folder_that_moves_out_is_no_longer_watched(self, watched: Watched, tmp_path: Path) -> None:
        watched.start()
        before = watched.n_watches()
        (watched.root / "src").rename(tmp_path / "out")
        assert "src" in watched.seen()
        assert watched.n_watches() == before - 2
        watched.settle()
        (tmp_path / "out/a.py").write_text("a = 9\n")
        assert watched.seen() == set()

    def test_ignored_folders_are_neither_watched_nor_reported(self, watched: Watched) -> None:
        for number in range(500):
            (watched.root / f"node_modules/p{number}/lib").mkdir(parents=True)
        watched.start()
        assert watched.n_watches() == 5  # the root, src, src/deep, lib, .git
        watched.write("node_modules/p1/lib/x.py")
        watched.write("build/out.py")
        watched.write(".git/index.py")
        watched.write("src/x.gen.py")
        watched.write("src/picture.png")
        assert watched.seen() == set()
        assert watched.n_watches() == 5

    def test_a_changed_ignore_file_moves_the_watches(self, watched: Watched) -> None:
        watched.write("build/out.py")
        watched.start()
        before = watched.n_watches()
        watched.write(".gitignore", "lib/\n")
        watched.reports.wait_for(lambda reports: bool(reports.rescans))
        assert watched.n_watches() == before  # lib is out, build is in
        watched.settle()
        watched.write("lib/x.py")
        watched.write("build/y.py")
        assert watched.seen() == {"build/y.py"}

    def test_a_changed_exclude_file_of_git_is_noticed(self, watched: Watched) -> None:
        (watched.root / ".git/info").mkdir()
        watched.start()
        before = watched.n_watches()
        for rule, n_gone in (("lib/", 1), ("", 0)):  # the second time, the watches were set anew
            watched.write(".git/info/exclude", f"{rule}\n")
            watched.reports.wait_for(lambda reports: bool(reports.rescans))
            watched.settle()
            assert watched.n_watches() == before - n_gone

    def test_an_exclude_file_of_git_that_comes_later_is_noticed(self, watched: Watched) -> None:
        git = watched.root / ".git"
        shutil.rmtree(git, ignore_errors=True)
        watched.start()
        before = watched.n_watches()
        for folder in (git, git / "info"):
            folder.mkdir()
            watched.reports.wait_for(lambda reports: bool(reports.rescans))
            watched.settle()
        watched.write(".git/info/exclude", "lib/\n")
        watched.reports.wait_for(lambda reports: bool(reports.rescans))
        watched.settle()
        assert watched.discovery.skip_reason("lib/c.py") == "ignored"
        shutil.rmtree(git)
        watched.reports.wait_for(lambda reports: bool(reports.rescans))
        watched.settle()
        assert watched.discovery.skip_reason("lib/c.py") is None
        assert watched.n_watches() == before

    def test_a_file_that_somebody_else_may_read_now_is_reported(self, watched: Watched) -> None:
        watched.start()
        (watched.root / "src/a.py").chmod(0o600)
        assert watched.seen() == {"src/a.py"}

    def test_a_folder_that_is_closed_and_opened_again(self, watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
        closed: set[str] = set()
        monkeypatch.setattr(os, "access", lambda path, _mode: Path(path).name not in closed)  # root reads all
        watched.start()
        before = watched.n_watches()
        closed.add("src")
        (watched.root / "src").chmod(0o700)
        assert watched.seen() == {"src"}
        assert watched.n_watches() == before - 2
        closed.clear()
        watched.settle()
        (watched.root / "src").chmod(0o755)
        assert watched.seen() == {"src/a.py", "src/deep/b.py"}
        assert watched.n_watches() == before

    def test_new_times_of_a_folder_are_not_reported(self, watched: Watched) -> None:
        watched.start()
        os.utime(watched.root / "src", (1, 1))
        os.utime(watched.root / "node_modules", (1, 1))
        assert watched.seen() == set()
        assert not watched.reports.rescans

    def test_a_new_virtual_environment_releases_its_watches(self, watched: Watched) -> None:
        watched.start()
        before = watched.n_watches()
        watched.write("env/lib/site/x.py")
        watched.reports.wait_for_paths("env/lib/site/x.py")
        watched.write("env/pyvenv.cfg", "home = /usr/bin\n")
        watched.reports.wait_for(lambda reports: bool(reports.rescans))
        assert watched.n_watches() == before

    def test_changes_while_watching_starts_are_not_lost(
        self, watched: Watched, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        listed = watched.discovery.list_folder

        def write_first(folder: str, unread: set[str]) -> object:
            if folder == "src":
                (watched.root / "src/a.py").write_text("a = 'between'\n")
            return listed(folder, unread)

        monkeypatch.setattr(watched.discovery, "list_folder", write_first)
        watched.watcher.start()
        watched.reports.wait_for(lambda reports: "src/a.py" in reports.paths or bool(reports.rescans))

    def test_a_file_made_while_its_new_folder_is_listed_is_not_lost(
        self, watched: Watched, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        watched.start()
        listed = watched.discovery.list_folder

        def write_after(folder: str, unread: set[str]) -> object:
            result = listed(folder, unread)
            if folder == "fresh":
                watched.write("fresh/late.py")
            return result

        monkeypatch.setattr(watched.discovery, "list_folder", write_after)
        (watched.root / "fresh").mkdir()
        watched.reports.wait_for_paths("fresh/late.py")

    def test_a_checkout_of_many_files(self, watched: Watched) -> None:
        git = ["git", "-C", str(watched.root), "-c", "user.name=n", "-c", "user.email=n@example.invalid"]
        shutil.rmtree(watched.root / ".git")
        names = [f"tree/{number % 30}/f{number}.py" for number in range(600)]
        for name in names:
            watched.write(name, "one = 1\n")
        for arguments in (
            ["init", "-q", "-b", "one"],
            ["add", "."],
            ["commit", "-qm", "one"],
            ["checkout", "-qb", "two"],
        ):
            subprocess.run([*git, *arguments], check=True, capture_output=True)
        for name in names:
            watched.write(name, "two = 2\n")
        subprocess.run([*git, "commit", "-qam", "two"], check=True, capture_output=True)
        watched.start()
        subprocess.run([*git, "checkout", "-q", "one"], check=True, capture_output=True)
        watched.reports.wait_for_paths(*names)
        assert len(watched.reports.batches) < 200  # batched, not one by one

    def test_dropped_events_trigger_a_rescan(self, watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
        watched.start()
        read = Inotify.read
        overflow = [InotifyEvent(-1, IN_Q_OVERFLOW, "")]

        def drop(self: Inotify) -> list[InotifyEvent]:
            read(self)
            monkeypatch.setattr(Inotify, "read", read)
            return overflow

        monkeypatch.setattr(Inotify, "read", drop)
        watched.write("fresh/deep/x.py")
        watched.reports.wait_for(lambda reports: bool(reports.rescans))
        watched.reports.clear()
        watched.write("fresh/deep/x.py", "again = 1\n")
        watched.reports.wait_for_paths("fresh/deep/x.py")
        assert watched.watcher.mode == "native"

    @pytest.mark.parametrize("at", [1, 3])
    def test_exhausted_watches_fall_back_to_polling(
        self, watched: Watched, monkeypatch: pytest.MonkeyPatch, at: int
    ) -> None:
        add = Inotify.add
        calls: list[str] = []

        def limited(self: Inotify, folder: str) -> int:
            calls.append(folder)
            if len(calls) >= at:
                raise OSError(errno.ENOSPC, "No space left on device")
            return add(self, folder)

        monkeypatch.setattr(Inotify, "add", limited)
        watched.start()
        assert watched.watcher.mode == "polling"
        assert "max_user_watches" in watched.watcher.problem
        assert watched.watcher.problem.endswith("every 1 seconds instead.")
        assert watched.watcher.n_watches == 0
        watched.write("src/a.py", "a = 'polled'\n")
        watched.reports.wait_for_paths("src/a.py")

    def test_watches_that_run_out_later_fall_back_too(self, watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
        watched.start()

        def exhausted(self: Inotify, folder: str) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(Inotify, "add", exhausted)
        watched.write("more/x.py")
        watched.reports.wait_for(lambda reports: bool(reports.rescans))
        assert watched.watcher.mode == "polling"
        watched.write("more/y.py")
        watched.reports.wait_for_paths("more/y.py")

    def test_a_missing_inotify_instance_falls_back_to_polling(
        self, watched: Watched, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse() -> Inotify:
            raise OSError(errno.EMFILE, "Too many open files")

        monkeypatch.setattr(watch_inotify, "Inotify", refuse)
        watched.start()
        assert watched.watcher.mode == "polling"
        assert "max_user_instances" in watched.watcher.problem

    def test_a_root_that_goes_and_comes_back(self, watched: Watched, tmp_path: Path) -> None:
        watched.start()
        watched.root.rename(tmp_path / "away")
        watched.reports.wait_for(lambda reports: bool(reports.rescans))
        assert watched.watcher.mode == "polling"
        (tmp_path / "away").rename(watched.root)
        watched.write("src/back.py")
        watched.reports.wait_for_paths("src/back.py")

    def test_names_that_are_not_utf8(self, watched: Watched) -> None:
        watched.start()
        name = os.fsdecode(b"src/caf\xe9.py")
        watched.write(name)
        assert watched.seen() == {name}

    def test_reading_files_causes_no_event(self, watched: Watched) -> None:
        watched.start()
        for path in watched.root.rglob("*.py"):
            path.read_bytes()
        list(watched.discovery.walk())
        assert watched.seen() == set()
        assert watched.reports.rescans == []

    def test_one_thread_and_one_descriptor_are_used_and_released(self, watched: Watched) -> None:
        assert (watch_threads(), inotify_descriptors()) == (0, 0)
        watched.start()
        assert (watch_threads(), inotify_descriptors()) == (1, 1)
        watched.watcher.stop()
        assert (watch_threads(), inotify_descriptors()) == (0, 0)
        assert watched.watcher.mode == "none"
        watched.watcher.stop()

    def test_stopping_immediately_after_start(self, watched: Watched) -> None:
        watched.watcher.start()
        watched.watcher.stop()
        assert watched.watcher.mode == "none"

    @pytest.mark.parametrize("seed", range(6))
    def test_the_reports_describe_the_files_completely(self, watched: Watched, seed: int) -> None:
        """Random operations in bursts. The reports alone must give the same files as a walk."""
        choose = random.Random(seed)
        watched.start()
        known = {file.path: file for file in watched.discovery.walk()}
        for _ in range(8):
            for _ in range(choose.randint(1, 25)):
                operate(watched.root, choose)
            watched.marker()
            with watched.reports.condition:
                batches = list(watched.reports.batches)
                watched.reports.clear()
            for changes in batches:
                if isinstance(changes, Rescan):
                    known = {file.path: file for file in Discovery(watched.root, Settings()).walk()}
                    continue
                for path in changes:
                    for name in [path, *(name for name in known if name.startswith(path + "/"))]:
                        found = watched.discovery.examine(name)
                        if isinstance(found, DiscoveredFile):
                            known[name] = found
                        else:
                            known.pop(name, None)
            expected = {file.path: file for file in Discovery(watched.root, Settings()).walk()}
            assert {name: file for name, file in known.items() if not name.startswith("marker")} == {
                name: file for name, file in expected.items() if not name.startswith("marker")
            }


class TestPolling:
    def test_created_changed_and_deleted_files(self, watched: Watched) -> None:
        source = PollingSource(watched.discovery, 0.0)
        assert isinstance(source.start(), Rescan)
        assert source.wait() == set()
        watched.write("src/new.py")
        watched.write("src/a.py", "a = 'longer than before'\n")
        (watched.root / "src/deep/b.py").unlink()
        watched.write("node_modules/x.py")
        assert source.wait() == {"src/new.py", "src/a.py", "src/deep/b.py"}
        assert source.wait() == set()
        (watched.root / ".gitignore").write_text("src/\n")
        assert source.wait() == {"src/new.py", "src/a.py"}

    def test_a_change_of_equal_size_and_time_is_seen(self, watched: Watched) -> None:
        path = watched.root / "src/a.py"
        source = PollingSource(watched.discovery, 0.0)
        source.start()
        status = path.stat()
        wait_for_clock(status.st_ctime_ns, watched.root)
        path.write_text("a = 2\n")
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        assert source.wait() == {"src/a.py"}

    def test_settings_that_are_no_code_of_the_root_are_compared(self, watched: Watched) -> None:
        discovery = Discovery(watched.root, Settings(files=FilesSettings(include=("src/**",))))
        source = PollingSource(discovery, 0.0)
        source.start()
        watched.write(".semlens.toml", "x = 1\n")
        assert source.wait() == {".semlens.toml"}
        (watched.root / ".semlens.toml").unlink()
        assert source.wait() == {".semlens.toml"}
        assert source.wait() == set()

    def test_a_lost_root_reports_no_deleted_files(self, watched: Watched, tmp_path: Path) -> None:
        source = PollingSource(watched.discovery, 0.0)
        source.start()
        watched.root.rename(tmp_path / "away")
        assert source.wait() == set()
        (tmp_path / "away").rename(watched.root)
        (watched.root / "src/a.py").unlink()
        assert source.wait() == {"src/a.py"}

    def test_an_unreadable_folder_keeps_its_indexed_files(
        self, watched: Watched, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        source = PollingSource(watched.discovery, 0.0)
        source.start()
        real = os.scandir

        def scandir(path: str) -> object:
            if path.endswith("deep"):
                raise OSError(errno.ESTALE, "Stale file handle")
            return real(path)

        monkeypatch.setattr(os, "scandir", scandir)
        (watched.root / "src/a.py").unlink()
        assert source.wait() == {"src/a.py"}
        assert source.wait() == set()

    def test_a_large_tree_is_polled_less_often(self, watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
        source = PollingSource(watched.discovery, 5.0)
        source.start()
        waits: list[float] = []
        monkeypatch.setattr(source, "_walk_s", 2.0)
        monkeypatch.setattr(source, "_woken", SimpleNamespace(wait=lambda s: waits.append(s) or True, is_set=bool))
        assert source.wait() == set()
        assert waits == [pytest.approx(40.0)]

    def test_the_setting(self, tmp_path: Path) -> None:
        watched = Watched(tmp_path, mode="polling")
        watched.start()
        assert (watched.watcher.mode, watched.watcher.problem) == ("polling", "")
        watched.write("a.py")
        watched.reports.wait_for_paths("a.py")
        watched.watcher.stop()


class TestObserver:
    """The event source of macOS and Windows, with watchdog's observer of this system."""

    @pytest.fixture
    def source(self, watched: Watched) -> Iterator[ObserverSource]:
        source = ObserverSource(watched.root, watched.discovery, 0.05)
        assert isinstance(source.start(), Rescan)
        yield source
        source.wake()
        source.close()

    def gather(self, source: ObserverSource, *paths: str) -> set[str]:
        """All reports until each of the paths was reported."""
        seen: set[str] = set()
        give_up = threading.Timer(DEADLINE_S, source.wake)
        give_up.start()
        while not seen.issuperset(paths):
            changes = source.wait()
            assert not isinstance(changes, Rescan)
            assert changes, f"only {seen}"
            seen |= changes
        give_up.cancel()
        return seen

    def test_files(self, watched: Watched, source: ObserverSource) -> None:
        watched.write("node_modules/pkg/x.py")
        watched.write("src/x.gen.py")
        watched.write("src/new.py")
        (watched.root / "src/a.py").rename(watched.root / "lib/c.py")
        assert self.gather(source, "src/new.py", "src/a.py", "lib/c.py") == {"src/new.py", "src/a.py", "lib/c.py"}

    def test_folders(self, watched: Watched, source: ObserverSource, tmp_path: Path) -> None:
        """Folders appear whole, because watchdog loses what is made in a folder before it watches that folder."""
        deep = tmp_path / "outside" / "deep"
        deep.mkdir(parents=True)
        (deep / "x.py").write_text("")
        deep.parent.rename(watched.root / "fresh")
        self.gather(source, "fresh/deep/x.py")
        (watched.root / "src").rename(watched.root / "moved")
        self.gather(source, "src", "moved/a.py", "moved/deep/b.py")

    @pytest.mark.parametrize("name", [".gitignore", ".git/info/exclude"])
    def test_ignore_files(self, watched: Watched, source: ObserverSource, name: str) -> None:
        watched.write("node_modules/pkg/.gitignore", "*")
        watched.write(name, "lib/\n")
        give_up = threading.Timer(DEADLINE_S, source.wake)
        give_up.start()
        assert source.wait() == Rescan("the ignore rules changed")
        give_up.cancel()
        assert watched.discovery.skip_reason("lib/x.py") == "ignored"

    def test_an_error_costs_a_rescan_and_not_the_thread(
        self, watched: Watched, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        source = ObserverSource(watched.root, watched.discovery, 0.0)
        monkeypatch.setattr(watched.discovery, "relative", lambda _path: 1 / 0)
        source.on_any_event(DirCreatedEvent(str(watched.root / "src")))
        assert source.wait() == Rescan("an event was not handled")

    def test_a_folder_that_cannot_be_read_now_is_scanned_later(
        self, watched: Watched, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        source = ObserverSource(watched.root, watched.discovery, 0.0)
        watched.write("fresh/.gitignore", "*.gen.py")
        monkeypatch.setattr(ignore_tree, "read_below", out_of_descriptors)
        source.on_any_event(DirCreatedEvent(str(watched.root / "fresh")))
        assert source.wait() == Rescan("folders could not be read")


def out_of_descriptors(*_: object) -> NoReturn:
    raise OSError(errno.EMFILE, "Too many open files")


@linux_only
def test_inotify_reports_a_folder_that_it_could_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/.gitignore").write_text("x\n")
    source = watch_inotify.InotifySource(tmp_path, Discovery(tmp_path, Settings()), 0.0)
    monkeypatch.setattr(ignore_tree, "read_below", out_of_descriptors)
    changes = source.start()
    assert isinstance(changes, Rescan)
    assert changes.unread == {"sub"}
    assert source.n_watches == 1
    source.close()


def test_a_sync_reports_what_was_written_before_it(tmp_path: Path) -> None:
    """Each file is reported when the call returns, however long events otherwise gather."""
    watched = Watched(tmp_path)
    watched.start()
    assert watched.watcher.sync(DEADLINE_S)  # although no event comes
    for number in range(20):
        watched.write(f"src/sync{number}.py")
        assert watched.watcher.sync(DEADLINE_S)
        assert f"src/sync{number}.py" in watched.reports.paths
    watched.watcher.stop()
    assert not watched.watcher.sync(DEADLINE_S)


def test_off_watches_nothing(tmp_path: Path) -> None:
    watched = Watched(tmp_path, mode="off")
    watched.watcher.start()
    assert watched.watcher.wait_ready(0)
    assert watched.watcher.mode == "none"
    watched.watcher.stop()


def test_a_remote_root_is_polled_by_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("semlens.files.watching.watcher.remote_file_system", lambda _: "nfs4")
    watched = Watched(tmp_path, mode="auto")
    watched.watcher.start()
    assert watched.watcher.mode == "polling"
    assert watched.watcher.problem == ""
    watched.watcher.stop()
    told = Watched(tmp_path, mode="native")
    told.watcher.start()
    assert told.watcher.mode == "native"
    told.watcher.stop()


@linux_only
def test_a_closed_inotify_ignores_a_late_wakeup() -> None:
    instance = inotify.Inotify()
    instance.close()
    instance.wake()
    instance.close()


def operate(root: Path, choose: random.Random) -> None:
    """Make one random change below a root: of a file, a folder, or sometimes an ignore file."""
    folders = [
        path for path in root.rglob("*") if path.is_dir() and not path.is_symlink() and ".git" not in path.parts
    ] or [root]
    files = [path for path in root.rglob("*.py") if not path.name.startswith("marker")] or [root / "first.py"]
    folder, file = choose.choice([root, *folders]), choose.choice(files)
    other = folder / choose.choice(["x", "y", "z", "node_modules", "build"])
    kind = choose.randrange(20)
    if kind < 6:
        path = folder / f"{choose.choice('abc')}.py"
        if not path.is_symlink():
            path.write_text("v = 1\n" * choose.randint(1, 9))
    elif kind < 9:
        file.unlink(missing_ok=True)
    elif kind < 12 and file.exists():
        file.rename(folder / f"{choose.choice('abc')}.py")
    elif kind < 15:
        other.mkdir(exist_ok=True)
    elif kind < 17 and folder != root and not other.exists() and folder not in other.parents:
        folder.rename(other)
    elif kind < 17 and folder != root and not (root / "moved").exists():
        folder.rename(root / "moved")
    elif kind < 18 and folder != root:
        shutil.rmtree(folder)
    elif kind < 19 and not os.path.lexists(folder / "a.py"):
        (folder / "a.py").symlink_to(choose.choice(["b.py", "..", "nowhere"]))
    elif kind == 19 and folder != root and choose.random() < 0.3:
        (folder / ".gitignore").write_text(choose.choice(["", "a.py\n", "x/\n", "!node_modules/\n", "*\n!*/\n!b.py\n"]))


def watch_threads() -> int:
    return sum(thread.name.startswith("watch ") for thread in threading.enumerate())


def inotify_descriptors() -> int:
    folder = Path("/proc/self/fd")
    return sum(path.is_symlink() and "inotify" in str(path.readlink()) for path in folder.iterdir())


def wait_for_clock(time_ns: int, folder: Path) -> None:
    """Wait until the file system's clock is past a time. It advances only every few milliseconds."""
    probe = folder / "probe.png"
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        probe.touch()
        if probe.stat().st_ctime_ns > time_ns:
            return
    pytest.fail("the clock stands still")
