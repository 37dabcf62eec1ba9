"""Forward mode: what it accumulates is what reverse mode finds, and what differences measure; the counts, by hand."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings

import minidl_core as dl
from minidl_core.forward_mode import accumulate, local_jacobians
from minidl_core.plan import Plan

from .random_graphs import Recipe, recipes


def evaluated(loss: dl.Node):
    plan = Plan([loss])
    return plan, plan.run({}, {})


@settings(max_examples=30, deadline=None)
@given(recipes())
def test_forward_and_reverse_find_the_same_slopes_of_the_loss(recipe: Recipe) -> None:
    nodes, variables = recipe.build()
    plan, evaluation = evaluated(nodes[-1])
    gradients = evaluation.gradients(nodes[-1])
    leaves = [variable for variable in variables if variable in gradients]
    for leaf in leaves:
        for index in np.ndindex(leaf.initial_value.shape):
            forward = accumulate(evaluation, plan.nodes, leaf, index, leaves)
            change = float(forward.changes.get(nodes[-1], 0.0))
            reverse = float(np.asarray(gradients[leaf])[index])
            assert np.isclose(change, reverse, rtol=1e-9, atol=1e-12)


def test_every_node_changes_as_differences_say() -> None:
    x = dl.Variable([[0.3, -0.7], [0.2, 1.1]], name="x")
    w = dl.Variable([[1.5], [-0.4]], name="w")
    hidden = dl.tanh(dl.matmul(x, w))
    loss = dl.reduce_sum(dl.square(hidden))
    plan, evaluation = evaluated(loss)
    forward = accumulate(evaluation, plan.nodes, w, (1, 0), [x, w])
    for node, change in forward.changes.items():
        above, below = (
            plan.run({}, {w: w.initial_value + side * np.array([[0.0], [1e-6]])})[node] for side in (1.0, -1.0)
        )
        assert np.allclose(change, (np.asarray(above) - below) / 2e-6, atol=1e-8)


def test_the_multiplications_are_counted_by_slopes_that_are_not_0() -> None:
    x, w = dl.Variable(np.ones((1, 3)), name="x"), dl.Variable(np.ones((3, 2)), name="w")
    product = dl.matmul(x, w)  # 1x3 times 3x2: six slopes to x, six to w
    loss = dl.reduce_sum(dl.square(product))  # two slopes, and two
    plan, evaluation = evaluated(loss)
    assert [jacobian.shape for jacobian in local_jacobians(evaluation, product)] == [(2, 3), (2, 6)]
    forward = accumulate(evaluation, plan.nodes, x, (0, 0), [x, w])
    assert (forward.forward_passes, forward.reverse_passes) == (9, 1)
    assert (forward.forward, forward.reverse) == (9 * 16, 16)
