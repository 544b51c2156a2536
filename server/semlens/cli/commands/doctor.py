"""``semlens doctor``: tells whether everything is in place on this machine, and what mends what is not."""

from __future__ import annotations

import argparse
import json

from semlens import __version__
from semlens.cli.doctor_checks import CHECKS, Finding, Level
from semlens.cli.output.terminal import paint
from semlens.core.text.printable import printable

_COLOURS = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "red"}


def run(options: argparse.Namespace) -> int:
    """Exit code 1 when any check fails; a warning is no failure."""
    findings: list[Finding] = []
    for check in CHECKS:
        for finding in check():
            findings.append(finding)
            if not options.json:
                _print(finding)
    failed = sum(finding.level is Level.FAIL for finding in findings)
    if options.json:
        print(
            json.dumps(
                {
                    "version": __version__,
                    "ok": not failed,
                    "checks": [
                        {"name": one.name, "level": one.level.value, "message": one.message, "mend": one.fix}
                        for one in findings
                    ],
                }
            )
        )
    else:
        warned = sum(finding.level is Level.WARN for finding in findings)
        print(f"{len(findings)} checks: {failed} failed, {warned} with a warning.")
    return 1 if failed else 0


def _print(finding: Finding) -> None:
    level = paint(f"{finding.level.value:<4}", _COLOURS[finding.level])
    print(f"{level}  {finding.name:<18} {printable(finding.message)}")
    if finding.fix:
        print(f"      {'':<18} -> {printable(finding.fix)}")
