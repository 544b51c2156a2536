"""Which references a text has: rows of name, kind, scope and hint."""

from __future__ import annotations

import pytest

from semlens.core.reference import ReferenceKind, Scope
from semlens.syntax.languages.registry import BY_NAME
from semlens.syntax.parsing.parser import parse
from semlens.syntax.references.code_text import without_comments
from semlens.syntax.references.written_types import base_types, result_type

PYTHON = '''import os
import a.b as ab, c.d
from .net.retry import Client as C, fetch
from . import utils

def helper(x: "Remote", y=1, callback=None) -> Foo:
    """calls nothing()"""
    # nor this()
    c = C(1)
    c.send()
    x.run(y)
    ab.go()
    os.path.join(y)
    utils.thing()
    fetch(helper(3), key=other)
    callback(1)
    C().once(2).twice()
    helper(1).bar()
    return sorted(list(3))

def other():
    pass

class K(Base):
    part: Widget
    def __init__(self, w: Window):
        self.w = w
        self.q = C(3)
        super().__init__(w)
    def m(self):
        self.w.draw(); self.q.send(); self.m(); self.zzz.foo(); self.part.o(); K.make()
'''

GO = """package a
import ("fmt"; u "x/y/util")
type Server struct {
	client *Client
}
func (s *Server) Run(c Config) {
	s.client.Fetch()
	s.Stop()
	c.Load()
	u.Do()
	helper()
	x := NewThing()
	x.Go()
}
"""

GO_VARIABLES = """package a
func Copy(t *T) {
	c, _ := net.Open("x")
	c.Send()
	s := &Server{port: 1}
	s.Stop()
	var q other.Queue
	q.Push()
	v := any.(*View)
	v.Draw()
	n := new(Node)
	n.Next()
	r.GET("/src/*.go", func(ctx *Context, i int) { ctx.Abort() })
	if _, err := f(); err != nil {
		for x := range s {
			x.Go()
		}
	}
	after()
}
"""

TYPESCRIPT = """import { Client as C, fetch } from './net';
import * as util from '../util';
class K extends Base implements Shape {
  private part: Widget;
  constructor(private readonly log: Logger) { super(); }
  run(x: Window) { this.part.draw(); this.log.info(); x.open(); fetch(); util.go(); new C().send(); this.run(x); }
}
"""

RUST = """use crate::net::{retry::Client, fetch};
impl Server {
    fn run(&self, c: &Config) {
        self.stop();
        c.load();
        fetch();
        let x = Client::new();
        x.send();
    }
}
"""

RUST_CHAINS = """use std::process::Command;
impl Server {
    fn run(&self, cmd: &Command) {
        Builder::new("x")
            .port(1)
            .start()?;
        let options = Options::from_cli(cmd);
        options.check();
        Command::new("ls").args(x);
        cmd.status();
        rows[0].draw();
        super::near();
        crate::net::retry::far();
        std::mem::drop(x);
    }
    fn help() {
        say("use a shell; it is
            ours");
        after();
    }
}
"""

JAVA = """package a;
import b.c.Client;
class Server extends Base {
    private final Client client;
    void run(Config c) {
        client.send();
        c.load();
        stop();
        new Client().open();
    }
    void stop() {}
}
"""

CALL, USE, BASE, IMPORT = ReferenceKind.CALL, ReferenceKind.USE, ReferenceKind.BASE, ReferenceKind.IMPORT
MODULE, TYPE, SELF, SUPER, FILE = Scope.MODULE, Scope.TYPE, Scope.SELF, Scope.SUPER, Scope.FILE
RESULT, RECEIVER, UNKNOWN = Scope.RESULT, Scope.RECEIVER, Scope.UNKNOWN


def references(path: str, source: str) -> set[tuple[str, str, ReferenceKind, Scope, str]]:
    outline = parse(path, source.encode())
    return {
        (outline.symbols[one.symbol].name if one.symbol >= 0 else "", one.name, one.kind, one.scope, one.hint)
        for one in outline.references
    }


@pytest.mark.parametrize(
    ("path", "source", "expected"),
    [
        ("pkg/a.py", PYTHON, [
            ("", "b", IMPORT, MODULE, "a/b"),
            ("", "Client", IMPORT, MODULE, "pkg/net/retry"),
            ("helper", "Client", CALL, MODULE, "pkg/net/retry"),
            ("helper", "send", CALL, TYPE, "Client"),
            ("helper", "run", CALL, TYPE, "Remote"),
            ("helper", "go", CALL, MODULE, "a/b"),
            ("helper", "join", CALL, MODULE, "os/path"),
            ("helper", "thing", CALL, MODULE, "pkg/utils"),
            ("helper", "fetch", CALL, MODULE, "pkg/net/retry"),
            ("helper", "helper", CALL, FILE, ""),
            ("helper", "other", USE, FILE, ""),
            ("helper", "once", CALL, TYPE, "Client"),
            ("helper", "twice", CALL, RESULT, "once"),
            ("helper", "bar", CALL, RESULT, "helper"),
            ("helper", "Foo", USE, UNKNOWN, ""),
            ("K", "Base", BASE, UNKNOWN, ""),
            ("__init__", "__init__", CALL, SUPER, ""),
            ("m", "draw", CALL, TYPE, "Window"),
            ("m", "send", CALL, TYPE, "Client"),
            ("m", "m", CALL, SELF, ""),
            ("m", "foo", CALL, RECEIVER, "zzz"),
            ("m", "o", CALL, TYPE, "Widget"),
            ("m", "make", CALL, TYPE, "K"),
        ]),
        ("a/a.go", GO, [
            ("Run", "Fetch", CALL, TYPE, "Client"),
            ("Run", "Stop", CALL, TYPE, "Server"),
            ("Run", "Load", CALL, TYPE, "Config"),
            ("Run", "Do", CALL, MODULE, "util"),
            ("Run", "helper", CALL, UNKNOWN, ""),
            ("Run", "Go", CALL, RESULT, "NewThing"),
        ]),
        ("a/b.go", GO_VARIABLES, [
            ("Copy", "Send", CALL, RESULT, "Open"),
            ("Copy", "Stop", CALL, TYPE, "Server"),
            ("Copy", "Push", CALL, TYPE, "Queue"),
            ("Copy", "Draw", CALL, TYPE, "View"),
            ("Copy", "Next", CALL, TYPE, "Node"),
            ("Copy", "Abort", CALL, TYPE, "Context"),
            ("Copy", "Go", CALL, RECEIVER, "x"),
            ("Copy", "after", CALL, UNKNOWN, ""),
        ]),
        ("src/app/a.ts", TYPESCRIPT, [
            ("K", "Base", BASE, UNKNOWN, ""),
            ("K", "Shape", BASE, UNKNOWN, ""),
            ("run", "draw", CALL, TYPE, "Widget"),
            ("run", "info", CALL, TYPE, "Logger"),
            ("run", "open", CALL, TYPE, "Window"),
            ("run", "fetch", CALL, MODULE, "src/app/net"),
            ("run", "go", CALL, MODULE, "src/util"),
            ("run", "Client", CALL, MODULE, "src/app/net"),
            ("run", "send", CALL, TYPE, "Client"),
            ("run", "run", CALL, SELF, ""),
        ]),
        ("src/server.rs", RUST, [
            ("run", "stop", CALL, SELF, ""),
            ("run", "load", CALL, TYPE, "Config"),
            ("run", "fetch", CALL, MODULE, "net"),
            ("run", "new", CALL, TYPE, "Client"),
            ("run", "send", CALL, TYPE, "Client"),
        ]),
        ("src/chains.rs", RUST_CHAINS, [
            ("run", "port", CALL, TYPE, "Builder"),
            ("run", "start", CALL, RESULT, "port"),
            ("run", "check", CALL, TYPE, "Options"),
            ("run", "new", CALL, TYPE, "std/process/Command"),
            ("run", "args", CALL, TYPE, "std/process/Command"),
            ("run", "status", CALL, TYPE, "std/process/Command"),
            ("run", "draw", CALL, RECEIVER, ""),
            ("run", "near", CALL, UNKNOWN, ""),
            ("run", "far", CALL, MODULE, "net/retry"),
            ("run", "drop", CALL, MODULE, "std/mem"),
            ("help", "after", CALL, UNKNOWN, ""),
        ]),
        ("a/Server.java", JAVA, [
            ("Server", "Base", BASE, UNKNOWN, ""),
            ("run", "send", CALL, TYPE, "Client"),
            ("run", "load", CALL, TYPE, "Config"),
            ("run", "stop", CALL, SELF, ""),
            ("run", "Client", CALL, MODULE, "b/c"),
        ]),
    ],
)  # fmt: skip
def test_what_the_text_says_about_each_name(path, source, expected):
    found = references(path, source)
    assert [row for row in expected if row not in found] == []


@pytest.mark.parametrize("name", ["nothing", "this", "callback", "sorted", "list"])
def test_comments_parameters_and_builtins_are_no_references(name):
    assert not [row for row in references("pkg/a.py", PYTHON) if row[1] == name]


@pytest.mark.parametrize("keyword", ["function", "function*", "async function"])
def test_the_name_of_an_assigned_function_is_no_call_of_it(keyword):
    source = f"res.send = {keyword} send(path) {{\n  write(path);\n}};\n"
    assert [row[1] for row in references("a.js", source) if row[2] is CALL] == ["write"]


def test_an_import_is_no_use():
    assert references("a.py", "import os\nfrom a import b, c\n") == {
        ("", "os", IMPORT, MODULE, "os"), ("", "b", IMPORT, MODULE, "a"), ("", "c", IMPORT, MODULE, "a"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("language", "signature", "expected"),
    [
        ("python", 'def f(a: int) -> "Optional[net.Client]"', "Client"),
        ("python", "def f(a)", ""),
        ("python", "def f() -> str", ""),
        ("typescript", "f(a: number): Promise<Client>", "Client"),
        ("rust", "fn f(&self) -> Result<Client, Error>", "Client"),
        ("rust", "fn f() -> &'a mut Client", "Client"),
        ("rust", "fn f() -> Result<Self, Error>", "Self"),
        ("go", "func New(a int) (*Client, error)", "Client"),
        ("go", "func (s *Server) Get(a int) Client", "Client"),
        ("go", "func New(a int) (c *net.Client, err error)", "Client"),
        ("go", "func New(a int) (a, b *Client)", "Client"),
        ("java", "public static Client create(int a)", "Client"),
        ("cpp", "const Client& Server::client()", "Client"),
        ("ruby", "def f(a)", ""),
    ],
)
def test_the_written_result_of_a_function(language, signature, expected):
    assert result_type(language, signature) == expected


@pytest.mark.parametrize(
    ("language", "signature", "expected"),
    [
        ("python", "class K(Base, other.Mixin[T], metaclass=M)", ["Base", "Mixin"]),
        ("java", "public class K<T> extends Base<T> implements A, b.C", ["Base", "A", "C"]),
        ("typescript", "export class K<T> extends Base<T> implements X, Y", ["Base", "X", "Y"]),
        ("kotlin", "class K(x: Int) : Base(x), Other", ["Base", "Other"]),
        ("cpp", "class K : public ns::Base<int>, private Other", ["Base", "Other"]),
        ("csharp", "public class K : Base, IThing where T : X", ["Base", "IThing"]),
        ("scala", "class K(x: Int) extends Base(x) with Other", ["Base", "Other"]),
        ("ruby", "class K < Foo::Bar", ["Bar"]),
        ("go", "type K struct", []),
    ],
)
def test_the_bases_of_a_type(language, signature, expected):
    assert base_types(language, "K", signature) == expected


@pytest.mark.parametrize(
    ("language", "source", "expected"),
    [
        ("go", 'glob("a/*.go"); f() // g()\nh() /* i()\n */', 'glob("a/*.go"); f()       \nh()       \n   '),
        ("go", "c := '\"' // g()", "c := '\"'       "),
        ("typescript", "const a = `${b}/*`; 'it\\'s //' // c()", "const a = `${b}/*`; 'it\\'s //'       "),
        ("python", "a = 'x#y'  # b()\n", "a = 'x#y'       \n"),
        ("python", 'f("it\'s")  # b()\n', 'f("it\'s")       \n'),
        ("rust", "fn f<'a>() {} // g()", "fn f<'a>() {}       "),
        ("rust", 'f("a\n/* b"); c(\'"\'); /* d */', 'f("a\n/* b"); c(\'"\');        '),
        ("rust", 'f(r#"a"\n/* b"#); c(); /* d */', 'f(r#"a"\n/* b"#); c();        '),
        ("rust", '/* a */ f("b\n/* c', '        f("b\n    '),
        ("typescript", "fetch('http://a.b/c')", "fetch('http://a.b/c')"),
    ],
)
def test_a_comment_mark_in_a_string_begins_no_comment(language, source, expected):
    assert without_comments(BY_NAME[language], source.encode()).decode() == expected
