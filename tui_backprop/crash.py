"""When the app ends because of a fault of its own: a report for whoever mends it, and the session saved beside it.

Nothing is in the report that is not about the fault: no environment, and of a file that is none of ours only its name.
"""

from __future__ import annotations

import platform
import shlex
import tempfile
import time
import traceback
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from platformdirs import user_state_path

from . import __version__
from .notation.fitting import printable
from .notation.moments import command
from .session import DebugSession
from .session.saving import save_lines
from .session.session_file import ENDING, write_session

_MOST_FRAMES = 60


def report_crash(error: BaseException, session: DebugSession) -> list[str]:
    """Write the report and the session, and return sentences that say where they are, or why they are nowhere.

    Where the session has no files, as a guest's, nothing is written.
    """
    if not session.has_files:
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
        kept = folder / f"{name}{ENDING}"
        try:
            for _ in save_lines(kept, write_session(session)):
                pass
        except Exception as why:  # what is broken may be in the session
            return [f"a report is in {report}", f"the session could not be saved: {type(why).__name__}: {why}"]
        return [f"a report is in {report}", f"the session is saved: {shlex.join(('backprop-tui', str(kept)))} opens it"]
    return ["no report could be written"]


def write_report(error: BaseException, session: DebugSession) -> Iterator[str]:
    """Yield the lines of a report: versions, what was open and where, the calls that led to the fault."""
    packages = ", ".join(f"{package} {version(package)}" for package in ("textual", "numpy"))
    yield f"backprop-tui {__version__}, Python {platform.python_version()}, {packages}, {platform.system()}"
    try:
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
    text = f"{type(error).__name__}: {error}"
    home = str(Path.home())
    return printable(text.replace(home, "~") if len(home) > 1 else text)


def _file(name: str) -> str:
    """Return a file by its place in the package that it belongs to; of any other only the name."""
    parts = Path(name).parts
    for package in ("tui_backprop", "minidl_core", "site-packages"):
        if package in parts:
            place = len(parts) - parts[::-1].index(package) - 1
            return "/".join(parts[place + (package == "site-packages") :])
    return printable(Path(name).name)
