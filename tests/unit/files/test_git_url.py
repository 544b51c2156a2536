"""Which texts are URLs that are cloned, and what is said about others."""

from __future__ import annotations

import pytest

from semlens.core.errors import UsageError
from semlens.files.git_url import is_git_url, parse_git_url


@pytest.mark.parametrize(
    ("text", "url", "name"),
    [
        ("https://host.example/team/tool", "https://host.example/team/tool", "tool"),
        ("https://host.example/team/tool.git/", "https://host.example/team/tool.git", "tool"),
        ("HTTPS://Host.Example:8443/a/b", "https://host.example:8443/a/b", "b"),
        ("ssh://git@host.example:22/a/b.git", "ssh://git@host.example:22/a/b.git", "b"),
        ("ssh://[::1]/a/b", "ssh://[::1]/a/b", "b"),
        ("git@host.example:team/tool.git", "git@host.example:team/tool.git", "tool"),
        ("git@host.example:tool", "git@host.example:tool", "tool"),
        ("https://host/a/..%2F..%2Fevil", "https://host/a/..%2F..%2Fevil", "evil"),
        ("https://host/a/.git", "https://host/a/.git", "repository"),
        ("https://host/a/-x$(y)", "https://host/a/-x$(y)", "x_y_"),
        ("https://host/" + "n" * 500, "https://host/" + "n" * 500, "n" * 100),
    ],
)
def test_urls_that_are_cloned(text, url, name):
    assert is_git_url(text)
    found = parse_git_url(text)
    assert (found.text, found.name) == (url, name)
    assert parse_git_url(url) == found


@pytest.mark.parametrize(
    "text", [".", "/src/tool", "~/tool", "C:\\src", "C:/src", "a b", "tool.git", "x:y", "-x", "", "@:", "user@host"]
)
def test_paths_are_no_urls(text):
    assert not is_git_url(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("http://host/a", "not by http"),
        ("git://host/a", "not by git"),
        ("file:///a", "not by file"),
        ("ext::sh -c touch% /tmp/x", "characters"),
        ("ext::sh", "not by ext"),
        ("https::https://host/a", "not by https"),
        ("https://me:secret@host/a", "password"),
        ("https://secret@host/a", "password"),
        ("https://host/a?token=secret", "password"),
        ("https://host/a#secret", "password"),
        ("ssh://git:secret@host/a", "password"),
        ("ssh://-oProxyCommand=x/a", "lacks a host"),
        ("ssh://-x@host/a", "lacks a host"),
        ("https://host", "lacks a host"),
        ("https:///a", "lacks a host"),
        ("https://host:port/a", "malformed"),
        ("https://[::1/a", "malformed"),
        ("https://host/a\nb", "characters"),
        ("https://host/\u202ea", "characters"),
        ("https://host/a b", "characters"),
        ("https://host/" + "a" * 3000, "too many"),
    ],
)
def test_other_urls_are_refused_in_one_sentence_without_secrets(text, says):
    with pytest.raises(UsageError) as refused:
        is_git_url(text)
    message = str(refused.value)
    assert says in message
    assert "secret" not in message
    assert message.isprintable()
