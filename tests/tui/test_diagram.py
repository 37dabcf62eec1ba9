"""The drawn diagram: what it shows of a moment, what it leaves out of a viewport, and names that want to break it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from tui_backprop.drawing.palette import STYLES, Line, plain
from tui_backprop.graph.diagram import NodeView, Note, Viewport, draw_diagram
from tui_backprop.graph.layout import Edge, Layout, NodeBox, lay_out

from .test_layout import GRAPHS, TWICE, box


def blank(name: str) -> NodeView:
    return NodeView(name, ("()",), "v·", "g·")


nowhere = frozenset[Edge]().__contains__


def everything(layout: Layout) -> Viewport:
    return Viewport(0, 0, layout.width, layout.height)


def picture(nodes: list[NodeBox], in_use: tuple[Edge, ...] = (), went: tuple[Edge, ...] = (), now: str = "") -> str:
    layout = lay_out(nodes)

    def view(name: str) -> NodeView:
        return NodeView(name, ("()",), "v✓", "g·", now=name == now)

    return "\n" + plain(draw_diagram(layout, everything(layout), view, went.__contains__, in_use))


def test_a_shared_node_has_one_line_with_branches() -> None:
    nodes = [box("a"), box("b", "a"), box("c", "a"), box("d", "b", "c")]
    assert (
        picture(nodes)
        == """
┌───────┐   ┌───────┐   ┌───────┐
│a      │─┬►│b      │──►│d      │
│()     │ │ │()     │ ┌►│()     │
└─v✓ g·─┘ │ └─v✓ g·─┘ │ └─v✓ g·─┘
          │           │
          │ ┌───────┐ │
          └►│c      │─┘
            │()     │
            └─v✓ g·─┘"""
    )


def test_the_edge_in_use_is_heavy_from_box_to_box() -> None:
    nodes = [box("x"), box("s", "x"), box("y", "s", "x")]
    assert (
        picture(nodes, in_use=(Edge("x", "y", 1),), now="y")
        == """
┌───────┐   ┌───────┐   ┏━━━━━━━┓
│x      │━┱►│s      │──►┃y      ┃
│()     │ ┃ │()     │ ┏►┃()     ┃
└─v✓ g·─┘ ┃ └─v✓ g·─┘ ┃ ┗━v✓ g·━┛
          ┗━━━━━━━━━━━┛"""
    )


def test_the_arrow_is_at_the_source_once_the_gradient_went() -> None:
    nodes = [box("x"), box("s", "x"), box("y", "s", "x")]
    assert (
        picture(nodes, in_use=(Edge("x", "y", 1),), went=(Edge("s", "y", 0), Edge("x", "y", 1)), now="x")
        == """
┏━━━━━━━┓   ┌───────┐   ┌───────┐
┃x      ┃◄┱►│s      │◄──│y      │
┃()     ┃ ┃ │()     │ ┏━│()     │
┗━v✓ g·━┛ ┃ └─v✓ g·─┘ ┃ └─v✓ g·─┘
          ┗━━━━━━━━━━━┛"""
    )


def test_the_same_node_twice_shows_two_edges() -> None:
    assert (
        picture(TWICE[:2])
        == """
┌───────┐   ┌───────┐
│A      │─┬►│matmul │
│()     │ └►│()     │
└─v✓ g·─┘   └─v✓ g·─┘"""
    )


def test_lines_that_cross_and_lines_that_join_look_different() -> None:
    crossing = [box("a"), box("b"), box("c", "b", "a"), box("d", "a", "b")]
    assert "┼" in picture(crossing)
    assert "•" not in picture(crossing)
    joining = [box("a"), box("b", "a", "a"), box("c", "a", "b")]
    assert "│a      │─•►│b      │─┐└►│c      │" in picture(joining)


def test_one_line_nodes_show_both_marks() -> None:
    nodes = [NodeBox("a", (), 8, 1), NodeBox("b", (), 8, 1), NodeBox("mul", ("a", "b"), 10, 1)]
    layout = lay_out(nodes, gap=0)

    def view(name: str) -> NodeView:
        return NodeView(name, ("()",), "v✓", "q1" if name == "a" else "g·")

    assert (
        "\n" + plain(draw_diagram(layout, everything(layout), view, nowhere))
        == """
[a  ✓q1]─┬►[mul  ✓· ]
[b  ✓· ]─┘"""
    )


def test_marks_too_long_for_the_border_take_its_corner_piece() -> None:
    layout = lay_out([box("a")])
    lines = draw_diagram(layout, everything(layout), lambda name: NodeView(name, ("",), "v✓", "q123"), nowhere)
    assert plain(lines).endswith("└v✓ q123┘")


def test_off_path_node_has_no_slot_for_a_gradient() -> None:
    layout = lay_out([box("a")])
    lines = draw_diagram(layout, everything(layout), lambda name: NodeView(name, ("",), "v·", ""), nowhere)
    assert plain(lines).endswith("└─v·────┘")


def test_a_note_stands_in_the_nearest_free_cells() -> None:
    layout = lay_out([box("a"), box("b"), box("c", "a", "b")])
    lines = draw_diagram(layout, everything(layout), blank, nowhere, note=Note(["why", "so"], "b"))
    assert plain(lines).splitlines()[6:8] == ["│b      │─┘   why", "│()     │     so"]


def test_a_note_without_room_is_left_out() -> None:
    layout = lay_out([box("a"), box("b", "a")])
    lines = draw_diagram(layout, everything(layout), blank, nowhere, note=Note(["why"], "b"))
    assert "why" not in plain(lines)


@pytest.mark.parametrize("name", GRAPHS)
def test_every_viewport_is_a_piece_of_the_whole(name: str) -> None:
    layout = lay_out(GRAPHS[name])
    in_use = [edge for edges in layout.incoming.values() for edge in edges][-1:]
    went = {edge for edges in layout.incoming.values() for edge in edges[:1]}

    def cells(viewport: Viewport) -> list[str]:
        lines = draw_diagram(layout, viewport, blank, went.__contains__, in_use)
        return ["".join(text for text, _ in line) for line in lines]

    whole = cells(everything(layout))
    for x in range(0, layout.width, 7):
        for y in range(0, layout.height, 3):
            piece = cells(Viewport(x, y, 11, 5))
            expected = [row[x : x + 11].ljust(11) for row in whole[y : y + 5]]
            assert piece == expected + [" " * 11] * (5 - len(expected))


def widths(lines: list[Line]) -> set[int]:
    return {sum(cell_len(text) for text, _ in line) for line in lines}


CHARACTERS = ["a", "界", "é", "e\u0301", "\x1b[31m", "\n", "\u202e", "[red]", "😀", "\u200d"]
NASTY = st.lists(st.sampled_from(CHARACTERS), min_size=1, max_size=9).map("".join)


@settings(deadline=None)
@given(NASTY, st.integers(-5, 12), st.integers(1, 30))
def test_no_name_breaks_a_line(name: str, x: int, width: int) -> None:
    layout = lay_out([NodeBox("a", (), 12, 4), NodeBox("b", ("a",), 12, 4)])
    lines = draw_diagram(layout, Viewport(x, 0, width, 4), lambda _: NodeView(name, (name,), "v✓", "g·"), nowhere)
    assert widths(lines) == {width}
    text = plain(lines)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert text.count("\n") == 3


def test_only_named_styles_are_used() -> None:
    layout = lay_out(TWICE)
    edges = layout.incoming["matmul"]
    for value in ("v·", "v✓", "v►", "v~", "v+"):
        for gradient in ("", "g·", "g✓", "g►", "q1", "w2"):
            view = NodeView("x", ("()",), value, gradient, now=value == "v►")
            lines = draw_diagram(layout, everything(layout), lambda _, view=view: view, nowhere, edges)  # type: ignore[misc]
            assert {style for line in lines for _, style in line} <= STYLES.keys()
