"""Hits for assistants: no secrets, and correct ranges."""

from __future__ import annotations

import pytest
from engine_cases import Workspace

from semlens.core.cancel import CancelToken
from semlens.core.context import ContextRequest
from semlens.core.hit import SearchHit
from semlens.core.request import SearchRequest
from semlens.engine.engine import Engine
from semlens.engine.query.masking import changed_by_masks

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


MANIFEST = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: shop\ntype: Opaque\ndata:\n" + "".join(
    f"  entry_{n:02}: c3VwZXJzZWNyZXQ{n:02}=\n" for n in range(20)
)


def hits(engine: Engine, query: str, *, mask: bool) -> tuple[SearchHit, ...]:
    return engine.search(SearchRequest(query, mask=mask), CancelToken()).hits


@pytest.fixture
def engine(plain: Workspace) -> Engine:
    plain.write("database.py", CODE)
    plain.write("production.env", f"QUEUE_HOST=one\nQUEUE_NAME={SECRET}\n")
    plain.write("long.py", f"def load_everything():\n    data = '{'x ' * 182}'; token = '{SECRET}'\n")
    plain.write("deploy/shop.yaml", MANIFEST)
    plain.write("cut.ts", f"export const {'queue' * 12}: Readonly<Record<string, string>> = 'ghp_{'aB3' * 12}';\n")
    plain.write("cut.py", f"def load_{'q' * 240}(first, second, token='ghp_{'aB3' * 12}'):\n    return first\n")
    plain.write("users.sql", "INSERT INTO users (name, password) VALUES\n" + "('shown', 'Hunter2xHidden'),\n" * 60)
    plain.write(
        "notes.md", "# Notes\n\nText.\n\n## Token ghp_" + "aB3" * 12 + " of the harbour\n\nText of the harbour.\n"
    )
    plain.write("far.py", "password = (\n    'Tr0ub4dor&3horse'\n)\n")
    return plain.engine()


def test_a_value_far_from_what_makes_it_a_secret_is_masked(engine: Engine, plain: Workspace) -> None:
    for query in ("entry_13", "kind Secret shop"):
        found = [hit for hit in hits(engine, query, mask=True) if hit.path == "deploy/shop.yaml"]
        assert found
        assert not any("c3Vw" in hit.snippet + hit.signature for hit in found)
    uri = plain.uri("deploy/shop.yaml")
    pack = engine.context(ContextRequest(uri=uri, lines=(14, 18), budget=500), CancelToken())
    assert "entry_14" in pack.text
    assert "c3Vw" not in pack.text
    uri = plain.uri("far.py")
    pack = engine.context(ContextRequest(uri=uri, lines=(1, 1), budget=60), CancelToken())
    assert "Tr0ub4dor" not in pack.text


def test_rows_far_below_the_names_of_their_columns_are_masked(engine: Engine, plain: Workspace) -> None:
    pack = engine.context(ContextRequest(uri=plain.uri("users.sql"), lines=(40, 45), budget=500), CancelToken())
    assert "shown" in pack.text
    assert "Hidden" not in pack.text


def test_the_name_of_a_heading_is_masked(engine: Engine, plain: Workspace) -> None:
    found = [hit for hit in hits(engine, "lang:markdown token harbour", mask=True) if hit.path == "notes.md"]
    assert found
    assert not any("ghp_" in f"{hit.name}{hit.qualified_name}{hit.signature}{hit.snippet}" for hit in found)
    pack = engine.context(ContextRequest(uri=plain.uri("notes.md"), lines=(6, 6), budget=500), CancelToken())
    assert pack.items
    assert "ghp_" not in pack.text + "".join(item.name + item.reason.text for item in pack.items)


def test_a_line_is_masked_by_what_stands_above_it() -> None:
    lines = ["password = (", "    'Tr0ub4dor&3horse'", ")", "other = 1"]
    assert changed_by_masks(lines, [1, 3]) == {1: "    '[masked]'"}


def test_a_secret_that_a_signature_is_cut_in_is_masked(engine: Engine) -> None:
    for path, query in (("cut.ts", "queue" * 12), ("cut.py", f"load_{'q' * 240}")):
        found = [hit for hit in hits(engine, query, mask=True) if hit.path == path]
        assert found
        assert not any("ghp_" in hit.snippet + hit.signature for hit in found)
    pack = engine.context(ContextRequest(budget=2_000), CancelToken())
    assert "queuequeue" in pack.text
    assert "ghp_" not in pack.text


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
