"""What there is to say when no node is in view: before the first event, and when an iteration is over."""

from __future__ import annotations

from minidl_core import Node, Operation, Variable
from minidl_core.arrays import Array

from ..formats import number, shape_text, vector
from ..formula import element_text
from ..glyphs import DONE, NOT_YET, NOW, RIGHT, STALE
from ..moment import Moment
from ..palette import Line
from .pinned import Pinned
from .sections import Section, compose, prose
from .update_view import forecast
from .value_view import element_at


def draw_start(moment: Moment, width: int, height: int) -> list[Line]:
    """Say what this graph is, how to read the screen, and which key comes next."""
    nodes, loss = moment.graph.nodes, moment.graph.loss.name
    operations = [node for node in nodes if isinstance(node, Operation)]
    data = [node for node in nodes if moment.graph.is_data(node)]
    sections = [
        Section(8, prose(moment.lesson.summary, width, "title")),
        Section(7, [
            *_named("data", data, width),
            *_named("variables", moment.graph.variables, width),
            [("operations", "dim"), (f"  {len(operations)}, the last is the loss {loss}", "text")],
        ]),
        Section(6, [
            *prose(f"forward   every node computes its value; the last is {loss}", width, indent=" " * 10),
            *prose(f"backward  every node learns how {loss} changes with it", width, indent=" " * 10),
            *prose("update    every variable moves against its slope", width, indent=" " * 10),
        ]),
        Section(5, [
            *prose(f"{DONE} done   {NOW} now   {NOT_YET} not yet   {STALE} older than the variables", width, "dim"),
            *prose(f"{RIGHT} one element is followed through every array; its numbers are written out here", width,
                   "dim", indent="  "),
        ]),
        Section(10, [[("space", "key"), ("  the first step", "text"), ("     ?", "key"), ("  all keys", "text")]]),
    ]  # fmt: skip
    return compose(sections, width, height)


def _named(kind: str, nodes: list[Node] | tuple[Variable, ...], width: int) -> list[Line]:
    if not nodes:
        return []
    said = ", ".join(f"{node.name} {shape_text(node.shape)}" if node.shape else node.name for node in nodes[:12])
    more = f" and {len(nodes) - 12} more" if len(nodes) > 12 else ""
    first, *others = prose(f"{kind:<12}{said}{more}", width, indent=" " * 12)
    text = first[0][0]
    return [[(text[:12], "dim"), (text[12:], "text")], *others]


def draw_finished(moment: Moment, pinned: Pinned, width: int, height: int) -> list[Line]:
    """Say what an iteration has brought: the loss it measured, the variables' moves, the forecast."""
    loss = moment.graph.loss.name
    now, before = moment.loss, moment.recording.previous_loss
    sections = []
    if now is not None:
        said = f"{loss} = {number(now)}, measured in this iteration before its update"
        lines = prose(said, width, "title")
        if before is not None:
            lines += prose(f"it was {number(before)} in iteration {moment.iteration - 1}", width)
        sections.append(Section(9, lines))
    moves: list[Line] = []
    for variable in moment.graph.variables:
        event = moment.update(variable)
        if event is not None and len(moves) < max(height - 10, 2):
            at = element_at(moment, variable, event.new, pinned)
            moves += prose(_moved(variable.name, event.old, event.new, at), width, indent="    ")
    sections += [Section(7, [[("the variables moved", "dim")], *moves]), *forecast(moment, width)]
    following = f"  iteration {moment.iteration + 1} begins, with the new values"
    sections.append(Section(8, [[("space", "key"), (following, "text")]]))
    return compose(sections, width, height)


def _moved(name: str, old: Array, new: Array, at: tuple[int, ...]) -> str:
    if new.ndim == 1 and new.size <= 3:
        return f"  {name} from {vector(old)} to {vector(new)}"
    return f"  {element_text(name, at)} from {number(float(old[at]))} to {number(float(new[at]))}"
