"""The process of one who came to a served class: the app in their terminal, confined to what it needs."""

from __future__ import annotations

import fcntl
import os
import socket
import sys
import termios
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from ..classroom.confinement import confine
from ..classroom.house import User
from ..classroom.lead import Lead
from ..classroom.pupil import Pupil
from ..later import imported_later
from ..plain.following import run_plain_in_class
from ..programs import is_path
from ..session.opening import Asked
from ..session.session_file import ENDING
from ..settings import Settings
from .in_terminal import run_app

IMPORTED_LATER = (
    *("numpy.random", "numpy.ma", "textual.layouts.factory", "textual.command", "plotext"),
    *imported_later(),
)
"""What the app imports only where it needs it; of what is imported before, all processes have the same memory."""


@dataclass(frozen=True)
class ServedClass:
    """A class that is served: its name, its program, how one joins it, and the server's directory."""

    name: str
    program: str
    invitation: str
    directory: Path

    @property
    def socket(self) -> Path:
        """Where the teacher's process listens."""
        return self.directory / "socket"

    @property
    def lead(self) -> Path:
        """Where the session of who leads is kept, so that it goes on when a line breaks."""
        return self.directory / "lead"


def begin() -> None:
    """Do nothing: what is imported for this is then there for all that are forked later."""


def view(served: ServedClass, user: User, term: str, terminal: Connection, scratch: Path) -> None:
    """Show the app in a pseudo-terminal, or to a pupil who wants that the class in words."""
    _take(terminal.fileno())
    terminal.close()
    company: Lead | Pupil
    if user.name is None:
        scratch = served.lead
        scratch.mkdir(mode=0o700, exist_ok=True)
        fcntl.flock(os.open(scratch, os.O_RDONLY), fcntl.LOCK_EX)  # until the one who led before has kept the session
        served.socket.unlink(missing_ok=True)
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(str(served.socket))
        listening.listen()
        company = Lead(served.name, listening, served.invitation)
    else:
        company = Pupil(served.socket, user.name, served.name)
    os.environ |= {
        "TERM": term,
        "LC_ALL": "C.UTF-8",
        "SSH_CONNECTION": "served",
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
    }
    if user.way == "nocolor":
        os.environ["NO_COLOR"] = "1"
    if user.in_browser:
        os.environ["ESCDELAY"] = "100"
    readable = [Path(served.program).parent] if is_path(served.program) else []
    confine(readable, scratch, served.socket)
    asked = Asked(served.program)
    if user.way == "plain" and isinstance(company, Pupil):
        sys.exit(run_plain_in_class(asked, None, company, has_files=False))
    if isinstance(company, Pupil):
        sys.exit(run_app(asked, None, Settings(), company, has_files=False))
    kept = scratch / f"lesson{ENDING}"
    asked = Asked(str(kept)) if kept.exists() else asked
    status = run_app(asked, str(kept), Settings(), company, has_files=False)
    if status == 2:  # what cannot be opened is not tried again
        kept.unlink(missing_ok=True)
    sys.exit(status)


def _take(terminal: int) -> None:
    """Have this terminal, and no other, for input and output."""
    os.setsid()
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
    for number in range(3):
        os.dup2(terminal, number)
    sys.stdin = sys.__stdin__ = open(0, errors="replace", closefd=False)  # type: ignore[misc]  # noqa: SIM115
    sys.stdout = sys.__stdout__ = open(1, "w", closefd=False)  # type: ignore[misc]  # noqa: SIM115
    sys.stderr = sys.__stderr__ = open(2, "w", closefd=False)  # type: ignore[misc]  # noqa: SIM115
