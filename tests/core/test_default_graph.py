"""To which graph a new node is added: the default one of its thread, that of a block, or that of a loss."""

import gc
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest

import minidl_core as dl
from minidl_core.defaults import as_in_a_new_process


def graph_of_now():
    return dl.Variable(1.0).graph


@pytest.fixture(autouse=True)
def _anew():
    with as_in_a_new_process(dl.Graph()):
        yield


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


def built(barrier, count=30):
    """Build a chain in a graph of its own, each node after all others have made theirs."""
    with dl.Graph().as_default() as graph:
        node = dl.Variable(1.0, name="w")
        for _ in range(count):
            barrier.wait(10)
            node = dl.square(node + 1.0)
    assert graph_of_now() is not graph
    return graph, node


def test_two_threads_that_build_at_the_same_time_have_each_its_own_graph():
    barrier = threading.Barrier(2)
    with ThreadPoolExecutor(2) as threads:
        made = list(threads.map(built, [barrier, barrier]))
    for graph, node in made:
        assert node.graph is graph
        assert [each.name for each in graph.nodes[:4]] == ["w", "constant", "add", "square"]
        assert len(graph.nodes) == 91
    assert made[0][0] is not made[1][0]


def test_a_statement_is_about_its_thread_and_one_without_it_adds_to_the_graph_of_all():
    of_all, own = graph_of_now(), dl.Graph()
    own.as_default()
    with ThreadPoolExecutor(1) as threads:
        assert threads.submit(graph_of_now).result() is of_all
        other = threads.submit(dl.Graph().as_default).result()._graph
        assert threads.submit(graph_of_now).result() is other
    assert graph_of_now() is own


def test_many_graphs_made_the_default_one_after_the_other_are_not_kept():
    class Watched(dl.Graph):
        pass

    made = []
    with dl.Graph().as_default():
        for _ in range(20):
            graph = Watched().as_default()
            made.append(weakref.ref(graph._graph))
    del graph
    gc.collect()
    assert sum(each() is not None for each in made) == 0
