"""The names of secrets."""

from __future__ import annotations

import re

PASSWORD_NAME = (
    r"(?:pass(?:word|wd|phrase|code|wort)|pwd|secret|kennwort|mot_?de_?passe|contrase[nñ]a|senha|пароль|密码)"  # noqa: S105
)
"""Names of values that a person may have chosen, which need not look random."""
KEY_NAME = (
    r"(?:(?:api|access|private|auth|account|encryption|signing|master|subscription|preshared|shared|secret|write|admin|hmac)"
    r"[_-]?key|\bpsk"
    r"|(?:auth|access|api|refresh|bearer|session|deploy|bot)[_-]?token)"
)

SECRET_NAME_PART = re.compile(
    rf"(?P<password>{PASSWORD_NAME})|(?P<key>{KEY_NAME})|(?P<short>credential)|(?P<short_word>pass(?![a-z]))"
    r"|(?P<weak>token)|(?P<weak_word>(?:cred|auth|key|jwt|pat|salt|hmac)(?![a-z]))"
)
"""It is matched against text in lower case. Matching without regard to case takes three times as long."""

NAME_BEGINNINGS = tuple(
    """pass pwd secret kennwort mot contrase senha пароль 密码 api access private auth account encryption signing master
    subscription preshared shared write admin hmac psk refresh bearer session deploy bot cred token key jwt pat salt
    """.split()
)
"""The alternatives of `SECRET_NAME_PART` begin with these."""
