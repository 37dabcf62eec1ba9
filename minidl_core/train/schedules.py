"""The learning rate: a number, or a schedule, which is any function from the iteration, counted from 1, to a number.

A schedule must depend on the iteration alone, or going back would not bring the same bits. Those here say their
`formula`, in which t is the iteration and the other symbols are their own fields.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from operator import index
from typing import Any, ClassVar

from ..arrays import copy_in
from ..errors import GraphError

Schedule = Callable[[int], float]


def checked_rate(rate: Any) -> float | Schedule:
    """Return a learning rate that somebody gives; raises GraphError where it is no number above 0, and no function."""
    if callable(rate):
        rate_at(rate, 1)
        return rate  # type: ignore[no-any-return]
    number = _number(rate)
    if not 0 < number < math.inf:
        raise GraphError(f"the learning rate must be a number above 0, not {rate!r}.")
    return number


def rate_at(rate: float | Schedule, iteration: int) -> float:
    """Return the number that a learning rate is in an iteration, counted from 1.

    Raises GraphError where a schedule raises, or returns anything but a number of 0 or more.
    """
    if not callable(rate):
        return rate
    try:
        returned = rate(iteration)
    except Exception as error:
        said = f"its schedule raised {type(error).__name__}: {error}"
        raise GraphError(f"the learning rate of iteration {iteration} cannot be computed: {said}.") from error
    number = _number(returned)
    if not 0 <= number < math.inf:
        said = f"the learning rate of iteration {iteration} must be a number of 0 or more"
        raise GraphError(f"{said}, but its schedule returned {returned!r}.")
    return number


@dataclass(frozen=True)
class ConstantRate:
    """The same learning rate in every iteration."""

    rate: float
    formula: ClassVar[str] = "rate"

    def __post_init__(self) -> None:
        _check_above_0(self, "rate")

    def __call__(self, _: int) -> float:
        """Return the learning rate of an iteration."""
        return self.rate


@dataclass(frozen=True)
class StepRate:
    """A learning rate that is multiplied by a factor after every so many iterations."""

    start: float
    factor: float
    every: int
    formula: ClassVar[str] = "start·factor^floor((t - 1)/every)"

    def __post_init__(self) -> None:
        _check_above_0(self, "start", "factor")
        _check_whole(self, "every")

    def __call__(self, iteration: int) -> float:
        """Return the learning rate of an iteration."""
        return self.start * self.factor ** ((iteration - 1) // self.every)


@dataclass(frozen=True)
class CosineRate:
    """Half a wave of a cosine, from `start` in the first iteration to `end` after so many, and `end` from then on.

    (Loshchilov & Hutter 2017, "SGDR: stochastic gradient descent with warm restarts", equation 5, without restarts.)
    """

    start: float
    iterations: int
    end: float = 0.0
    formula: ClassVar[str] = "end + (start - end)·(1 + cos(π·min(1, (t - 1)/iterations)))/2"

    def __post_init__(self) -> None:
        _check_above_0(self, "start")
        _check_whole(self, "iterations")
        if not 0 <= _number(self.end) < math.inf:
            raise GraphError(f"the end of CosineRate must be a number of 0 or more, not {self.end!r}.")

    def __call__(self, iteration: int) -> float:
        """Return the learning rate of an iteration."""
        part = min(1.0, (iteration - 1) / self.iterations)
        return self.end + (self.start - self.end) * (1.0 + math.cos(math.pi * part)) / 2.0


@dataclass(frozen=True)
class WarmUp:
    """A learning rate that grows to its full height in the first iterations, in equal steps; `rate` says that height.

    (Goyal et al. 2017, "Accurate, large minibatch SGD", section 2.2.)
    """

    iterations: int
    rate: float | Schedule
    formula: ClassVar[str] = "rate·min(1, t/iterations)"

    def __post_init__(self) -> None:
        _check_whole(self, "iterations")
        object.__setattr__(self, "rate", checked_rate(self.rate))

    def __call__(self, iteration: int) -> float:
        """Return the learning rate of an iteration."""
        return rate_at(self.rate, iteration) * min(1.0, iteration / self.iterations)


def _number(value: Any) -> float:
    """Return a single number as a float; NaN where it is none."""
    try:
        return float(copy_in(value).item())
    except (TypeError, ValueError):
        return math.nan


def _check_above_0(schedule: object, *names: str) -> None:
    for name in names:
        value = getattr(schedule, name)
        if not 0 < _number(value) < math.inf:
            raise GraphError(f"the {name} of {type(schedule).__name__} must be a number above 0, not {value!r}.")


def _check_whole(schedule: object, name: str) -> None:
    value = getattr(schedule, name)
    try:
        whole = index(value) > 0
    except TypeError:
        whole = False
    if not whole:
        raise GraphError(f"the {name} of {type(schedule).__name__} must be a whole number above 0, not {value!r}.")
