"""The gradient of a node as a ledger: a line for each edge that leaves it, and how a contribution comes about."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from minidl_core import ContributionAdded, GradientError, Node, Operation
from minidl_core.arrays import Array
from minidl_core.gradients import gradient_rule

from ..debugger.edges import GradientEdge, edge_in_focus, gradient_edges, operands
from ..debugger.followed import Followed, element_at, is_by_point, known_value
from ..debugger.moment import Mark, Moment
from ..drawing.glyphs import DONE, MORE, NOT_YET, RIGHT
from ..drawing.palette import Line
from ..notation.entries import in_letters
from ..notation.equation import write_worked
from ..notation.expression import Entry, Total, UnreadableError
from ..notation.fitting import ends, first_that_fits, fit, prose, width_of
from ..notation.formats import addition, element_text, shape_text, worked_sum
from ..notation.formulas import symbols
from ..notation.long_sums import long_sum, long_sum_section
from ..notation.names import axis_names, called, part, slope_name, small, summed, text_in_names
from ..notation.rounding import is_rounding
from ..notation.sections import Section, compose, window
from ..notation.worked import Worked, count, worked_contribution
from .arrays import arrays_section, block
from .one_path import one_path_section
from .origin import Origin, draw_origin, factor_of, gradient_origin
from .theirs_section import theirs_sections
from .value_view import gradient_state, heading
from .view import View

NUDGE = 0.01
"""How far a number is moved to see how the loss follows."""
LEAST_RULE = 6
"""A rule is not cut to less than this."""


class LedgerView(View):
    """The gradient of a node, edge by edge, and how the latest contribution came about."""

    name = "ledger"

    def title(self, moment: Moment, node: Node) -> str:
        """Return whose gradient it is."""
        return f"{called(node)}   {slope_name(moment, node)}"

    def origin(self, moment: Moment, followed: Followed, node: Node) -> Origin | str:
        """Return which element of which consumer's gradient the followed element came from."""
        return gradient_origin(moment, followed, node)

    def numbers(self, moment: Moment, followed: Followed, node: Node) -> dict[str, float]:
        """Return the gradient once it is complete, the contribution in view and its G, and the value."""
        found = {}
        gradient = moment.gradient(node)
        if gradient is not None:
            index = element_at(moment, node, gradient.shape, followed)
            found[element_text(slope_name(moment, node), index)] = float(gradient[index])
        edges = gradient_edges(moment, node) if node in moment.graph.position else []
        edge = edge_in_focus(moment, node, edges, followed)
        origin = gradient_origin(moment, followed, node)
        if edge is not None and (event := edge[2]) is not None and isinstance(origin, Origin):
            index, of_g = element_at(moment, node, event.contribution.shape, followed), origin.index
            found[f"{element_text(called(node), index)} gets"] = float(event.contribution[index])
            found[element_text(slope_name(moment, event.consumer), of_g)] = float(event.gradient[of_g])
        value = known_value(moment, node)
        if value is not None:
            index = element_at(moment, node, value.shape, followed)
            found[element_text(called(node), index)] = float(value[index])
        return found

    def draw(self, moment: Moment, node: Node, followed: Followed, width: int, height: int) -> list[Line]:
        """Draw the edges that leave a node, and the followed element of the latest contribution written out."""
        if node not in moment.graph.position:
            text = f"{called(node)} does not lead to {called(moment.graph.loss)}: it has no gradient."
            return compose([Section(10, prose(text, width))], width, height)
        if node is moment.graph.loss:
            sections = [*_loss(moment, node, width), *theirs_sections(moment, node, followed, width)]
            return compose(sections, width, height)
        origin = gradient_origin(moment, followed, node)
        edges = gradient_edges(moment, node)
        edge = edge_in_focus(moment, node, edges, followed)
        event = edge and edge[2]
        sections = [
            Section(6, [_title(moment, node, edges, edge, width)]),
            Section(7, _edge_lines(moment, node, edges, edge, followed, width, max(height // 4, 2))),
        ]
        if event is None:
            state = gradient_state(moment, node, followed, width)
            if moment.gradient_mark(node)[0] is Mark.NOW:
                state = f"{NOT_YET} nothing has come over an edge yet"
            sections.append(Section(10, prose(state, width)))
        else:
            sections += [*_contribution(moment, event, followed, origin, width, height), *_why_add(moment, node, width)]
            sections.append(one_path_section(moment, node, width))
        sections.append(Section(5, draw_origin(moment, origin, width), joined=True))
        sections += [*_facts(moment, node, followed, width), *theirs_sections(moment, node, followed, width)]
        return compose(sections, width, height)


def _why_add(moment: Moment, node: Node, width: int) -> list[Section]:
    """Explain a sum: nudged, a number moves the loss over each of its consumers, and these effects add up."""
    contributions = moment.contributions(node)
    if len(contributions) < 2 or len(contributions) > 3 or contributions[0].contribution.shape:
        return []
    name, loss = called(node), called(moment.graph.loss)
    moved = [NUDGE * float(event.contribution) for event in contributions]
    fine, coarse = addition(moved, sum(moved))
    effects = [f"{fine.text(by)} through {_giver(event)}" for by, event in zip(moved, contributions, strict=True)]
    total = coarse.text(sum(moved))
    so_far = " so far" if len(contributions) < contributions[0].count else ""
    text = f"why a sum?  {name} + {NUDGE} moves {loss} by {', and by '.join(effects)}: by about {total} in all{so_far}."
    return [Section(6, prose(text, width))]


def _giver(event: ContributionAdded) -> str:
    """Name the consumer that a contribution came from, and, where it came more than once, as which of its inputs."""
    name, inputs = called(event.consumer), event.consumer.inputs
    twice = sum(source is event.node for source in inputs) > 1
    return f"{name} as input {event.input_index + 1}" if twice else name


def _title(moment: Moment, node: Node, edges: list[GradientEdge], edge: GradientEdge | None, width: int) -> Line:
    count = len(edges)
    which = f"edge {edges.index(edge) + 1} of {count}" if edge else f"{count} edge{'s' * (count != 1)}"
    elsewhere = {each for each in node.consumers if each not in moment.graph.position}
    off = sum(source is node for each in elsewhere for source in each.inputs)
    which += f", {off} off the path" if off else ""
    slope = slope_name(moment, node)
    whole = f"{slope} = sum over the edges that leave {called(node)}"
    if off:
        whole = f"{slope} = sum over the edges that lead to {called(moment.graph.loss)}"
    text = first_that_fits(width - len(which) - 2, whole, f"{slope} = sum over edges", slope)
    return ends([(text, "title")], (which, "dim"), width - 1)


def _loss(moment: Moment, node: Node, width: int) -> list[Section]:
    loss, slope = called(node), slope_name(moment, node)
    value = moment.value(node)
    started = moment.gradient_mark(node)[0] is not Mark.NOT_YET
    first = f"{slope} = 1" if started else f"{slope} will be 1: the backward pass starts here"
    sections = [
        Section(10, prose(first, width, "title")),
        Section(5, prose(f"If {loss} changes by some amount, {loss} changes by just that amount.", width)),
        Section(4, prose("Every other gradient is made from this 1, edge by edge, against the arrows.", width)),
    ]
    if value is not None:
        sections.append(Section(6, [[("value     ", "dim"), (small(value, ()), "text")]]))
    return sections


def _edge_lines(
    moment: Moment,
    node: Node,
    edges: list[GradientEdge],
    focus: GradientEdge | None,
    followed: Followed,
    width: int,
    most: int,
) -> list[Line]:
    """Draw the edges as columns: edge, shapes, rule, contribution; the narrower, the fewer columns.

    A shape is the contribution's, behind that of G where they differ.
    """
    rows = window(len(edges), most, edges.index(focus) if focus else 0)
    for whole in (True, False):
        terms, total = _written(moment, node, followed, most, whole=whole)
        shown = [_edge_row(moment, edges[row], focus, terms) for row in rows]
        if terms and len(edges) > 1:
            shown.append(("  sum" if len(terms) == len(edges) else "  sum so far", "", "", total))
        widths = [max(width_of(row[column]) for row in shown) for column in range(4)]
        if widths[0] + 2 + widths[3] <= width:
            break
    # no number is cut
    widths[0] = max(min(widths[0], width - 2 - widths[3]), LEAST_RULE)
    # of several edges the contributions are compared, of one it stands below
    for column in (1, 2 if len(edges) > 1 else 3):
        over = sum(widths) + 2 * (len(widths) - 1) - width
        if over > 0:
            # a rule says something even without its end, which stands in the equation, too
            widths[column] = widths[column] - over if column == 2 and widths[column] - over >= LEAST_RULE else -2
    lines: list[Line] = []
    for row in shown:
        cells = [fit(text, size) for text, size in zip(row, widths, strict=True) if size >= 0]
        style = {RIGHT: "followed", NOT_YET: "dim", " ": "title"}.get(row[0][:1], "text")
        lines.append([("  ".join(cells).rstrip(), style)])
    if len(edges) > most:
        lines.insert(most, [(f"  {MORE}  {len(edges) - most} more edges", "dim")])
    return lines


def _written(moment: Moment, node: Node, followed: Followed, most: int, *, whole: bool) -> tuple[list[str], str]:
    """Write what has come over the edges and the sum, of small arrays the `whole`; as it is shown, it adds up.

    Of more than `most` edges some are not shown, so that there is nothing to add.
    """
    arrived = moment.contributions(node)
    if not arrived:
        return [], ""
    total = arrived[-1].total
    index = element_at(moment, node, total.shape, followed)
    if not 1 < len(arrived) <= most:
        return [small(event.contribution, index, whole=whole) for event in arrived], small(total, index, whole=whole)
    parts = [part(event.contribution, index, whole=whole) for event in arrived]
    fine, coarse = addition(parts, part(total, index, whole=whole))
    terms = [small(event.contribution, index, fine, whole=whole) for event in arrived]
    return terms, small(total, index, coarse, whole=whole)


def _edge_row(
    moment: Moment, edge: GradientEdge, focus: GradientEdge | None, terms: list[str]
) -> tuple[str, str, str, str]:
    consumer, input_index, event = edge
    mark = RIGHT if edge == focus else DONE if event else NOT_YET
    node = consumer.inputs[input_index]
    name = f"{called(node)} → {called(consumer)}"
    if sum(source is node for source in consumer.inputs) > 1:
        name += f" as input {input_index + 1}"
    rule = _rule(moment, consumer, input_index, event)
    if event is None:
        missing = consumer in moment.unvisited(node)
        return f"{mark} {name}", "", rule, f"waits for {called(consumer)}" if missing else "pending"
    shape, grown = shape_text(event.contribution.shape), shape_text(event.gradient.shape)
    return f"{mark} {name}", shape if shape == grown else f"{grown} → {shape}", rule, terms[event.number - 1]


def _rule(moment: Moment, consumer: Operation, input_index: int, event: ContributionAdded | None) -> str:
    """Return the formula of a contribution with the nodes' names in it, and over what it is summed."""
    try:
        formula = text_in_names(moment, consumer, gradient_rule(consumer).formula_for(input_index))
    except GradientError:
        return ""
    if event is None or not consumer.definition.elementwise or event.gradient.shape == event.contribution.shape:
        return formula
    return summed(formula, event.gradient.shape, event.contribution.shape)


def _small(moment: Moment, node: Node, array: Array, followed: Followed) -> str:
    return small(array, element_at(moment, node, array.shape, followed))


def _contribution(
    moment: Moment, event: ContributionAdded, followed: Followed, origin: Origin | str, width: int, height: int
) -> list[Section]:
    op, input_index, node, result = event.consumer, event.input_index, event.node, event.contribution
    inputs, output = operands(moment, op)
    assert output is not None, "an operation that contributes has a value"
    index = element_at(moment, node, result.shape, followed)
    followed = followed.at(index, is_by_point(moment, node, result.shape))

    @cache
    def work(at: tuple[int, ...]) -> Worked:
        hunted = moment.program.is_hunted
        known = None if at != index or isinstance(origin, str) else origin.worked
        return known or worked_contribution(op, input_index, inputs, output, event.gradient, result, at, hunted=hunted)

    worked = work(index)
    g = f"G = {slope_name(moment, op)}"
    if worked.long_sum is not None:
        shape = f"   {g} {shape_text(event.gradient.shape)}"
        equation: Line = [(f"{RIGHT} {worked.target}", "followed"), (f" gets {worked.symbols}", "text")]
        if width_of(equation) + len(shape) <= width:
            equation.append((shape, "dim"))
        elements, names = _beside(moment, event, work, index, width)
        sections = [
            Section(10, [equation]),
            long_sum_section(long_sum(moment, elements, followed, names), width),
        ]
    else:
        shape = shape_text(event.gradient.shape)
        titles = [f"{g} {shape}", g, f"G {shape}", "G"] if event.gradient.ndim else [g, "G"]
        used = {symbol: [e.cells for e in worked.entries if e.symbol == symbol] for symbol in ("G", *symbols(op))}
        chosen = None if isinstance(origin, str) else origin.index
        blocks = [block(moment, op, event.gradient, followed, used["G"], tuple(titles), chosen=chosen)]
        values = {**dict(zip(op.definition.symbols, inputs, strict=True)), "Y": output}
        for symbol, source in symbols(op).items():
            if used[symbol]:
                factor = factor_of(origin, symbol)
                blocks.append(
                    block(moment, source, values[symbol], followed, used[symbol], beside=output, chosen=factor)
                )
        titles = [f"contribution {shape_text(result.shape)}"] if result.ndim else []
        titles += ["contribution", f"to {called(node)}"]
        blocks.append(block(moment, node, result, followed, None, tuple(titles), " →"))
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
    """Return the elements whose long sums are shown, and what they are called where there are several.

    Where the terms are single numbers, there is room for the elements beside the followed one.
    """
    worked = work(index)
    if not index or worked.long_sum is None or not isinstance(worked.long_sum.body, Entry):
        return [worked], []
    columns = event.contribution.shape[-1]
    names = axis_names(moment, event.node, len(index) - 1, columns)
    shown = window(columns, 4 if width >= 60 else 2, index[-1])
    elements = [work((*index[:-1], column)) for column in shown]
    if any(element.long_sum is None for element in elements):
        return [worked], []
    return elements, [names[column] if names else f"[{','.join(map(str, (*index[:-1], column)))}]" for column in shown]


def _sum(moment: Moment, event: ContributionAdded, index: tuple[int, ...], width: int) -> list[Section]:
    """Add up what has come over several edges."""
    arrived = moment.contributions(event.node)
    if len(arrived) < 2:
        return []
    latest = arrived[-1]
    what = "sum" if latest.number == latest.count else "sum so far"
    target = element_text(called(event.node), index)
    terms = [float(other.contribution[index]) for other in arrived]
    text = f"  {what} for {target}: {worked_sum(terms, float(latest.total[index]))}"
    return [Section(7, prose(text, width, indent=4))]


def _reasons(
    moment: Moment, event: ContributionAdded, worked: Worked, inputs: list[Array], output: Array, width: int
) -> list[Section]:
    """Say why the rule is what it is, or that it is wrong, and, where the contribution is a sum, why it is one."""
    op, input_index = event.consumer, event.input_index
    rule = gradient_rule(op)
    sections = [Section(3, prose(text_in_names(moment, op, rule.reason_for(input_index)), width, "dim"))]
    if op.kind in moment.program.wrong_kinds:
        wrong = f"The gradient function of {op.kind}, at {rule.location}, is wrong: check measures each number."
        sections.append(Section(9, prose(wrong, width, "error")))
    if not isinstance(worked.tree, Total) or count(worked.tree) == 1:
        return sections
    try:
        whole, element = in_letters(op, input_index, inputs, output)
    except UnreadableError:
        return sections
    every = " and ".join(f"every {letter}" for letter in worked.tree.letters)
    loss = called(moment.graph.loss)
    text = (
        f"why a sum?  {whole}: one {element} is used in {count(worked.tree)} entries of {called(op)}, for {every}; "
        f"{loss} feels them all."
    )
    return [*sections, Section(4, prose(text, width))]


def _facts(moment: Moment, node: Node, followed: Followed, width: int) -> list[Section]:
    """Return the node's value and gradient, and what the gradient's sign means."""
    value = moment.evaluated_value(node)
    value = known_value(moment, node) if value is None else value
    sections = []
    if value is not None:
        sections.append(Section(3, [[("value     ", "dim"), (_small(moment, node, value, followed), "text")]]))
    gradient = moment.gradient(node)
    if gradient is not None and moment.agrees(node) is not False:  # else it stands beside theirs
        index = element_at(moment, node, gradient.shape, followed)
        text = _small(moment, node, gradient, followed)
        slope = float(gradient[index])
        moves = "falls" if slope < 0 else "rises" if slope > 0 else "stays"
        meaning = f"   raise {element_text(called(node), index)}: {called(moment.graph.loss)} {moves}"
        if is_rounding(moment, node, index):
            meaning = "   0 but for rounding; neither way"
        meaning = first_that_fits(width - 10 - len(text), meaning, "")
        sections.append(Section(4, [[("gradient  ", "dim"), (text, "text"), (meaning, "dim")]], joined=True))
    return sections
