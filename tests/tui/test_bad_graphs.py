"""Graphs and names that want to break the screen: drawn sensibly, cut or escaped, never obeyed."""

from __future__ import annotations

from dataclasses import replace
from itertools import cycle

import numpy as np
import pytest
from rich.cells import cell_len

from minidl_core import Graph, RegisterGradient, Variable, add, name_scope, operation, sigmoid, square
from tests.sample_graphs import lesson_of, one_node
from tui_backprop.app import BackpropApp
from tui_backprop.graph.diagram import NodeView
from tui_backprop.graph.item_views import row_widths
from tui_backprop.graph.layout import NodeBox, effort, lay_out
from tui_backprop.graph.picture import fold, fold_at_first, repeat_leaves
from tui_backprop.graph.tape import draw_tape, thread
from tui_backprop.lessons.lesson import Example, Lesson
from tui_backprop.programs.program import program_of

NAMES = {
    "long": "a" * 200,
    "long scope": "outer_scope_with_a_long_name/" * 8 + "x",
    "control": "a\x1b[31mb\x07\r\n\tc\x00",
    "markup": "[red]a[/red] $x \\[b]",
    "wide": "重み" * 20,
    "combining": "e\u0301" * 30,
    "right to left": "\u202eabc\u200f",
    "joined": "👩\u200d👩\u200d👧" * 4,
    "nothing but slashes": "///",
    "blank": " ",
}


def named(name: str) -> Lesson:
    def build() -> Example:
        x = Variable([1.0, 2.0], name=name)
        with name_scope(name):
            y = add(x, sigmoid(x, name=name), name=name)
        z = square(y, name=name + "2")
        return Example(operation_of_all([z, x]), {})

    return replace(lesson_of(name, build), summary=name)


def operation_of_all(nodes: list[object]) -> object:
    """Return the sum of all entries of these nodes, by one operation with as many inputs."""
    count = len(nodes)
    letters = [f"p{i}" for i in range(count)]
    space: dict[str, object] = {"__name__": __name__}
    listed = ", ".join(letters)
    exec(f"def total({listed}, /):\n    '''All of it.'''\n    return sum_of(({listed},))", space)
    space["sum_of"] = lambda arrays: np.asarray(sum(array.sum() for array in arrays))
    space["total"].__name__ = f"total_of_{count}"  # type: ignore[attr-defined]
    total = operation(formula="Y = Σ")(space["total"])  # type: ignore[arg-type]

    @RegisterGradient(total.__name__, formulas=("G",) * count)
    def _gradient(op: object, grad: object) -> list[object]:
        """One more of any is one more of all."""
        return [np.broadcast_to(grad, array.shape) for array in op.inputs]  # type: ignore[attr-defined,call-overload]

    return total(*nodes)


def many_inputs() -> Example:
    return Example(operation_of_all([Variable(float(i), name=f"x{i}") for i in range(500)]), {})


def unconnected() -> Example:
    x = Variable(2.0, name="x")
    sigmoid(Variable(1.0, name="elsewhere"), name="island")
    sigmoid(x, name="off the path")
    return Example(square(x, name="J"), {})


LESSONS = {
    "one node": lesson_of("one node", one_node),
    "500 inputs": lesson_of("500 inputs", many_inputs),
    "unconnected": lesson_of("unconnected", unconnected),
} | {name: named(text) for name, text in NAMES.items()}
KEYS = [
    "space",
    "left up down f space",
    "z Z enter left_square_bracket p",
    "space tab down p space",
    "v right_square_bracket i v",
    "L",
    "escape slash a",
]


@pytest.mark.parametrize(("name", "size"), [*zip(LESSONS, cycle([(120, 40), (60, 16)]), strict=False)])
async def test_every_row_is_whole_and_nothing_is_obeyed(name: str, size: tuple[int, int]) -> None:
    async with BackpropApp(program_of(LESSONS[name])).run_test(size=size) as pilot:
        for keys in KEYS:
            await pilot.press(*keys.split())
            for strip in pilot.app.screen._compositor.render_strips():
                row = "".join(segment.text for segment in strip)
                assert cell_len(row) == size[0]
                assert not any(ord(char) < 32 or char in "\u202e\u200f\x7f" for char in row)


def test_an_empty_graph() -> None:
    assert fold_at_first([]).closed == frozenset()
    assert repeat_leaves(fold([], frozenset())).items == {}
    assert (effort([]), lay_out([]).width, row_widths([], {}, 1, False)) == (0, 0, (0, 0))
    assert draw_tape(thread([]), 0, 30, 5, lambda _: NodeView("", (), "", ""), {}, (0, 0)) == []


def test_500_inputs_enter_one_box() -> None:
    names = [f"x{i}" for i in range(500)]
    boxes = [*(NodeBox(name, (), 9, 4) for name in names), NodeBox("sum", tuple(names), 9, 14)]
    layout = lay_out(boxes)
    assert layout.boxes["sum"].height == 14
    assert all(layout.arrival(edge)[0] == layout.boxes["sum"].x - 1 for edge in layout.incoming["sum"])


def test_two_nodes_of_the_same_long_name_are_told_apart() -> None:
    with Graph().as_default():
        names = [Variable(1.0, name="a" * 200).name for _ in range(2)]
    assert names[0] != names[1]
