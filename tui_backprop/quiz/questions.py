"""What can be asked before a step is shown: questions about it, from the moment before it and the moment after.

Every question has exactly one right answer, and it is the engine's: a wrong choice is computed to be wrong. Which of a
step's questions comes is a matter of the iteration, never of chance.
"""

from __future__ import annotations

from collections.abc import Iterator

from minidl_core import (
    BackwardStarted,
    ContributionAdded,
    GradientCompleted,
    NodeEvaluated,
    NodeVisited,
    Operation,
    VariableUpdated,
)

from ..debugger.followed import Followed
from ..debugger.moment import Moment
from .of_numbers import new_value_and_way, sum_so_far, value_and_sign
from .of_rules import rule, shape
from .of_the_search import next_node, who_joins
from .question import Question, Step


def question_about(before: Moment, after: Moment, followed: Followed) -> Question | None:
    """Return the question about the step between two moments whose turn it is in this iteration; None if there is none.

    The first iteration asks what teaches most at this step, later ones what else can be asked.
    """
    found = questions(before, after, followed)
    return found[(before.iteration - 1) % len(found)] if found else None


def questions(before: Moment, after: Moment, followed: Followed) -> list[Question]:
    """Return everything that can be asked about the step between two moments, what teaches most first."""
    taught: list[Question] = []
    others: list[Question] = []
    for teaches, question in _all_about(Step(before, after, followed)):
        if question is not None and not question.gives_answer_away:
            (taught if teaches else others).append(question)
    turn = before.cursor % max(len(others), 1)  # so that not every step asks for its rule
    return [*taught, *others[turn:], *others[:turn]]


def _all_about(step: Step) -> Iterator[tuple[bool, Question | None]]:
    """Yield what can be asked about a step, and whether it is what this very step teaches."""
    before, event = step.before, step.event
    match event:
        case NodeEvaluated(Operation() as op):
            if any(array.shape != event.value.shape for array in step.inputs(op)):
                yield True, shape(step, event)
            if event.value.size:
                yield from ((False, question) for question in value_and_sign(step, event))
        case BackwardStarted():
            yield True, step.asks("values", lambda name: _slope_of_itself(name(event.node)), "1", typed=1.0)
        case ContributionAdded():
            if event.contribution.size:
                yield True, sum_so_far(step, event)
            changed = event.contribution.shape != event.gradient.shape
            yield changed, rule(step, event)
            if changed:
                yield True, shape(step, event)
            if event.contribution.size:
                yield from ((False, question) for question in value_and_sign(step, event))
        case VariableUpdated():
            if event.new.size:
                yield from ((False, question) for question in new_value_and_way(step, event))
    # where the queue holds one node and nobody waits, there is nothing to be wrong about
    open_to_doubt = len(before.queue) > 1 or before.waiting_count or isinstance(event, BackwardStarted)
    if step.happens(NodeVisited) and open_to_doubt:
        yield len(before.queue) > 1, next_node(step)
    if step.happens(GradientCompleted) and step.node is not None:
        inputs = dict.fromkeys(step.node.inputs)
        if len(inputs) > 1 or any(len(before.graph.consumers(source)) > 1 for source in inputs):
            yield True, who_joins(step)


def _slope_of_itself(name: str) -> str:
    return f"Backward starts at {name}. How large is d{name}/d{name}?"
