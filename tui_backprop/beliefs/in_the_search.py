"""The belief that the order of the visits does not matter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from .belief import Belief, Cause, Suspicion
from .orders import WRONG


def _no_order(_: Suspicion) -> Iterator[Cause]:
    for order, does in WRONG.items():
        message = f"{does}: a node has to wait until all of its consumers have passed on theirs (a topological order)"
        yield Cause("no-order", message, lambda machine, _, order=order: replace(machine, order=order))  # type: ignore[misc]


BELIEFS = (Belief("no-order", "A node may pass its gradient on before all of its consumers have.", _no_order),)
