"""The command line's grammar: commands, options, help. Knows which function runs a command, imports none of them."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import NoReturn

from semlens import __version__
from semlens.core.text.printable import printable

_EXAMPLES = """\
examples:
  semlens index                          index the folder you are in
  semlens search retry with backoff      find code by what it does
  semlens search parseConfig -n 5        or by its name
  semlens search "open file" --lang go --path 'internal/**' --tests exclude
  semlens outline src/net/retry.py       the symbols of one file
  semlens doctor                         is everything in place?

exit codes: 0 done (also when nothing is found), 1 failed, 2 bad usage
"""

_Add = Callable[..., argparse.ArgumentParser]


class _Parser(argparse.ArgumentParser):
    """Its error messages repeat arguments, which a script may have taken from anywhere."""

    def error(self, message: str) -> NoReturn:
        super().error(printable(message))


def build_parser() -> argparse.ArgumentParser:
    """:returns: a parser whose result holds ``run``, the ``module:function`` of the command, and ``debug``."""
    parser = _Parser(
        prog="semlens",
        description="Finds code by meaning, offline, on your own machine.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"semlens {__version__}")
    parser.add_argument("--debug", action="store_true", help="show a traceback with an error")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(name: str, run: str, summary: str, epilog: str = "") -> argparse.ArgumentParser:
        command = commands.add_parser(
            name,
            help=summary,
            description=summary[0].upper() + summary[1:] + ".",
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        command.set_defaults(run=run)
        # also after the command; SUPPRESS leaves the value of the main parser alone when it is absent here
        command.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
        return command

    _add_index(add)
    _add_search(add)
    _add_likeness(add)
    _add_outline(add)
    _add_care(add)
    _add_models(add)
    serve = add("serve", "serve:run", "run the language server over stdin and stdout, for editors")
    serve.add_argument("--stdio", action="store_true", help="accepted for editors that pass it; stdio is all there is")
    return parser


def _add_index(add: _Add) -> None:
    index = add("index", "index:run", "bring the index of a folder up to date")
    _add_folder(index)
    index.add_argument("--wait", action="store_true", help="return only when the better vectors are there too")
    _add_json(index)


def _add_search(add: _Add) -> None:
    search = add(
        "search",
        "search:run",
        "find code by meaning, words or name",
        "A question may be plain words, a name, a path, a message, a pasted trace or code. Filters may stand in it:\n"
        '  lang:go  kind:class  path:src/**  -path:legacy  test:only  in:Name  "words that must occur"\n'
        "Put -- before a question that starts with a dash.",
    )
    search.add_argument("query", nargs="+", metavar="QUERY", help="what to look for, in your own words")
    _add_workspace(search)
    search.add_argument("-n", "--limit", type=_bounded(1, 1000), metavar="N", help="hits to print (default: 20)")
    _add_json(search)
    search.add_argument("--explain", action="store_true", help="show what the ranking saw in each hit")
    search.add_argument("--lang", action="append", default=[], metavar="L", help="only this language; repeatable")
    search.add_argument("--kind", action="append", default=[], metavar="K", help="only this kind, e.g. function")
    search.add_argument("--path", action="append", default=[], metavar="GLOB", help="only paths like this; repeatable")
    search.add_argument("--tests", choices=("include", "exclude", "only"), default="include", help="hits in tests")
    search.add_argument("--per-file", type=_bounded(0, 1000), metavar="N", help="hits of one file, 0: no bound")
    search.add_argument("--no-update", action="store_true", help="search the index as it is")


def _add_outline(add: _Add) -> None:
    outline = add("outline", "outline:run", "print the symbols of one file as the index sees them")
    outline.add_argument("path", metavar="PATH")
    _add_json(outline)


def _add_care(add: _Add) -> None:
    status = add("status", "status:run", "say what is indexed, with which models, how fresh, how large")
    _add_folder(status)
    _add_json(status)
    doctor = add("doctor", "doctor:run", "check the installation and say the mend")
    _add_json(doctor)
    forget = add("forget", "forget:run", "delete the index of a folder, or of all folders that are gone")
    target = forget.add_mutually_exclusive_group()
    target.add_argument("folder", nargs="?", metavar="DIR", help="the folder whose index goes (default: .)")
    target.add_argument("--gone", action="store_true", help="of all folders that no longer exist")


def _add_models(add: _Add) -> None:
    models = add("models", "models:run_list", "list, show or check the embedding models")
    actions = models.add_subparsers(metavar="ACTION", required=True)
    for name, summary in (
        ("list", "the models known"),
        ("show", "where a model comes from and what it is"),
        ("verify", "check the files of the models against their hashes"),
        ("bench", "measure the models' speed on this machine, by threads and batch size"),
    ):
        action = actions.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".")
        action.set_defaults(run=f"models:run_{name}" if name != "bench" else "models_bench:run")
        if name == "bench":
            action.add_argument("models", nargs="*", metavar="NAME", help="names, or folders by path (default: all)")
        elif name != "list":
            action.add_argument("model", nargs=None if name == "show" else "?", metavar="NAME", help="a model's name")
        _add_json(action)
        action.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)


def _add_likeness(add: _Add) -> None:
    similar = add("similar", "similar:run", "find code like the symbol at a place")
    similar.add_argument("place", metavar="PATH:LINE", help="a line of the symbol, counted from 1")
    duplicates = add(
        "duplicates", "duplicates:run", "find groups of near-identical symbols, renamed variables included"
    )
    _add_folder(duplicates)
    context = add(
        "context",
        "context:run",
        "pack the code that a question or a place needs for a prompt; with neither, a map of the workspace",
    )
    context.add_argument("query", nargs="*", metavar="QUERY", help="what the prompt is about")
    context.add_argument("--at", metavar="PATH:LINE", help="pack what a reader of this place needs")
    context.add_argument(
        "--budget",
        type=_bounded(1, 10_000_000),
        default=4000,
        metavar="TOKENS",
        help="never more than this (default: 4000)",
    )
    context.add_argument(
        "--tokenizer", metavar="FILE", help="count with this tokenizer.json (default: a safe estimate)"
    )
    context.add_argument("--tests", action="store_true", help="the tests of the code too")
    context.add_argument("--line-numbers", action="store_true", help="a number before each line")
    for command in (similar, context):
        _add_workspace(command)
    for command in (similar, duplicates):
        command.add_argument("-n", "--limit", type=_bounded(1, 1000), metavar="N", help="at most this many")
    for command in (similar, duplicates, context):
        _add_json(command)


def _add_folder(command: argparse.ArgumentParser) -> None:
    command.add_argument("folder", nargs="?", metavar="DIR", help="the workspace (default: .)")


def _add_workspace(command: argparse.ArgumentParser) -> None:
    command.add_argument("-w", "--workspace", dest="folder", metavar="DIR", help="the workspace (default: .)")


def _add_json(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="print one JSON object instead")


def _bounded(minimum: int, maximum: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        value = int(text)
        if not minimum <= value <= maximum:
            raise argparse.ArgumentTypeError(f"{value} is not between {minimum} and {maximum}")
        return value

    number.__name__ = "number"  # argparse names it in "invalid number value"
    return number
