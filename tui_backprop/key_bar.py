"""The last line: the next keys to press, as many as there is room for, the most needed first."""

from __future__ import annotations

from collections.abc import Iterable

from rich.cells import cell_len

from .glyphs import fit
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
    ("/", "find"),
    ("e", "edit"),
    ("p", "phase"),
    ("n", "node"),
    ("v", "diagram/tape"),
    ("G", "go to"),
)
RUNNING = (("space", "pause"), (">", "faster"), ("<", "slower"), ("q", "quit"))
ORDER = ("space", "b", "s", "n", "p", "i", "r", "G", "e", "v", "/", "tab", "<", ">", "?", "q")


def draw_keys(width: int, running: str | None, said: str = "") -> Line:
    """Draw the key bar; `running` is the speed of a run that is going on, `said` what the last key has to say."""
    line: Line = [(" ", "text")]
    gap = 3 if width >= 100 else 2
    if running is not None:
        said = f"running: {running}"
    if said:
        line.append((fit(said, min(cell_len(said) + 3, width - 1)), "now"))
    keys = STEPPING if running is None else RUNNING
    for name, does in sorted(_fitting(keys, width - _length(line), gap), key=_place):
        line += [(name, "key"), (f" {does}" + " " * gap, "text")]
    return line


def _fitting(keys: Iterable[tuple[str, str]], room: int, gap: int) -> list[tuple[str, str]]:
    chosen = []
    for name, does in keys:
        room -= len(name) + 1 + len(does) + gap
        if room < 0:
            break
        chosen.append((name, does))
    return chosen


def _place(key: tuple[str, str]) -> int:
    return ORDER.index(key[0])


def _length(line: Line) -> int:
    return sum(cell_len(text) for text, _ in line)
