"""The chart of the loss as a picture: exact in size, axes that stay, marks on the curve."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from math import inf, isfinite, nan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minidl_core import Graph, Variable, square
from tui_backprop.app import BackpropApp
from tui_backprop.debugger.loss_history import LossHistory
from tui_backprop.drawing.palette import STYLES, Line, plain
from tui_backprop.lessons.lesson import Example, Lesson
from tui_backprop.pictures import figures
from tui_backprop.pictures.loss_chart import _window, draw_loss
from tui_backprop.programs.program import program_of
from tui_backprop.widgets.canvas import Canvas

# The first losses of the perceptron with seed 28 and learning rate 0.0005.
PERCEPTRON = [195.44, 154.39, 121.93, 96.95, 77.99, 63.88, 53.41, 45.56, 39.57, 34.92, 31.23, 28.26]
SIZES = [(35, 4), (35, 5), (54, 9), (54, 10), (116, 30)]

SMALL = """\
 200┤o⣀⣀o
 100┤   ⠈⠑o⠤⠤●⠤⠤o⣀o⣀⣀o
   0┤                ⠈⠉o⠉⠉o⠉⠉o
    └1──2────4────6────8─────10──12"""

NOT_YET = """\
 200┤o⡀
    │ ⠈⠒⢄
    │    o⠒⠤⣀
 100┤        ⠉o
    │
    │
    │
   0┤
    └1───2────3───●───5────6───7────8───9───10───11─12"""

LOGARITHMIC = """\
 1000┤
     │
     │o
  100┤ ⠉⠑o⠤⠤⠤o⣀
     │         ⠉o⠒⠒o⠤⠤⠤o⣀⣀o
     │                     ⠉⠉⠉o⠒⠒o⠤⠤o⣀⣀⣀o⣀⣀o⣀⣀●
     │
   10┤
     └1──2──────4──────6──────8─────10─────12───────15"""

EMPTY = """\
│       the forward pass measures J
│
│
└●──2─────4─────6─────8─────10───12"""


def history_of(losses: list[float]) -> LossHistory:
    history = LossHistory()
    for iteration, loss in enumerate(losses, start=1):
        history.record(iteration, loss)
    return history


def loss_lines(
    losses: list[float],
    cursor: int,
    width: int,
    height: int,
    *,
    measured: bool = True,
    logarithmic: bool = False,
) -> list[Line]:
    loss = losses[cursor - 1] if measured else None
    return draw_loss(history_of(losses), cursor=cursor, loss=loss, logarithmic=logarithmic, width=width, height=height)


GHOSTS = """\
 200┤o
    │ ⠱⡀·
    │  ⠘⢄···
    │   ⠈o  ····
 100┤     ⠑⢄    ·····
    │       ⠑⢄       ······· as it was
    │         ●⠤⣀           ··············
    │            ⠉o··········    larger   ············
   0┤                        ·························
    └1───2────3───4───5────6───7────8───9───10───11─12"""


def test_ghosts_are_dotted_behind_the_curve_and_labelled_where_there_is_room() -> None:
    larger = [195.44, 120.0, 60.0, 30.0, 20.0, 15.0, 10.0, 8.0, 6.0, 5.0, 4.0, 3.0]
    live = larger[:4]
    ghosts = [("as it was", history_of(PERCEPTRON)), ("larger", history_of(larger))]
    lines = draw_loss(history_of(live), cursor=3, loss=60.0, logarithmic=False, width=54, height=10, ghosts=ghosts)
    check_size(lines, 54, 10)
    assert plain(lines) == GHOSTS
    drawn = "".join(text for line in lines for text, name in line if name == "ghost")
    assert set(drawn.replace("as it was", "").replace("larger", "")) == {"·"}


@given(
    st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=40),
    st.lists(st.tuples(st.text("ab→", max_size=30), st.lists(st.floats(), max_size=400)), max_size=3),
    st.booleans(),
    st.sampled_from([*SIZES, (10, 2), (5, 3)]),
)
@settings(deadline=None, max_examples=40)
def test_ghosts_never_change_the_size(
    live: list[float], ghosts: list[tuple[str, list[float]]], logarithmic: bool, size: tuple[int, int]
) -> None:
    lines = draw_loss(
        history_of(live),
        cursor=len(live) + 1,
        loss=None,
        logarithmic=logarithmic,
        width=size[0],
        height=size[1],
        ghosts=[(label, history_of(losses)) for label, losses in ghosts],
    )
    check_size(lines, *size)


def check_size(lines: list[Line], width: int, height: int) -> None:
    assert [sum(len(text) for text, _ in line) for line in lines] == [width] * height
    assert {name for line in lines for _, name in line} <= set(STYLES)
    assert "\x1b" not in plain(lines)


def texts(lines: list[Line]) -> list[str]:
    return ["".join(text for text, _ in line) for line in lines]


def test_pictures() -> None:
    assert plain(loss_lines(PERCEPTRON[:10], 4, 35, 4)) == SMALL
    assert plain(loss_lines(PERCEPTRON[:3], 4, 54, 9, measured=False)) == NOT_YET
    assert plain(loss_lines([], 1, 35, 4, measured=False)) == EMPTY
    many = [*PERCEPTRON, 27.0]
    assert plain(loss_lines(many, 13, 54, 9, logarithmic=True)) == LOGARITHMIC


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=40),
    st.sampled_from([nan, inf, -inf, 0.0, 1.0, 5e-324]),
    st.integers(0, 40),
    st.booleans(),
    st.booleans(),
    st.integers(1, 130),
    st.integers(1, 30),
)
def test_every_history_at_every_size_fills_its_pane(
    losses: list[float], last: float, back: int, measured: bool, logarithmic: bool, width: int, height: int
) -> None:
    losses = [*losses, last]
    cursor = max(1, len(losses) - back)
    check_size(loss_lines(losses, cursor, width, height, measured=measured, logarithmic=logarithmic), width, height)


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("logarithmic", [False, True])
def test_the_axes_stay_while_the_loss_falls(width: int, height: int, logarithmic: bool) -> None:
    frames = []
    for cursor in range(1, 13):
        rows = texts(loss_lines(PERCEPTRON[:cursor], cursor, width, height, logarithmic=logarithmic))
        corner = rows[-1].index("└")
        frames.append([*(row[: corner + 1] for row in rows), rows[-1]])
    assert all(frame == frames[0] for frame in frames)


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_mark_stands_on_the_curve(width: int, height: int) -> None:
    losses = [200 / (1 + i) ** 0.7 for i in range(80)]
    elsewhere = texts(loss_lines(losses, 80, width, height))
    for cursor in range(1, 80):
        rows = texts(loss_lines(losses, cursor, width, height))
        row, column = next((r, text.index("●")) for r, text in enumerate(rows) if "●" in text)
        assert elsewhere[row][column] == "●" or elsewhere[row][column] > "\u2800"


def test_the_curve_beyond_the_cursor_is_kept_and_dim() -> None:
    lines = loss_lines(PERCEPTRON, 4, 54, 9)
    assert plain(lines).replace("●", "o") == plain(loss_lines(PERCEPTRON, 12, 54, 9)).replace("●", "o")
    found = {(text, name) for line in lines for text, name in line if "o" in text or "●" in text}
    mark = max(i for line in lines for i, cell in enumerate("".join(t for t, _ in line)) if cell == "●")
    assert ("●", "now") in found
    for line in lines[:-1]:
        column = 0
        for text, name in line:
            if column > mark:
                assert name == "dim"
            column += len(text)


@pytest.mark.parametrize(
    ("losses", "logarithmic", "note"),
    [
        ([3.0, -1.0, 2.0], True, "J <= 0 is not drawn"),
        ([3.0, 0.0], True, "J <= 0 is not drawn"),
        ([3.0, 2.0, nan], False, "J is nan at 3"),
        ([3.0, inf], True, "J is inf at 2"),
    ],
)
def test_what_cannot_be_drawn_is_said(losses: list[float], logarithmic: bool, note: str) -> None:
    lines = loss_lines(losses, len(losses), 54, 9, logarithmic=logarithmic)
    assert texts(lines)[0].endswith(note)
    assert ("●" in texts(lines)[-1]) == (not isfinite(losses[-1]) or losses[-1] <= 0)


@pytest.mark.parametrize("loss", [5.0, 0.0, 1e-9])
def test_a_constant_loss_is_a_level_line(loss: float) -> None:
    rows = texts(loss_lines([loss] * 40, 40, 54, 9))[:-1]
    assert len([row for row in rows if "●" in row or any(cell > "\u2800" for cell in row)]) == 1


def test_negative_losses_have_room_below_zero() -> None:
    rows = texts(loss_lines([5.0, -3.0], 2, 54, 9))
    assert [row.split("┤")[0].strip() for row in rows if "┤" in row] == ["5", "0", "-5"]


@pytest.mark.parametrize(
    ("iterations", "labels"),
    [
        (30, ["1", "5", "10", "15", "20", "25", "30"]),
        (101, ["1", "20", "40", "60", "80", "100", "120"]),
        (100_000, ["1", "20k", "40k", "60k", "80k", "100k"]),
    ],
)
def test_the_axis_shows_a_window_of_iterations(iterations: int, labels: list[str]) -> None:
    axis = texts(loss_lines([1.0] * iterations, 1, 54, 9))[-1]
    assert axis.strip("└ ").replace("─", " ").split() == labels


def test_the_axis_changes_seldom_and_then_by_little() -> None:
    windows = [_window(iterations) for iterations in range(1, 20_001)]
    assert all(iterations <= window <= max(1.5 * iterations, 12) for iterations, window in enumerate(windows, 1))
    changes = [after / before for before, after in pairwise(windows) if before != after]
    assert len(changes) < 40
    assert all(1 < change < 1.4 for change in changes)


def test_of_losses_that_are_hidden_only_the_axes_know() -> None:
    asked = draw_loss(history_of(PERCEPTRON), cursor=4, loss=None, logarithmic=False, width=54, height=9, until=3)
    there_first = plain(loss_lines(PERCEPTRON[:3], 4, 54, 9, measured=False))
    assert plain(asked) == there_first
    ghost = [("g", history_of(PERCEPTRON))]
    asked = draw_loss(history_of([]), cursor=1, loss=None, logarithmic=False, width=54, height=9, ghosts=ghost, until=0)
    assert not [1 for line in asked for text, name in line if name == "ghost" and "·" in text]


def test_the_size_of_the_terminal_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setenv("LINES", "5")
    check_size(loss_lines(PERCEPTRON, 4, 200, 60), 200, 60)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-1, 11), st.floats(-1, 6)), min_size=1, max_size=200),
    st.integers(4, 60),
    st.integers(1, 20),
)
def test_a_curve_drawn_in_pieces_is_the_one_drawn_at_once(
    points: list[tuple[float, float]], width: int, height: int
) -> None:
    def drawn(points_of_a_piece: int) -> list[list[str]]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(figures, "_PIECE", points_of_a_piece)
            figure = figures.Figure(width, height, (0, 10), (0, 5))
            figure.curve(*zip(*sorted(points), strict=True))
            return figure.rows()

    assert drawn(len(points)) == drawn(7) == drawn(figures._PIECE)
    assert any(cell != " " for row in drawn(7) for cell in row)


def test_plotext_is_imported_with_the_first_chart() -> None:
    code = "import sys, tui_backprop.pictures; sys.exit('plotext' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("known", [5, 12, 50, 400])
@pytest.mark.parametrize("size", [(35, 4), (54, 9)])
def test_the_axis_stays_while_the_next_loss_is_not_measured(known: int, size: tuple[int, int]) -> None:
    width, height = size
    history = LossHistory()
    for iteration in range(1, known + 1):
        history.record(iteration, 200 / iteration)

    def ticks(cursor: int, loss: float | None) -> list[str]:
        lines = draw_loss(history, cursor=cursor, loss=loss, logarithmic=False, width=width, height=height)
        return [row[:5] for row in plain(lines).splitlines()]

    assert ticks(known + 1, None) == ticks(known, 200 / known)
    assert ticks(known, None) == ticks(known, 200 / known)


async def test_the_loss_is_called_in_the_title_of_its_chart_as_everywhere() -> None:
    def build(seed: int) -> Example:
        with Graph().as_default():
            return Example(square(Variable(2.0, name="w"), name="J\nnew"), {})

    async with BackpropApp(program_of(Lesson("own", "", build, 0.1))).run_test(size=(80, 24)) as pilot:
        for pane in ("loss-title", "loss", "step"):
            canvas = pilot.app.screen.query_one(f"#{pane}", Canvas)
            shown = "\n".join("".join(text for text, _ in canvas.spans(y)) for y in range(canvas.size.height))
            assert "J\\nnew" in shown, pane
