"""Start the app in a terminal, and leave the terminal clean however the app ends.

Textual restores the terminal when the app quits or crashes. It does nothing on a signal; it cannot when its
event loop is stuck; and when the terminal is gone its reader spins and its writer blocks. This file makes up
for these. It is for POSIX systems.
"""

from __future__ import annotations

import asyncio
import gc
import os
import select
import signal
import sys
import termios
import threading
import time
from collections.abc import Awaitable, Callable
from types import FrameType
from typing import Any

from textual.app import App
from textual.pilot import Pilot

from ..drawing.ascii import in_ascii, spell_out
from ..drawing.console import SIGNS, in_console
from ..programs.collecting import OFTEN
from .cast import Cast
from .cast_driver import CastDriver
from .driver import DifferenceDriver
from .hang_up import turn_away

KEYS, SCREEN = 0, 2  # the descriptors that Textual reads from and paints on; it replaces sys.stderr while it runs
ENDINGS = tuple(
    signal.Signals[f"SIG{name}"] for name in ("INT", "TERM", "HUP", "QUIT", "USR1", "USR2", "ALRM", "ABRT", "XCPU")
)
READER_WAITS = 0.0001  # so many seconds the thread that reads keys waits for one that computes
PATIENCE = 2.0  # seconds that the app has to quit after a signal

# what Textual 8.2.8 sets, unset: paste, wrap, size reports, mouse, focus, painting at once, keyboard, screen, cursor
RESTORE = (
    "\x1b[?2004l\x1b[?7h\x1b[?2048l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l\x1b[?1004l"
    "\x1b[?2026l\x1b[<u\x1b[?1049l\x1b[?25h"
)


def refusal() -> str | None:
    """Return the sentence that says why the app cannot be shown here, or None where it can."""
    for name, stream in (("input", sys.stdin), ("output", sys.stdout), ("error output", sys.stderr)):
        if stream is None or not stream.isatty():
            return f"the standard {name} is not a terminal; --headless prints the same as text"
    terminal = os.environ.get("TERM")
    if terminal in ("dumb", "unknown"):
        return f"this terminal cannot show a screen (TERM={terminal}); --headless prints the same as text"
    return None


def run(app: App[Any], *, only_ascii: bool = False, asks_background: bool = False, cast: Cast | None = None) -> int:
    """Run the app in this terminal; return the process's exit code: the app's own, or 128 + signal.

    The terminal may be sent only ASCII, and it may be asked for the colour of its background. What it is shown may be
    recorded as a cast.
    """
    app.driver_class = DifferenceDriver
    console = os.environ.get("TERM", "").partition("-")[0] == "linux"
    DifferenceDriver.translate = staticmethod(in_ascii) if only_ascii else staticmethod(in_console) if console else None
    spell_out(frozenset() if only_ascii else SIGNS if console else None)
    DifferenceDriver.asks_background = asks_background and not console  # which would show the question
    DifferenceDriver.cast = cast
    if "SSH_CONNECTION" in os.environ:
        app.animation_level = "none"
    threading.Thread(target=_end_when_the_terminal_is_gone, daemon=True).start()
    sys.setswitchinterval(READER_WAITS)
    gc.freeze()  # what is imported stays: to look through it for garbage would hold up a key for 50 ms, now and then
    gc.set_threshold(*OFTEN)
    waits = os.get_blocking(SCREEN)
    os.set_blocking(SCREEN, True)  # a program before us may have left it so that what it has no place for is an error
    try:
        asyncio.run(_run_until_a_signal(app, termios.tcgetattr(KEYS)))
    finally:
        os.set_blocking(SCREEN, waits)
    return 1 if app.return_code is None else app.return_code  # none was given where it was not asked to end


def run_into(
    cast: Cast, app: App[Any], size: tuple[int, int], play: Callable[[Callable[[], Awaitable[None]]], Awaitable[None]]
) -> None:
    """Run the app without a terminal, as one of this size would show it, into a cast.

    What `play` does is shown; it is given what waits until that is painted, and has the app exit at its end.
    """
    app.driver_class = CastDriver
    CastDriver.cast = cast

    async def play_with(pilot: Pilot[Any]) -> None:
        await play(pilot.pause)

    asyncio.run(app.run_async(size=size, mouse=False, auto_pilot=play_with))


def leave(code: int) -> int:
    """Return the exit code, or end the process with it where a thread that a script has begun may never end."""
    if any(not thread.daemon for thread in threading.enumerate() if thread is not threading.main_thread()):
        sys.stdout.flush()
        os._exit(code)
    return code


async def _run_until_a_signal(app: App[Any], attributes: list[Any]) -> None:
    loop = asyncio.get_running_loop()

    def quit_app(number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(app.exit, None, 128 + number)
        too_long = threading.Timer(PATIENCE, _abandon, (attributes, 128 + number))
        too_long.daemon = True
        too_long.start()

    # a signal may be given to another thread: with this any of them wakes the loop, and its handler runs at once
    loop.add_signal_handler(signal.SIGCONT, lambda: None)
    for number in ENDINGS:
        signal.signal(number, quit_app)
    try:
        await app.run_async()
    finally:
        for number in ENDINGS:
            signal.signal(number, signal.SIG_DFL)


def _abandon(attributes: list[Any], exit_code: int) -> None:
    """Restore the terminal and end the process without the event loop, which does not answer."""
    try:
        termios.tcsetattr(KEYS, termios.TCSANOW, attributes)
        # a terminal that takes no more output must not keep us, and Textual's own writer must go on to wait for it
        os.write(os.open(os.ttyname(SCREEN), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK), RESTORE.encode())
    except (OSError, termios.error):
        pass
    finally:
        os._exit(exit_code)


def _end_when_the_terminal_is_gone() -> None:
    """Have the app quit when its terminal hangs up, even if the signal is ignored, and end it where it does not.

    There is nothing left to restore, but there may be a session to keep, or a class to leave.
    """
    terminal = select.poll()
    terminal.register(KEYS, 0)
    while not (events := terminal.poll(1000)):
        pass
    if events[0][1] & (select.POLLHUP | select.POLLERR):
        turn_away([0, 1, 2])
        os.kill(os.getpid(), signal.SIGHUP)
        time.sleep(PATIENCE)
        os._exit(128 + signal.SIGHUP)
