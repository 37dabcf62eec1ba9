"""Run a command in a pseudo-terminal, read its screen, and say what it left behind."""

from __future__ import annotations

import os
import re
import signal
import sys
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pexpect
import pyte

SCRIBBLE = pyte.screens.Char("\u2592", bg="red")
KEYS = {
    "space": " ",
    "enter": "\r",
    "tab": "\t",
    "escape": "\x1b[27u",  # as of terminals that tell the key from the beginning of another one
    "backspace": "\x7f",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~",
    "ctrl+l": "\x0c",
    "ctrl+p": "\x10",
    "ctrl+q": "\x11",
    "ctrl+s": "\x13",
    "ctrl+z": "\x1a",
}
MODE = re.compile(rb"\x1b\[\?(\d+)([hl])")
KEYBOARD = re.compile(rb"\x1b\[([<>])[\d;]*u")
QUESTION = re.compile(rb"\x1b\[\?(2026|2048)\$p")
ON_AT_FIRST = {7, 25}  # wrap, cursor


class PseudoTerminal:
    """A terminal of 256 colours with a command in it; as a context manager it ends the command.

    With `modern`, it says that it knows updates at once (mode 2026) and reports of its size (mode 2048),
    as the terminals of the last years do.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 120,
        rows: int = 40,
        environment: Mapping[str, str] | None = None,
        modern: bool = False,
        directory: Path | None = None,
    ) -> None:
        surroundings = {k: v for k, v in os.environ.items() if k not in ("COLORTERM", "NO_COLOR", "SSH_CONNECTION")}
        surroundings |= {"TERM": "xterm-256color", "PYTHONPATH": os.pathsep.join(sys.path), **(environment or {})}
        self.modern = modern
        self.output = b""
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.child = pexpect.spawn(
            command[0],
            list(command[1:]),
            env=surroundings,
            dimensions=(rows, columns),
            echo=True,
            cwd=directory,
            preexec_fn=_heed_interrupts,
        )
        self.child.delaybeforesend = None  # pexpect would wait for nothing before a key and at the end
        self.child.ptyproc.delayafterclose = 0
        self.attributes = termios.tcgetattr(self.child.child_fd)

    def __enter__(self) -> PseudoTerminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.child.close(force=True)

    @property
    def text(self) -> str:
        """What stands on the screen, row by row."""
        return "\n".join(self.screen.display)

    @property
    def modes(self) -> set[int]:
        """The private modes that are not as they were at first, by number; 0 is the keyboard protocol."""
        on = set(ON_AT_FIRST)
        for number, switch in MODE.findall(self.output):
            (on.add if switch == b"h" else on.discard)(int(number))
        keyboard = KEYBOARD.findall(self.output)
        return (on ^ ON_AT_FIRST) | ({0} if keyboard.count(b">") != keyboard.count(b"<") else set())

    @property
    def is_clean(self) -> bool:
        """Whether every mode and attribute is as it was before the command began."""
        return not self.modes and termios.tcgetattr(self.child.child_fd) == self.attributes

    def press(self, *keys: str) -> None:
        """Press keys, by name or as the characters they type."""
        self.child.send("".join(KEYS.get(key, key) for key in keys))

    def resize(self, columns: int, rows: int) -> None:
        """Change the size, as somebody does who drags the window's corner."""
        self.screen.resize(rows, columns)
        self.child.setwinsize(rows, columns)
        if 2048 in self.modes:
            self._report_size()

    @property
    def picture(self) -> list[list[pyte.screens.Char]]:
        """What stands in each cell, row by row."""
        return [
            [_visible(self.screen.buffer[y][x]) for x in range(self.screen.columns)] for y in range(self.screen.lines)
        ]

    def wait_for_rest(self) -> None:
        """Read the output until no thread of the command has anything to do for a while."""
        rested, end = 0, time.monotonic() + 30
        while rested < 4:
            assert time.monotonic() < end, f"the command never rests; the screen is\n{self.text}"
            rested = 0 if self.read(0.02) or not self._states <= {"S", "Z"} else rested + 1

    @property
    def job(self) -> int:
        """The process that the command, a shell, has begun."""
        return int(Path(f"/proc/{self.child.pid}/task/{self.child.pid}/children").read_text().split()[0])

    @property
    def _states(self) -> set[str]:
        """What the threads of the command do: R runs, S sleeps; none where it has ended."""
        stats = [path.read_text() for path in Path(f"/proc/{self.child.pid}/task").glob("*/stat")]
        return {stat.rpartition(")")[2].split()[0] for stat in stats}

    def scribble(self) -> None:
        """Write over the whole screen, as another program does."""
        for y in range(self.screen.lines):
            for x in range(self.screen.columns):
                self.screen.buffer[y][x] = SCRIBBLE

    def is_as_painted_afresh(self) -> bool:
        """Return whether the screen at rest is the one that is painted where nothing is known of it."""
        self.wait_for_rest()
        before = self.picture
        self.scribble()
        self.press("ctrl+l")
        self.wait_until(lambda: all(cell.data != SCRIBBLE.data for row in self.picture for cell in row))
        self.wait_for_rest()
        return self.picture == before

    def stop_output(self) -> None:
        """Take no more output, as a connection does that is broken but not closed."""
        its_side = os.open(os.readlink(f"/proc/{self.child.pid}/fd/0"), os.O_RDWR | os.O_NOCTTY)
        termios.tcflow(its_side, termios.TCOOFF)
        os.close(its_side)

    def wait_until(self, reached: Callable[[], bool], seconds: float = 10) -> None:
        """Read the output until the condition holds; fail with the screen if it does not come."""
        end = time.monotonic() + seconds
        while not reached():
            assert self.read(end - time.monotonic()), f"{reached} not reached; the screen is\n{self.text}"

    def wait_for(self, text: str, seconds: float = 10) -> None:
        """Read the output until the text stands on the screen."""
        end = time.monotonic() + seconds
        while text not in self.text:
            assert self.read(end - time.monotonic()), f"{text!r} not reached; the screen is\n{self.text}"

    def wait_for_exit(self, seconds: float = 10) -> int:
        """Read the output until the command has ended and return its exit code."""
        end = time.monotonic() + seconds
        while self.read(end - time.monotonic()):
            pass
        return self._exit_code(end)

    def hang_up(self, seconds: float = 10) -> int:
        """Take the terminal away, as somebody does who closes its window, and return the exit code."""
        self.child.ptyproc.fileobj.close()
        return self._exit_code(time.monotonic() + seconds)

    def _exit_code(self, end: float) -> int:
        ending = threading.Thread(target=self.child.wait, daemon=True)
        ending.start()
        ending.join(max(end - time.monotonic(), 0))
        assert not ending.is_alive(), f"the command did not end; the screen is\n{self.text}"
        assert self.child.exitstatus is not None, f"the command was ended by signal {self.child.signalstatus}"
        return int(self.child.exitstatus)

    def read(self, seconds: float) -> bool:
        """Read what there is, waiting for it at most so long; say whether there was any."""
        try:
            output = self.child.read_nonblocking(65536, max(seconds, 0))
        except (pexpect.TIMEOUT, pexpect.EOF):
            return False
        self.output += output
        self._stream.feed(output)
        if self.modern:
            for number in QUESTION.findall(output):
                self.child.send(b"\x1b[?%b;2$y" % number)
            if b"\x1b[?2048h" in output:
                self._report_size()
        return True

    def _report_size(self) -> None:
        rows, columns = self.screen.lines, self.screen.columns
        self.child.send(f"\x1b[48;{rows};{columns};{rows * 20};{columns * 10}t")


def _visible(cell: pyte.screens.Char) -> pyte.screens.Char:
    """Return a cell without what cannot be seen on it."""
    blank = cell.data == " " and not (cell.reverse or cell.underscore or cell.strikethrough)
    return cell._replace(fg="default", bold=False, italics=False) if blank else cell


def _heed_interrupts() -> None:
    """Let Ctrl+C and a hang-up reach the command, also where the tests run in the background, which ignores them."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
