"""The Python files that the pages show, to be opened as a reader would."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def text_of(page: str) -> str:
    """Return the text of a page, by its path from the root of the project."""
    return (ROOT / page).read_text(encoding="utf-8")


def file_under(title: str) -> str:
    """Return the first Python file under a heading of the pages."""
    for page in PAGES:
        found = re.search(rf"^##? {title}\n.*?```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL | re.M)
        if found is not None:
            return found[1]
    raise LookupError(title)
