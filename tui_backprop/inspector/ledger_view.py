"""The gradient of a node as a ledger: one line per edge that leaves it, and how the edge's contribution comes about."""

from __future__ import annotations

from minidl_core import ContributionAdded, GradientError, Node, Operation
from minidl_core.gradients import gradient_rule
from minidl_core.arrays import Array

from ..formats import number, shape_text, vector
from ..formula import Entry, leaves
from ..glyphs import DONE, MORE, NOT_YET, RIGHT
from ..moment import Moment
from ..palette import Line
from ..worked import Worked, count, in_letters, worked_contribution
from .arrays import block, window
from .equation import used_elements, worked_terms, write_worked
from .pinned import Pinned, axis_names, describe, is_by_point
from .sections import Section, compose, prose
from .value_view import arrays_section, element_at, gradient_state, leaf_value, terms_section

Edge = tuple[Operation, int, ContributionAdded | None]


def slope_name(moment: Moment, node: Node) -> str:
    """Return how the gradient of the loss with respect to a node is written: dJ/dW."""
    return f"d{moment.graph.loss.name}/d{node.name}"


def draw_ledger(moment: Moment, node: Node, pinned: Pinned, width: int, height: int) -> list[Line]:
    """Draw the edges that leave a node, what came over them, and the pinned element of the latest contribution."""
    if node not in moment.graph.position:
        return compose([Section(10, prose(f"{node.name} does not lead to the loss: it has no gradient.", width))], width, height)
    slope = slope_name(moment, node)
    if node is moment.graph.loss:
        return compose(_loss(moment, node, slope, width), width, height)
    edges = _edges(moment, node)
    event = _in_focus(moment, node)
    here = element_at(moment, node, event.contribution, pinned) if event else None
    number_now = event.number if event else 0
    heading = f"{slope} = sum over the edges that leave {node.name}"
    place = f"edge {number_now} of {len(edges)}" if number_now else f"{len(edges)} edge{'s' * (len(edges) > 1)}"
    first: Line = [(heading if len(heading) + len(place) + 2 <= width else f"{slope} = sum over edges", "title")]
    first.append((place.rjust(max(width - len(first[0][0]) - 1, len(place) + 2)), "dim"))
    sections = [
        Section(6, [first]),
        Section(7, _edge_lines(edges, event, here, moment, width, max(height // 4, 2))),
    ]
    if event is not None and here is not None:
        sections += _contribution(moment, event, pinned, here, width)
    else:
        sections.append(Section(5, [[(gradient_state(moment, node, pinned), "text")]]))
    return compose([*sections, *_facts(moment, node, pinned, here, width)], width, height)


def _loss(moment: Moment, node: Node, slope: str, width: int) -> list[Section]:
    value = moment.value(node)
    said = f"{node.name} is the loss: if it changes by some amount, it changes by just that amount."
    started = moment.gradient_mark(node) != NOT_YET
    sections = [
        Section(10, [[(f"{slope} = 1" if started else f"{slope}: the backward pass starts here, with 1", "title")]]),
        Section(5, prose(said, width)),
        Section(4, prose("Every other gradient is made from this 1, edge by edge, against the arrows.", width)),
    ]
    if value is not None:
        sections.append(Section(6, [[("value     ", "dim"), (number(float(value)), "text")]]))
    return sections


def _edges(moment: Moment, node: Node) -> list[Edge]:
    """Return the edges that leave a node, those that have contributed first, in their order."""
    arrived: list[Edge] = [(event.consumer, event.slot, event) for event in moment.contributions(node)]
    known = {(consumer, slot) for consumer, slot, _ in arrived}
    consumers = sorted(moment.graph.consumers(node), key=moment.graph.position.__getitem__, reverse=True)
    pending: list[Edge] = [
        (consumer, slot, None)
        for consumer in consumers
        for slot, source in enumerate(consumer.inputs)
        if source is node and (consumer, slot) not in known
    ]
    return arrived + pending


def _in_focus(moment: Moment, node: Node) -> ContributionAdded | None:
    if isinstance(moment.event, ContributionAdded) and moment.event.node is node:
        return moment.event
    arrived = moment.contributions(node)
    return arrived[-1] if arrived else None


def _edge_lines(
    edges: list[Edge],
    focus: ContributionAdded | None,
    here: tuple[int, ...] | None,
    moment: Moment,
    width: int,
    most: int,
) -> list[Line]:
    rows = []
    for consumer, slot, event in edges:
        source = consumer.inputs[slot]
        twice = sum(other is source for other in consumer.inputs) > 1
        name = f"{source.name} → {consumer.name}" + (f" as {consumer.definition.symbols[slot]}" if twice else "")
        mark = f"{RIGHT} " if event is not None and event is focus else f"{DONE if event else NOT_YET} "
        if event is None:
            waits = "pending" if moment.gradient(consumer) is not None else f"waits for {consumer.name}"
            rows.append((mark + name, "", _rule(consumer, slot, None, source), waits))
        else:
            rows.append(
                (mark + name, shape_text(event.gradient.shape), _rule(consumer, slot, event, source),
                 _small(event.contribution, here))
            )  # fmt: skip
    so_far = None
    if focus is not None and len(edges) > 1:
        so_far = ("", "", "sum so far" if focus.number < len(edges) else "sum", _small(focus.total, here))
    at = next((place for place, edge in enumerate(edges) if edge[2] is focus), 0)
    shown = window(len(rows), most, at)
    kept = [rows[place] for place in shown]
    widths = [max(len(row[c]) for row in [*kept, so_far or ("",) * 4]) for c in range(4)]
    if sum(widths) + 6 > width:
        widths[1] = -2
    if sum(widths) + 6 > width:
        widths[3] = -2
    lines: list[Line] = []
    for place, row in zip(shown, kept, strict=True):
        style = "pinned" if row[0].startswith(RIGHT) else "dim" if row[0].startswith(NOT_YET) else "text"
        lines.append([(_joined(row, widths), style)])
        del place
    if len(kept) < len(rows):
        lines.append([(f"  {MORE}  {len(rows) - len(kept)} more edges", "dim")])
    if so_far is not None:
        lines.append([(_joined(so_far, widths), "title")])
    return lines


def _joined(row: tuple[str, ...], widths: list[int]) -> str:
    return "  ".join(text.ljust(size) for text, size in zip(row, widths, strict=True) if size >= 0).rstrip()


def _rule(consumer: Operation, slot: int, event: ContributionAdded | None, source: Node) -> str:
    """Return the formula of the contribution with the nodes' names, and over what it is summed."""
    try:
        formula = gradient_rule(consumer).formula_for(slot)
    except GradientError:
        return ""
    said = consumer.definition.name_symbols(formula, [node.name for node in consumer.inputs], consumer.name)
    if event is None or not consumer.definition.elementwise or event.gradient.shape == event.contribution.shape:
        return said
    said = f"({said})" if " " in said else said
    by_row = event.gradient.ndim == 2 and event.contribution.shape in (event.gradient.shape[1:], (1, event.gradient.shape[1]))
    return f"Σ rows of {said}" if by_row else f"Σ {said}"


def _small(array: Array, index: tuple[int, ...] | None) -> str:
    """Write an array if it is small, else its pinned element."""
    if array.ndim == 0:
        return number(float(array))
    if array.ndim == 1 and array.size <= 3:
        return vector(array)
    return f"[{','.join(map(str, index))}] {number(float(array[index]))}" if index else ""


def _contribution(
    moment: Moment, event: ContributionAdded, pinned: Pinned, index: tuple[int, ...], width: int
) -> list[Section]:
    op, slot, node = event.consumer, event.slot, event.node
    inputs = [value for source in op.inputs if (value := moment.evaluated_value(source)) is not None]
    output = moment.evaluated_value(op)
    assert output is not None, "a consumer that contributes has a value"

    def work(at: tuple[int, ...]) -> Worked:
        return worked_contribution(op, slot, inputs, output, event.gradient, event.contribution, at)

    worked = work(index)
    by_point = is_by_point(moment, node, event.contribution.shape)
    pinned = pinned.at(index, by_point)
    g = f"G = {slope_name(moment, op)}"
    heading: list[Line] = []
    if index:
        heading = [[(f"{RIGHT} {describe(moment, node, index, by_point)}:", "pinned")]]
    if worked.long_sum is not None:
        columns = _neighbours(work, event, index, width) if isinstance(worked.long_sum.body, Entry) else [worked]
        names = axis_names(moment, node, len(index) - 1) if index else ()
        said: Line = [(f"{RIGHT} {worked.target}", "pinned"), (f" gets {worked.symbols}", "text"), (f"   {g} {shape_text(event.gradient.shape)}", "dim")]
        if sum(len(text) for text, _ in said) > width:
            said.pop()
        del names
        sections = [Section(10, [said]), terms_section(moment, columns, pinned, width)]
    else:
        blocks = [block(moment, op, event.gradient, pinned, used_elements(worked, "G"), name=g)]
        used = {leaf.symbol for leaf in leaves(worked.tree) if isinstance(leaf, Entry)} if worked.tree else set()
        for symbol, source, array in [
            *zip(op.definition.symbols, op.inputs, inputs, strict=True), ("Y", op, output)
        ]:  # fmt: skip
            if symbol in used:
                blocks.append(block(moment, source, array, pinned, used_elements(worked, symbol)))
        blocks.append(block(moment, node, event.contribution, pinned, [index], name="contribution", sign=" ="))
        sections = [arrays_section(blocks, width), Section(10, heading + write_worked(worked, width, "gets"))]
    sections += _sum_so_far(moment, event, worked.target, index, width)
    return [*sections, *_why(event, worked, inputs, output, width)]


def _neighbours(work, event, index, width):  # type: ignore[no-untyped-def]
    """Return the elements beside the pinned one that are the same kind of sum."""
    columns = event.contribution.shape[-1] if index else 1
    shown = window(columns, 4 if width >= 60 else 2, index[-1] if index else 0)
    return [work((*index[:-1], c)) for c in shown] if index else [work(index)]


def _sum_so_far(
    moment: Moment, event: ContributionAdded, target: str, index: tuple[int, ...], width: int
) -> list[Section]:
    arrived = [earlier for earlier in moment.contributions(event.node) if earlier.number <= event.number]
    if len(arrived) < 2:
        return []
    terms = [float(earlier.contribution[index]) for earlier in arrived]
    what = "sum" if event.number == event.count else "sum so far"
    return [Section(7, prose(f"  {what} for {target}: {worked_terms(terms, float(event.total[index]))}", width, indent="    "))]


def _why(event: ContributionAdded, worked: Worked, inputs: list[Array], output: Array, width: int) -> list[Section]:
    op, slot = event.consumer, event.slot
    names = [source.name for source in op.inputs]
    reason = op.definition.name_symbols(gradient_rule(op).reason_for(slot), names, op.name)
    sections = [Section(3, prose(reason, width, "dim"))] if reason else []
    total = worked.tree if worked.tree is not None and hasattr(worked.tree, "letters") else None
    if total is not None:
        whole, element = in_letters(op, slot, inputs, output)
        if whole:
            every = " and ".join(f"every {letter}" for letter in total.letters)
            terms = count(total)
            sections.append(
                Section(4, prose(f"why a sum?  {whole}: one {element} is in {terms} entries of {op.name}, for {every}; J feels them all.", width, "text"))
            )
    return sections


def _facts(moment: Moment, node: Node, pinned: Pinned, here: tuple[int, ...] | None, width: int) -> list[Section]:
    value = moment.evaluated_value(node)
    value = leaf_value(moment, node) if value is None else value
    sections = []
    if value is not None:
        at = element_at(moment, node, value, pinned)
        sections.append(Section(3, [[("value     ", "dim"), (_small(value, at), "text")]]))
    gradient = moment.gradient(node)
    if gradient is not None:
        at = element_at(moment, node, gradient, pinned)
        slope = float(gradient[at])
        name = f"{node.name}[{','.join(map(str, at))}]" if at else node.name
        falls = "stays" if slope == 0 else "falls" if slope < 0 else "rises"
        loss = moment.graph.loss.name
        sections.append(
            Section(4, [[("gradient  ", "dim"), (_small(gradient, at), "text"), (f"   raise {name}: {loss} {falls}", "dim")]], joined=True)
        )
    return sections
