"""Forward mode beside reverse mode: how the nodes up to the one in view change with one number of a variable."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from minidl_core import MinidlError, Node, Operation, Variable
from minidl_core.arrays import Array, quiet
from minidl_core.forward_mode import ForwardPass, accumulate, local_jacobians
from minidl_core.graph import post_order
from minidl_core.plan import Plan

from ..debugger.followed import Followed, element_at
from ..debugger.kept import kept
from ..debugger.moment import Moment
from ..debugger.recording import Recording
from ..drawing.palette import Line
from ..notation.fitting import cut, first_that_fits, prose
from ..notation.formats import column, element_text, number, shape_text, vector
from ..notation.names import called
from ..notation.sections import Section, compose
from .origin import Origin, draw_origin
from .view import View

MOST_ENTRIES = 500
"""A node with more numbers has too many slopes to look at."""

_MOST_WRITTEN = 6

Slopes = dict[tuple[Node, int], Array]
"""The slopes of an operation with respect to its input with this index."""


class ForwardView(View):
    """The forward accumulation from a variable to the node in view, its Jacobian, and what either direction costs.

    Before a variable there is nothing: with one in view it is the accumulation from that one to the loss.
    """

    name = "forward mode"
    on_request = True

    def origin(self, moment: Moment, followed: Followed, node: Node) -> Origin | str:
        """Return the number of a variable from which the pass starts; the terms to choose from are the variables."""
        variables = _variables(node)
        if not variables:
            return f"goes nowhere: no number of a variable leads to {called(node)}"
        chosen = (followed.term or 0) % len(variables)
        index = element_at(moment, variables[chosen], variables[chosen].initial_value.shape, followed)
        return Origin(variables[chosen], "value", [], 0, len(variables), chosen, lambda _: index)

    def numbers(self, moment: Moment, followed: Followed, node: Node) -> dict[str, float]:
        """Return the number of the variable, and how fast each number of the last node changes with it."""
        origin, last = self.origin(moment, followed, node), _last(moment, node)
        if isinstance(origin, str) or not isinstance(leaf := origin.node, Variable):
            return {}
        start = element_text(called(leaf), origin.index)
        found = _pass(moment.recording, last, leaf, origin.index)
        numbers = {start: float(moment.recording.start.variables.get(leaf, leaf.initial_value)[origin.index])}
        if isinstance(found, str) or (change := found[0].changes.get(last)) is None or change.size > _MOST_WRITTEN:
            return numbers
        name = called(last)
        return numbers | {f"d{element_text(name, at)}/d{start}": float(change[at]) for at in np.ndindex(change.shape)}

    def draw(self, moment: Moment, node: Node, followed: Followed, width: int, height: int) -> list[Line]:
        """Draw the changes of the nodes one after another, the Jacobian where it is small, and the two costs."""
        origin = self.origin(moment, followed, node)
        if isinstance(origin, str):
            nothing = f"No number of a variable leads to {called(node)}: nothing changes it."
            return compose([Section(9, prose(nothing, width))], width, height)
        leaf, index, node = origin.node, origin.index, _last(moment, node)
        found = _pass(moment.recording, node, leaf, index)
        start = element_text(called(leaf), index)
        title = f"forward mode: how much does each node change if {start} changes?"
        if isinstance(found, str):
            return compose([Section(10, prose(title, width, "title")), Section(9, prose(found, width))], width, height)
        forward, slopes, jacobian = found
        *before, result = [_row(each, forward, slopes, start, width) for each in forward.changes]
        rows = [line for lines in before for line in lines]
        sections = [
            Section(10, prose(title, width, "title")),
            Section(
                9,
                draw=lambda room: [*_shortened(rows, max(room - len(result), 1), width), *result],
                least=1 + len(result),
                comfort=len(rows) + len(result),
                most=len(rows) + len(result),
            ),
            Section(6, _jacobian(jacobian, node, leaf, width)),
            Section(8, _costs(forward, node, width)),
            Section(5, draw_origin(moment, origin, width)),
        ]
        return compose(sections, width, height)


def _last(moment: Moment, node: Node) -> Node:
    """Return the node to which the pass goes: that in view, or of a variable the loss, if it leads to it."""
    loss = moment.graph.loss
    return loss if isinstance(node, Variable) and node in _variables(loss) else node


def _variables(node: Node) -> list[Variable]:
    """Return the variables that lead to a node and have numbers."""
    return [each for each in post_order([node]) if isinstance(each, Variable) and each.initial_value.size]


@kept  # the pane is drawn again for the same element when anything else on the screen changes
def _pass(
    recording: Recording, node: Node, leaf: Node, index: tuple[int, ...]
) -> tuple[ForwardPass, Slopes, Array | None] | str:
    """Return the pass, the slopes on its way and the whole Jacobian, at the values of an iteration's forward pass.

    Or the sentence that says why not; of the Jacobian None where it is too large.
    """
    try:
        with quiet():
            plan = Plan([node])
            evaluation = plan.run(
                {each: array for each, array in recording.start.feeds.items() if each in plan.index},
                recording.start.variables,
            )
            largest = max(plan.nodes, key=lambda each: np.size(evaluation[each]))
            if np.size(evaluation[largest]) > MOST_ENTRIES:
                shape = shape_text(np.shape(evaluation[largest]))
                wrong = f"{called(largest)} is {shape}: where a node has more than {MOST_ENTRIES} numbers,"
                return f"{wrong} it has too many slopes to look at."
            variables = _variables(node)
            forward = accumulate(evaluation, plan.nodes, leaf, index, variables)
            slopes: Slopes = {
                (each, input_index): jacobian
                for each in forward.changes
                if isinstance(each, Operation) and np.size(evaluation[each]) <= _MOST_WRITTEN
                for input_index, jacobian in enumerate(local_jacobians(evaluation, each))
            }
            size, rows = np.size(evaluation[leaf]), np.size(evaluation[node])
            if max(size, rows) > _MOST_WRITTEN:
                return forward, slopes, None
            columns = [
                np.ravel(accumulate(evaluation, plan.nodes, leaf, at, variables).changes[node])
                for at in np.ndindex(np.shape(evaluation[leaf]))
            ]
            return forward, slopes, np.array(columns).T
    except MinidlError as error:
        return str(error)


def _row(node: Node, forward: ForwardPass, slopes: Slopes, start: str, width: int) -> list[Line]:
    """Draw how a node changes: of single numbers with the products of slope and change that it is the sum of."""
    change = forward.changes[node]
    name = f"  d{cut(called(node), 16)}/d{start} = "
    if change.ndim:
        text = vector(np.ravel(change)) if change.size <= _MOST_WRITTEN else _sizes(change)
        return prose(f"{name}{text}", width, indent=4)
    changing = [(i, source) for i, source in enumerate(node.inputs) if source in forward.changes]
    terms = [
        f"{_factor(slopes[node, i][0, 0])}·{_factor(forward.changes[source])}"
        for i, source in changing
        if not forward.changes[source].ndim and (node, i) in slopes
    ]
    worked = f"{' + '.join(terms)} = " if terms and len(terms) == len(changing) else ""
    return prose(f"{name}{worked}{number(float(change))}", width, indent=4)


def _factor(value: Array) -> str:
    text = number(float(value))
    return f"({text})" if text.startswith("-") else text


def _sizes(change: Array) -> str:
    changing = int(np.count_nonzero(change))
    most = number(float(np.max(np.abs(change))))
    return f"{shape_text(change.shape)}, {changing} of {change.size} numbers change, the most by {most}"


def _shortened(rows: list[Line], room: int, width: int) -> list[Line]:
    """Return the first of the rows, with a line in place of the others where there is no room for them."""
    if len(rows) <= room:
        return rows
    count = len(rows) - room + 1
    text = f"  {count} more line{'s' * (count != 1)}"
    wordings = f"{text}; enlarge the window to see them", f"{text}: enlarge the window", text
    return [*rows[: room - 1], [(first_that_fits(width, *wordings), "dim")]]


def _jacobian(jacobian: Array | None, node: Node, leaf: Node, width: int) -> list[Line]:
    if jacobian is None or jacobian.size == 1:
        return []
    title = f"the Jacobian: a row for each number of {called(node)}, a column for each of {called(leaf)}"
    cells = column(np.ravel(jacobian))
    size = max(map(len, cells))
    rows = [cells[at : at + jacobian.shape[1]] for at in range(0, len(cells), jacobian.shape[1])]
    return [
        *prose(title, width, "title"),
        *([("  " + "  ".join(cell.rjust(size) for cell in row), "text")] for row in rows),
    ]


def _costs(forward: ForwardPass, node: Node, width: int) -> list[Line]:
    def said(direction: str, passes: int, of: str, count: int) -> str:
        times = f"{count:,} multiplication{'s' * (count != 1)}"
        return f"{direction}: {passes} pass{'es' * (passes != 1)}, one for each number of {of}: {times}"

    lines: Sequence[str] = (
        f"all slopes of {called(node)}, with respect to every number of the variables:",
        f"  {said('forward', forward.forward_passes, 'the variables', forward.forward)}",
        f"  {said('reverse', forward.reverse_passes, called(node), forward.reverse)}",
    )
    return [line for text in lines for line in prose(text, width, "dim", indent=4)]
