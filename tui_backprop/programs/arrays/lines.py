"""What the script calls the results of its lines: `z1` of `z1 = X @ W1 + b1`, also where a function made it."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Collection, Mapping, Sequence

from .tape import Note, Place

_LONGEST = 30
_SIGNS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/"}


class Lines:
    """The names that each line of a file stores its result under."""

    def __init__(self, data_names: Mapping[Note, str]) -> None:
        self._data_names = data_names
        self._files: dict[str, Mapping[int, str]] = {}
        self._trees: dict[str, ast.Module] = {}

    def names_of(self, made: Sequence[Note]) -> dict[Note, str]:
        """Return the names of operations: that of a line goes to the last one which it made, in a row.

        What a function returns is called as where it was called, unless the function has a name for it.
        """
        found: dict[Note, str] = {}
        for note, following in zip(made, [*made[1:], None], strict=True):
            if note.place is None:
                continue
            name = self._at(note.place)
            if name and (following is None or line_of(following.place) != line_of(note.place)):
                found[note] = name
            elif not name and note.caller and (following is None or following.caller != note.caller):
                called = self._at(note.caller)
                if called:
                    found[note] = called
        return found

    def of_data(self, note: Note, taken: Collection[str] = ()) -> str | None:
        """Return the name that an array has in the script, or the name of the line that made it.

        Those `taken` are of something else, of which a line makes this only on the way: it is called as its formula.
        """
        own = self._data_names.get(note)
        if own is not None:
            return own
        if note.place is None:
            return None
        if given := self._given_to_a_call(note.place):
            return given
        name = self._at(note.place)
        return name if name not in taken else self._formula(note)

    def _formula(self, note: Note) -> str | None:
        """Return the formula of an array that is made of others by one operator, such as 1 - y."""
        sign = _SIGNS.get(getattr(note.what, "__name__", ""))
        if sign is None or len(note.inputs) != 2:
            return None
        parts = [self._data_names.get(each) if type(each) is Note else f"{each}" for each in note.inputs]
        return f"{parts[0]} {sign} {parts[1]}" if all(parts) else None

    def function_of(self, note: Note) -> str:
        """Return the name of the function that made an array, "" outside of functions."""
        name = note.place[0].co_name if note.place is not None else ""
        return "" if name.startswith("<") else name

    def _given_to_a_call(self, place: Place) -> str:
        """Return the entries of an array that a call is given, as they are written: what the line stores is another."""
        code, at, _ = place
        position = list(code.co_positions())[at // 2]
        for call in ast.walk(self._tree(code.co_filename)):
            for given in [*call.args, *(each.value for each in call.keywords)] if isinstance(call, ast.Call) else ():
                where = (given.lineno, given.end_lineno, given.col_offset, given.end_col_offset)
                if where == position and isinstance(given, ast.Subscript):
                    text = ast.unparse(given)
                    return text if len(text) <= _LONGEST else ""
        return ""

    def _at(self, place: Place) -> str | None:
        file = place[0].co_filename
        if file not in self._files:
            self._files[file] = _targets(self._tree(file))
        return self._files[file].get(place[2])

    def _tree(self, file: str) -> ast.Module:
        if file not in self._trees:
            self._trees[file] = _parsed(file)
        return self._trees[file]


def _parsed(file: str) -> ast.Module:
    try:
        return ast.parse("".join(linecache.getlines(file)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])


def line_of(place: Place | None) -> object:
    """Return the line that a place is on; two are equal where they are on the same one."""
    return None if place is None else (place[0], place[2])


def _targets(tree: ast.Module) -> dict[int, str]:
    """Return the name that each line of a file assigns, where it is one."""
    found: dict[int, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
            target = node.targets[-1] if isinstance(node, ast.Assign) else node.target
            name = _name_of(target)
            if name:
                for line in range(node.lineno, (node.end_lineno or node.lineno) + 1):
                    found[line] = name
    return found


def _name_of(target: ast.expr) -> str:
    match target:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Subscript(slice=ast.Constant(value=str() as name)):
            return name
    return ""
