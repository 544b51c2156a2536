"""Masks what must leave neither in a prompt nor to a service: keys, tokens and passwords in their known forms.

One set of rules for both. The forms are those that their issuers publish; the tests compare them with the detectors of
a kept library, which is no dependency: it brings an HTTP client of its own and finds only the first line of a key.
"""

from __future__ import annotations

import re

MASK = "[masked]"

RULES_VERSION = 1
"""Raise it with any change of a rule: text that is masked otherwise has another vector."""

_KEY_BLOCK = "[A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"

_BLOCKS = (
    # whole, or cut off at either end where a passage ends; with what must be there for a look to be worth it
    ("PRIVATE KEY", rf"(?s)-----BEGIN {_KEY_BLOCK}.*?(?:-----END {_KEY_BLOCK}|\Z)"),
    ("PRIVATE KEY", rf"\A[A-Za-z0-9+/=\s]+-----END {_KEY_BLOCK}"),
    ("PuTTY-User", r"(?s)PuTTY-User-Key-File-\d.*?(?:Private-MAC:[^\n]*|\Z)"),
)
_TOKENS = r"""(?x)\b(?:
        (?:A3T[A-Z0-9]|ABIA|ACCA|AKIA|ASIA)[0-9A-Z]{16}(?![0-9A-Z])    # Amazon
      | (?:AC|SK)[a-z0-9]{32}\b                                        # Twilio
      | AIza[0-9A-Za-z_-]{35} | ya29\.[0-9A-Za-z_-]{20,}               # Google
      | AKC[A-Za-z0-9]{10,}\b                                          # Artifactory
      | eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}  # JSON web tokens
      | gh[pousr]_[A-Za-z0-9_]{36,} | github_pat_[A-Za-z0-9_]{40,}
      | (?:gl(?:pat|dt|ft|soat|rt|cbt|imt|ptt|agent|oas)-|GR1348941)[A-Za-z0-9_-]{20,}
      | hf_[A-Za-z0-9]{30,}\b
      | (?i:https://hooks\.slack\.com/services/\w+/\w+/\w+ | xox[a-z]-[a-z0-9-]{3,})
      | npm_[A-Za-z0-9]{36}\b
      | pypi-[A-Za-z0-9_-]{50,}
      | SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}                       # SendGrid
      | sk-(?:[a-z]+-)*[A-Za-z0-9_-]{20,}                              # OpenAI and who took its form over
      | [rs]k_(?:live|test)_[A-Za-z0-9]{16,}                           # Stripe
      | sq0(?:csp|atp)-[0-9A-Za-z\\_-]{22,}                            # Square
      | [MNO][A-Za-z\d_-]{23,25}\.[A-Za-z\d_-]{6}\.[A-Za-z\d_-]{27,}   # Discord
      | [0-9]{8,10}:[0-9A-Za-z_-]{35}(?![0-9A-Za-z_-])                 # Telegram
      | [0-9a-z]{32}-us[0-9]{1,2}\b                                    # Mailchimp
    )"""
_NAMED = r"(?:password|passwd|passphrase|secret|api_?key|access_?key|auth_?token|access_?token|private_?key)"
_ASSIGNED = rf"""(?ix)({_NAMED}\w{{0,40}}["']?\s{{0,20}}[:=]\s{{0,20}})
    (["'])([^"'\s]{{6,}})\2"""
_BARE = rf"""(?imx)^([ \t]*(?:-[ \t]+)?(?:export[ \t]+)?[\w.-]{{0,80}}{_NAMED}\w{{0,40}}(?:=|:[ \t]+))
    (?=\S*[0-9])(?=\S*[a-z])([^\s"'(){{}}\[\],;<>$.]{{6,}})[ \t]*$"""
"""As in YAML and property files, a line to itself; with a digit and a letter, or it may be the name of a type."""

_AFTER = (
    r"(\b[a-z][a-z0-9+.-]{0,30}://[^\s/:@\"']{0,200}:)[^\s/@\"']{3,200}(?=@)",
    r"(?i)(\bbearer\s+)[A-Za-z0-9_~+/.-]{20,}=*",
    r"(?i)(\b(?:account|sharedaccess)key=)[A-Za-z0-9+/=]{40,}",
    r"(:_authToken=\s*)[^\s\"'$]{4,}",
)
"""What stands behind a password's or a key's place: in an address, a header, a connection string, an npm file."""

_ENVIRONMENT_LINE = r"(?m)^([ \t]*(?:export[ \t]+)?\w+[ \t]*=[ \t]*)(\S.*)$"
_ENVIRONMENT_ONLY = r"\s*(?:#.*|(?:export\s+)?(?:\w+=.*|[A-Z][A-Z0-9_]*\s*=[^()\[\]{}]*))?\Z"
_PLACEHOLDER = r"(?i)(?:x+|\*+|<.*>|\$\{?.*|%.*%|\{.*\}|changeme|example|password|secret|your[_-].*|none|null)$"


def is_environment_file(path: str) -> bool:
    """Files that hold nothing but secrets and settings, whatever their syntax."""
    name = path.rpartition("/")[2].lower()
    return name == ".env" or name.startswith(".env.") or name.endswith(".env")


def is_environment_text(text: str) -> bool:
    """Text that reads like such a file, where its path is not known: every line is a comment or ``NAME=value``."""
    return "=" in text and all(re.match(_ENVIRONMENT_ONLY, line) for line in text.splitlines())


def mask_secrets(text: str, *, environment: bool = False) -> tuple[str, int]:
    """The text without its secrets, and how many there were. Lines stay lines.

    :param environment: it is of an environment file: of every line only the name stays.
    """
    count = 0
    if environment:
        return re.subn(_ENVIRONMENT_LINE, lambda match: match[1] + MASK, text)

    def whole(match: re.Match[str]) -> str:
        return MASK + "\n" * match[0].count("\n")

    def assigned(match: re.Match[str]) -> str:
        nonlocal count
        if re.match(_PLACEHOLDER, match[3]) or MASK in match[3]:
            return match[0]
        count += 1
        return f"{match[1]}{match[2]}{MASK}{match[2]}"

    def bare(match: re.Match[str]) -> str:
        nonlocal count
        if re.match(_PLACEHOLDER, match[2]):
            return match[0]
        count += 1
        return match[1] + MASK

    for sign, rule in _BLOCKS:
        if sign in text:
            text, n = re.subn(rule, whole, text)
            count += n
    text, n = re.subn(_TOKENS, MASK, text)
    count += n
    text = re.sub(_BARE, bare, re.sub(_ASSIGNED, assigned, text))
    for rule in _AFTER:
        text, n = re.subn(rule, lambda match: match[1] + MASK, text)
        count += n
    return text, count
