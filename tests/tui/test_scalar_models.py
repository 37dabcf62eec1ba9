"""Models of thousands of scalars: the first screen shows the model, and lists of scalars are arrays."""

from __future__ import annotations

import pytest

from minidl_core import Graph, Node, Variable, name_scope
from minidl_core.graph import post_order
from tests.sample_graphs import lesson_of
from tests.scalar_models import tiny_gpt
from tests.tui.on_screen import text
from tests.tui.test_graph_keys import selected
from tests.tui.test_picture import check_order
from tui_backprop.app import BackpropApp
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.graph.foldings import Foldings
from tui_backprop.graph.look import GraphLook
from tui_backprop.graph.picture import Item
from tui_backprop.graph.scopes import array_of, groups, scope_of_name, shape_of
from tui_backprop.programs.program import program_of
from tui_backprop.screens.find import Finder

TINY = lesson_of("gpt", lambda: tiny_gpt(4, 4))


def items(foldings: Foldings, look: GraphLook) -> list[Item]:
    picture = foldings.folded(look).rows
    check_order(picture, foldings.nodes)
    return list(picture.items.values())


def test_the_first_picture_is_the_model() -> None:
    titles = [item.title for item in items(Foldings(Timeline(program_of(TINY)).graph), GraphLook())]
    assert {"model['query'] (4,4)", "model['up'] (8,4)", "head (16,4)", "tokens (4,4)"} <= set(titles)
    calls = [title.partition(" ")[0] for title in titles if "line" not in title.split() and "(" not in title]
    layers = ["normalise", "attend", "normalise_1", "linear", "linear", "normalise_2", "linear", "softmax"]
    assert [name for name in calls if name] == layers


def test_without_functions_and_names_its_lines_are_folded() -> None:
    lesson = lesson_of("flat", lambda: tiny_gpt(4, 4, scopes=False, names=False))
    shown = items(Foldings(Timeline(program_of(lesson)).graph), GraphLook())
    assert len(shown) < 60
    assert sum(item.title.startswith("line ") for item in shown) > 20


def test_every_group_opens_and_folds_without_a_circle() -> None:
    foldings = Foldings(Timeline(program_of(TINY)).graph)
    first = foldings.folded(GraphLook()).rows.closed
    for scope in sorted(foldings.scopes)[::12]:
        items(foldings, GraphLook(closed=first - {scope}))


def test_a_list_of_scalars_has_a_shape_unless_it_is_ragged() -> None:
    with Graph().as_default():
        names = ["w[0][0]", "w[0][1]", "w[1][0]", "w[1][1]", "r[0]", "r[2]", "alone[0]", "m[0]", "m[1]"]
        nodes: list[Node] = [Variable([1.0] if name[0] == "m" else float(i), name=name) for i, name in enumerate(names)]
    found = groups(nodes, lambda node: "", many=False)
    assert [found[node] for node in nodes] == [["w[]"]] * 4 + [["r[]"]] * 2 + [[]] * 3
    assert shape_of(nodes[:4]) == (2, 2)
    assert shape_of(nodes[4:6]) is None
    array = array_of(nodes[:4], lambda node: node.initial_value, (2, 2))  # type: ignore[attr-defined]
    assert array is not None
    assert array.tolist() == [[0, 1], [2, 3]]
    assert array_of(nodes[:4], lambda node: None, (2, 2)) is None


async def test_the_arrow_keys_reach_an_element_of_a_list_and_enter_goes_to_it() -> None:
    async with BackpropApp(program_of(TINY)).run_test(size=(120, 40)) as pilot:
        await pilot.press("right", "down")
        assert selected(pilot).startswith("model['qu")
        assert "16 scalars, drawn as one array" in text(pilot, "inspector")
        await pilot.press("tab", "down", "right")
        assert "model['query'][1][1] = " in text(pilot, "inspector")
        await pilot.press("enter")
        assert "model['query'][1][1]" in text(pilot, "inspector-title")


def test_find_asks_each_node_once() -> None:
    nodes = post_order([TINY.build(0).loss])
    finder = Finder(nodes)
    assert [node.name for node in finder.matches("model['query'][0]")] == [f"model['query'][0][{i}]" for i in range(4)]
    assert finder.matches("head[0][0]")[0].name == "head[0][0]"


def test_the_lists_of_an_object_fold_with_it_and_constants_with_what_uses_them() -> None:
    with Graph().as_default():
        layers = [
            [Variable(1.0, name=f"net.layers[{i}].units[{j}].w[{k}]") for k in (0, 1)] for i in (0, 1) for j in (0, 1)
        ]
        biases = [Variable(1.0, name=f"net.layers[{i}].units[{j}].b") for i in (0, 1) for j in (0, 1)]
        with name_scope("neuron"):
            outputs = [w[0] * 2.0 + w[1] + b for w, b in zip(layers, biases, strict=True)]
    nodes = post_order(outputs)
    found = groups(nodes, scope_of_name, many=True)
    assert found[layers[3][0]] == ["net.layers[1].", "net.layers[1].units[1].", "net.layers[1].units[1].w[]"]
    assert found[biases[0]] == ["net.layers[0].", "net.layers[0].units[0]."]
    [constants] = {tuple(found[node][:1]) for node in nodes if node.kind == "constant"}
    assert constants == ("neuron",)


async def test_a_large_graph_says_that_it_is_folded_and_is_not_opened_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_backprop.graph.shown.MOST_ROWS", 500)
    async with BackpropApp(program_of(TINY)).run_test(size=(80, 24)) as pilot:
        assert "model['query'] (4,4)" in text(pilot, "graph")
        assert "z opens" in text(pilot, "graph-title")
        before = text(pilot, "graph")
        await pilot.press("Z")
        assert "too many" in text(pilot, "keys")
        assert text(pilot, "graph") == before
