"""What the driver sends shows the same as what Textual wrote, and is much less."""

from __future__ import annotations

from io import StringIO
from threading import Thread

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.drivers._writer_thread import WriterThread

from tui_backprop.notation.fitting import takes_single_cells
from tui_backprop.terminal.driver import WORKING, DifferenceDriver, Shown
from tui_backprop.widgets.canvas import PaintedRow

COLUMNS, ROWS = 12, 4

styles = st.sampled_from(["", "1", "7", "38;5;240", "38;5;7", "1;38;5;220", "48;5;3", "39;49", "38;2;7;48;4;48;5;1"])
texts = st.text("ab  ►", min_size=1, max_size=COLUMNS)


@st.composite
def frames(draw: st.DrawFn) -> str:
    """Return a frame as Textual writes it: from top to bottom, a move, colours and text; then the cursor."""
    frame, last = "", 0
    for y in sorted(draw(st.lists(st.integers(1, ROWS), max_size=5))):
        x, style = draw(st.integers(1, COLUMNS)), draw(styles)
        text = draw(texts)[: COLUMNS + 1 - x]
        frame += "\n" if 0 < last < y else ""
        frame += f"\x1b[{y};{x}H" + (f"\x1b[{style}m{text}\x1b[0m" if style else text)
        last = y
    return frame + f"\x1b[{draw(st.integers(1, ROWS))};1H"


others = st.sampled_from(
    ["\x1b[?2026h", "\x1b[?25l", "\x1b]22;default\x07", "\x1b[2;3H漢\x1b[1;1H", "\x1b[2;3He\u0301\x1b[1;1H", "\x1b[2J"]
)


@st.composite
def painted_rows(draw: st.DrawFn) -> list[PaintedRow]:
    """Return rows of a pane: each a few spans, which may be wider than it, and the pane may reach beyond the edges."""
    spans = st.lists(st.tuples(texts | st.sampled_from(["漢", "e\u0301"]), styles), max_size=3)
    places = st.tuples(st.integers(0, COLUMNS - 1), st.integers(0, ROWS), st.integers(1, COLUMNS))
    return [PaintedRow(*draw(places), draw(spans)) for _ in range(draw(st.integers(0, 4)))]


def as_a_frame(rows: list[PaintedRow], cursor: str) -> str | None:
    """Return these rows as Textual writes them, behind them the cursor as before; None where that cannot be painted."""
    frame = ""
    for x, y, width, spans in rows:
        cells = [(character, style) for text, style in spans for character in text]
        if not takes_single_cells("".join(character for character, _ in cells)):
            return None
        cells = [*cells, *[(" ", "")] * width][: min(width, COLUMNS - x)]
        if y < ROWS:
            frame += f"\x1b[{y + 1};{x + 1}H" + "".join(f"\x1b[{style}m{text}\x1b[0m" for text, style in cells)
    return frame + cursor


def shown(outputs: list[str]) -> tuple[object, ...]:
    screen = pyte.Screen(COLUMNS, ROWS)
    screen.reset_mode(7, private=True)  # Textual turns wrapping off
    stream = pyte.Stream(screen)
    for output in outputs:
        stream.feed(output)
    rows = [[_visible(screen.buffer[y][x]) for x in range(COLUMNS)] for y in range(ROWS)]
    return rows, screen.cursor.y, screen.cursor.x


def _visible(cell: pyte.screens.Char) -> object:
    if cell.data == " " and not cell.reverse:
        return " ", cell.bg
    return cell


@given(st.lists(st.one_of(frames(), frames(), others), max_size=8))
def test_the_difference_shows_the_same(outputs: list[str]) -> None:
    terminal = Shown(COLUMNS, ROWS)
    assert shown([terminal.difference(output) for output in outputs]) == shown(outputs)


@given(st.lists(st.one_of(frames(), painted_rows(), painted_rows()), max_size=8))
def test_painted_rows_show_the_same_as_a_frame_of_them(outputs: list[str | list[PaintedRow]]) -> None:
    terminal, cursor = Shown(COLUMNS, ROWS), "\x1b[1;1H"
    sent, wanted = [cursor], [cursor]
    terminal.difference(cursor)
    for output in outputs:
        if isinstance(output, str):
            cursor = output[output.rindex("\x1b") :]
            sent.append(terminal.difference(output))
            wanted.append(output)
        else:
            difference, frame = terminal.paint(output), as_a_frame(output, cursor)
            assert (difference is None) == (frame is None)
            sent += [difference or ""]
            wanted += [frame or ""]
    assert shown(sent) == shown(wanted)


def test_what_stands_there_is_not_sent_again() -> None:
    terminal = Shown(COLUMNS, ROWS)
    frame = "\x1b[1;1H\x1b[38;5;240mabc\x1b[0m\n\x1b[2;1Hdef\x1b[1;1H"
    assert terminal.difference(frame) == "\x1b[1;1H\x1b[38;5;240mabc\x1b[2;1H\x1b[mdef\x1b[1;1H"
    assert terminal.difference(frame) == ""
    assert terminal.difference("\x1b[1;1H\x1b[38;5;240mabc\x1b[0m\n\x1b[2;1HdEf\x1b[1;1H") == "\x1b[2;2HE\x1b[1;1H"
    assert terminal.difference("\x1b[2;1HdEf\x1b[1;3H") == "\x1b[2C"


def test_cells_that_something_else_wrote_on_are_sent_again_as_they_were() -> None:
    terminal = Shown(COLUMNS, ROWS)
    frame = "\x1b[2;1Hab\x1b[38;5;240mcd\x1b[0mefgh\x1b[1;1H"
    sent = [terminal.difference(frame), "\x1b7\x1b[2;3H\x1b[0;7mXXXXXX\x1b[m\x1b8"]
    again = terminal.repeat(2, range(3, 9))
    assert again is not None
    assert shown([*sent, again])[0][1][:8] == shown([frame])[0][1][:8]
    assert terminal.repeat(2, range(5, 12)) is terminal.repeat(3, range(1, 5)) is None, "what stood there is not known"
    assert terminal.difference(frame) == ""


@pytest.mark.parametrize("lost", ["\x1b[?1049h", "\x1b[?1049l", "\x1b[2J"])
def test_all_is_sent_again_where_the_terminal_may_have_lost_it(lost: str) -> None:
    terminal = Shown(COLUMNS, ROWS)
    frame = "\x1b[2;1Habc\x1b[1;1H"
    terminal.difference(frame)
    assert terminal.difference(lost) == lost
    assert terminal.difference(frame) == frame


def test_the_colours_of_blanks_are_not_sent() -> None:
    terminal = Shown(COLUMNS, ROWS)
    terminal.difference("\x1b[1;1H          \x1b[1;1H")
    assert terminal.difference("\x1b[1;1H\x1b[1;38;5;240m          \x1b[0m\x1b[1;1H") == ""
    assert terminal.difference("\x1b[1;1H\x1b[7m \x1b[0m\x1b[1;1H") == "\x1b[7m \x1b[m\x1b[1;1H"


def test_what_a_frame_of_a_larger_window_has_beyond_the_edges_is_not_sent() -> None:
    terminal = Shown(COLUMNS, ROWS)
    terminal.difference(f"\x1b[{ROWS};1H{'-' * COLUMNS}\x1b[1;1H")
    larger = f"\x1b[{ROWS + 5};2Hxx\n\x1b[1;{COLUMNS}Hab\x1b[1;1H"
    assert terminal.difference(larger) == f"\x1b[{COLUMNS - 1}Ca\x1b[1;1H"
    assert terminal.difference(f"\x1b[{ROWS};1H{'-' * COLUMNS}\x1b[1;1H") == ""


def test_who_reads_the_keys_does_not_wait_for_a_terminal_that_takes_nothing() -> None:
    driver = object.__new__(DifferenceDriver)
    driver._shown, driver._has_terminal = Shown(80, 24), True
    driver._writer_thread = WriterThread(StringIO())  # it is not started: what it is given stays
    driver._say_that_it_works()
    waiting = driver._writer_thread._queue
    assert WORKING in str(waiting.get_nowait())
    while not waiting.full():
        waiting.put("")
    saying = Thread(target=driver._say_that_it_works, daemon=True)
    saying.start()
    saying.join(10)
    assert not saying.is_alive()
