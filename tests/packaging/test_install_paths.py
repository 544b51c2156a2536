"""The documented ways to install, from distributions in a folder, and what judges the distributions.

`make test` tries `uvx` and `uv tool install`. `make test-long` tries the others, every Python that the machine has, the extras,
and an empty Debian. The tools come from `.venv-release` (`make setup-release`).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from semlens import __version__

from .conftest import CHECKOUT, Distributions, clean_environment

TOOLS = CHECKOUT / ".venv-release" / "bin"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")

needs_tools = pytest.mark.skipif(not TOOLS.exists(), reason="there is no .venv-release: run `make setup-release`")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A user who has installed nothing yet. Downloaded packages are shared with the machine's user."""
    return {
        **clean_environment(tmp_path),
        "HOME": str(tmp_path),
        "SEMLENS_CACHE_DIR": str(tmp_path / "cache"),
        "UV_CACHE_DIR": os.environ.get("UV_CACHE_DIR", str(Path.home() / ".cache" / "uv")),
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_TOOL_DIR": str(tmp_path / "tools"),
        "UV_TOOL_BIN_DIR": str(tmp_path / "bin"),
        "PIPX_HOME": str(tmp_path / "pipx"),
        "PIPX_BIN_DIR": str(tmp_path / "bin"),
        "PATH": os.pathsep.join([str(TOOLS), os.environ["PATH"]]),
    }


def run(command: list[str | Path], environment: dict[str, str], cwd: Path) -> str:
    ran = subprocess.run(command, env=environment, cwd=cwd, capture_output=True, text=True, check=False, timeout=580)
    assert ran.returncode == 0, f"{command}: {ran.stdout}{ran.stderr}"
    return ran.stdout


def check_answers(command: list[str | Path], environment: dict[str, str], workspace: Path) -> None:
    """The program tells its version and answers a question by meaning, without a resident server."""
    assert json.loads(run([*command, "--version", "--json"], environment, workspace))["version"] == __version__
    question = "try to send it once more after a broken connection"
    answer = json.loads(run([*command, "search", question, "--json", "--no-daemon"], environment, workspace))
    assert answer["hits"][0]["name"] == "uploadWithRetry"
    assert "meaning" in answer["hits"][0]["reasons"]


@needs_tools
def test_the_distributions_pass_the_checks_of_the_index(distributions: Distributions, environment, tmp_path) -> None:
    run([TOOLS / "twine", "check", "--strict", distributions.wheel, distributions.sdist], environment, tmp_path)
    checks = [TOOLS / "check-wheel-contents", "--config", CHECKOUT / "pyproject.toml"]
    run([*checks, distributions.wheel], environment, tmp_path)


@needs_tools
def test_uvx_answers(distributions: Distributions, environment, workspace) -> None:
    check_answers([TOOLS / "uvx", "--from", distributions.wheel, "semlens"], environment, workspace)


@needs_tools
def test_uv_installs_the_tool(distributions: Distributions, environment, workspace, tmp_path) -> None:
    run([TOOLS / "uv", "tool", "install", distributions.wheel], environment, workspace)
    check_answers([tmp_path / "bin" / "semlens"], environment, workspace)


@needs_tools
@pytest.mark.release_long
def test_pipx_installs_the_tool(distributions: Distributions, environment, workspace, tmp_path) -> None:
    run([TOOLS / "pipx", "install", distributions.wheel], environment, workspace)
    check_answers([tmp_path / "bin" / "semlens"], environment, workspace)


def interpreter(version: str) -> Path | None:
    """The machine's own Python of a version, also one that pyenv keeps."""
    kept = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python{version}"))
    found = kept[-1] if kept else shutil.which(f"python{version}")
    if found is None or subprocess.run([found, "-c", "pass"], capture_output=True, check=False).returncode:
        return None
    return Path(found)


@needs_tools
@pytest.mark.release_long
@pytest.mark.parametrize("version", PYTHONS)
@pytest.mark.parametrize("kind", ["wheel", "sdist", "keyring"])
def test_every_python_installs_it(
    distributions: Distributions, environment, workspace, tmp_path, version, kind
) -> None:
    python = interpreter(version)
    if python is None:
        pytest.skip(f"the machine has no Python {version}, and uv must not download one")
    file = distributions.sdist if kind == "sdist" else distributions.wheel
    run([TOOLS / "uv", "venv", "--python", python, tmp_path / "venv"], environment, workspace)
    place = {**environment, "VIRTUAL_ENV": str(tmp_path / "venv")}
    run([TOOLS / "uv", "pip", "install", f"{file}[keyring]" if kind == "keyring" else file], place, workspace)
    run([TOOLS / "uv", "pip", "check"], place, workspace)
    check_answers([tmp_path / "venv" / "bin" / "semlens"], environment, workspace)
    if kind == "keyring":
        run([tmp_path / "venv" / "bin" / "python", "-c", "import keyring"], environment, workspace)


EXTRAS = "keyring,map,faiss,qdrant,share,cluster"
SYSTEMS = ("x86_64-manylinux_2_28", "aarch64-manylinux_2_28", "aarch64-apple-darwin", "x86_64-pc-windows-msvc")


@needs_tools
@pytest.mark.release_long
@pytest.mark.parametrize("version", PYTHONS)
@pytest.mark.parametrize(
    ("lock", "system"),
    [("runtime", system) for system in SYSTEMS]
    + [("dev", system) for system in SYSTEMS if "aarch64-many" not in system],
)
def test_every_locked_package_has_a_wheel_for_the_systems_of_the_workflow(environment, tmp_path, lock, system, version):
    text = (CHECKOUT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")
    pins = [line.removesuffix("\\").strip() for line in text.splitlines() if re.match(r"\w.*==", line)]
    (tmp_path / "pins.txt").write_text("\n".join(pins))
    system_options = ["--python-platform", system, "--python-version", version, "--target", "there"]
    dry = [TOOLS / "uv", "pip", "install", "--dry-run", "--no-deps", "--only-binary", ":all:", "-r", "pins.txt"]
    run([*dry, *system_options], {**environment, "MACOSX_DEPLOYMENT_TARGET": "14.0"}, tmp_path)


@needs_tools
@pytest.mark.release_long
@pytest.mark.parametrize("system", ["x86_64-manylinux_2_28", "aarch64-apple-darwin", "x86_64-pc-windows-msvc"])
def test_the_extras_have_wheels(distributions: Distributions, environment, tmp_path, system):
    dry = [TOOLS / "uv", "pip", "install", "--dry-run", "--only-binary", ":all:", "--target", "there"]
    place = {**environment, "MACOSX_DEPLOYMENT_TARGET": "14.0"}
    run([*dry, "--python-platform", system, f"{distributions.wheel}[{EXTRAS}]"], place, tmp_path)


@pytest.fixture
def debian(tmp_path: Path) -> Iterator[Path]:
    """An empty Debian with Python and its venv, nothing else."""
    if os.geteuid() != 0 or shutil.which("debootstrap") is None:
        pytest.skip("needs root and debootstrap: apt-get install debootstrap")
    root = tmp_path / "debian"
    release = "bookworm"
    packages = "--include=python3-venv,ca-certificates"
    subprocess.run(["debootstrap", "--variant=minbase", packages, release, root], check=True, capture_output=True)
    mounts = [("proc", "proc", root / "proc"), ("tmpfs", "tmpfs", root / "dev" / "shm")]
    for kind, source, place in mounts:
        place.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "-t", kind, source, place], check=True)
    yield root
    for _, _, place in mounts:
        subprocess.run(["umount", place], check=True)
    shutil.rmtree(root)


@pytest.mark.release_long
def test_an_empty_debian_installs_it_by_pip(distributions: Distributions, debian: Path, workspace: Path) -> None:
    """The only ways out are those to the package index that pip on this machine uses."""
    for place in ("etc/pip.conf", "etc/resolv.conf", "etc/hosts", "etc/ssl/certs/ca-certificates.crt"):
        if Path("/", place).exists():
            shutil.copy(Path("/", place), debian / place)
    shutil.copy(distributions.wheel, debian / "root")
    shutil.copytree(workspace, debian / "root" / "code")
    kept = {
        name: value for name, value in os.environ.items() if name.startswith(("PIP_CERT", "PIP_INDEX", "SSL_", "http"))
    }
    kept["PATH"] = "/usr/bin:/bin"
    inside = ["chroot", debian, "env", "-i", *(f"{name}={value}" for name, value in kept.items()), "HOME=/root"]
    run([*inside, "python3", "-m", "venv", "/root/venv"], dict(os.environ), debian)
    run([*inside, "/root/venv/bin/pip", "install", "-q", f"/root/{distributions.wheel.name}"], dict(os.environ), debian)
    answer = run(
        [*inside, "sh", "-c", "cd /root/code && /root/venv/bin/semlens search 'send it once more' --json --no-daemon"],
        dict(os.environ),
        debian,
    )
    assert [hit["name"] for hit in json.loads(answer)["hits"]][:1] == ["uploadWithRetry"], answer
