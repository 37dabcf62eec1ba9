"""Copies of graphs: a node goes with its whole graph, however deep that is, and none of it is pickled."""

from __future__ import annotations

import copy
from typing import Any, NoReturn, SupportsIndex

from .errors import GraphError

_PICKLED = "keep its numbers, as by np.savez, and let the script build the graph again"


class CopiedWithGraph:
    """A node: `copy.deepcopy` copies its graph, once for all nodes that are copied together."""

    __slots__ = ()

    def __copy__(self) -> NoReturn:
        raise GraphError("it cannot be copied alone; copy.deepcopy copies it with its graph.", self)  # type: ignore[arg-type]

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        copy.deepcopy(self.graph, memo)  # type: ignore[attr-defined]
        if id(self) not in memo:  # one that is wrong never joins its graph
            memo[id(self)] = _blank(self)
            _fill(self, memo)
        return memo[id(self)]

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise GraphError(f"it cannot be pickled; {_PICKLED}.", self)  # type: ignore[arg-type]


class CopiedWithNodes:
    """A graph: all its nodes are there before any of them is filled in, so that no copy is made inside another one."""

    nodes: list[Any]

    def __copy__(self) -> NoReturn:
        raise GraphError("a graph cannot be copied without its nodes; copy.deepcopy copies it with them.")

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        memo[id(self)] = made = _blank(self)
        for node in self.nodes:
            memo[id(node)] = _blank(node)
        for node in self.nodes:
            _fill(node, memo)
        _fill(self, memo)
        return made

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise GraphError(f"a graph cannot be pickled; {_PICKLED}.")


def _blank(original: Any) -> Any:
    return object.__new__(type(original))


def _fill(original: Any, memo: dict[int, Any]) -> None:
    """Give a blank copy what the original has; what operations are is the same for both."""
    state = object.__reduce_ex__(original, 4)[2]
    own, slots = state if isinstance(state, tuple) else (state, None)
    made = memo[id(original)]
    for name, value in {**(own or {}), **(slots or {})}.items():
        if name != "_last_evaluation":
            object.__setattr__(made, name, value if name in ("definition", "_code") else copy.deepcopy(value, memo))
