"""The tape: the gutter of shared nodes, skips and wide graphs, and what gives way where the pane is narrow."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_backprop.drawing.palette import plain
from tui_backprop.graph.diagram import NodeView
from tui_backprop.graph.layout import NodeBox
from tui_backprop.graph.tape import Tape, draw_tape, thread

from .test_diagram import NASTY, widths
from .test_layout import PERCEPTRON, SKIP, TWICE, graphs, recurrent


def threaded(nodes: list[NodeBox], columns: int = 8) -> Tape:
    return thread([(node.name, node.inputs) for node in nodes], columns)


def gutter(nodes: list[NodeBox], columns: int = 8) -> str:
    tape = threaded(nodes, columns)
    return "".join(f"\n{row} {name}" for name, row in zip(tape.names, tape.gutters, strict=True))


def test_an_operation_takes_over_its_first_line() -> None:
    assert (
        gutter(PERCEPTRON)
        == """
○      c
│ ○    X
│ │ ○  W
│ ○─┘  matmul
│ │ ○  b
│ ○─┘  add
│ ○    p
│ ○    log
○─┘    multiply
○      reduce_sum
○      reduce_sum_1
○      J"""
    )


def test_a_skip_keeps_its_line() -> None:
    assert (
        gutter(SKIP)
        == """
○    x
├─○  sigmoid
○─┘  add
○    J"""
    )


def test_the_same_node_twice_has_two_lines() -> None:
    assert (
        gutter(TWICE)
        == """
○─┐  A
○─┘  matmul
○    J"""
    )


def test_a_shared_weight_runs_along() -> None:
    assert (
        gutter(recurrent(2))
        == """
○      h0
│ ○    W
│ │ ○  x0
○─┤ │  m0
○─│─┘  s0
○ │    h1
│ │ ○  x1
○─┘ │  m1
○───┘  s1
○      h2"""
    )


def test_lines_beyond_the_last_column_share_it() -> None:
    nodes = [NodeBox(f"x{i}", (), 9, 4) for i in range(5)]
    nodes += [NodeBox("near", ("x0", "x1"), 9, 4), NodeBox("far", ("near", "x2", "x3", "x4"), 9, 4)]
    assert (
        gutter(nodes, columns=3)
        == """
○      x0
│ ○    x1
│ │ ○  x2
│ │ ○  x3
│ │ ○  x4
○─┘ ⋮  near
○───…  far"""
    )


@given(graphs(), st.integers(1, 8))
def test_every_row_has_one_node_within_the_columns(nodes: list[NodeBox], columns: int) -> None:
    tape = threaded(nodes, columns)
    assert all(row.count("○") == 1 and len(row) <= 2 * columns for row in tape.gutters)


@given(graphs())
def test_lines_are_unbroken(nodes: list[NodeBox]) -> None:
    """What leaves a row downwards enters the next one from above."""
    tape = threaded(nodes, columns=99)
    consumed = {name for node in nodes for name in node.inputs}
    below = set("│├┤┌┐┼┬")
    above = set("│├┤┘┼┴└")
    for upper, lower, node in zip(tape.gutters, tape.gutters[1:], nodes, strict=False):
        for column, (sign, under) in enumerate(zip(upper, lower, strict=True)):
            if sign in below or (sign == "○" and node.name in consumed):
                assert under in above | {"○"}, f"column {column} below {node.name}"
            elif column % 2 == 0:
                assert under not in above


def rows(width: int, height: int = 12, first: int = 0) -> list[str]:
    def view(name: str) -> NodeView:
        return NodeView(name, ("(100,2)",), "v✓", "w2" if name == "b" else "g·", now=name == "matmul")

    margin = {"matmul": "►", "X": "+", "W": "+"}
    return plain(draw_tape(threaded(PERCEPTRON), first, width, height, view, margin, (12, 7))).splitlines()


def test_a_row_tells_state_name_shape_and_marks() -> None:
    assert rows(35, 5)[1:] == [
        "+ │ ○   X            (100,2) v✓ g·",
        "+ │ │ ○ W            (100,2) v✓ g·",
        "► │ ●─┘ matmul       (100,2) v✓ g·",
        "  │ │ ○ b            (100,2) v✓ w2",
    ]


@pytest.mark.parametrize(
    ("width", "row"),
    [
        (60, "  ○     reduce_sum_1 (100,2) v✓ g·"),
        (33, "  ○     reduce_su… (100,2) v✓ g·"),
        (30, "  ○     reduce_sum_1 v✓ g·"),
        (22, "  ○     reduce… v✓ g·"),
    ],
)
def test_what_gives_way_in_a_narrow_pane(width: int, row: str) -> None:
    assert rows(width)[10] == row


def test_the_rows_that_show() -> None:
    assert [row.split()[-4] for row in rows(35, height=3, first=9)] == ["reduce_sum", "reduce_sum_1", "J"]


@given(NASTY)
def test_no_name_breaks_a_row(name: str) -> None:
    tape = thread([("a", ())])
    lines = draw_tape(tape, 0, 30, 1, lambda _: NodeView(name, ("()",), "v✓", "g·"), {}, (20, 2))
    assert widths(lines) == {30}
