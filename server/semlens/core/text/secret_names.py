"""The names of secrets."""

from __future__ import annotations

import re

PASSWORD_NAME = (
    r"(?:pass(?:word|wd|phrase|code|wort)|pwd|secret|kennwort|wachtwoord|mot_?de_?passe|contrase[nñ]a|senha|parola"  # noqa: S105
    "|пароль|密码|密碼|パスワード|비밀번호)"
)
"""Names of values that a person may have chosen, which need not look random."""
KEY_NAME = (
    r"(?:(?:api|access|private|auth|account|encryption|decryption|signing|master|subscription|preshared|shared|secret|write"
    r"|admin|hmac|jwt|aes|fernet|consumer|licen[cs]e|webhook)[_ -]?key|\bpsk"
    r"|(?:auth|access|api|refresh|bearer|session|deploy|bot)[_ -]?token)"
)
SHORT_NAME = r"(?:(?:(?<![^\W\d_])|(?-i:(?<=[a-z])(?=P)))p(?:ass|w)(?![a-z]))"
"""Short names of passwords, without regard to case: ``PASS``, ``db_pw``, ``dbPass``, but not ``bypass``."""

SECRET_NAME_PART = re.compile(
    rf"(?P<password>{PASSWORD_NAME})|(?P<key>{KEY_NAME})|(?P<short>credential)|(?P<short_word>p(?:ass|w)(?![a-z]))"
    r"|(?P<weak>token)|(?P<weak_word>(?:cred|auth|key|jwt|pat|salt|hmac)(?![a-z]))"
)
"""It is matched against text in lower case. Matching without regard to case takes three times as long."""

NAME_BEGINNINGS = tuple(
    """pass pw secret kennwort wachtwoord mot contrase senha parola пароль 密码 密碼 パスワード 비밀번호 api access
    private auth account encryption decryption signing master subscription preshared shared write admin hmac jwt aes
    fernet consumer licen webhook psk refresh bearer session deploy bot cred token key pat salt""".split()
)
"""The alternatives of `SECRET_NAME_PART` begin with these."""

COMPOUND = re.compile(
    r"(?<![a-z])(?:db|my|pg|sql|mysql|root|user|admin|ftp|smtp|mail|imap|ldap|wifi|ssh|sudo|bind|login|proxy|key|store|web|app)\Z"
)
"""Words in lower case that stand before a short name without a sign between them: ``dbpass``, ``rootpw``."""
