"""A function of torch that is none of our operations: a node of its own, which torch computes and differentiates."""

from __future__ import annotations

from types import FunctionType
from typing import Any

import numpy as np
import torch

from minidl_core.arrays import Array
from minidl_core.definition import OperationDefinition
from minidl_core.gradients import EvaluatedOperation

from ..engine.measured_slope import measuring
from ..own_operation import own_operation
from .calls import Call, Slot, is_in_place


def foreign_operation(call: Call) -> OperationDefinition:
    """Return the definition of an operation that makes this call again, in float64."""

    def run(tensors: list[Any]) -> Any:
        def filled(value: Any) -> Any:
            if isinstance(value, Slot):
                return tensors[value.number]
            if type(value) in (tuple, list):
                return type(value)([filled(each) for each in value])
            if isinstance(value, slice):
                return slice(filled(value.start), filled(value.stop), filled(value.step))
            return value

        args = [filled(each) for each in call.args]
        if is_in_place(call.name):
            args[0] = args[0].clone()
        result = call.function(*args, **{name: filled(each) for name, each in call.kwargs.items()})
        made = args[0] if call.name == "__setitem__" else result
        return made if call.output is None else made[call.output]

    def tensors_of(inputs: Any) -> list[Any]:
        return [
            torch.tensor(np.asarray(array), dtype=torch.float64 if dtype.is_floating_point else dtype)
            for array, dtype in zip(inputs, call.dtypes, strict=True)
        ]

    def compute(*inputs: Array) -> Array:
        with torch.no_grad():
            made: Array = run(tensors_of(inputs)).double().numpy()
        return made[()]

    def gradient(op: EvaluatedOperation, grad: Array) -> list[Array | None]:
        """Torch's own gradient of the function."""
        tensors = tensors_of(op.inputs)
        wanted = [n for n, needed in enumerate(op.needs) if needed and tensors[n].is_floating_point()]
        for n in wanted:
            tensors[n].requires_grad_()
        with torch.enable_grad():
            made = run(tensors)
            given = torch.tensor(np.asarray(grad), dtype=made.dtype)
            found = torch.autograd.grad(made, [tensors[n] for n in wanted], given, allow_unused=True)
        gradients: list[Array | None] = [np.zeros(np.shape(array)) for array in op.inputs]
        for n, each in zip(wanted, found, strict=True):
            if each is not None:
                gradients[n] = each.numpy()
        return gradients

    passed_on = measuring(compute)

    def measured(op: EvaluatedOperation, grad: Array) -> list[Array | None]:
        """Measure the slope: the script's own function is called a little to either side."""
        inputs, kinds = list(op.inputs), [dtype.is_floating_point for dtype in call.dtypes]
        return [
            passed_on(inputs, n, grad) if needed and is_float else np.zeros(np.shape(inputs[n]))
            for n, (needed, is_float) in enumerate(zip(op.needs, kinds, strict=True))
        ]

    word = call.name.strip("_")
    word = word if word.isidentifier() else "operation"
    # what a script's own autograd function says of its gradient may be wrong
    is_own = isinstance(call.function, FunctionType)
    reason = f"It is computed by {'the script' if is_own else 'torch'}'s {word}, and its gradient "
    reason += "is measured." if is_own else "by torch, too."
    rule = measured if is_own else gradient
    return own_operation(word, len(call.dtypes), compute, rule, reason, lambda *_: call.shape)
