"""A program: what is open, whether it came from a lesson or from a person's own file."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from minidl_core import Stepper
from minidl_core.train import Optimizer, Schedule

from ..lessons.lesson import Example, Lesson

if TYPE_CHECKING:
    from .learners_engine import LearnersEngine
    from .recorded import RecordedStep


TRAINED_WITH = (
    "an engine of its own (a class whose backward() fills gradients in), with PyTorch, in a loop of plain NumPy, or"
    " with minidl_core"
)
"""What a script may train with, so that it opens."""


class ProgramError(Exception):
    """A lesson or a person's own file cannot be opened; the message explains why."""


@dataclass(frozen=True, eq=False)
class Program:
    """A graph to train, from which numbers, by which optimizer, and the lesson that comes with it.

    `address` opens it again: the path of a file as somebody typed it, or the name of a built-in lesson. `seed` is the
    one that its numbers are drawn from, None where it draws its own. `warning` is what was wrong when it was opened,
    and `wrong_kinds` are the kinds of operation whose gradient function, the person's own, was measured to be wrong.
    `steps` are the steps of training that it took, in order; where there are none, the example is trained. `engine` is
    the learner's own engine that took them, None where ours did. `make_stepper` is what takes a step: in a hunt, an
    engine with a mistake.
    """

    lesson: Lesson
    example: Example
    optimizer: Optimizer
    seed: int | None
    address: str
    warning: str = ""
    steps: Sequence[RecordedStep] = ()
    engine: LearnersEngine | None = None
    make_stepper: Callable[..., Stepper] = Stepper
    wrong_kinds: frozenset[str] = frozenset()

    @property
    def is_hunted(self) -> bool:
        """Whether there is a mistake in what takes its steps, which is to be found."""
        return self.make_stepper is not Stepper

    @property
    def learning_rate(self) -> float | Schedule:
        """The learning rate that it starts with."""
        return self.optimizer.learning_rate


def program_of(
    lesson: Lesson, seed: int | None = None, learning_rate: float | None = None, address: str = "", warning: str = ""
) -> Program:
    """Return a lesson as a program, drawn from a seed and trained at a learning rate: by default those of the lesson.

    Raises ProgramError where the lesson builds something else than an Example, and whatever its `build` raises.
    """
    seed = lesson.seed if seed is None else seed
    example = lesson.build(seed or 0)
    if not isinstance(example, Example):
        raise ProgramError(f"{address} has a lesson whose build returns {example!r}; it must return an Example")
    optimizer = lesson.optimizer(lesson.learning_rate if learning_rate is None else learning_rate)
    return Program(lesson, example, optimizer, seed, address or lesson.name, warning)


def program_of_run(
    steps: Sequence[RecordedStep], engine: LearnersEngine | None, path: str, docstring: str | None, warning: str
) -> Program:
    """Return the run that a file made, with an engine or a loop of its own, as a program that begins at its first step.

    The file's summary is the first line of its docstring.
    """
    first = steps[0]
    example = Example(first.loss, first.feeds)
    lesson = Lesson(
        name=os.path.basename(path),
        summary=(docstring or "").strip().partition("\n")[0],
        build=lambda _: example,
        learning_rate=first.optimizer.learning_rate,
        seed=None,
    )
    return Program(lesson, example, first.optimizer, None, path, warning, steps, engine)
