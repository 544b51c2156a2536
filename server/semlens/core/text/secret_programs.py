"""Where known programs take a secret: on their command line, in their files, in calls of libraries. Data alone.

`secret_forms` makes rules of them, and says what the groups of an expression mean.
"""

from __future__ import annotations

GAP = r"\s{0,5}"
QUOTE = r"[\"']?"
COMMAND = r"(?:[^\n|;]|\\\n){0,200}?\s"
"""The part of a command before an option. It may go over several lines."""

_PASSWORD = r"(?P<value>[^\s\"'$-][^\s\"']{2,200})"  # noqa: S105 - an expression
"""A word of a command that is no variable and no option."""
_HOST = r"[\w.-]{1,100}"
_STRING = r"[\"'`][^\"'`\n]{1,60}[\"'`]"

PROGRAM_FORMS = (
    # (keywords of which each match contains one, expression)
    # webhooks: their address is the secret
    ("/bot", r"(\bapi\.telegram\.org/bot)(?P<always>\d{6,12}:[\w-]{30,})"),
    (
        "hook/ hooks/",
        (
            r"(?i)(://(?:outlook\.office(?:365)?\.com/webhook|hooks\.zapier\.com/hooks/catch"
            r"|open\.(?:feishu\.cn|larksuite\.com)/open-apis/bot/v2/hook)/)(?P<value>[\w@/-]{8,300})"
        ),
    ),
    ("/hooks/", r"(://[\w.:-]{1,100}/hooks/)(?P<random>[a-z0-9]{26})\b"),  # Mattermost
    # databases, directories, key stores, brokers
    ("-storepass -keypass", rf"(\s-(?:store|key)pass\s{{1,5}}{QUOTE}){_PASSWORD}"),
    (
        "chpasswd",
        rf"(\becho\s{{1,5}}{QUOTE}[\w.-]{{1,60}}:)(?P<value>[^\s\"'$|]{{3,200}})(?={QUOTE}{GAP}\|[^\n]{{0,40}}chpasswd)",
    ),
    (
        "mysql mariadb",
        r"([\"'](?:mysql|mariadb)\w{0,12}[\"'],[^\n\]]{0,200}?[\"']-p)(?P<value>[^\s\"'$]{3,200})",
    ),
    ("freerdp", rf"(\bw?x?freerdp\d?\b{COMMAND}/p:{QUOTE}){_PASSWORD}"),
    ("/pass", rf"(?i)(\s/pass(?:word)?:{QUOTE})(?P<value>[^\s\"'%$*]{{3,200}})"),
    (
        "password=",  # of Redis, in .NET
        rf"(?i)(:\d{{2,5}},(?:{_HOST}(?::\d{{2,5}})?,){{0,5}}password=)(?P<value>[^\s\"',$]{{3,200}})",
    ),
    # files
    (
        "requirepass masterauth",
        r"(?m)((?:^[ \t]{0,20}|\s--)(?:requirepass|masterauth)\s{1,5}\"?)(?P<value>[^\s\"']{3,200})",
    ),
    (
        "authorization",  # requests of an HTTP client: user and password
        rf"(?im)(^authorization:[ \t]{{0,9}}(?:basic|digest)[ \t]{{1,9}}[^\s:{{}}]{{1,100}}[ \t]{{1,9}}){_PASSWORD}",
    ),
    (
        "npmauthident bundle_",
        rf"(?m)(^[ \t]{{0,9}}(?:npmAuthIdent|BUNDLE_\w{{1,80}}):[ \t]{{1,9}}{QUOTE}[\w.@-]{{1,60}}:){_PASSWORD}",
    ),
    (
        "-oauth gitlab-token bearer",  # of Composer
        (
            rf"(\"(?:[\w-]{{1,20}}-oauth|gitlab-token|bearer)\"{GAP}:{GAP}\{{\s{{0,40}}\"{_HOST}\"{GAP}:{GAP}\")"
            r"(?P<token>[^\s\"$]{8,500})"
        ),
    ),
    ("b3blbnnzac1rzxktdje", r"(\bb3BlbnNzaC1rZXktdjE)(?P<always>[A-Za-z0-9+/=]{20,})"),  # a key of SSH, its first line
    # keys of ciphers, salts and services in code
    (
        "hmac.new( aes.new( cookieparser( secretkeyspec(",
        rf"(\b(?:hmac\.new|AES\.new|cookieParser|SecretKeySpec)\({GAP}b?[\"'])(?P<value>[^\s\"'$]{{6,200}})(?=[\"'])",
    ),
    (
        "signedstring( cookiestore( hmac256( hmac384( hmac512( securitykey( shakeyfor( signwith( scrypt",
        (
            r"(\b(?:SignedString|NewCookieStore|HMAC(?:256|384|512)|SymmetricSecurityKey|hmacShaKeyFor|signWith|scryptSync)"
            r"\((?:[\w.]{1,60},)?\s{0,9}(?:(?:\[\]byte|[\w.]{0,40}GetBytes)\()?[\"'`])(?P<value>[^\s\"'`$]{6,200})(?=[\"'`])"
        ),
    ),
    (
        "tochararray",
        (
            rf"(\b(?:load|getKey|PasswordProtection|init)\((?:[^;\n\"]{{1,80}},)?{GAP}\")(?P<value>[^\s\"]{{4,100}})"
            r"(?=\"\.toCharArray\(\))"
        ),
    ),
    (
        "salt pepper",
        rf"(?i)(\b[\w-]{{0,40}}(?:salt|pepper)[\"'\]]{{0,2}}{GAP}(?::=|=>|=|:){GAP}b?[\"'])(?P<mixed>[^\s\"']{{8,200}})(?=[\"'])",
    ),
    ("salt= pepper=", r"(?m)(^(?:export )?[A-Z0-9_]{0,40}(?:SALT|PEPPER)=)(?P<mixed>[^\s\"'$]{8,40})$"),
    (".new( .init(", r"(\b\w{1,30}\.(?:[nN]ew|init)\([\"'])(?P<random>[A-Za-z0-9]{24,64})(?=[\"'])"),
)

BEGINNING_FORMS = (
    # (keywords with one of which each match begins, expression)
    (
        "7z zip unzip",
        (
            rf"(\b(?:7z[ar]?\s{{1,5}}[axetul]\s{COMMAND}?-p|(?:un)?zip\s{COMMAND}?-P\s{{1,5}}){QUOTE})"
            r"(?P<value>[^\s\"'$-][^\s\"']{3,200})"
        ),
    ),
    ("ansible_", r"(\bansible_(?:ssh_|become_|sudo_|su_)?pass(?:word)?=[\"']?)(?P<value>[^\s\"'{}]{3,200})"),
    (
        "curl",
        (
            rf"(?i)(\bcurl\b{COMMAND}(?:-u|--user|-U|--proxy-user)[ =]?{QUOTE}[^\s:\"'$]{{1,100}}:)"
            r"(?P<value>[^\s\"']{3,200})"
        ),
    ),
    ("mysql mariadb", rf"(\b(?:mysql|mariadb)[\w-]{{0,12}}{COMMAND}-p{QUOTE})(?P<value>[^\s\"'-][^\s\"']{{2,200}})"),
    (
        "htpasswd",
        r"(\bhtpasswd\s{1,5}-\w{0,5}b\w{0,5}\s{1,5}\S{1,100}\s{1,5}\S{1,100}\s{1,5})(?P<value>[^\s\"']{3,200})",
    ),
    (
        "http",
        rf"(\bhttps?\s{{1,5}}(?:-a|--auth)[ =]{QUOTE}[^\s:\"'$]{{1,100}}:)(?P<value>[^\s\"']{{3,200}})",
    ),
    ("smbclient", rf"(\bsmbclient\b{COMMAND}-U[ =]?{QUOTE}[^\s%\"'$]{{1,100}}%)(?P<value>[^\s\"'$]{{3,200}})"),
    (
        "mongo",
        rf"(\bmongo(?:sh|dump|restore|import|export)?\s{COMMAND}-p\s{{1,5}}{QUOTE})(?P<value>[^\s\"'$-][^\s\"']{{2,200}})",
    ),
    (
        "net",
        r"(?i)(\bnet\s{1,5}use\s[^\n/]{1,200}?\s)(?P<value>[^\s\"'$/%*]{4,200})(?=\s{1,5}/user:)",
    ),
    ("lftp", rf"(\blftp\b{COMMAND}-u\s{{1,5}}{QUOTE}[^\s,\"'$]{{1,100}},)(?P<value>[^\s\"'$]{{3,200}})"),
    ("vault", r"(\bvault\s{1,5}login\s{1,5}(?:-\S{1,40}\s{1,5}){0,4}(?:token=)?)(?P<random>[A-Za-z0-9_.-]{20,200})"),
    ("sshpass", rf"(\bsshpass\s{{1,5}}-p{GAP}{QUOTE})(?P<value>[^\s\"']{{3,200}})"),
    ("redis-cli", rf"(\bredis-cli\b{COMMAND}-a\s{{1,5}}{QUOTE})(?P<value>[^\s\"']{{3,200}})"),
    ("docker", rf"(\bdocker\s{{1,5}}login\b{COMMAND}-p[\s=]{{1,5}}{QUOTE})(?P<value>[^\s\"']{{3,200}})"),
    ("-pass", rf"(-pass(?:in|out)?\s{{1,5}}{QUOTE}pass:)(?P<value>[^\s\"']{{3,200}})"),
    (
        "convertto-securestring",
        r"(?i)(\bConvertTo-SecureString\s{1,5}(?:-String\s{1,5})?[\"'])(?P<value>[^\"'\n]{3,200})",
    ),
    ("sqlcmd bcp", rf"(\b(?:sqlcmd|bcp)\b{COMMAND}-P{GAP}{QUOTE}){_PASSWORD}"),
    (
        "sqlplus",
        rf"(\bsqlplus\s{{1,5}}(?:-\w{{1,9}}\s{{1,5}}){{0,3}}{QUOTE}\w{{1,60}}/)(?P<value>[^\s\"'$@/]{{3,200}})",
    ),
    ("ldap", rf"(\bldap[a-z]{{3,9}}\b{COMMAND}-w\s{{1,5}}{QUOTE}){_PASSWORD}"),
    (
        "rabbitmqctl",
        rf"(\brabbitmqctl\s{{1,5}}(?:add_user|change_password)\s{{1,5}}\S{{1,100}}\s{{1,5}}{QUOTE}){_PASSWORD}",
    ),
    (
        "echo printf",  # echo ... | sudo -S
        (
            rf"(\b(?:echo|printf)\s{{1,5}}(?:-\w{{1,3}}\s{{1,5}}){{0,2}}{QUOTE})(?P<value>[^\s\"'$|`]{{3,200}})"
            rf"(?={QUOTE}{GAP}\|[^\n|]{{0,80}}?(?:-stdin\b|\bsudo\s{{1,5}}-S|\bpasswd\b|-fd[ =]0|\bcryptsetup|\bkinit))"
        ),
    ),
    ("twine snowsql cqlsh", rf"(\b(?:twine|snowsql|cqlsh)\b{COMMAND}-p\s{{1,5}}{QUOTE}){_PASSWORD}"),
    ("ipmitool mosquitto_", rf"(\b(?:ipmitool|mosquitto_\w{{1,9}})\b{COMMAND}-P\s{{1,5}}{QUOTE}){_PASSWORD}"),
    ("ssh-keygen", rf"(\bssh-keygen\b{COMMAND}-[NP]\s{{1,5}}{QUOTE}){_PASSWORD}"),
    ("wpa_passphrase", rf"(\bwpa_passphrase\s{{1,5}}\S{{1,60}}\s{{1,5}}{QUOTE}){_PASSWORD}"),
    ("nmcli mysqladmin", rf"(\b(?:nmcli|mysqladmin)\b{COMMAND}password\s{{1,5}}{QUOTE}){_PASSWORD}"),
    ("gh", rf"(\bgh\s{{1,5}}secret\s{{1,5}}set\b{COMMAND}(?:-b|--body)[\s=]{{1,5}}{QUOTE}){_PASSWORD}"),
    ("net", r"(?i)(\bnet\s{1,5}user\s{1,5}[\w.-]{1,60}\s{1,5})(?P<value>[^\s/*%$\"'][^\s\"']{2,100})(?=\s{1,5}/)"),
    (
        "password passphrase",  # of expect
        (
            r"(?i)(\b(?:password|passphrase)[^\n]{0,40}\n{0,2}[ \t]{0,20}(?:\{[ \t]{0,9})?send\s{1,5}(?:--\s)?[\"'])"
            r"(?P<value>[^\s\"'$\\]{3,100})(?=\\[rn][\"'])"
        ),
    ),
    ("insecure-password", rf"(\binsecure-password\s{{1,5}}){_PASSWORD}"),  # of HAProxy
    ("stats", rf"(\bstats\s{{1,5}}auth\s{{1,5}}[^\s:]{{1,60}}:){_PASSWORD}"),
    (
        "user setuser",
        r"(?im)(\b(?:user|setuser)\s{1,5}\S{1,60}\s{1,5}(?:on|off)\s(?:[^\n>]{0,60}\s)?>)(?P<value>[^\s$]\S{2,200})",
    ),
    ("az", rf"(\baz\s{{1,5}}login\b{COMMAND}-p\s{{1,5}}{QUOTE}){_PASSWORD}"),
    ("openssl", rf"(\bopenssl\b{COMMAND}-k\s{{1,5}}{QUOTE}){_PASSWORD}"),
    (
        "user login email e-mail",  # Username: admin, Password: ...
        (
            r"(?i)(\b(?:user(?:[ _]?name)?|login|e-?mail)[*`\"]{0,3}[ ]?[:=]\*{0,2}[ ]?[^\s,;|]{1,60}[,;/|]?[ \t]{1,3}"
            r"(?:and[ ])?[-*]?[ ]?[*`\"]{0,3}(?:pass(?:word|wd)?|pwd?)[*`\"]{0,3}[ ]?[:=]\*{0,2}[ ]?[\"'`]?)"
            r"(?P<mixed>[^\s\"'`,;|(){}\[\]<>]{4,100})(?=[\s\"'`,;|]|\Z)"
        ),
    ),
    (
        "pass",  # of an application at Google
        r"(?i)(\bpass[\w.-]{0,40}[\"']?[ ]?[:=][ ]?[\"']?)(?P<always>(?-i:[a-z]{4}(?: [a-z]{4}){3}))\b",
    ),
    (
        "createhmac createcipher createdecipher",
        rf"(\bcreate(?:Hmac|Cipher|Decipher)(?:iv)?\({GAP}{_STRING},{GAP}[\"'`])(?P<value>[^\s\"'`$]{{6,200}})(?=[\"'`])",
    ),
)
