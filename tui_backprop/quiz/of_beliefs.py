"""Wrong answers that a belief makes: its numbers of a sum or of an update, and the nodes that it would have next."""

from __future__ import annotations

from collections.abc import Iterable

from minidl_core import ContributionAdded, Node, VariableUpdated

from ..beliefs.in_the_search import NO_ORDER
from ..beliefs.naming import MOST_NODES, Naming, say
from ..debugger.believing import naming
from ..notation.formats import number
from ..notation.optimizer import is_straight
from .question import Mistake, Step

Index = tuple[int, ...]


def wrong_sums(step: Step, event: ContributionAdded, index: Index) -> tuple[Mistake, ...]:
    """Return what beliefs make of the sum of the contributions so far, at an element."""
    found = _naming(step)
    if found is None:
        return ()
    # of the whole sum, a machine that was wrong further up has numbers, too
    count = None if event.number == event.count else event.number
    numbers = dict.fromkeys(wrong for _, wrong in found.wrong_gradients(event.node, index, count))
    return tuple(_mistake(wrong, found.name_gradient(event.node, wrong, index, count)) for wrong in numbers)


def wrong_updates(step: Step, event: VariableUpdated, index: Index) -> tuple[Mistake, ...]:
    """Return what beliefs make of a variable, at an element, where the step is the learning rate times the gradient."""
    found = _naming(step)
    if found is None or not is_straight(step.before.optimizer):
        return ()
    old, numbers = float(event.old[index]), dict.fromkeys(each for _, each in found.wrong_gradients(event.node, index))
    return tuple(
        _mistake(old - event.learning_rate * wrong, found.name_gradient(event.node, wrong, index)) for wrong in numbers
    )


def wrong_next_nodes(step: Step, names: Iterable[tuple[str, Node]]) -> tuple[Mistake, ...]:
    """Return which of some nodes, each with its name, a belief would have next."""
    found = _naming(step)
    if found is None:
        return ()
    said = [(name, found.name_next(step.before.visit_count, node)) for name, node in names]
    return tuple(Mistake(name, sentence) for name, sentence in said if sentence)


def joins_early(label: str) -> Mistake:
    """Return the mistake to have nodes join the queue that wait for other consumers."""
    return Mistake(label, say([NO_ORDER.name]))


def _naming(step: Step) -> Naming | None:
    recording = step.before.recording
    return naming(recording) if len(recording.graph.nodes) <= MOST_NODES else None


def _mistake(wrong: float, sentence: str) -> Mistake:
    return Mistake(number(wrong), sentence, wrong)
