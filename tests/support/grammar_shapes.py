"""Deeply nested code from a grammar's own tokens ("shapes"), and a process that parses it as a worker would.

``python -P grammar_shapes.py SEED COUNT FIRST LANGUAGE...`` parses COUNT shapes of each language, from number FIRST on. It
prints the number of each shape before parsing it, and its fault afterwards. If the process crashes, the last number names
the shape.
"""

from __future__ import annotations

import itertools
import logging
import random
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scanner_state import MAX_STATE_BYTES, ScannerState

from semlens.syntax.languages.language import Language
from semlens.syntax.languages.registry import BY_NAME
from semlens.syntax.parsing import grammars, parse_limits
from semlens.syntax.parsing.parser import parse
from semlens.workers.limits import exceeds_memory_limit

# "_" stands for a space, "\n" for a line end
FRAGMENTS = r"""
( [ { < {( [{ (( (. () {} [] "${ "#{ "\( "$( '${ `${ `$( $( $(( ${ ${a:- %( #( @( $" $"{ $@"{ f"{ f'{ r#" R"( q( q{ qw( %w(
%q{ qq{${ "@{ [[ [=[ (* {- /* /+ /** --[[ #| #= #[ // -- # ; % | || " ' ` "\"\" ''' ``` ~~~ <a> <a_ <div> <p><b> <a_b=" <!--
<![CDATA[ <?php_ <%_ {{ {%_ {%_if_a_%} {{# {# >_ > -_ *_ +_ 1._ ?_ :_ - -_- -_-_ -_a:_ ?_-_ a:_ a:_&a_ !a_ *a_ @a_ <<A <<A\n
<<~A <<-A_ <<"A"_ <<'A'_ <<A; <<~A\n#{ begin_ if_a_then_ if_a:_ if_a:\n if_a_ if_(a)_ else_if_a_ do_ case_x_of_ let_x_=_ where_
\begin{a} \a{ function_a()_ function(a) function()_{ class_A_{ class_A_ class_A:_ def_a_ def_a(): fn_a()_{ func_a()_{ fun_a_=
a( a[ a{ a. a.b( a::b a<b< a=>_ a_->_ x_=>_{ \x_->_ not_ ! ~ * & ++ -a_ a_?_b_:_ a_+_ a_,_ a_=_ a_&&_ a_and_ a:\n a\n{
namespace_a{ module_a_ begin\n loop_ while_a_do_ for_a_in_b_do_ try_{ try_ match_a_with_ #if_a\n #ifdef_a\n `if a_^{ ^ => -> ..
... @ @@ $ $$ \( \[ =begin\n #+BEGIN_SRC\n *_a\n **_a\n .. _:: section\n }_
"""
SEPARATORS = ("", " ", "\n", "stairs", "tab stairs")
MAX_STAIRS = 560
LANGUAGES = [language for language in BY_NAME.values() if language.grammar]
_CLOSING = str.maketrans("([{<", ")]}>")
_SECONDS_A_PARSE = 0.3
_SECONDS_A_SHAPE = 8  # the time limit of a step in a worker
_MEMORY_BYTES = 2 << 30
_TOO_MUCH_MEMORY = 75  # exit code: continue in another process, as a worker would


@dataclass(frozen=True, slots=True)
class NestedShape:
    """:ivar unit: text that is repeated `count` times. :ivar separator: joins the units; stairs indent line by line.

    :ivar closed: whether as many closing brackets follow.
    """

    unit: str
    separator: str
    count: int
    closed: bool = False

    def text(self) -> bytes:
        if self.separator.endswith("stairs"):
            indent = "\t" if self.separator.startswith("tab") else " "
            opening = "\n".join(f"{indent * row}{self.unit}" for row in range(min(self.count, MAX_STAIRS)))
        else:
            opening = self.separator.join([self.unit] * self.count)
        return f"{opening} a {_closing(self.unit) * self.count if self.closed else ''}\n".encode()


KNOWN = (
    NestedShape("> ", "", 400),
    NestedShape("- ", "", 400),
    NestedShape('"${', "", 1_300),
    NestedShape("[", "", 400),
    NestedShape("if a:", "stairs", 560),
)
"""Shapes that once damaged the memory of a parser."""


def _closing(unit: str) -> str:
    return "".join(sign for sign in reversed(unit) if sign in "([{<").translate(_CLOSING)


def fingerprints_of(language: Language, seed: int, count: int) -> list[NestedShape]:
    """The known shapes, then random ones of one to three tokens from the common list and the grammar."""
    chance = random.Random(f"{language.name} {seed}")
    fragments = [fragment.replace("_", " ").replace("\\n", "\n") for fragment in FRAGMENTS.split()]
    tokens = [token for token in own_tokens(language) if token.isprintable()] or fragments

    def fingerprints() -> Iterator[NestedShape]:
        for source in itertools.cycle((fragments, tokens, [*fragments, *tokens])):
            unit = chance.choice(("", " ")).join(chance.choices(source, k=chance.choice((1, 1, 2, 3))))
            times = chance.choice((150, 400, 1_300))
            yield NestedShape(unit, chance.choice(SEPARATORS), times, closed=chance.random() < 0.3)

    return list(itertools.islice(itertools.chain(KNOWN, fingerprints()), count))


def own_tokens(language: Language) -> list[str]:
    grammar = grammars.grammar_of(language).parser.language
    assert grammar is not None
    kinds = range(grammar.node_kind_count)
    return sorted({
        grammar.node_kind_for_id(kind) or ""
        for kind in kinds
        if grammar.node_kind_is_visible(kind) and not grammar.node_kind_is_named(kind)
    } - {""})  # fmt: skip


def sample_path(language: Language) -> str:
    return f"a{language.extensions[0]}" if language.extensions else language.file_names[0]


def faults_of(languages: Sequence[Language], seed: int, count: int) -> list[str]:
    """The faults of the shapes of some languages, each with language and shape. Starts processes."""
    faults: list[str] = []
    first, left = 0, list(languages)
    while left:
        names = [language.name for language in left]
        done = subprocess.run(
            [sys.executable, "-P", __file__, str(seed), str(count), str(first), *names],
            stdout=subprocess.PIPE, text=True, check=False, env={"PYTHONPATH": ":".join(sys.path)},
        )  # fmt: skip
        lines = [line.split(" ", 2) for line in done.stdout.splitlines()]
        faults += [f"{name}: {fault[0]}" for name, _, *fault in lines if fault]
        if done.returncode == 0:
            break
        assert lines, "the process does not start"
        name, number, *_ = lines[-1]
        if done.returncode != _TOO_MUCH_MEMORY:
            fingerprint = fingerprints_of(BY_NAME[name], seed, count)[int(number)]
            faults.append(f"{name}: ended with code {done.returncode} by {fingerprint}")
        left, first = left[names.index(name) :], int(number) + 1
    return faults


def main(seed: int, count: int, first: int, names: Sequence[str]) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    logging.disable()
    parse_limits.MAX_PARSE_SECONDS = _SECONDS_A_PARSE
    for name in names:
        language = BY_NAME[name]
        state = ScannerState(language.grammar)
        path = sample_path(language)
        for number, fingerprint in enumerate(fingerprints_of(language, seed, count)):
            if number < first:
                continue
            say(name, number)
            state.n_bytes = 0
            signal.setitimer(signal.ITIMER_PROF, _SECONDS_A_SHAPE)
            parse(path, fingerprint.text())
            signal.setitimer(signal.ITIMER_PROF, 0)
            if state.n_bytes > MAX_STATE_BYTES:
                say(name, number, f"a state of {state.n_bytes} bytes by {fingerprint}")
            if exceeds_memory_limit():
                sys.exit(_TOO_MUCH_MEMORY)
        first = 0


def say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
