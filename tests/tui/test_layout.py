"""The contract of every layout: boxes apart, edges orthogonal and clear of foreign boxes, no two lines in one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_backprop.graph.layout import Edge, Layout, NodeBox, lay_out

Cell = tuple[int, int]


def box(name: str, *inputs: str, swappable: bool = False, height: int = 4) -> NodeBox:
    return NodeBox(name, inputs, max(9, len(name) + 2), height, swappable)


PERCEPTRON = [
    box("c"),
    box("X"),
    box("W"),
    box("matmul", "X", "W"),
    box("b"),
    box("add", "matmul", "b", swappable=True),
    box("p", "add"),
    box("log", "p"),
    box("multiply", "c", "log", swappable=True),
    box("reduce_sum", "multiply"),
    box("reduce_sum_1", "reduce_sum"),
    box("J", "reduce_sum_1"),
]
CHAIN = [box("a"), box("b", "a"), box("c", "b"), box("d", "c"), box("e", "d")]
TWO_PATHS = [box("a"), box("b", "a"), box("c", "b"), box("d", "b"), box("e", "c", "d")]
SKIP = [box("x"), box("sigmoid", "x"), box("add", "x", "sigmoid", swappable=True), box("J", "add")]
TWICE = [box("A"), box("matmul", "A", "A"), box("J", "matmul")]


def two_layers() -> list[NodeBox]:
    nodes = [box("c"), box("h0")]
    for i in (1, 2):
        nodes += [box(f"W{i}"), box(f"matmul{i}", f"h{i - 1}", f"W{i}"), box(f"b{i}")]
        nodes += [box(f"add{i}", f"matmul{i}", f"b{i}", swappable=True), box(f"h{i}", f"add{i}")]
    return [*nodes, box("log", "h2"), box("multiply", "c", "log", swappable=True), box("J", "multiply")]


def residual_blocks(count: int = 5) -> list[NodeBox]:
    nodes = [box("x0")]
    for i in range(count):
        nodes += [box(f"W{i}"), box(f"m{i}", f"x{i}", f"W{i}"), box(f"r{i}", f"m{i}")]
        nodes += [box(f"V{i}"), box(f"n{i}", f"r{i}", f"V{i}"), box(f"x{i + 1}", f"x{i}", f"n{i}", swappable=True)]
    return nodes


def recurrent(steps: int = 4) -> list[NodeBox]:
    nodes = [box("h0"), box("W")]
    for i in range(steps):
        nodes += [box(f"x{i}"), box(f"m{i}", "W", f"h{i}"), box(f"s{i}", f"m{i}", f"x{i}"), box(f"h{i + 1}", f"s{i}")]
    return nodes


GRAPHS = {
    "perceptron": PERCEPTRON,
    "chain": CHAIN,
    "two paths": TWO_PATHS,
    "skip": SKIP,
    "the same node twice": TWICE,
    "two layers": two_layers(),
    "residual blocks": residual_blocks(),
    "recurrent": recurrent(),
    "one node": [box("x")],
    "unconnected": [box("x"), box("y"), box("z", "y"), box("log", "x"), box("J", "log")],
    "many inputs": [*(box(f"x{i}") for i in range(40)), box("sum", *(f"x{i}" for i in range(40)))],
    "two ways to swap rows": [box("a"), box("b"), box("c", "b", "a"), box("d", "a", "b"), box("J", "c", "d")],
}


@st.composite
def graphs(draw: st.DrawFn) -> list[NodeBox]:
    nodes: list[NodeBox] = []
    for i in range(draw(st.integers(1, 25))):
        names = [node.name for node in nodes]
        inputs = draw(st.lists(st.sampled_from(names), max_size=4)) if names else []
        height = draw(st.sampled_from([4, 4, len(inputs) + 3]))
        nodes.append(NodeBox(f"n{i}", tuple(inputs), draw(st.integers(3, 14)), height, draw(st.booleans())))
    return nodes


def all_edges(layout: Layout) -> list[Edge]:
    return [edge for edges in layout.incoming.values() for edge in edges]


def cells_of(layout: Layout, edge: Edge) -> set[Cell]:
    """Return the cells of an edge between the two boxes."""
    path = layout.path(edge)
    cells = {path[0], path[-1]}
    for (x0, y0), (x1, y1) in pairwise(path):
        assert x0 == x1 or y0 == y1, "an edge must be orthogonal"
        cells.update((x, y) for x in range(min(x0, x1), max(x0, x1) + 1) for y in range(min(y0, y1), max(y0, y1) + 1))
    return cells - {path[0], path[-1]}


def sides(path: Iterable[Cell]) -> set[tuple[Cell, Cell]]:
    """Return the steps from cell to cell that a path consists of."""
    steps = set()
    for (x0, y0), (x1, y1) in pairwise(path):
        xs, ys = range(min(x0, x1), max(x0, x1) + 1), range(min(y0, y1), max(y0, y1) + 1)
        steps |= set(pairwise([(x, y) for x in xs for y in ys]))
    return steps


def check_contract(nodes: list[NodeBox], layout: Layout, own_ports: bool = True) -> None:
    box_at: dict[Cell, str] = {}
    for node in nodes:
        place = layout.boxes[node.name]
        assert (place.width, place.height) == (node.width, node.height)
        for x in range(place.x, place.x + place.width):
            for y in range(place.y, place.y + place.height):
                assert 0 <= x < layout.width, "a box must be inside the picture"
                assert 0 <= y < layout.height, "a box must be inside the picture"
                assert (x, y) not in box_at, "no two boxes may overlap"
                box_at[x, y] = node.name
    steps: dict[str, set[tuple[Cell, Cell]]] = {}
    for edge in all_edges(layout):
        source, consumer = layout.boxes[edge.source], layout.boxes[edge.consumer]
        assert source.x + source.width < consumer.x, "an edge must go to the right"
        path = layout.path(edge)
        assert box_at[path[0]] == edge.source
        assert box_at[path[-1]] == edge.consumer
        cells = cells_of(layout, edge)
        assert not cells & box_at.keys(), "an edge must touch no box but its own two"
        assert all(0 <= x < layout.width and 0 <= y < layout.height for x, y in cells)
        steps.setdefault(edge.source, set()).update(sides(path))
    if own_ports:
        for (one, ways), (other, other_ways) in combinations(steps.items(), 2):
            assert not ways & other_ways, f"the lines of {one} and {other} run along each other"
    drawn = {stroke for column in layout.columns for line in column.lines for stroke in line}
    assert set().union(*map(sides, drawn)) == set().union(*steps.values()), "the strokes must draw just the edges"


@pytest.mark.parametrize("name", GRAPHS)
def test_contract(name: str) -> None:
    check_contract(GRAPHS[name], lay_out(GRAPHS[name]), own_ports=name != "many inputs")


@settings(deadline=None)
@given(graphs())
def test_contract_of_any_graph(nodes: list[NodeBox]) -> None:
    check_contract(nodes, lay_out(nodes), own_ports=all(len(node.inputs) <= node.height - 2 for node in nodes))


@settings(deadline=None)
@given(graphs())
def test_contract_of_any_graph_of_one_line_nodes(nodes: list[NodeBox]) -> None:
    low = [NodeBox(node.name, node.inputs, node.width, 1, node.swappable) for node in nodes]
    check_contract(low, lay_out(low, gap=0), own_ports=False)


def test_the_perceptron_is_as_wide_and_high_as_its_pane() -> None:
    widths = {"p": 11, "multiply": 10, "reduce_sum": 12, "reduce_sum_1": 14, "J": 12}
    nodes = [NodeBox(node.name, node.inputs, widths.get(node.name, 9), 4, node.swappable) for node in PERCEPTRON]
    layout = lay_out(nodes, "J")
    assert (layout.width, layout.height) == (114, 9)
    spine = ["X", "matmul", "add", "p", "log", "multiply", "reduce_sum", "reduce_sum_1", "J"]
    assert [layout.boxes[name].y for name in spine] == [0] * len(spine)
    assert {name: layout.boxes[name].y for name in "Wbc"} == {"W": 5, "b": 5, "c": 5}
    for leaf, consumer in [("b", "add"), ("c", "multiply")]:
        end = layout.boxes[leaf].x + layout.boxes[leaf].width
        assert layout.boxes[consumer].x - end == 3, "a leaf stands beside its consumer"


@pytest.mark.parametrize("name", GRAPHS)
def test_spine_is_straight(name: str) -> None:
    layout = lay_out(GRAPHS[name])
    depth: dict[str, int] = {}
    for node in GRAPHS[name]:
        depth[node.name] = 1 + max((depth[source] for source in node.inputs), default=0)
    end = max(depth, key=lambda node: depth[node])
    spine = [end]
    while edges := layout.incoming[spine[-1]]:
        spine.append(max((edge.source for edge in edges), key=lambda source: depth[source]))
    assert len({layout.boxes[node].y for node in spine}) == 1


@settings(deadline=None)
@given(graphs())
def test_operands_enter_in_order(nodes: list[NodeBox]) -> None:
    layout = lay_out(nodes)
    for node in nodes:
        rows = [layout.arrival(edge)[1] for edge in layout.incoming[node.name]]
        assert node.swappable or rows == sorted(rows)


def test_the_same_node_twice_has_two_edges() -> None:
    layout = lay_out(TWICE)
    one, other = layout.incoming["matmul"]
    assert layout.arrival(one) != layout.arrival(other)


def test_a_skip_goes_around_the_box_between() -> None:
    layout = lay_out(SKIP)
    skip = next(edge for edge in layout.incoming["add"] if edge.source == "x")
    between = layout.boxes["sigmoid"]
    rows = {y for x, y in cells_of(layout, skip) if between.x <= x < between.x + between.width}
    assert len(rows) == 1
    assert rows.isdisjoint(range(between.y, between.y + between.height))


def test_an_unused_node_moves_no_other() -> None:
    before = lay_out(PERCEPTRON, "J")
    after = lay_out([*PERCEPTRON, box("accuracy", "p")], "J")
    assert all(before.boxes[name].y == after.boxes[name].y for name in before.boxes)
    assert all(before.boxes[name] == after.boxes[name] for name in ("X", "W", "matmul", "b", "add", "p"))


def test_a_node_after_its_consumer_is_refused() -> None:
    with pytest.raises(ValueError, match="its inputs must come before it"):
        lay_out([box("b", "a"), box("a")])


def test_an_empty_graph_is_an_empty_picture() -> None:
    layout = lay_out([])
    assert (layout.width, layout.height, layout.boxes) == (0, 0, {})


def test_a_long_chain_is_one_line() -> None:
    nodes = [box("n0"), *(box(f"n{i}", f"n{i - 1}") for i in range(1, 3000))]
    layout = lay_out(nodes)
    assert layout.height == 4
    assert len(list(layout.columns_between(5000, 5100))) < 20


def test_a_shared_weight_is_one_line() -> None:
    """Its strokes grow with the uses of the weight, not with their square."""

    def strokes(steps: int) -> int:
        return sum(len(line) for column in lay_out(recurrent(steps)).columns for line in column.lines)

    assert strokes(200) < 2.2 * strokes(100)


def printed(script: str, seeds: Iterable[str]) -> set[bytes]:
    """What a script prints in processes whose hashes of strings start from these seeds."""
    return {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in seeds
    }


def test_the_picture_is_the_same_in_every_process() -> None:
    script = "from tests.tui.test_layout import *\nfor nodes in GRAPHS.values(): print(lay_out(nodes))"
    pictures = printed(script, seeds=("0", "1", "2"))
    assert len(pictures) == 1
