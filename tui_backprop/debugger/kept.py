"""Results that are kept with what they are about: when a recording or a graph goes, what was found of it goes too."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

Owner = TypeVar("Owner")
Result = TypeVar("Result")
Others = ParamSpec("Others")


def kept(find: Callable[Concatenate[Owner, Others], Result]) -> Callable[Concatenate[Owner, Others], Result]:
    """Return the function that keeps its latest result for each owner, its first argument, as long as that lives.

    A result must not refer to its owner: both would live for ever.
    """
    latest: WeakKeyDictionary[Owner, tuple[Any, Result]] = WeakKeyDictionary()

    @wraps(find)
    def found(owner: Owner, /, *others: Others.args, **named: Others.kwargs) -> Result:
        known = latest.get(owner)
        if known is None or known[0] != (others, named):
            known = latest[owner] = (others, named), find(owner, *others, **named)
        return known[1]

    return found
