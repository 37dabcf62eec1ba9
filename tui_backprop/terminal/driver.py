"""Send the terminal only the cells that differ from what stands on it, as curses does.

Textual compares widgets, not cells: of a row that changed it sends all from the widget's left edge on, and the colours
of every span anew. This driver stands between Textual and the terminal and keeps what was sent.

Measured by benchmarks/screen.py, medians over an iteration of the perceptron at 120x40 with 256 colours: 1,150 bytes
for an event and 1,700 for a step, where Textual's own driver sends 4,000 and 6,300. (Panes that repaint spans instead
of rows, with widgets beneath them whose edges shorten the repainted rows, came to 2,260 and 3,190.) A frame of the
whole screen costs 4 ms, that of a step one: most of its spans stand there already, and are compared as strings.

What the main screen draws need not come as a frame: `paint` takes its rows as they are, for a third of the cost.
"""

from __future__ import annotations

import os
import re
import select
import signal
import termios
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import groupby
from queue import Full
from threading import Event
from typing import IO, Any

from textual import events
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Size

from ..notation.fitting import takes_single_cells
from ..widgets.canvas import PaintedRow
from .cast import Cast
from .input import ASK_BACKGROUND, MOST_COLUMNS, MOST_ROWS, TerminalInput
from .pulse import Pulse

# a frame is moves, colours and text; a line feed comes before a move
FRAME = re.compile(
    r"(?:\x1b\[([\d;]*)m)?([^\x00-\x1f\x7f-\x9f]+)(\x1b\[0m)?"  # colours, text, and the end of the colours
    r"|\x1b\[(\d+);(\d+)H|\x1b\[([\d;]*)m|\n"
)
# modes, questions, titles, the bell: what changes no cell
SILENT = re.compile(r"(?:\x1b\[[<=>?][\d;]*\$?[a-z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x07)+")
# foreground colours, bold, dim and italic; not backgrounds, reverse or lines
INVISIBLE_ON_BLANKS = re.compile(r"(?:(?:[0-3]|49|[39]\d|38;5;\d+|38;2;\d+;\d+;\d+)(?:;|$))*")
OTHER_SCREEN = "\x1b[?1049"
POLL_MILLISECONDS = 50  # so often it is looked whether to stop reading, and whether more of a sequence has not come
WORKING = " working "
JOINED = 4  # so many unchanged cells cost no more than a move over them


class Row:
    """A row of the terminal: the character of each cell, and the parameters of its colours; None where not known."""

    def __init__(self) -> None:
        self.text = ""
        self.styles: list[str | None] = []

    def write(self, x: int, text: str, styles: list[str]) -> list[int]:
        """Write a text from column x on; return the columns that changed."""
        stop = x + len(text)
        old_text, old_styles = self.text[x:stop], self.styles[x:stop]
        if old_text == text and old_styles == styles:
            return []
        missing = stop - len(self.text)
        if missing > 0:
            self.text += " " * missing
            self.styles += [None] * missing
            old_text, old_styles = self.text[x:stop], self.styles[x:stop]
        self.text = self.text[:x] + text + self.text[stop:]
        self.styles[x:stop] = styles
        cells = zip(range(x, stop), old_text, text, old_styles, styles, strict=True)
        return [column for column, old, new, before, now in cells if old != new or before != now]


def _of_each_cell(text: str, style: str) -> list[str]:
    """Return the parameters of the colours of each cell of a text; where nothing of them shows, none."""
    if style and " " in text and INVISIBLE_ON_BLANKS.fullmatch(style):
        return ["" if character == " " else style for character in text]
    return [style] * len(text)


class Shown:
    """What stands on a terminal of this size, as far as it is known."""

    def __init__(self, width: int, height: int) -> None:
        self.size = self._width, self._height = width, height
        self._rows: defaultdict[int, Row] = defaultdict(Row)
        self._cursor = (0, 0)

    def forget(self) -> None:
        """Know nothing any more, so that what comes next is sent in full."""
        self._rows.clear()
        self._cursor = (0, 0)

    def difference(self, output: str) -> str:
        """Return what to send so that the terminal shows the same as if this output were sent.

        Output that is not understood, and text with characters that are not one cell wide, is returned as it is.
        """
        if SILENT.fullmatch(output):
            if OTHER_SCREEN in output:
                self.forget()
            return output
        cursor = self._cursor
        changed = self._take_in(output)
        if changed is None:
            self.forget()
            return output
        return self._paint(changed, cursor)

    def paint(self, rows: Iterable[PaintedRow]) -> str | None:
        """Return what to send so that the terminal shows these rows; None where not all characters take one cell."""
        written = []
        for x, y, width, spans in rows:
            text = "".join([part for part, _ in spans])
            if not takes_single_cells(text):
                return None
            styles: list[str] = []
            for part, style in spans:
                styles += _of_each_cell(part, style)
            blank = max(width - len(text), 0)
            inside = min(width, self._width - x) if y < self._height else 0
            text, styles = (text + " " * blank)[:inside], (styles + [""] * blank)[:inside]
            written.append((y + 1, x + 1, text, styles))
        changed: dict[int, list[int]] = {}
        for y, x, text, styles in written:
            if columns := self._rows[y].write(x, text, styles):
                changed.setdefault(y, []).extend(columns)
        return self._paint(changed, self._cursor)

    def repeat(self, y: int, columns: Sequence[int]) -> str | None:
        """Return what to send so that cells of row y show again what they did; None where that is not known of all."""
        if any(style is None for style in self._rows[y].styles[columns[0] : columns[-1] + 1]) or (
            len(self._rows[y].text) <= columns[-1]
        ):
            return None
        return self._paint({y: [*columns]}, self._cursor)

    def _take_in(self, output: str) -> dict[int, list[int]] | None:
        """Write a frame into the rows; return the columns that changed by row, None if it is not a frame."""
        changed: dict[int, list[int]] = {}
        y, x = self._cursor
        style, end = "", 0
        while end < len(output):
            token = FRAME.match(output, end)
            if token is None:
                return None
            end = token.end()
            of_text, text, plain_after, to_y, to_x, new_style = token.groups()
            if of_text is not None or new_style is not None:
                style = of_text or new_style or ""
                style = "" if style == "0" else style
            if text:
                if not y or not takes_single_cells(text):
                    return None
                # what a frame made for a larger window has beyond the edges, the terminal would put on its last row
                inside = text[: max(self._width + 1 - x, 0)] if y <= self._height else ""
                if columns := self._rows[y].write(x, inside, _of_each_cell(inside, style)):
                    changed.setdefault(y, []).extend(columns)
                x += len(text)
                style = "" if plain_after else style
            elif to_y:
                y, x = int(to_y), int(to_x)
        self._cursor = y, x
        return changed

    def _paint(self, changed: dict[int, list[int]], cursor: tuple[int, int]) -> str:
        """Return the moves, colours and characters of the changed cells, starting and ending at the cursors."""
        sent: list[str] = []
        y, x = cursor
        style = ""
        for to_y, columns in sorted(changed.items()):
            row = self._rows[to_y]
            for start, stop in _joined(sorted(set(columns)), row.styles):
                place = start
                if y == to_y and x <= start <= x + JOINED and None not in row.styles[x:start]:
                    place = x
                else:
                    sent.append(_move(y, x, to_y, start))
                for of_cells, cells in groupby(row.styles[place:stop]):
                    new_style = of_cells or ""
                    text = row.text[place : (place := place + sum(1 for _ in cells))]
                    blank = not new_style and not text.strip(" ")
                    if new_style != style and not (blank and INVISIBLE_ON_BLANKS.fullmatch(style)):
                        sent.append(f"\x1b[0;{new_style}m" if style and new_style else f"\x1b[{new_style}m")
                        style = new_style
                    sent.append(text)
                y, x = to_y, stop
        if style:
            sent.append("\x1b[m")
        if (y, x) != self._cursor:
            sent.append(_move(y, x, *self._cursor))
        return "".join(sent)


def _joined(columns: list[int], styles: Sequence[str | None]) -> Iterator[tuple[int, int]]:
    """Yield from where to where to write: over few unchanged cells that are known, too, rather than to move."""
    start = stop = columns[0]
    for column in columns:
        if column > stop and (column > stop + JOINED or None in styles[stop:column]):
            yield start, stop
            start = column
        stop = column + 1
    yield start, stop


def _move(y: int, x: int, to_y: int, to_x: int) -> str:
    return f"\x1b[{to_x - x}C" if y == to_y and x < to_x else f"\x1b[{to_y};{to_x}H"


class Output:
    """A terminal; what is written once it is gone goes nowhere: an error would end Textual's writer for good."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, text: str) -> None:
        """Write a text."""
        with suppress(OSError):
            self._file.write(text)

    def flush(self) -> None:
        """Send what was written."""
        with suppress(OSError):
            self._file.flush()


class DifferenceDriver(LinuxDriver):
    """Textual's driver for terminals, sending less, and surviving more of what a terminal sends."""

    translate: Callable[[str], str] | None = None
    """How what is sent is put into signs that the terminal has, where it has not all of them."""
    asks_background = False
    """Whether the terminal is asked for the colour of its background."""
    cast: Cast | None = None
    """What is recorded of it."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        assert self._file is not None, "there is a terminal"
        self._file = Output(self._file)  # type: ignore[assignment]  # it needs no more of a file
        self.input_waits = Event()
        self._pulse = Pulse(self._loop, self._say_that_it_works, self._unsay)
        self._suspended = False
        self._has_terminal = False
        self.forget()

    def forget(self) -> None:
        """Send the next frame in full, whatever stands on the terminal."""
        size = self._get_terminal_size()
        self._shown = Shown(*size)  # a frame being written finishes with the old one
        if self.cast is not None:
            self.cast.resize(*size)

    def write(self, data: str) -> None:
        """Write what differs; nothing while the terminal is not ours."""
        if self._has_terminal:
            # a player's terminal keeps its modes
            self._send(self._shown.difference(data), is_seen=not SILENT.fullmatch(data))

    def paint(self, rows: Iterable[PaintedRow]) -> bool:
        """Write what differs in these rows, and return whether that was possible."""
        difference = self._shown.paint(rows) if self._has_terminal else None
        if difference is None:
            return False
        self._send(difference, is_seen=True)
        return True

    def _send(self, difference: str, *, is_seen: bool) -> None:
        if difference:
            sent = difference if self.translate is None else self.translate(difference)
            super().write(sent)
            if self.cast is not None and is_seen:
                self.cast.write(sent)

    def _say_that_it_works(self) -> None:
        """Write into the last row that a key takes longer, from another thread than the one that is at work."""
        width, height = self._shown.size
        writer = self._writer_thread
        if self._has_terminal and width > len(WORKING) and writer is not None:
            # the terminal keeps the cursor: where it is, is the other thread's business
            said = f"\x1b7\x1b[{height};{width - len(WORKING) + 1}H\x1b[0;7m{WORKING}\x1b[m\x1b8"
            # who says it reads the keys, also while the terminal takes nothing and all that may wait for it does
            with suppress(Full):
                writer._queue.put_nowait(said)

    def _unsay(self) -> None:
        width, height = self._shown.size
        if self._has_terminal:
            again = self._shown.repeat(height, range(width - len(WORKING) + 1, width + 1))
            if again is None:
                self._repaint()
            else:
                self._send(again, is_seen=False)

    def _get_terminal_size(self) -> tuple[int, int]:
        """Return the size of the window, not what the environment says of it."""
        try:
            columns, rows = os.get_terminal_size(self.fileno)
        except OSError:
            columns, rows = 80, 24
        return min(columns or 80, MOST_COLUMNS), min(rows or 24, MOST_ROWS)

    def start_application_mode(self) -> None:
        """Start, and from now on paint all after a signal that the size changed: the terminal has moved its cells."""
        self._has_terminal = True
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if self.asks_background:
            self.write(ASK_BACKGROUND)
        # the size is read in the event loop: two signals at once would tell it in the wrong order
        signal.signal(signal.SIGWINCH, lambda *_: self._loop.call_soon_threadsafe(self._repaint))
        signal.signal(signal.SIGTSTP, self._sigtstp_application)
        if self._suspended:
            self._suspended = False
            self._loop.call_soon_threadsafe(self._repaint)

    def _repaint(self) -> None:
        """Tell the size and have all painted again, which Textual does not where the size is the one before."""
        size = Size(*self._get_terminal_size())
        self._app.post_message(events.Resize(size, size))
        self.forget()
        self._app.call_later(self._app.run_action, "app.repaint")

    def _enable_mouse_support(self) -> None:
        """Ask for the mouse; of terminals that know only of drags, such as PuTTY, for these."""
        super()._enable_mouse_support()
        if self._mouse:
            self.write("\x1b[?1002h\x1b[?1003h")  # of the modes that a terminal knows, the last one counts

    def _disable_mouse_support(self) -> None:
        super()._disable_mouse_support()
        if self._mouse:
            self.write("\x1b[?1002l")

    def stop_application_mode(self) -> None:
        """Stop, and leave the mouse as it was, too: its positions in pixels are the one mode that Textual forgets."""
        # once the terminal is as it was, a Ctrl+Z that was typed before stops us, in the middle of this or for good
        signal.signal(signal.SIGTSTP, signal.SIG_IGN)
        if not self._suspended:
            signal.signal(signal.SIGCONT, signal.SIG_DFL)
        self.disable_input()  # first: the answer to a question would set a mode that is unset here
        self.write("\x1b[?1016l")
        attributes, self.attrs_before = self.attrs_before, None
        super().stop_application_mode()
        self._has_terminal = False
        self.close()
        # only now, all being out: with its own modes, a Ctrl+S that was typed behind the last key stops the terminal
        if attributes is not None:
            with suppress(termios.error):
                termios.tcsetattr(self.fileno, termios.TCSANOW, attributes)

    def suspend_application_mode(self) -> None:
        """Give the terminal back until the process goes on."""
        self._suspended = True
        super().suspend_application_mode()

    def _sigtstp_application(self, *_: Any) -> None:
        """Stop as the shell expects it; where there is none that could let the process go on, the system refuses."""
        self.suspend_application_mode()
        self._must_signal_resume = True
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTSTP)
        if self._suspended:
            self.resume_application_mode()

    def _sigcont_application(self, *_: Any) -> None:
        """Go on where nobody asked us before we were stopped: the terminal is not as we had it."""
        if not self._suspended:  # else who suspended us goes on by itself, and may be about to
            self.suspend_application_mode()
            self.resume_application_mode()

    def run_input_thread(self) -> None:
        """Send the app what the terminal sends, until the driver stops; without it the app ends."""
        try:
            self._read_on()
        except Exception as error:
            self._loop.call_soon_threadsafe(App._handle_exception, self._app, error)  # by no overlay's fault

    def _read_on(self) -> None:
        source = TerminalInput()
        terminal = select.poll()
        terminal.register(self.fileno, select.POLLIN)
        while not self.exit_event.is_set():
            try:
                data = os.read(self.fileno, 4096) if terminal.poll(POLL_MILLISECONDS) else None
            except OSError:
                data = b""
            if data == b"":
                return  # the terminal is gone
            self._pulse.feel(is_active=data is not None)
            for message in source.take(data) if data else source.tick():
                if isinstance(message, events.InputEvent | events.Paste) and not isinstance(message, events.MouseMove):
                    self.input_waits.set()
                self.process_message(message)
