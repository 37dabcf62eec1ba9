"""Running a person's own file as `python FILE` would run it, and saying in one line what went wrong in it."""

from __future__ import annotations

import os
import sys
import textwrap
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from types import ModuleType

from .program import ProgramError


@contextmanager
def as_main(main: ModuleType, path: str) -> Iterator[None]:
    """Let a module be what Python makes of a script: `__main__`, with its arguments and its directory on the path."""
    ours, arguments = sys.modules["__main__"], sys.argv
    directory = os.path.dirname(os.path.realpath(path))
    sys.modules["__main__"], sys.argv = main, [path]
    sys.path.insert(0, directory)
    try:
        yield
    finally:
        sys.modules["__main__"], sys.argv = ours, arguments
        # last, so that nothing of ours is taken from there, but what the script imports later is found
        sys.path[:] = [entry for entry in sys.path if entry != directory] + [directory]


@contextmanager
def explained(path: str, file: str) -> Iterator[None]:
    """Send what the file prints to the standard error output; raise ProgramError for what goes wrong in it."""
    try:
        with redirect_stdout(sys.stderr):
            yield
    except SystemExit as end:
        if end.code not in (None, 0):
            raise ProgramError(f"{_location(end, path, file)} ended the script with sys.exit({end.code!r})") from end
    except Exception as error:
        raise ProgramError(_mistake(error, path, file)) from error


def _mistake(error: Exception, path: str, file: str) -> str:
    if isinstance(error, SyntaxError) and (error.filename is None or os.path.isfile(error.filename)):
        where = path if error.filename in (None, file) else error.filename
        return f"{where}{f':{error.lineno}' if error.lineno else ''} is not Python: {error.msg}"
    text = textwrap.shorten(str(error), 500)
    return f"{_location(error, path, file)} raised {type(error).__name__}{f': {text}' if text else ''}"


def _location(error: BaseException, path: str, file: str) -> str:
    """Return the file's own line from which an error came, as file:line."""
    lines = [line for frame, line in traceback.walk_tb(error.__traceback__) if frame.f_code.co_filename == file]
    return f"{path}:{lines[-1]}" if lines else path
