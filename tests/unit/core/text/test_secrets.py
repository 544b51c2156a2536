"""Masking of secrets: known forms, the forms of a reference library of detectors, and nothing else."""

from __future__ import annotations

import re
import string

import pytest
from detect_secrets.plugins import (
    artifactory,
    aws,
    azure_storage_key,
    discord,
    github_token,
    gitlab_token,
    mailchimp,
    npm,
    openai,
    pypi_token,
    sendgrid,
    slack,
    square_oauth,
    stripe,
    telegram_token,
    twilio,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from semlens.core.text.long_secrets import without_long_secrets
from semlens.core.text.secrets import MASK, is_environment_text, mask_secrets

FAKE = "Z" * 8
BASE64 = "zzzz"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f'password = "{FAKE}"', f'password = "{MASK}"'),
        (f"API_KEY: '{FAKE}'", f"API_KEY: '{MASK}'"),
        (f'"client_secret": "{FAKE}"', f'"client_secret": "{MASK}"'),
        ("db:\n  password: zz11zz\n", f"db:\n  password: {MASK}\n"),
        ("spring.datasource.password=zz11zz\n", f"spring.datasource.password={MASK}\n"),
        ("AKIA" + "Z" * 16, MASK),
        ("ghp_" + "z" * 36, MASK),
        (f"postgres://user:{FAKE}@host/db", f"postgres://user:{MASK}@host/db"),
        (f"redis://:{FAKE}@host", f"redis://:{MASK}@host"),
        (f"curl -H 'Authorization: Bearer {FAKE * 4}'", f"curl -H 'Authorization: Bearer {MASK}'"),
        (f"AccountKey={'z' * 86}==;EndpointSuffix=x", f"AccountKey={MASK};EndpointSuffix=x"),
        ("-----BEGIN RSA PRIVATE KEY-----\nzzz\n-----END RSA PRIVATE KEY-----", MASK + "\n\n"),
        (f"x = '''\n-----BEGIN PRIVATE KEY-----\n{BASE64}\n", f"x = '''\n{MASK}\n\n"),
        (f"{BASE64}\n{BASE64}\n-----END PRIVATE KEY-----\n'''", f"{MASK}\n\n\n'''"),
    ],
)
def test_secrets_of_known_forms_are_masked(text: str, masked: str) -> None:
    assert mask_secrets(text) == (masked, 1)
    assert mask_secrets(masked)[0] == masked
    assert mask_secrets(text.replace("\n", "\r\n")) == (masked.replace("\n", "\r\n"), 1)


HEX = "3f9a1c0b7e5d2846a9b0c1d2e3f4a5b6c7d8e9f0"
MIXED = "hunter2x"
WORD = "correcthorse"
RANDOM = "q7Rk2ZpL9vXw4TnB8sYd"
BASIC = "YWRtaW46aHVudGVyMng="  # admin:hunter2x


@pytest.mark.parametrize(
    "text",
    [
        # after a name, in code of many languages
        f"token = '{HEX}'",
        f'const token: string = "{RANDOM}";',
        f'let token: &str = "{RANDOM}";',
        f'password: str = "{WORD}"',
        f'password := "{WORD}"',
        f"'password' => '{WORD}',",
        f"$password = '{WORD}';",
        f'if password == "{WORD}":',
        f'PASSWORD = b"{WORD}"',
        f'password = """{WORD}"""',
        f'{{\\"password\\": \\"{WORD}\\"}}',
        f'#define DB_PASSWORD "{WORD}"',
        f'(setq password "{WORD}")',
        f'setPassword("{MIXED}")',
        f"db_pass = '{MIXED}'",
        f"SECRET_KEY = 'django-insecure-{RANDOM}'",
        f'"token": "{HEX}"',
        # defaults of variables of the environment
        f'os.getenv("X_TOKEN", "{RANDOM}")',
        'os.getenv("X_TOKEN", "s3cr3t-hunter2x")',
        f"os.environ.get('DB_PASSWORD', '{WORD}')",
        f'os.getenv("X_TOKEN") or "{RANDOM}"',
        f"process.env.API_KEY || '{WORD}'",
        f'process.env.X_TOKEN ?? "{RANDOM}"',
        f"getenv('X_TOKEN') ?: '{RANDOM}'",
        f"ENV.fetch('DB_PASSWORD', '{WORD}')",
        f'System.getProperty("db.password", "{WORD}")',
        f'config("SECRET_KEY", default="{WORD}")',
        f"${{DB_PASSWORD:-{WORD}}}",
        # in shells and files of settings
        f"PGPASSWORD={WORD} psql -h db",
        f"export MYSQL_PWD={MIXED}",
        f"ENV DB_PASSWORD {WORD}",
        f"ENV A=1 DB_PASSWORD={MIXED}",
        f"ARG API_TOKEN={RANDOM}",
        f"password = {MIXED}",
        f"spring.datasource.password={WORD}",
        f"  password: {WORD}",
        f"token: {HEX}",
        f"aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/{RANDOM}",
        f"- name: DB_PASSWORD\n  value: {WORD}",
        f'{{"name": "DB_PASSWORD", "value": "{WORD}"}}',
        f"<password>{WORD}</password>",
        f'<string name="api_key">{RANDOM}</string>',
        f'<add key="DbPassword" value="{WORD}" />',
        f"<key>password</key>\n<string>{WORD}</string>",
        f'"auth": "{BASIC}"',
        f"_auth={RANDOM}",
        f"//registry.example.org/:_authToken={RANDOM}",
        f"//registry.example.org/:_authToken={' ' * 30}--://{HEX}",
        f"machine h\n  login me\n  password {WORD}\n",
        f"db:5432:app:me:{WORD}",
        f"client-key-data: {RANDOM}==",
        # on a command line
        f"curl -u admin:{WORD} https://example.org",
        f"curl https://example.org \\\n  --user 'admin:{MIXED}'",
        f"mysql -u root -p{WORD} db",
        f"mysqldump --password='{WORD}' db",
        f"sshpass -p '{WORD}' ssh x",
        f"redis-cli -h x -a {WORD}",
        f"docker login -u me -p {WORD} registry",
        f"openssl rsa -passin pass:{WORD}",
        f"tool --token {RANDOM}",
        f"kubectl create secret generic x --from-literal=password={WORD}",
        f'ConvertTo-SecureString "{WORD}" -AsPlainText',
        # in headers, addresses and connections
        f"Authorization: Basic {BASIC}",
        f'headers = {{"Authorization": "Basic {BASIC}"}}',
        f"-H 'Authorization: Token {HEX}'",
        f"X-Api-Key: {RANDOM}",
        f'curl -H "PRIVATE-TOKEN: {RANDOM}"',
        f"Cookie: theme=dark; sessionid={RANDOM}",
        f"https://example.org/?access_token={RANDOM}&x=1",
        f"https://example.org/c?sv=1&sig={RANDOM}%3D",
        f"https://{HEX}@example.org/x/y",
        f"Server=db;User Id=sa;Password={WORD};",
        f"host=db user=app password={WORD} dbname=x",
        f"jdbc:mysql://h/db?user=a&password={WORD}",
        f"requests.get(url, auth=('me', '{WORD}'))",
        f"CREATE USER me IDENTIFIED BY '{WORD}'",
        # in calls whose argument is a secret
        f"jwt.sign(payload, '{MIXED}')",
        f"Fernet(b'{RANDOM * 2}abc=')",
        f"cohere.Client('{RANDOM}{RANDOM}')",
        f"new Wallet('0x{HEX}{HEX[:24]}')",
        f"session({{ resave: false, secret: '{WORD} 9x' }})",
        f"ENV.fetch('DB_PASSWORD') {{ '{WORD}' }}",
        f"app.secret_key = b'_5#y\\n{WORD}'",
        f"define('AUTH_KEY', '{WORD}{{}};:<{RANDOM}');",
        f'buildConfigField("String", "API_KEY", "\\"{RANDOM}\\"")',
        # in files of other programs and other languages
        f'variable "db_password" {{\n  default = "{WORD}"\n}}',
        f"h1 ansible_host=x ansible_ssh_pass={MIXED}",
        f"    storePassword '{WORD}'",
        f"bindpw {WORD}",
        f'{{"kty": "oct", "k": "{RANDOM}{RANDOM}"}}',
        f"PresharedKey = {RANDOM}{RANDOM}abc=",
        f"passwort = '{MIXED}'",
        f"mot_de_passe: {MIXED}",
        f"аватар, пароль = '{MIXED}'",
        f"7z x -p{MIXED} a.7z",
        f"zip -r -P {MIXED} a.zip b",
        f"curl -H 'apikey: {RANDOM}'",
        f"jdbc:oracle:thin:scott/{MIXED}@h:1521:x",
        f"admin:$2b$12${'a1' * 26}A",
        f"aws_session_token={RANDOM * 20}",
        f"AZDO_PAT={RANDOM}",
        # behind the name of a service
        f"rollbar.init('{HEX[:32]}', environment='x')",
        f"algoliasearch('APP', '{HEX[:32]}')",
        f"sonar.login={HEX}",
        f"writeKey: {HEX[:32]}",
        f"hmacKey = '{HEX}';",
        # in further places and languages
        f"Elasticsearch(url, basic_auth=('elastic', '{WORD}'))",
        f'getConnection("jdbc:mysql://h/db", "root", "{WORD}")',
        f"new PDO('mysql:host=h;dbname=d', 'user', '{WORD}')",
        f'sql.Open("mysql", "root:{WORD}@tcp(h:3306)/db")',
        f'{{password, "{WORD}"}}',
        f'{{:db-password "{WORD}"}}',
        f'api_token <- "{RANDOM}"',
        f'Dim apiSecret As String = "{RANDOM}"',
        f'string ApiKey {{ get; }} = "{RANDOM}";',
        f'mapOf("apiSecret" to "{RANDOM}")',
        f'hmacSecret = []byte("{RANDOM}")',
        f'secret_key = String::from("{RANDOM}");',
        f'keystorePass="{MIXED}"',
        f'"${{api.token:{RANDOM}}}"',
        f"# password is {MIXED}",
        f"| API token | `{RANDOM}` |",
        f"private_token: >-\n  {RANDOM}",
        f"password: &pw {MIXED}",
        f"  password: {BASIC[:-2]}Q=",
        f"kind: Secret\nmetadata:\n  name: x\nstringData:\n  uri: {WORD}\n",
        f"x?appid={HEX[:32]}",
        f"https://{HEX}:@host/1",
        f"curl -b 'sessionid={RANDOM}' https://x",
        f"Authorization: GenieKey {RANDOM}",
        f"lftp -u me,{WORD} host",
        f"vault login s.{RANDOM}1x2Y",
        f"mongo -u root -p {WORD}",
        f"smbclient //h/s -U me%{WORD}",
        f"net use x: {WORD} /user:me",
        f"cifs username=me,password={WORD} 0 0",
        f"setenv DB_PASSWORD {WORD}",
        f"helm install x --set auth.password={WORD}",
        f"AuthLDAPBindPassword {WORD}",
        f'{{"ParameterKey": "DBPassword", "ParameterValue": "{WORD}"}}',
        f'accounts: ["0x{HEX}{HEX[:24]}"]',
        # tokens with a form of their issuer
        f"x('2/1209631016792439/1209753184320325:{HEX[:32]}')",
        f"'AQEq{RANDOM * 3}-{RANDOM * 2}=-Ab%N{{ih{{7TO7DKDQ'",
        f"'django-insecure-#z{RANDOM}%s&(x'",
        f"'gsk_{RANDOM * 2}'",
        f"'xai-{RANDOM * 3}'",
        f"'r8_{RANDOM * 2}'",
        f"'https://discord.com/api/webhooks/7172/{RANDOM * 3}'",
        f"'base64:{RANDOM * 2}abc='",
        f"AGE-SECRET-KEY-1{'Q' * 58}",
        f"dckr_pat_{RANDOM}",
        f"GOCSPX-{'a1' * 14}",
        # a key alone, and columns of SQL
        f"{HEX[:32]}\n",
        f"\n{RANDOM}{RANDOM}==",
        f"INSERT INTO users (name, password) VALUES ('bob', '{WORD}');",
        f"insert into `users` (`id`, `api_key`)\nvalues (1, 'key'), (2, \"{WORD}\")",
        f"INSERT IGNORE INTO app.users (password, name) VALUES (MD5('{WORD}'), 'it''s (me, you)')",
        f"INSERT INTO users VALUES (1); INSERT INTO users(name, password) VALUES (N'a,b', '{MIXED}')",
        # of known programs
        f"https://api.telegram.org/bot123456789:AAH{RANDOM}_-{'x' * 10}/sendMessage",
        f"https://outlook.office.com/webhook/{HEX}@1-2/IncomingWebhook/{HEX}/3",
        f"https://hooks.zapier.com/hooks/catch/1234567/{MIXED}/",
        f"https://open.feishu.cn/open-apis/bot/v2/hook/{HEX[:8]}-{HEX[8:12]}-{HEX}",
        f"https://chat.example.org/hooks/{HEX[:26]}",
        f"mysql -u root -p'{WORD}' db",
        f"sqlcmd -S db -U sa -P '{MIXED}' -Q x",
        f"sqlplus scott/{WORD}@db",
        f"ldapsearch -x -D cn=admin -w {WORD} -b dc=x",
        f"keytool -genkey -keystore a.jks -storepass {WORD}",
        f"rabbitmqctl add_user app {WORD}",
        f"RUN echo 'root:{WORD}' | chpasswd",
        f"az login --service-principal -u app -p {RANDOM}",
        f"openssl enc -aes-256-cbc -k {WORD} -in x",
        f'"db:6379,password={WORD},ssl=True"',
        f"dsn: app:{WORD}@tcp(db:3306)/x",
        f"GET https://example.org\nAuthorization: Basic app {WORD}\n",
        f"Authorization: {HEX}",
        f"@password={MIXED}\n",
        f'npmAuthIdent: "app:{WORD}"',
        f'BUNDLE_GEMS__EXAMPLE__ORG: "app:{WORD}"',
        f'{{"github-oauth": {{"github.com": "{HEX}"}}}}',
        f'SSH_DATA = "b3BlbnNzaC1rZXktdjE{RANDOM}"',
        f"createHmac('sha256', '{WORD}')",
        f"crypto.createCipheriv('aes-256-cbc', '{HEX[:32]}', iv)",
        f"hmac.new(b'{WORD}', message, 'sha256')",
        f'new SecretKeySpec("{WORD}".getBytes(), "AES")',
        f'keyStore.load(file, "{WORD}".toCharArray());',
        f'salt = "{MIXED}"',
        f"HASH_SALT={MIXED}",
        f'analytics.New("{HEX[:32]}")',
        # short and compound names
        f'#define WIFI_PASS "{MIXED}"',
        f"admin_pw: {MIXED}",
        f'$dbpass = "{MIXED}";',
        f"define('FTP_PASS', '{MIXED}');",
        f'variable "admin_pass" {{ default = "{MIXED}" }}',
        f"wachtwoord = '{MIXED}'",
        f'jwtKey = []byte("{MIXED}")',
        # between a name and its value
        f"ENV['X_TOKEN'] ||= '{RANDOM}'",
        f'const PASSWORD: &\'static str = "{WORD}";',
        f'apiToken string = "{RANDOM}"',
        f'char password[] = "{WORD}";',
        f'std::string secret{{"{MIXED}"}};',
        f'auto password = std::string("{WORD}");',
        f'password = \\\n    "{WORD}"',
        f'SECRET = """\n{WORD}\n"""',
        f"password = [[{WORD}]]",
        f'password "{MIXED}"',
        f'proxy_set_header X-Api-Key "{RANDOM}";',
        f"X-Api-Key: [{RANDOM}]",
        f"X-Api-Key:\n  - {RANDOM}",
        f"The password is `{MIXED}`.",
        f"**Password:** {MIXED}",
        f"Use password “{MIXED}” here.",
        f"Admin password: {MIXED}\n",
        f"username: admin, password: {MIXED}",
        f'Authorization: "Bearer " + "{RANDOM}"',
        # values
        'password: "correct horse battery"',
        "process.env.SESSION_SECRET || 'keyboard cat 42'",
        f'password = "pa\\"{MIXED}"',
        'password = "it\'s-hunter2x"',
        f"SECRET_KEY = '$3+vq!u@{MIXED}'",
        f"<password>{{{RANDOM}{RANDOM}=}}</password>",
        "password: 8675309812",
        "db.password=zz1z\n",
        "spring.mail.password = abcd efgh ijkl mnop",
        # in the middle of a line
        f"mysql_user: name=app password={MIXED} priv=*.*:ALL",
        f"mvn deploy -Dgpg.passphrase={WORD} -q",
        f'"%env X_SECRET={WORD}\\n"',
        f"{{user: bob, password: {MIXED}2y}}",
        f"service: [{{service_key: {HEX[:32]}}}]",
        f"INFO token: {RANDOM}, ok",
        f"Pwd = {MIXED} ; comment",
        f"password: !!str {MIXED}",
        # in markup, SQL and calls
        f'<bean><property name="password"><value>{WORD}</value></property></bean>',
        f'<entry key="jdbc.password"><![CDATA[{WORD}]]></entry>',
        f'<Pass encoding="base64">{RANDOM}=</Pass>',
        f'<input type="password" name="p" value="{WORD}">',
        f"CREATE USER x IDENTIFIED BY {MIXED};",
        f"CREATE USER 'x' IDENTIFIED WITH mysql_native_password BY '{WORD}'",
        f'BasicAWSCredentials("AKIA{"Z" * 15}", "{RANDOM}{RANDOM}")',
        f"config.omniauth :github, 'Iv1.x9y8z7w6', '{HEX}'",
        f'Client::new().basic_auth("user", Some("{WORD}"))',
        f'Credentials.basic("user", "{WORD}")',
        f'WiFi.begin("home", "{WORD}");',
        f'smtp.PlainAuth("", "me", "{WORD}", "h")',
        f"ftp_login($c, 'me', '{WORD}');",
        f'pymysql.connect("h", "root", "{WORD}", "db")',
        f'token.SignedString([]byte("{WORD}"))',
        f'Algorithm.HMAC256("{WORD}")',
        f'sql.Open("mysql", "root:{WORD}@/app")',
        f"oracle+cx_oracle://scott:{WORD}@h",
        f"https://mainnet.infura.io/v3/{HEX[:32]}",
        # of programs
        f'echo "{WORD}" | sudo -S apt update',
        f"echo {WORD} | docker login -u me --password-stdin",
        f"sqlcmd -P {WORD}",
        f"twine upload -u me -p {WORD} dist/*",
        f"ssh-keygen -N {WORD} -f x",
        f"net user bob {WORD} /add",
        f"cmdkey /add:h /user:bob /pass:{WORD}",
        f"setx API_SECRET {WORD}",
        f"redis-server --requirepass {WORD}",
        f'expect "password:"\nsend "{WORD}\\r"',
        f"stats auth admin:{WORD}",
        f"rootpw {WORD}",
        f"NoEcho: true\n    Default: {WORD}",
        f"Type: String\n    Default: {WORD}\n    NoEcho: true",
        f"olcRootPW: {{SSHA}}{RANDOM}{RANDOM}",
        # tokens with a form of their issuer, or with the form of tokens
        f"'dt0c01.{'QZ' * 12}.{'QQQZ' * 16}'",
        f"'nvapi-{RANDOM * 4}'",
        f"'zz9_{RANDOM}{RANDOM}'",
        f"privateKey: MIIEvQIBADANBgkqhkiG9w0BAQEF{RANDOM * 3}",
        # random letters with few digits
        "X_TOKEN = 'fxqwzkjvbnhtprlcmdsg7'",
        "X_TOKEN = '9524998a26259bebd2fa5880587061ce69367141'",
    ],
)
def test_secrets_without_a_form_of_their_own_are_masked(text: str) -> None:
    masked, count = mask_secrets(text)
    assert count == 1, masked
    for secret in (HEX, MIXED, WORD, RANDOM, BASIC, "QQQ", "a1a1", "battery", "867", "keyboard", "mnop", "fxq", "952"):
        assert secret not in masked
    assert mask_secrets(masked) == (masked, 0)
    assert masked.count("\n") == text.count("\n")


@pytest.mark.parametrize(
    "text",
    [
        'password = ""',
        'password = "<your password>"',
        "password = input()",
        'secret = "${SECRET}"',
        "token_count = 12345678",
        "  password: string;\n  apiKey?: string\n",
        "password: str",
        "password: Optional[str] = None",
        "def login(user=None, password=None, **more):",
        'fields = ("username", "password1", "password2", "credit_card")',
        'PASSWORD_FIELD = "new_password"',
        'token = "sha256-hash-of-the-user"',
        'cache_key = "user-profile-v2-en-2024"',
        'PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]',
        'password_file = "/run/secrets/db1"',
        'fetch(url, {credentials: "same-origin"})',
        'xhr.setRequestHeader("X-CSRF-Token", csrfToken)',
        "Bearer authentication needs basic functionality",
        "--password PASSWORD, --token TOKEN, --initial-cluster-token etcd-cluster-1",
        "docker run -u 1000:1000 image; curl -o out:x url",
        "password=os.environ['DB_PASSWORD']",
        "PASSWORD=$(cat file) TOKEN=$2",
        f"youtube: sha256 = '{HEX}'",
        'hotkey = "q7Rk2ZpL9vXw4TnB8sYd"; bypass = "hunter2x"',
        "kind: Secret\nmetadata:\n  name: x9y8z7\ndata:\n  uri: {{ .Values.uri }}\n",
        "kind: ConfigMap\ndata:\n  uri: x9y8z7\n",
        'token = digest("user-profile-v2-en-2024")',
        'set password "$value"; # the password is wrong',
        'integrity = "sha512-3f9a1c0b7e5d2846a9b0c1d2e3f4a5b6c7d8e9f0"',
        "commit 3f9a1c0b7e5d2846a9b0c1d2e3f4a5b6c7d8e9f0",
        "https://example.org:8080/path@v1",
        "the sk-learn package, task-force-of-a-long-name-with-many-parts",
        "-----BEGIN CERTIFICATE-----\nzzz\n-----END CERTIFICATE-----",
        'secrets.secret_key_base = "secret_key_base"',
        f"sadd set foo {{{'A' * 128}}}",
        f"{HEX[:32]}  file.txt\n",
        "mysql -u root -p $DB; mysql -u root -p'$PASSWORD' db; ldapsearch -w $PASSWORD; sqlcmd -P %PASSWORD%",
        'alphabet = "0123456789abcdef".toCharArray()',
        'salt = "django.core.signing"; SALT_SIZE = "x9y8z7w6"',
        'hashlib.new("sha256"); app.init("production")',
        "open an issue at https://github.com/org/app/settings/hooks/new",
        "INSERT INTO users (name, password) VALUES ('correcthorse', ?)",
        "INSERT INTO users (name, password) VALUES ('correcthorse', 'password')",
        'password: "Please enter your password", title: "Choose a strong one"',
        '"password": "must have at least 8 characters"',
        "private secret: Uint8Array\nreadonly token: Base64String",
        "{ user: name, password: password2 }, f(password=pass2x, 1)",
        '#define X509_KEY "tls:gtls:x509:share"',
        "bypass = 'hunter2x'; compass: hunter2x",
        'self._password_bytes: Final[bytes] = password.encode("utf-8")',
        "PublicKeyToken=b4a0369545f0a1be, Culture=neutral",
        "`password` `(string)` - the password that is used",
        "password = '$password.'; pass = '\\27[1;32m'",
        "https://bitbucket.org/a/b/commits/3f9a1c0b7e5d2846a9b0c1d2e3f4a5b6c7d8e9f0",
        "hash = 'chunk-q7Rk2ZpL9vXw4TnB8sYdq7Rk2ZpL9vXw4TnB8sYd'",
        "kind: RoleBinding\nsubjects:\n- kind: Secret\n  name: x\ndata:\n  uri: x9y8z7w6\n",
        "COPY users (name, mail) FROM stdin;\nbob\tx9y8z7w6\n\\.\n",
    ],
)
def test_ordinary_text_is_not_masked(text: str) -> None:
    assert mask_secrets(text) == (text, 0)


def test_letters_that_only_count_as_ascii_are_no_base64() -> None:
    assert mask_secrets("basic " + "\u017f" * 8) == ("basic " + "\u017f" * 8, 0)


@pytest.mark.parametrize("line_end", ["\r\n", "\r"])
@pytest.mark.parametrize("environment", [False, True])
def test_line_ends_change_nothing(line_end: str, environment: bool) -> None:
    text = "spring:\n  password: hunter2x9\nmixed: 1\nA_TOKEN=zz11zz22\n\nlast"
    masked, count = mask_secrets(text, environment=environment)
    assert count
    assert mask_secrets(text.replace("\n", line_end), environment=environment) == (
        masked.replace("\n", line_end),
        count,
    )
    mixed = text.replace("\n", line_end, 2)
    assert mask_secrets(mixed, environment=environment) == (masked.replace("\n", line_end, 2), count)


def test_values_of_an_environment_file_are_masked() -> None:
    text = "A=1\nexport B=two\n# note\n"
    assert is_environment_text(text)
    assert mask_secrets(text, environment=True) == (f"A={MASK}\nexport B={MASK}\n# note\n", 2)


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("# DB_PASSWORD=hunter2xyz!9\n", "hunter2xyz!9"),
        (f"#STRIPE=sk_live_{'z9' * 12}\n", "z9z9"),
        ("db_password: hunter2xyz!9\n", "hunter2xyz!9"),
        (f'KEY="-----BEGIN RSA PRIVATE KEY-----\n{"abCD12" * 10}\n-----END RSA PRIVATE KEY-----"\nA=1\n', "abCD12"),
        ('A="one\ntwo three\n"\nB=four\n', "two three"),
        ("A='one\ntwo three'\n", "two three"),
        ('A="one \\" two\ntwo three"\n', "two three"),
    ],
)
def test_environment_files_are_masked_as_other_text_too(text: str, hidden: str) -> None:
    masked, count = mask_secrets(text, environment=True)
    assert count
    assert hidden not in masked
    assert masked.count("\n") == text.count("\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A=1", True),
        ("# one\n\nDB_URL = postgres://x\nexport b=2\n", True),
        ("A = one two\nB = 3\n", True),
        ("a = 1\n", False),
        ("ESCAPE = re.compile('x')\nFLAGS = re.VERBOSE\n", False),
        ("A = 1\nprint(A)\n", False),
        ("# only a comment\n", False),
        ("\n" * 50_000 + "x", False),
    ],
)
def test_environment_files_are_distinguished_from_code(text: str, expected: bool) -> None:
    assert is_environment_text(text) is expected


MANIFEST = """\
# labels: --- Secret
apiVersion: v1
kind: Secret
metadata:
  name: shop
  labels:
    app: shop
type: Opaque
data:
  DATABASE_URL: c3VwZXJzZWNyZXQ=
  SESSION: c2Vzc2lvbi1zZWNyZXQ=
---
kind: ConfigMap
data:
  PORT: not-hidden-here
"""


def test_secrets_of_many_lines_are_blanked_in_place() -> None:
    key = "-----BEGIN RSA PRIVATE KEY-----\r\n" + "abCD12é\r\n" * 50 + "-----END RSA PRIVATE KEY-----\r\nafter"
    blanked = without_long_secrets(key.encode())
    assert (len(blanked), blanked.split()) == (
        len(key.encode()),
        [*b"-----BEGIN RSA PRIVATE KEY-----".split(), b"after"],
    )
    assert [len(line) for line in blanked.splitlines()] == [len(line) for line in key.encode().splitlines()]
    end = key[key.index("abCD12") :].replace("é", "")
    assert without_long_secrets(end.encode()).split() == [b"after"]
    secret = without_long_secrets(MANIFEST.encode()).decode()
    assert [word in secret for word in ("DATABASE_URL", "c3Vw", "c2Vz", "not-hidden-here")] == [
        True,
        False,
        False,
        True,
    ]
    assert without_long_secrets(b"plain\n") == b"plain\n"


def assert_only_the_hidden_is_masked(text: str) -> None:
    """Where a part of the text is masked, and where all of it is."""
    for result in (mask_secrets(text)[0], without_long_secrets(text.encode()).decode()):
        assert "HIDDEN" not in result
        assert result.count("shown") == text.count("shown")
        assert result.count("\n") == text.count("\n")


@pytest.mark.parametrize(
    "text",
    [
        "- apiVersion: v1\n  kind: Secret\n  data:\n    a: HIDDEN00\n- kind: ConfigMap\n  spec:\n    data:\n      a: shown\n",
        '{"kind": "Secret", "data": {"a": "HIDDEN00"}, "metadata": {"name": "shown"}}',
        "INSERT INTO t (a, password) VALUES\n" + "('shown', 'HIDDEN00'),\n" * 40,
        "COPY t (a, password) FROM stdin;\n" + "shown\tHIDDEN00\n" * 40 + "\\.\nshown\tshown\n",
        "CREATE TABLE `t` (\n  `a` text,\n  `password` text\n);\nINSERT INTO `t` VALUES ('shown','HIDDEN00');\n",
    ],
)
def test_values_are_found_by_what_stands_far_above_them(text: str) -> None:
    assert_only_the_hidden_is_masked(text)


@pytest.mark.parametrize(
    "text",
    [
        '{"kind":"Secret","stringData":{"config.json":"{\\"user\\":\\"HIDDEN00\\"}","b:" : "HIDDEN 11"},"c":"shown"}',
        "kind: Secret\nstringData:\n  a: HIDDEN 00\n\n  b: HIDDEN 11\n \t\n  c: HIDDEN 22\nmetadata:\n  name: shown\n",
        "kind: Secret\nstringData:\n  a: HIDDEN 00\n# shown\n  b: HIDDEN 11\n  # shown\n  c: HIDDEN 22\nd: shown\n",
    ],
)
def test_a_brace_a_blank_line_or_a_comment_ends_no_data_of_a_kubernetes_secret(text: str) -> None:
    assert_only_the_hidden_is_masked(text)


@pytest.mark.parametrize(
    "first",
    [
        f"'{'shown, ( ' * 300}', 'HIDDEN00'",
        f"0x{'ab' * 300}, 'HIDDEN00'",
        "'shown', crypt('HIDDEN00', gen_salt('bf'))",
        "coalesce(lower('shown'), ')', \"shown\"), 'HIDDEN\n00'::text",
        "'shown', -- the user's name\n 'HIDDEN00'",
        "'shown\\', 'HIDDEN00'",
    ],
)
def test_a_cell_of_an_unusual_form_uncovers_no_other_cell_or_row(first: str) -> None:
    text = f"insert into t (a, password) values ({first}), -- isn't last\n ('shown', 'HIDDEN11');\nf('shown', 'shown')"
    assert_only_the_hidden_is_masked(text)


def test_a_statement_that_code_does_not_end_hides_none_of_the_code() -> None:
    text = "f(\"insert into t (password) values ('\", name('x'))\ng('one', 'two')\nh('three')\n"
    assert mask_secrets(text) == (text, 0)


def test_a_string_of_parts_is_masked_whole() -> None:
    assert mask_secrets("password = 'hunter2x' + 'hidden'\n  + 'more'; x = 'shown'")[0] == (
        f"password = '{MASK}' + '{MASK}'\n  + '{MASK}'; x = 'shown'"
    )
    assert mask_secrets('password = ("hunter2x"\n    "hidden")')[0] == f'password = ("{MASK}"\n    "{MASK}")'


def test_a_line_of_dashes_ends_no_yaml_document() -> None:
    assert mask_secrets("kind: Secret\n-----\ndata:\n  A: c3VwZXJzZWNyZXQ=\n")[1] == 1


DETECTORS = {
    type(detector).__name__: [pattern for pattern in detector.denylist if "aws" not in pattern.pattern]
    for detector in (
        artifactory.ArtifactoryDetector(),
        aws.AWSKeyDetector(),
        azure_storage_key.AzureStorageKeyDetector(),
        discord.DiscordBotTokenDetector(),
        github_token.GitHubTokenDetector(),
        gitlab_token.GitLabTokenDetector(),
        mailchimp.MailchimpDetector(),
        npm.NpmDetector(),
        openai.OpenAIDetector(),
        pypi_token.PypiTokenDetector(),
        sendgrid.SendGridDetector(),
        slack.SlackDetector(),
        square_oauth.SquareOAuthDetector(),
        stripe.StripeDetector(),
        telegram_token.TelegramBotTokenDetector(),
        twilio.TwilioKeyDetector(),
    )
}
NOT_OURS = re.compile(r"AP\[")
"""Artifactory's passwords are nine letters, a form that identifiers of code have too."""


@pytest.mark.parametrize("name", DETECTORS)
@settings(max_examples=30, derandomize=True, deadline=None, database=None)
@given(data=st.data())
def test_what_the_reference_detectors_find_is_masked(name: str, data: st.DataObject) -> None:
    patterns = [pattern for pattern in DETECTORS[name] if not NOT_OURS.search(pattern.pattern)]
    pattern = data.draw(st.sampled_from(patterns))
    alphabet = st.sampled_from(string.ascii_letters + string.digits + "_-.:/+= ")
    secret = data.draw(st.from_regex(pattern, fullmatch=True, alphabet=alphabet))
    masked, count = mask_secrets(f'key = "{secret}"\n')
    assert count, secret
    assert not pattern.search(masked), (secret, masked)


def test_long_lines_are_masked_fast() -> None:
    """Each of these took quadratic time with an earlier rule."""
    parts = (
        "a.",
        "a",
        "a://",
        "-----BEGIN PRIVATE KEY",
        "password",
        "password ",
        "\n",
        "  \n",
        "sk-a-",
        "eyJ.",
        "A=1\n",
        'A="\n',
        "--- Secret\n",
        "kind: Secret\n---\n",
        "password=",
        "password: a ",
        "curl ",
        "curl -u a:",
        "openssl ",
        "ldapsearch -w ",
        ":80,a:80,",
        "salt",
        "a-salt",
        "mysql ",
        "?token=",
        "<password ",
        "<password>",
        "INSERT INTO a(password) VALUES ('",
        "\\'INSERT INTO a(password) VALUES (",
        "INSERT INTO a(password) VALUES ((1,2),",
        "name=password ",
        "--password ",
        "-a-a-a-a",
        "x-a-key: ",
        "authorization: ",
        "getenv('password', ",
        "machine a login b ",
        "host=a a=b ",
        "a:1:a:a:",
        "cookie: a",
        "basic aaaaaaaa ",
        "algolia",
        "algolia='q7Rk2ZpL9vXw4TnB8sYd' ",
        "kind: Secret\ndata:\n  a: bcd\n",
        "kind: Secret\n---\n",
        "connect(a,",
        "# password: ",
        "curl -b ",
        '\\"secret',
        "password is ",
        "password = 'aaaaaa' + 'b' + ",
        'password="a b ',
        "password=\"a'",
        "{password: a, ",
        "echo a | sudo -",
        "user: a password: ",
        "copy a (password) from stdin;\na\n",
        "create table a (\n password a\n) insert into a values ('",
        "://a.algolia/a/",
        "a_a-",
        'omniauth :a, "',
        'variable "password" {{}',
        '"kind":"Secret","data":{"a":"bcd",',
        '"kind":"Secret","data":{\\"',
        "kind: Secret\ndata:\n\n#\n",
        "  kind: Secret\n  data:\n",
    )
    for text in (part * (100_000 // len(part)) for part in parts):
        for environment in (False, True):
            masked, _ = mask_secrets(text, environment=environment)
            assert masked
        is_environment_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "kind: Secret\ndata:\n  a: b" + " " * 300_000 + "x\n",
        "kind: Secret\ndata:\n  a: " + "." * 300_000 + "x\n",
        "kind: Secret\ndata:\n  a: " + "*" * 300_000 + "x\n",
    ],
)
def test_a_value_of_a_manifest_may_be_long(text: str) -> None:
    """Without possessive repetitions each takes minutes."""
    assert mask_secrets(text) == (f"kind: Secret\ndata:\n  a: {MASK}\n", 1)


def test_a_long_word_with_many_beginnings_of_a_token_ends() -> None:
    text = "eyJ-" * 250_000
    assert mask_secrets(text) == (text, 0)
