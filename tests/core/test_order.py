"""The post-order: inputs before their consumers, as a recursion would find them, and each edge looked at once."""

from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

import minidl_core as dl
from minidl_core.order import post_order


@st.composite
def graphs(draw):
    """Nodes, each with inputs among those before it, and some of them to ask for."""
    dl.Graph().as_default()
    nodes = [dl.Variable(1.0), dl.Variable(2.0)]
    for _ in range(draw(st.integers(1, 12))):
        nodes.append(dl.stack(draw(st.lists(st.sampled_from(nodes), min_size=1, max_size=4))).sum())
    return draw(st.lists(st.sampled_from(nodes), min_size=1, max_size=3))


@given(graphs())
def test_the_order_is_that_of_a_recursion(fetches):
    found = {}

    def visit(node):
        for source in node.inputs:
            visit(source)
        found.setdefault(node)

    for node in fetches:
        visit(node)
    assert post_order(fetches) == list(found)


class _Node(SimpleNamespace):
    __hash__ = object.__hash__


def test_each_edge_is_looked_at_once_however_many_inputs_a_node_has():
    looked_at = []

    class Inputs(tuple):
        def __iter__(self):
            for each in super().__iter__():
                looked_at.append(each)
                yield each

    graph = SimpleNamespace(nodes=[])
    leaves = [_Node(inputs=(), graph=graph, number=number) for number in range(100)]
    node = _Node(inputs=Inputs(leaves), graph=graph)
    graph.nodes += [*leaves, node]
    assert post_order([node]) == [*leaves, node]
    assert len(looked_at) == 100
