"""A canvas shows its lines cell by cell, and repaints only the cells that changed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.geometry import Region

from tui_backprop.palette import STYLES, Line
from tui_backprop.widgets.canvas import JOINED, Canvas, Cuts, cells, changed

lines = st.lists(st.tuples(st.text("ab 漢é\u0301►\x1b\t", max_size=6), st.sampled_from(["text", "now"])), max_size=6)


def row(text: str) -> list[tuple[str, str]]:
    return cells(((text, "text"),), len(text))


class Recorded(Canvas):
    """A canvas that remembers which regions it asked to be painted; None stands for all of it."""

    painted: list[Region | None]

    def __init__(self) -> None:
        self.painted = []
        super().__init__()

    def refresh(self, *regions: Region, **how: bool) -> Recorded:
        self.painted += regions or [None]
        return super().refresh(*regions, **how)


class OnePane(App[None]):
    CSS = "Recorded { width: 10; height: 3; }"

    def compose(self) -> ComposeResult:
        yield Cuts()
        yield Recorded()

    @property
    def pane(self) -> Recorded:
        return self.query_one(Recorded)


def text_of(canvas: Canvas) -> list[str]:
    return [strip.text for strip in canvas.render_lines(canvas.size.region)]


@given(lines, st.integers(0, 20))
def test_a_line_becomes_exactly_as_many_cells_as_the_pane_is_wide(line: Line, width: int) -> None:
    found = cells(tuple(line), width)
    assert len(found) == width
    assert cell_len("".join(text for text, _ in found)) == width
    assert "".join(text for text, _ in found).isprintable()


def test_cells_of_a_line() -> None:
    assert cells((("ab", "now"), ("c", "text"),), 5) == [("a", "now"), ("b", "now"), ("c", "text")] + [(" ", "text")] * 2
    assert cells((("abc", "now"),), 2) == [("a", "now"), ("b", "now")]
    assert cells((("e\u0301x", "now"),), 2) == [("e\u0301", "now"), ("x", "now")]
    assert cells((("漢x", "now"),), 3) == [("漢", "now"), ("", "now"), ("x", "now")]
    assert cells((("x漢", "now"),), 2) == [("x", "now"), (" ", "text")]
    assert cells((("\x1b[2J", "now"),), 4) == [("?", "now"), ("[", "now"), ("2", "now"), ("J", "now")]


@given(lines, lines)
def test_painting_the_changed_spans_gives_the_new_row(before: Line, after: Line) -> None:
    old, new = cells(tuple(before), 30), cells(tuple(after), 30)
    for start, end in changed(old, new):
        assert old[start] != new[start]
        assert end == 30 or "" not in (old[end][0], new[end][0]), "a wide character is cut"
        old[start:end] = new[start:end]
    assert old == new


def test_changes_that_are_close_are_one_span() -> None:
    blank = row(" " * 60)
    near = row("x" + " " * JOINED + "x".ljust(59 - JOINED))
    far = row("x" + " " * (JOINED + 1) + "x".ljust(58 - JOINED))
    assert changed(blank, blank) == []
    assert changed(blank, near) == [(0, JOINED + 2)]
    assert changed(blank, far) == [(0, 1), (JOINED + 2, JOINED + 3)]


async def test_lines_are_shown_above_the_cuts() -> None:
    app = OnePane()
    async with app.run_test(size=(40, 10)) as pilot:
        app.pane.show([[("one", "text")], [("twotwotwotwo", "now")]])
        await pilot.pause()
        assert text_of(app.pane) == ["one       ", "twotwotwot", "          "]
        widget, _ = app.screen.get_widget_at(0, 0)
        assert widget is app.pane


async def test_the_cuts_lie_beneath_and_divide_the_screen() -> None:
    app = OnePane()
    async with app.run_test(size=(120, 40)):
        cuts = app.query("Cuts > Canvas")
        assert [cut.region for cut in cuts] == [Region(15 * place, 0, 15, 40) for place in range(8)]
        assert app.pane.region == Region(0, 0, 10, 3)


async def test_only_what_changed_is_painted() -> None:
    app = OnePane()
    async with app.run_test() as pilot:
        first: list[Line] = [[("one", "text")], [("two", "text")]]
        app.pane.show(first)
        await pilot.pause()
        app.pane.painted.clear()
        app.pane.show([list(line) for line in first])
        assert app.pane.painted == []
        app.pane.show([[("one", "text")], [("tWo", "text")]])
        app.pane.show([[("one", "text")], [("tWo", "text")], [("!", "now")]])
        assert app.pane.painted == [Region(1, 1, 1, 1), Region(0, 2, 1, 1)]


async def test_lines_are_fitted_again_to_a_new_size() -> None:
    app = OnePane()
    async with app.run_test() as pilot:
        app.pane.show([[("a long line", "text")], [("two", "text")]])
        app.pane.styles.width, app.pane.styles.height = 12, 1
        await pilot.pause()
        assert text_of(app.pane) == ["a long line "]


async def test_lines_shown_before_there_is_a_size_appear_with_it() -> None:
    class Early(OnePane):
        def on_mount(self) -> None:
            self.pane.show([[("early", "text")]])

    app = Early()
    async with app.run_test():
        assert text_of(app.pane)[0] == "early     "


@pytest.mark.parametrize("no_color", [False, True], ids=["colour", "NO_COLOR"])
async def test_every_style_keeps_its_signs_without_colour(no_color: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if no_color:
        monkeypatch.setenv("NO_COLOR", "1")
    else:
        monkeypatch.delenv("NO_COLOR", raising=False)
    app = OnePane(ansi_color=True)
    async with app.run_test() as pilot:
        app.pane.styles.height = len(STYLES)
        app.pane.show([[("xxxxxxxxxx", name)] for name in STYLES])
        await pilot.pause()
        for (name, description), strip in zip(STYLES.items(), app.pane.render_lines(app.pane.region), strict=True):
            (segment,) = strip
            assert segment.style is not None, name
            assert bool(segment.style.bold) == ("bold" in description)
            assert bool(segment.style.reverse) == ("reverse" in description)
            colour = segment.style.color
            assert (colour is not None and not colour.is_default) == ("color" in description and not no_color)


async def test_the_terminals_own_background_is_not_named() -> None:
    app = OnePane(ansi_color=True)
    async with app.run_test() as pilot:
        app.pane.show([[("x", "dim")]])
        await pilot.pause()
        (x, *_), *_ = app.pane.render_lines(app.pane.region)
        assert x.style is not None
        assert x.style.bgcolor is None
