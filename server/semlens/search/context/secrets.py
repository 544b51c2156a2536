"""Masks what must not be pasted into a prompt: keys, tokens and passwords in the forms they are known by."""

from __future__ import annotations

import re

MASK = "[masked]"

_RULES = (
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
    re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    re.compile(r"\bgh[pousr]_[A-Za-z0-9]{36,}\b"),
    re.compile(r"\bgithub_pat_[A-Za-z0-9_]{40,}\b"),
    re.compile(r"\bglpat-[A-Za-z0-9_-]{20,}\b"),
    re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}\b"),
    re.compile(r"\bsk-(?:[a-z]+-)*[A-Za-z0-9_-]{20,}\b"),
    re.compile(r"\b[sr]k_(?:live|test)_[A-Za-z0-9]{16,}\b"),
    re.compile(r"\bAIza[0-9A-Za-z_-]{35}\b"),
    re.compile(r"\bnpm_[A-Za-z0-9]{36}\b"),
    re.compile(r"\bpypi-[A-Za-z0-9_-]{50,}\b"),
    re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
)
_ASSIGNED = re.compile(
    r"""(?i)((?:password|passwd|secret|api_?key|access_?key|auth_?token|private_?key|client_?secret)\w*["']?\s*[:=]\s*)
    (["'])([^"'\s]{6,})\2""",
    re.VERBOSE,
)
_URL = re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s/:@\"']+:)([^\s/@\"']{3,})(@)")
_ENVIRONMENT_LINE = re.compile(r"(?m)^(\s*(?:export\s+)?\w+\s*=\s*)(\S.*)$")
_PLACEHOLDER = re.compile(
    r"(?i)^(?:x+|\*+|<.*>|\$\{?.*|%.*%|\{.*\}|changeme|example|password|secret|your[_-].*|none|null)$"
)


def is_environment_file(path: str) -> bool:
    """Files that hold nothing but secrets and settings, whatever their syntax."""
    name = path.rpartition("/")[2].lower()
    return name == ".env" or name.startswith(".env.") or name.endswith(".env")


def mask_secrets(text: str, path: str) -> tuple[str, int]:
    """The text without its secrets, and how many there were. Lines stay lines."""
    count = 0
    if is_environment_file(path):
        return _ENVIRONMENT_LINE.subn(lambda match: match[1] + MASK, text)

    def whole(match: re.Match[str]) -> str:
        return MASK + "\n" * match[0].count("\n")

    for rule in _RULES:
        text, n = rule.subn(whole, text)
        count += n

    def assigned(match: re.Match[str]) -> str:
        nonlocal count
        if _PLACEHOLDER.match(match[3]) or match[3] == MASK:
            return match[0]
        count += 1
        return f"{match[1]}{match[2]}{MASK}{match[2]}"

    text = _ASSIGNED.sub(assigned, text)
    text, n = _URL.subn(lambda match: match[1] + MASK + match[3], text)
    return text, count + n
