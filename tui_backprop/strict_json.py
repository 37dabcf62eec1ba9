"""JSON that any reader takes: a number that JSON does not know is written as a text, "NaN", "Infinity" or "-Infinity".

`float` reads these texts, and what `json.loads` makes of the bare names that Python's own writer puts there.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from numbers import Integral, Real
from typing import Any


def to_json(
    value: Any,
    *,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    ensure_ascii: bool = True,
    default: Callable[[Any], Any] | None = None,
) -> str:
    """Return a value as JSON; the other arguments are those of `json.dumps`."""
    return json.dumps(  # noqa: TID251 (the one place)
        _strict(value),
        allow_nan=False,
        indent=indent,
        separators=separators,
        ensure_ascii=ensure_ascii,
        default=None if default is None else lambda unknown: _strict(default(unknown)),
    )


def _strict(value: Any) -> Any:
    """Return what JSON knows of a value: also NumPy's numbers are numbers."""
    match value:
        case dict():
            return {_strict(key): _strict(each) for key, each in value.items()}
        case list() | tuple():
            return [_strict(each) for each in value]
        case None | bool() | int() | str():
            return value
        case Integral():
            return int(value)
        case Real():
            return _number(float(value))
    return value


def _number(value: float) -> float | str:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
