"""The product of all slopes along the one path to the loss: written where there is one path, and nowhere else."""

from __future__ import annotations

import pytest

from minidl_core import Node, Variable, add, multiply, square
from tests.sample_graphs import lesson_of
from tui_backprop.debugger.steps import Place
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.drawing.palette import plain
from tui_backprop.inspector.one_path import MOST_SLOPES, one_path_section
from tui_backprop.lessons import load_lesson
from tui_backprop.lessons.lesson import Example
from tui_backprop.programs.program import program_of


def product_of(timeline: Timeline, name: str, width: int = 44) -> str:
    timeline.go_to(Place(1))
    node = next(node for node in timeline.graph.nodes if node.name == name)
    return plain(one_path_section(timeline.moment, node, width).lines)


@pytest.mark.parametrize(
    ("node", "numbers"),
    [
        ("a", ["de/da = de/dd·dd/dc·dc/db·db/da", "= (1)(-6)(1)(2) = -12"]),
        ("5", ["de/d5 = de/dd·dd/dc·dc/d5", "= (1)(-6)(-1) = 6"]),
        ("c", ["de/dc = de/dd·dd/dc = (1)(-6) = -6"]),
        ("d", []),
        ("e", []),
    ],
)
def test_the_lesson_on_the_chain_rule_writes_its_product(node: str, numbers: list[str]) -> None:
    shown = product_of(Timeline(program_of(load_lesson("chain"))), node)
    assert [line.strip() for line in shown.splitlines()[1:]] == numbers


@pytest.mark.parametrize(("lesson", "node"), [("two-paths", "a"), ("two-edges", "side"), ("perceptron", "b")])
def test_no_product_where_paths_are_several_or_arrays_are_on_them(lesson: str, node: str) -> None:
    assert product_of(Timeline(program_of(load_lesson(lesson))), node) == ""


def chain_of_doubles() -> Example:
    y: Node = Variable(1, name="x")
    for count in range(1, MOST_SLOPES + 1):
        y = multiply(y, 2, name=f"y{count}")
    return Example(square(y, name="J"), {})


def test_many_slopes_are_numbers_alone_and_too_many_are_not_written() -> None:
    timeline = Timeline(program_of(lesson_of("doubles", chain_of_doubles)))
    assert product_of(timeline, "x") == ""
    shown = product_of(timeline, "y1")
    assert max(map(len, shown.splitlines())) <= 44
    assert "".join(shown.split()).endswith(f"dJ/dy1=(131072){'(2)' * (MOST_SLOPES - 1)}=4.295e+09")


def flat() -> Example:
    y = add(square(multiply(Variable(0, name="x"), 3, name="m"), name="s"), 1, name="y")
    return Example(square(y, name="J"), {})


def test_no_slope_is_made_up_where_the_gradient_is_0() -> None:
    timeline = Timeline(program_of(lesson_of("flat", flat)))
    assert product_of(timeline, "s") != ""
    assert product_of(timeline, "x") == "", "dJ/dm is 0, which tells nothing of the slope from m to x"
