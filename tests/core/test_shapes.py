"""Shapes: known before a run where those of the inputs are, and refused where only a run can tell."""

import numpy as np
import pytest

import minidl_core as dl

from .messages import message


def test_feeds_may_change_their_shape_from_run_to_run():
    x, w = dl.placeholder(), dl.Variable([1.0, 2.0])
    step = dl.train.GradientDescentOptimizer(0.5).minimize(dl.reduce_sum(dl.add(x, w)))
    session = dl.Session()
    for rows in (1, 5, 2):
        before = session.run(w)
        session.run(step, {x: np.zeros((rows, 2))})
        np.testing.assert_array_equal(session.run(w), before - 0.5 * rows)


def test_shapes_are_known_before_a_run_where_those_of_the_inputs_are():
    x = dl.placeholder(shape=(5, 3))
    w, b = dl.Variable(np.ones((3, 2))), dl.Variable(np.ones(2))
    scores = dl.add(dl.matmul(x, w), b)
    assert [node.shape for node in (x, w, b, scores)] == [(5, 3), (3, 2), (2,), (5, 2)]
    assert dl.reduce_sum(scores, axis=1, keepdims=True).shape == (5, 1)
    assert dl.reduce_sum(dl.softmax(scores)).shape == ()
    assert dl.matmul(dl.placeholder(), w).shape is None


def test_shapes_are_inferred_without_computing_with_large_arrays():
    x, w = dl.placeholder(shape=(10**7, 1000)), dl.placeholder(shape=(1000, 10**6))
    assert dl.sigmoid(dl.matmul(x, w)).shape == (10**7, 10**6)


REDUCTIONS = ("reduce_sum", "reduce_mean", "reduce_max", "reduce_min", "reduce_variance", "reduce_std", "norm")


@pytest.mark.parametrize("name", REDUCTIONS)
def test_a_single_number_has_no_axis_though_only_a_run_can_tell_and_numpy_finds_one(name):
    x, w = dl.placeholder(), dl.Variable(2.0)
    loss = dl.reduce_sum(getattr(dl, name)(x * w, axis=0))
    step = dl.train.GradientDescentOptimizer(0.1).minimize(loss)
    feed = {x: 3.0}
    actions = (
        lambda: dl.Session().run(loss, feed),
        lambda: dl.Stepper(step, feed).run(5),
        lambda: list(dl.Stepper(step, feed).iteration()),
    )
    said = {message(dl.ShapeError, action) for action in actions}
    [only] = said
    assert "multiply is (); axis must name dimensions that multiply has, each once, not 0." in only


def test_matrices_are_refused_where_vectors_are_wanted_though_only_a_run_can_tell():
    """NumPy's outer would take all their entries in a row."""
    x, y = dl.placeholder(), dl.placeholder()
    product = dl.outer(x, y)
    assert dl.Session().run(product, {x: [1.0, 2.0], y: [3.0]}).tolist() == [[3.0], [6.0]]
    said = message(dl.ShapeError, lambda: dl.Session().run(product, {x: [[1.0, 2.0]], y: [3.0]}))
    assert "placeholder is (1,2) but placeholder_1 is (1,)" in said
