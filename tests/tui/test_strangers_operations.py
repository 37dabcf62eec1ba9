"""Operations of strangers are written out where their formulas can be read, and otherwise nothing is said."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import minidl_core as dl
from minidl_core.definition import definitions
from minidl_core.gradients import _gradient_registry
from tui_backprop.notation.entries import in_letters
from tui_backprop.notation.expression import UnreadableError

from .test_worked import Case, check


@pytest.fixture
def stranger() -> Iterator[Callable[..., None]]:
    """Define an operation and its gradient for one test."""
    made: list[str] = []

    def define(compute: Any, gradient: Any, formula: str, formulas: tuple[str, ...], **options: Any) -> None:
        made.append(compute.__name__)
        dl.operation(formula=formula, **options)(compute)
        dl.RegisterGradient(compute.__name__, formulas=formulas)(gradient)

    yield define
    for name in made:
        del definitions[name], _gradient_registry[name]


PAIRS = [((3, 2), (3, 2)), ((3, 2), (2,)), ((3, 1), (1, 2)), ((), ())]


def their_ratio(a: Any, b: Any, /) -> Any:
    """A quotient."""
    return a / b


def their_power(a: Any, b: Any, /) -> Any:
    """A power."""
    return a**b


def their_rectifier(a: Any, /) -> Any:
    """What is positive."""
    return np.maximum(a, 0)


def their_mean(a: Any, /, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean."""
    return np.mean(a, axis=axis, keepdims=keepdims)


def their_transposed(a: Any, /) -> Any:
    """Rows and columns exchanged."""
    return a.T


def their_double(a: Any, /) -> Any:
    """Twice."""
    return a + a


def their_scaled(a: Any, /, factor: float = 3.0) -> Any:
    """A multiple."""
    return factor * a


def _mean_gradient(op: Any, grad: Any) -> Any:
    shape = op.inputs[0].shape
    if op.axis is not None and not op.keepdims:
        grad = np.expand_dims(grad, op.axis)
    return [np.broadcast_to(grad, shape) / (np.prod(shape) / grad.size)]


STRANGERS: list[tuple[Any, Any, str, tuple[str, ...], dict[str, Any]]] = [
    (their_ratio, lambda op, g: [g / op.inputs[1], -g * op.inputs[0] / op.inputs[1] ** 2], "Y = A/B",
     ("G/B", "-G⊙A/B²"), {"samples": PAIRS, "elementwise": True, "domain": (0.5, 2)}),
    (their_power, lambda op, g: [g * op.inputs[1] * op.output / op.inputs[0], g * op.output * np.log(op.inputs[0])],
     "Y = A^B", ("G⊙B⊙A^(B - 1)", "G⊙Y⊙log A"), {"samples": PAIRS, "elementwise": True, "domain": (0.5, 2)}),
    (their_rectifier, lambda op, g: [g * (op.inputs[0] > 0)], "Y = max(0, A)", ("G⊙(A > 0)",),
     {"samples": [((3, 2),), ((),)], "elementwise": True}),
    (their_mean, _mean_gradient, "Y = Σ A / n", ("G/n",),
     {"samples": [((3, 2),), ((3, 2), {"axis": 0}), ((2, 3, 4), {"axis": (0, 2), "keepdims": True})]}),
    (their_transposed, lambda op, g: [g.T], "Y = Aᵀ", ("Gᵀ",),
     {"samples": [((3, 2),)], "element": "Y[i,j] = A[j,i]"}),
    (their_double, lambda op, g: [g + g], "Y = 2·A", ("2·G",), {"samples": [((3, 2),)]}),
    (their_scaled, lambda op, g: [op.factor * g], "Y = factor·A", ("factor·G",),
     {"samples": [((3, 2),), ((3, 2), {"factor": 0.5})], "elementwise": True}),
]  # fmt: skip


@pytest.mark.parametrize("made", STRANGERS, ids=lambda made: made[0].__name__)
def test_strangers_operations_are_written_out(stranger: Callable[..., None], made: Any) -> None:
    compute, gradient, formula, formulas, options = made
    stranger(compute, gradient, formula, formulas, **options)
    for sample in options["samples"]:
        case = Case(compute.__name__, sample, seed=5)
        for worked in [*case.values(), *case.contributions()]:
            check(worked)


@pytest.mark.parametrize(
    ("formula", "formulas"),
    [
        ("Y = A - A", ("G",)),  # wrong
        ("Y = the double of A", ("the double of G",)),  # not a formula
        ("Y = A·A + A·A", ("Aᵀ·G",)),  # may be a product of matrices
        ("Y = ", ()),
        ("", ("", "")),
        ("Y = Σ A", ("Σ G",)),  # a sum over what?
        ("Y = q·A", ("q·G",)),  # nobody knows q
        ("Y = exp(A", ("G[i,j]",)),
        ("Y = max(A)", ("tanh(G, A)",)),
    ],
)
def test_what_cannot_be_known_is_not_said(stranger: Callable[..., None], formula: str, formulas: Any) -> None:
    stranger(their_double, lambda op, g: [g + g], formula, formulas, samples=[((3, 3),)])
    case = Case("their_double", ((3, 3),), seed=5)
    for worked in [*case.values(), *case.contributions()]:
        assert worked.tree is None
        assert worked.symbols == ""
        [text], sign = worked.steps
        assert sign == "="
        assert float(text) == pytest.approx(worked.value, rel=1e-3)
    with pytest.raises(UnreadableError):
        in_letters(case.op, 0, case.inputs, case.output)


def test_without_a_gradient_function_nothing_is_said(stranger: Callable[..., None]) -> None:
    stranger(their_double, lambda op, g: [g + g], "Y = 2·A", ("2·G",), samples=[((3, 3),)])
    case = Case("their_double", ((3, 3),), seed=5)
    kept = _gradient_registry.pop("their_double")
    assert all(worked.tree is None for worked in case.contributions())
    _gradient_registry["their_double"] = kept
