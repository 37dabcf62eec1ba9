"""Slopes that people write where another one is right."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from minidl_core.arrays import Array, quiet
from minidl_core.gradients import EvaluatedOperation

Slope = Callable[[EvaluatedOperation, Array], Array]
"""A slope, of the output's shape, from an operation of a run and its right slope."""
MINUS = "minus the right contribution"


@lru_cache
def wrong_slopes(input_index: int) -> Mapping[str, Slope]:
    """Return slopes for an input by the contribution that each makes of G; A and B are the inputs, Y is the output."""

    def of(formula: Callable[[Array, Array, Array], Any]) -> Slope:
        def slope(op: EvaluatedOperation, right: Array) -> Array:
            a, b = op.inputs[0], op.inputs[min(1, len(op.inputs) - 1)]
            with quiet():
                return np.broadcast_to(formula(a, b, op.output), np.shape(right))[()]

        return slope

    own = (lambda a, b, y: a) if input_index == 0 else (lambda a, b, y: b)
    return {
        MINUS: lambda op, right: -right,
        "G": of(lambda a, b, y: np.float64(1.0)),
        "-G": of(lambda a, b, y: np.float64(-1.0)),
        "G times the input's own value": of(own),
        "G·A": of(lambda a, b, y: a),
        "G·B": of(lambda a, b, y: b),
        "G·Y": of(lambda a, b, y: y),
        "G·(1 - Y)": of(lambda a, b, y: 1.0 - y),
        "G·(1 + Y²)": of(lambda a, b, y: 1.0 + y * y),
        "G·(1 - A²)": of(lambda a, b, y: 1.0 - a * a),
        "G·Y²": of(lambda a, b, y: y * y),
        "G·Y·(1 - Y)": of(lambda a, b, y: y * (1.0 - y)),
        "G·Y·(1 + Y)": of(lambda a, b, y: y * (1.0 + y)),
        "G·A·(1 - A)": of(lambda a, b, y: a * (1.0 - a)),
        "G·(1 - tanh² Y)": of(lambda a, b, y: 1.0 - np.tanh(y) ** 2),
        "G/B": of(lambda a, b, y: 1.0 / b),
        "G/A": of(lambda a, b, y: 1.0 / a),
        "G/Y": of(lambda a, b, y: 1.0 / y),
        "G·A/B": of(lambda a, b, y: a / b),
        "-G·A/B": of(lambda a, b, y: -a / b),
        "-G/B²": of(lambda a, b, y: -1.0 / (b * b)),
        "G·B·A^B": of(lambda a, b, y: b * y),
        "G·A^(B - 1)": of(lambda a, b, y: np.power(a, b - 1.0)),
        "G·(B - 1)·A^(B - 1)": of(lambda a, b, y: (b - 1.0) * np.power(a, b - 1.0)),
        "G·B·A": of(lambda a, b, y: b * a),
        "G·(B - 1)": of(lambda a, b, y: b - 1.0),
        "G where A < 0": of(lambda a, b, y: np.float64(1.0) * (a < 0)),
        "G where A ≥ 0": of(lambda a, b, y: np.float64(1.0) * (a >= 0)),
        "0": of(lambda a, b, y: np.float64(0.0)),
    }
