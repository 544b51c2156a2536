"""``semlens doctor``: prints the findings of `doctor_checks`, and how to fix problems."""

from __future__ import annotations

import argparse
import json
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict

from semlens import __version__
from semlens.cli.doctor_checks import CHECKS, Finding, Level
from semlens.cli.output.hits import width
from semlens.cli.output.terminal import Style, paint
from semlens.core.text.printable import printable

_COLOURS: dict[Level, Style] = {Level.OK: "green", Level.WARN: "bold", Level.FAIL: "red"}


def run(options: argparse.Namespace) -> int:
    """Exit code 1 when a check fails. A warning is not a failure."""
    findings: list[Finding] = []
    for check in CHECKS:
        for finding in _findings(check):
            findings.append(finding)
            if not options.json:
                _print(finding)
    n_failed = sum(finding.level is Level.FAIL for finding in findings)
    if options.json:
        print(json.dumps({"version": __version__, "ok": not n_failed, "checks": list(map(asdict, findings))}))
    else:
        n_warnings = sum(finding.level is Level.WARN for finding in findings)
        print(f"{len(findings)} checks: {n_failed} failed, {n_warnings} with a warning.")
    return 1 if n_failed else 0


def _findings(check: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    try:
        yield from check()
    except Exception as error:  # noqa: BLE001 - the other checks may say why
        name = check.__name__.removeprefix("check_").replace("_", " ")
        reason = f"the check failed ({type(error).__name__}: {error})"
        yield Finding(name, Level.FAIL, reason, "read the other findings, and report this one")


def _print(finding: Finding) -> None:
    level = paint(f"{finding.level.value:<4}", _COLOURS[finding.level])
    print(f"{level}  {finding.name:<18} {_wrapped(printable(finding.message))}")
    if finding.fix:
        print(f"      {'':<18} -> {_wrapped(printable(finding.fix))}")


def _wrapped(text: str) -> str:
    """On a terminal, text that goes on below itself."""
    if not sys.stdout.isatty():
        return text
    lines = textwrap.wrap(text, max(20, width() - 30), break_long_words=False, break_on_hyphens=False)
    return f"\n{'':25}".join(lines)
