"""Regular expressions for secrets with a known form or in a known place. `secrets` applies them.

The issuers of tokens publish their forms. Every expression takes time in proportion to the text: nothing that follows a
repetition without a bound can make it backtrack.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from functools import cached_property

_KEY_BLOCK = "[A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"

BLOCK_RULES = (
    # (keyword that every match contains, expression). A passage may end within a block, so either end may be missing.
    ("PRIVATE KEY", re.compile(rf"(?s)-----BEGIN {_KEY_BLOCK}.*?(?:-----END {_KEY_BLOCK}|\Z)")),
    ("PRIVATE KEY", re.compile(rf"\A[A-Za-z0-9+/=\s]+-----END {_KEY_BLOCK}")),
    ("PuTTY-User", re.compile(r"(?s)PuTTY-User-Key-File-\d.*?(?:Private-MAC:[^\n]*|\Z)")),
    ("Static key V1", re.compile(r"(?s)-----BEGIN OpenVPN Static key V1-----.*?(?:-----END OpenVPN Static|\Z)")),
)

TOKEN_FORM = re.compile(r"""(?x)\b(?:
        (?:A3T[A-Z0-9]|ABIA|ACCA|AKIA|ASIA)[0-9A-Z]{16}(?![0-9A-Z])    # Amazon
      | (?:AC|SK)[a-z0-9]{32}\b                                        # Twilio
      | AIza[0-9A-Za-z_-]{35} | ya29\.[0-9A-Za-z_-]{20,} | GOCSPX-[0-9A-Za-z_-]{28}   # Google
      | AKC[A-Za-z0-9]{10,}\b                                          # Artifactory
      | AGE-SECRET-KEY-(?:PQ-)?1[0-9A-Za-z]{40,}
      | eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}  # JSON web tokens
      | gh[pousr]_[A-Za-z0-9_]{36,} | github_pat_[A-Za-z0-9_]{40,}
      | (?:gl(?:pat|dt|ft|soat|rt|cbt|imt|ptt|agent|oas)-|GR1348941)[A-Za-z0-9_-]{20,}
      | hf_[A-Za-z0-9]{30,}\b
      | (?i:https://hooks\.slack\.com/services/\w+/\w+/\w+ | xox[a-z]-[a-z0-9-]{3,} | xapp-\d-[a-z0-9-]{20,})
      | npm_[A-Za-z0-9]{36}\b
      | pypi-[A-Za-z0-9_-]{50,}
      | rubygems_[a-f0-9]{48} | dckr_[a-z]{3}_[A-Za-z0-9_-]{20,} | ATATT3[A-Za-z0-9_=-]{50,} | ATBB[A-Za-z0-9]{24,}
      | SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}                       # SendGrid
      | xkeysib-[a-f0-9]{64}-[A-Za-z0-9]{16} | key-[0-9a-f]{32}\b      # Brevo, Mailgun
      | sk-(?:[a-z]+-)*[A-Za-z0-9_-]{20,}                              # OpenAI, and services with its form
      | (?:[rs]k_(?:live|test)|whsec)_[A-Za-z0-9]{16,}                 # Stripe
      | sq0(?:csp|atp)-[0-9A-Za-z\\_-]{22,}                            # Square
      | shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32} | dop_v1_[a-f0-9]{64} | dapi[a-f0-9]{32}\b
      | hv[bsr]\.[A-Za-z0-9_-]{24,} | [A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,} | pul-[a-f0-9]{40}
      | (?:glc|glsa|sntrys|lin_api|pscale_tkn|pscale_pw|sbp|ntn|dp\.pt|tskey-[a-z]+)[_.-][A-Za-z0-9+/=._-]{20,}
      | PMAK-[a-f0-9]{24}-[a-f0-9]{34} | NRAK-[A-Z0-9]{27}
      | [MNO][A-Za-z\d_-]{23,25}\.[A-Za-z\d_-]{6}\.[A-Za-z\d_-]{27,}   # Discord
      | [0-9]{8,10}:[0-9A-Za-z_-]{35}(?![0-9A-Za-z_-])                 # Telegram
      | [0-9a-z]{32}-us[0-9]{1,2}\b                                    # Mailchimp
      | LS0tLS1CRUdJTiB(?:QUklW|SU0Eg|FQyBQ|PUEVO|FTkNS|EU0Eg)[A-Za-z0-9+/=]+   # a private key in base64
    )""")

PASSWORD_NAME = r"(?:pass(?:word|wd|phrase|code)|pwd|secret)"  # noqa: S105 - it matches names, and is no password
"""Names of values that a person may have chosen, which need not look random."""
KEY_NAME = (
    r"(?:(?:api|access|private|auth|account|encryption|signing|master|subscription)[_-]?key"
    r"|(?:auth|access|api|refresh|bearer|session|deploy|bot)[_-]?token)"
)
_SECRET_NAME = rf"(?:{PASSWORD_NAME}|{KEY_NAME}|token)s?"
_NAME_GROUP = rf"(?P<name>[\w.:-]{{0,60}}?{_SECRET_NAME}[\w.-]{{0,20}})"
_QUOTE = r"[\"']?"
_GAP = r"\s{0,5}"
_COMMAND = r"(?:[^\n|;]|\\\n){0,200}?\s"


class ValueGroup(enum.StrEnum):
    """The groups of `PLACE_RULES`: when their text counts as a secret."""

    ALWAYS = "always"
    VALUE = "value"
    """Unless it is a placeholder."""
    TOKEN = "token"  # noqa: S105 - the name of a group
    """Unless it is a word or a placeholder."""
    RANDOM = "random"
    """If it looks random and is no placeholder."""


@dataclass(frozen=True)
class PlaceRule:
    """An expression that finds a secret by the text before it.

    :ivar keywords: lower-case strings. Every match contains one, so other texts are skipped quickly.
    """

    keywords: tuple[str, ...]
    expression: str

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Compiled when a text has a keyword. To compile all of them takes longer than a search."""
        return re.compile(self.expression)


def _rule(keywords: str, *parts: str) -> PlaceRule:
    return PlaceRule(tuple(keywords.split()), "".join(parts))


PLACE_RULES = (
    # in a URL and its query
    _rule("://", r"(\b[a-z][a-z0-9+.-]{0,30}://[^\s/:@\"']{0,200}:)(?P<value>[^\s/@\"']{3,200})(?=@)"),
    _rule("://", r"(://)(?P<random>[A-Za-z0-9_.~-]{16,200})(?=@|:x-oauth)"),
    _rule("=", rf"(?i)([?&](?:[\w-]{{0,40}}{PASSWORD_NAME})=)(?P<value>[^\s\"'&;#<>{{}}()]{{4,200}})"),
    _rule(
        "=",
        rf"(?i)([?&;](?:[\w-]{{0,40}}{_SECRET_NAME}|sig|signature|x-amz-signature)=)(?P<token>[^\s\"'&;#<>{{}}]{{6,500}})",
    ),
    # in headers
    _rule(
        "authorization",
        rf"(?i)(\b(?:proxy-)?authorization\b[\"']?\]?{_GAP}[:=,]{_GAP}(?:[a-z]?[\"'`])?",
        r"(?:basic|bearer|token|digest|apikey|api-key|key|negotiate)\s{1,5})(?P<token>[A-Za-z0-9+/=_.~:-]{8,1000})",
    ),
    _rule("bearer", r"(?i)(\bbearer\s{1,20})(?P<token>[A-Za-z0-9_~+/.-]{20,}=*)"),
    _rule(
        "x- private- deploy- job- ocp-",
        rf"(?i)(\b(?:x-[\w-]{{0,30}}|private-|deploy-|job-|ocp-apim-subscription-)(?:key|token|secret|auth){_QUOTE}",
        rf"{_GAP}[:,=]{_GAP}{_QUOTE})(?P<token>[^\s\"'`<>()\\]{{6,500}})(?![()])",
    ),
    _rule(
        "cookie",
        rf"(?i)(\bcookie{_QUOTE}{_GAP}[:=,]{_GAP}{_QUOTE}[^\n\"']{{0,200}}?(?:sess\w{{0,20}}|sid|token|auth\w{{0,20}})=)",
        r"(?P<random>[^\s\"';,]{16,1000})",
    ),
    # in connection strings
    _rule("key=", r"(?i)(\b(?:account|sharedaccess)key=)(?P<value>[A-Za-z0-9+/=]{40,})"),
    _rule(
        "password pwd", rf"(?i)([;\"']{_GAP}(?:password|pwd){_GAP}={_GAP})(?P<value>[^\s;\"'{{}}<>]{{3,200}})(?=[;\"'])"
    ),
    _rule(
        "password=",
        r"(?i)(\b(?:user(?:\s?id|name)?|uid|dbname|host)=[^\s;,()\"'{}]{1,100}\s{1,5}(?:\w{1,20}=[^\s,]{1,100}\s{1,5}){0,4}",
        r"password=)(?P<value>[^\s;,%()\"'{}<>]{3,200})(?![,()])",
    ),
    # on a command line
    _rule(
        "curl",
        rf"(?i)(\bcurl\b{_COMMAND}(?:-u|--user|-U|--proxy-user)[ =]?{_QUOTE}[^\s:\"'$]{{1,100}}:)",
        r"(?P<value>[^\s\"']{3,200})",
    ),
    _rule("mysql mariadb", rf"(\b(?:mysql|mariadb)[\w-]{{0,12}}{_COMMAND}-p)(?P<value>[^\s\"'-][^\s\"']{{2,200}})"),
    _rule(
        "htpasswd",
        r"(\bhtpasswd\s{1,5}-\w{0,5}b\w{0,5}\s{1,5}\S{1,100}\s{1,5}\S{1,100}\s{1,5})(?P<value>[^\s\"']{3,200})",
    ),
    _rule("http", rf"(\bhttps?\s{{1,5}}(?:-a|--auth)[ =]{_QUOTE}[^\s:\"'$]{{1,100}}:)(?P<value>[^\s\"']{{3,200}})"),
    _rule("sshpass", rf"(\bsshpass\s{{1,5}}-p{_GAP}{_QUOTE})(?P<value>[^\s\"']{{3,200}})"),
    _rule("redis-cli", rf"(\bredis-cli\b{_COMMAND}-a\s{{1,5}}{_QUOTE})(?P<value>[^\s\"']{{3,200}})"),
    _rule("docker", rf"(\bdocker\s{{1,5}}login\b{_COMMAND}-p[\s=]{{1,5}}{_QUOTE})(?P<value>[^\s\"']{{3,200}})"),
    _rule("pass:", rf"(-pass(?:in|out)?\s{{1,5}}{_QUOTE}pass:)(?P<value>[^\s\"']{{3,200}})"),
    _rule(
        "convertto-securestring",
        r"(?i)(\bConvertTo-SecureString\s{1,5}(?:-String\s{1,5})?[\"'])(?P<value>[^\"'\n]{3,200})",
    ),
    # after a user name, in code and in SQL
    _rule(
        "auth login",
        r"(?i)((?:\bauth\s{0,5}=\s{0,5}\(|basic_?auth(?:entication)?\(|\.login\()\s{0,40}[a-z]?[\"'][^\"'\n]{1,100}[\"']",
        r"\s{0,5},\s{0,40}[a-z]?[\"'])(?P<value>[^\"'\s]{4,200})(?=[\"'])",
    ),
    _rule("identified", r"(?i)(\bidentified\s{1,5}by\s{1,5}(?:password\s{1,5})?[\"'])(?P<value>[^\"'\s]{3,200})"),
    _rule(
        "password",
        r"(?i)(\b(?:with|encrypted|role|user)\b[^\n;]{0,200}?\bpassword\s{1,5}')(?P<value>[^'\s]{3,200})(?=')",
    ),
    # in configuration files of known programs
    _rule(
        "requirepass masterauth", r"(?m)(^[ \t]{0,20}(?:requirepass|masterauth)\s{1,5}\"?)(?P<value>[^\s\"']{3,200})"
    ),
    _rule(":_authtoken", r"(:_authToken=\s*)(?P<always>[^\s\"'$]{4,})"),
    _rule(
        "_auth _password",
        r"(?m)^((?://[^\s=]{1,100}:)?_(?:auth|password)\s{0,5}=\s{0,5}\"?)(?P<value>[^\s\"'$]{4,500})",
    ),
    _rule(
        "password",
        r"(?i)(\b(?:machine|login|default|account)\s{1,5}\S{1,100}\s{1,5}(?:(?:login|account)\s{1,5}\S{1,100}\s{1,5})?",
        r"password\s{1,5})(?P<value>\S{3,200})",
    ),
    _rule(":", r"(?m)^([\w.*-]{1,100}:(?:\d{1,5}|\*):[\w.*-]{1,60}:[\w.*-]{1,60}:)(?P<value>[^\s:]{3,200})$"),
    _rule("client-key-data", rf"(?i)(\bclient-key-data:{_GAP}{_QUOTE})(?P<value>[A-Za-z0-9+/=]{{20,}})"),
    _rule(
        "mnemonic seed",
        rf"(?i)(\b(?:mnemonic|seed[_ -]?phrase)\b{_QUOTE}{_GAP}[:=]{_GAP}[\"'])",
        r"(?P<value>[a-z]{3,8}(?: [a-z]{3,8}){11,23})(?=[\"'])",
    ),
)
"""Secrets in a known place: in a URL, a header, a command, a file of a program.

The name of the group says when its text counts as a secret, see `ValueGroup`.
"""

NAMED_PLACE_RULES = (
    # <password>...</password>, <string name="api_key">...</string>, <key>password</key><string>...</string>
    _rule("</", rf"(?i)(<{_NAME_GROUP}(?:\s[^<>]{{0,200}})?>\s{{0,20}})(?P<value>[^<>\s]{{3,300}})(?=\s{{0,20}}</)"),
    _rule(
        "</",
        rf"(?i)(<\w{{1,20}}\s{{1,5}}(?:name|key){_GAP}={_GAP}[\"']{_NAME_GROUP}[\"'][^<>]{{0,100}}>)",
        r"(?P<value>[^<>\s]{3,300})(?=</)",
    ),
    _rule("<key>", rf"(?i)(<key>{_NAME_GROUP}</key>\s{{0,40}}<string>)(?P<value>[^<>\s]{{3,300}})(?=</)"),
    # name="PASSWORD" value="...", {"name": "PASSWORD", "value": "..."}, - name: PASSWORD\n  value: ...
    _rule(
        "value",
        rf"(?i)(\b(?:name|key){_QUOTE}{_GAP}[=:]{_GAP}{_QUOTE}{_NAME_GROUP}{_QUOTE}{_GAP}[,\s]\s{{0,40}}",
        rf"{_QUOTE}value{_QUOTE}{_GAP}[=:]{_GAP}{_QUOTE})(?P<value>[^\s\"'`<>,{{}}]{{3,300}})",
    ),
    # ENV DB_PASSWORD ..., #define PASSWORD "...", (setq password "...", aws configure set aws_secret_access_key ...
    _rule(
        "env arg define setq defvar configure config",
        r"(?im)((?:^[ \t]{0,20}(?:ENV|ARG)|#[ \t]{0,5}define|\((?:setq|defvar|def)|\bconfig(?:ure)?[ \t]{1,3}set)",
        rf"[ \t]{{1,5}}{_NAME_GROUP}[ \t]{{1,20}}{_QUOTE})(?P<value>[^\s\"'$()]{{3,300}})",
    ),
    _rule("--from-literal", rf"(?i)(--from-literal[= ]{_QUOTE}{_NAME_GROUP}=)(?P<value>[^\s\"'$]{{3,300}})"),
    # --password=..., --token ...
    _rule(
        "-",
        rf"(?i)(?<![\w-])(--?(?P<name>(?:\w{{1,20}}-){{0,4}}{_SECRET_NAME})(?:=|[ \t]{{1,3}}){_QUOTE})",
        r"(?P<value>[^\s\"'`$<>{}()\[\]|&;,-][^\s\"'`$<>{}()\[\]|&;,]{3,300})",
    ),
)
"""Like `PLACE_RULES`, with a name that decides what the value must look like."""
