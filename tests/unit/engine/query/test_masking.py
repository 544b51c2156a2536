"""Hits for assistants: no secrets, and correct ranges."""

from __future__ import annotations

import pytest
from engine_cases import Workspace

from semlens.core.cancel import CancelToken
from semlens.core.hit import SearchHit
from semlens.core.request import SearchRequest
from semlens.engine.engine import Engine

SECRET = "3f9a1c0b7e5d2846a9b0c1d2e3f4a5b6c7d8e9f0"
CODE = f"""\
def connect_database(host):
    password = '{SECRET}'
    return login(host, password)


def connect_queue(host, token='{SECRET}'):
    return login(host, token)


QUEUE_CERTIFICATE = '''
-----BEGIN PRIVATE KEY-----
{"MIIEowIBAAKCAQEA" * 4}
{"7PdLScqfkrTRh2ur" * 4}
{"KcUBHrqJONIIasQ8" * 4}
-----END PRIVATE KEY-----
'''
"""


def hits(engine: Engine, query: str, *, mask: bool) -> tuple[SearchHit, ...]:
    return engine.search(SearchRequest(query, mask=mask), CancelToken()).hits


@pytest.fixture
def engine(plain: Workspace) -> Engine:
    plain.write("database.py", CODE)
    plain.write("production.env", f"QUEUE_HOST=one\nQUEUE_NAME={SECRET}\n")
    plain.write("long.py", f"def load_everything():\n    data = '{'x ' * 182}'; token = '{SECRET}'\n")
    return plain.engine()


@pytest.mark.parametrize(
    ("query", "secret", "path"),
    [
        ("connect_database", SECRET, "database.py"),
        ("connect_queue", SECRET, "database.py"),
        ("QUEUE_CERTIFICATE", "7PdLScqfkrTRh2ur", "database.py"),
        ("load_everything", SECRET[:4], "long.py"),
        ("QUEUE_NAME", SECRET, "production.env"),
    ],
)
def test_masked_hits_contain_no_secret(engine: Engine, query: str, secret: str, path: str) -> None:
    plain_hit = next(hit for hit in hits(engine, query, mask=False) if hit.path == path)
    masked = next(hit for hit in hits(engine, query, mask=True) if hit.path == path)
    assert secret in plain_hit.snippet + plain_hit.signature
    assert secret not in masked.snippet + masked.signature
    assert "[masked]" in masked.snippet + masked.signature or query == "QUEUE_CERTIFICATE"
    assert (masked.name, masked.span, masked.snippet_span) == (plain_hit.name, plain_hit.span, plain_hit.snippet_span)
    assert masked.line_texts == plain_hit.line_texts
