"""The signs of marks: how the picture and the inspector show how far a node's value and gradient are."""

from __future__ import annotations

from ..debugger.moment import Mark
from ..drawing.glyphs import DONE, HIDDEN, NOT_YET, NOW, STALE, UPDATED

SIGNS = {
    Mark.NOT_YET: NOT_YET,
    Mark.NOW: NOW,
    Mark.DONE: DONE,
    Mark.UPDATED: UPDATED,
    Mark.STALE: STALE,
    Mark.HIDDEN: HIDDEN,
    Mark.QUEUED: "q",
    Mark.WAITING: "w",
}


def sign_of(mark: Mark, count: int = 0) -> str:
    """Return the sign of a mark; in the queue with its position, waiting with the number of consumers."""
    return f"{SIGNS[mark]}{count or ''}"
