"""The inspector without a node in view: before the first event, and when an iteration is over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import PurePath

from minidl_core import Constant, Node, Operation, Placeholder, Variable

from ..debugger.followed import Followed, element_at
from ..debugger.kept import kept
from ..debugger.loss_graph import LossGraph
from ..debugger.moment import Moment
from ..drawing.glyphs import DONE, NOT_YET, NOW, PARTS, RIGHT, STALE
from ..drawing.palette import ACTION, Line
from ..narration.theirs import agreement, causes, unused_sums, why_not_compared
from ..narration.wording import the_loss
from ..notation.fitting import printable, prose
from ..notation.formats import digits_of_change, element_text, in_full, number, shape_text, vector
from ..notation.losses_beside import losses_beside
from ..notation.names import called, number_of
from ..notation.optimizer import found_gradients, is_straight, name_of, repeats
from ..notation.sections import Section, compose
from .forecast import brought, forecast

MOST_NAMES = 12
_MOST_COUNTED = 100
"""Of so many nodes of a kind those of one name are counted; of more, which nobody reads, the first are named."""


def draw_start(moment: Moment, width: int, height: int, charts: Sequence[str] = ()) -> list[Line]:
    """Say what this graph is, how to read the screen, and which key comes next, also to `charts` without a pane."""
    loss = called(moment.graph.loss)
    inside: list[Line] = []
    rows = max(height // 6, 1)
    for title, nodes in _leaves(moment.graph).items():
        inside += _named(moment, title, nodes, width, rows)
    inside += _columns("operations", _operations(moment.graph, whole=moment.program.engine is None), width)
    if (engine := moment.program.engine) is not None:
        whose = f"{printable(engine.class_name)}, {printable(PurePath(engine.file).name)}"
        inside += _columns(engine.subject, f"{whose}: backward shows its gradients beside the right ones", width)
        if engine.multiple:
            whose = "its gradients are" if engine.is_of_all else "some of its gradients, and not all, are"
            text = f"{whose} those of {printable(engine.multiple)}, which is shown here"
            inside += _columns("", text, width)
        inside += [line for text in _their_loss(moment) for line in _columns("", text, width)]
    passes = [
        *_columns("forward", f"every node on the way to {loss} computes its value", width),
        *_columns("backward", f"each of them learns how {loss} changes with it", width),
        *_columns("update", _who_moves(moment), width),
    ]
    signs = [
        *prose(f"{DONE} done   {NOW} now   {NOT_YET} not yet   {STALE} out of date", width, "dim"),
        *prose(f"{RIGHT} one element is followed through every array, its numbers are written out here", width, "dim"),
    ]
    keys: list[Line] = [
        [("step", ACTION), ("  the first step", "text"), ("     ", "text"), ("keys", ACTION), ("  all keys", "text")]
    ]
    if "picture" in charts:
        keys.append([("picture", ACTION), ("  the picture of it", "text")])
    sections = [
        Section(8, prose(moment.program.lesson.summary, width, "title")),
        Section(7, inside),
        Section(6, passes),
        Section(5, signs),
        Section(10, keys),
    ]
    return compose(sections, width, height)


def _who_moves(moment: Moment) -> str:
    """Say which variables the update moves, and how."""
    step, variables, optimizer = moment.recording.step, moment.graph.variables, moment.optimizer
    only = None if step is None else step.trained
    moved = len(variables) if only is None else sum(variable in only for variable in variables)
    who, their = ("every variable moves", "its slope")
    if moved < len(variables):
        who = f"{moved} of {len(variables)} variables move{'s' * (moved == 1)}"
        their = "its slope" if moved == 1 else "their slopes"
    if repeats(optimizer):
        return f"{who} by the program's own update"
    if gradients := found_gradients(optimizer):
        return f"{who} against the {gradients}"
    return f"{who} {f'against {their}' if is_straight(optimizer) else f'by the step of {name_of(optimizer)}'}"


@kept
def _leaves(graph: LossGraph) -> dict[str, list[Node]]:
    """Return what leads to the loss and has no inputs, by what it is called."""
    kinds = {"data": Placeholder, "constants": Constant, "variables": Variable}
    return {title: [node for node in graph.nodes if isinstance(node, kind)] for title, kind in kinds.items()}


@kept
def _operations(graph: LossGraph, *, whole: bool) -> str:
    """Say how many operations there are, which of them is the loss, and how many are not on the way to it.

    With an engine of the learner's, what is not on the way to this loss belongs to other steps.
    """
    loss = graph.loss
    there = [node for node in (loss.graph.nodes if whole else graph.nodes) if isinstance(node, Operation)]
    off = sum(node not in graph.position for node in there)
    named = the_loss(loss, called(loss))
    text = f"{len(there)}, the last of them is {named}"
    if off or not there or loss is not there[-1]:
        text = f"{len(there)}; {named} is {'one of them' if isinstance(loss, Operation) else 'a variable'}"
    return f"{text}, {off} not on the way to it" if off else text


def _named(moment: Moment, title: str, nodes: Sequence[Node], width: int, rows: int) -> list[Line]:
    """Name as many of these nodes as go into so many rows, and say how many more there are.

    Constants of one number, which are called 1, 1_1, 1_2, are one name.
    """
    counts: Counter[str] = Counter()
    for node in nodes if len(nodes) <= _MOST_COUNTED else nodes[:MOST_NAMES]:
        shape = moment.shape(node)
        name = f"{called(node)} {shape_text(shape)}" if shape else called(node)
        counts[(number_of(node) if len(nodes) <= _MOST_COUNTED else "") or name] += 1
    named = [(name if times == 1 else f"{name} ({times} times)", times) for name, times in counts.items()]
    lines: list[Line] = []
    for count in range(min(len(named), MOST_NAMES), 0, -1):
        more = len(nodes) - sum(times for _, times in named[:count])
        text = ", ".join(name for name, _ in named[:count])
        lines = _columns(title, f"{text} and {more} more" if more else text, width)
        if len(lines) <= rows:
            break
    return lines


def _columns(title: str, text: str, width: int) -> list[Line]:
    """Draw a title, and beside it a wrapped text."""
    first, *others = prose(text, width - 12)
    return [[(f"{title:<12}", "dim"), *first], *([(" " * 12, "dim"), *line] for line in others)]


def _their_loss(moment: Moment) -> list[str]:
    """Say what the loss is in the precision of an engine that has another than ours."""
    engine, step = moment.program.engine, moment.recording.step
    if engine is None or not engine.precision or not moment.recording.theirs or step is None:
        return []
    return [f"{engine.subject} computed in {engine.precision}, {in_full(step.measured)}; here all is in float64"]


def draw_finished(moment: Moment, followed: Followed, width: int, height: int) -> list[Line]:
    """Say what an iteration has brought: the loss it measured, how the variables moved, the forecast."""
    loss = called(moment.graph.loss)
    sections = []
    if moment.loss is not None:
        lines = prose(f"{loss} = {number(moment.loss)}, measured in this iteration before its update", width, "title")
        lines += [line for text in _their_loss(moment) for line in prose(text, width, "dim")]
        before = moment.recording.previous_loss
        if before is not None:
            lines += prose(f"it was {number(before)} in iteration {moment.iteration - 1}", width)
        lines += prose(losses_beside(moment), width)
        sections += [Section(9, lines), *brought(moment, width)]
    if compared := agreement(moment):
        lines = prose(compared, width, "error" if compared.startswith(PARTS) else "done")
        for cause in causes(moment):
            lines += prose(cause, width, "error", indent=4)
        step = moment.recording.step
        lines += [line for text in unused_sums(step.unused_sums if step else ()) for line in prose(text, width, "dim")]
        sections.append(Section(9, lines))
    elif text := why_not_compared(moment):
        sections.append(Section(5, prose(text, width, "dim")))
    moves: list[Line] = [[("how the variables moved", "title")]]
    for variable in moment.graph.variables[: max(height - 12, 2)]:
        moves += prose(_moved(moment, variable, followed), width, indent=4)
    if len(moment.graph.variables) >= len(moves):
        moves.append([(f"  and {len(moment.graph.variables) - len(moves) + 1} more", "dim")])
    following = f"  iteration {moment.iteration + 1} begins"
    sections += [
        Section(7, moves),
        *forecast(moment, width),
        Section(8, [[("step", ACTION), (following, "text")]]),
    ]
    return compose(sections, width, height)


def _moved(moment: Moment, variable: Variable, followed: Followed) -> str:
    event = moment.update(variable)
    if event is None:
        return f"  {called(variable)} has no update"
    if event.new.ndim == 1 and event.new.size <= 3:
        digits = digits_of_change(event.old, event.new)
        return f"  {called(variable)} from {vector(event.old, digits)} to {vector(event.new, digits)}"
    if event.new.size == 0:
        return f"  {called(variable)} {shape_text(event.new.shape)}: no numbers"
    at = element_at(moment, variable, event.new.shape, followed)
    digits = digits_of_change(event.old[at], event.new[at])
    old, new = (number(float(array[at]), digits) for array in (event.old, event.new))
    return f"  {element_text(called(variable), at)} from {old} to {new}"
