"""Numbers from a file: a table of text (CSV), or an array that NumPy saved."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from minidl_core.arrays import Array, as_text, copy_in

from ..lessons.lesson import Points
from .program import ProgramError

_DELIMITERS = ";\t,"


@dataclass(frozen=True)
class _Table:
    """The cells of a file as text, each row with its line; `heading` is a first row without a number."""

    path: str
    heading: Sequence[str]
    rows: Sequence[tuple[int, Sequence[str]]]

    def number(self, line: int, column: int, cell: str) -> float:
        """Return a cell as a number; raises ProgramError where it is none."""
        where = f"{self.path}:{line}: column {column + 1}"
        if not cell:
            raise ProgramError(f"{where} is blank; fill it in, or take the line out")
        number = _number(cell)
        if not math.isfinite(number):
            raise ProgramError(f"{where} is '{cell[:40]}', and no number")
        return number


def read_array(path: str) -> Array:
    """Return the numbers of a file: of a .npy file its array, of a text one row a line, or one number a line (n,).

    A first line without a number is a heading, and left out. Raises ProgramError where it cannot be read, has text or
    blanks among its numbers, or its lines differ in length.
    """
    if path.endswith((".npy", ".npz")):
        return _saved_array(path)
    table = _table(path)
    rows = [[table.number(line, column, cell) for column, cell in enumerate(cells)] for line, cells in table.rows]
    array = np.array(rows)
    return array[:, 0] if array.shape[1] == 1 else array


def read_points(path: str) -> Points:
    """Return the points of a file: two columns of numbers, and a third with the class of each, one of two words.

    Raises ProgramError where it is something else.
    """
    table = _table(path)
    columns = len(table.rows[0][1])
    if columns != 3:
        raise ProgramError(f"{path} has {columns} column{'s' * (columns != 1)}; points have three: x, y and a class")
    places = [[table.number(line, column, cells[column]) for column in (0, 1)] for line, cells in table.rows]
    words: dict[str, int] = {}
    for line, (*_, word) in table.rows:
        if not word:
            raise ProgramError(f"{path}:{line}: column 3 is blank; it says the class of the point, as 0 or 1")
        words.setdefault(word, line)
    if len(words) == 1:
        raise ProgramError(f"{path} has one class only, '{next(iter(words))[:40]}'; two are to be told apart")
    if len(words) > 2:
        third, line = list(words.items())[2]
        raise ProgramError(f"{path}:{line}: '{third[:40]}' is a third class; there can be two")
    classes = tuple(sorted(words, key=lambda word: (_number(word), word)))
    axes = (table.heading[0], table.heading[1]) if table.heading else ("x", "y")
    number_of = {word: number for number, word in enumerate(classes)}
    return Points(
        copy_in(places), np.array([number_of[cells[2]] for _, cells in table.rows]), (classes[0], classes[1]), axes
    )


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _table(path: str) -> _Table:
    """Return the cells of a text file: separated by semicolons, tabs, commas or spaces; empty lines do not count."""
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        reason = "it is not text" if isinstance(error, UnicodeDecodeError) else getattr(error, "strerror", None)
        raise ProgramError(f"{path} cannot be opened: {reason or error}") from error
    first = next((line for line in lines if line.strip()), "")
    delimiter = next((each for each in _DELIMITERS if each in first), None)
    numbered = [(number, line) for number, line in enumerate(lines, 1) if line.strip()]
    cells = [line.split() for _, line in numbered]
    if delimiter is not None:
        try:
            read = list(csv.reader([line for _, line in numbered], delimiter=delimiter))
        except csv.Error as error:
            raise ProgramError(f"{path} cannot be read: {error}") from error
        cells = [[cell.strip() for cell in row] for row in read]
    rows = [(number, row) for (number, _), row in zip(numbered, cells, strict=False)]
    heading: Sequence[str] = ()
    if rows and all(cell and math.isnan(_number(cell)) for cell in rows[0][1]):
        heading = rows.pop(0)[1]
    if not rows:
        raise ProgramError(f"{path} has no numbers in it")
    width = len(rows[0][1])
    for number, row in rows:
        if len(row) != width:
            raise ProgramError(f"{path}:{number} has {len(row)} columns, and the lines before it {width}")
    return _Table(path, heading, rows)


def _saved_array(path: str) -> Array:
    if path.endswith(".npz"):
        raise ProgramError(f"{path} holds several arrays; save the one that is meant by numpy.save, as a .npy file")
    try:
        array = copy_in(np.load(path, allow_pickle=False))
    except (OSError, ValueError, TypeError, EOFError) as error:
        raise ProgramError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if not array.size or not np.isfinite(array).all():
        raise ProgramError(f"{path} is {as_text(array.shape)} and must hold finite numbers, and at least one")
    return array
