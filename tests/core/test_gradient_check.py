"""The gradient check finds an error of 0.1 %, names it, and does not cry wolf."""

import re
from random import Random

import numpy as np
import pytest

import minidl_core as dl
from minidl_core.definition import GradientRule, definitions
from minidl_core.gradient_check import check_evaluation
from minidl_core.gradients import _gradient_registry

from .random_graphs import random_recipe
from .reference import FLAT, OPERATIONS, build, sample_arrays

_SLOTS = [
    (name, input_index)
    for name in OPERATIONS
    if name not in FLAT
    for input_index, free in enumerate(sample_arrays(definitions[name], definitions[name].samples[0], seed=11)[1])
    if free
]


def test_both_numbers_and_both_errors_are_there():
    w = dl.Variable([[1.0, 2.0], [3.0, 4.0]], name="w")
    loss = dl.reduce_sum(dl.square(w))
    dl.Session().run(loss)
    checks = dl.check_gradient(loss, w)
    assert [check.entry for check in checks] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert [check.gradient for check in checks] == [2, 4, 6, 8]
    for check in checks:
        assert check.measured == pytest.approx(check.gradient, rel=1e-9)
        assert check.absolute_error == abs(check.gradient - check.measured)
        assert check.relative_error < 1e-9
        assert check.verdict == "agrees"
        assert check.agrees
    (chosen,) = dl.check_gradient(loss, w, [(1, 0)])
    assert re.fullmatch(r"w\[1, 0\]: gradient 6, measured 6, off by \S+ \(0\.00%\): they agree\.", str(chosen))


def test_every_node_that_leads_to_the_loss_can_be_checked():
    x = dl.placeholder(name="x")
    middle = dl.tanh(x * [1.0, 2.0])
    loss = dl.reduce_mean(middle**2)
    dl.Session().run(loss, {x: [0.3, -0.4]})
    for node in (x, middle, loss, loss.inputs[0]):
        assert all(check.verdict == "agrees" for check in dl.check_gradient(loss, node))


def test_nothing_is_disturbed_by_a_check():
    w = dl.Variable([0.5, 2.0])
    loss = dl.reduce_sum(dl.sigmoid(w) * w)
    session = dl.Session()
    before = session.run(loss)
    table = {node: gradient.tobytes() for node, gradient in dl.compute_gradient(loss).items()}
    dl.check_gradient(loss, w)
    assert {node: gradient.tobytes() for node, gradient in dl.compute_gradient(loss).items()} == table
    assert session.run(loss) == before
    assert session.run(w).tolist() == [0.5, 2.0]


def test_on_random_graphs_it_never_cries_wolf():
    """benchmarks/gradient_check.py does the same for 10,000 of them."""
    checked = 0
    for seed in range(120):
        nodes, _ = random_recipe(Random(seed)).build()
        loss = nodes[-1]
        dl.Session().run(loss)
        for node in dl.compute_gradient(loss):
            checks = dl.check_gradient(loss, node)
            assert all(check.agrees for check in checks), (seed, *map(str, checks))
            checked += len(checks)
    assert checked > 2_000


@pytest.mark.parametrize(("name", "input_index"), _SLOTS)
@pytest.mark.parametrize("factor", [1.001, 0.999, -1.0, 0.0])
def test_an_error_of_a_thousandth_is_found_and_named(monkeypatch, name, input_index, factor):
    right = _gradient_registry[name]

    def wrong(op, grad):
        gradients = [*right.function(op, grad)]
        gradients[input_index] = gradients[input_index] * factor
        return gradients

    made = definitions[name]
    sample = made.samples[0]
    arrays, _, attributes = sample_arrays(made, sample, seed=11)
    variables = [dl.Variable(array, name=f"x{i}") for i, array in enumerate(arrays)]
    node = build(name, variables, {**attributes, "name": "suspect"})
    loss = dl.log(dl.reduce_sum(dl.exp(dl.multiply(dl.tanh(node), 0.7)), name="total"))
    dl.Session().run(loss)
    assert all(check.agrees for check in dl.check_gradient(loss, variables[input_index]))

    if name in {"log", "reduce_sum", "exp", "multiply", "tanh"}:
        return  # these stand further down in this graph, too
    monkeypatch.setitem(_gradient_registry, name, GradientRule(wrong, right.formulas))
    dl.Session().run(loss)
    checks = dl.check_gradient(loss, variables[input_index])
    felt = [check for check in checks if check.measured]  # relu has none where it is flat
    assert felt
    for check in felt:
        assert check.verdict == "differs"
        assert check.relative_error == pytest.approx(abs(1 - factor) / max(1, abs(factor)), rel=1e-3)
        assert f"{name} 'suspect' (" in check.reason
        assert f"is wrong for its input {input_index}, x{input_index}." in check.reason


def test_a_kink_is_called_a_kink():
    x = dl.Variable([0.0, 1.0, -1.0], name="x")
    loss = dl.reduce_sum(dl.relu(x) * [3.0, 1.0, 1.0])
    dl.Session().run(loss)
    at_kink, above, below = dl.check_gradient(loss, x)
    assert (at_kink.verdict, at_kink.gradient, at_kink.agrees) == ("kink", 0.0, True)
    assert at_kink.reason == "the loss has a kink here: its slope is 0 on one side and 3 on the other."
    assert (above.verdict, above.gradient) == ("agrees", 1.0)
    assert (below.verdict, below.gradient, below.measured) == ("agrees", 0.0, 0.0)


def test_a_kink_nearby_does_not_deceive_it():
    x = dl.Variable([1e-3, -1e-3, 1e-6, 1.0], name="x")
    loss = dl.reduce_sum(dl.relu(x))
    dl.Session().run(loss)
    assert [check.verdict for check in dl.check_gradient(loss, x)] == ["agrees"] * 4


def test_a_wrong_slope_at_a_kink_is_still_wrong(monkeypatch):
    monkeypatch.setitem(
        _gradient_registry, "relu", GradientRule(lambda op, grad: [grad * np.where(op.inputs[0] >= 0, 2.0, 0.0)], ())
    )
    x = dl.Variable([0.0], name="x")
    loss = dl.reduce_sum(dl.relu(x))
    dl.Session().run(loss)
    assert [check.verdict for check in dl.check_gradient(loss, x)] == ["differs"]


def test_what_disappears_in_rounding_is_not_called_wrong():
    x = dl.Variable([1e-9], name="x")
    loss = dl.reduce_sum(x * 1e-12) + 1e6
    dl.Session().run(loss)
    (check,) = dl.check_gradient(loss, x)
    assert check.verdict == "too small"
    assert check.uncertainty > abs(check.gradient)


def test_large_values_that_cancel_do_not_deceive_it():
    x = dl.Variable([0.3], name="x")
    loss = dl.reduce_sum((x * 1e8 + x) - x * 1e8)
    dl.Session().run(loss)
    (check,) = dl.check_gradient(loss, x)
    assert check.agrees


@pytest.mark.parametrize("size", [1e-12, 1e-6, 1.0, 1e6, 1e12])
def test_the_step_follows_the_size_of_what_is_nudged(size):
    x = dl.Variable([size, 2 * size], name="x")
    loss = dl.reduce_sum(dl.log(x))
    dl.Session().run(loss)
    for check in dl.check_gradient(loss, x):
        assert check.verdict == "agrees"
        assert check.relative_error < 1e-7


@pytest.mark.parametrize("size", [1e-200, 1e-170, 1e-160, 1e-150, 1e-100, 1e100, 1e150, 1e160, 1e300])
@pytest.mark.parametrize("shape", [(), (3,)])
def test_numbers_whose_squares_are_no_numbers_are_checked(size, shape):
    """The checker's own arithmetic neither overflows nor takes what was rounded to 0 for a wrong gradient."""
    x = dl.Variable(np.full(shape, size), name="x")
    loss = dl.reduce_sum(dl.relu(x))
    dl.Session().run(loss)
    for check in dl.check_gradient(loss, x):
        assert (check.verdict, check.measured) == ("agrees", pytest.approx(1.0))
    if size <= 1e150:
        loss = dl.reduce_sum(dl.square(x))
        dl.Session().run(loss)
        for check in dl.check_gradient(loss, x):
            assert check.agrees, check
            assert check.verdict == "agrees" or size < 1e-150


@pytest.mark.parametrize("size", [1e-100, 1e-5, 1.0, 1e5, 1e100])
def test_a_wrong_gradient_is_found_whatever_the_size(size, monkeypatch):
    right = _gradient_registry["square"]
    wrong = GradientRule(lambda op, grad: [1.01 * right.function(op, grad)[0]], right.formulas)
    monkeypatch.setitem(_gradient_registry, "square", wrong)
    x = dl.Variable([size, -2 * size], name="x")
    loss = dl.reduce_sum(dl.square(x))
    dl.Session().run(loss)
    for check in dl.check_gradient(loss, x):
        assert check.verdict == "differs"
        assert "The gradient function of square" in check.reason


def test_an_evaluation_that_is_not_the_last_one_can_be_checked():
    x = dl.Variable(3.0, name="x")
    loss = dl.square(x)
    session = dl.Session()
    session.run(loss)
    evaluation = session.evaluations[loss]
    session.variables[x] = 5.0
    session.run(loss)
    checks = [*check_evaluation(evaluation, loss, x), *dl.check_gradient(loss, x)]
    assert [check.gradient for check in checks] == [6.0, 10.0]


def test_mistakes_in_the_question():
    x, alone = dl.Variable([1.0, 2.0], name="x"), dl.Variable(1.0, name="alone")
    loss = dl.reduce_sum(x, name="J")
    with pytest.raises(
        dl.GraphError, match=r"reduce_sum 'J' .* it has not been run yet; .*session\.run\(J, feed_dict\)"
    ):
        dl.check_gradient(loss, x)
    dl.Session().run(loss)
    with pytest.raises(
        dl.GraphError, match=r"variable 'alone' .* it does not lead to J, so there is no gradient to check"
    ):
        dl.check_gradient(loss, alone)
    for entry in ((2,), (-1,), (0, 0), ()):
        with pytest.raises(dl.GraphError, match=r"variable 'x' .* it is \(2,\) and has no entry"):
            dl.check_gradient(loss, x, [entry])


@pytest.mark.parametrize(
    ("operation", "number", "verdict"),
    [
        (dl.square, 1e-160, "too small"),
        (dl.square, 1e-150, "agrees"),
        (dl.square, 1e150, "agrees"),
        (dl.relu, 1e160, "agrees"),
        (dl.relu, 1.7e308, "agrees"),
        (dl.relu, 1e-160, "agrees"),
        (dl.relu, 1e-323, "too small"),
        (dl.norm, 1e200, "agrees"),
        (dl.norm, 1e-170, "agrees"),
    ],
)
def test_numbers_near_the_ends_of_all_numbers_are_measured_or_said_to_be_too_small(operation, number, verdict):
    x = dl.Variable([number], name="x")
    loss = dl.reduce_sum(operation(x))
    dl.Session().run(loss)
    (check,) = dl.check_gradient(loss, x)
    assert check.verdict == verdict
    assert "nan" not in str(check)
