"""What a learner's operation means: which operation of ours gives its numbers, or a definition of its own.

A name only says what to try. An operation is ours where ours gives their numbers on all that was recorded; where ours
differs in the last bits (NumPy's exp and math.exp do), the computation is theirs and the gradient ours. What is none
of ours is computed by their own function, and its gradient is measured.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from typing import Any

import numpy as np

from minidl_core.arrays import Array, quiet
from minidl_core.definition import OperationDefinition, definitions
from minidl_core.gradients import EvaluatedOperation

from ..own_operation import own_operation
from .measured_slope import measuring
from .walking import OperationKind
from .whole_functions import WholeFunction, whole_functions

_WORDS = {
    "add": "add plus iadd radd",
    "subtract": "sub subtract minus rsub isub",
    "multiply": "mul multiply times rmul imul",
    "divide": "truediv div divide rtruediv itruediv",
    "power": "pow power rpow",
    "matmul": "matmul dot mm rmatmul",
    "negative": "neg negative negate",
    "exp": "exp",
    "log": "log ln",
    "tanh": "tanh",
    "sigmoid": "sigmoid logistic",
    "relu": "relu",
    "square": "square sqr squared",
    "reduce_sum": "sum reduce_sum",
    "reduce_mean": "mean average",
    "softmax": "softmax",
    "transpose": "transpose t",
    "reshape": "reshape view",
    "maximum": "maximum",
    "minimum": "minimum",
    "reduce_max": "max amax reduce_max",
    "reduce_min": "min amin reduce_min",
    "log_softmax": "log_softmax logsoftmax",
    "expand_dims": "unsqueeze expand_dims",
    "squeeze": "squeeze",
    "sqrt": "sqrt",
    "sin": "sin",
    "cos": "cos",
    "abs": "abs absolute",
}
_OURS = {word: ours for ours, words in _WORDS.items() for word in words.split()}
_EXACT = frozenset(("add", "subtract", "multiply", "divide", "negative", "relu", "maximum"))
_GENERAL = frozenset(("apply", "call", "forward", "op", "make", "unary", "binary"))
_CLOSE = 1e-10
"""So close are the numbers of one function computed in two ways; log(x) and log(x + 1e-8) are further apart."""

Sample = tuple[tuple[Array, ...], Array]
"""The numbers of the operands and of the result, as they were once."""


@dataclass(frozen=True, eq=False)
class Meaning:
    """A definition, its attributes, and in which order it takes the operands."""

    definition: OperationDefinition
    attributes: Mapping[str, Any]
    order: Sequence[int]


def name_of(kind: OperationKind) -> str:
    """Return what their operation is called: by its method, or by the class of its function."""
    word = kind.code.co_name.strip("_")
    if word in _GENERAL:
        owner = [each for each in kind.code.co_qualname.split(".")[-2:-1] if each.isidentifier()]
        words = [*owner, *kind.extra.split()[:1]] if word == "forward" else kind.extra.split()[:1]
        word = words[0] if words else word
        word = word[0].lower() + word[1:]
    return word if word.isidentifier() else "operation"


def meaning_of(kind: OperationKind, samples: Sequence[Sample], theirs: Callable[..., Array] | None) -> Meaning:
    """Return what an operation means, by its name and by what it did to numbers."""
    word = name_of(kind)
    ours = definitions.get(_OURS.get(word.lower(), ""))
    count = len(samples[0][0])
    if ours is not None and len(ours.symbols) == count:
        for order in permutations(range(count)):
            for attributes in _attributes(ours, samples[0]):
                fit = _fit(ours, attributes, order, samples)
                if fit is None:
                    continue
                scalar = not any(np.ndim(each) for inputs, output in samples for each in (*inputs, output))
                if (fit and (ours.name in _EXACT or not scalar)) or not _gives(theirs, samples):
                    return Meaning(ours, attributes, order)
                assert theirs is not None
                return Meaning(_computed_by(ours, _reordered(theirs, order)), attributes, order)
    if (whole := _whole(word, samples, theirs)) is not None:
        return Meaning(whole, {}, range(count))
    if theirs is None:

        def theirs(*_: Array) -> Array:
            raise ValueError(f"{word} was made where it cannot be called again")

    return Meaning(_own(word, count, theirs, kind), {}, range(count))


def _attributes(ours: OperationDefinition, sample: Sample) -> Iterator[dict[str, Any]]:
    """Return the attributes that may have been meant."""
    (first, *_), output = sample
    dimensions = np.ndim(first)
    if ours.name in ("reduce_sum", "reduce_mean", "reduce_max", "reduce_min"):
        for axis in (None, *range(dimensions)):
            for keepdims in (False, True):
                yield {"axis": axis, "keepdims": keepdims}
    elif ours.name in ("expand_dims", "squeeze"):
        yield from ({"axis": axis} for axis in range(dimensions + (ours.name == "expand_dims")))
    elif ours.name in ("softmax", "log_softmax"):
        for axis in reversed(range(dimensions)):
            yield {"axis": axis}
    elif ours.name == "reshape":
        yield {"shape": np.shape(output)}
    elif ours.name == "transpose":
        yield {"axes": None}
        if dimensions < 5:
            yield from ({"axes": axes} for axes in permutations(range(dimensions)))
    else:
        yield {}


def _fit(
    ours: OperationDefinition, attributes: Mapping[str, Any], order: Sequence[int], samples: Sequence[Sample]
) -> bool | None:
    """Return whether our operation gives these numbers to the bit, None where it does not at all."""
    exact = True
    for inputs, output in samples:
        try:
            with quiet():
                value = np.asarray(ours.compute(*[inputs[n] for n in order], **attributes))
        except Exception:  # another shape, another operation
            return None
        if value.shape != output.shape:
            return None
        if np.array_equal(value, output, equal_nan=True):
            continue
        if not _is_close(value, output):
            return None
        exact = False
    return exact


def _is_close(value: Array, output: Array) -> bool:
    """Return whether numbers are those of one function but for rounding, also where a sum has cancelled."""
    largest = float(np.max(np.abs(output), initial=0.0, where=np.isfinite(output)))
    close, least = (1e-4, 1e-6) if output.dtype == np.float32 else (_CLOSE, 1e-12)
    return np.allclose(value, output, rtol=close, atol=least * largest, equal_nan=True)


def _whole(word: str, samples: Sequence[Sample], theirs: Callable[..., Array] | None) -> OperationDefinition | None:
    """Return a definition for a function that is several operations of ours, where it is one of those known."""
    count = len(samples[0][0])
    for each in whole_functions(word, count):
        try:
            with quiet():
                fits = all(_is_close(np.asarray(each.compute(*inputs)), output) for inputs, output in samples)
        except (ValueError, LookupError, TypeError):  # operands of other shapes
            continue
        if fits:

            def gradient(op: EvaluatedOperation, grad: Array, each: WholeFunction = each) -> list[Array | None]:
                """Return the slopes of the function as it is written in one line."""
                return list(each.gradients(grad, *op.inputs))

            made = theirs if theirs is not None and _gives(theirs, samples) else each.compute
            return own_operation(word, count, made, gradient, "It is a function that is known by its numbers.")
    return None


def _gives(theirs: Callable[..., Array] | None, samples: Sequence[Sample]) -> bool:
    """Return whether their function can be called again, and gives their numbers then."""
    if theirs is None:
        return False
    try:
        with quiet():
            return all(np.array_equal(theirs(*inputs), output, equal_nan=True) for inputs, output in samples[-1:])
    except Exception:  # whatever their function asks of what it is given
        return False


def _reordered(theirs: Callable[..., Array], order: Sequence[int]) -> Callable[..., Array]:
    def compute(*inputs: Array) -> Array:
        given = dict(zip(order, inputs, strict=True))
        return theirs(*[given[n] for n in range(len(inputs))])

    return compute


def _computed_by(ours: OperationDefinition, theirs: Callable[..., Array]) -> OperationDefinition:
    """Return our operation, computed by their function."""

    def compute(*inputs: Array, **_: Any) -> Array:
        return theirs(*inputs)

    compute.__name__, compute.__doc__ = ours.name, ours.compute.__doc__
    compute.__signature__ = inspect.signature(ours.compute)  # type: ignore[attr-defined]
    return replace(ours, compute=compute, unchecked=False)


def _own(word: str, count: int, theirs: Callable[..., Array], kind: OperationKind) -> OperationDefinition:
    """Return a definition for what is none of our operations."""
    measured = measuring(theirs)

    def gradient(op: EvaluatedOperation, grad: Array) -> list[Array | None]:
        """Measure the slope: the learner's own function is called a little to either side."""
        return [measured(list(op.inputs), n, grad) if op.needs[n] else None for n in range(count)]

    reason = f"It is computed by the script's own {kind.code.co_name}."
    return own_operation(word, count, theirs, gradient, reason, measured=True)
