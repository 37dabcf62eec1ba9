"""Every gradient, one operation at a time, against central differences and HIPS autograd."""

import copy
import warnings

import autograd
import numpy as np
import pytest

import minidl_core as dl
from minidl_core.definition import GradientRule, OperationDefinition, definitions
from minidl_core.gradients import _gradient_registry

from .reference import FLAT, OPERATIONS, build, central_differences, sample_arrays

CASES = [
    pytest.param(name, sample, id=f"{name}-{number}")
    for name in OPERATIONS
    for number, sample in enumerate(definitions[name].samples)
]


def _case(name, sample):
    """The arrays, and a loss with a weight of its own for every entry: in the engine and in the reference.

    An array that not any numbers will do for, such as an index, is a constant, and stands as None among the variables.
    """
    arrays, drawn, attributes = sample_arrays(definitions[name], sample, seed=7)
    rng = np.random.default_rng(8)
    weights = rng.uniform(0.5, 1.5, size=np.shape(OPERATIONS[name](*arrays, **attributes)))
    variables = [dl.Variable(array) if free else None for array, free in zip(arrays, drawn, strict=True)]
    inputs = [array if v is None else v for array, v in zip(arrays, variables, strict=True)]
    loss = dl.reduce_sum(dl.multiply(weights, build(name, inputs, attributes)))

    def reference(*arrays):
        return autograd.numpy.sum(weights * OPERATIONS[name](*arrays, **attributes))

    return arrays, variables, loss, reference


def test_every_operation_of_the_engine_is_compared():
    ours = {name for name, made in definitions.items() if made.compute.__module__.startswith("minidl_core.")}
    assert ours == set(OPERATIONS)


@pytest.mark.parametrize(("name", "sample"), CASES)
def test_the_gradient_is_that_of_autograd_and_of_central_differences(name, sample):
    arrays, variables, loss, reference = _case(name, sample)
    value = dl.Session().run(loss)
    gradients = dl.compute_gradient(loss)
    assert value == pytest.approx(reference(*arrays), rel=1e-13)
    free = tuple(i for i, variable in enumerate(variables) if variable is not None)
    exact = autograd.grad(reference, free)(*arrays)
    measured = central_differences(reference, arrays, free)
    for variable, by_autograd, by_differences in zip([variables[i] for i in free], exact, measured, strict=True):
        assert gradients[variable].shape == variable.shape
        np.testing.assert_allclose(gradients[variable], by_autograd, rtol=1e-11, atol=1e-13)
        np.testing.assert_allclose(gradients[variable], by_differences, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(("name", "sample"), CASES)
def test_the_slope_of_the_gradient_is_the_second_derivative_of_autograd(name, sample):
    arrays, variables, loss, reference = _case(name, sample)
    rng = np.random.default_rng(9)
    free = [i for i, variable in enumerate(variables) if variable is not None]
    directions = {i: rng.uniform(0.5, 1.5, size=arrays[i].shape) for i in free}

    def gradients(step):
        session = dl.Session()
        session.variables.update({variables[i]: arrays[i] + step * directions[i] for i in free})
        session.run(loss)
        found = dl.compute_gradient(loss, session)
        return [found[variables[i]] for i in free]

    def along(*inputs):
        exact = autograd.grad(reference, free)(*inputs)
        return sum(autograd.numpy.sum(g * directions[i]) for g, i in zip(exact, free, strict=True))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where it does not depend on an input at all, autograd says so
        exact = autograd.grad(along, free)(*arrays)
    for above, below, expected in zip(gradients(1e-5), gradients(-1e-5), exact, strict=True):
        np.testing.assert_allclose((above - below) / 2e-5, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("name", "sample"), [case for case in CASES if case.values[0] not in FLAT])
def test_a_gradient_that_nobody_needs_may_be_left_out_and_changes_no_other(name, sample):
    arrays, variables, loss, _ = _case(name, sample)
    dl.Session().run(loss)
    all_of_them = dl.compute_gradient(loss)
    attributes = sample_arrays(definitions[name], sample, seed=7)[2]
    for chosen, array in enumerate(arrays):
        if variables[chosen] is None:
            continue
        inputs = [dl.Variable(a) if i == chosen else dl.Constant(a) for i, a in enumerate(arrays)]
        weights = loss.inputs[0].inputs[0].initial_value
        partial = dl.reduce_sum(dl.multiply(weights, build(name, inputs, attributes)))
        session = dl.Session()
        session.run(dl.train.GradientDescentOptimizer(0.5).minimize(partial))
        expected = array - 0.5 * all_of_them[variables[chosen]]
        assert session.run(inputs[chosen]).tobytes() == expected.tobytes()


@pytest.mark.parametrize("name", list(OPERATIONS))
def test_a_planted_wrong_gradient_is_caught(name, monkeypatch):
    """The comparison above notices an error of 0.1 % in any gradient of any operation."""
    right = _gradient_registry[name]
    sample = definitions[name].samples[0]
    for input_index, free in enumerate(sample_arrays(definitions[name], sample, seed=7)[1]):
        if not free or name in FLAT:
            continue
        monkeypatch.setitem(_gradient_registry, name, right)

        def wrong(op, grad, input_index=input_index):
            gradients = list(right.function(op, grad))
            gradients[input_index] = gradients[input_index] * 1.001
            return gradients

        # the loss of `_case` multiplies and sums as well, so it is run before the gradient goes wrong
        arrays, variables, loss, reference = _case(name, sample)
        dl.Session().run(loss)
        monkeypatch.setitem(_gradient_registry, name, type(right)(wrong, right.formulas))
        gradient = dl.compute_gradient(loss)[variables[input_index]]
        (measured,) = central_differences(reference, arrays, (input_index,))
        assert not np.allclose(gradient, measured, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("logits", [1000.0, -1000.0, 1e308])
def test_softmax_does_not_overflow_however_large_its_input(logits):
    given = dl.Variable([[logits, 0.0], [logits, logits]])
    made = dl.softmax(given)
    larger = [1.0, 0.0] if logits > 0 else [0.0, 1.0]
    np.testing.assert_array_equal(dl.Session().run(made), [larger, [0.5, 0.5]])


def test_sigmoid_is_right_at_both_ends():
    given = dl.Variable([-1e308, -800.0, 0.0, 800.0, 1e308])
    loss = dl.reduce_sum(dl.sigmoid(given))
    session = dl.Session()
    np.testing.assert_array_equal(session.run(loss.inputs[0]), [0, 0, 0.5, 1, 1])
    session.run(loss)
    np.testing.assert_array_equal(dl.compute_gradient(loss)[given], [0, 0, 0.25, 0, 0])


def test_what_a_gradient_function_sees_can_be_copied():
    node = dl.reduce_sum(dl.Variable([1.0, 2.0]), axis=0)
    seen = dl.EvaluatedOperation(node, [np.ones(2)], np.float64(2.0), [True])
    copied = copy.copy(seen)
    assert (copied.operation, copied.output, copied.axis) == (node, 2.0, 0)
    with pytest.raises(AttributeError, match=r"reduce_sum 'reduce_sum' \(.*\) has no attribute 'axes'"):
        copied.axes  # noqa: B018


def test_an_operation_of_one_program_brings_its_own_gradient_rule():
    def relu(a, /):
        """Relu as somebody else wrote it."""
        return np.maximum(a, 0.0)

    theirs = GradientRule(lambda op, grad: [7.0 * grad], ("7·G",))
    made = OperationDefinition(relu, "Y = relu A", (), "relu A", True, False, False, None, (-2.0, 2.0), "", theirs)
    x = dl.Variable([1.0, 2.0])
    loss = dl.reduce_sum(dl.Operation(made, (x,)) + dl.relu(x))
    dl.Session().run(loss)
    assert dl.compute_gradient(loss)[x].tolist() == [8.0, 8.0]
