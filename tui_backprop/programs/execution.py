"""Running a person's own file as `python FILE` would run it, and saying in one line what went wrong in it."""

from __future__ import annotations

import ast
import linecache
import os
import shlex
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from .naming import loop_names
from .notebook import cells_of
from .output import printing
from .plain_numbers import updated_number
from .program import ProgramError
from .project import package_of, project_of
from .surroundings import as_main, ending_as_a_process, kept_built_ins, kept_surroundings

_LONGEST = 500


class EnoughSteps(BaseException):
    """Ends a script that has taken as many steps as were asked for; it is no mistake of the script."""


@dataclass(frozen=True)
class Execution:
    """A file that has run: the module it made, where it stopped, and what of it was left out.

    `files` has the names under which Python knows its code, with how they are called in a sentence: the file's own, or
    one for each cell of a notebook. `stopped` says what ended it, if not its end; its `__cause__` is KeyboardInterrupt
    where somebody did.
    """

    main: ModuleType
    files: Mapping[str, str]
    stopped: ProgramError | None = None
    left_out: str = ""

    @property
    def loop_names(self) -> set[str]:
        """The variables of the loops outside of functions."""
        return set().union(*map(loop_names, self.sources.values()))

    @property
    def updated_number(self) -> tuple[str, bool] | None:
        """The first variable that is updated in a loop and is a plain Python number, and whether that is known."""
        return updated_number("\n".join(self.sources.values()), vars(self.main))

    @property
    def sources(self) -> Mapping[str, str]:
        """The texts of the files that can be parsed."""
        found: dict[str, str] = {}
        for file in self.files:
            source = "".join(linecache.getlines(file))
            with suppress(SyntaxError, ValueError, RecursionError, MemoryError):  # then nothing of it has run
                ast.parse(source)
                found[file] = source
        return found


def execute(path: str) -> Execution:
    """Run a file or a notebook to its end, or to where it stops.

    What it prints goes to the standard error output. Raises ProgramError where it cannot be read.
    """
    file = os.path.abspath(path)
    try:
        source = Path(path).read_bytes()
    except (OSError, ValueError) as error:
        raise ProgramError(f"{path} cannot be opened: {getattr(error, 'strerror', None) or error}") from error
    left_out, parts = "", {file: source}
    if path.endswith(".ipynb"):
        parts, left_out = cells_of(source, path, file)
    files = {name: path + name.removeprefix(file) for name in parts}
    for name, code in parts.items():
        # also where the script changes or deletes itself; without a time it is never looked for again
        lines = code.decode(errors="replace").splitlines(keepends=True)
        linecache.cache[name] = len(code), None, lines, name
    main = ModuleType("__main__")
    main.__file__ = file
    package = None if path.endswith(".ipynb") else package_of(file, source)
    if package is not None:
        main.__package__ = package[0]
    try:
        # the built-ins are put back first: all others need them
        with (
            explained(path, files),
            kept_surroundings(),
            as_main(main, path, *(() if package is None else (package[1],))),
            ending_as_a_process(),
            kept_built_ins(),
        ):
            for name, code in parts.items():
                exec(compile(code, name, "exec", dont_inherit=True), vars(main))
    except EnoughSteps:
        pass
    except ProgramError as stopped:
        return Execution(main, files, stopped, left_out)
    return Execution(main, files, None, left_out)


@contextmanager
def explained(path: str, files: Mapping[str, str]) -> Iterator[None]:
    """Send what a file prints to the standard error output; raise ProgramError for whatever ends it."""
    name = os.path.basename(path)
    try:
        with printing(name):
            yield
    except EnoughSteps:
        raise
    except SystemExit as end:
        code = end.code
        if code is not None and not (type(code) in (int, bool) and code == 0):
            said = f"{_location(end, path, files)} ended the script with sys.exit({_text(repr, code)})"
            raise ProgramError(said) from end
    except KeyboardInterrupt as error:
        raise ProgramError(f"{_location(error, path, files)} was interrupted") from error
    except BaseException as error:
        raise ProgramError(_mistake(error, path, files)) from error


def _mistake(error: BaseException, path: str, files: Mapping[str, str]) -> str:
    if isinstance(error, SyntaxError) and type(error) in (SyntaxError, IndentationError, TabError):
        file = error.filename
        if file is None or file in files or os.path.isfile(file):
            where = path if file is None else files.get(file, file)
            return f"{where}{f':{error.lineno}' if error.lineno else ''} is not Python: {error.msg}"
    text = _unfit(error, files) or _text(str, error)
    said = f"{_location(error, path, files)} raised {type.__getattribute__(type(error), '__name__')}"
    if type(error) is NameError and error.name in ("display", "get_ipython"):
        what = "a notebook runs here as a script, which" if path.endswith(".ipynb") else "a script"
        text += f"; {what} has no {error.name}: print, or take it out"
    if type(error) is ModuleNotFoundError and error.name:
        text += f"; {_how_to_find(error.name.partition('.')[0], path)}"
    return f"{said}: {text}" if text else said


_DISTRIBUTIONS = {"sklearn": "scikit-learn", "skimage": "scikit-image", "PIL": "pillow", "cv2": "opencv-python"}


def _how_to_find(module: str, path: str) -> str:
    """Say how a module that is missing can be had: it is near the script, or not installed where the app is."""
    for folder in dict.fromkeys((os.getcwd(), project_of(path).rstrip(os.sep))):
        if os.path.isdir(os.path.join(folder, module)) or os.path.isfile(os.path.join(folder, f"{module}.py")):
            return f"it is in {folder}, which is not searched: set PYTHONPATH={shlex.quote(folder)}"
    install = f"{shlex.quote(sys.executable)} -m pip install {_DISTRIBUTIONS.get(module, module)}"
    return f"install it where backprop-tui is: {install}"


def _unfit(error: BaseException, files: Mapping[str, str]) -> str:
    """Return which shapes did not fit, if that is the mistake; a script's own objects may fail in any way."""
    if not isinstance(error, ValueError | RuntimeError):
        return ""
    from .unfit_shapes import explain_shapes  # rare, and NumPy comes with it

    try:
        return explain_shapes(error, files)
    except Exception:
        return ""


def _text(write: type[str] | object, value: object) -> str:
    """Return what a script's own object says of itself on one line, cut where it is long."""
    try:
        text = write(value)  # type: ignore[operator]
    except BaseException as error:  # its class may do anything
        return f"(it has no text: {type.__getattribute__(type(error), '__name__')})"
    text = " ".join(str.__getitem__(text, slice(4 * _LONGEST)).split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} [...]"


def _location(error: BaseException, path: str, files: Mapping[str, str]) -> str:
    """Return the file's own line from which an error came, as file:line."""
    places = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    own = [f"{files[file]}:{line}" for file, line in places if file in files]
    return own[-1] if own else path
