"""The moves of an engine: which node is next, what comes to it over an edge, the sum, an update's terms and new value.

Every move has one right answer, the event's. Of an array one element is asked, the rest comes with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite

from minidl_core import ContributionAdded, Event, Node, NodeVisited, VariableUpdated
from minidl_core.gradients import gradient_rule

from ..debugger.believing import naming
from ..debugger.event_table import phase_of
from ..debugger.followed import Followed, element_at
from ..debugger.loss_graph import LossGraph
from ..debugger.moment import Moment
from ..debugger.recording import Recording
from ..debugger.steps import after_event, after_iteration, after_step
from ..debugger.timeline import Timeline
from ..narration.wording import Name, in_list
from ..notation.by_hand import by_hand
from ..notation.expression import Apply, Entry, magnitude
from ..notation.formats import MOST_DIGITS, digits_of_change, element_text, number
from ..notation.names import called, slope_name, text_in_names
from ..notation.update import worked_terms
from ..notation.worked import Worked
from ..notation.worked_rate import single
from ..quiz.of_numbers import operands_of, worked_at, written
from ..quiz.of_the_search import why_next
from ..quiz.question import Question, Step
from .slips import Slip, of_contribution, of_sum, of_update, why_not_next

NEXT, CONTRIBUTION, SUM, NEW_VALUE = "next nodes", "contributions", "sums", "new values"

_MOST_IN_QUEUE = 8
_NEAR, _ROUNDED, _OF_A_STEP = 0.01, 2e-3, 0.1
"""By how much of it an answer may be off; of what it is made of, as that is rounded; and of a variable's step."""


@dataclass(frozen=True)
class Move:
    """A move to be made: what is asked, how it is `worked`, how that begins, and what is the likely matter with others.

    `node` is the one to be chosen in the graph, None where a number is typed. `rest` says what comes with the element
    that is asked.
    """

    question: Question
    worked: str
    start: str
    explain: Callable[[Node | float], str]
    node: Node | None = None
    rest: str = ""


def is_move(event: Event, graph: LossGraph) -> bool:
    """Return whether a learner makes this event happen: data is passed over."""
    if isinstance(event, NodeVisited | ContributionAdded):
        return not graph.is_data(event.node)
    return isinstance(event, VariableUpdated)


def before_move(recording: Recording, index: int) -> bool:
    """Stop before each move, at the end of an iteration, and at each step of the forward pass, the engine's own."""
    following = recording.events[index + 1] if index + 1 < len(recording.events) else None
    if following is not None and is_move(following, recording.graph):
        return True
    is_forward = phase_of(recording.events[index]) == "forward"
    return (is_forward and after_step(recording, index)) or after_iteration(recording, index)


def is_left_to_engine(timeline: Timeline) -> bool:
    """Return whether the next event is a learner's move that nobody can make by hand, where no move stands."""
    moment = timeline.moment
    following = moment.recording.events[moment.cursor : moment.cursor + 1]
    return any(is_move(event, moment.graph) for event in following)


def moves_at(timeline: Timeline, followed: Followed) -> list[Move]:
    """Return the moves that make the next event of an iteration; none where it is not a learner's, or cannot be worked.

    A contribution to a sum makes two, an update one for each term of several.
    """
    before, after = timeline.moment, timeline.peek(after_event)
    if after is None:
        return []
    step = Step(before, after, followed)
    match step.event:
        case NodeVisited(node) if not before.graph.is_data(node):
            return [_next_node(step, node)]
        case ContributionAdded(node) as event if not before.graph.is_data(node):
            made = [_contribution(step, event), *([_sum(step, event)] if event.number > 1 else [])]
        case VariableUpdated() as event:
            made = list(_update(step, event))
        case _:
            return []
    # with a part that cannot be worked out, all of it is the engine's
    return [move for move in made if move is not None] if None not in made else []


def _next_node(step: Step, node: Node) -> Move:
    before = step.before
    why = "the search starts at the loss" if node is before.graph.loss else why_next(step, node)
    question = step.asks(NEXT, "Which node does the search visit next?", called(node), hides_queue=True)
    rule = "first in, first out, and a node joins once all of its consumers are done"
    start = f"the queue, first in, first out: {', '.join(map(in_list, before.queue[:_MOST_IN_QUEUE]))}"

    def explain(chosen: Node | float) -> str:
        assert isinstance(chosen, Node)
        found = naming(before.recording) if chosen in before.graph.position else None
        belief = "" if found is None else found.name_next(before.visit_count, chosen)
        return "; ".join(filter(None, (why_not_next(before, chosen), belief)))

    return Move(question, f"{called(node)}: {why}; {rule}", start, explain, node)


def _contribution(step: Step, event: ContributionAdded) -> Move | None:
    node, op, before = event.node, event.consumer, step.before
    if not event.contribution.size:
        return None
    element = worked_at(step, event)
    worked = by_hand(before, element, step.followed)
    if worked is None:
        return None
    index = element_at(before, node, event.contribution.shape, step.followed)
    target = element_text(slope_name(before, node), index)
    over = f" as its input number {event.input_index + 1}" if op.inputs.count(node) > 1 else ""
    operands = {entry.text: entry.value.item() for entry in worked.operands}
    operands.update(operands_of(step, event, worked))
    others = worked.operands[0] if element.long_sum is not None else None
    if others is not None:
        operands.pop(others.text)
    given = [*step.equations, *written(operands)]
    rule = text_in_names(before, op, gradient_rule(op).formula_for(event.input_index))

    def ask(name: Name) -> str:
        return f"What does {name(op)} contribute to {target}{over}?"

    slips = of_contribution(worked, called(op))
    believed = _believed(before, event, index) if event.number == 1 else None
    return _number(step, CONTRIBUTION, ask, worked, given, slips, event.contribution.size, rule, others, believed)


def _sum(step: Step, event: ContributionAdded) -> Move | None:
    node, before = event.node, step.before
    index = element_at(before, node, event.total.shape, step.followed)
    so_far = float(before.contributions(node)[event.number - 2].total[index])
    part, total = float(event.contribution[index]), float(event.total[index])
    target = element_text(slope_name(before, node), index)
    beside = single("so far", so_far)
    whole = Worked(target, total, Apply("sum", (beside, single("contribution", part))))

    def ask(name: Name) -> str:
        now = f"{name(event.consumer)} contributes {number(part)}"
        return f"{target} is {number(so_far)} so far; {now}. What is it then?"

    slips, size = of_sum(so_far, part), event.total.size
    return _number(step, SUM, ask, whole, (), slips, size, "", beside, _believed(before, event, index))


def _believed(moment: Moment, event: ContributionAdded, index: tuple[int, ...]) -> Callable[[float], str]:
    """Return what names the beliefs that make a wrong number of the contributions up to this one."""

    def believed(typed: float) -> str:
        found, count = naming(moment.recording), None if event.number == event.count else event.number
        return "" if found is None else found.name_gradient(event.node, typed, index, count)

    return believed


def _update(step: Step, event: VariableUpdated) -> Iterator[Move | None]:
    if not event.new.size:
        yield None
        return
    index = element_at(step.before, event.node, event.new.shape, step.followed)
    target = element_text(called(event.node), index)
    old, slope, new = (float(array[index]) for array in (event.old, event.gradient, event.new))
    terms, size = worked_terms(event, index), event.new.size
    several = len(terms) > 1
    names = {"W": target, "G": element_text(slope_name(step.before, event.node), index)}
    for each, worked in zip(event.terms, terms, strict=True) if several else ():
        formula = f"{each.term.symbol} = {each.term.formula}"
        kept = f"{each.term.symbol} so far" if each.term.is_slot else ""
        given = [formula, *_operands(worked, names, each.term.symbol, kept)]
        ask = f"{target} moves by its optimizer's terms. What is {each.term.symbol}?"
        yield _number(step, f"term {each.term.symbol}", ask, worked, given, (), size)
    taken = float(event.terms[-1].value[index])
    by_terms = terms[0].tree if not several else None
    tree = by_terms or single(event.terms[-1].term.symbol if several else "step", taken)
    whole = Worked(target, new, Apply("sum", (single(target, old), Apply("negative", (tree,)))))
    given = _operands(Worked(target, taken, tree), names)
    ask = f"What is {target} after its update?"
    yield _number(step, NEW_VALUE, ask, whole, given, of_update(old, slope, taken), size, beside=single(target, old))


def _operands(worked: Worked, names: Mapping[str, str], symbol: str = "", kept: str = "") -> list[str]:
    """Return the numbers that a term is made of, by what they are called here."""
    found = {}
    for entry in worked.operands:
        name = kept if kept and entry.text == symbol else entry.text
        found[f"{name} = {names[name]}" if name in names else name] = entry.value.item()
    return written(found)


def _number(
    step: Step,
    kind: str,
    ask: str | Callable[[Name], str],
    worked: Worked,
    given: Sequence[str],
    slips: Sequence[Slip],
    size: int,
    rule: str = "",
    beside: Entry | None = None,
    believed: Callable[[float], str] | None = None,
) -> Move | None:
    """Return the move in which a number is typed; None where that is not finite.

    What is computed may be small `beside` a number that it is added to: then both have the digits in which it shows.
    `believed` names the beliefs that make another number.
    """
    x, tree = worked.value, worked.tree
    if tree is None or not isfinite(x):
        return None
    near, answer, rest = max(_NEAR * abs(x), _ROUNDED * magnitude(tree).item()), number(x), ""
    if beside is not None and (base := beside.value.item()) != x:
        digits = min(digits_of_change([base], [x]) + 2, MOST_DIGITS)
        given = [f"{beside.text} = {number(base, digits)}", *given]
        near, answer = min(near, _OF_A_STEP * abs(x - base)), number(x, digits)
    question = replace(step.asks(kind, ask, answer, typed=x, given=given), tolerance=near)
    texts, sign = worked.steps
    result = f" {sign} ".join([" = ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)
    if size > 1:
        rest = f"one of {size} numbers: the engine makes the others"

    def explain(typed: Node | float) -> str:
        found = [why for value, why in slips if _is_near(typed, value) and not _is_near(value, x)]
        return found[0] if found else "" if believed is None or isinstance(typed, Node) else believed(typed)

    written_out = " = ".join(dict.fromkeys(filter(None, (rule, worked.symbols, result))))
    return Move(question, written_out, _begun(texts, rule or worked.symbols), explain, rest=rest)


def _begun(texts: list[str], rule: str) -> str:
    """Return how a computation begins: with its last number left out, or where it has but one, its rule."""
    if len(texts) == 1:
        return f"{rule} = _" if rule else "_"
    return re.sub(r"-?\d[\d.]*(e[-+]?\d+)?(?=\D*$)", "_", texts[0])


def _is_near(typed: Node | float, value: float) -> bool:
    return not isinstance(typed, Node) and abs(typed - value) <= _NEAR * abs(value)
