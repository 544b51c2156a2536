"""Short forms that code writes for words of questions: ``config`` for "configuration", ``args`` for "arguments".

A table, because rules that drop letters match too much. Words with equal stems need no entry.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from semlens.core.text.identifiers import stem

_ENTRIES = """
addr: address; alloc: allocate allocation; app: application; arg: argument; async: asynchronous; attr: attribute;
auth: authentication authorization authenticate authorize; avg: average; bg: background; bin: binary; bool: boolean;
btn: button; buf: buffer; calc: calculate calculation; cert: certificate; cfg conf config: configuration configure;
char: character; cmd: command; cmp: compare comparison; col: column; cond: condition; conn: connection;
const: constant; conv: convert conversion; coord: coordinate; ctrl ctl: control; ctx: context; db: database;
decl: declaration; def: definition; del: delete; dep: dependency; desc: description; dest dst: destination;
dev: development device; diff: difference; dim: dimension; dir: directory; doc: document documentation;
elem: element; env: environment; err: error; eval: evaluate evaluation; evt: event; exc: exception;
exec: execute execution; expr: expression; ext: extension; fmt: format; fn func: function; freq: frequency;
fs: filesystem; gen: generate generation generator; hdr: header; hex: hexadecimal; id: identifier; idx: index;
iface: interface; img: image; impl: implementation; info: information; init: initialize initialise initialization;
int: integer; iter: iterator iterate; lang: language; len: length; lib: library; loc: location; max: maximum;
mem: memory; meta: metadata; mgr: manager; min: minimum; mod: module; msg: message; mul: multiply multiplication;
nav: navigation; num: number; obj: object; op: operation operator; opt: option; org: organization; param: parameter;
perm: permission; pkg: package; pos: position; pred: predicate; pref: preference; prev: previous; proc: process;
prog: program; prop: property; proto: protocol; ptr: pointer; pwd passwd: password; qty: quantity; rand: random;
rec: record; recv: receive; ref: reference; reg: register; repo: repository; req: request; resp: response;
ret: return; sched: scheduler schedule; sel: selection; sem: semaphore; seq: sequence; sig: signal signature;
spec: specification; src: source; stat: statistic; std: standard; stmt: statement; str: string; struct: structure;
sub: subscription; sym: symbol; sync: synchronize synchronization; sys: system; tbl: table; temp tmp: temporary;
term: terminal; tx txn: transaction; txt: text; uniq: unique; usr: user; util: utility; val: value; var: variable;
vec: vector; ver: version; win: window; ws: websocket;
authorize: authorization; compare: comparison; configure: configuration; convert: conversion;
initialize: initialization; synchronize: synchronization
"""
"""Short forms of each word; at the end, verbs whose nouns have other stems."""


def _pairs() -> Iterator[tuple[str, str]]:
    """Stems of words that stand for each other: a short form and what it stands for, or two short forms of it."""
    for entry in _ENTRIES.split(";"):
        short, _, written_out = entry.partition(":")
        for one in map(stem, short.split()):
            for other in map(stem, (*short.split(), *written_out.split())):
                if one != other:
                    yield one, other
                    yield other, one


def _forms() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for one, other in _pairs():
        found.setdefault(one, {})[other] = None
    return {one: tuple(others) for one, others in found.items()}


FORMS = _forms()
"""Other forms by stem, all of them stems."""


def other_forms(word: str) -> tuple[str, ...]:
    """Stems of the other forms of a stem, short for long and long for short."""
    return FORMS.get(word, ())
