"""What a drawn line is, and the one place where style names become colours.

Drawing functions return lines of spans, a span being a text and the name of its style. So a picture can be
compared as plain text, and a theme or NO_COLOR changes nothing but this table.
"""

from __future__ import annotations

Span = tuple[str, str]
Line = list[Span]

# Colours are numbers of the 256-colour table: SSH does not forward COLORTERM.
STYLES: dict[str, str] = {
    "text": "",
    "dim": "color(245)",
    "frame": "color(240)",
    "title": "bold",
    "now": "bold color(220)",
    "flow": "bold color(220)",
    "done": "color(114)",
    "waiting": "color(180)",
    "stale": "color(173)",
    "variable": "color(117)",
    "ghost": "color(140)",
    "error": "bold color(203)",
    "red": "color(203)",
    "blue": "color(75)",
    "key": "bold color(117)",
    "phase": "bold reverse",
    "selected": "reverse",
    "followed": "bold color(220)",
}


def plain(lines: list[Line]) -> str:
    """Return the lines as plain text, for pipes and tests."""
    return "\n".join("".join(text for text, _ in line).rstrip() for line in lines)


def label_style(name: str) -> str:
    """Return the style of a column's name; a name that is a colour has it."""
    return name if name in STYLES else "dim"
