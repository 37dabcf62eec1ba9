"""The walk from number to number: to where the followed element came from, over which edge and by which term.

It moves through the graph and never through time.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from minidl_core import Node

from ..debugger.followed import Followed, is_by_point, without_numbers
from ..debugger.moment import Moment
from . import view_named

if TYPE_CHECKING:
    from .origin import Origin


def origin_of(moment: Moment, view: str, followed: Followed, node: Node) -> Origin | str:
    """Return where the followed element of a node came from, or the sentence that says why it came from nowhere."""
    if without_numbers(moment, node) is not None:
        return "goes nowhere: there are no numbers"
    return view_named(moment, view, node).origin(moment, followed, node)


def follow(moment: Moment, view: str, followed: Followed, node: Node) -> tuple[Node, str, Followed] | None:
    """Return the node, its view and what is followed there; None where the element came from nowhere."""
    origin = origin_of(moment, view, followed, node)
    if isinstance(origin, str):
        return None
    index = origin.index
    by_point = is_by_point(moment, origin.node, moment.shape(origin.node) or index)
    return origin.node, origin.view, followed.alone.at(index, by_point)


def choose_edge(moment: Moment, view: str, followed: Followed, node: Node, by: int) -> Followed:
    """Return what is followed with another edge looked at, so many further."""
    origin = origin_of(moment, view, followed, node)
    if isinstance(origin, str) or len(origin.edges) < 2:
        return followed
    return replace(followed, edge=origin.edges[(origin.edge + by) % len(origin.edges)], term=None)


def choose_term(moment: Moment, view: str, followed: Followed, node: Node, by: int) -> Followed:
    """Return what is followed with another term looked at, so many further; of a sum over points, another point."""
    origin = origin_of(moment, view, followed, node)
    if isinstance(origin, str) or origin.terms < 2:
        return followed
    term = (origin.term + by) % origin.terms
    return replace(followed, point=term) if origin.points else replace(followed, term=term)
