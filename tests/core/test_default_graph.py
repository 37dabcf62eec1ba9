"""The graph that nodes are made in: the default one, that of a block, and that of a loss."""

import minidl_core as dl


def test_a_block_has_its_own_graph_whatever_was_the_default_one_since():
    first, second = dl.Graph(), dl.Graph()
    kept = first.as_default()
    second.as_default()
    with kept as graph:
        assert graph is first
        assert dl.Variable(1.0).graph is first
        with second.as_default() as inner:
            assert inner is dl.Variable(1.0).graph is second
        assert dl.Variable(1.0).graph is first
    assert dl.Variable(1.0).graph is second


def test_a_block_may_be_entered_within_itself():
    before, graph = dl.Variable(1.0).graph, dl.Graph()
    block = graph.as_default()
    for _ in range(2):
        with block:
            with block:
                assert dl.Variable(1.0).graph is graph
            assert dl.Variable(1.0).graph is graph
        assert dl.Variable(1.0).graph is before


def test_a_step_is_in_the_graph_of_its_loss_whatever_graph_is_the_default_one(graph):
    with dl.Graph().as_default() as other:
        w = dl.Variable(2.0, name="minimization")
        loss = dl.square(w)
    step = dl.train.GradientDescentOptimizer(0.1).minimize(loss)
    assert step.graph is loss.graph is other
    assert (step.name, w.name) == ("minimization_1", "minimization")
    assert graph.nodes == []
