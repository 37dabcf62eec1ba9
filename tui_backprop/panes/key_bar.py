"""The last line: the next keys to press, as many as there is room for, the most needed first."""

from __future__ import annotations

from collections.abc import Iterable

from rich.cells import cell_len

from ..drawing.palette import Line
from ..notation.fitting import fit, width_of

Keys = tuple[tuple[str, str], ...]
"""Keys and what they do, the most needed first."""

STEPPING: Keys = (
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
    ("o", "log"),
    ("m", "ask me"),
)
RUNNING = (("space", "pause"), (">", "faster"), ("<", "slower"), ("q", "quit"))
SEEKING = (("space", "pause"), ("q", "quit"))
CHOOSING = (("1-4", "answer"), ("esc", "skip"), ("b", "back"), ("?", "keys"), ("q", "quit"), ("m", "ask the room"))
TYPING = (("enter", "answer"), ("esc", "skip"), ("PgUp", "back"), ("F1", "keys"))
IN_THE_ROOM = (("space", "reveal"), ("b", "back"), ("m", "stop asking"), ("?", "keys"), ("q", "quit"))
_ORDER = "1-4 enter esc space b PgUp s n p i r G o e v / tab m < > ? F1 q"
ORDER = tuple(_ORDER.split())


def draw_keys(width: int, running: str | None, said: str = "", standing: Keys = ()) -> Line:
    """Draw the key bar.

    `running` is the speed of a run that is going on, `said` what the last key has to say, `standing` are the keys of a
    question that stands.
    """
    line: Line = [(" ", "text")]
    gap = 3 if width >= 100 else 2
    if running is not None:
        said = f"running: {running}"
    if said:
        line.append((fit(said, min(cell_len(said) + 3, width - 1)), "now"))
    keys = standing or (STEPPING if running is None else RUNNING)
    for name, does in sorted(_fitting(keys, width - width_of(line), gap), key=_place):
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
