"""Steps that take a part of what they read of a weight as fixed, as the target of temporal differences is.

Such a step is no gradient of the loss, which depends on that part, too; nor is it a mistake of backpropagation.
"""

from __future__ import annotations

from collections.abc import Sequence

from minidl_core import Node

from ..multiples import agrees
from ..program import ProgramError
from .judged import JudgedStep
from .losses import Losses
from .memory import Added, Picked
from .tape import Note


def refuse_fixed_parts(steps: Sequence[JudgedStep], losses: Losses) -> None:
    """Raise ProgramError where entries of a weight follow the gradient of a loss that reads others as data."""
    for step in steps:
        for node in step.parted:
            number = step.numbers[node]
            if _moves_entries(step.loss.step.updates[number]):
                for read in _reads(step, number):
                    _refuse(step, losses, node, read)


def _refuse(step: JudgedStep, losses: Losses, node: Node, read: Note) -> None:
    other = losses.with_data(step.loss, read)
    right = None if other is None else other.right.get(step.numbers[node])
    if right is not None and right.any() and agrees(step.theirs[node], step.factor * right):
        name, loss = node.name, step.loss.built.loss.name
        raise ProgramError(
            f"{name} follows the gradient of {loss} with a part of what is read of {name} taken as fixed,"
            " as temporal differences do, which is no gradient of that loss; read that part as a plain number,"
            " as in target = r + 0.9 * float(Q[s].max())"
        )


def _reads(step: JudgedStep, number: int) -> list[Note]:
    """Return what reads a weight on the way to the loss, where several operations do."""
    taken = step.loss.step
    found = [note for note in step.loss.below.made if any(taken.weights.get(each) == number for each in note.sources)]
    return found if len(found) > 1 else []


def _moves_entries(update: Note) -> bool:
    return any(isinstance(each.what, Picked | Added) for each in update.sources)
