"""Questions about one element: its value, its sign, what a sum or a variable becomes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from math import isfinite

from minidl_core import ContributionAdded, NodeEvaluated, Operation, VariableUpdated

from ..debugger.followed import element_at
from ..narration.wording import Name
from ..notation.entries import broadcast_index
from ..notation.expression import Entry
from ..notation.formats import element_text, number
from ..notation.names import called, slope_name
from ..notation.optimizer import is_straight
from ..notation.update import left_out, step_if, worked_terms
from ..notation.worked import Worked, is_short, worked_contribution, worked_value
from .of_beliefs import wrong_sums, wrong_updates
from .question import MOST_CHOICES, Mistake, Question, Step

Wording = str | Callable[[Name], str]
Numbers = Mapping[str, float]
"""Numbers by what they are called."""

_MOST_OPERANDS = 6
_APART = 0.05
"""By how much of it a number that is offered must differ from the right one, and from every other."""


def value_and_sign(step: Step, event: NodeEvaluated | ContributionAdded) -> tuple[Question | None, Question | None]:
    """Ask for an element of a value or contribution, and for its sign, where it can be computed from what is given."""
    worked = worked_at(step, event)
    operands = operands_of(step, event, worked)
    x = worked.value
    if not 0 < len(operands) <= _MOST_OPERANDS or isinstance(worked.tree, Entry):
        return None, None
    if not all(map(isfinite, (x, *operands.values()))):
        return None, None
    first, *others = operands.values()
    wrong = [-x, first]
    for other in others:
        wrong += [first * other, first + other, first - other, other]

    def ask(what: str) -> Callable[[Name], str]:
        def asked(name: Name) -> str:
            whose = f"the contribution of {name(event.consumer)} to " if isinstance(event, ContributionAdded) else ""
            return f"What is the {what} of {whose}{worked.target}?"

        return asked

    signs = ("negative", "0", "positive")
    given = [*step.equations, *written(operands)]
    sign = step.asks("signs", ask("sign"), signs[1 + (x > 0) - (x < 0)], signs, given=given)
    # what is nothing but a rounding error has no sign to speak of
    clear = x == 0 or abs(x) > 1e-6 * max(map(abs, operands.values()))
    value = _number(step, "values", ask("value"), worked.by_head, x, [*wrong, 2 * x, x / 2, x + 1, x - 1], operands)
    return value, sign if clear else None


def sum_so_far(step: Step, event: ContributionAdded) -> Question | None:
    """Ask what a further contribution makes of the sum so far: contributions are added, not set."""
    if event.number == 1:
        return None
    node, before = event.node, step.before
    index = element_at(before, node, event.total.shape, step.followed)
    total, part = float(event.total[index]), float(event.contribution[index])
    so_far = float(before.contributions(node)[event.number - 2].total[index])
    target = element_text(slope_name(before, node), index)

    def ask(name: Name) -> str:
        now = f"now {name(event.consumer)} contributes {number(part)}"
        return f"{target} is {number(so_far)} so far; {now}. What is it then?"

    mistakes = wrong_sums(step, event, index)
    wrong = [*numbers_of(mistakes), part, so_far, so_far - part, so_far * part, -total, 2 * total]
    question = _number(step, "sums", ask, False, total, wrong, {"so far": so_far, "contribution": part})
    return question and replace(question, given=(), mistakes=mistakes)


def numbers_of(mistakes: Iterable[Mistake]) -> Iterator[float]:
    """Yield the numbers that beliefs make."""
    return (mistake.number for mistake in mistakes if mistake.number is not None)


def new_value_and_way(step: Step, event: VariableUpdated) -> tuple[Question | None, Question]:
    """Ask what a variable is after its update, and which way it goes."""
    index = element_at(step.before, event.node, event.new.shape, step.followed)
    target = element_text(called(event.node), index)
    old, slope, new = (float(array[index]) for array in (event.old, event.gradient, event.new))
    taken, several = float(event.terms[-1].value[index]), len(event.terms) > 1
    operands = {target: old, element_text(slope_name(step.before, event.node), index): slope}
    operands |= {symbol: x for symbol, x in event.numbers.items() if symbol != "t" or several}
    for each in event.terms:
        if each.before is not None:
            operands[f"{each.term.symbol} so far"] = float(each.before[index])
    mistakes = wrong_updates(step, event, index)
    wrong = [*numbers_of(mistakes), old + taken, *(old - mistaken for mistaken in _mistaken_steps(event, index))]
    wrong += [old - slope, -taken, slope, -new, 2 * new]
    by_head = all(worked.by_head for worked in worked_terms(event, index)) and is_short(old)
    value = _number(step, "updates", f"What is {target} after its update?", by_head, new, wrong, operands)
    given = written(operands)
    if several:
        given = [f"{each.term.symbol} = {each.term.formula}" for each in event.terms] + given
        value = value and replace(value, given=tuple(given))
    value = value and replace(value, mistakes=mistakes)
    ways = ("down", "it stays", "up")
    way = ways[1 + (new > old) - (new < old)]
    straight = is_straight(step.before.optimizer)
    if straight and slope == 0:
        why = "its slope is 0"
    elif new == old:
        why = f"the step is less than rounding does to {number(old)}" if taken else "its step is 0"
    elif straight:
        why = f"it moves against its slope, which is {'positive' if slope > 0 else 'negative'}"
    else:
        why = f"its step, {number(taken)}, is taken off it"
    return value, step.asks("updates", f"Which way does the update move {target}?", way, ways, given=given, why=why)


def _mistaken_steps(event: VariableUpdated, index: tuple[int, ...]) -> Iterator[float]:
    """Yield steps that come of likely mistakes: no memory, no correction, plain gradient descent."""
    if len(event.terms) > 1:
        corrected = left_out(event, index)
        yield step_if(event, index, forgets=True)
        yield step_if(event, index, corrected, forgets=False)
        for place, uncorrected in corrected.items():
            yield step_if(event, index, {place: uncorrected}, forgets=False)
        yield event.learning_rate * float(event.gradient[index])


def _number(
    step: Step, kind: str, ask: Wording, by_head: bool, x: float, wrong: Iterable[float], operands: Numbers
) -> Question | None:
    """Ask for a number, typed where a person can compute it; not for one that is given."""
    answer = number(x)
    equations = step.equations
    # an equation gives it where a node is called like a number: negative = -1
    if answer in map(number, operands.values()) or any(line.endswith(f" = {answer}") for line in equations):
        return None
    given = [*equations, *written(operands)]
    if by_head:
        return step.asks(kind, ask, answer, typed=x, given=given)
    found = [x]
    for value in wrong:
        apart = all(abs(value - other) > _APART * max(abs(value), abs(other)) for other in found)
        if apart and isfinite(value) and len(found) < MOST_CHOICES:
            found.append(value)
    choices = list(map(number, sorted(found)))
    return step.asks(kind, ask, answer, choices, given=given) if len(set(choices)) == MOST_CHOICES else None


def worked_at(step: Step, event: NodeEvaluated | ContributionAdded) -> Worked:
    """Work out the followed element of a value or contribution."""
    op = event.consumer if isinstance(event, ContributionAdded) else event.node
    output = step.after.evaluated_value(op)
    assert isinstance(op, Operation)
    assert output is not None
    if isinstance(event, NodeEvaluated):
        index = element_at(step.before, op, output.shape, step.followed)
        return worked_value(op, step.inputs(op), output, index)
    result = event.contribution
    index = element_at(step.before, event.node, result.shape, step.followed)
    return worked_contribution(op, event.input_index, step.inputs(op), output, event.gradient, result, index)


def operands_of(step: Step, event: NodeEvaluated | ContributionAdded, worked: Worked) -> Numbers:
    """Return the numbers that an element is made of, and of an elementwise consumer all that could be meant."""
    found = {entry.text: entry.value.item() for entry in worked.operands}
    grads = [entry for entry in worked.operands if entry.symbol == "G"]
    if isinstance(event, ContributionAdded) and event.consumer.definition.elementwise and len(grads) == 1:
        op, full = event.consumer, event.gradient.shape
        for node in (*op.inputs, op):
            array = step.after.evaluated_value(node)
            if array is not None:
                index = tuple(int(i) for i in broadcast_index(grads[0].index, array.shape, full))
                found[element_text(called(node), index)] = float(array[index])
    return found


def written(operands: Numbers) -> list[str]:
    """Return numbers with their names; a constant that has its number for its name needs none."""
    return [f"{text} = {number(value)}" for text, value in operands.items() if text != number(value)]
