"""The code view: what stands in the file, where it stands, in every pane size, for a stranger's operation too."""

from __future__ import annotations

import inspect
import re
from functools import partial
from pathlib import Path

import pytest
from rich.cells import cell_len

import minidl_core as dl
from minidl_core.definition import GradientRule, definitions
from minidl_core.gradients import _gradient_registry, gradient_rule
from tests.tui.inspected import LESSONS, SIZES
from tests.tui.on_screen import opened, text
from tui_backprop.debugger.followed import Followed
from tui_backprop.debugger.moment import Moment
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.drawing.palette import STYLES, plain
from tui_backprop.inspector import draw_inspector, inspector_title, move_followed, views
from tui_backprop.inspector.code_view import code_lines
from tui_backprop.lessons import load_lesson
from tui_backprop.lessons.lesson import Example, Lesson
from tui_backprop.programs.program import program_of

from .moments import finish

ROOT = Path(dl.__file__).parent / "operations"


def moment_of(lesson: Lesson) -> Moment:
    timeline = Timeline(program_of(lesson))
    finish(timeline, 1)
    return timeline.moment


def node_named(moment: Moment, name: str) -> dl.Node:
    return next(node for node in moment.graph.nodes if node.name == name)


def squeezed(code: str) -> str:
    return "".join(code.split())


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_the_code_of_every_operation_is_what_stands_in_its_file(lesson: Lesson) -> None:
    moment = moment_of(lesson)
    for node in moment.graph.nodes:
        assert "code" in views(moment, node)
        assert inspector_title(moment, "code", node).endswith("   code")
        for size in SIZES:
            for line in (0, 5, 500):
                lines = draw_inspector(moment, "code", Followed(line=line), *size, node)
                assert len(lines) <= size[1]
                assert all(sum(cell_len(part) for part, _ in row) <= size[0] for row in lines)
                assert {style for row in lines for _, style in row} <= STYLES.keys()
        if not isinstance(node, dl.Operation):
            continue
        shown = squeezed(plain(code_lines(moment, node, 61, Followed())))
        for function in (node.definition.compute, gradient_rule(node).function):
            source = inspect.getsource(function)
            assert squeezed(source[source.index("def ") :]) in shown


def test_the_place_is_the_line_of_the_definition() -> None:
    moment = moment_of(load_lesson("perceptron"))
    heads = [
        row
        for row in plain(code_lines(moment, node_named(moment, "matmul"), 61, Followed())).splitlines()
        if "products.py:" in row
    ]
    lines = (ROOT / "products.py").read_text(encoding="utf-8").splitlines()
    for head, start in zip(heads, ("def matmul(", "def _matmul_gradient("), strict=True):
        assert lines[int(head.rpartition(":")[2]) - 1].startswith(start)


def test_it_is_highlighted() -> None:
    moment = moment_of(load_lesson("perceptron"))
    lines = code_lines(moment, node_named(moment, "matmul"), 80, Followed())
    spans = {span for line in lines for span in line}
    assert ("def", "key") in spans
    assert ("matmul", "title") in spans
    assert any(style == "done" and "mixes" in part for part, style in spans)


def test_a_variable_shows_its_update_and_data_says_that_it_has_no_code() -> None:
    moment = moment_of(load_lesson("perceptron"))
    assert "W, update" in plain(code_lines(moment, node_named(moment, "W"), 61, Followed()))
    assert "def compute(g" in plain(code_lines(moment, node_named(moment, "W"), 61, Followed()))
    assert "X is computed by no code: it is given, at perceptron.py:" in plain(
        code_lines(moment, node_named(moment, "X"), 61, Followed())
    )


def tripled(a: object, /) -> object:
    """Three times A."""
    return 3 * a  # type: ignore[operator]


def test_a_strangers_operation_and_one_without_source(monkeypatch: pytest.MonkeyPatch) -> None:
    space: dict[str, object] = {}
    exec("def typed(a, /):\n    'Typed at a prompt.'\n    return a + 0\n", space)  # as at a prompt: in no file
    for function in (tripled, space["typed"]):
        build_node = dl.operation(formula="Y = A")(function)  # type: ignore[arg-type]
        monkeypatch.setitem(
            _gradient_registry, build_node.__name__, GradientRule(partial(lambda k, op, g: [k * g], 3), ())
        )

    def build(seed: int) -> Example:
        with dl.Graph().as_default():
            inner = dl.Operation(definitions["tripled"], (dl.Variable(1.0, name="x"),), name="three")
            return Example(dl.Operation(definitions["typed"], (inner,), name="J"), {})

    try:
        moment = moment_of(Lesson("strangers", "", build, 0.1))
        three = plain(code_lines(moment, node_named(moment, "three"), 61, Followed()))
        assert "return 3 * a" in three
        assert f"test_code.py:{tripled.__code__.co_firstlineno}" in three
        assert "tripled, backward\nthe code of partial is in no file that can be read" in three
        typed = plain(code_lines(moment, node_named(moment, "J"), 61, Followed()))
        assert "typed, forward\nthe code of typed is in no file that can be read" in typed
        monkeypatch.delitem(_gradient_registry, "tripled")
        assert "no gradient function is registered for tripled" in plain(
            code_lines(moment, node_named(moment, "three"), 61, Followed())
        )
    finally:
        for name in ("tripled", "typed"):
            del definitions[name]


def test_long_code_is_moved_by_lines() -> None:
    moment = moment_of(load_lesson("perceptron"))
    node = node_named(moment, "matmul")
    every = plain(code_lines(moment, node, 30, Followed())).splitlines()
    followed = Followed()
    for first in range(5):
        shown = plain(draw_inspector(moment, "code", followed, 30, 6, node)).splitlines()
        assert shown[0] == every[first]
        followed = move_followed(moment, "code", followed, 0, 1, node)
    assert "more lines" in shown[-1]
    assert move_followed(moment, "code", Followed(), 0, -3, node) == Followed()
    assert move_followed(moment, "code", followed, 0, 10**6, node).line < len(every)


async def test_tab_comes_to_the_code_and_the_arrows_scroll_it() -> None:
    async with opened(size=(80, 24)) as pilot:
        await pilot.press("space", "tab", "tab", "tab")
        assert "value ledger [code]" in text(pilot, "inspector-title")
        top = text(pilot, "inspector").splitlines()
        assert top[0].startswith(" matmul, forward")
        assert "products.py:" in top[0]
        await pilot.press("down", "down")
        assert text(pilot, "inspector").splitlines()[0] == top[2]
        await pilot.press("up", "up", "up")
        assert text(pilot, "inspector").splitlines() == top
        await pilot.press("space")
        assert "[value] ledger code" in text(pilot, "inspector-title")


@pytest.mark.parametrize("width", [26, 43, 60])
def test_where_a_function_stands_is_never_cut(width: int) -> None:
    moment = moment_of(load_lesson("skip"))
    for node in moment.graph.nodes:
        if isinstance(node, dl.Operation):
            shown = plain(code_lines(moment, node, width, Followed()))
            assert len(re.findall(r" \w+\.py:\d+$", shown, re.MULTILINE)) == 2
            assert "…" not in shown


def test_the_rate_of_an_update_is_never_cut() -> None:
    def build(seed: int) -> Example:
        with dl.Graph().as_default():
            return Example(dl.square(dl.Variable(2.0, name="a weight with a long name"), name="cost"), {})

    moment = moment_of(Lesson("own", "", build, 0.0125))
    [variable] = moment.graph.variables
    for width in (30, 43, 60, 100):
        drawn = plain(draw_inspector(moment, "update", Followed(), width, 30, variable))
        assert any(line.endswith("η = 0.0125") for line in drawn.splitlines()[:5])
        assert re.search(r"= 2(\.0+)? - 0\.0125·4\s+= 2(\.0+)? - 0\.05 = 1\.95$", drawn, re.MULTILINE), drawn
