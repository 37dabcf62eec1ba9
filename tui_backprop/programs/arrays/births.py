"""Where arrays come from: while a script runs, NumPy's own makers of arrays give it arrays that note what is made."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import numpy as np

from .noted import NOTED, NotedArray, as_noted, plain, tape

_MAKERS = ("zeros", "ones", "empty", "full", "eye", "identity", "linspace", "arange", "loadtxt", "genfromtxt", "load")
_OF_VALUES = ("array", "asarray", "ascontiguousarray", "asfarray")
_RANDOM = ("rand", "randn", "random", "random_sample", "normal", "uniform", "standard_normal")


def _noting(maker: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(maker)
    def make(*args: Any, **settings: Any) -> Any:
        made = maker(*args, **settings)
        return as_noted(made) if _is_called_by_script() else made

    return make


def _is_called_by_script() -> bool:
    """Return whether the script itself makes an array, and no library does."""
    return bool(tape) and tape[0].is_on and tape[0].is_inside(sys._getframe(2).f_code)


def _noting_values(maker: Callable[..., Any]) -> Callable[..., Any]:
    """Return a maker of an array from values; from a list of noted arrays it stacks them."""

    @wraps(maker)
    def make(values: Any, *args: Any, **settings: Any) -> Any:
        if not _is_called_by_script():
            return maker(values, *args, **settings)
        if isinstance(values, NotedArray) and not args and not settings:
            return values.copy() if maker is np.array else values
        if type(values) in (list, tuple) and not args and not settings and _are_noted(values):
            return np.stack([_as_array(each) for each in values])
        return as_noted(maker(plain(values), *args, **settings))

    return make


def _are_noted(values: Any) -> bool:
    kinds = {type(each) for each in values}
    return bool(kinds) and kinds <= NOTED and len({np.shape(each) for each in values}) == 1


def _as_array(value: Any) -> Any:
    if type(value) is NotedArray:
        return value
    array = np.asarray(float(value)).view(NotedArray)
    array.note = value.note
    return array


class _Generator(np.random.Generator):
    """A generator whose numbers are noted."""


class _AsBefore(type):
    """The older generators that were there before are instances, too: libraries ask."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, cls.__mro__[1])


class _RandomState(np.random.RandomState, metaclass=_AsBefore):
    """An older generator whose numbers are noted."""


def _drawing(drawn: Callable[..., Any]) -> Callable[..., Any]:
    def draw(self: Any, *args: Any, **settings: Any) -> Any:
        made = drawn(self, *args, **settings)
        return as_noted(made) if _is_called_by_script() else made

    return draw


for _name in _RANDOM:
    for _kind in (_Generator, _RandomState):
        if hasattr(_kind, _name):
            setattr(_kind, _name, _drawing(getattr(_kind, _name)))


@contextmanager
def noting_births() -> Iterator[None]:
    """Let NumPy make arrays that note what is made of them, as long as this lasts."""
    default_rng = np.random.default_rng
    kept = [(np, name, getattr(np, name)) for name in (*_MAKERS, *_OF_VALUES) if hasattr(np, name)]
    kept += [(np.random, name, getattr(np.random, name)) for name in (*_RANDOM, "default_rng", "RandomState")]
    try:
        for owner, name, made in kept:
            setattr(owner, name, (_noting_values if name in _OF_VALUES else _noting)(made))
        np.random.default_rng = lambda *given, **seed: _Generator(default_rng(*given, **seed).bit_generator)
        np.random.RandomState = _RandomState  # type: ignore[misc]
        yield
    finally:
        for owner, name, made in kept:
            setattr(owner, name, made)
