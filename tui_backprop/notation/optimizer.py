"""An optimizer as a person reads it: what it is called, what it is set to, and its learning rate in an iteration."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields
from numbers import Real
from typing import Any

import numpy as np

from minidl_core import GraphError, State
from minidl_core.train import Optimizer, Schedule, rate_at

from .expression import Entry
from .formats import notation
from .worked import Worked, symbols_of, worked_formula


def is_straight(optimizer: Optimizer) -> bool:
    """Return whether each step is the learning rate times the gradient, so that none ever goes along with it."""
    return [term.formula for term in optimizer.rule] == ["η·G"]


def settings_of(optimizer: Optimizer) -> Mapping[str, Any]:
    """Return what an optimizer is set to, by name, without its learning rate and what is off by default."""
    found = {}
    for each in fields(optimizer):
        value = getattr(optimizer, each.name)
        # a 0 that somebody chose, such as no weight decay where some is usual, says something
        is_off = value is None or (isinstance(value, Real) and value == 0 and value == each.default)
        if each.name != "learning_rate" and not is_off:
            found[each.name] = value
    return found


def optimizer_text(optimizer: Optimizer) -> str:
    """Return what an optimizer is called and set to: AdamOptimizer(beta1=0.9, beta2=0.999, epsilon=1e-08)."""
    settings = ", ".join(f"{name}={value!r}" for name, value in settings_of(optimizer).items())
    return f"{type(optimizer).__name__}({settings})" if settings else type(optimizer).__name__


def schedule_text(schedule: Schedule) -> str:
    """Return what a schedule of the learning rate is called, with its numbers where it says them."""
    name = getattr(schedule, "__name__", None)
    return name if isinstance(name, str) else repr(schedule)


def worked_rate(state: State) -> Worked | None:
    """Work out the learning rate of the iteration that starts here; None where it is a number already.

    A schedule says how by its `formula`, which is in t (the iteration), π and the names of its own numbers.
    """
    schedule, iteration = state.learning_rate, state.memory.iterations + 1
    if not callable(schedule):
        return None
    formula, own = getattr(schedule, "formula", ""), getattr(schedule, "__dict__", {})
    known = {"t": single("t", iteration), "π": single("π", math.pi)}
    # what the formula does not name is the schedule's own business, and is not called
    for name in symbols_of(formula) & own.keys() - known.keys():
        with suppress(GraphError, OverflowError):  # what is no schedule stands for no number
            x = rate_at(own[name], iteration) if callable(own[name]) else own[name]
            if isinstance(x, Real):
                known[name] = single(name, float(x))
    return worked_formula("η", formula, known, state.rate)


def single(symbol: str, x: float) -> Entry:
    """Return a number as what a symbol stands for."""
    return Entry(symbol, symbol, (), np.asarray(x, dtype=float), notation([x]))
