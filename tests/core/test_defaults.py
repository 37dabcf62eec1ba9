"""To which graph a new node is added: threads that build at the same time do not mix theirs."""

import threading
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
    import gc
    import weakref

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
