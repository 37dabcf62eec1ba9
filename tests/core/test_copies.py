"""A graph is copied whole, at any depth; a session's copy has its own numbers; nothing of them is pickled."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given, settings

import minidl_core as dl

from .messages import message
from .random_graphs import recipes


def line():
    x, w = dl.placeholder(name="x"), dl.Variable([[1.0], [2.0]], name="w")
    loss = dl.reduce_mean(dl.square(x @ w), name="loss")
    return x, w, loss, dl.train.AdamOptimizer(0.1).minimize(loss)


FEED = [[3.0, 1.0], [0.5, -1.0]]


def test_a_deep_copy_is_a_graph_of_its_own_that_trains_to_the_same_bits():
    x, w, loss, step = line()
    x2, w2, loss2, step2 = copy.deepcopy((x, w, loss, step))
    assert loss2.graph is w2.graph is not loss.graph
    assert [node.describe() for node in loss2.graph.nodes] == [node.describe() for node in loss.graph.nodes]
    assert [node.name for node in w2.consumers] == [node.name for node in w.consumers]
    assert not {*loss.graph.nodes} & {*loss2.graph.nodes}
    one, other = dl.Session(), dl.Session()
    for _ in range(6):
        assert one.run(step, {x: FEED}) == other.run(step2, {x2: FEED})
    assert one.run(w).tobytes() == other.run(w2).tobytes()
    with loss2.graph.as_default():
        assert (w2 + loss2).name not in {node.name for node in loss.graph.nodes} - {"add"}


@settings(max_examples=40, deadline=None)
@given(recipes())
def test_any_graph_is_copied_with_its_gradients(recipe):
    nodes, _ = recipe.build()
    copied = copy.deepcopy(nodes)
    for loss in (nodes[-1], copied[-1]):
        dl.Session().run(loss)
    theirs = {node.name: gradient.tobytes() for node, gradient in dl.compute_gradient(nodes[-1]).items()}
    assert theirs == {node.name: gradient.tobytes() for node, gradient in dl.compute_gradient(copied[-1]).items()}


def test_a_graph_of_any_depth_is_copied():
    node = dl.Variable(1.0)
    for _ in range(5000):
        node = node * 1.0001 + 0.1
    assert dl.Session().run(copy.deepcopy(node)) == dl.Session().run(node)


def test_a_node_or_a_graph_is_not_copied_without_the_other():
    _, w, loss, _ = line()
    assert message(dl.GraphError, lambda: copy.copy(w)).endswith("copy.deepcopy copies it with its graph.")
    assert "without its nodes" in message(dl.GraphError, lambda: copy.copy(loss.graph))


def test_a_session_is_copied_with_numbers_and_memory_of_its_own():
    x, w, loss, step = line()
    session = dl.Session()
    session.run(step, {x: FEED})
    other = copy.copy(session)
    assert session.run(step, {x: FEED}) == other.run(step, {x: FEED})
    assert session.run(w).tobytes() == other.run(w).tobytes()
    other.variables[w] = np.zeros((2, 1))
    assert session.run(w).any()
    assert session.run(loss, {x: FEED}) != other.run(loss, {x: FEED})


def test_a_session_goes_with_the_copies_of_its_nodes_or_says_how():
    x, w, _, step = line()
    session = dl.Session()
    session.run(step, {x: FEED})
    said = message(dl.GraphError, lambda: copy.deepcopy(session))
    assert "copy.copy(session) has numbers of its own" in said
    x2, w2, step2, other = copy.deepcopy((x, w, step, session))
    assert other.run(w2).tobytes() == session.run(w).tobytes()
    for _ in range(3):
        assert other.run(step2, {x2: FEED}) == session.run(step, {x: FEED})
    assert other.run(w2).tobytes() == session.run(w).tobytes()


@pytest.mark.parametrize("what", ["node", "graph", "session", "stepper", "state", "event"])
def test_what_has_nodes_in_it_says_why_it_is_not_pickled(what):
    x, _, loss, step = line()
    session = dl.Session()
    session.run(step, {x: FEED})
    stepper = dl.Stepper(step, {x: FEED}, session)
    made = {
        "node": loss,
        "graph": loss.graph,
        "session": session,
        "stepper": stepper,
        "state": stepper.state(),
        "event": next(stepper.iteration()),
    }[what]
    said = message(dl.GraphError, lambda: pickle.dumps(made))
    assert said.endswith(
        "cannot be pickled; keep its numbers, as by np.savez, and let the script build the graph again."
    )


def test_an_optimizer_is_pickled():
    optimizer = dl.train.AdamOptimizer(0.1, clip_norm=2.0)
    assert repr(pickle.loads(pickle.dumps(optimizer))) == repr(optimizer)
