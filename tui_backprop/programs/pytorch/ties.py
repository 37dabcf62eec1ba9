"""Operations of ours with the slope that torch chooses where two entries are tied, or one is at a bound.

There more than one slope would be right: ours shares between the tied, and is flat at a bound.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from minidl_core import Node, Operation
from minidl_core.arrays import Array
from minidl_core.definition import GradientFunction, GradientRule, definitions
from minidl_core.gradients import EvaluatedOperation


def _pooled(op: EvaluatedOperation, grad: Array) -> list[Array]:
    """Only the largest entry of a window counts; of those that are tied, torch takes the first."""
    a, size = op.inputs[0], op.size
    stride = op.stride or size
    gradient, left = np.zeros(a.shape), np.ones(grad.shape, bool)
    rows, columns = grad.shape[2:]
    for i in range(size):
        for j in range(size):
            part = (..., slice(i, i + stride * rows, stride), slice(j, j + stride * columns, stride))
            is_it = left & (a[part] == op.output)
            gradient[part] += is_it * grad
            left &= ~is_it
    return [gradient]


def _extreme(op: EvaluatedOperation, grad: Array) -> list[Array]:
    """Only the entry that Y is counts; of those that are tied, torch takes the first."""
    a, axis = op.inputs[0], op.axis
    output, grad = (
        each if op.keepdims else np.expand_dims(each, axis) for each in (np.asarray(op.output), np.asarray(grad))
    )
    is_it = np.expand_dims(np.argmax(a == output, axis), axis)
    gradient = np.zeros(a.shape)
    np.put_along_axis(gradient, is_it, grad, axis)
    return [gradient]


def _clipped(op: EvaluatedOperation, grad: Array) -> list[Array]:
    """Between the bounds, and in torch at them, Y is A; outside of them a little more of A changes nothing."""
    a = op.inputs[0]
    return [grad * ((a >= op.low) & (a <= op.high))]


def _of_two(op: EvaluatedOperation, grad: Array) -> list[Array]:
    """Give G to the one that Y is; where both are tied each counts half, in torch also beside a constant."""
    a, b = op.inputs
    shares = [np.where(a == b, 0.5, each == op.output) for each in (a, b)]
    return [grad * share for share in shares]


_RULES: dict[str, tuple[GradientFunction, tuple[str, ...]]] = {
    "max_pool": (_pooled, ("G where A is Y first",)),
    "reduce_max": (_extreme, ("G where A is Y first",)),
    "reduce_min": (_extreme, ("G where A is Y first",)),
    "clip": (_clipped, ("G⊙(A ≥ low)⊙(A ≤ high)",)),
    "maximum": (_of_two, ("G⊙(A > B)", "G⊙(B > A)")),
    "minimum": (_of_two, ("G⊙(A < B)", "G⊙(B < A)")),
}
_OURS = {name: replace(definitions[name], rule=GradientRule(*rule)) for name, rule in _RULES.items()}


def is_tied_as_in_torch(operation: Operation) -> bool:
    """Return whether an operation of ours has torch's choice where there is a tie."""
    return _OURS.get(operation.kind) is operation.definition


def tied_as_in_torch(name: str, *inputs: Node, **attributes: object) -> Operation:
    """Make a node of our operation of this name, with torch's choice where there is a tie."""
    return Operation(_OURS[name], inputs, attributes)
