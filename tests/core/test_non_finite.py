"""The first NaN or infinity stops every way to run at the node that made it, with entry, cause and likely reason."""

import numpy as np
import pytest

import minidl_core as dl
from minidl_core.definition import definitions

from .messages import says


def _ways_to_run(loss, feeds=None):
    step = dl.train.GradientDescentOptimizer(0.1).minimize(loss)
    return (
        lambda: dl.Session().run(loss, feeds),
        lambda: dl.Session().run(step, feeds),
        lambda: dl.Stepper(step, feeds).run(1),
        lambda: list(dl.Stepper(step, feeds).iteration()),
    )


def _stops(ways, node, entry, pattern):
    for way in ways:
        with pytest.raises(dl.NonFiniteError) as caught:
            way()
        says(pattern, str(caught.value))
        assert (caught.value.node, caught.value.entry) == (node, entry)


def test_the_logarithm_of_zero_names_node_entry_and_cause():
    p = dl.Variable([[0.5, 1.0], [0.0, 0.25]], name="p")
    log = dl.log(p, name="log")
    ways = _ways_to_run(dl.reduce_sum(dl.multiply(log, 2.0)))
    _stops(ways, log, (1, 0), r"log 'log' HERE: it makes -inf in entry \[1, 0\], because p is 0 there\.")


def test_an_infinity_that_reaches_neither_the_loss_nor_a_gradient_stops_nothing():
    """sigmoid makes an innocent 1 of an infinity, with a slope of 0, on every way to run."""
    a = dl.Variable(np.full((2, 2), 1e200), name="a")
    loss = dl.reduce_sum(dl.sigmoid(dl.matmul(a, a, name="aa")))
    results = [way() for way in _ways_to_run(loss)]
    assert [results[0], results[1], results[2][0], results[3][-1].loss] == [4.0] * 4
    assert not dl.compute_gradient(loss)[a].any()


def test_an_infinity_whose_slope_is_wanted_is_named_though_the_value_is_right():
    z = dl.Variable(-1234.0, name="z")
    power = dl.exp(-z, name="power")
    loss = 1 / (1 + power)
    assert dl.Session().run(loss) == 0.0
    pattern = r"exp 'power' HERE: it makes inf, because negative is 1234, and numbers end at 1.8e\+308\."
    _stops(_ways_to_run(loss)[1:], power, (), pattern)
    x, w = dl.placeholder(name="x"), dl.Variable(2.0)
    trained = w * (1 / (1 + dl.exp(-x)))
    assert [way() for way in _ways_to_run(trained, {x: -1234.0})[:2]] == [0.0, 0.0]


def test_the_logarithm_of_a_probability_too_small_names_log_softmax():
    scores = dl.Variable([-431.0, 279.0, 427.0], name="scores")
    log = dl.log(dl.softmax(scores), name="log")
    pattern = r"log 'log' HERE: .*because softmax is 0 there; log_softmax finds it without a probability of 0\."
    _stops(_ways_to_run(dl.reduce_sum(log * [1.0, 0.5, 0.5])), log, (0,), pattern)
    assert dl.Session().run(dl.log_softmax(scores))[0] == -858.0


def test_a_value_that_meets_an_array_without_entries_is_named_all_the_same():
    x, w = dl.placeholder(name="x"), dl.Variable([-1.0, 1.0], name="w")
    log = dl.log(w, name="log")
    loss = dl.reduce_sum(x + log) + dl.reduce_sum(dl.square(w))
    pattern = r"log 'log' HERE: it makes nan in entry \[0\], because w is -1 there\."
    _stops(_ways_to_run(loss, {x: np.zeros((0, 2))}), log, (0,), pattern)


def test_a_gradient_that_meets_an_array_without_entries_is_named_all_the_same():
    x, w = dl.placeholder(name="x"), dl.Variable([-1.0, 1.0], name="w")
    total = dl.reduce_sum(x * w, name="total")
    ways = _ways_to_run(total**0.5, {x: np.zeros((0, 2))})
    _stops(ways[1:], total, (), r"reduce_sum 'total' HERE: its gradient becomes inf: a slope too steep for a number\.")


def test_an_infinity_that_nobody_calculated():
    """NumPy's own warnings say nothing about an infinity that is simply put there."""

    @dl.operation(formula="Y = A", samples=[((2,),)])
    def spoiled(a, /):
        """A with an infinity in place of its largest entry."""
        return np.where(a == a.max(), np.inf, a)

    dl.RegisterGradient("spoiled")(lambda op, grad: [grad])
    x = dl.Variable([1.0, 2.0], name="x")
    made = spoiled(x, name="s")
    loss = dl.reduce_sum(made)
    del definitions["spoiled"]
    _stops(_ways_to_run(loss), made, (1,), r"spoiled 's' HERE: it makes inf in entry \[1\], because .*")


def test_a_gradient_that_is_too_steep_for_a_number():
    """The value is finite, its slope is not: 1/p at the smallest number there is."""
    p = dl.Variable([5e-324, 1.0], name="p")
    loss = dl.reduce_sum(dl.log(p))
    _stops(
        _ways_to_run(loss)[1:],
        p,
        (0,),
        r"variable 'p' HERE: its gradient becomes inf in entry \[0\]: .*",
    )


def test_a_learning_rate_that_is_too_high():
    x = dl.Variable([1e308, -1e308], name="x")
    loss = dl.reduce_sum(dl.multiply(x, [1.0, 1.5]))
    step = dl.train.GradientDescentOptimizer(1e308).minimize(loss)
    session = dl.Session()
    stepper = dl.Stepper(step, session=session)
    ways = (lambda: session.run(step), lambda: stepper.run(1), lambda: list(stepper.iteration()))
    _stops(ways, x, (1,), r"variable 'x' HERE: its update makes -inf in entry \[1\]; the learning rate 1e\+308 .*")
    assert stepper.state().variables == {}
    assert session.run(x).tolist() == [1e308, -1e308]


def test_a_variable_that_somebody_has_set_to_nan():
    w = dl.Variable([1.0, 2.0], name="w")
    step = dl.train.GradientDescentOptimizer(0.1).minimize(dl.reduce_sum(dl.sigmoid(w)))
    session = dl.Session()
    session.variables[w] = np.array([1.0, np.nan])
    ways = (
        lambda: session.run(step),
        lambda: dl.Stepper(step, session=session).run(1),
        lambda: list(dl.Stepper(step, session=session).iteration()),
    )
    _stops(ways, w, (1,), r"variable 'w' HERE: it holds nan in entry \[1\]; take it out of the data\.")


def test_stepping_on_after_an_error():
    """A run that diverges stops at the node that made the first infinity; restoring an earlier state still works."""
    w = dl.Variable([1.0], name="w")
    loss = dl.reduce_sum(dl.multiply(dl.multiply(w, w), w))
    step = dl.train.GradientDescentOptimizer(1000.0).minimize(loss)
    stepper = dl.Stepper(step)
    start = stepper.state()
    with pytest.raises(dl.NonFiniteError, match="has moved w since the start: the learning rate may be too high"):
        stepper.run(100)
    reached = stepper.finished
    assert 0 < reached < 20
    stepper.restore(start)
    assert stepper.run(1) == [1.0]
    assert stepper.finished == 1


def test_a_gradient_of_data_that_nobody_needs_may_be_infinite():
    """dJ/dx = W/x is too large for a number, but only W is trained; stepping shows it, and both train alike."""
    x, w = dl.placeholder(name="x"), dl.Variable(1e10, name="W")
    loss = dl.multiply(w, dl.log(dl.negative(dl.negative(x))), name="J")
    step = dl.train.GradientDescentOptimizer(0.5).minimize(loss)
    fast, stepping, session = dl.Stepper(step, {x: 1e-300}), dl.Stepper(step, {x: 1e-300}), dl.Session()
    events = list(stepping.iteration())
    losses = fast.run(1)
    assert losses == [events[-1].loss] == [session.run(step, {x: 1e-300})]
    assert fast.session.run(w) == stepping.session.run(w) == session.run(w)
    (shown,) = (e.gradient for e in events if isinstance(e, dl.GradientCompleted) and e.node is x)
    assert shown == np.inf
    with pytest.raises(dl.NonFiniteError):
        dl.compute_gradient(loss, session)


def test_an_infinite_gradient_of_data_does_not_hide_an_update_that_is_not_finite():
    x, w = dl.placeholder(name="x"), dl.Variable(1e10, name="W")
    step = dl.train.GradientDescentOptimizer(1e308).minimize(dl.multiply(w, dl.log(x)))
    feeds = {x: 1e-300}
    ways = (
        lambda: dl.Session().run(step, feeds),
        lambda: dl.Stepper(step, feeds).run(1),
        lambda: list(dl.Stepper(step, feeds).iteration()),
    )
    _stops(ways, w, (), r"variable 'W' HERE: its update makes inf; the learning rate 1e\+308 is too high\.")
