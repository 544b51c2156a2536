"""Which definition a reference means: a workspace of small files, and the edges that it must give."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from outlines import parsed_file, segment_of

from semlens.core.hashing import content_hash
from semlens.core.reference import Reference, ReferenceKind, Scope
from semlens.graph.graph_symbols import MAX_DEFINITIONS
from semlens.graph.neighbours import MAX_REFERENCES, callees, callers
from semlens.graph.resolver import Resolver
from semlens.graph.segment_names import SymbolPlace, n_parameters
from semlens.index.segment.builder import ParsedFile, build_segment
from semlens.index.snapshot import SegmentView
from semlens.syntax.parsing.parser import parse

PYTHON = {
    "net/__init__.py": "from .retry import fetch\n",
    "net/retry.py": (
        "class Client:\n    def send(self): self.wait()\n    def wait(self): pass\n"
        "def fetch(url): return Client()\n"
        "def get() -> Client: ...\n"
    ),
    "net/slow.py": "from .retry import Client\nclass SlowClient(Client):\n    def wait(self): super().wait()\n",
    "app.py": (
        "import numpy as np\nfrom net import fetch\nfrom net.retry import Client, get\n"
        "def main(c: Client):\n    fetch('x'); c.send(); get().wait(); np.zeros(3)\n"
        "def guess(thing):\n    thing.only_here()\n"
        "def by_name(client):\n    client.send()\n"
    ),
    "other.py": "class Other:\n    def send(self): pass\n    def only_here(self): pass\ndef zeros(): pass\ndef fetch(): pass\n",
    "loop.py": "def a(): b()\ndef b(): a()\n",
    "broken.py": "def ok(): a(\nclass (:\n",
}
GO = {
    "net/client.go": "package net\ntype Client struct{}\nfunc (c *Client) Send() { helper() }\nfunc New() *Client { return nil }\n",
    "net/util.go": "package net\nfunc helper() {}\n",
    "main.go": 'package main\nimport "x.org/m/net"\nfunc main() { c := net.New(); c.Send() }\n',
    "other/util.go": "package other\nfunc helper() {}\n",
    "net/fast.go": "//go:build fast\n\npackage net\nfunc check() {}\n",
    "net/slow.go": "//go:build !fast\n\npackage net\nfunc check() {}\nfunc both() { check() }\n",
    "net/any.go": "package net\nfunc use() { check() }\n",
    "db/tx.go": "package db\ntype Tx interface {\n\tPut(a, b int)\n}\nfunc with(t Tx) { t.Put(1, 2) }\n",
    "db/disk.go": "package db\ntype disk struct{}\nfunc (d *disk) Put(a int, b int) {}\nfunc on(d *disk) { d.Put(1, 2) }\n",
    "db/other.go": "package db\ntype other struct{}\nfunc (o *other) Put() {}\nfunc by(o *other) { o.Put() }\n",
}
TYPESCRIPT = {
    "src/net/index.ts": "export * from './client';\n",
    "src/net/client.ts": "export class Client extends Base {\n  send() { this.log(); }\n}\nexport function open(): Client { return new Client(); }\n",
    "src/net/base.ts": "export class Base {\n  log() {}\n}\n",
    "src/app.ts": "import { open } from './net';\nimport { Client } from './net/client';\nfunction run(c: Client) { open().send(); c.log(); }\n",
}
PACKAGES = {
    "packages/core/package.json": '{\n  "name": "@work/core",\n  "exports": {".": "./src/index.ts"}\n}\n',
    "packages/core/src/index.ts": "export * from './deep/client';\n",
    "packages/core/src/deep/client.ts": "export function open() {}\n",
    "packages/app/src/main.ts": (
        "import { open } from '@work/core/client';\nimport { open as other } from '@else/core';\n"
        "import { join } from 'path';\nimport * as fs from 'node:fs';\nimport { log } from '#shared';\n"
        "import { limit } from 'constants/limits';\n"
        "function run() { open(); join(); fs.read(); log(); limit(); }\nfunction elsewhere() { other(); }\n"
    ),
    "packages/app/src/path.ts": "export function join() {}\n",
    "packages/app/src/fs.ts": "export function read() {}\n",
    "packages/app/src/shared/log.ts": "export function log() {}\n",
    "packages/app/src/constants/limits.ts": "export function limit() {}\n",
}
JAVA = {
    "a/Base.java": "package a;\npublic class Base { void log() {} }\n",
    "a/App.java": "package a;\npublic class App extends Base {\n    private Store store;\n    void run() { log(); store.put(); } }\n",
    "b/Store.java": "package b;\npublic class Store { public void put() {} }\n",
    "b/Tools.java": "package b;\npublic class Tools { public static int size(String s) { return 0; } }\n",
    "b/Other.java": "package b;\npublic class Other { int size(String s) { return 1; } }\n",
    "a/Uses.java": 'package a;\nimport static b.Tools.size;\nclass Uses { int all() { return size(""); } }\n',
    "b/Cache.java": "package b;\npublic class Cache { public void put() {} }\n",
}
RUST = {
    "src/arg.rs": (
        "pub struct Arg { hidden: bool }\nimpl Arg {\n    pub fn new() -> Self { todo!() }\n"
        "    pub fn hidden(mut self) -> Arg { self }\n    pub fn args(self) {}\n}\n"
        "fn chain() {\n    Arg::new()\n        .hidden()\n        .args();\n}\n"
    ),
    "src/node.rs": (
        "pub struct Node;\nimpl Node {\n    pub fn index(self) -> usize { 0 }\n}\n"
        "impl Indexed for Node {\n    fn index(&self) -> usize { 1 }\n    fn other(&self) {}\n}\n"
        "fn ask(node: Node) { node.index(); node.other(); }\n"
    ),
    "src/indexed.rs": "pub trait Indexed {\n    fn index(&self) -> usize;\n    fn other(&self);\n}\n",
    "src/run.rs": "use std::process::Arg;\nfn run() { Arg::new().args(); }\n",
}


def resolver_of(files: Mapping[str, str], root: str = "/work/project") -> Resolver:
    parsed = [
        ParsedFile(path, content_hash(text.encode()), parse(path, text.encode()))
        for path, text in sorted(files.items())
    ]
    return Resolver([SegmentView(root, build_segment(parsed))])


def place(resolver: Resolver, path: str, name: str) -> SymbolPlace:
    segment = resolver.views[0].segment
    for row in range(len(segment.symbols)):
        if segment.files.paths[int(segment.symbols.files[row])] == path and segment.symbols.names[row] == name:
            return SymbolPlace(0, row)
    raise LookupError(name)


def shown(resolver: Resolver, row: int) -> str:
    segment = resolver.views[0].segment
    if row >= len(segment.symbols):
        return segment.files.paths[row - len(segment.symbols)]
    return f"{segment.files.paths[int(segment.symbols.files[row])]} {segment.symbols.names[row]}"


@pytest.mark.parametrize(
    ("files", "path", "name", "sure", "doubtful"),
    [
        (PYTHON, "net/retry.py", "wait", {"net/retry.py send", "net/slow.py wait", "app.py main"}, set()),
        (PYTHON, "net/slow.py", "wait", set(), {"net/retry.py send", "app.py main"}),
        (PYTHON, "net/retry.py", "send", {"app.py main", "app.py by_name"}, set()),
        (PYTHON, "other.py", "send", set(), {"app.py by_name"}),
        (PYTHON, "net/retry.py", "fetch", {"app.py main"}, set()),
        (PYTHON, "other.py", "fetch", set(), set()),
        (PYTHON, "other.py", "zeros", set(), {"app.py main"}),
        (PYTHON, "other.py", "only_here", set(), {"app.py guess"}),
        (PYTHON, "net/retry.py", "Client", {"net/retry.py fetch", "net/retry.py get", "net/slow.py SlowClient", "app.py main"}, set()),
        (PYTHON, "loop.py", "a", {"loop.py b"}, {"broken.py ok"}),
        (GO, "net/util.go", "helper", {"net/client.go Send"}, set()),
        (GO, "other/util.go", "helper", set(), set()),
        (GO, "net/fast.go", "check", {"net/any.go use"}, set()),
        (GO, "net/client.go", "Send", {"main.go main"}, set()),
        (GO, "net/client.go", "New", {"main.go main"}, set()),
        (GO, "db/tx.go", "Put", {"db/tx.go with", "db/disk.go on"}, set()),
        (GO, "db/disk.go", "Put", {"db/tx.go with", "db/disk.go on"}, set()),
        (GO, "db/other.go", "Put", {"db/other.go by"}, set()),
        (TYPESCRIPT, "src/net/client.ts", "open", {"src/app.ts run"}, set()),
        (TYPESCRIPT, "src/net/client.ts", "send", {"src/app.ts run"}, set()),
        (TYPESCRIPT, "src/net/base.ts", "log", {"src/net/client.ts send", "src/app.ts run"}, set()),
        (JAVA, "a/Base.java", "log", {"a/App.java run"}, set()),
        (JAVA, "b/Store.java", "put", {"a/App.java run"}, set()),
        (JAVA, "b/Cache.java", "put", set(), set()),
        (RUST, "src/arg.rs", "hidden", set(), set()),  # the field: a call means the method
        (RUST, "src/arg.rs", "args", {"src/arg.rs chain"}, {"src/run.rs run"}),
        (RUST, "src/node.rs", "index", {"src/node.rs ask"}, set()),
        (RUST, "src/indexed.rs", "index", set(), set()),  # the type has a method of its own
        (RUST, "src/indexed.rs", "other", {"src/node.rs ask"}, set()),
        (PACKAGES, "packages/core/src/deep/client.ts", "open", {"packages/app/src/main.ts run"}, {"packages/app/src/main.ts elsewhere"}),
        (PACKAGES, "packages/app/src/path.ts", "join", set(), {"packages/app/src/main.ts run"}),
        (PACKAGES, "packages/app/src/fs.ts", "read", set(), {"packages/app/src/main.ts run"}),
        (PACKAGES, "packages/app/src/shared/log.ts", "log", {"packages/app/src/main.ts run"}, set()),
        (PACKAGES, "packages/app/src/constants/limits.ts", "limit", {"packages/app/src/main.ts run"}, set()),
        (JAVA, "b/Tools.java", "size", {"a/Uses.java all"}, set()),
        (JAVA, "b/Other.java", "size", set(), set()),
        (RUST, "src/arg.rs", "new", {"src/arg.rs chain"}, {"src/run.rs run"}),
    ],
)  # fmt: skip
def test_callers_by_confidence(files, path, name, sure, doubtful):
    resolver = resolver_of(files)
    edges = callers(resolver, place(resolver, path, name)).edges
    assert {shown(resolver, one.row) for one in edges if one.confidence >= 0.8} == sure
    assert {shown(resolver, one.row) for one in edges if one.confidence < 0.8} == doubtful


def test_callees_are_the_other_end_of_callers():
    resolver = resolver_of(PYTHON)
    edges = callees(resolver, place(resolver, "app.py", "main"), (ReferenceKind.CALL,)).edges
    assert {shown(resolver, one.row) for one in edges if one.confidence >= 0.8} == {
        "net/retry.py fetch", "net/retry.py send", "net/retry.py get", "net/retry.py wait",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("signature", "expected"),
    [("Put()", 0), ("Put(a, b int) error", 2), ("Put(f func(int, int) error)", 1), ("func (t *T) Put(string)", 1), ("Put", 0)],
)  # fmt: skip
def test_the_parameters_of_a_method_of_go(signature, expected):
    assert n_parameters("Put", signature) == expected


def test_a_package_that_is_the_root_is_found_by_its_own_name():
    files = {"a.py": "from pkg.b import f\ndef g(): f()\n", "b.py": "def f(): pass\n", "c/b.py": "def f(): pass\n"}
    resolver = resolver_of(files, "/work/pkg")
    assert [
        (shown(resolver, one.row), one.confidence) for one in callers(resolver, place(resolver, "b.py", "f")).edges
    ] == [("a.py g", 0.95)]


def test_deleted_files_have_no_callers_and_are_none():
    resolver = resolver_of(PYTHON)
    view = resolver.views[0]
    paths = view.segment.files.paths.tolist()
    alive = [path != "app.py" for path in paths]
    resolver = Resolver([SegmentView(view.root, view.segment, np.array(alive))])
    assert callers(resolver, place(resolver, "net/retry.py", "fetch")).edges == ()


def test_a_name_with_very_many_definitions_and_uses_is_bounded_and_counted():
    n_files, n_symbols, n_calls = 25, 440, 240
    calls = [Reference(row, "f", ReferenceKind.CALL, Scope.RECEIVER) for row in range(n_calls)]
    files = [parsed_file(f"m{n}.py", ["f"] * n_symbols, references=calls) for n in range(n_files)]
    resolver = Resolver([SegmentView("/work/project", segment_of(*files))])
    found = callers(resolver, SymbolPlace(0, 0))
    assert found.n_unseen == n_files * n_calls - MAX_REFERENCES
    assert len(resolver.candidates(resolver.term_of(SymbolPlace(0, 0)), "python").definitions) == MAX_DEFINITIONS
    assert found.edges == ()
