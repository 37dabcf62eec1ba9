"""Numbers and attributes as Python text: short arrays in the script itself, large ones in a file beside it."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np

from minidl_core.arrays import Array

_WIDTH = 110


class Data:
    """The arrays of a script; those of more numbers than `most_inside` go into a file `beside` it, by name."""

    def __init__(self, most_inside: int) -> None:
        self._most_inside = most_inside
        self.beside: dict[str, Array] = {}

    def written(self, name: str, array: Array) -> str:
        """Return an array as a list or a number, or as what the file beside the script has under a name."""
        if np.size(array) <= self._most_inside:
            return list_text(np.asarray(array).tolist())
        self.beside[name] = array
        return f'data["{name}"]'


def list_text(value: Any, indent: int = 0) -> str:
    """Return a nested list of numbers as Python text, of a long one each row on lines of its own."""
    text = repr(value)
    if len(text) + indent <= _WIDTH or not isinstance(value, list):
        return text
    inner = " " * (indent + 4)
    if isinstance(value[0], list):
        rows = "".join(f"{inner}{list_text(row, indent + 4)},\n" for row in value)
    else:
        rows = textwrap.fill(text[1:-1], _WIDTH, initial_indent=inner, subsequent_indent=inner) + ",\n"
    return f"[\n{rows}{' ' * indent}]"


def attribute_text(value: Any, array: str = "np.array") -> str:
    """Return an attribute of an operation as Python text; arrays in it are made by the function that is named."""
    if isinstance(value, np.ndarray):
        return f"{array}({value.tolist()!r})"
    if isinstance(value, tuple):
        parts = [attribute_text(each, array) for each in value]
        return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"
    if isinstance(value, slice):
        parts = [attribute_text(each) for each in (value.start, value.stop, value.step)]
        return f"slice({', '.join(parts)})"
    if isinstance(value, float | np.floating) and not np.isfinite(value):
        infinite = "np.nan" if np.isnan(value) else "np.inf" if value > 0 else "-np.inf"
        return infinite if array == "np.array" else f'float("{float(value)}")'
    if isinstance(value, np.generic):
        return repr(value.item())
    return repr(value)


def key_text(key: Any, array: str = "np.array") -> str:
    """Return an index as it is written between brackets."""
    parts = key if isinstance(key, tuple) else (key,)
    return ", ".join([_part_text(part, array) for part in parts]) or "()"


def _part_text(part: Any, array: str) -> str:
    if part is Ellipsis:
        return "..."
    if isinstance(part, slice):
        start, stop, step = ("" if each is None else str(each) for each in (part.start, part.stop, part.step))
        return f"{start}:{stop}{f':{step}' if step else ''}"
    return attribute_text(part, array)
