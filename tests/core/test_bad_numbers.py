"""What is no number of ours, not finite, or out of range is refused where it is given."""

import math
import re
from decimal import Decimal

import numpy as np
import pytest

import minidl_core as dl

from .messages import message, says


@pytest.mark.parametrize("rate", ["fast", "0.1", None, np.nan, np.inf, 0, -0.1, [0.1, 0.2], 1j])
def test_a_learning_rate_that_is_not_a_positive_number(rate):
    expected = f"the learning rate must be a number above 0, not {rate!r}."
    assert message(dl.GraphError, lambda: dl.train.GradientDescentOptimizer(rate)) == expected
    optimizer = dl.train.GradientDescentOptimizer(0.1)
    assert message(dl.GraphError, lambda: setattr(optimizer, "learning_rate", rate)) == expected
    assert optimizer.learning_rate == 0.1


@pytest.mark.parametrize("value", [[[1, 2], [3]], "text", None, 1j, object()])
def test_a_variable_that_does_not_start_from_numbers(value):
    text = message(dl.GraphError, lambda: dl.Variable(value, name="w"))
    says(r"variable 'w' HERE: it is not an array of numbers: .*\.", text)


def test_rows_of_several_lengths():
    text = message(dl.GraphError, lambda: dl.Variable([[1.0, 2.0], [3.0]], name="w"))
    says(
        r"variable 'w' HERE: it is not an array of numbers: its rows differ in length; give each as many numbers\.",
        text,
    )


@pytest.mark.parametrize("make", [dl.Variable, dl.Constant])
def test_a_value_of_the_graph_that_is_not_finite(make):
    text = message(dl.NonFiniteError, lambda: make([1.0, np.nan], name="w"))
    says(r"(variable|constant) 'w' HERE: it holds nan in entry \[1\]; take it out of the data\.", text)


def test_numbers_that_float64_does_not_hold():
    says(
        r"variable 'w' HERE: it holds inf; take it out of the data\.",
        message(dl.NonFiniteError, lambda: dl.Variable(np.longdouble("1e4000"), name="w")),
    )


@pytest.mark.parametrize(
    ("number", "wrong"),
    [
        (2**64, "a whole number that is too long for 64 bits; write it as a float"),
        ([[1, 2], [3, -(2**63) - 1]], "a whole number that is too long for 64 bits; write it as a float"),
        (10**400, "a whole number that is too long for 64 bits; numbers end at 1.8e+308"),
        ([1.0, None], "NoneType, not real numbers"),
        (Decimal("0.1"), "Decimal, not real numbers"),
        (1j, "complex128, not real numbers"),
        ("3", 'text, not real numbers; float("3") is one'),
        (np.array([1, 2.5], object), "objects, not real numbers; array.astype(float) makes numbers of them"),
    ],
)
def test_what_is_no_number_of_ours_is_said_by_its_reason(number, wrong):
    x, w = dl.placeholder(name="x"), dl.Variable(1.0, name="w")
    session = dl.Session()
    expected = f"it is not an array of numbers: it holds {re.escape(wrong)}"
    says(rf"variable 'v' HERE: {expected}\.", message(dl.GraphError, lambda: dl.Variable(number, name="v")))
    says(rf"constant '.*' HERE: {expected}\.", message(dl.GraphError, lambda: dl.add(w, number)))
    said = message(dl.FeedError, lambda: session.run(x, {x: number}))
    says(rf"placeholder 'x' HERE: its feed is not an array of numbers: it holds {re.escape(wrong)}\.", said)


@pytest.mark.parametrize("number", [2**63, -(2**63), 2**64 - 1])
def test_a_whole_number_that_is_just_short_enough(number):
    w = dl.Variable(1.0)
    assert float(dl.Session().run(w * number)) == float(dl.Session().run(dl.Variable(number))) == float(number)


@pytest.mark.parametrize("number", [math.inf, math.nan])
@pytest.mark.parametrize("shape", [(), (2,)])
def test_a_number_given_to_a_variable_that_is_not_finite_is_refused_though_the_loss_is_right(number, shape):
    w = dl.Variable(np.ones(shape), name="w")
    loss = dl.reduce_sum(dl.where(w > 0.0, 1.0 / w, 0.0))
    step = dl.train.GradientDescentOptimizer(0.1).minimize(loss)
    session = dl.Session()
    for _ in range(2):
        for action in (
            lambda: session.run(loss),
            lambda: session.run(step),
            lambda: dl.Stepper(step, session=session).run(1),
            lambda: list(dl.Stepper(step, session=session).iteration()),
        ):
            session.variables[w] = np.full(shape, number)[()]
            session.variables[w].setflags(write=False)
            entry = r" in entry \[0\]" if shape else ""
            said = rf"variable 'w' HERE: it holds {number}{entry}; take it out of the data\."
            says(said, message(dl.NonFiniteError, action))
        del session.variables[w]
        for _ in range(4):
            session.run(step)  # so that the next time it is run by a list of calls
