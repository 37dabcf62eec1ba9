"""When all ends because of a fault of our own: a report for whoever mends it, and the session saved beside it.

Nothing is in the report that is not about the fault: no environment, and of a file that is none of ours only its name.
"""

from __future__ import annotations

import os
import platform
import shlex
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from platformdirs import user_state_path

from . import __version__
from .complaints import complain
from .drawing.glyphs import ELLIPSIS
from .notation.fitting import printable
from .notation.moments import command
from .session import DebugSession
from .session.saving import save_lines
from .session.session_file import ENDING, write_session

_MOST_FRAMES = 60
_MOST_SAID = 500
"""So many characters of a message are said; the report has all."""


@contextmanager
def reported(session: DebugSession) -> Iterator[None]:
    """Have a fault of our own said and reported, the session saved, and the process ended with status 1."""
    try:
        yield
    except BrokenPipeError:
        raise  # the reader of a pipe has seen enough
    except Exception as error:
        for said in report_crash(error, session):
            complain(said)
        raise SystemExit(1) from None


def report_crash(error: BaseException, session: DebugSession | None = None) -> list[str]:
    """Write a report and the session, and return sentences: what the fault was, and where they are, if anywhere.

    Where the session has no files, as a guest's, nothing is written.
    """
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    what = describe(error)
    cut = f"{what[:_MOST_SAID]}{ELLIPSIS}" if len(what) > _MOST_SAID else what
    return [f"ended because of a fault of its own, {cut}{place}", *_kept(error, session)]


def _kept(error: BaseException, session: DebugSession | None) -> list[str]:
    if session is not None and not session.has_files:
        return []
    name = f"crash-{time.strftime('%Y%m%d-%H%M%S')}"
    for folder in (user_state_path("backprop-tui", appauthor=False), Path(tempfile.gettempdir())):
        report = folder / f"{name}.txt"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for _ in save_lines(report, write_report(error, session)):
                pass
        except OSError:
            continue
        if session is None:
            return [f"a report is in {report}"]
        kept = folder / f"{name}{ENDING}"
        try:
            for _ in save_lines(kept, write_session(session)):
                pass
        except Exception as why:  # what is broken may be in the session
            return [f"a report is in {report}", f"the session could not be saved: {describe(why)}"]
        return [f"a report is in {report}", f"the session is saved: {shlex.join(('backprop-tui', str(kept)))} opens it"]
    return ["no report could be written"]


def write_report(error: BaseException, session: DebugSession | None) -> Iterator[str]:
    """Yield the lines of a report: versions, what was open and where, the calls that led to the fault."""
    from importlib.metadata import version  # rare, and slow to import

    packages = ", ".join(f"{package} {version(package)}" for package in ("textual", "numpy"))
    yield f"backprop-tui {__version__}, Python {platform.python_version()}, {packages}, {platform.system()}"
    try:
        if session is not None:
            yield f"at: {printable(command(session.timeline))}"
    except Exception as why:  # what is broken may be in there
        yield f"at: unknown ({type(why).__name__})"
    chain: list[BaseException] = []
    following: BaseException | None = error
    while following is not None and following not in chain:
        chain.append(following)
        following = following.__cause__ or following.__context__
    for each in reversed(chain):
        yield ""
        frames = traceback.extract_tb(each.__traceback__)
        for frame in frames[-_MOST_FRAMES:]:
            yield f"  {_file(frame.filename)}:{frame.lineno} in {frame.name}"
        yield describe(each)


def describe(error: BaseException) -> str:
    """Return the kind of an error and its message, without the place of anybody's home."""
    try:
        message = str(error)
    except Exception:  # an error of somebody's own may not even be able to say what it is
        message = ""
    text = f"{type(error).__name__}: {message}" if message else type(error).__name__
    home = os.path.expanduser("~")
    return printable(text.replace(home, "~") if len(home) > 1 else text)


def _file(name: str) -> str:
    """Return a file by its place in the package that it belongs to; of any other only the name."""
    parts = Path(name).parts
    for package in ("tui_backprop", "minidl_core", "site-packages"):
        if package in parts:
            place = len(parts) - parts[::-1].index(package) - 1
            return "/".join(parts[place + (package == "site-packages") :])
    return printable(Path(name).name)
