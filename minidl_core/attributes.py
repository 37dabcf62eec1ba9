"""What may be written for an attribute of an operation, such as `axis`: what its annotation says.

Of annotations with anything but numbers, texts, None and tuples of them nothing is known: they take all.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from numbers import Integral, Real
from types import EllipsisType, NoneType, UnionType
from typing import Any, Union, get_args, get_origin

import numpy as np


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and not math.isnan(value)


def _is_truth(value: Any) -> bool:
    return isinstance(value, bool | np.bool) or (type(value) is int and value in (0, 1))


_KINDS: dict[Any, tuple[str, Callable[[Any], bool]]] = {
    int: ("a whole number", lambda value: isinstance(value, Integral) and not isinstance(value, bool)),
    float: ("a number", _is_number),
    bool: ("True or False", _is_truth),
    str: ("text", lambda value: isinstance(value, str)),
    NoneType: ("None", lambda value: value is None),
}


def takes(annotation: Any, value: Any) -> bool:
    """Return whether a value is what an annotation says, which is known."""
    if (kind := _KINDS.get(annotation)) is not None:
        return kind[1](value)
    if _is_union(annotation):
        return any(takes(part, value) for part in get_args(annotation))
    return isinstance(value, tuple) and all(takes(get_args(annotation)[0], each) for each in value)


def words_for(annotation: Any) -> str:
    """Return what an annotation says: 'a whole number, several as in (0, 1) or None'; '' where nothing is known."""
    if annotation in _KINDS:
        return _KINDS[annotation][0]
    if _is_union(annotation):
        *first, last = map(words_for, get_args(annotation))
        return f"{', '.join(first)} or {last}" if all((*first, last)) else ""
    example = _example(annotation)
    return f"several as in {example}" if example else ""


def _is_union(annotation: Any) -> bool:
    return get_origin(annotation) in (Union, UnionType)


def _example(annotation: Any) -> str:
    """Write a tuple of this annotation, or a whole number of it; '' where nothing is known."""
    if get_origin(annotation) is not tuple:
        return ""
    inner, *rest = get_args(annotation)
    if not rest or not isinstance(rest[0], EllipsisType):
        return ""
    if inner is int:
        return "(0, 1)"
    return f"({part}, {part})" if (part := _example(inner)) else ""
