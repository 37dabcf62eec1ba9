"""The signs of the picture, in one place; all are one cell wide in every terminal."""

from __future__ import annotations

NOT_YET = "·"
DONE = "✓"
NOW = "►"
STALE = "~"
UPDATED = "+"
ELLIPSIS = "…"

# never U+25B6 and U+25C0: some terminals draw those as emoji, two cells wide
RIGHT = "►"
LEFT = "◄"
