"""What is masked: known forms, in whatever a kept library of detectors knows, and nothing else."""

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

from semlens.core.secrets import MASK, is_environment_text, mask_secrets

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
def test_known_forms_are_masked(text: str, masked: str) -> None:
    assert mask_secrets(text) == (masked, 1)
    assert mask_secrets(masked)[0] == masked


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
        "https://example.org:8080/path@v1",
        "the sk-learn package, task-force-of-a-long-name-with-many-parts",
        "-----BEGIN CERTIFICATE-----\nzzz\n-----END CERTIFICATE-----",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert mask_secrets(text) == (text, 0)


def test_an_environment_file_keeps_only_its_names() -> None:
    text = "A=1\nexport B=two\n# note\n"
    assert is_environment_text(text)
    assert mask_secrets(text, environment=True) == (f"A={MASK}\nexport B={MASK}\n# note\n", 2)


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
def test_environment_text_is_told_from_code(text: str, expected: bool) -> None:
    assert is_environment_text(text) is expected


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
"""Artifactory's passwords are nine letters with nothing to know them by: identifiers of code have that form."""


@pytest.mark.parametrize("name", DETECTORS)
@settings(max_examples=30, derandomize=True, deadline=None, database=None)
@given(data=st.data())
def test_what_a_kept_library_detects_is_masked(name: str, data: st.DataObject) -> None:
    patterns = [pattern for pattern in DETECTORS[name] if not NOT_OURS.search(pattern.pattern)]
    pattern = data.draw(st.sampled_from(patterns))
    alphabet = st.sampled_from(string.ascii_letters + string.digits + "_-.:/+= ")
    secret = data.draw(st.from_regex(pattern, fullmatch=True, alphabet=alphabet))
    masked, count = mask_secrets(f'key = "{secret}"\n')
    assert count, secret
    assert not pattern.search(masked), (secret, masked)


def test_long_lines_are_no_trap() -> None:
    """Each of these made an earlier rule take time by the square of the length."""
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
    )
    for text in (part * (200_000 // len(part)) for part in parts):
        for environment in (False, True):
            masked, _ = mask_secrets(text, environment=environment)
            assert masked
        is_environment_text(text)
