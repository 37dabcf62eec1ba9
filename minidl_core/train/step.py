"""How a step is taken: the terms of each variable's update, from its gradient and what the optimizer keeps of it.

The fast path (`take_step`) and the stepping path (stepper.py) make the same `Step`, so they get the same bits.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from ..arrays import Array, as_text, freeze, frozen, is_finite, read_only, taken_over
from ..errors import GraphError, MinidlError
from ..finite import non_finite_term, non_finite_update
from ..graph import Node, Variable
from ..plan import Evaluation
from .optimizer import Optimizer
from .schedules import rate_at
from .terms import ComputedTerm

_LARGE = 4096

Slots = Mapping[str, Array]
"""What an optimizer keeps of one variable, by symbol."""


_NO_SLOTS: Slots = MappingProxyType({})


class Memory(NamedTuple):
    """What an optimizer keeps in a session: how many steps it has taken, and the slots of each variable.

    The steps are the optimizer's, and so is Adam's t, as in TensorFlow 1; PyTorch counts those of each variable.
    """

    iterations: int = 0
    slots: Mapping[Variable, Slots] = MappingProxyType({})

    @property
    def nbytes(self) -> int:
        """The bytes of all slots."""
        return sum(array.nbytes for slots in self.slots.values() for array in slots.values())


class Step:
    """One step of an optimizer with the memory that it starts from and the gradients of all variables.

    `learning_rate` is the number of this iteration. Raises GraphError where its schedule is wrong.
    """

    def __init__(self, optimizer: Optimizer, memory: Memory, gradients: Iterable[Array]) -> None:
        self._optimizer, self._in_front, self._slots = optimizer, optimizer.in_front, optimizer.slots
        self._compute, self._chosen, self._unchecked = optimizer.compute, optimizer.by_name.chosen, optimizer.unchecked
        self._before = memory.slots
        self._after: dict[Variable, Slots] = {}
        self._iteration = t = memory.iterations + 1
        rate = optimizer.learning_rate
        self.learning_rate = rate = rate_at(rate, t) if callable(rate) else rate
        # by name, all that a term can be computed from
        self._given: dict[str, Any] = {**optimizer.fixed, "learning_rate": rate, "t": t}
        if optimizer.clip_norm is not None:
            self._given["norm"] = _length(gradients)

    def update(self, variable: Variable, old: Array, gradient: Array) -> Sequence[Array]:
        """Return the values of all terms for one variable, in order; the last one is what is taken off it.

        Raises GraphError where `compute` raises, or returns the wrong number of terms or shapes.
        """
        given, slots = self._given, self._slots
        given["w"], given["g"] = old, gradient
        in_front: tuple[Array, ...] = ()
        for each in self._in_front:
            given["g"] = freeze(each.compute.function(*each.compute.chosen(given)))
            in_front = (*in_front, given["g"])
        if slots:
            given.update(self.before(variable))
        try:
            values = self._compute(*self._chosen(given))
        except Exception as error:
            remedy = "; its arguments belong to others: return new arrays" if "read-only" in str(error) else ""
            raise self._wrong(variable, f"raised {type(error).__name__}: {error}{remedy}.") from error
        if not self._unchecked:
            values = self._fitted(variable, values)
        if slots:
            self._after[variable] = {symbol: _kept(values[n]) for symbol, n in slots.items()}
        return (*in_front, *values) if in_front else values

    def before(self, variable: Variable) -> Slots:
        """Return what the slots of a variable were before this step: 0 at first."""
        before, slots = self._before.get(variable, _NO_SLOTS), self._optimizer.slots
        if before.keys() >= slots.keys():
            return before
        return {**dict.fromkeys(slots, freeze(np.zeros(variable.initial_value.shape))), **before}

    def terms(self, variable: Variable, values: Sequence[Array]) -> tuple[ComputedTerm, ...]:
        """Return the terms of a variable's update with their values."""
        before = self.before(variable)
        return tuple(
            ComputedTerm(term, read_only(freeze(value)), before[term.symbol] if term.is_slot else None)
            for term, value in zip(self._optimizer.rule, values, strict=True)
        )

    @property
    def numbers(self) -> Mapping[str, float]:
        """What the symbols of the terms' formulas stand for that are one number for all variables."""
        given = self._given
        numbers = {declared.symbol: given[name] for name, declared in self._optimizer.settings.items() if name in given}
        return MappingProxyType(numbers | {name: given[name] for name in ("t", "norm") if name in given})

    def check_finite(self, variable: Variable, values: Sequence[Array], new: Array) -> None:
        """Raise NonFiniteError for the first term that is not finite, or for the new value."""
        *others, last = zip(self._optimizer.rule, values, strict=True)
        in_front = [each.setting for each in self._optimizer.in_front]
        clips = [name for name in in_front if name != "weight_decay"]
        for number, (term, value) in enumerate(others):
            if not is_finite(value):
                remedy = "clip the gradient, as clip_norm=1.0 does, or lower the learning rate"
                # what makes the term, or else what clips already
                for name in (in_front[number : number + 1] or clips)[:1]:
                    remedy = f"lower {name} or the learning rate"
                raise non_finite_term(variable, f"{term.symbol} = {term.formula}", value, remedy)
        if not is_finite(new):
            term, value = last
            if np.isnan(value).any():
                raise non_finite_term(variable, f"{term.symbol} = {term.formula}", value, "")
            raise non_finite_update(variable, new, self.learning_rate)

    def _fitted(self, variable: Variable, returned: Any) -> tuple[Array, ...]:
        """Return what `compute` returned for each term as float64 of the variable's shape."""
        terms, shape = self._optimizer.terms, variable.initial_value.shape
        if type(returned) is not tuple or len(returned) != len(terms):
            symbols = ", ".join([term.symbol for term in terms])
            raise self._wrong(variable, f"must return a tuple of its terms, {symbols}, not {returned!r}.")
        values = []
        for term, value in zip(terms, returned, strict=True):
            try:
                values.append(taken_over(value))
            except (TypeError, ValueError):
                said = f"returned {type(value).__name__} for {term.symbol}; return an array of numbers."
                raise self._wrong(variable, said) from None
            if values[-1].shape != shape:
                said = (
                    f"returned {as_text(values[-1].shape)} for {term.symbol}, but {variable.name} is {as_text(shape)}"
                )
                raise self._wrong(variable, f"{said}; a term has its variable's shape.")
        return tuple(values)

    def _wrong(self, variable: Variable, what: str) -> GraphError:
        return GraphError(f"{type(self._optimizer).__name__}.compute {what}", variable)

    @property
    def memory(self) -> Memory:
        """What the optimizer keeps after this step."""
        return Memory(self._iteration, {**self._before, **self._after} if self._after else self._before)


def take_step(
    optimizer: Optimizer,
    evaluation: Evaluation,
    loss: Node,
    moved: Mapping[Variable, Array],
    memory: Memory,
    only: Container[Variable] | None = None,
) -> tuple[dict[Variable, Array], Memory]:
    """Return the variables that one step down from the values of an evaluation moves, and the memory after it.

    `moved` are variables that have been moved since then; with `only`, all others are frozen. Raises NonFiniteError
    where a gradient, a term or a new value is not finite, GraphError where `compute` or the schedule of the learning
    rate is wrong.
    """
    trained = evaluation.trained(loss)
    if only is not None:
        trained = [each for each in trained if each[0] in only]
    after: dict[Variable, Array] = {}
    # a NaN or an infinity makes this sum one too; so may large numbers, hence the second look
    total: Any = 0.0
    unchecked = optimizer.unchecked
    # an infinite gradient that is clipped, or taken the sign of, would not be seen in the new value
    hides = optimizer.in_front or not unchecked
    try:
        step = Step(optimizer, memory, (gradient for _, _, gradient in trained))
        for variable, old, gradient in trained:
            if moved:
                old = moved.get(variable, old)
            if not unchecked:
                gradient = freeze(gradient)
            values = step.update(variable, old, gradient)
            taken = values[-1]
            # a small one is not worth a call
            new = after[variable] = frozen(old - taken if taken.size < _LARGE else _taken_off(old, taken))
            total += np.vdot(new, new) if new.ndim else new * new
            if hides:
                total += np.vdot(gradient, gradient)
            if len(values) > 1:
                for value in values[:-1]:
                    total += np.vdot(value, value)
        if not math.isfinite(total):
            evaluation.check_training(loss)
            for variable, old, gradient in trained:
                step.check_finite(variable, step.update(variable, moved.get(variable, old), gradient), after[variable])
    except MinidlError:
        evaluation.check_training(loss)  # on the stepping path, too, a gradient that is not finite comes first
        raise
    return after, step.memory


def _taken_off(old: Array, step: Array) -> Array:
    """Return a variable less its step, which, where it is nobody else's, becomes the new value itself."""
    is_own = step.flags.owndata and step.flags.writeable
    return np.subtract(old, step, out=step if is_own else None)


def _kept(value: Array) -> Array:
    """Return a slot's array, or a copy where somebody else might write to it."""
    return freeze(value if value.flags.owndata else value.copy())


def _length(gradients: Iterable[Array]) -> float:
    """Return the root of the sum of the squares of all entries, also where a square is too large for a number."""
    each = list(gradients)
    length = math.sqrt(sum(float(np.vdot(gradient, gradient)) for gradient in each))
    return length if math.isfinite(length) else math.hypot(*[entry for g in each for entry in g.ravel().tolist()])
