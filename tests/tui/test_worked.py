"""A worked element: right for every operation, adds up as it is shown, and silent where it cannot know."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minidl_core as dl
from minidl_core.definition import definitions
from minidl_core.gradients import EvaluatedOperation, gradient_rule, input_gradients
from tui_backprop.notation.entries import in_letters
from tui_backprop.notation.expression import UnreadableError, evaluate, parse
from tui_backprop.notation.indexes import affine, index_at
from tui_backprop.notation.worked import Worked, count, worked_contribution, worked_value

from ..core.reference import sample_arrays

OURS = [name for name, made in definitions.items() if made.compute.__module__.startswith("minidl_core.")]
SAMPLES = [(name, sample) for name in OURS for sample in definitions[name].samples]


def is_readable(name: str, sample: Any) -> bool:
    """Whether the formula says all: not where entries are counted row by row, nor of what is no probability."""
    return name != "cross_entropy" and (name != "cumsum" or isinstance(sample[-1], dict))


MOST = 12
"""Of no more than so many elements of a sample each number is read back."""
READABLE = [each for each in SAMPLES if is_readable(*each)]
UNREADABLE = [each for each in SAMPLES if not is_readable(*each)]


class Case:
    """One operation with numbers: its arrays, and every element of value and gradients worked out."""

    def __init__(self, name: str, sample: Any, seed: int, scale: float = 1.0, same: bool = False) -> None:
        definition = definitions[name]
        arrays, drawn, attributes = sample_arrays(definition, sample, seed)
        if definition.takes_list:
            definition = definition.for_count(len(arrays))
        rng = np.random.default_rng(seed)
        self.inputs = [array * scale if free else array for array, free in zip(arrays, drawn, strict=True)]
        with dl.Graph().as_default():
            nodes = [dl.Variable(array, name="PQR"[input_index]) for input_index, array in enumerate(self.inputs)]
            if same:
                nodes[1:] = nodes[:1] * (len(nodes) - 1)
                self.inputs = [self.inputs[0]] * len(nodes)
            self.op = dl.Operation(definition, tuple(nodes), attributes, "out")
        self.output = np.asarray(definition.compute(*self.inputs, **attributes))
        self.grad = np.asarray(rng.normal(size=self.output.shape))
        op = EvaluatedOperation(self.op, self.inputs, self.output, [True] * len(self.inputs))
        self.gradients = input_gradients(gradient_rule(self.op), op, self.grad)

    def values(self) -> Iterator[Worked]:
        for index in np.ndindex(self.output.shape):
            yield worked_value(self.op, self.inputs, self.output, index)

    def contributions(self) -> Iterator[Worked]:
        for input_index, gradient in enumerate(self.gradients):
            for index in np.ndindex(gradient.shape):
                yield worked_contribution(self.op, input_index, self.inputs, self.output, self.grad, gradient, index)


def read_back(text: str) -> float:
    """Compute what a reader sees."""
    return float(evaluate(parse(text.replace(")(", ")·("))))


def check(worked: Worked) -> None:
    assert worked.tree is not None, worked.target
    np.testing.assert_allclose(float(evaluate(worked.tree).item()), worked.value, rtol=1e-9, atol=1e-9)
    if worked.long_sum is not None:
        return
    steps, sign = worked.steps
    result = Decimal(steps[-1])
    unit = Decimal(1).scaleb(int(result.as_tuple().exponent)) * Decimal("0.5001")
    assert abs(Decimal(worked.value) - result) <= unit
    if sign == "=":
        for step in steps:
            assert abs(Decimal(read_back(step)) - result) <= unit, (worked.symbols, steps)


@pytest.mark.parametrize(("name", "sample"), UNREADABLE)
def test_what_a_formula_does_not_say_is_not_written_out(name: str, sample: Any) -> None:
    case = Case(name, sample, seed=7)
    for worked, number in zip(case.values(), case.output.flat, strict=True):
        assert worked.tree is None or float(evaluate(worked.tree).item()) == pytest.approx(number)
        assert worked.value == number


@pytest.mark.parametrize(("name", "sample"), READABLE)
def test_every_element_of_our_operations_is_written_out(name: str, sample: Any) -> None:
    case = Case(name, sample, seed=7)
    for elements in (case.values(), case.contributions()):
        each = list(elements)
        for worked in each[:: 1 + len(each) // MOST]:
            check(worked)
            assert worked.steps[1] == "="


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(READABLE), st.integers(0, 2**32), st.sampled_from((1e-4, 1e-2, 1.0, 30.0)), st.data())
def test_what_is_shown_adds_up(sample: Any, seed: int, scale: float, data: st.DataObject) -> None:
    case = Case(*sample, seed=seed, scale=scale)
    worked = data.draw(st.sampled_from([*case.values(), *case.contributions()]))
    check(worked)


def test_the_numbers_of_the_screen() -> None:
    with dl.Graph().as_default():
        x, w = dl.placeholder((1, 2), name="X"), dl.Variable([[0.2229, -0.0839], [-1.0751, -0.7274]], name="W")
        op = dl.matmul(x, w)
    inputs = [np.array([[0.9208, 1.8469]]), w.initial_value]
    worked = worked_value(op, inputs, inputs[0] @ inputs[1], (0, 0))
    assert worked.symbols == "X[0,0]·W[0,0] + X[0,1]·W[1,0]"
    assert worked.steps == (["(0.9208)(0.2229) + (1.8469)(-1.0751)", "0.2052 - 1.9856", "-1.780"], "=")


def scalars(build: Callable[..., dl.Operation], *numbers: float) -> Worked:
    with dl.Graph().as_default():
        op = build(
            *(dl.Variable(number, name="abc"[input_index]) for input_index, number in enumerate(numbers)), name="y"
        )
    inputs = [np.asarray(number, dtype=float) for number in numbers]
    return worked_value(op, inputs, np.asarray(op.definition.compute(*inputs)), ())


@pytest.mark.parametrize(
    ("build", "numbers", "symbols", "steps"),
    [
        (dl.add, (2, -3), "a + b", ["2 - 3", "-1"]),
        (dl.subtract, (2, -3), "a - b", ["2 - (-3)", "5"]),
        (dl.multiply, (-1.5, 4), "a·b", ["(-1.5)(4)", "-6"]),
        (dl.negative, (96.9512,), "-a", ["-96.95", ]),
        (dl.negative, (-96.9512,), "-a", ["-(-96.95)", "96.95"]),
        (dl.square, (-1.5,), "a²", ["(-1.5)²", "2.25"]),
        (dl.log, (0,), "log a", ["log 0", "-inf"]),
        (dl.sigmoid, (2,), "1 / (1 + exp(-a))", ["1 / (1 + exp(-2))", "1 / (1 + 0.1353)", "1/1.1353", "0.8808"]),
    ],
)  # fmt: skip
def test_single_numbers(build: Callable[..., dl.Operation], numbers: Any, symbols: str, steps: list[str]) -> None:
    with np.errstate(all="ignore"):
        worked = scalars(build, *numbers)
    assert (worked.target, worked.symbols) == ("y", symbols)
    assert worked.steps == (steps, "=")


@pytest.mark.parametrize(
    ("name", "sample", "index", "symbols"),
    [
        ("conv2d", ((1, 1, 4, 4), (1, 1, 2, 2)), (0, 0, 1, 2), "P[0,0,1,2]·Q[0,0,0,0] + P[0,0,1,3]·Q[0,0,0,1]"),
        ("conv2d", ((1, 3, 9, 9), (1, 3, 3, 3), {"stride": 2, "padding": 1}), (0, 0, 0, 2),
         "Σ P[0,c,h,3+w]·Q[0,c,1+h,w]"),
        ("max_pool", ((1, 1, 4, 4),), (0, 0, 1, 0), "max(P[0,0,2,0], P[0,0,2,1], P[0,0,3,0], P[0,0,3,1])"),
        ("max_pool", ((1, 1, 6, 6), {"size": 3}), (0, 0, 1, 0), "max P[0,0,3+h,w]"),
        ("reduce_max", ((2, 9), {"axis": 1}), (1,), "max P[1,j]"),
        ("argmax", ((2, 9), {"axis": 1}), (1,), "argmax P[1,j]"),
        ("einsum", ((2, 3, 9), (2, 5, 9), {"subscripts": "bqd,bkd->bqk"}), (1, 2, 4), "Σ P[1,2,d]·Q[1,4,d]"),
        ("matmul", ((2, 1, 3, 9), (5, 9, 2)), (1, 4, 2, 0), "Σ P[1,0,2,k]·Q[4,k,0]"),
        ("cumsum", ((3, 2), {"axis": 0}), (1, 0), "P[0,0] + P[1,0]"),
        ("cross_entropy", ((2, 3), np.array([2.0, 0.0])), (0,), "-log softmax P[0,2]"),
    ],
)  # fmt: skip
def test_an_index_that_is_computed(name: str, sample: Any, index: tuple[int, ...], symbols: str) -> None:
    case = Case(name, sample, seed=3)
    worked = worked_value(case.op, case.inputs, case.output, index)
    check(worked)
    assert worked.symbols.startswith(symbols)


def test_the_contributions_of_a_convolution_and_of_cross_entropy() -> None:
    case = Case("conv2d", ((2, 1, 9, 9), (3, 1, 3, 3), {"stride": 2, "padding": 1}), seed=3)
    for input_index, index, symbols in ((0, (1, 0, 3, 4), "Σ G[1,k,1+i,2]·Q[k,0,2-2i,1]"),
                                        (1, (1, 0, 0, 2), "Σ P[n,0,1+2i,1+2j]·G[n,1,1+i,j]")):  # fmt: skip
        given = case.inputs, case.output, case.grad, case.gradients[input_index], index
        worked = worked_contribution(case.op, input_index, *given)
        check(worked)
        assert worked.symbols == symbols
    for classes in (np.array([2.0, 0.0]), np.array([[0.0, 0.25, 0.75], [1.0, 0.0, 0.0]])):
        case = Case("cross_entropy", ((2, 3), classes), seed=3)
        given = case.inputs, case.output, case.grad, case.gradients[0], (0, 2)
        worked = worked_contribution(case.op, 0, *given)
        check(worked)
        assert worked.symbols == "G[0]·(softmax P[0,2] - onehot Q[0,2])"


def test_a_tie_shares_what_no_formula_says() -> None:
    case = Case("max_pool", (np.zeros((1, 1, 2, 2)),), seed=3)
    assert all(worked.tree is None for worked in case.contributions())


@pytest.mark.parametrize("text", ["i+", "2", "ij", "i*2", "+", "-1"])
def test_an_index_is_read_as_it_is_meant_or_refused(text: str) -> None:
    if text in ("2", "-1"):
        assert affine(text).index == int(text)
        return
    with pytest.raises(UnreadableError):
        affine(text)


@pytest.mark.parametrize("text", ["h", "2+h", "2i+h", "5-2i", "-i", "1+i-j"])
def test_an_index_survives_reading_and_writing(text: str) -> None:
    assert affine(text).index == text
    assert index_at(text, {"h": 1, "i": 2, "j": 3}) == eval(
        re.sub(r"(\d)([a-z])", r"\1*\2", text), {"h": 1, "i": 2, "j": 3}
    )


def test_cancellation_is_not_called_equal() -> None:
    assert scalars(dl.subtract, 0.1 + 0.2, 0.3).steps[1] == "≈"


def test_a_weight_gets_a_long_sum() -> None:
    case = Case("matmul", ((30, 2), (2, 3)), seed=1)
    worked = worked_contribution(case.op, 1, case.inputs, case.output, case.grad, case.gradients[1], (1, 2))
    assert worked.symbols == "Σ P[i,1]·G[i,2]"
    assert worked.long_sum is not None
    assert count(worked.long_sum) == 30


def test_a_broadcast_input_gets_a_sum() -> None:
    case = Case("multiply", ((30, 2), (2,)), seed=1)
    worked = worked_contribution(case.op, 1, case.inputs, case.output, case.grad, case.gradients[1], (1,))
    assert worked.symbols == "Σ G[i,1]·P[i,1]"
    assert in_letters(case.op, 1, case.inputs, case.output) == ("out[i,j] = P[i,j]·Q[j]", "Q[j]")


def test_the_same_node_in_both_inputs() -> None:
    for name, shapes in (("matmul", ((3, 3), (3, 3))), ("multiply", ((2, 2), (2, 2)))):
        case = Case(name, shapes, seed=3, same=True)
        for worked in [*case.values(), *case.contributions()]:
            check(worked)


def test_softmax_is_written_as_it_is_computed_shifted_so_that_nothing_overflows() -> None:
    with dl.Graph().as_default():
        op = dl.softmax(dl.Variable([[1000.0, 999.0]], name="a"))
    inputs = [np.array([[1000.0, 999.0]])]
    worked = worked_value(op, inputs, op.definition.compute(*inputs, axis=-1), (0, 0))
    texts, sign = worked.steps
    assert (texts[0], texts[-1], sign) == ("exp(1000 - 1000) / (exp(1000 - 1000) + exp(999 - 1000))", "0.7311", "=")
