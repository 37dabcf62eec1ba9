"""The inspector: where the numbers of the node in view come from, with one followed element written out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from minidl_core import IterationFinished, Node

from ..debugger.followed import Followed, without_numbers
from ..debugger.moment import Moment
from ..drawing.palette import Line
from ..notation.fitting import cut, flow, prose, width_of
from ..notation.formats import in_full, shape_text
from .overview import draw_finished, draw_start

if TYPE_CHECKING:
    from .view import View

OVERVIEW = "overview"
"""What is shown where no node is in view."""

_OF_A_PHASE = {"forward": "value", "backward": "ledger", "update": "update"}


def views(moment: Moment, node: Node | None = None) -> tuple[str, ...]:
    """Return the names of the views there are, without those that are shown on request.

    Here and below, the node is the one of now if none is given; where there is none of now, there is one view, of all.
    """
    node = moment.now if node is None else node
    if node is None:
        return (OVERVIEW,)
    return tuple(view.name for view in _views() if view.applies(node) and not view.on_request)


def automatic_view(moment: Moment, node: Node | None = None) -> str:
    """Return the view that fits the phase: the value, the ledger, in the update the update of a variable."""
    existing = views(moment, node)
    wanted = _OF_A_PHASE[moment.phase]
    return wanted if wanted in existing else existing[0]


def views_in_turn(moment: Moment, node: Node | None, others: Sequence[str]) -> list[str]:
    """Return the names of the views, with others behind them, in turn from the one that fits the phase."""
    there = [*views(moment, node), *others]
    first = there.index(automatic_view(moment, node))
    return [*there[first:], *there[:first]]


def view_of(moment: Moment, wanted: str | None, node: Node | None = None) -> str:
    """Return the name of the view that shows: the wanted one where there is such a view of the node, else as above."""
    node = moment.now if node is None else node
    there = [] if node is None else [view.name for view in _views() if view.applies(node)]
    return wanted if wanted in there else automatic_view(moment, node)


def inspector_title(moment: Moment, view: str, node: Node | None = None) -> str:
    """Return what stands in the pane's title: what is in view."""
    node = moment.now if node is None else node
    if node is None:
        finished = isinstance(moment.event, IterationFinished)
        return f"iteration {moment.iteration} is done" if finished else moment.program.lesson.name
    return view_named(moment, view, node).title(moment, node)


def draw_inspector(
    moment: Moment,
    view: str,
    followed: Followed,
    width: int,
    height: int,
    node: Node | None = None,
    other_views: Sequence[str] = (),
) -> list[Line]:
    """Draw a view in at most `height` lines of at most `width` cells; one that there is not is the automatic one.

    `other_views` are those that come after these views, because they have no pane.
    """
    node = moment.now if node is None else node
    if node is None:
        if isinstance(moment.event, IterationFinished):
            return draw_finished(moment, followed, width, height)
        return draw_start(moment, width, height, other_views)
    empty = without_numbers(moment, node)
    if empty is not None:
        return [[(f"{shape_text(empty)}: no numbers", "text")]][:height]
    return view_named(moment, view, node).draw(moment, node, followed, width, height)


def draw_in_full(moment: Moment, view: str, followed: Followed, width: int, node: Node | None = None) -> list[Line]:
    """Draw what a view writes out of the followed element in full precision, as many numbers in a line as fit."""
    node = moment.now if node is None else node
    if node is None or without_numbers(moment, node) is not None:
        return prose("in full: no number is in view", width, "dim")
    found = view_named(moment, view, node).numbers(moment, followed, node)
    lines: list[Line] = []
    pieces: list[Line] = []
    for name, x in found.items():
        what, digits = name if name.endswith(" gets") else f"{name} =", in_full(x)
        if width_of(what) + 1 + len(digits) <= width:
            pieces.append([(f"{what} ", "dim"), (f"{digits}   ", "title")])
        else:  # a number is never cut: it has a line of its own
            lines += [*flow(pieces, width), [(cut(what, width), "dim")], [(f"  {digits}", "title")]]
            pieces = []
    lines += flow(pieces, width)
    return [line for line in lines if line] or prose("in full: nothing is computed here yet", width, "dim")


def move_followed(
    moment: Moment, view: str, followed: Followed, dx: int, dy: int, node: Node | None = None
) -> Followed:
    """Return what is followed after a move by so many columns and rows of what is in view."""
    node = moment.now if node is None else node
    return followed if node is None else view_named(moment, view, node).move(moment, followed, node, dx, dy)


def view_named(moment: Moment, name: str, node: Node) -> View:
    """Return the view of this name, or, where there is none of the node, the automatic one."""
    return {view.name: view for view in _views()}[view_of(moment, name, node)]


def _views() -> tuple[View, ...]:
    from .view_table import VIEWS  # the first screen shows none of them, and its paint waits for what is imported above

    return VIEWS
