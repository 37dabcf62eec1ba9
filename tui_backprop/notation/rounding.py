"""Gradients that are 0 but for rounding: where terms cancel in exact numbers, what is left of them has no direction."""

from __future__ import annotations

import numpy as np

from minidl_core import Node

from ..debugger.edges import operands
from ..debugger.moment import Moment
from .expression import magnitude
from .worked import worked_contribution


def is_rounding(moment: Moment, node: Node, index: tuple[int, ...]) -> bool:
    """Return whether an element of a node's gradient is not 0, but no more than the rounding of its terms.

    That of a sum is taken as the machine epsilon times the sum of the terms' magnitudes (Higham 2002, section 4.2).
    """
    gradient = moment.gradient(node)
    if gradient is None or gradient[index] == 0:
        return False
    terms = 0.0
    for event in moment.contributions(node):
        op, result = event.consumer, event.contribution
        inputs, output = operands(moment, op)
        assert output is not None, "an operation that contributes has a value"
        worked = worked_contribution(op, event.input_index, inputs, output, event.gradient, result, index)
        terms += abs(worked.value) if worked.tree is None else float(np.sum(magnitude(worked.tree)))
    return abs(float(gradient[index])) <= float(np.finfo(np.float64).eps) * terms
