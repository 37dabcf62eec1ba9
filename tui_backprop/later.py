"""What the first paint does not need: imported soon after it, so that the first keys do not wait for it either.

Where a module of these rooms is needed, it is imported there, inside a function. A test holds what is not to be
imported before the first paint.
"""

from __future__ import annotations

import asyncio
import pkgutil
import sys
from importlib import import_module
from pathlib import Path

ROOMS = ("beliefs", "notation", "narration", "inspector", "quiz", "driving", "pictures", "panes", "screens")
"""Rooms some of whose files are imported later, the lowest room first, so that no import is of many files."""
OTHERS = (
    *("pygments.lexers.python", "textual.layouts.horizontal", "textual.widgets._option_list", "textual.widgets._input"),
)
"""What these files import themselves only where they need it."""

_PAINTED_SECONDS = 0.1
"""So long after Textual says that it is ready the first paint is over."""
_BETWEEN_SECONDS = 0.005


def imported_later() -> list[str]:
    """Return the names of all modules of these rooms, and the others, in the order in which they are imported."""
    paths = [(room, str(Path(__file__).with_name(room))) for room in ROOMS]
    ours = [f"{__package__}.{room}.{file.name}" for room, path in paths for file in pkgutil.iter_modules([path])]
    return [*ours, *OTHERS]


async def import_later() -> None:
    """Import them one by one; between two of them keys are answered."""
    await asyncio.sleep(_PAINTED_SECONDS)
    for name in imported_later():
        if name not in sys.modules:
            import_module(name)
            await asyncio.sleep(_BETWEEN_SECONDS)
