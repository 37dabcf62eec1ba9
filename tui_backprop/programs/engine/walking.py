"""Walking the graph that a learner's engine made, below its loss: what the notes say, not its lists of children."""

from __future__ import annotations

import gc
import os
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import CellType, CodeType, FunctionType, MethodType
from typing import Any

import numpy as np

from ..program import ProgramError
from .attributes import stored
from .noting import ARITHMETIC, Note, Noted, Site, note_of, set_note

MOST_NODES = 150_000
_read = object.__getattribute__
_CONTAINERS = (list, tuple, set, frozenset, dict)
_COUNTERS = ("generation", "id", "index", "rank", "depth", "level", "order")
_MOST_REFERENTS = 500
_MOST_SETTINGS = 100


@dataclass(frozen=True, eq=False)
class OperationKind:
    """How nodes were made: the function of a site, and what it took that is no node and no number, such as an axis.

    `given` are all of its arguments as they came the first time, by which it can be called again, and `made` is what it
    made of them.
    """

    site: Site
    extra: str
    given: tuple[Any, ...]
    made: Noted

    @property
    def code(self) -> CodeType:
        """The function that made them."""
        return self.site.levels[self.site.made_by][0]


@dataclass(eq=False)
class Kinds:
    """Every kind of operation that was seen, by number."""

    seen: list[OperationKind] = field(default_factory=list)
    _numbers: dict[tuple[Site, str], int] = field(default_factory=dict)
    _settings: dict[Site, set[str]] = field(default_factory=dict)

    def is_told_by(self, site: Site, settings: str) -> bool:
        """Return whether what an object of theirs stores tells kinds of a site apart: there are not many of them."""
        seen = self._settings.setdefault(site, set())
        if len(seen) <= _MOST_SETTINGS:
            seen.add(settings)
        return len(seen) <= _MOST_SETTINGS

    def number(self, site: Site, extra: str, given: tuple[Any, ...], made: Noted) -> int:
        """Return the number of a kind."""
        number = self._numbers.get((site, extra))
        if number is None:
            number = self._numbers[site, extra] = len(self.seen)
            self.seen.append(OperationKind(site, extra, given, made))
        return number


@dataclass(eq=False)
class Walk:
    """The nodes below a loss, operands first, and how they hang together.

    `structure` has for each node its kind, or -1 and the site for a leaf, then how many operands it took, then these:
    the number of a node, or -1 - the index in `raw`, which are the plain numbers among the operands.
    """

    nodes: list[Noted]
    structure: array[int]
    raw: list[Any]
    leaves: list[int]
    serials: array[int]


class Walker:
    """Walks graphs; `is_node` says which instances are nodes, the others are what nodes are made with."""

    def __init__(self) -> None:
        self.kinds = Kinds()
        self.node_types: dict[type, bool] = {}
        self.is_node: Callable[[type], bool] = lambda _: True
        self._serial = 0
        self._is_linked = False
        self.sites: dict[int, Site] = {}

    def counts(self, value: Any) -> bool:
        """Return whether this is a node."""
        kind = type(value)
        known = self.node_types.get(kind)
        if known is None:
            known = self.node_types[kind] = issubclass(kind, Noted) and self.is_node(kind)
        return known

    def operands(self, given: tuple[Any, ...]) -> Iterator[Any]:
        """Return the nodes among the arguments of a function, in order, also those in lists."""
        for value in given:
            if self.counts(value):
                yield value
            elif type(value) in (list, tuple) or type(value) in (set, frozenset):
                yield from self.operands(tuple(value))

    def operands_of(self, node: Noted) -> list[Noted]:
        """Return the operands of a node that an operation made."""
        note = note_of(node)
        if note is None or not note[0].is_operation:
            return []
        return list(self.operands(taken(note[0], note[1 + note[0].made_by])))

    def _decide(self, instance: Noted, note: Note) -> None:
        """Say once for each site whether what it makes is an operation: whether the instance refers to what it took."""
        site: Site = note[0]
        for level, given in enumerate(note[1:]):
            direct = {id(each) for each in self.operands(given)} - {id(instance)}
            site.inside = self._inside(instance, given, direct)
            took = direct.union(map(id, self.operands(taken(site, given))))
            if not took:
                continue
            links = self._links(instance, took)
            refers = bool(links)
            self._is_linked = self._is_linked or refers
            # where no node refers to what it was made of, as with one list of all operations, the method has to do, or
            # what is in that list
            arithmetic = site.levels[level][0].co_name in ARITHMETIC and not site.is_through
            if refers or (arithmetic and not self._is_linked) or _is_on_tape(instance, took, site):
                # the factory knows its operands, the function that called it what is done with them
                above = note[2 + level] if site.is_through and len(note) > 2 + level else ()
                site.made_by = level + any(True for _ in self.operands(above))
                site.is_operation = True
                site.links = tuple(name for name in links if not isinstance(stored(instance)[name], FunctionType))
                return
        if site.is_given and any(True for _ in self.operands(tuple(stored(instance).values()))):
            kind = type(instance).__name__
            code, line = site.callers[0]
            place = f"{os.path.basename(code.co_filename)}:{line}"
            raise ProgramError(
                f"{place} makes a {kind} of other nodes where no function was given them, which cannot be followed;"
                f" let one make it that is given them, as in def {kind.lower()}(a): return {kind}(a)"
            )
        site.is_operation = False

    def _inside(self, instance: Noted, given: tuple[Any, ...], direct: set[int]) -> tuple[tuple[int, str], ...]:
        """Return where an object that is no node, such as a layer, keeps nodes that an instance was made of, too."""
        found = []
        for place, value in enumerate(given):
            if isinstance(value, Noted) and not self.counts(value):
                for name, held in stored(value).items():
                    nodes = {id(each) for each in self.operands((held,))} - direct - {id(instance)}
                    if nodes and self._links(instance, nodes):
                        found.append((place, name))
        return tuple(found)

    def _links(self, instance: Noted, wanted: set[int]) -> tuple[str, ...]:
        """Return the attributes by which an instance refers to what it was made of."""
        return tuple(name for name, value in stored(instance).items() if self._leads(instance, value, wanted))

    def _leads(self, instance: Noted, value: Any, wanted: set[int]) -> bool:
        if id(value) in wanted:
            return True
        pending: list[Any] = [[value]]
        seen = {id(instance)}
        while pending and len(seen) < _MOST_REFERENTS:
            for each in gc.get_referents(pending.pop(0)):
                if id(each) in wanted:
                    return True
                if id(each) in seen or self.counts(each):
                    continue
                if isinstance(each, FunctionType):
                    seen.add(id(each))
                    pending.append((each.__closure__, each.__defaults__))
                elif isinstance(each, dict | list | tuple | set | frozenset | CellType | MethodType | Noted):
                    seen.add(id(each))
                    pending.append(each)
        return False

    def walk(self, loss: Noted) -> Walk:
        """Return the graph below a loss. Raises ProgramError where it is too large or needs itself."""
        index: dict[int, int] = {}
        walk = Walk([], array("q"), [], [], array("q"))
        opened: set[int] = set()
        stack: list[Noted] = [loss]
        is_node = self.node_types.get
        while stack:
            node = stack[-1]
            identity = id(node)
            if identity in index:
                stack.pop()
                continue
            note = note_of(node)
            if note is None:
                raise ProgramError(f"a {type(node).__name__} was made in a way that cannot be followed")
            site: Site = note[0]
            if site.is_operation is None:
                self._decide(node, note)
            if not site.is_operation or (identity not in opened and _is_cut_off(node, site.links)):
                self._add_leaf(walk, node, note)
            else:
                given = taken(site, note[1 + site.made_by])
                if identity not in opened:
                    opened.add(identity)
                    fresh: list[Noted] = []
                    for value in given:
                        if is_node(type(value)):
                            if id(value) not in index:
                                fresh.append(value)
                        else:
                            fresh.extend([each for each in self.operands((value,)) if id(each) not in index])
                    if fresh:
                        if not opened.isdisjoint(map(id, fresh)):
                            raise ProgramError(f"a {type(node).__name__} needs its own value: its graph has a cycle")
                        fresh.reverse()
                        stack += fresh
                        continue
                opened.discard(identity)
                self._add(walk, index, site, given, node)
            stack.pop()
            index[identity] = len(walk.nodes)
            walk.nodes.append(node)
            if len(walk.nodes) > MOST_NODES:
                raise ProgramError(f"a loss has more than {MOST_NODES:,} nodes; backpropagate fewer at a time")
        return walk

    def is_leaf(self, instance: Noted) -> bool:
        """Return whether a node was made of no other."""
        note = note_of(instance)
        if note is not None and note[0].is_operation is None:
            self._decide(instance, note)
        return note is not None and not note[0].is_operation

    def site_of(self, leaf: Noted) -> Site | None:
        """Return where a leaf was made."""
        note = note_of(leaf)
        if note is None:
            return None
        return note[0].site if type(note[0]) is _Leaf else note[0]

    def replace(self, old: Noted, new: Noted) -> None:
        """Let a leaf be the same as an old one that was met, from now on."""
        note = note_of(old)
        assert note is not None
        set_note(new, note)

    def _add_leaf(self, walk: Walk, node: Noted, note: Note) -> None:
        """Write down a leaf, which is given a serial number when it is met first."""
        if type(note[0]) is not _Leaf:
            self._serial += 1
            self.sites[note[0].index] = note[0]
            note = (_Leaf(note[0], self._serial),)
            set_note(node, note)
        walk.leaves.append(len(walk.nodes))
        walk.structure.extend((-1, note[0].site.index, 0))
        walk.serials.append(note[0].serial)

    def _add(self, walk: Walk, index: dict[int, int], site: Site, given: tuple[Any, ...], made: Noted) -> None:
        """Write down an operation: its kind and its operands."""
        operands: list[int] = []
        extra: list[str] = []
        for value in given:
            number = index.get(id(value))
            if number is not None:
                operands.append(number)
            elif is_raw(site, value):
                walk.raw.append(value)
                operands.append(-len(walk.raw))
            elif type(value) in (list, tuple, set) and (inner := list(self.operands(tuple(value)))):
                operands.extend([index[id(each)] for each in inner])
                extra.append(f"{type(value).__name__} of {len(inner)}")
            else:
                extra.append(_described(value))
                settings = _settings(value)
                # a counter in it is no setting
                if settings and self.kinds.is_told_by(site, settings):
                    extra.append(settings)
        walk.structure.extend((self.kinds.number(site, " ".join(extra), given, made), -1, len(operands), *operands))


def taken(site: Site, given: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return what a function was given, and what it took from within objects among that."""
    if not site.inside:
        return given
    return (*given, *(stored(given[place]).get(name) for place, name in site.inside))


def is_raw(site: Site, value: Any) -> bool:
    """Return whether an argument of an operation is a plain number that it computes with, and no axis or the like."""
    if type(value) is float:
        return True
    arithmetic = site.levels[site.made_by][0].co_name in ARITHMETIC
    return arithmetic and isinstance(value, int | float | np.ndarray | np.generic)


def _is_on_tape(instance: Noted, took: set[int], site: Site) -> bool:
    """Return whether some function has an instance and what it was made of as variables, as one kept on a tape does.

    An instance that is there under a parameter's name is no result but a number that was made an operand.
    """
    parameters = {name for _, names in site.levels for name in names or ()}
    cells = (each for each in gc.get_referrers(instance) if isinstance(each, CellType))
    closures = (each for cell in cells for each in gc.get_referrers(cell) if isinstance(each, tuple))
    for function in (each for closure in closures for each in gc.get_referrers(closure)):
        if isinstance(function, FunctionType) and function.__closure__:
            names = zip(function.__code__.co_freevars, function.__closure__, strict=True)
            seen = {name: gc.get_referents(cell) for name, cell in names}
            results = [each for name, held in seen.items() if name not in parameters for each in held]
            if any(each is instance for each in results):
                return any(id(each) in took for held in seen.values() for each in held)
    return False


def _is_cut_off(node: Noted, links: tuple[str, ...]) -> bool:
    """Return whether a script has taken from a node what it was made of, as unchaining and freeing a graph do."""
    for name in links:
        try:
            value = _read(node, name)
        except AttributeError:
            return True
        if value is None or (type(value) in _CONTAINERS and not value):
            return True
    return False


class _Leaf:
    """The note of a leaf that was met: its site and a number of its own."""

    __slots__ = ("is_operation", "serial", "site")

    def __init__(self, site: Site, serial: int) -> None:
        self.site = site
        self.serial = serial
        self.is_operation = False


def _settings(value: Any) -> str:
    """Return what an object that a function is given beside its operands stores: the exponent of a power, an axis."""
    if not isinstance(value, Noted):
        return ""
    plain = {name: each for name, each in stored(value).items() if _is_plain(each) and name.strip("_") not in _COUNTERS}
    return " ".join(f"{name}={_described(each)}" for name, each in plain.items())


def _is_plain(value: Any) -> bool:
    if type(value) in (tuple, list):
        return len(value) < 10 and all(map(_is_plain, value))
    return value is not None and isinstance(value, bool | int | float | str | slice)


def _described(value: Any) -> str:
    """Return what tells an argument that is no node from another one."""
    if isinstance(value, type):
        return value.__name__
    if value is None or isinstance(value, bool | int | float | str):
        return repr(value)
    if isinstance(value, np.ndarray):
        return f"array {value.shape} {hash(value.tobytes())}"
    if type(value) in (list, tuple):
        return f"{type(value).__name__}({' '.join(map(_described, value))})"
    if type(value) is slice:
        return repr(value)
    return type(value).__name__
