"""A file is written beside its name and takes it once it is whole: a full disk never costs what was there before."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path


def save_lines(path: Path, lines: Iterable[str], *, replace: bool = False) -> Iterator[int]:
    """Write lines into a file, yielding how many there are so far.

    Raises OSError, FileExistsError where the file is there and not to be replaced; what was there is then still there.
    """
    path = Path(os.path.realpath(path))  # a link stays one
    written: list[str] = []
    for line in lines:
        written.append(line)
        yield len(written)
    beside = path.with_name(f".{path.name}.part")
    try:
        beside.write_text("".join(f"{line}\n" for line in written), encoding="utf-8")
        if not replace:
            path.touch(exist_ok=False)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
