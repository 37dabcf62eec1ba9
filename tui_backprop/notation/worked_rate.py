"""A learning rate that a schedule gives, worked out in an iteration."""

from __future__ import annotations

import math
from contextlib import suppress
from numbers import Real

import numpy as np

from minidl_core import GraphError, State
from minidl_core.train import rate_at

from .expression import Entry
from .formats import notation
from .worked import Worked, symbols_of, worked_formula


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
