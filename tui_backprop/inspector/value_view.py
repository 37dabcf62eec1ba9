"""The value of a node: what it was computed from, and how its followed element was."""

from __future__ import annotations

from math import prod

from minidl_core import Node, Operation
from minidl_core.arrays import Array, is_finite
from minidl_core.remarks import remark_on

from ..debugger.edges import operands
from ..debugger.followed import Followed, element_at, is_by_point, known_value
from ..debugger.moment import Mark, Moment
from ..drawing.glyphs import DONE, NOT_YET, PARTS, RIGHT, STALE
from ..drawing.palette import Line
from ..graph.marks import sign_of
from ..narration.theirs import whose
from ..notation.equation import write_worked
from ..notation.fitting import first_that_fits, printable, prose, width_of
from ..notation.formats import element_text, number, vector
from ..notation.formulas import right_side
from ..notation.long_sums import long_sum, long_sum_section
from ..notation.names import called, describe, slope_name, small, text_in_names
from ..notation.sections import Section, compose
from ..notation.worked import worked_value
from .arrays import arrays_section, block
from .forecast import brought
from .origin import Origin, draw_origin, factor_of, value_origin
from .view import View

_LEAVES = {
    "placeholder": "{} is data: it is given, and training never changes it.",
    "variable": "{} is a variable: {} that training may change.",
    "constant": "{} is a constant: it is written in the graph.",
}


class ValueView(View):
    """The value of a node, and how its followed element was computed."""

    name = "value"

    def title(self, moment: Moment, node: Node) -> str:
        """Return what the node is: of an operation its formula, with the attributes that it was given."""
        if not isinstance(node, Operation):
            return f"{called(node)}   {'data' if node.kind == 'placeholder' else node.kind}"
        formula = text_in_names(moment, node, right_side(node)) or node.kind
        defaults = node.definition.attributes
        given = [f"{key} {value}" for key, value in node.attributes.items() if value != defaults.get(key)]
        return ", ".join([f"{called(node)} = {formula}", *given])

    def origin(self, moment: Moment, followed: Followed, node: Node) -> Origin | str:
        """Return which element of which operand the followed element was computed from."""
        return value_origin(moment, followed, node)

    def numbers(self, moment: Moment, followed: Followed, node: Node) -> dict[str, float]:
        """Return the element, and the operand's element that it is looked at by."""
        value = moment.evaluated_value(node) if isinstance(node, Operation) else known_value(moment, node)
        if value is None:
            return {}
        index = element_at(moment, node, value.shape, followed)
        found = {element_text(called(node), index): float(value[index])}
        origin = value_origin(moment, followed, node)
        if isinstance(origin, Origin) and (operand := moment.evaluated_value(origin.node)) is not None:
            found[element_text(called(origin.node), origin.index)] = float(operand[origin.index])
        return found

    def draw(self, moment: Moment, node: Node, followed: Followed, width: int, height: int) -> list[Line]:
        """Draw an operation's operands, result and worked element, or the numbers of a leaf."""
        origin = value_origin(moment, followed, node)
        value = moment.evaluated_value(node) if isinstance(node, Operation) else known_value(moment, node)
        if isinstance(node, Operation):
            sections = [] if value is None else _operation(moment, node, value, followed, origin, width, height)
        else:
            sections = [Section(2, prose(_what(moment, node), width, "dim"))]
            sections += [] if value is None else _leaf(moment, node, value, followed, width, height)
        if value is None:
            sections += _not_yet(moment, node, width)
        elif node is moment.graph.loss:
            sections += brought(moment, width)
        sections.append(Section(5, draw_origin(moment, origin, width), joined=True))
        return compose([*sections, *_facts(moment, node, followed, width)], width, height)


def _what(moment: Moment, node: Node) -> str:
    size = prod(moment.shape(node) or ())
    return _LEAVES.get(node.kind, "{}").format(called(node), "a number" if size == 1 else "numbers")


def _operation(
    moment: Moment, node: Operation, value: Array, followed: Followed, origin: Origin | str, width: int, height: int
) -> list[Section]:
    inputs, _ = operands(moment, node)
    index = element_at(moment, node, value.shape, followed)
    followed = followed.at(index, is_by_point(moment, node, value.shape))
    worked = (None if isinstance(origin, str) else origin.worked) or worked_value(node, inputs, value, index)
    reason = Section(2, prose(text_in_names(moment, node, node.definition.reason), width, "dim"))
    # where the pass stopped, what is not finite did reach the loss, or would have
    if (moment.error is None or is_finite(value)) and (remark := remark_on(node, inputs, value)):
        reason = Section(9, prose(printable(remark), width))
    if worked.long_sum is not None:
        equation: Line = [(f"{RIGHT} {worked.target}", "followed"), (f" = {worked.symbols}", "text")]
        table = long_sum(moment, [worked], followed)
        return [reason, Section(10, [equation]), long_sum_section(table, width)]
    cells: dict[str, list[tuple[int | slice, ...]]] = {}
    for entry in worked.entries:
        cells.setdefault(entry.symbol, []).append(entry.cells)
    blocks, drawn = [], set[Node]()
    for input_index, (source, array) in enumerate(zip(node.inputs, inputs, strict=True)):
        if source not in drawn or not node.definition.elementwise:
            drawn.add(source)
            symbol = node.definition.symbols[input_index]
            chosen = factor_of(origin, symbol)
            if not isinstance(origin, str) and origin.edges[origin.edge] == (node, input_index):
                chosen = origin.index
            blocks.append(block(moment, source, array, followed, cells.get(symbol, ()), beside=value, chosen=chosen))
    blocks.append(block(moment, node, value, followed, sign=" →"))
    lines = [heading(moment, node, index, value), *write_worked(worked, width, most=max(height // 2, 3))]
    return [reason, arrays_section(blocks, width, height), Section(10, lines if index else lines[1:])]


def heading(moment: Moment, node: Node, index: tuple[int, ...], array: Array) -> Line:
    """Return the line that says which element is written out."""
    return [(f"{RIGHT} {describe(moment, node, index, array.shape)}:", "followed")]


def _leaf(moment: Moment, node: Node, value: Array, followed: Followed, width: int, height: int) -> list[Section]:
    index = element_at(moment, node, value.shape, followed)
    by_point = is_by_point(moment, node, value.shape)
    sections = [arrays_section([block(moment, node, value, followed)], width, height)]
    if index:
        title = heading(moment, node, index, value)
        element = f"  {element_text(called(node), index)} = {number(float(value[index]))}"
        whole = element
        if by_point and value.ndim == 2 and 1 < value.shape[1] <= 4:
            whole += f" of {vector(value[index[0]])}"
        fits = first_that_fits(width - width_of(title), whole, element)
        one_line = width_of(title) + width_of(fits) <= width
        sections.append(Section(10, [[*title, (fits, "text")]] if one_line else [title, [(fits, "text")]]))
    return sections


def _not_yet(moment: Moment, node: Node, width: int) -> list[Section]:
    if not isinstance(node, Operation):
        return [Section(10, prose(f"{NOT_YET} not known yet: every run must be fed with it", width))]
    return [
        Section(10, prose(f"{NOT_YET} {_why_not(moment, node)}", width)),
        Section(8, prose(text_in_names(moment, node, node.definition.formula), width, "title")),
        Section(2, prose(text_in_names(moment, node, node.definition.reason), width, "dim")),
    ]


def _why_not(moment: Moment, node: Operation) -> str:
    """Say why an operation has no value, and whether it will have one in this iteration."""
    if node not in moment.graph.position:
        return f"not computed: it does not lead to {called(moment.graph.loss)}, so training leaves it out"
    if moment.error is not None:
        return "not computed: the forward pass stopped before it"
    return "not computed yet: the forward pass brings it"


def _facts(moment: Moment, node: Node, followed: Followed, width: int) -> list[Section]:
    inputs = ", ".join(dict.fromkeys(map(called, node.inputs)))
    used_by = ", ".join(map(called, node.consumers))
    used_by = used_by or ("nothing: it is the loss" if node is moment.graph.loss else "nothing")
    facts: list[Line] = [[("used by   ", "dim"), (used_by, "text")]]
    if inputs:
        facts.insert(0, [("inputs    ", "dim"), (inputs, "text")])
        gap = max(19 - len(inputs), 3)
        if 20 + len(inputs) + gap + len(used_by) <= width:
            facts = [[*facts[0], (" " * gap, "text"), *facts[1]]]
    sections = [
        Section(3, facts),
        Section(
            4, [[("gradient  ", "dim"), (gradient_state(moment, node, followed, width - 10), "text")]], joined=True
        ),
    ]
    if moment.value_mark(node) is Mark.STALE:
        stale = f"{STALE} made with the variables as they were before the update"
        sections.append(Section(3, prose(stale, width, "stale"), joined=True))
    return sections


def gradient_state(moment: Moment, node: Node, followed: Followed, width: int) -> str:
    """Say how far a node's gradient is."""
    if node not in moment.graph.position:
        return first_that_fits(width, "none: it does not lead to the loss", "none")
    gradient = moment.gradient(node)
    if gradient is not None:
        index = element_at(moment, node, gradient.shape, followed)
        slope = slope_name(moment, node)
        whole, one = (small(gradient, index, whole=whole) for whole in (True, False))
        if moment.agrees(node) is False:  # a check mark beside the cross of the graph would be of another thing
            right = [f"{slope} is {each}" for each in (whole, one)]
            long, short = f"{PARTS} {whose(moment)} parts", f"{PARTS} right:"
            ways = [*(f"{long}; right: {text}" for text in right), *(f"{short} {text}" for text in right)]
            return first_that_fits(width, *ways, f"{short} {one}", long, PARTS)
        head = f"{DONE} {slope}"
        return first_that_fits(width, f"{head} {whole}", f"{head} {one}", head, DONE)
    mark, count = moment.gradient_mark(node)
    sign = sign_of(mark, count)
    if mark is Mark.QUEUED:
        return first_that_fits(width, f"{sign} place {count} in the queue", sign)
    if mark is Mark.WAITING:
        waits = [called(consumer) for consumer in moment.unvisited(node)]
        return first_that_fits(width, f"{sign} waits for {', '.join(waits)}", f"{sign} waits")
    if mark is Mark.NOT_YET and moment.error is not None:
        return first_that_fits(width, f"{NOT_YET} not computed: the iteration stopped before it", f"{NOT_YET} none")
    if mark is Mark.NOT_YET:
        return first_that_fits(
            width, f"{NOT_YET} not computed yet: the backward pass brings it", f"{NOT_YET} not computed yet"
        )
    return first_that_fits(width, f"{sign} is being visited", sign)
