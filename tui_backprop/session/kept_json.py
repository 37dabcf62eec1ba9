"""A small file of JSON that is kept from one session to the next; one that is damaged is kept aside and begun anew."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from ..strict_json import to_json
from .saving import save_lines

Kept = TypeVar("Kept")


def read_json(path: Path, understand: Callable[[Any], Kept]) -> tuple[Kept | None, str]:
    """Return what is understood of a file, None where there is none, and a warning where it was damaged.

    What is said in it is damaged where understanding it raises what a wrong type or a missing key does. Raises OSError
    where the file cannot be read, or where a damaged one cannot be kept aside.
    """
    try:
        return understand(json.loads(path.read_text(encoding="utf-8"))), ""
    except (FileNotFoundError, NotADirectoryError):
        return None, ""
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError):
        aside = path.with_name(f"{path.name}.damaged")
        path.replace(aside)
        return None, f"{path} was damaged: it is kept as {aside.name}, and begun anew"


def write_json(path: Path, says: Any) -> None:
    """Write the file, and the folders that it is in; raises OSError, and what was there is then still there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for _ in save_lines(path, to_json(says, indent=1).splitlines(), replace=True):
        pass
