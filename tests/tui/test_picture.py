"""The items of a picture: what is folded, what must stay open, and leaves that stand beside each use."""

from __future__ import annotations

from random import Random

import pytest

from minidl_core import Graph, Node, Variable, add, multiply, name_scope, sigmoid, square
from minidl_core.graph import post_order
from tests.sample_graphs import LARGE, SMALL, lesson_of, scalar_network
from tui_backprop.graph.picture import Picture, fold, fold_at_first, repeat_leaves
from tui_backprop.graph.scopes import enclosing


def nodes_of(name: str) -> list[Node]:
    return post_order([(SMALL | LARGE)[name].build(0).loss])


def shown(picture: Picture) -> list[str]:
    return list(picture.items)


def check_order(picture: Picture, nodes: list[Node]) -> None:
    """Every node is in the picture, inputs stand before their consumers, and no edge is missing or made up."""
    place = {node: picture.items_for(node) for node in nodes}
    assert all(place.values())
    before: set[str] = set()
    for item in picture.items.values():
        assert before.issuperset(item.inputs)
        before.add(item.name)
    edges = {
        picture.edge(source, node, input_index) for node in nodes for input_index, source in enumerate(node.inputs)
    } - {None}
    drawn = {
        (source, item.name, input_index)
        for item in picture.items.values()
        for input_index, source in enumerate(item.inputs)
    }
    assert edges == drawn


@pytest.mark.parametrize("name", [*SMALL, *LARGE])
def test_a_picture_has_every_node_and_every_edge(name: str) -> None:
    nodes = nodes_of(name)
    for closed in (
        frozenset(),
        fold_at_first(nodes).closed,
        frozenset(s for node in nodes for s in enclosing(node.name)),
    ):
        picture = fold(nodes, closed)
        check_order(picture, nodes)
        check_order(repeat_leaves(picture), nodes)


def test_a_small_graph_is_not_folded() -> None:
    nodes = nodes_of("residual-blocks")
    assert shown(fold_at_first(nodes)) == [node.name for node in nodes]


def test_a_large_graph_is_folded_to_its_layers() -> None:
    nodes = nodes_of("scalar-network")
    assert len(nodes) > 7500
    layers = ["layer/", "layer_1/", "layer_2/", "layer_3/", "layer_4/", "loss/"]
    assert [name for name in shown(fold_at_first(nodes)) if "/" in name] == layers


def test_scopes_around_everything_do_not_hide_it() -> None:
    def build() -> object:
        with name_scope("net"), name_scope("inner"):
            return scalar_network((2, 8, 8, 8, 1))

    nodes = post_order([lesson_of("nested", build).build(0).loss])  # type: ignore[arg-type]
    picture = fold_at_first(nodes)
    assert "net/inner/layer_1/" in shown(picture)


def test_of_folded_scopes_the_outermost_shows() -> None:
    nodes = nodes_of("scalar-network")
    closed = fold_at_first(nodes).closed
    opened = fold(nodes, closed - {"layer_1"})
    assert len([name for name in shown(opened) if name.startswith("layer_1/neuron")]) == 16
    assert all(item.node is None for name, item in opened.items.items() if name.startswith("layer_1/"))


def circle() -> list[Node]:
    with Graph().as_default():
        x = Variable(1.0, name="x")
        one = sigmoid(x, name="outer/one")
        between = square(one, name="between")
        return post_order([add(one, multiply(between, 2, name="outer/two"), name="outer/sum")])


def check_parts(picture: Picture, nodes: list[Node]) -> list[str]:
    check_order(picture, nodes)
    return shown(picture)


def test_a_scope_that_values_leave_and_come_back_to_is_folded_in_parts() -> None:
    nodes = circle()
    picture = fold(nodes, frozenset({"outer"}))
    assert check_parts(picture, nodes) == ["x", "outer/", "between", "constant", "outer/ 2"]
    assert [item.title for item in picture.items.values() if item.scope] == ["outer 1 of 2", "outer 2 of 2"]


def test_only_the_scope_in_the_circle_is_in_parts() -> None:
    nodes = circle()
    with nodes[0].graph.as_default():
        nodes = post_order([square(add(nodes[-1], 1, name="after/add"), name="after/square")])
    assert check_parts(fold(nodes, frozenset({"outer", "after"})), nodes)[-3:] == ["outer/ 2", "constant_1", "after/"]


def test_of_two_scopes_that_need_each_other_one_is_in_parts() -> None:
    with Graph().as_default():
        x = Variable(1.0, name="x")
        a1 = sigmoid(x, name="a/1")
        b1 = sigmoid(x, name="b/1")
        a2, b2 = square(b1, name="a/2"), square(a1, name="b/2")
        nodes = post_order([add(a2, b2, name="J")])
    assert len(check_parts(fold(nodes, frozenset({"a", "b"})), nodes)) == len(["x", "a", "b", "J"]) + 1


@pytest.mark.parametrize("seed", range(40))
def test_whatever_is_folded_makes_no_circle(seed: int) -> None:
    random = Random(seed)
    with Graph().as_default():
        nodes: list[Node] = [Variable(1.0, name=f"{random.choice('abc')}/x{i}") for i in range(4)]
        for i in range(40):
            name = f"{random.choice(['', 'a/', 'b/', 'c/', 'd/'])}n{i}"
            nodes.append(add(random.choice(nodes[-9:]), random.choice(nodes), name=name))
        nodes = post_order(nodes)
    check_parts(fold(nodes, frozenset(random.sample("abcd", random.randint(1, 4)))), nodes)


def test_a_node_that_is_called_like_a_folded_scope() -> None:
    with Graph().as_default():
        nodes = post_order([square(Variable(1.0, name="s/x"), name="s/")])
    names = shown(fold(nodes, frozenset({"s"})))
    assert len(names) == len(set(names))


def test_the_same_node_twice_keeps_two_edges_and_a_fold_needs_one() -> None:
    with Graph().as_default():
        a = Variable([[1.0]], name="s/a")
        nodes = post_order([multiply(a, a, name="J")])
    assert fold(nodes, frozenset()).items["J"].inputs == ("s/a", "s/a")
    assert fold(nodes, frozenset({"s"})).items["J"].inputs == ("s/",)


def test_a_weight_used_in_many_layers_stands_beside_each_use() -> None:
    picture = fold(nodes_of("recurrent"), frozenset())
    boxes = repeat_leaves(picture)
    uses = [name for name, item in boxes.items.items() if item.nodes[0].name == "W"]
    assert [boxes.consumers[name] for name in uses] == [[f"m{i}"] for i in range(1, 7)]
    assert [boxes.items[name].use for name in uses] == [(i, 6) for i in range(1, 7)]


def test_a_weight_used_in_few_layers_is_one_box() -> None:
    picture = fold(nodes_of("two-layers"), frozenset())
    assert shown(repeat_leaves(picture)) == shown(picture)
