"""Regular expressions for secrets of many lines or in a known place. `secrets` applies them.

`token_forms` has the tokens whose issuers publish their form. Every expression takes time in proportion to the text:
nothing that follows a repetition without a bound can make it backtrack.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from functools import cached_property

from semlens.core.text.secret_names import KEY_NAME, PASSWORD_NAME, SHORT_NAME
from semlens.core.text.secret_programs import BEGINNING_FORMS, PROGRAM_FORMS
from semlens.core.text.secret_programs import COMMAND as _COMMAND
from semlens.core.text.secret_programs import GAP as _GAP
from semlens.core.text.secret_programs import QUOTE as _QUOTE

_KEY_BLOCK = "[A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"

BLOCK_RULES = (
    # (keyword that every match contains, expression). A passage may end within a block, so either end may be missing.
    ("PRIVATE KEY", re.compile(rf"(?s)-----BEGIN {_KEY_BLOCK}.*?(?:-----END {_KEY_BLOCK}|\Z)")),
    ("PRIVATE KEY", re.compile(rf"\A[A-Za-z0-9+/=\s]+-----END {_KEY_BLOCK}")),
    ("PuTTY-User", re.compile(r"(?s)PuTTY-User-Key-File-\d.*?(?:Private-MAC:[^\n]*|\Z)")),
    ("SSH2 ENCRYPTED", re.compile(r"(?s)---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----.*?(?:---- END SSH2|\Z)")),
    ("Static key V1", re.compile(r"(?s)-----BEGIN OpenVPN Static key V1-----.*?(?:-----END OpenVPN Static|\Z)")),
)

_SECRET_NAME = rf"(?:{PASSWORD_NAME}|{KEY_NAME}|token|{SHORT_NAME})s?"
_NAME_GROUP = rf"(?P<name>[\w.:-]{{0,60}}?{_SECRET_NAME}[\w.-]{{0,20}})"
_SESSION_NAME = r"(?:sess\w{0,20}|sid|token|auth\w{0,20})"


class ValueGroup(enum.StrEnum):
    """The groups of `PLACE_RULES`: when their text counts as a secret."""

    ALWAYS = "always"
    VALUE = "value"
    """Unless it is a placeholder."""
    TOKEN = "token"  # noqa: S105 - the name of a group
    """Unless it is a word or a placeholder."""
    MIXED = "mixed"
    """If it has letters, and digits or punctuation."""
    RANDOM = "random"
    """If it looks random and is no placeholder."""


@dataclass(frozen=True)
class PlaceRule:
    """An expression that finds a secret by the text before it.

    :ivar keywords: lower-case strings. Every match contains one, so other texts are skipped quickly.
    :ivar begins: lower-case strings, if every match begins with one of them. Then no other place is tried.
    :ivar in_line: every match is within one line, and has the name of a secret there.
    :ivar part: an expression that is found faster, if every match contains a match of it.
    """

    keywords: frozenset[str]
    expression: str
    begins: tuple[str, ...] = ()
    in_line: bool = False
    part: str = ""

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Compiled when a text has a keyword. To compile all of them takes longer than a search."""
        return re.compile(self.expression)

    @cached_property
    def group(self) -> ValueGroup:
        """That of `PLACE_RULES`."""
        return next(group for group in ValueGroup if group in self.pattern.groupindex)


def _rule(keywords: str, *parts: str, begins: str = "", in_line: bool = False, part: str = "") -> PlaceRule:
    """:param begins: see `PlaceRule`; "*" stands for the keywords."""
    return PlaceRule(
        frozenset(keywords.split()),
        "".join(parts),
        tuple((keywords if begins == "*" else begins).split()),
        in_line,
        part,
    )


PLACE_RULES = (
    # in a URL and its query
    _rule(
        "://",
        r"(\b[a-z][a-z0-9+._-]{0,30}://[^\s/:@\"']{0,200}:)(?P<value>[^\s/@\"']{3,200})(?=@)",
        part=r"://[^\s/:@\"']{0,200}:[^\s/@\"']{3,200}@",
    ),
    _rule("://", r"(://)(?P<random>[A-Za-z0-9_.~-]{16,200})(?=(?::[^\s/:@\"']{0,200})?@|:x-oauth)"),
    _rule("key= appid= auth=", r"([?&][\w-]{0,20}(?:key|appid|auth)=)(?P<random>[A-Za-z0-9_.~-]{16,200})"),
    _rule(
        "=",
        rf"(?i)([?&](?:[\w-]{{0,40}}{PASSWORD_NAME})=)(?P<value>[^\s\"'&;#<>{{}}()]{{4,200}})",
        part=r"[?&][\w-]{3,60}=",
    ),
    _rule(
        "=",
        rf"(?i)([?&;](?:[\w-]{{0,40}}{_SECRET_NAME}|sig|signature|x-amz-signature)=)(?P<token>[^\s\"'&;#<>{{}}]{{6,500}})",
        part=r"[?&;][\w-]{1,80}=",
    ),
    # in headers
    _rule(
        "authorization",
        rf"(?i)(\b(?:proxy-)?authorization\b[\"']?\]?{_GAP}[:=,]{_GAP}(?:[a-z]?[\"'`])?",
        r"(?:basic|bearer|token|digest|apikey|api-key|key|negotiate|ssws)\s{1,5}(?:[\"'`]\s{0,5}[+.&]\s{0,5}[\"'`])?)",
        r"(?P<token>[A-Za-z0-9+/=_.~:-]{8,1000})",
    ),
    _rule(
        "authorization",
        rf"(?i)(\bauthorization\b{_QUOTE}{_GAP}[:=,]{_GAP}{_QUOTE}(?:[\w-]{{2,20}} (?:token=)?)?)",
        r"(?P<random>[A-Za-z0-9+/=_.~-]{16,999})",
    ),
    _rule("bearer", r"(?i)(\bbearer\s{1,20})(?P<token>[A-Za-z0-9_~+/.-]{20,}=*)"),
    _rule(
        "x- private- deploy- job- ocp-",
        rf"(?i)(\b(?:x-[\w-]{{0,30}}|private-|deploy-|job-|ocp-apim-subscription-)(?:key|token|secret|auth){_QUOTE}",
        rf"(?:{_GAP}[:,=]{_GAP}(?:\[|(?:\n[ \t]{{0,40}})?-[ \t])?|[ \t]{{1,5}}(?=[\"'])){_QUOTE})",
        r"(?P<token>[^\s\"'`<>()\[\]\\]{6,500})(?![()])",
        begins="*",
    ),
    _rule(
        "cookie",
        rf"(?i)(\bcookie{_QUOTE}{_GAP}[:=,]{_GAP}{_QUOTE}[^\n\"']{{0,200}}?{_SESSION_NAME}=)",
        r"(?P<random>[^\s\"';,]{16,1000})",
    ),
    _rule(
        "curl",
        rf"(?i)(\bcurl\b{_COMMAND}(?:-b|--cookie)[ =]?{_QUOTE}(?:[\w-]{{1,40}}=[^\s;\"']{{0,99}};\s?){{0,4}}",
        rf"\w{{0,20}}?{_SESSION_NAME}=)(?P<random>[^\s\"';,]{{16,1000}})",
    ),
    # in connection strings
    _rule(
        "key=",
        r"(?i)(\b(?:account|sharedaccess)key=)(?P<value>[A-Za-z0-9+/=]{40,})",
        begins="accountkey= sharedaccesskey=",
    ),
    _rule(
        "password pwd", rf"(?i)([;\"']{_GAP}(?:password|pwd){_GAP}={_GAP})(?P<value>[^\s;\"'{{}}<>]{{3,200}})(?=[;\"'])"
    ),
    _rule(
        "password=",
        r"(?i)(\b(?:user(?:\s?id|name)?|uid|dbname|host)=[^\s;,()\"'{}]{1,100}\s{1,5}(?:\w{1,20}=[^\s,]{1,100}\s{1,5}){0,4}",
        r"password=)(?P<value>[^\s;,%()\"'{}<>]{3,200})(?![,()])",
    ),
    _rule(
        "pass",
        r"(?i)(\buser(?:name)?=[^\s,=]{1,100},pass(?:word)?=)(?P<value>[^\s,\"']{3,200})",
        begins="user= username=",
    ),
    _rule("@/", r"([\"'`][\w.-]{1,60}:)(?P<value>[^\s@:\"'`/]{3,200})(?=@/\w)"),  # of Go's driver of MySQL
    _rule("@tcp @unix", r"((?:[\"'`=\s]|\A)[\w.-]{1,60}:)(?P<value>[^\s@:\"'`/]{3,200})(?=@(?:tcp|unix)\()"),
    _rule("${", rf"(?i)(\$\{{[\w.-]{{0,60}}{_SECRET_NAME}:)(?P<token>[^\s{{}}:$\"'-][^\s{{}}$\"']{{5,300}})(?=\}})"),
    _rule("jdbc:oracle", r"(\bjdbc:oracle:\w{1,10}:[^\s/:@\"']{1,60}/)(?P<value>[^\s/@\"']{3,200})(?=@)"),
    # on a command line
    _rule(
        "-h",
        rf"(?i)(\s(?:-H|--header)[ =]?{_QUOTE}[\w-]{{0,40}}(?:key|token|secret|auth)[\w-]{{0,20}}:\s{{0,5}})",
        r"(?P<token>[^\s\"'$<]{16,1000})(?=[\"'])",
    ),
    # after a user name, in code and in SQL
    _rule(
        "auth login credential imap_open( wifi",
        r"(?i)((?:\bauth\s{0,5}=\s{0,5}\(|basic_?auth(?:entication)?\s{0,5}=?,?\s{0,5}[({]|(?:Network|Password)Credentials?\("
        r"|\.login\(|\bcredentials(?:\.basic)?\(|\bftp_login\([^\n,]{1,40},|\bimap_open\([^\n,]{1,100},"
        r"|\bPlainAuth\([^\n,]{0,60},|\bWiFi\.begin\()",
        r"\s{0,40}[a-z]?[\"'][^\"'\n]{1,100}[\"']\s{0,5},\s{0,40}(?:\w{1,20}\()?[a-z]?[\"'])",
        r"(?P<value>[^\"'\s]{4,200})(?=[\"'])",
        begins="auth basic_auth basicauth networkcredential passwordcredential .login( credentials ftp_login( "
        "imap_open( plainauth( wifi",
    ),
    _rule(
        "connect pdo mysqli ftp sequelize",
        r"(?i)((?:\b(?:getConnection|DBI->connect|PDO|mysqli?_connect|mysqli|(?:MySQLdb|pymysql|pymssql)\.connect|epgsql:connect|FTP(?:_TLS)?"
        r"|Sequelize)\(|->real_connect\(|mysql_real_connect\([^\n,()]{1,60},)\s{0,20}",
        r"(?:[^\n,()]{1,200},\s{0,40}){2}[\"'])(?P<value>[^\"'\s]{4,200})(?=[\"'])",
        begins="getconnection( dbi->connect( pdo( mysql_connect( mysqli mysqldb.connect( ftp( ftp_tls( sequelize( "
        "->real_connect( mysql_real_connect( pymysql.connect( pymssql.connect( epgsql:connect(",
    ),
    _rule(
        "password passwd secret",
        rf"(?i)(\{{\s{{0,5}}{_SECRET_NAME},\s{{0,5}}<{{0,2}}\")(?P<value>[^\"\s]{{4,200}})(?=\")",
    ),
    _rule(
        "password passwd secret", rf"(?i)(:[\w-]{{0,40}}{PASSWORD_NAME}\s{{1,5}}\")(?P<value>[^\"\s]{{4,200}})(?=\")"
    ),
    _rule(
        "accounts", r"(\baccounts[\"']?\s{0,5}[:=]\s{0,5}\[\s{0,20}[\"'`](?:0x)?)(?P<value>[0-9a-fA-F]{64})(?=[\"'`])"
    ),
    _rule(
        "identified",
        r"(?i)(\bidentified\s{1,5}(?:with\s{1,5}\S{1,60}\s{1,5})?(?:by|as)\s{1,5}(?:password\s{1,5})?[\"'])",
        r"(?P<value>[^\"'\s]{3,200})",
        begins="*",
    ),
    _rule(
        "identified",
        r"(?i)(\bidentified\s{1,5}by\s{1,5})(?P<mixed>[a-z][\w$#]{3,100})(?=\s{0,20}(?:;|\Z|default\b|account\b))",
        begins="*",
    ),
    _rule(
        "password",
        r"(?i)(\b(?:with|encrypted|role|user)\b[^\n;]{0,200}?\bpassword\s{1,5}')(?P<value>[^'\s]{3,200})(?=')",
        begins="with encrypted role user",
    ),
    # in calls whose argument is a secret
    _rule(
        "jwt.",
        r"(\bjwt\.(?:sign|verify|encode|decode)\([^\n\"'`]{1,80},\s{0,40})b?[\"'](?P<value>[^\"'\n]{6,300})(?=[\"'])",
    ),
    _rule("fernet", r"(\bFernet\(b?[\"'])(?P<always>[A-Za-z0-9+/_-]{43}=)(?=[\"'])"),
    _rule("client(", r"([cC]lient\(\s{0,40}[\"'])(?P<random>[A-Za-z0-9_-]{24,200})(?=[\"']\s{0,40}[,)])"),
    _rule("client(", r"(\bClient\([\"'](?:AC\w{32}|\[masked\])[\"'],\s{0,40}[\"'])(?P<value>[a-z0-9]{32})(?=[\"'])"),
    _rule(
        "wallet privatekeyto",
        r"(\b(?:Wallet|privateKeyTo\w{1,20})\(\s{0,10}[\"'](?:0x)?)(?P<value>[0-9a-fA-F]{64})(?=[\"'])",
    ),
    _rule(
        "session( client( resource(",
        r"((?:Session|client|resource)\([^\n)]{0,80}[\"']\s{0,5},\s{0,40}[\"'])(?P<random>[A-Za-z0-9/+]{40})(?=[\"'])",
    ),
    _rule(
        "credential staticv",
        r"((?:Credentials?(?:\.new)?|StaticV\d)\(\s{0,40}[\"'][^\"'\n]{3,100}[\"'],\s{0,40}[\"'])",
        r"(?P<token>[A-Za-z0-9/+=_-]{20,100})(?=[\"'])",
    ),
    _rule(
        "omniauth provider",
        r"(\b(?:omniauth|provider)\s{0,5}\(?\s{0,5}:\w{1,40},\s{0,40}[\"'][^\"'\n]{4,100}[\"'],\s{0,40}[\"'])",
        r"(?P<random>[\w-]{16,200})(?=[\"'])",
        begins="*",
    ),
    _rule("session(", r"(\bsession\(\{[^{}]{0,300}?\bsecret:\s{0,5}[\"'])(?P<value>[^\"'\n]{6,200})(?=[\"'])"),
    _rule(
        "env.fetch",
        rf"(?i)(\bENV\.fetch\([\"']\w{{0,40}}{_SECRET_NAME}[\"']\)\s{{0,5}}\{{\s{{0,5}}[\"'])(?P<value>[^\"'\n]{{4,200}})",
    ),
    _rule(
        "secret_key",
        r"(?i)(\bsecret_key(?:_base)?[\"'\]]{0,2}\s{0,5}=\s{0,5}b?(?P<quote>[\"']))(?=[^\"'\n]{0,200}[0-9!#%^*+~\\])"
        r"(?P<value>(?:[^\\\"'\n]|\\[^\n]){6,200}?)(?=(?P=quote))",
    ),
    _rule(
        "_key _salt",
        r"(\bdefine\(\s{0,5}[\"'](?:AUTH|SECURE_AUTH|LOGGED_IN|NONCE)_(?:KEY|SALT)[\"']\s{0,5},\s{0,20}[\"'])"
        r"(?P<always>[^\"'\n]{20,200})(?=[\"'])",
        begins="define(",
    ),
    _rule("q~", r"(\dQ~)(?P<always>[A-Za-z0-9_.~-]{31,34})"),  # Azure
    *(_rule(keywords, expression) for keywords, expression in PROGRAM_FORMS),
    *(_rule(keywords, expression, begins="*") for keywords, expression in BEGINNING_FORMS),
    # of passwords
    _rule("sha}", r"(?i)(?P<always>\{S?SHA\}[A-Za-z0-9+/]{20,}={0,2})"),
    _rule(
        "pbkdf2 scrypt", r"(?P<always>\b(?:pbkdf2[_:-]sha\d{1,3}|scrypt)[$:]\d{1,9}[$:][\w./+$:=]{30,300})", begins="*"
    ),
    _rule("$", r"(?P<always>\$(?:2[abxy]\$\d\d|[156y]|apr1|argon2id?)\$[\w./$,=+-]{20,200})"),
    # in configuration files of known programs
    _rule(
        "variable",
        rf"(?i)(\bvariable\s{{1,5}}\"[\w-]{{0,40}}{_SECRET_NAME}\w{{0,20}}\"\s{{0,5}}\{{(?:[^{{}}]|\{{[^{{}}]{{0,99}}\}}){{0,300}}?\bdefault\s{{0,10}}=\s{{0,10}}\")",
        r"(?P<value>[^\"\n]{4,300})(?=\")",
        begins="*",
    ),
    _rule(
        "storepassword keypassword",
        r"(?m)(^[ \t]{0,40}(?:store|key)Password[ \t]{1,5}[\"'])(?P<value>[^\"'\n$]{4,200})",
    ),
    _rule("bindpassword", r"(?im)(^[ \t]{0,20}\w{0,20}BindPassword[ \t]{1,5}\"?)(?P<value>[^\s\"'$]{4,200})"),
    _rule(
        "password passwd",
        r"(?im)((?:#|//|--|\*)[^\n]{0,200}?\bpass(?:word|wd)(?: is|:| =)[ \t]{1,5}[\"'`]?)",
        r"(?P<mixed>[^\s\"'`]{6,100})(?=[\"'`]?[ \t\r]{0,9}$)",
    ),
    _rule(
        "<input",
        r"(?i)(<input\b(?=[^<>]{0,300}\btype=[\"']?password\b)[^<>]{0,300}?\svalue=[\"'])",
        r"(?P<value>[^\s\"'<>]{3,200})(?=[\"'])",
        begins="*",
    ),
    _rule("bindpw rootpw", r"(?m)(^[ \t]{0,20}(?:bind|root)pw[ \t]{1,10})(?P<value>[^\s{]\S{3,200})"),
    # a parameter of CloudFormation
    _rule(
        "noecho",
        rf"(?i)(\bNoEcho{_QUOTE}:[^{{}}]{{0,200}}?\bDefault{_QUOTE}:[ \t]{{0,9}}{_QUOTE})",
        r"(?P<value>[^\s\"'{},]{4,200})",
        begins="*",
    ),
    _rule(
        "noecho",
        rf"(?i)(\bDefault{_QUOTE}:[ \t]{{0,9}}{_QUOTE})",
        r"(?P<value>[^\s\"'{},]{4,200})(?=[^{}]{0,200}?\bNoEcho\b)",
        begins="default",
    ),
    _rule("snmp-server", r"(\bsnmp-server community )(?P<value>\S{3,100})"),
    _rule(
        "secret password", r"(?m)(^[ \t]{0,10}(?:enable|username \S{1,60}) (?:secret|password) \d )(?P<value>\S{4,200})"
    ),
    _rule(
        "buildconfigfield",
        rf"(?i)(\bbuildConfigField\s?\(?[^\n]{{0,60}}\"\w{{0,40}}{_SECRET_NAME}\"\s{{0,5}},\s{{0,10}}[\"'](?:\\\"|\"))(?P<value>[^\"'\\\n]{{6,300}})",
    ),
    _rule('"kty"', r"(\"(?:d|p|q|dp|dq|qi|k)\"\s{0,5}:\s{0,5}\")(?P<always>[A-Za-z0-9_-]{40,})(?=\")"),
    _rule(":_authtoken", r"(:_authToken=\s*)(?P<always>[^\s\"'$]{4,})"),
    _rule(
        "_auth _password",
        r"(?m)^((?://[^\s=]{1,100}:)?_(?:auth|password)\s{0,5}=\s{0,5}\"?)(?P<value>[^\s\"'$]{4,500})",
    ),
    _rule(
        "password",
        r"(?i)(\b(?:machine|login|default|account)\s{1,5}\S{1,100}\s{1,5}(?:(?:login|account)\s{1,5}\S{1,100}\s{1,5})?",
        r"password\s{1,5})(?P<value>\S{3,200})",
        begins="machine login default account",
    ),
    _rule(
        ":",
        r"(?m)^([\w.*-]{1,100}:(?:\d{1,5}|\*):[\w.*-]{1,60}:[\w.*-]{1,60}:)(?P<value>[^\s:]{3,200})$",
        part=r":(?:\d{1,5}|\*):[\w.*-]",
    ),
    _rule("client-key-data", rf"(?i)(\bclient-key-data:{_GAP}{_QUOTE})(?P<value>[A-Za-z0-9+/=]{{20,}})"),
    _rule(
        "mnemonic seed",
        rf"(?i)(\b(?:mnemonic|seed[_ -]?phrase)\b{_QUOTE}{_GAP}[:=]{_GAP}[\"'])",
        r"(?P<value>[a-z]{3,8}(?: [a-z]{3,8}){11,23})(?=[\"'])",
        begins="*",
    ),
)
"""Secrets in a known place: in a URL, a header, a command, a file of a program.

The name of the group says when its text counts as a secret, see `ValueGroup`.
"""

NAMED_PLACE_RULES = (
    # <password>...</password>, <string name="api_key">...</string>, <key>password</key><string>...</string>
    _rule(
        "</",
        rf"(?i)(<{_NAME_GROUP}(?:\s[^<>]{{0,200}})?>\s{{0,20}}(?:<!\[CDATA\[)?)",
        r"(?P<value>[^<>\s\]]{3,300})(?=(?:\]\]>)?\s{0,20}</)",
    ),
    _rule(
        "</",
        rf"(?i)(<\w{{1,20}}\s{{1,5}}(?:name|key){_GAP}={_GAP}[\"']{_NAME_GROUP}[\"'][^<>]{{0,100}}>",
        r"\s{0,20}(?:<value>)?(?:<!\[CDATA\[)?)(?P<value>[^<>\s\]]{3,300})(?=(?:\]\]>)?</)",
    ),
    _rule("<key>", rf"(?i)(<key>{_NAME_GROUP}</key>\s{{0,40}}<string>)(?P<value>[^<>\s]{{3,300}})(?=</)"),
    # name="PASSWORD" value="...", {"name": "PASSWORD", "value": "..."}, - name: PASSWORD\n  value: ...
    _rule(
        "value",
        rf"(?i)(\b(?:name|key|ParameterKey){_QUOTE}{_GAP}[=:]{_GAP}{_QUOTE}{_NAME_GROUP}{_QUOTE}{_GAP}[,\s]\s{{0,40}}",
        rf"{_QUOTE}(?:Parameter)?value{_QUOTE}{_GAP}[=:]{_GAP}{_QUOTE})(?P<value>[^\s\"'`<>,{{}}]{{3,300}})",
        begins="name key parameterkey",
    ),
    # ENV DB_PASSWORD ..., #define PASSWORD "...", (setq password "...", aws configure set aws_secret_access_key ...
    _rule(
        "env arg define setq defvar def config set",
        r"(?im)((?:^[ \t]{0,20}(?:ENV|ARG|setenv|setx|set[ \t]{1,5}-\w{1,5}|set(?=[ \t]{1,5}[\w.-]{1,90}[ \t]{1,5}\"))",
        r"|#[ \t]{0,5}define|\((?:setq|defvar|def)|\bconfig(?:ure)?[ \t]{1,3}set)",
        rf"[ \t]{{1,5}}\$?{_NAME_GROUP}[ \t]{{1,20}}{_QUOTE})(?P<value>[^\s\"'$()]{{3,300}})",
        in_line=True,
    ),
    _rule(
        "--",
        rf"(?i)(--(?:from-literal|set|set-string|build-arg|env|var)[= ]{_QUOTE}{_NAME_GROUP}=)",
        r"(?P<value>[^\s\"'$]{3,300})",
        in_line=True,
    ),
    # a line of two words: password ...
    _rule(
        "pass pw secret token key",
        rf"(?im)(^[ \t]{{0,20}}{_NAME_GROUP}[ \t]{{1,20}})(?P<value>[^\s\"'`=:]\S{{5,200}})(?=[ \t]{{0,9}}$)",
        in_line=True,
    ),
    # --password=..., --token ...
    _rule(
        "-",
        rf"(?i)(?<![\w-])(--?(?P<name>(?:\w{{1,20}}-){{0,4}}{_SECRET_NAME})(?:=|[ \t]{{1,3}}){_QUOTE})",
        r"(?P<value>[^\s\"'`$<>{}()\[\]|&;,-][^\s\"'`$<>{}()\[\]|&;,]{3,300})",
        in_line=True,
    ),
)
"""Like `PLACE_RULES`, with a name that decides what the value must look like."""

BASIC_AUTH_RULES = (
    _rule('"auth"', r'("auth"\s{0,5}:\s{0,5}")(?P<value>[A-Za-z0-9+/]{8,500}={0,2})(?=")'),
    _rule(
        "basic",
        r"(?i)(\bbasic[ \t]{1,5})(?P<value>[A-Za-z0-9+/]{8,500}={0,2})(?![A-Za-z0-9+/=])",
        begins="*",
    ),
)
"""They find ``user:password`` in base64."""

KEYWORDS = frozenset(word for rule in (*PLACE_RULES, *NAMED_PLACE_RULES, *BASIC_AUTH_RULES) for word in rule.keywords)
