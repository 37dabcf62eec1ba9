"""Watching: whoever asks is told what is made and run, which steps are taken, and which gradients are computed.

So a debugger can show what a script did, wherever the script keeps its graph. Nobody pays for it who does not ask.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .arrays import Array
from .graph import Node, Placeholder, Variable

if TYPE_CHECKING:
    from .plan import Evaluation
    from .session import Session
    from .train import Memory, Minimization, Optimizer


@dataclass(frozen=True, eq=False)
class Asked:
    """A node is about to be run with these feeds, copied; a minimisation that is made has no feeds and no session."""

    node: Node
    feeds: Mapping[Placeholder, Array] | None
    session: Session | None


@dataclass(frozen=True, eq=False)
class StepTaken:
    """A step was taken from the values of an evaluation: `after` is what it left, and `memory` what it started from.

    `moved` are the variables that another step had moved since the evaluation. `step` is None where the loss was
    trained without a minimisation. `optimizer` has the settings of this step, and `owner` is whose memory it is.
    """

    loss: Node
    step: Minimization | None
    optimizer: Optimizer
    owner: Optimizer
    session: Session
    evaluation: Evaluation
    memory: Memory
    moved: Mapping[Variable, Array]
    after: Mapping[Variable, Array]


@dataclass(frozen=True, eq=False)
class GradientComputed:
    """The gradients of a loss were computed at the values of an evaluation; None is a session that is gone."""

    loss: Node
    session: Session | None
    evaluation: Evaluation
    gradients: Mapping[Node, Array]


Happening = Asked | StepTaken | GradientComputed
Watcher = Callable[[Happening], object]

_watchers: list[Watcher] = []


@contextmanager
def watching(watcher: Watcher) -> Iterator[None]:
    """In this block, call the watcher with everything that happens."""
    _watchers.append(watcher)
    try:
        yield
    finally:
        _watchers.remove(watcher)


def is_watched() -> bool:
    """Return whether anybody watches, so that it is worth finding out what to say."""
    return bool(_watchers)


def notify(happening: Happening) -> None:
    """Notify those who watch."""
    for watcher in _watchers:
        watcher(happening)
