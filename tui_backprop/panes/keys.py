"""Which key the messages name for what can be done."""

from __future__ import annotations

KEYS = {
    "step": "space",
    "back": "b",
    "run": "r",
    "resume": "c",
    "edit": "e",
    "branch": "E",
    "breakpoint": "x",
    "breakpoints": "X",
    "ask": "m",
    "skip": "Esc",
    "submit": "Enter",
    "origin": "Enter",
}
"""The keys of the screen by what they do, as a sentence names them."""
