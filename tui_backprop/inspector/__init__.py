"""The inspector: where the numbers of the node in view come from, with one followed element written out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from minidl_core import IterationFinished, Node, Operation, Variable

from ..debugger.followed import Followed, grid_index, grid_place, grid_shape, is_by_point, without_numbers
from ..debugger.moment import Moment
from ..drawing.palette import Line
from ..notation.formats import shape_text
from ..notation.formulas import right_side
from ..notation.names import called, said, slope_name
from .check_view import draw_check
from .code_view import code_lines, draw_code
from .ledger_view import draw_ledger
from .overview import draw_finished, draw_start
from .update_view import draw_update
from .value_view import draw_value

_UNFOLDED = 1000

__all__ = ["Followed", "automatic_view", "draw_inspector", "inspector_title", "move_followed", "views"]


def views(moment: Moment, node: Node | None = None) -> tuple[str, ...]:
    """Return the names of the views there are; the view "check" is there, too, but only if it is asked for.

    Here and below, the node is the one of now if none is given; where there is none of now, there is one view, of all.
    """
    node = node or moment.now
    if node is None:
        return ("overview",)
    return ("value", "ledger", "update", "code") if isinstance(node, Variable) else ("value", "ledger", "code")


def automatic_view(moment: Moment, node: Node | None = None) -> str:
    """Return the view that fits the phase: the value, the ledger, in the update the update of a variable."""
    existing = views(moment, node)
    wanted = {"forward": "value", "backward": "ledger", "update": "update"}[moment.phase]
    return wanted if wanted in existing else existing[0]


def inspector_title(moment: Moment, view: str, node: Node | None = None) -> str:
    """Return what stands in the pane's title: what is in view."""
    node = node or moment.now
    if node is None:
        finished = isinstance(moment.event, IterationFinished)
        return f"iteration {moment.iteration} is done" if finished else moment.program.lesson.name
    if view == "ledger":
        return f"{called(node)}   {slope_name(moment, node)}"
    if view in ("update", "check", "code"):
        return f"{called(node)}   {view}"
    if not isinstance(node, Operation):
        return f"{called(node)}   {'data' if node.kind == 'placeholder' else node.kind}"
    formula = said(moment, node, right_side(node)) or node.kind
    defaults = node.definition.attributes
    given = [f"{key} {value}" for key, value in node.attributes.items() if value != defaults.get(key)]
    return ", ".join([f"{called(node)} = {formula}", *given])


def draw_inspector(
    moment: Moment,
    view: str,
    followed: Followed,
    width: int,
    height: int,
    node: Node | None = None,
    charts: Sequence[str] = (),
) -> list[Line]:
    """Draw a view in at most `height` lines of at most `width` cells; one that there is not is the automatic one.

    `charts` are those that come after the views, because they have no pane.
    """
    node = node or moment.now
    if node is None:
        finished = isinstance(moment.event, IterationFinished)
        return draw_finished(moment, followed, width, height) if finished else draw_start(moment, width, height, charts)
    empty = without_numbers(moment, node)
    if empty is not None:
        return [[(f"{shape_text(empty)}: no numbers", "text")]][:height]
    if view == "check":
        return draw_check(moment, node, followed, width, height)
    if view == "code":
        return draw_code(node, followed, width, height)
    if view not in views(moment, node):
        view = automatic_view(moment, node)
    if view == "update" and isinstance(node, Variable):
        return draw_update(moment, node, followed, width, height)
    draw = draw_ledger if view == "ledger" else draw_value
    return draw(moment, node, followed, width, height)


def move_followed(
    moment: Moment, view: str, followed: Followed, dx: int, dy: int, node: Node | None = None
) -> Followed:
    """Return what is followed after a move by so many columns and rows of the array in view; at its edge it stays.

    Code moves by lines.
    """
    node = node or moment.now
    if view == "code" and node is not None:
        return replace(followed, line=min(max(followed.line + dy, 0), len(code_lines(node, _UNFOLDED)) - 1))
    shape = None if node is None else moment.shape(node)
    if node is None or not shape or 0 in shape:
        return followed
    followed = replace(followed, term=None)
    by_point = is_by_point(moment, node, shape)
    row, column = grid_place(shape, followed.index(shape, by_point), by_point)
    rows, columns = grid_shape(shape, by_point)
    row, column = min(max(row + dy, 0), rows - 1), min(max(column + dx, 0), columns - 1)
    return followed.at(grid_index(shape, row, column, by_point), by_point)
