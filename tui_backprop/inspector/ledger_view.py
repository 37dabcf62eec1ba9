"""The gradient of a node as a ledger: a line for each edge that leaves it, and how a contribution comes about."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from minidl_core import ContributionAdded, GradientError, Node, Operation
from minidl_core.arrays import Array
from minidl_core.gradients import gradient_rule

from ..entries import in_letters
from ..expression import Entry, Total, UnreadableError, element_text
from ..formats import number, shape_text, worked_sum
from ..formulas import symbols
from ..glyphs import DONE, MORE, NOT_YET, NOW, RIGHT
from ..moment import Moment
from ..palette import Line
from ..worked import Worked, count, worked_contribution
from .arrays import arrays_section, block, window
from .equation import write_worked
from .long_sums import long_sum, long_sum_section
from .names import axis_names, called, said, slope_name, small, summed
from .pinned import Pinned, element_at, is_by_point, known_value
from .sections import Section, compose, first_that_fits, prose
from .value_view import gradient_state, heading

Edge = tuple[Operation, int, ContributionAdded | None]
"""A consumer, the slot of its input, and the contribution, once it has arrived."""


NUDGE = 0.01
"""How far a number is moved to see how the loss follows."""


def draw_ledger(moment: Moment, node: Node, pinned: Pinned, width: int, height: int) -> list[Line]:
    """Draw the edges that leave a node, and the pinned element of the latest contribution written out."""
    if node not in moment.graph.position:
        text = f"{called(node)} does not lead to {called(moment.graph.loss)}: it has no gradient."
        return compose([Section(10, prose(text, width))], width, height)
    if node is moment.graph.loss:
        return compose(_loss(moment, node, width), width, height)
    edges = _edges(moment, node)
    event = _in_focus(moment, node)
    sections = [
        Section(6, [_title(moment, node, edges, event, width)]),
        Section(7, _edge_lines(moment, edges, event, pinned, width, max(height // 4, 2))),
    ]
    if event is None:
        state = gradient_state(moment, node, pinned, width)
        if moment.gradient_mark(node) == NOW:
            state = f"{NOT_YET} nothing has come over an edge yet"
        sections.append(Section(10, prose(state, width)))
    else:
        sections += [*_contribution(moment, event, pinned, width, height), *_why_add(moment, node, width)]
    return compose([*sections, *_facts(moment, node, pinned, width)], width, height)


def _why_add(moment: Moment, node: Node, width: int) -> list[Section]:
    """Nudge a number that reaches the loss in several ways: the ways' effects add up, and so do their slopes."""
    contributions = moment.contributions(node)
    if len(contributions) < 2 or len(contributions) > 3 or contributions[0].contribution.shape:
        return []
    name, loss = called(node), called(moment.graph.loss)
    ways = [f"{number(NUDGE * float(e.contribution), 3)} through {called(e.consumer)}" for e in contributions]
    total = number(NUDGE * sum(float(e.contribution) for e in contributions), 3)
    so_far = " so far" if len(contributions) < contributions[0].count else ""
    text = f"why a sum?  {name} + {NUDGE} moves {loss} by {', and by '.join(ways)}: by about {total} in all{so_far}."
    return [Section(6, prose(text, width))]


def _title(moment: Moment, node: Node, edges: list[Edge], event: ContributionAdded | None, width: int) -> Line:
    place = f"edge {event.number} of {len(edges)}" if event else f"{len(edges)} edge{'s' * (len(edges) != 1)}"
    slope = slope_name(moment, node)
    whole = f"{slope} = sum over the edges that leave {called(node)}"
    text = first_that_fits(width - len(place) - 2, whole, f"{slope} = sum over edges", slope)
    return [(text, "title"), (place.rjust(max(width - len(text) - 1, len(place) + 1)), "dim")]


def _loss(moment: Moment, node: Node, width: int) -> list[Section]:
    loss, slope = called(node), slope_name(moment, node)
    value = moment.value(node)
    started = moment.gradient_mark(node) != NOT_YET
    first = f"{slope} = 1" if started else f"{slope} will be 1: the backward pass starts here"
    sections = [
        Section(10, prose(first, width, "title")),
        Section(5, prose(f"If {loss} changes by some amount, {loss} changes by just that amount.", width)),
        Section(4, prose("Every other gradient is made from this 1, edge by edge, against the arrows.", width)),
    ]
    if value is not None:
        sections.append(Section(6, [[("value     ", "dim"), (small(value, ()), "text")]]))
    return sections


def _edges(moment: Moment, node: Node) -> list[Edge]:
    """Return the edges that leave a node in the order in which they contribute, as far as that is known."""
    arrived: list[Edge] = [(event.consumer, event.slot, event) for event in moment.contributions(node)]
    known = {(consumer, slot) for consumer, slot, _ in arrived}
    visits, position = moment.recording.visited, moment.graph.position

    def order(consumer: Operation) -> tuple[float, int]:
        time = visits.get(consumer, inf)
        # what is not visited yet is mostly visited against the order of evaluation
        return time if time < moment.cursor else inf, -position[consumer]

    consumers = sorted(moment.graph.consumers(node), key=order)
    pending: list[Edge] = [
        (consumer, slot, None)
        for consumer in consumers
        for slot, source in enumerate(consumer.inputs)
        if source is node and (consumer, slot) not in known
    ]
    return arrived + pending


def _in_focus(moment: Moment, node: Node) -> ContributionAdded | None:
    """Return the contribution that is looked at: the one of now, or the latest."""
    if isinstance(moment.event, ContributionAdded) and moment.event.node is node:
        return moment.event
    return next(reversed(moment.contributions(node)), None)


def _edge_lines(
    moment: Moment, edges: list[Edge], focus: ContributionAdded | None, pinned: Pinned, width: int, most: int
) -> list[Line]:
    """Draw the edges as columns: edge, shape of G, rule, contribution; the narrower, the fewer columns."""
    rows = [_edge_row(moment, edge, focus, pinned) for edge in edges]
    at = next((place for place, edge in enumerate(edges) if edge[2] is focus), 0)
    shown = [rows[place] for place in window(len(rows), most, at)]
    if focus is not None and len(edges) > 1:
        what = "sum" if focus.number == focus.count else "sum so far"
        shown.append(("", "", what, _small(moment, focus.node, focus.total, pinned)))
    widths = [max(len(row[column]) for row in shown) for column in range(4)]
    # of several edges the contributions are compared, of one it stands below
    for column in (1, 2 if len(edges) > 1 else 3):
        if sum(widths) + 2 * (len(widths) - 1) > width:
            widths[column] = -2
    lines: list[Line] = []
    for row in shown:
        cells = [text.ljust(size) for text, size in zip(row, widths, strict=True) if size >= 0]
        style = {RIGHT: "pinned", NOT_YET: "dim", "": "title"}.get(row[0][:1], "text")
        lines.append([("  ".join(cells).rstrip(), style)])
    if len(rows) > most:
        lines.insert(most, [(f"  {MORE}  {len(rows) - most} more edges", "dim")])
    return lines


def _edge_row(moment: Moment, edge: Edge, focus: ContributionAdded | None, pinned: Pinned) -> tuple[str, str, str, str]:
    consumer, slot, event = edge
    node = consumer.inputs[slot]
    name = f"{called(node)} → {called(consumer)}"
    if sum(source is node for source in consumer.inputs) > 1:
        name += f" as {consumer.definition.symbols[slot]}"
    rule = _rule(moment, consumer, slot, event)
    if event is None:
        missing = moment.gradient(consumer) is None
        return f"{NOT_YET} {name}", "", rule, f"waits for {called(consumer)}" if missing else "pending"
    mark = RIGHT if event is focus else DONE
    return f"{mark} {name}", shape_text(event.gradient.shape), rule, _small(moment, node, event.contribution, pinned)


def _rule(moment: Moment, consumer: Operation, slot: int, event: ContributionAdded | None) -> str:
    """Return the formula of a contribution with the nodes' names in it, and over what it is summed."""
    try:
        formula = said(moment, consumer, gradient_rule(consumer).formula_for(slot))
    except GradientError:
        return ""
    if event is None or not consumer.definition.elementwise or event.gradient.shape == event.contribution.shape:
        return formula
    return summed(formula, event.gradient.shape, event.contribution.shape)


def _small(moment: Moment, node: Node, array: Array, pinned: Pinned) -> str:
    return small(array, element_at(moment, node, array.shape, pinned))


def _contribution(moment: Moment, event: ContributionAdded, pinned: Pinned, width: int, height: int) -> list[Section]:
    op, slot, node, result = event.consumer, event.slot, event.node, event.contribution
    inputs = [array for source in op.inputs if (array := moment.evaluated_value(source)) is not None]
    output = moment.evaluated_value(op)
    assert output is not None, "an operation that contributes has a value"
    index = element_at(moment, node, result.shape, pinned)
    pinned = pinned.at(index, is_by_point(moment, node, result.shape))

    def work(at: tuple[int, ...]) -> Worked:
        return worked_contribution(op, slot, inputs, output, event.gradient, result, at)

    worked = work(index)
    g = f"G = {slope_name(moment, op)}"
    if worked.long_sum is not None:
        shape = f"   {g} {shape_text(event.gradient.shape)}"
        equation: Line = [(f"{RIGHT} {worked.target}", "pinned"), (f" gets {worked.symbols}", "text")]
        if sum(len(text) for text, _ in equation) + len(shape) <= width:
            equation.append((shape, "dim"))
        elements, names = _beside(moment, event, work, index, width)
        sections = [
            Section(10, [equation]),
            long_sum_section(long_sum(moment, elements, names, pinned), width),
        ]
    else:
        shape = shape_text(event.gradient.shape)
        titles = [f"{g} {shape}", g, f"G {shape}", "G"] if event.gradient.ndim else [g, "G"]
        used = {symbol: [e.index for e in worked.entries if e.symbol == symbol] for symbol in ("G", *symbols(op))}
        blocks = [block(moment, op, event.gradient, pinned, used["G"], tuple(titles))]
        values = {**dict(zip(op.definition.symbols, inputs, strict=True)), "Y": output}
        for symbol, source in symbols(op).items():
            if used[symbol]:
                blocks.append(block(moment, source, values[symbol], pinned, used[symbol], beside=output))
        titles = [f"contribution {shape_text(result.shape)}"] if result.ndim else []
        titles += ["contribution", f"to {called(node)}"]
        blocks.append(block(moment, node, result, pinned, None, tuple(titles), " →"))
        lines = [heading(moment, node, index, result), *write_worked(worked, width, "gets", max(height // 2, 3))]
        sections = [arrays_section(blocks, width, height), Section(10, lines if index else lines[1:])]
    sections += _sum(moment, event, index, width)
    return [*sections, *_reasons(moment, event, worked, inputs, output, width)]


def _beside(
    moment: Moment,
    event: ContributionAdded,
    work: Callable[[tuple[int, ...]], Worked],
    index: tuple[int, ...],
    width: int,
) -> tuple[list[Worked], list[str]]:
    """Return the elements whose long sums are shown, and what they are called.

    Where the terms are single numbers, there is room for the elements beside the pinned one.
    """
    worked = work(index)
    if not index or worked.long_sum is None or not isinstance(worked.long_sum.body, Entry):
        return [worked], ["product" if "·" in worked.symbols else "term"]
    columns = event.contribution.shape[-1]
    names = axis_names(moment, event.node, len(index) - 1, columns)
    shown = window(columns, 4 if width >= 60 else 2, index[-1])
    elements = [work((*index[:-1], column)) for column in shown]
    if any(element.long_sum is None for element in elements):
        return [worked], ["term"]
    return elements, [names[column] if names else f"[{','.join(map(str, (*index[:-1], column)))}]" for column in shown]


def _sum(moment: Moment, event: ContributionAdded, index: tuple[int, ...], width: int) -> list[Section]:
    """Add up what has come over several edges."""
    arrived = [other for other in moment.contributions(event.node) if other.number <= event.number]
    if len(arrived) < 2:
        return []
    what = "sum" if event.number == event.count else "sum so far"
    target = element_text(called(event.node), index)
    terms = [float(other.contribution[index]) for other in arrived]
    text = f"  {what} for {target}: {worked_sum(terms, float(event.total[index]), 3)}"
    return [Section(7, prose(text, width, indent="    "))]


def _reasons(
    moment: Moment, event: ContributionAdded, worked: Worked, inputs: list[Array], output: Array, width: int
) -> list[Section]:
    """Say why the rule is what it is, and, where the contribution is a sum, why it is one."""
    op, slot = event.consumer, event.slot
    sections = [Section(3, prose(said(moment, op, gradient_rule(op).reason_for(slot)), width, "dim"))]
    if not isinstance(worked.tree, Total):
        return sections
    try:
        whole, element = in_letters(op, slot, inputs, output)
    except UnreadableError:
        return sections
    every = " and ".join(f"every {letter}" for letter in worked.tree.letters)
    loss = called(moment.graph.loss)
    text = (
        f"why a sum?  {whole}: one {element} is used in {count(worked.tree)} entries of {called(op)}, for {every}; "
        f"{loss} feels them all."
    )
    return [*sections, Section(4, prose(text, width))]


def _facts(moment: Moment, node: Node, pinned: Pinned, width: int) -> list[Section]:
    """Return the node's value and gradient, and what the gradient's sign means."""
    value = moment.evaluated_value(node)
    value = known_value(moment, node) if value is None else value
    sections = []
    if value is not None:
        sections.append(Section(3, [[("value     ", "dim"), (_small(moment, node, value, pinned), "text")]]))
    gradient = moment.gradient(node)
    if gradient is not None:
        index = element_at(moment, node, gradient.shape, pinned)
        text = _small(moment, node, gradient, pinned)
        slope = float(gradient[index])
        moves = "falls" if slope < 0 else "rises" if slope > 0 else "stays"
        meaning = f"   raise {element_text(called(node), index)}: {called(moment.graph.loss)} {moves}"
        meaning = first_that_fits(width - 10 - len(text), meaning, "")
        sections.append(Section(4, [[("gradient  ", "dim"), (text, "text"), (meaning, "dim")]], joined=True))
    return sections
