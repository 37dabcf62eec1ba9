"""Calling a learner's own function again: on fresh instances that hold other numbers."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from inspect import CO_VARARGS, CO_VARKEYWORDS
from types import CodeType, FunctionType
from typing import Any

import numpy as np

from minidl_core.arrays import Array

from .attributes import Attributes, stored
from .noting import Noted
from .walking import OperationKind, is_raw


def their_function(
    kind: OperationKind, attributes: Attributes, is_operand: Callable[[Any], bool]
) -> Callable[..., Array] | None:
    """Return what computes an operation's number from those of its operands; None where it cannot be called."""
    code, names = kind.site.levels[kind.site.made_by]
    function = None if names is None else _function_of(code)
    if function is None:
        return None

    def compute(*numbers: Array) -> Array:
        fresh = iter(numbers)

        def renewed(value: Any) -> Any:
            if is_operand(value):
                return _fresh(value, next(fresh), attributes)
            if is_raw(kind.site, value):
                return _as_given(value, next(fresh))
            if type(value) in (list, tuple):
                return type(value)([renewed(each) for each in value])
            return value

        values = [renewed(value) for value in kind.given]
        inside = kind.site.inside
        for (place, name), value in zip(inside, values[len(values) - len(inside) :], strict=True):
            values[place] = _with(values[place], name, value)
        positional, keywords = _arguments(code, values)
        made = function(*positional, **keywords)
        if type(made) in (list, tuple):
            nodes = [each for each in made if is_operand(each)]
            if len(nodes) != 1:
                raise ValueError(f"{code.co_name} returns a {type(made).__name__}; let it return one node at a time")
            [made] = nodes
        result = attributes.read_number(made)
        return np.asarray(result, dtype=float)[()]

    return compute


def _function_of(code: CodeType) -> FunctionType | None:
    return next((each for each in gc.get_referrers(code) if isinstance(each, FunctionType)), None)


def _arguments(code: CodeType, values: list[Any]) -> tuple[list[Any], dict[str, Any]]:
    """Return values of all of a function's parameters as a call takes them."""
    count = code.co_argcount
    rest: Iterator[Any] = iter(values[count:])
    names = code.co_varnames[count : count + code.co_kwonlyargcount]
    keywords = {name: next(rest) for name in names}
    positional = values[:count]
    if code.co_flags & CO_VARARGS:
        positional.extend(next(rest))
    if code.co_flags & CO_VARKEYWORDS:
        keywords.update(next(rest))
    return positional, keywords


def _as_given(old: Any, number: Array) -> Any:
    if isinstance(old, np.ndarray):
        given = np.array(number, dtype=old.dtype)
        # a function is called with the whole numbers of its first call as a pattern, whatever it computes later
        return given if old.dtype.kind == "f" or np.array_equal(given, number) else np.array(number)
    return old if float(number) == old else float(number)


def _with(owner: Noted, name: str, value: Any) -> Noted:
    """Return an object like this one that keeps another value under a name."""
    made = object.__new__(type(owner))
    for each, kept in stored(owner).items():
        object.__setattr__(made, each, kept)
    object.__setattr__(made, name, value)
    return made


def _fresh(instance: Noted, number: Array, attributes: Attributes) -> Noted:
    """Return an instance like this one, with another number and its shape, that hangs on nothing."""
    made = object.__new__(type(instance))
    old = attributes.read_number(instance)
    new = _as_given(old, number)
    for name, value in stored(instance).items():
        kept = type(value)() if type(value) in (list, tuple, set, dict, frozenset) else value
        for measure in (np.shape, np.ndim, np.size):
            if name.strip("_") == measure.__name__ and value == measure(old):
                kept = measure(new)
        object.__setattr__(made, name, kept)
    object.__setattr__(made, attributes.number, new)
    return made
