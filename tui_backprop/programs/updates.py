"""Which optimizer makes these updates: found from the numbers alone, or else an optimizer that repeats them.

A rule is believed where it makes all steps, and its settings are fewer than the numbers that they explain.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product

import numpy as np

from minidl_core import Variable
from minidl_core.arrays import Array, freeze, quiet
from minidl_core.train import AdamOptimizer, GradientDescentOptimizer, MomentumOptimizer, Optimizer, Term

_TOLERANCE = 1e-9
_BETAS1 = (0.9, 0.85, 0.8, 0.95, 0.5, 0.99, 0.0)
_BETAS2 = (0.999, 0.99, 0.95, 0.9, 0.98, 0.9999)
_EPSILONS = (1e-8, 1e-7, 1e-6, 1e-10, 1e-5, 1e-12)
_FIRST = 4


@dataclass(frozen=True, eq=False)
class Update:
    """One update: what the variables were, what they became, and the gradients that it was made from."""

    before: Mapping[Variable, Array]
    after: Mapping[Variable, Array]
    gradients: Mapping[Variable, Array]


class ProgramsOptimizer(Optimizer):
    """Takes off each variable what a program took off it; by which rule, only the program knows.

    `taken` are those steps. A debugger puts them where other optimizers keep their slots.
    """

    terms = (Term("step", "(W - W new)", "What the program took off; by which rule, only it knows.", is_slot=True),)

    def __init__(self, taken: Mapping[Variable, Array]) -> None:
        super().__init__(1.0)
        self.taken = taken

    @staticmethod
    def compute(step: Array) -> tuple[Array, ...]:
        """Take the same step as the program."""
        return (step,)


class FoundDescent(ProgramsOptimizer):
    """Gradient descent by gradients that only the program has found, as wrong ones are, which are `called` so."""

    called = "gradient that the program found"
    reason = "That is not the right one, which would make another step."

    def __init__(self, found: Mapping[Variable, Array], rate: float) -> None:
        super().__init__(found)
        self.learning_rate = rate

    @property
    def terms(self) -> tuple[Term, ...]:  # type: ignore[override]
        """The step, as a formula in words: these gradients are no nodes."""
        return (Term("step", f"η·({self.called})", self.reason, is_slot=True),)

    @staticmethod
    def compute(step: Array, learning_rate: float) -> tuple[Array, ...]:  # type: ignore[override]
        """Move against it."""
        return (learning_rate * step,)


class SummedDescent(FoundDescent):
    """Gradient descent by the sums of the gradients of several backward calls, which only the program has seen."""

    reason = "Each call adds to what stands in .grad until it is set to 0."

    def __init__(self, sums: Mapping[Variable, Array], rate: float, calls: int) -> None:
        self.calls = calls
        self.called = f"sum of the gradients of {calls} backward calls"
        super().__init__(sums, rate)


def repeating(update: Update) -> ProgramsOptimizer:
    """Return the optimizer that takes the steps of one update."""
    return ProgramsOptimizer({node: freeze(old - update.after[node]) for node, old in update.before.items()})


def exact_rate(update: Update, tried: float | None = None) -> float | None:
    """Return the learning rate with which gradient descent makes this update to the bit; None where there is none.

    The one that is `tried` first is that of the step before. An update that moves nothing is made by none but that.
    """

    def makes_it(rate: float) -> bool:
        return all(
            np.asarray(old - rate * update.gradients[node]).tobytes() == np.asarray(update.after[node]).tobytes()
            for node, old in update.before.items()
        )

    with quiet():
        if tried is not None and makes_it(tried):
            return tried
        guess = straight_rate(*_flat(update))
        return None if guess is None else next((rate for rate in _near(guess) if makes_it(rate)), None)


def straight_rate(steps: Array, gradients: Array, largest_before: float) -> float | None:
    """Return the learning rate with which these steps are those of gradient descent; None where none surely is.

    They were taken off numbers of at most this size, so that each is known only to the last digit of those.
    """
    if not gradients.any():
        return None
    largest = int(np.argmax(np.abs(gradients)))
    rate, rounding = float(steps[largest] / gradients[largest]), _rounded(largest_before)
    if not 0 < rate < np.inf or not np.allclose(steps, rate * gradients, rtol=1e-6, atol=rounding):
        return None
    return rate if np.count_nonzero(gradients) > 1 else rate_of_one(float(steps[largest]), rate, rounding)


def rate_of_one(step: float, rate: float, rounding: float) -> float | None:
    """Return the learning rate of a step that moves a single number; None where it may be that of any rule.

    Some rate makes any step of one number. That it is one of few digits hardly happens by chance: by how many, depends
    on how much of the step is rounding.
    """
    share = max(rounding / abs(step), 4 * float(np.finfo(np.float64).eps)) if step else 1.0
    shortest = (float(f"{rate:.{digits}g}") for digits in range(1, min(int(-math.log10(share)) - 2, 8)))
    return next((each for each in shortest if abs(each / rate - 1) <= share), None)


def recognise_updates(updates: Sequence[Update]) -> list[Optimizer] | None:
    """Return the optimizer of each of these updates, which follow each other, with the settings of that step.

    It is gradient descent, momentum, or Adam, and all steps agree with it to about 1e-9; None where none does so. A
    learning rate that changes from step to step is believed only where each step has several numbers to agree.
    """
    if not updates:
        return None
    with quiet():
        flat = [_flat(update) for update in updates]
        candidates = _candidates(flat[:_FIRST])
        if (
            len({gradient.size for _, gradient, _ in flat}) > 1
        ):  # other variables in some steps: nothing is kept of them
            candidates = islice(candidates, 1)
        for units, made in candidates:
            head = _rates(flat[:_FIRST], units(flat[:_FIRST]))
            if head is None:
                continue
            rates = _rates(flat, units(flat))
            if rates is not None:
                return [made(rate) for rate in rates]
    return None


_Flat = tuple[Array, Array, float]
"""The steps of one update, their gradients, all variables in a row, and the size of the largest that they moved."""
_Units = Callable[[Sequence[_Flat]], Iterator[Array]]


def _candidates(flat: Sequence[_Flat]) -> Iterator[tuple[_Units, Callable[[float], Optimizer]]]:
    """Yield each rule as the steps that it would take at the learning rate 1, and the optimizer that it is."""
    yield (lambda given: (gradient for _, gradient, _ in given)), GradientDescentOptimizer
    momentum = _momentum(flat)
    if momentum is not None:
        beta = momentum
        yield (lambda given: _velocities(given, beta)), lambda rate: MomentumOptimizer(rate, beta)
    for epsilon, beta1, beta2 in product(_EPSILONS, _BETAS1, _BETAS2):
        settings = beta1, beta2, epsilon

        def units(given: Sequence[_Flat], settings: tuple[float, float, float] = settings) -> Iterator[Array]:
            return _adam(given, *settings)

        def made(rate: float, settings: tuple[float, float, float] = settings) -> Optimizer:
            return AdamOptimizer(rate, *settings)

        yield units, made


def _momentum(flat: Sequence[_Flat]) -> float | None:
    """Return the share of the velocity that stays, from the first two steps at one learning rate."""
    if len(flat) < 3:
        return None
    (first, gradient, _), (second, following, _) = flat[:2]
    square = float(np.vdot(gradient, gradient))
    if not square:
        return None
    rate = float(np.vdot(first, gradient)) / square
    size = float(np.vdot(first, first))
    beta = float(np.vdot(second - rate * following, first)) / size if size else 0.0
    beta = float(f"{beta:.8g}")
    return beta if 0 < beta < 1 else None


def _velocities(flat: Sequence[_Flat], beta: float) -> Iterator[Array]:
    velocity: Array = np.zeros_like(flat[0][1])
    for _, gradient, _ in flat:
        velocity = beta * velocity + gradient
        yield velocity


def _adam(flat: Sequence[_Flat], beta1: float, beta2: float, epsilon: float) -> Iterator[Array]:
    m: Array = np.zeros_like(flat[0][1])
    v: Array = np.zeros_like(m)
    for t, (_, gradient, _) in enumerate(flat, 1):
        m = beta1 * m + (1 - beta1) * gradient
        v = beta2 * v + (1 - beta2) * gradient * gradient
        yield m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + epsilon)


def _rates(flat: Sequence[_Flat], units: Iterator[Array]) -> list[float] | None:
    """Return the learning rate of each step if they explain all steps; None where they do not.

    Where training has come to its end, rounding makes more of a step than the gradient: its rate is the one before.
    """
    rates: list[float] = []
    overdetermined = True
    for (step, _, largest), unit in zip(flat, units, strict=True):
        rounded = _rounded(largest)
        square = float(np.vdot(unit, unit))
        rate = float(np.vdot(step, unit)) / square if square else (rates[-1] if rates else 0.0)
        if rates and square and abs(rate - rates[-1]) <= rounded * math.sqrt(step.size / square):
            rate = rates[-1]
        if not np.isfinite(rate) or rate < 0 or (square and not rate):
            return None
        scale = float(np.max(np.abs(step), initial=0.0))
        if float(np.max(np.abs(step - rate * unit), initial=0.0)) > _TOLERANCE * max(scale, 1e-6) + rounded:
            return None
        overdetermined = overdetermined and int(np.count_nonzero(unit)) > 1
        rates.append(float(f"{rate:.10g}"))
    usual = float(np.median(rates))
    if all(abs(rate - usual) <= 1e-7 * usual for rate in rates):
        return [float(f"{usual:.8g}")] * len(rates) if usual and (overdetermined or len(rates) > 1) else None
    return rates if overdetermined and all(rates) else None


def _flat(update: Update) -> _Flat:
    steps = [np.ravel(old - update.after[node]) for node, old in update.before.items()]
    gradients = [np.ravel(update.gradients[node]) for node in update.before]
    largest = max(float(np.max(np.abs(old), initial=0.0)) for old in update.before.values())
    return np.concatenate(steps), np.concatenate(gradients), largest


def _rounded(largest: float) -> float:
    """Return what rounding can have made of a step that was taken off a number of this size."""
    return 4 * float(np.finfo(np.float64).eps) * largest


def _near(rate: float) -> Iterator[float]:
    """Yield numbers near a rate, those with few digits first."""
    yield from (float(f"{rate:.{digits}g}") for digits in range(1, 17))
    below = above = rate
    for _ in range(4):
        yield below
        yield above
        below, above = float(np.nextafter(below, 0)), float(np.nextafter(above, np.inf))
