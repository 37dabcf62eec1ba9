"""The functions of torch that mean operations of ours, by their names."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from minidl_core import Node

Several = tuple[Callable[[], Node], ...]
"""The results of a function that has several, each made when it is asked for."""
Meaning = Callable[..., Node | Several | None]
_Meant = TypeVar("_Meant", bound=Meaning)
meanings: dict[str, Meaning] = {}
"""Each is called with what torch's function was, nodes in the place of tensors, and has its parameters' names.

It returns a node, or the makers of several results, or None where ours does not do what is asked.
"""


def means(*names: str) -> Callable[[_Meant], _Meant]:
    """Note that a function is the meaning of torch's functions of these names."""

    def note(meaning: _Meant) -> _Meant:
        meanings.update(dict.fromkeys(names, meaning))
        return meaning

    return note


def shape_of(a: Node) -> tuple[int, ...]:
    """Return the shape of a node, which is always known here."""
    assert a.shape is not None
    return a.shape
