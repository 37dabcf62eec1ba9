"""What is computed, though it is hardly ever meant, is said of the node."""

import numpy as np

import minidl_core as dl
from minidl_core.remarks import remarks
from minidl_core.session import last_evaluation


def _remarks(loss, feeds=None):
    dl.Session().run(loss, feeds)
    return {node.name: text for node, text in remarks(loss, last_evaluation(loss)).items()}


def test_a_broadcast_that_makes_more_of_both_is_remarked_on():
    column, row = dl.Variable(np.ones((4, 1)), name="p"), dl.placeholder(name="y")
    loss = dl.reduce_mean(dl.square(dl.subtract(column, row, name="error")))
    pairs = "p is (4,1), y is (4,): every entry of one meets every entry of the other, (4,4)."
    said = f"{pairs} Reshape one where they are to be paired."
    assert _remarks(loss, {row: np.arange(4.0)}) == {"error": said}


def test_a_broadcast_that_makes_more_of_one_is_not():
    x, w, b = dl.Variable(np.ones((4, 2)), name="x"), dl.Variable(np.ones((2, 1))), dl.Variable([0.5])
    assert _remarks(dl.reduce_mean(dl.square(x @ w + b - np.ones((4, 1))) * 2)) == {}
    assert _remarks(dl.Variable(1.0) + dl.Variable(2.0)) == {}


def test_an_infinity_that_does_not_reach_the_loss_is_remarked_on():
    z = dl.placeholder(name="z")
    loss = 1 / (1 + dl.exp(z, name="power"))
    said = "it makes a number that is infinite or NaN, which does not reach the loss."
    assert _remarks(loss, {z: 1234.0}) == {"power": said}
