"""Several things in a sentence, as a person lists them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

Item = TypeVar("Item")


def listed(items: Sequence[Item], say: Callable[[Item], str], most: int = 4) -> str:
    """Return what is said of each item as a person lists it: `X, c and W`; of many the first, and how many more."""
    shown = len(items) if len(items) <= most else most - 1
    said = [say(item) for item in items[:shown]]
    if shown < len(items):
        said.append(f"{len(items) - shown} others")
    return " and ".join(filter(None, (", ".join(said[:-1]), said[-1])))
