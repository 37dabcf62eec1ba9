"""The last line: the next keys to press, as many as there is room for, the most needed first."""

from __future__ import annotations

from collections.abc import Iterable

from .palette import Line

STEPPING = (
    ("space", "step"),
    ("b", "back"),
    ("?", "keys"),
    ("q", "quit"),
    ("s", "inside"),
    ("r", "run"),
    ("i", "iteration"),
    ("tab", "panes"),
    ("p", "phase"),
    ("n", "node"),
    ("v", "view"),
    ("G", "go to"),
)
ORDER = ("space", "b", "s", "n", "p", "i", "r", "G", "v", "tab", "<", ">", "?", "q")


def draw_keys(width: int, running: str | None) -> Line:
    """Draw the key bar; `running` is the speed of a run that is going on."""
    if running is not None:
        return _line((("space", "pause"), ("<", "slower"), (">", "faster"), ("q", "quit")), f"running: {running}")
    chosen: list[tuple[str, str]] = []
    for key in STEPPING:
        if sum(len(name) + len(does) + 4 for name, does in [*chosen, key]) <= width:
            chosen.append(key)
    return _line(sorted(chosen, key=lambda key: ORDER.index(key[0])))


def _line(keys: Iterable[tuple[str, str]], note: str = "") -> Line:
    line: Line = [(" ", "text")]
    for name, does in keys:
        line += [(name, "key"), (f" {does}   ", "text")]
    return [*line, (note, "now")] if note else line
