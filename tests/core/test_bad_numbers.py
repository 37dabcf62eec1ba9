"""What is no number of ours, not finite, or not whole is refused where it is given."""

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


@pytest.mark.parametrize("make", [dl.Variable, dl.Constant])
def test_a_value_of_the_graph_that_is_not_finite(make):
    text = message(dl.NonFiniteError, lambda: make([1.0, np.nan], name="w"))
    says(r"(variable|constant) 'w' HERE: it holds nan in entry \[1\]; take it out of the data\.", text)


def test_a_value_given_to_a_variable_is_copied_and_checked(line):
    step = dl.train.GradientDescentOptimizer(0.1).minimize(line.J)
    feeds = {line.x: [[1, 2]]}
    given = np.array([[3.0], [4.0]])
    for value in ([[3], [4]], given):
        line.session.variables[line.w] = value
        kept = line.session.run([line.w, line.J], feeds)
        given[0, 0] = 5.0
        assert kept[0].tolist() == [[3.0], [4.0]]
        given[0, 0] = 3.0
        line.session.run(step, feeds)
    actions = (
        lambda: line.session.run(line.J, feeds),
        lambda: dl.Stepper(step, feeds, line.session).run(1),
        lambda: list(dl.Stepper(step, feeds, line.session).iteration()),
    )
    for action in actions:
        line.session.variables[line.w] = [1.0, 2.0]
        says(r"variable 'w' HERE: the value given to it is \(2,\), but it is \(2,1\)\.", message(dl.ShapeError, action))
        line.session.variables[line.w] = ["one", "two"]
        says(
            r"variable 'w' HERE: the value given to it is not an array of numbers: it holds <U3, not real numbers\.",
            message(dl.GraphError, action),
        )


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


def test_an_array_with_masked_entries_is_refused_on_both_sides_of_an_operator(line):
    masked = np.ma.masked_array([[1.0, 2.0]], mask=[[False, True]])
    for action in (lambda: masked @ line.w, lambda: line.w * masked, lambda: line.w - masked):
        says(
            r"constant '.*' HERE: it is not an array of numbers: some of its entries are masked; give them a number, "
            r"as in array\.filled\(0\.0\)\.",
            message(dl.GraphError, action),
        )
    says(r".*: no array can be made of it until a run; .*", message(dl.GraphError, lambda: masked - line.w))
    assert line.session.run(np.ma.masked_array([[1.0, 2.0]]) @ line.w).shape == (1, 1)


@pytest.mark.parametrize("iterations", [1.5, "3", None, -1])
def test_a_number_of_iterations_that_is_not_whole(line, iterations):
    stepper = dl.Stepper(dl.train.GradientDescentOptimizer(0.1).minimize(line.J), {line.x: [[1, 2]]})
    expected = f"iterations must be a whole number, 0 or more, not {iterations!r}."
    assert message(dl.GraphError, lambda: stepper.run(iterations)) == expected
    assert message(dl.GraphError, lambda: stepper.run(iterations, forward=print)) == expected
    assert stepper.finished == 0
