"""Finds the definitions that a reference may mean, each with a confidence between 0 and 1.

The rules, from the surest: the same file; the module that is imported; the type of the receiver where it is written,
or one of its bases; the object itself; the same package; a name that only one definition has. docs/graph.md states
them for users, and bench/graph_truth.py measures the confidences.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from semlens.core.reference import ReferenceKind, Scope
from semlens.core.symbol import SymbolKind
from semlens.graph.candidates import Candidates, Definition, module_suffixes, package_suffixes
from semlens.graph.choices import Targets, nearest, shared, shared_by_file
from semlens.graph.graph_symbols import GraphSymbols
from semlens.graph.hierarchy import TypeHierarchy
from semlens.graph.language_traits import LanguageTraits
from semlens.graph.segment_names import SymbolPlace, module_of_import, names_of
from semlens.index.snapshot import SegmentView

_FEW_TARGETS = 4  # among which one is found as fast without a dictionary
_SURE, _IMPORTED, _INHERITED, _REEXPORTED, _PACKAGE, _GLOBAL = 0.95, 0.95, 0.9, 0.85, 0.9, 0.85
_DECLARED, _OVERRIDE, _OVERRIDDEN, _UNIQUE_METHOD, _NAMED_RECEIVER, _ONE_OF_METHODS = 0.8, 0.5, 0.3, 0.7, 0.8, 0.6
_UNKNOWN_IN_TYPE, _EXTERNAL, _NOT_IMPORTED = 0.25, 0.1, 0.4


class Edge(NamedTuple):
    """One reference. :ivar row: of the symbol that refers, or of its file behind all symbols."""

    view: int
    row: int
    term: int
    kind: ReferenceKind
    scope: Scope
    hint: int


class Resolver(GraphSymbols):
    """The graph of one snapshot."""

    def __init__(self, views: Sequence[SegmentView]) -> None:
        super().__init__(views)
        self._targets: dict[tuple[object, ...], Targets] = {}
        self._confidences: dict[int, tuple[Targets, dict[tuple[int, int], float]]] = {}
        hierarchy = TypeHierarchy([names_of(view.segment) for view in views])
        self.bases, self.derived = hierarchy.bases, hierarchy.derived
        self._imports: dict[tuple[int, int, int], int] = {}

    def targets(self, edge: Edge) -> Targets:
        """The definitions that a reference may mean, most likely first. Confidences sum to about 1 at most."""
        file = self.file_of(edge.view, edge.row)
        owner_row, owner = -1, 0
        if edge.scope in (Scope.SELF, Scope.SUPER, Scope.UNKNOWN):
            owner_row, owner = self.owner_type(edge.view, edge.row)
        container = edge.row if edge.scope is Scope.FILE else owner_row
        is_call = edge.kind is ReferenceKind.CALL
        key = (edge.view, file, container, owner, edge.term, edge.scope, edge.hint, is_call)
        found = self._targets.get(key)
        if found is None:
            traits = self.traits(edge.view, file)
            candidates = self.candidates(edge.term, traits.family)
            found = ()
            if candidates.definitions:
                found = self._resolve(edge, file, owner, traits, candidates)
                if is_call and len(found) > 1:
                    found = tuple(one for one in found if not self._is_field(one[0])) or found
            self._targets[key] = found
        return found

    def _is_field(self, one: Definition) -> bool:
        """A method may have the name of a field, and then a call means the method."""
        return int(self.views[one.view].segment.symbols.kinds[one.symbol]) in (SymbolKind.FIELD, SymbolKind.PROPERTY)

    def confidence(self, edge: Edge, place: SymbolPlace) -> float:
        """How sure a reference means one symbol; 0 if it does not."""
        targets = self.targets(edge)
        if len(targets) <= _FEW_TARGETS:
            return next((sure for one, sure in targets if (one.view, one.symbol) == place), 0.0)
        known = self._confidences.get(id(targets))  # the entry keeps the targets alive, so that no other has their id
        if known is None:
            known = targets, {(one.view, one.symbol): sure for one, sure in reversed(targets)}
            self._confidences[id(targets)] = known
        return known[1].get(place, 0.0)

    def _resolve(self, edge: Edge, file: int, owner: int, traits: LanguageTraits, candidates: Candidates) -> Targets:
        match edge.scope:
            case Scope.FILE:
                return self._in_file(edge, file, candidates) or self._bare(edge, file, owner, traits, candidates)
            case Scope.MODULE:
                return self._in_module(edge, file, traits, candidates)
            case Scope.TYPE:
                return self._in_type(edge.view, file, edge.hint, traits, candidates)
            case Scope.SELF:
                return self._in_self(edge, file, owner, candidates)
            case Scope.SUPER:
                return self._above(owner, candidates) or self._any_member(candidates, _EXTERNAL)
            case Scope.RESULT:
                result = self.type_of_result(edge.hint, traits.family)
                if result:
                    return self._in_type(edge.view, file, result, traits, candidates)
                return self._unknown_receiver(0, candidates)
            case Scope.RECEIVER:
                return self._unknown_receiver(edge.hint, candidates)
            case _:
                return self._bare(edge, file, owner, traits, candidates)

    def _in_file(self, edge: Edge, file: int, candidates: Candidates) -> Targets:
        here = candidates.by_file.get((edge.view, file), ())
        if len(here) > 1:  # the innermost scope around the reference wins
            symbols = self.views[edge.view].segment.symbols
            around = edge.row if edge.row < len(symbols) else -1
            while True:
                inner = [one for one in here if int(symbols.parents[one.symbol]) == around]
                if inner:
                    here = inner
                    break
                if around < 0:
                    break
                around = int(symbols.parents[around])
            if any(int(symbols.spans[one.symbol, 1]) for one in here) and around < 0:
                return shared(here, _SURE, by_symbol=True)  # each is local to a scope that is no symbol
        return tuple((one, _SURE) for one in here)

    def _in_module(self, edge: Edge, file: int, traits: LanguageTraits, candidates: Candidates) -> Targets:
        path = self.path(edge.view, file)
        found = candidates.of_module(edge.hint)
        if not found and traits.package_is_folder:
            found = [one for one in candidates.others if edge.hint in package_suffixes(one.path)]
        if not found and traits.family == "jvm":  # `import static`, or what an object defines
            found = [one for one in candidates.members if edge.hint in module_suffixes(one.path)]
        if found:
            return shared_by_file(nearest(found, path), _IMPORTED)
        found = candidates.below_module(edge.hint)
        if not found and traits.family == "rust":  # the module may stand in the file itself
            found = candidates.by_file.get((edge.view, file), [])
        if not found and traits.family == "ecma" and (folder := self.package_folder(edge.hint)):
            found = [one for one in candidates.others if one.path.startswith(folder)]
        if found:
            return shared_by_file(nearest(found, path), _REEXPORTED)
        return shared(candidates.others, _EXTERNAL) or self._any_member(candidates, _NOT_IMPORTED)

    def _in_type(self, view: int, file: int, type_hint: int, traits: LanguageTraits, candidates: Candidates) -> Targets:
        found = candidates.by_owner.get(type_hint)
        if found:
            return self._own(type_hint, self._of_imported_type(view, file, type_hint, found), candidates)
        inherited = self._above(type_hint, candidates)
        if inherited:
            return inherited
        below = self._below(type_hint, candidates, _OVERRIDE)
        if below:
            return below
        module = self._module_of_import(view, file, type_hint)
        if module and (found := candidates.of_module(module)):
            return shared_by_file(found, _REEXPORTED)
        if not self.is_type(type_hint, traits.family):
            value = self.type_of_value(type_hint, traits.family)
            if value:
                return self._in_type(view, file, value, traits, candidates)
            return self._any_member(candidates, _EXTERNAL)
        return self._any_member(candidates, _UNKNOWN_IN_TYPE)

    def _in_self(self, edge: Edge, file: int, owner: int, candidates: Candidates) -> Targets:
        found = candidates.by_owner.get(owner) if owner else None
        if found:
            here = [one for one in found if one.key == (edge.view, file)]
            path = self.path(edge.view, file)
            return self._own(owner, here or nearest(found, path), candidates)
        return (
            self._above(owner, candidates)
            or self._below(owner, candidates, _OVERRIDE)
            or self._any_member(candidates, _UNKNOWN_IN_TYPE)
        )

    def _above(self, type_hint: int, candidates: Candidates) -> Targets:
        """The nearest inherited definition."""
        for base in self.bases(type_hint) if type_hint else ():
            found = candidates.by_owner.get(base)
            if found:
                return shared_by_file(found, _INHERITED)
        return ()

    def _own(self, type_hint: int, found: Sequence[Definition], candidates: Candidates) -> Targets:
        """The members of a type itself, and what may be meant as well. In Rust a method of the type hides a trait's."""
        if self.traits(found[0].view, found[0].file).family == "rust":
            methods = [one for one in found if not self._is_field(one)]
            inherent = [one for one in methods if self.signature_of(one).startswith("pub")]  # a trait's never are
            if inherent:
                return shared_by_file(inherent, _SURE)
        return shared_by_file(found, _SURE) + self._around(type_hint, candidates)

    def _around(self, type_hint: int, candidates: Candidates) -> Targets:
        """Definitions that override a member of a type, or that it overrides: they may be meant too."""
        targets = self._below(type_hint, candidates, _OVERRIDE)
        overridden = [(base, one) for base in self.bases(type_hint) for one in candidates.by_owner.get(base, ())]
        for base, one in overridden:
            is_declared = self.is_type(base, self.traits(one.view, one.file).family, SymbolKind.INTERFACE)
            targets += ((one, _DECLARED if is_declared else _OVERRIDDEN / len(overridden)),)
        return targets

    def _below(self, type_hint: int, candidates: Candidates, confidence: float) -> Targets:
        """Definitions that override one, as far as any do. The only one that implements an interface is meant."""
        found = [one for below in self.derived(type_hint) for one in candidates.by_owner.get(below, ())]
        if len(found) == 1:
            family = self.traits(found[0].view, found[0].file).family
            confidence = _DECLARED if self.is_type(type_hint, family, SymbolKind.INTERFACE) else confidence
        return shared(found, confidence)

    @staticmethod
    def _any_member(candidates: Candidates, confidence: float) -> Targets:
        found = candidates.of_any_member.get(confidence)
        if found is None:
            found = candidates.of_any_member[confidence] = shared(candidates.members, confidence)
        return found

    def _unknown_receiver(self, name: int, candidates: Candidates) -> Targets:
        name = name if name in candidates.by_owner_name else 0
        found = candidates.of_unknown_receiver.get(name)
        if found is None:
            found = candidates.of_unknown_receiver[name] = self._by_receiver_name(name, candidates)
        return found

    def _by_receiver_name(self, name: int, candidates: Candidates) -> Targets:
        named = candidates.by_owner_name.get(name) if name else None
        if named:
            rest = [one for one in candidates.members if one.owner_name != name]
            return shared_by_file(named, _NAMED_RECEIVER) + shared(rest, _EXTERNAL)
        if not candidates.members:
            return shared(candidates.others, _EXTERNAL)
        owners = set(candidates.by_owner)
        return shared(candidates.members, _UNIQUE_METHOD if len(owners) == 1 else _ONE_OF_METHODS)

    def _bare(self, edge: Edge, file: int, owner: int, traits: LanguageTraits, candidates: Candidates) -> Targets:
        if owner and (inherited := self._above(owner, candidates)) and traits.family not in ("python", "ecma", "go"):
            return inherited
        path = self.path(edge.view, file)
        folder = path.rpartition("/")[0]
        if traits.package_is_folder or traits.is_global:
            near = [one for one in candidates.others if one.path.rpartition("/")[0] == folder]
            if near and traits.family == "go":  # several of one package are for different builds
                return tuple((one, _PACKAGE) for one in near)
            if near:
                return shared_by_file(near, _PACKAGE)
        if traits.is_global:
            return shared_by_file(nearest(candidates.others, path), _GLOBAL)
        return shared(candidates.others, _NOT_IMPORTED)

    def _of_imported_type(
        self, view: int, file: int, type_hint: int, found: Sequence[Definition]
    ) -> Sequence[Definition]:
        """Of the members of several types of one name, those of the type that the file defines or imports."""
        if len({one.key for one in found}) < 2:
            return found
        here = [one for one in found if one.key == (view, file)]
        if here:
            return here
        module = self._module_of_import(view, file, type_hint)
        if module:
            imported = [one for one in found if module in module_suffixes(one.path)]
            if imported:
                return imported
        return nearest(found, self.path(view, file))

    def _module_of_import(self, view: int, file: int, name: int) -> int:
        """The module from which a file imports a name, or 0."""
        key = (view, file, name)
        if key not in self._imports:
            self._imports[key] = module_of_import(self.views[view].segment, file, name)
        return self._imports[key]
