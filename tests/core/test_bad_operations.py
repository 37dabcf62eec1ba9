"""Whoever writes an operation or its gradient wrongly is told which one, where it was written, and the remedy."""

import re
from types import SimpleNamespace

import numpy as np
import pytest

import minidl_core as dl
from minidl_core import gradients as registry
from minidl_core.definition import definitions

from .messages import message, says


def test_an_operation_called_in_the_wrong_way():
    x = dl.Variable([1.0], name="x")
    wrong = [
        (lambda: dl.add(x), "add takes (a, b, name=None): missing a required argument: 'b'."),
        (lambda: dl.add(x, x, x), "add takes (a, b, name=None): too many positional arguments."),
        (lambda: dl.add(x, x, axis=1), "add takes (a, b, name=None): got an unexpected keyword argument 'axis'."),
        (lambda: dl.softmax(x, 0, 0), "softmax takes (a, axis=-1, name=None): too many positional arguments."),
        (
            lambda: dl.softmax(x, 0, axis=0),
            "softmax takes (a, axis=-1, name=None): multiple values for argument 'axis'.",
        ),
    ]
    for action, expected in wrong:
        says(rf"(\w+) '\1' HERE: {re.escape(expected)}", message(dl.GraphError, action))


def test_an_operation_defined_without_inputs():
    def define():
        @dl.operation(formula="Y = A")
        def forgotten_slash(a):
            """A."""
            return a

    says(
        r"operation forgotten_slash has no inputs; write them before a slash: def forgotten_slash\(a, /\)\.",
        message(dl.GraphError, define),
    )


@pytest.mark.parametrize("name", ["name", "inputs", "output", "needs", "operation"])
def test_an_attribute_that_is_called_what_means_something_else(name):
    made = {}
    exec(f"def scaled(a, /, {name}=3.0): return a * {name}", made)
    says(
        rf"operation scaled cannot have an attribute called {name}: .*\b{name}\b.*; call it differently\.",
        message(dl.GraphError, lambda: dl.operation(formula="Y = 3·A")(made["scaled"])),
    )
    assert "scaled" not in definitions


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        (lambda a: (a[0], a[2]), "IndexError: tuple index out of range"),
        (lambda a: a.shape, "AttributeError: 'tuple' object has no attribute 'shape'"),
        (lambda a: (a[0], 1.5), "TypeError: 'float' object cannot be interpreted as an integer"),
        (lambda a: a[0], "TypeError: 'int' object is not iterable"),
    ],
)
def test_a_shape_function_that_raises_or_returns_no_shape(shape, said):
    @dl.operation(formula="Y = Σ A", shape=shape)
    def summed(a, /):
        """The rows of A are added up."""
        return a.sum(axis=2)

    x, y = dl.Variable([[1.0]], name="x"), dl.placeholder(name="y")
    feeds = {y: [[1.0]]}
    for name, way in {"x": lambda: summed(x), "y": lambda: dl.Session().run(summed(y), feeds)}.items():
        says(
            rf"summed '\w+' HERE: {name} is \(1,1\); its shape function raised {said}\.",
            message(dl.ShapeError, way),
        )


@pytest.fixture
def stranger(monkeypatch):
    """An operation in a user's file, `twice`, whose gradient function each test plants."""
    monkeypatch.setattr(registry, "_gradient_registry", dict(registry._gradient_registry))

    @dl.operation(formula="Y = 2·A", samples=[((2,),)])
    def twice(a, /):
        """Twice A."""
        return a + a

    x = dl.Variable([1.0, 2.0], name="x")
    loss = dl.reduce_sum(twice(x, name="t"), name="J")

    def failures(kind):
        """The messages of every way to train and to differentiate; they must be the same one."""
        step = dl.train.GradientDescentOptimizer(0.1).minimize(loss)
        dl.Session().run(loss)
        ways = (
            lambda: dl.Session().run(step),
            lambda: dl.Stepper(step).run(1),
            lambda: list(dl.Stepper(step).iteration()),
            lambda: dl.compute_gradient(loss),
        )
        (said,) = {message(kind, way) for way in ways}
        return said

    yield SimpleNamespace(failures=failures, loss=loss)
    del definitions["twice"]


def test_a_gradient_function_that_is_missing(stranger):
    says(
        r"twice 't' HERE: no gradient function is registered; write one under @RegisterGradient\(\"twice\"\)\.",
        stranger.failures(dl.GradientError),
    )


def test_a_gradient_function_that_raises(stranger):
    @dl.RegisterGradient("twice")
    def broken(op, grad):
        return [grad[7]]

    says(
        r"twice 't' HERE: its gradient function HERE raised IndexError: index 7 is out of bounds .*",
        stranger.failures(dl.GradientError),
    )


def test_a_gradient_function_that_asks_for_an_attribute_that_is_not_there(stranger):
    dl.RegisterGradient("twice")(lambda op, grad: [grad * op.axis])
    says(
        r"twice 't' HERE: its gradient function HERE raised AttributeError: twice 't' HERE has no attribute 'axis'",
        stranger.failures(dl.GradientError),
    )


@pytest.mark.parametrize(("returned", "count"), [([], 0), ([1.0, 2.0], 2)])
def test_a_gradient_function_that_returns_the_wrong_number(stranger, returned, count):
    dl.RegisterGradient("twice")(lambda op, grad: returned)
    says(
        rf"twice 't' HERE: its gradient function HERE returned {count} gradients for 1 input; "
        r"return a list with one for each input\.",
        stranger.failures(dl.GradientError),
    )


@pytest.mark.parametrize(
    ("wrong", "shape"), [(lambda grad: [np.ones((2, 2))], "(2,2)"), (lambda grad: grad.sum(), "()")]
)
def test_a_gradient_function_that_returns_the_wrong_shape(stranger, wrong, shape):
    dl.RegisterGradient("twice")(lambda op, grad: wrong(grad))
    says(
        rf"twice 't' HERE: its gradient function HERE returned {re.escape(shape)} for its input x, which is \(2,\); "
        r"a gradient has its input's shape\.",
        stranger.failures(dl.GradientError),
    )


@pytest.mark.parametrize("wrong", [None, "text", [[1], [2, 3]], 1j])
def test_a_gradient_function_that_returns_no_numbers(stranger, wrong):
    dl.RegisterGradient("twice")(lambda op, grad: [wrong])
    says(
        r"twice 't' HERE: its gradient function HERE returned \w+ for its input x; return an array of numbers\.",
        stranger.failures(dl.GradientError),
    )


def test_an_operation_whose_name_is_taken():
    def define():
        @dl.operation(formula="Y = A")
        def relu(a, /):
            """A."""
            return a

    assert (
        message(dl.GraphError, define)
        == "minidl_core.operations.curves has an operation relu already; name yours differently."
    )


def test_a_gradient_function_registered_again_is_taken_by_those_who_have_trained_already(stranger):
    dl.RegisterGradient("twice", formulas=("2·G",))(lambda op, grad: [2.0 * grad])
    w = stranger.loss.inputs[0].inputs[0]
    step = dl.train.GradientDescentOptimizer(1.0).minimize(stranger.loss)
    session, fast, stepping = dl.Session(), dl.Stepper(step), dl.Stepper(step)
    session.run(step)
    fast.run(1)
    assert list(stepping.iteration())
    dl.RegisterGradient("twice", formulas=("3·G",))(lambda op, grad: [3.0 * grad])
    session.run(step)
    assert dl.compute_gradient(stranger.loss, session)[w].tolist() == [3.0, 3.0]
    fast.run(1)
    assert list(stepping.iteration())
    for each in (session, fast.session, stepping.session):
        assert each.run(w).tolist() == [-4.0, -3.0]
    assert registry.gradient_rule(stranger.loss.inputs[0]).formula_for(0) == "3·G"
