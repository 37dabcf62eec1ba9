"""Which attribute of a learner's class is the number and which its gradient: told by what `backward()` does to them.

Only what an instance stores is read, so that none of its properties is called.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from operator import attrgetter
from types import MemberDescriptorType
from typing import Any

import numpy as np

_NUMBER_NAMES = ("data", "value", "val", "v", "x", "number", "item", "_data", "_value")
_GRADIENT_NAME = re.compile(r"_*(d|.*(grad|slope|deriv|adj|delta|sens).*)_*", re.IGNORECASE)

_read = object.__getattribute__


def stored(instance: object) -> dict[str, Any]:
    """Return what an instance stores, in its dictionary and in its slots."""
    found: dict[str, Any] = {}
    kind: Any = type(instance)
    for name in _slots(kind):
        try:
            found[name] = _read(instance, name)
        except AttributeError:
            continue
    with suppress(AttributeError):  # it has slots only
        found.update(_read(instance, "__dict__"))
    return found


@lru_cache(200)
def _slots(kind: Any) -> tuple[str, ...]:
    members = [item for each in kind.__mro__[::-1] for item in vars(each).items()]
    return tuple(dict.fromkeys(name for name, member in members if isinstance(member, MemberDescriptorType)))


def stored_text(instance: object, names: tuple[str, ...]) -> str | None:
    """Return the first of these attributes that is a text, which an instance stores."""
    kind: Any = type(instance)
    slots = _slots_among(kind, names)
    try:
        held = _read(instance, "__dict__")
    except AttributeError:  # it has slots only, and mostly none of them
        if not slots:
            return None
        held = {}
    for name in names:
        value = held.get(name)
        if name in slots and name not in held:
            with suppress(AttributeError):
                value = _read(instance, name)
        if isinstance(value, str) and value.strip():
            return value
    return None


@lru_cache(200)
def _slots_among(kind: Any, names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(names).intersection(_slots(kind))


def is_number(value: Any) -> bool:
    """Return whether this is a number or an array of numbers."""
    if type(value) in (float, int):
        return True
    if isinstance(value, np.ndarray | np.floating | np.integer):
        return value.dtype.kind in "fiu"
    return isinstance(value, float | int) and not isinstance(value, bool)


def number_like(value: Any, depth: int = 2) -> bool:
    """Return whether this is a number or an instance that stores one, as a gradient may be a Tensor itself."""
    return is_number(value) or (depth > 0 and hasattr(type(value), "__add__") and _inside(value) is not None)


def _inside(value: Any) -> Any:
    if isinstance(value, str | list | tuple | dict | set) or type(value).__module__ in sys.stdlib_module_names:
        return None
    kept = stored(value)
    return next((kept[name] for name in _NUMBER_NAMES if name in kept and is_number(kept[name])), None)


class Attributes:
    """The attributes of a learner's class that hold the number and its gradient."""

    def __init__(self, number: str, gradient: str) -> None:
        self.number = number
        self.gradient = gradient

    def read_number(self, instance: object) -> Any:
        """Return the number of an instance."""
        return _read(instance, self.number)

    def read_gradient(self, instance: object) -> Any:
        """Return the gradient of an instance, None where it has none."""
        try:
            value = _read(instance, self.gradient)
        except AttributeError:
            return None
        return value if value is None or is_number(value) else _inside(value)

    def gradients(self, instances: Sequence[object]) -> list[Any]:
        """Return the gradients of instances, None where one has none."""
        try:
            read = list(map(attrgetter(self.gradient), instances))
        except AttributeError:
            return list(map(self.read_gradient, instances))
        if set(map(type, read)) <= {float, int}:
            return read
        return list(map(self.read_gradient, instances))


def find_attributes(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> Attributes | None:
    """Return which attributes are the number and the gradient, from what the nodes stored before and after a call.

    The gradient is what the call changed, by its name where several were; the number is what it left alone. Returns
    None where the instances do not store both.
    """
    names = [name for name in after[0] if number_like(after[0][name])]
    names += [name for name in _sometimes(after) if name not in names]
    usual = set(_NUMBER_NAMES)  # a bias that is left out may be a node without a number
    numbers = [
        name
        for name in names
        if all(is_number(each.get(name)) or (each.get(name) is None and name in usual) for each in after)
    ]
    changed = [
        name
        for name in names
        if any(_differs(old.get(name), new.get(name)) for old, new in zip(before, after, strict=True))
    ]
    named = [name for name in names if _GRADIENT_NAME.fullmatch(name)]
    gradients = [name for name in changed if name in named] or named or changed
    numbers = [name for name in numbers if name not in gradients and name not in changed]
    if not gradients or not numbers:
        return None
    number = next((name for name in _NUMBER_NAMES if name in numbers), numbers[0])
    return Attributes(number, gradients[0])


def _sometimes(after: Sequence[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for each in after for name, value in each.items() if number_like(value)))


def _differs(old: Any, new: Any) -> bool:
    if not number_like(new):
        return False
    if old is new and not isinstance(new, np.ndarray):
        return False
    if not is_number(old) or not is_number(new):
        return True
    return not np.array_equal(np.asarray(old), np.asarray(new))
