"""The Python files that the README shows, to be opened as a reader would."""

from __future__ import annotations

import re
from pathlib import Path

README = Path(__file__).parents[2] / "README.md"


def file_under(title: str) -> str:
    """Return the first Python file under a heading of the README."""
    found = re.search(rf"\n## {title}\n.*?```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    return found[1]
