"""What can be opened, and how: a lesson, a person's own script."""

from __future__ import annotations

import os


def is_path(name: str) -> bool:
    """Return whether somebody who types this means a file and not a built-in lesson."""
    return name.endswith((".py", ".ipynb")) or os.sep in name
