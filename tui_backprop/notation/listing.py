"""Several things in a sentence, as a person lists them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

Item = TypeVar("Item")


def listed(items: Sequence[Item], write: Callable[[Item], str], most: int = 4) -> str:
    """Return items as a person lists them, each as `write` says: `X, c and W`; of many the first, and how many more."""
    shown = len(items) if len(items) <= most else most - 1
    texts = [write(item) for item in items[:shown]]
    if shown < len(items):
        texts.append(f"{len(items) - shown} others")
    return " and ".join(filter(None, (", ".join(texts[:-1]), texts[-1])))
