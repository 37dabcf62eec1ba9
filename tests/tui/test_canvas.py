"""A canvas shows its lines and repaints the rows that changed."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.geometry import Region

from tui_backprop.drawing.palette import STYLES, Line, choose_theme
from tui_backprop.widgets.canvas import Canvas


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
        yield Recorded()

    @property
    def pane(self) -> Recorded:
        return self.query_one(Recorded)


def text_of(canvas: Canvas) -> list[str]:
    return [strip.text for strip in canvas.render_lines(canvas.size.region)]


async def test_lines_are_cropped_and_filled() -> None:
    app = OnePane()
    async with app.run_test(size=(40, 10)) as pilot:
        app.pane.show([[("one", "text")], [("twotwo", "now"), ("twotwo", "text")]])
        await pilot.pause()
        assert text_of(app.pane) == ["one       ", "twotwotwot", "          "]
        app.pane.show([[("one", "text")]])
        await pilot.pause()
        assert text_of(app.pane) == ["one       ", "          ", "          "]


async def test_what_a_terminal_would_obey_is_shown_as_a_question_mark() -> None:
    app = OnePane()
    async with app.run_test() as pilot:
        app.pane.show([[("a\x1b[2Jb\tc", "text")]])
        await pilot.pause()
        assert text_of(app.pane)[0] == "a?[2Jb?c  "


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
        assert app.pane.painted == [Region(0, 1, 10, 1), Region(0, 2, 10, 1)]


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


async def test_another_theme_is_that_of_every_row() -> None:
    app = OnePane(ansi_color=True)
    async with app.run_test() as pilot:
        app.pane.show([[("x", "error")]])
        await pilot.pause()

        def colours() -> list[str]:
            (x, *_), *_ = app.pane.render_lines(app.pane.region)
            assert x.style is not None
            assert x.style.color is not None
            return [x.style.color.name, *(parameters for _, parameters in app.pane.spans(0))]

        try:
            found = []
            for theme in ("colour-blind", "light", "dark"):
                choose_theme(theme)
                found.append(colours())
        finally:
            choose_theme("dark")
        assert [name for name, _ in found] == ["color(208)", "color(160)", "color(210)"]
        assert [parameters for _, parameters in found] == ["1;38;5;208", "1;38;5;160", "1;38;5;210"]


async def test_the_terminals_own_background_is_not_named() -> None:
    app = OnePane(ansi_color=True)
    async with app.run_test() as pilot:
        app.pane.show([[("x", "dim")]])
        await pilot.pause()
        (x, *_), *_ = app.pane.render_lines(app.pane.region)
        assert x.style is not None
        assert x.style.bgcolor is None
