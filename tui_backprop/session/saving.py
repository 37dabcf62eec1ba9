"""A file is written beside its name and takes it once it is whole: a full disk never costs what was there before."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile

from ..notation.fitting import printable


def path_of(typed: str) -> Path:
    """Return the path that is typed so: `~` is one's home, and `~name` somebody's; who has none is not looked for."""
    return Path(os.path.expanduser(typed))


def save_lines(path: Path, lines: Iterable[str], *, replace: bool = False) -> Iterator[int]:
    """Write lines into a file, yielding how many there are so far; where it is replaced, its mode stays.

    What would not show as itself is written as an escape: whoever prints the file is not to obey it.

    Raises OSError where it is a device or a pipe, FileExistsError where it is there and not to be replaced; what was
    there is then still there.
    """
    try:
        path = Path(os.path.realpath(path))  # a link stays one
    except ValueError as error:  # no file's name has a null byte
        raise OSError(errno.EINVAL, str(error), str(path)) from None
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "it is no ordinary file", str(path))
    written: list[str] = []
    for line in lines:
        written.append(line)
        yield len(written)
    beside = None
    try:
        with NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
            beside = Path(file.name)
            file.writelines(f"{printable(line)}\n" for line in written)
        path.touch(exist_ok=replace)
        shutil.copymode(path, beside)
        os.replace(beside, path)
    finally:
        if beside is not None:
            beside.unlink(missing_ok=True)
