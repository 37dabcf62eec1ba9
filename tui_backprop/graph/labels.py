"""The texts of the graph pane: titles and details of nodes, the line above the picture, its legend, its notes."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from minidl_core import ContributionAdded, Node, Operation
from minidl_core.gradients import gradient_rule

from ..debugger.moment import Moment
from ..drawing.glyphs import BREAKPOINT, DONE, LEFT, NOT_COMPARED, NOT_YET, NOW, PARTS, RIGHT, STALE, UPDATED
from ..drawing.palette import Line
from ..narration.theirs import whose
from ..notation.fitting import first_that_fits, leading
from ..notation.formats import number, shape_text
from ..notation.optimizer import is_straight
from .diagram import Note, mark_style

LEAST_INNER, MOST_INNER = len("─v✓ g·─"), 14
_KINDS = {"placeholder": "data", "variable": "var", "constant": "const"}
_ANYWHERE = 10_000


def title(node: Node) -> str:
    """Return a node's name and, where it is not named after that, its kind: X data, p softmax, matmul."""
    return _title(node.name, _KINDS.get(node.kind, node.kind), isinstance(node, Operation))


@lru_cache(maxsize=1024)  # a step draws the titles of all boxes that show
def _title(name: str, kind: str, is_operation: bool) -> str:
    named_after = is_operation and name.rpartition("/")[2].startswith(kind)
    return first_that_fits(MOST_INNER, name if named_after else f"{name} {kind}", name)


def tape_title(node: Node) -> str:
    """Return the title of a row of the tape, where a leaf has no kind: its sign in the gutter tells."""
    return title(node) if node.inputs else node.name


def detail(moment: Moment, node: Node, width: int) -> str:
    """Return the shape of a node and, where that is one number, its value with as many digits as fit."""
    value = moment.value(node)
    shape = shape_text(moment.shape(node))
    if value is None or value.size != 1:
        return shape
    before = "=" if node is moment.graph.loss else shape
    return first_that_fits(width, *(f"{before} {number(value.item(), digits)}" for digits in (4, 3, 2)), shape)


def heading(moment: Moment) -> str:
    """Return the line above the picture: which way the numbers go."""
    moves = "against their gradients" if is_straight(moment.optimizer) else "by the steps of the optimizer"
    return {
        "forward": f"forward: values flow to the right ─{RIGHT}",
        "backward": f"backward: gradients flow to the left {LEFT}─",
        "update": f"update: variables move {moves}",
    }[moment.phase]


def legend(moment: Moment, width: int, *, stops: bool = False) -> Line:
    """Return what the signs mean that this pass can show; what does not fit the width is left out at the end.

    `stops` is whether there are breakpoints.
    """
    done, now, not_yet = f"{DONE} done", f"{NOW} now", f"{NOT_YET} not yet"
    marks = ("v value", "g gradient")
    states: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]
    if moment.phase == "forward":
        groups = marks, (done, now, not_yet), ("━ in use now",), (f"─{RIGHT} value flows",)
    elif moment.phase == "update":
        states = (done, now, f"{UPDATED} updated", f"{STALE} out of date")
        groups = marks, states, (f"{LEFT} the gradient went this way",)
    elif moment.waiting_count:
        states = (done, now, "q1 in the queue", "w2 waits for 2", not_yet)
        groups = marks, states, (f"{LEFT} gradient went", "━ goes now")
    else:
        states = (done, now, "q1 q2 place in the queue", not_yet)
        groups = marks, states, (f"{LEFT} gradient went this way", "━ goes now")
    if moment.compared:
        # first, since it is what somebody with an engine of their own looks for
        without = (
            (f"g{NOT_COMPARED} not in {whose(moment)}",)
            if len(moment.recording.theirs) < len(moment.graph.nodes)
            else ()
        )
        groups = (f"g{PARTS} {whose(moment)} parts", f"g{DONE} agrees", *without), *groups
    if stops:
        groups = (*groups[:2], (f"{BREAKPOINT} breakpoint",), *groups[2:])
    entries: list[Line] = []
    for group in groups:
        for i, entry in enumerate(group):
            gap = "" if not entries else "  " if i else "    "
            sign, _, meaning = entry.partition(" ")
            known = {"v": "dim", "g": "dim", "━": "flow", LEFT: "done", BREAKPOINT: "red"}
            style = known.get(sign) or mark_style(sign)
            entries.append([(gap, "text"), (sign, style), (f" {meaning}", "dim")])
    return [span for entry in leading(entries, width) for span in entry]


def note(moment: Moment, item_for: Callable[[Node, Node | None], str]) -> Note | None:
    """Return the note beside a node: how a gradient's shape changes on an edge, or what is out of date.

    `item_for` names the box of a node; where it has several, the one beside this consumer.
    """
    if isinstance(moment.event, ContributionAdded):
        if moment.shape(moment.event.node) is None:
            return None
        return _edge_note(moment.event, item_for(moment.event.node, moment.event.consumer))
    return _stale_note(moment, item_for) if moment.phase == "update" else None


def _edge_note(event: ContributionAdded, near: str) -> Note | None:
    size, shape = event.contribution.size, event.contribution.shape
    if shape == event.gradient.shape:
        return None
    formula = gradient_rule(event.consumer).formula_for(event.input_index)
    names = [source.name for source in event.consumer.inputs]
    rule = event.consumer.definition.name_symbols(formula, names, event.consumer.name)
    lines = []
    if event.consumer.definition.elementwise and size < event.gradient.size:
        rule = "Σ"
        rows = shape == event.gradient.shape[1:]
        lines = [f"one {event.node.name}, in {event.gradient.size // size} {'rows' if rows else 'places'}"]
    elif rule == "G":
        rule = "copied"
    change = f"{shape_text(shape)} {LEFT} {rule} {LEFT} {shape_text(event.gradient.shape)}"
    return Note([change, *lines], near)


def _stale_note(moment: Moment, item_for: Callable[[Node, Node | None], str]) -> Note | None:
    updated = sorted(moment.updated, key=moment.graph.position.__getitem__) if len(moment.updated) < 3 else []
    if not moment.updated:
        return None
    variables = " and ".join(node.name for node in updated) or f"{len(moment.updated)} variables"
    head, near = f"{STALE} = made with the old", item_for(moment.updated[0], None)
    return Note([head, f"    {variables}"], near, _ANYWHERE, [f"{head} {variables}"])
