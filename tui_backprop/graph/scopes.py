"""In which groups a node is, the outermost first: functions that made it, lists of scalars, lines of the program.

A name says its functions before the last slash, and its list before its indices: `wq[3][5]` is an element of `wq`, and
`net.layers[0].b` a part of `net.layers[0]`. In a graph of thousands of nodes the calls of one function (`linear`,
`linear_1`) are one group before each is its own, and what no inner function and no list holds is grouped by the line
that made it. There, a constant is in the function that uses it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import accumulate

import numpy as np

from minidl_core import Node
from minidl_core.arrays import Array, Shape

from ..notation.formats import shape_text

Scope = Callable[[Node], str]
Groups = Callable[[Node], Sequence[str]]

_LIST = "[]"
_PARTS = "."
_LINE = "line "
_FEW = 3
_NUMBERED = re.compile(r"(.+)_\d+")
_PART = re.compile(r"(.+\])\.[^.\]]+(?:\[\d+\])*")
_ELEMENT = re.compile(r"\]\.")
_INDEXED = re.compile(r"(.+?)((?:\[\d+\])+)")


def scope_of_name(node: Node) -> str:
    """Return the scope that a node's name says: of net/layer/add it is net/layer; "" where there is none."""
    return node.name.rpartition("/")[0]


def enclosing(scope: str) -> list[str]:
    """Return a scope and those around it, the outermost first."""
    parts = scope.split("/") if scope else []
    return list(accumulate(parts, "{}/{}".format))


def groups_of_name(node: Node) -> list[str]:
    """Return the groups that the scope in a node's name makes."""
    return enclosing(scope_of_name(node))


def is_list(group: str) -> bool:
    """Return whether a group is a list of scalars."""
    return group.endswith(_LIST)


def is_of_data(group: str) -> bool:
    """Return whether a group is a list of scalars, or an object with such lists, and no function."""
    return group.endswith((_LIST, _PARTS))


def title_of(group: str, nodes: Sequence[Node], part: tuple[int, int]) -> str:
    """Return how a folded group is called: a function by its calls, a list by its shape, a line by its operations.

    `nodes` are those in it; of a group that is folded in parts, `part` says which it is of how many.
    """
    number = f" {part[0]} of {part[1]}" if part[1] > 1 else ""
    if group.endswith(_PARTS):
        return f"{group.removesuffix(_PARTS)}{number}"
    own = group.rpartition("/")[2]
    if is_list(group):
        shape = shape_of(nodes)
        return f"{group.removesuffix(_LIST)} {number.strip() or (shape_text(shape) if shape else 'ragged')}"
    if own.startswith(_LINE):
        kinds = list(dict.fromkeys(node.kind for node in nodes if node.inputs)) or ["constant"]
        return f"{own} {', '.join(kinds[:2])}{' …' if len(kinds) > 2 else ''}{number}"
    function, times, _ = own.partition(" ×")
    if times:
        return f"{function}{number}" if number else own
    return f"{group}{number}" if number else f"{group}/"


def index_of(node: Node) -> tuple[int, ...]:
    """Return the indices in the name of an element of a list."""
    found = _INDEXED.fullmatch(node.name)
    return tuple(map(int, found[2][1:-1].split("]["))) if found else ()


def shape_of(nodes: Sequence[Node]) -> Shape | None:
    """Return the shape of a list of scalars; None where it is ragged, or has gaps."""
    indices = {index_of(node) for node in nodes}
    if len({len(index) for index in indices}) != 1:
        return None
    shape = tuple(max(each) + 1 for each in zip(*indices, strict=True))
    return shape if len(indices) == len(nodes) == np.prod(shape) else None


def array_of(nodes: Sequence[Node], number: Callable[[Node], Array | None], shape: Shape) -> Array | None:
    """Return numbers of the elements of a list as one array of its shape; None where one is missing."""
    array = np.empty(shape)
    for node in nodes:
        value = number(node)
        if value is None:
            return None
        array[index_of(node)] = value.item()
    return array


def groups(nodes: Sequence[Node], scope: Scope, *, many: bool) -> dict[Node, list[str]]:
    """Return the groups of each node; where there are `many`, also the functions by all their calls, and the lines.

    Calls that have variables of their own are layers, and stay apart.
    """
    scopes = {node: scope(node) for node in nodes}
    if many:  # a constant stands in the function that it is used in
        for node in nodes:
            if not scopes[node] and node.kind == "constant" and not node.is_named and node.consumers:
                scopes[node] = scopes.get(node.consumers[0], "")
    lists = _lists(nodes, scopes)
    owners = {node: own for node in nodes if not node.inputs and (own := _owner(node.name))}
    every = set(scopes.values())
    layers = {each for node, own in scopes.items() if node.kind == "variable" for each in own.split("/")}
    apart = {_NUMBERED.sub(r"\1", each) for each in layers}
    calls = _calls(every, apart) if many else {own: enclosing(own) for own in every}
    outer = {around for own in every for around in enclosing(own)[:-1]}
    kept: dict[tuple[str, str], list[str]] = {}
    times: Counter[tuple[str, str]] = Counter()
    keys = {}
    for node, own in scopes.items():
        owner = owners.get(node, "")
        within = lists.get(node, "") or owner or (node.location.rpartition(":")[2] if many else "")
        keys[node] = key = own, within
        times[key] += 1
        if key not in kept:
            chain = calls.get(own, [])
            if owner:
                chain = [*chain, *_enclosing_objects(owner)]
                if within != owner:
                    chain.append(within)
            elif many and node not in lists:
                inside = own if own not in outer else chain[-1] if chain else ""
                chain = [*chain, *([inside] if inside not in ("", *chain) else []), _line(inside, within)]
            elif within:
                chain = [*chain, within]
            kept[key] = chain
    for key, count in times.items():
        if count == 1 and many and not key[1].endswith(_PARTS):  # a line of one node is that node
            kept[key] = kept[key][:-1]
    return {node: kept[key] for node, key in keys.items()}


def _owner(name: str) -> str:
    """Return the element of a list that a part belongs to, as a group; "" where there is none."""
    found = _PART.fullmatch(name)
    return f"{found[1]}{_PARTS}" if found else ""


def _enclosing_objects(owner: str) -> list[str]:
    """Return an object in a list and those around it: of net.layers[0].units[3]. also net.layers[0]. before it."""
    ends = [found.end() for found in _ELEMENT.finditer(owner)]
    return [owner[:end] for end in ends]


def _line(scope: str, number: str) -> str:
    return f"{scope}/{_LINE}{number}".removeprefix("/")


def _lists(nodes: Sequence[Node], scopes: Mapping[Node, str]) -> dict[Node, str]:
    """Return the list of each scalar that is in one with others."""
    found: defaultdict[str, list[Node]] = defaultdict(list)
    for node in nodes:
        if node.shape == () and node.name.endswith("]") and (parts := _INDEXED.fullmatch(node.name)):
            own = parts[1].removeprefix(f"{scopes[node]}/")
            found[f"{scopes[node]}/{own}{_LIST}".removeprefix("/")].append(node)
    return {node: name for name, inside in found.items() if len(inside) > 1 for node in inside}


def _calls(scopes: Collection[str], apart: Collection[str]) -> dict[str, list[str]]:
    """Return for each scope the functions around it, with all their calls: of net/linear_3 `net` and `net/linear ×60`.

    Few calls side by side are steps of their own, and so are those in `apart`; they are one with those of other calls.
    """
    every = {around for scope in scopes for around in enclosing(scope)}
    stems = {scope: stem for scope in every if (stem := _stem(scope, every))}
    beside = Counter(stems.values())
    many = {stem.rpartition("/")[2] for stem, count in beside.items() if count >= _FEW} - set(apart)
    functions: dict[str, tuple[str, ...]] = {}
    for scope in sorted(every, key=lambda scope: scope.count("/")):
        around, _, own = scope.rpartition("/")
        stem = stems.get(scope, "").rpartition("/")[2]
        functions[scope] = (*functions.get(around, ()), stem if stem in many else own)
    times = Counter(functions.values())

    def name(path: tuple[str, ...]) -> str:
        counts = (times[path[: i + 1]] for i in range(len(path)))
        return "/".join(f"{each} ×{count}" if count > 1 else each for each, count in zip(path, counts, strict=True))

    return {scope: [name(path[: i + 1]) for i in range(len(path))] for scope, path in functions.items()}


def _stem(scope: str, every: Collection[str]) -> str:
    """Return the scope of the first call of the same function; "" where this is it."""
    numbered = _NUMBERED.fullmatch(scope)
    return numbered[1] if numbered and numbered[1] in every and not numbered[1].endswith("/") else ""
