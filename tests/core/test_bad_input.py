"""Every mistake that a user can make ends in one message that names the node, its place (file:line) and the remedy."""

import math
import re
from types import SimpleNamespace

import numpy as np
import pytest

import minidl_core as dl

from .messages import message, says


@pytest.fixture
def line():
    """A small graph: J = sum of (x·w) over two features."""
    x = dl.placeholder(name="x")
    fixed = dl.placeholder(shape=(2, 2), name="fixed")
    w = dl.Variable([[1.0], [2.0]], name="w")
    loss = dl.reduce_sum(dl.matmul(x, w, name="scores"), name="J")
    other = dl.reduce_sum(dl.matmul(fixed, w), name="K")
    return SimpleNamespace(x=x, fixed=fixed, w=w, J=loss, K=other, session=dl.Session())


def test_a_missing_feed(line):
    text = message(dl.FeedError, lambda: line.session.run(line.J))
    says(r"placeholder 'x' HERE: it has no value; feed it: feed_dict=\{x: \.\.\.\}\.", text)


def test_a_feed_that_nobody_needs(line):
    feeds = {line.x: [[1, 2]], line.fixed: [[1, 2], [3, 4]]}
    text = message(dl.FeedError, lambda: line.session.run(line.J, feeds))
    says(r"placeholder 'fixed' HERE: it is fed, but J does not need it; take it out of feed_dict\.", text)


def test_a_feed_of_the_wrong_shape(line):
    text = message(dl.FeedError, lambda: line.session.run(line.K, {line.fixed: [[1, 2]]}))
    says(r"placeholder 'fixed' HERE: its feed is \(1,2\), but it was made for \(2,2\)\.", text)


def test_a_feed_whose_shape_does_not_fit_what_it_meets(line):
    text = message(dl.ShapeError, lambda: line.session.run(line.J, {line.x: [[1, 2, 3]]}))
    says(
        r"matmul 'scores' HERE: x is \(1,3\) but w is \(2,1\); the columns of x must equal the rows of w\.",
        text,
    )


@pytest.mark.parametrize("feed", [[[1, 2], [3]], "text", [["a", "b"]], None, [[1j, 2]], object()])
def test_a_feed_that_is_no_array_of_numbers(line, feed):
    text = message(dl.FeedError, lambda: line.session.run(line.J, {line.x: feed}))
    says(r"placeholder 'x' HERE: its feed is not an array of numbers: .*\.", text)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_feed_with_a_hole_in_it(line, bad):
    with pytest.raises(dl.NonFiniteError) as caught:
        line.session.run(line.J, {line.x: [[1, 2], [3, bad]]})
    says(rf"placeholder 'x' HERE: it holds {bad} in entry \[1, 1\]; take it out of the data\.", str(caught.value))
    assert caught.value.entry == (1, 1)
    assert caught.value.node is line.x


def test_a_feed_for_something_that_is_no_placeholder(line):
    says(
        r"variable 'w' HERE: it cannot be fed; the keys of feed_dict are placeholders\.",
        message(dl.FeedError, lambda: line.session.run(line.J, {line.w: [[1], [2]]})),
    )
    says(
        r"'x' cannot be fed; the keys of feed_dict are placeholders\.",
        message(dl.FeedError, lambda: line.session.run(line.J, {"x": [[1, 2]]})),
    )


@pytest.mark.parametrize("asked", ["J", None, 3, [1]])
def test_running_something_that_is_no_node(line, asked):
    text = message(dl.GraphError, lambda: line.session.run(asked))
    says(r".* is not a node; run takes a node or a list of nodes\.", text)


def test_shapes_that_do_not_fit_are_found_while_building():
    a, b = dl.Variable(np.ones((3, 2)), name="A"), dl.Variable(np.ones((3, 2)), name="B")
    says(
        r"matmul 'matmul' HERE: A is \(3,2\) but B is \(3,2\); the columns of A must equal the rows of B\.",
        message(dl.ShapeError, lambda: dl.matmul(a, b)),
    )
    c = dl.Variable(np.ones(4), name="c")
    says(
        r"add 'total' HERE: A is \(3,2\) but c is \(4,\); counted from the right, each dimension must be equal in "
        r"both, or 1\.",
        message(dl.ShapeError, lambda: dl.add(a, c, name="total")),
    )
    says(
        r"reduce_sum 'reduce_sum' HERE: A is \(3,2\); axis must name dimensions that A has, each once, not 2\.",
        message(dl.ShapeError, lambda: dl.reduce_sum(a, axis=2)),
    )
    assert a.consumers == b.consumers == c.consumers == []
    assert dl.matmul(a, dl.Variable(np.ones((2, 1)))).name == "matmul"  # the mistakes have used up no name


def test_a_loss_that_is_not_one_number(line):
    optimizer = dl.train.GradientDescentOptimizer(0.1)
    rows = dl.Variable(np.ones((3, 2)), name="rows")
    says(
        r"variable 'rows' HERE: a loss must be one number, but it is \(3,2\); reduce_sum makes one number of it\.",
        message(dl.ShapeError, lambda: optimizer.minimize(rows)),
    )
    scores = line.J.inputs[0]
    step = optimizer.minimize(scores)  # its shape is not known before it is fed
    expected = r"matmul 'scores' HERE: a loss must be one number, but it is \(1,1\); reduce_sum makes .*\."
    says(expected, message(dl.ShapeError, lambda: line.session.run(step, {line.x: [[1, 2]]})))
    says(expected, message(dl.ShapeError, lambda: dl.Stepper(step, {line.x: [[1, 2]]}).run(1)))
    says(expected, message(dl.ShapeError, lambda: list(dl.Stepper(step, {line.x: [[1, 2]]}).iteration())))
    line.session.run(scores, {line.x: [[1, 2]]})
    says(expected, message(dl.ShapeError, lambda: dl.compute_gradient(scores)))


def test_a_gradient_before_any_run(line):
    says(
        r"reduce_sum 'J' HERE: it has not been run yet; evaluate it first: session\.run\(J, feed_dict\)\.",
        message(dl.GraphError, lambda: dl.compute_gradient(line.J)),
    )


def test_nothing_to_train():
    loss = dl.reduce_sum(dl.placeholder(name="x"), name="J")
    text = message(dl.GraphError, lambda: dl.train.GradientDescentOptimizer(0.1).minimize(loss))
    says(r"reduce_sum 'J' HERE: no variable leads to it, so there is nothing to train\.", text)


def test_a_cycle_made_by_force():
    x = dl.Variable(1.0, name="x")
    a = dl.add(x, 1, name="a")
    b = dl.negative(a, name="b")
    a._second = b
    for action in (
        lambda: dl.Session().run(b),
        lambda: dl.train.GradientDescentOptimizer(0.1).minimize(b),
    ):
        text = message(dl.GraphError, action)
        says(r"add 'a' HERE: it needs its own value: a cycle by way of negative 'b' HERE; take one edge out\.", text)


def test_nodes_of_two_graphs():
    x = dl.Variable(1.0, name="x")
    with dl.Graph().as_default():
        text = message(dl.GraphError, lambda: dl.negative(x))
    says(r"negative 'negative' HERE: its input variable 'x' HERE belongs to another graph; build both in one\.", text)
    assert x.consumers == []


def test_phases_in_the_wrong_order():
    x = dl.Variable(1.0, name="x")
    loss = dl.multiply(x, x, name="J")
    stepper = dl.Stepper(dl.train.GradientDescentOptimizer(0.1).minimize(loss))
    says(r"multiply 'J' HERE: .* run forward\(\) first\.", message(dl.GraphError, lambda: list(stepper.backward())))
    list(stepper.forward())
    says(r"multiply 'J' HERE: .* run backward\(\) first\.", message(dl.GraphError, lambda: list(stepper.update())))
    list(stepper.backward())
    list(stepper.update())
    says(r"multiply 'J' HERE: .* run forward\(\) first\.", message(dl.GraphError, lambda: list(stepper.update())))


def test_a_loss_or_a_step_that_is_none(line):
    optimizer = dl.train.GradientDescentOptimizer(0.1)
    says(r"3\.0 is not a node; a loss is what .*\.", message(dl.GraphError, lambda: optimizer.minimize(3.0)))
    says(
        r"<reduce_sum 'J' HERE> is no step to take; make one: optimizer\.minimize\(loss\)\.",
        message(dl.GraphError, lambda: dl.Stepper(line.J, {})),
    )


def test_feeds_that_are_no_dictionary(line):
    says(
        r"feed_dict must be a dictionary of placeholders and their data, not \[\[1, 2\]\]\.",
        message(dl.FeedError, lambda: line.session.run(line.J, [[1, 2]])),
    )


@pytest.mark.parametrize("shape", [3, "ab", (None, 2), (-1, 2), (2.5,)])
def test_a_placeholder_whose_shape_is_none(shape):
    text = message(dl.ShapeError, lambda: dl.placeholder(shape, name="x"))
    says(r"placeholder 'x' HERE: its shape must be whole numbers, such as \(100, 2\), not .*; leave it out .*\.", text)


@pytest.mark.parametrize("name", [3, "", b"W"])
def test_a_name_that_is_no_text(name):
    x = dl.Variable(1.0, name="x")

    def rename():
        x.name = name

    ways = (
        rename,
        lambda: dl.Variable(1.0, name=name),
        lambda: dl.placeholder(name=name),
        lambda: dl.log(x, name=name),
    )
    for way in ways:
        assert message(dl.GraphError, way) == f"the name of a node must be text, such as 'W', not {name!r}."
    assert x.name == "x"


@pytest.mark.parametrize("known", [True, False])
def test_an_axis_that_is_no_axis(known):
    x = dl.placeholder((2, 2) if known else None, name="x{axis}")
    for reduce in (dl.reduce_sum, dl.reduce_mean, dl.softmax):
        text = message(dl.ShapeError, lambda r=reduce: dl.Session().run(r(x, axis=10**30), {x: np.ones((2, 2))}))
        says(r"\w+ '\w+' HERE: x\{axis\} is \(2,2\); axis must name .* that x\{axis\} has.*, not .*\.", text)


IMAGES = dl.Constant(np.ones((1, 1, 4, 4)))
ATTRIBUTES = {
    "low must be a number": [lambda x, no: dl.clip(x, no), lambda x, no: x.clip(low=no)],
    "slope must be a number": [lambda x, no: dl.leaky_relu(x, slope=no)],
    "axis must be a whole number, several as in (0, 1) or None": [
        lambda x, no, reduce=reduce: reduce(x, axis=no)
        for reduce in (dl.reduce_sum, dl.reduce_max, dl.norm, dl.squeeze, dl.reduce_std)
    ],
    "axis must be a whole number or None": [lambda x, no: dl.cumsum(x, no), lambda x, no: x.argmax(no)],
    "axis must be a whole number": [
        lambda x, no: dl.softmax(x, no),
        lambda x, no: dl.gather(x, [0], axis=no),
        lambda x, no: dl.stack([x, x], no),
        lambda x, no: dl.concatenate([x, x], no),
    ],
    "shape must be a whole number or several as in (0, 1)": [lambda x, no: x.reshape(no), dl.broadcast_to],
    "axes must be a whole number": [lambda x, no: dl.transpose(x, no)],
    "width must be a whole number": [dl.pad],
    "stride must be a whole number": [lambda x, no: dl.conv2d(IMAGES, IMAGES, stride=no)],
    "size must be a whole number": [lambda x, no: dl.max_pool(IMAGES, no)],
    "keepdims must be True or False": [lambda x, no: x.sum(keepdims=no), lambda x, no: x.std(keepdims=no)],
    "subscripts must be text": [lambda x, no: dl.einsum(x, x, 3 if isinstance(no, str) else no)],
}


@pytest.mark.parametrize("no", ["a", 1j, {}, math.nan, (0, "rows"), dl.Constant(1.0)])
@pytest.mark.parametrize(("wrong", "writes"), [(wrong, write) for wrong in ATTRIBUTES for write in ATTRIBUTES[wrong]])
def test_an_attribute_of_another_kind_is_refused_where_it_is_written(wrong, writes, no):
    x = dl.placeholder(name="x")
    says(rf"\w+ '\w+' HERE: {re.escape(wrong)}.*, not .*\.", message(dl.GraphError, lambda: writes(x, no)))


def test_an_unknown_traversal():
    x = dl.Variable(1.0)
    step = dl.train.GradientDescentOptimizer(0.1).minimize(dl.negative(x))
    text = message(dl.GraphError, lambda: dl.Stepper(step, traversal="depth first"))
    assert text == "there is no traversal 'depth first'; take 'last consumer' or 'plain'."


def test_a_loss_whose_shape_only_the_run_knows_has_no_event():
    x, w = dl.placeholder(name="x"), dl.Variable(3.0, name="w")
    loss = dl.square(dl.multiply(x, w, name="xw"), name="J")
    stepper = dl.Stepper(dl.train.GradientDescentOptimizer(0.1).minimize(loss), {x: [1.0, 2.0]})
    heard = []
    text = message(dl.ShapeError, lambda: stepper.run(1, forward=lambda event: heard.append(event.node.name)))
    says(r"square 'J' HERE: a loss must be one number, but it is \(2,\); reduce_sum makes one number of it\.", text)
    assert message(dl.ShapeError, lambda: stepper.run(1)) == text
    assert heard == ["x", "w", "xw"]


def test_a_step_of_training_as_an_input(line):
    step = dl.train.GradientDescentOptimizer(0.1).minimize(line.J, name="step")
    for action in (lambda: dl.add(step, 1.0), lambda: dl.add(line.w, step), lambda: 1.0 + step):
        says(
            r"add 'add' HERE: its input minimization 'step' HERE is a step of training and has no value; "
            r"use its loss, J\.",
            message(dl.GraphError, action),
        )
    assert step.consumers == []


def test_a_gradient_of_what_is_no_node():
    expected = "5 is not a node; a loss is what an operation makes, such as reduce_sum(x)."
    assert message(dl.GraphError, lambda: dl.compute_gradient(5)) == expected


def test_checking_the_gradient_of_what_is_no_node(line):
    expected = "5 is not a node; a loss is what an operation makes, such as reduce_sum(x)."
    assert message(dl.GraphError, lambda: dl.check_gradient(5, line.w)) == expected
    line.session.run(line.J, {line.x: [[1, 2]]})
    expected = "5 is not a node; check the gradient of a node that leads to J."
    assert message(dl.GraphError, lambda: dl.check_gradient(line.J, 5)) == expected
    for entries in (3, [0], [(0.5, 0)]):
        says(
            r"variable 'w' HERE: entries must be a list of indices, such as \[\(0, 1\)\], not .*\.",
            message(dl.GraphError, lambda entries=entries: dl.check_gradient(line.J, line.w, entries)),
        )


def test_a_step_of_training_as_a_loss(line):
    optimizer = dl.train.GradientDescentOptimizer(0.1)
    step = optimizer.minimize(line.J, name="step")
    line.session.run(step, {line.x: [[1, 2]]})
    actions = (
        lambda: optimizer.minimize(step),
        lambda: dl.compute_gradient(step),
        lambda: dl.check_gradient(step, line.w),
    )
    for action in actions:
        says(
            r"minimization 'step' HERE: it is a step of training and has no value; use its loss, J\.",
            message(dl.GraphError, action),
        )


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
        wrong = r"it holds text, not real numbers; float\(\"3\"\) is one\."
        says(
            rf"variable 'w' HERE: the value given to it is not an array of numbers: {wrong}",
            message(dl.GraphError, action),
        )


def test_a_loss_that_is_neither_one_number_nor_finite_is_one_mistake_on_both_paths():
    x = dl.placeholder(name="x")
    step = dl.train.GradientDescentOptimizer(0.1).minimize(dl.log(dl.multiply(x, dl.Variable(1.0)), name="J"))
    feeds = {x: [1.0, 0.0]}
    for action in (
        lambda: dl.Session().run(step, feeds),
        lambda: dl.Stepper(step, feeds).run(1),
        lambda: list(dl.Stepper(step, feeds).iteration()),
    ):
        says(
            r"log 'J' HERE: it makes -inf in entry \[1\], because multiply is 0 there\.",
            message(dl.NonFiniteError, action),
        )


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
