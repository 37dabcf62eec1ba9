"""What a drawn line is, and the one place where style names become colours.

Drawing functions return lines of spans, a span being a text and the name of its style. So a picture can be
compared as plain text, and a theme or NO_COLOR changes nothing but this table.
"""

from __future__ import annotations

Span = tuple[str, str]
Line = list[Span]

# Colours are numbers of the 256-colour table: SSH does not forward COLORTERM.
_WITHOUT_COLOUR = {"text": "", "title": "bold", "phase": "bold reverse", "selected": "reverse"}
_DARK = {
    "dim": "color(247)",
    "frame": "color(244)",
    "now": "bold color(220)",
    "flow": "bold color(220)",
    "done": "color(114)",
    "waiting": "color(180)",
    "stale": "color(215)",
    "variable": "color(117)",
    "ghost": "color(141)",
    "error": "bold color(210)",
    "red": "color(210)",
    "blue": "color(75)",
    "key": "bold color(117)",
    "followed": "bold color(220)",
}
_LIGHT = {
    "dim": "color(241)",
    "frame": "color(242)",
    "now": "bold color(94)",
    "flow": "bold color(94)",
    "done": "color(22)",
    "waiting": "color(58)",
    "stale": "color(95)",
    "variable": "color(25)",
    "ghost": "color(90)",
    "error": "bold color(160)",
    "red": "color(160)",
    "blue": "color(26)",
    "key": "bold color(25)",
    "followed": "bold color(94)",
}
# of a map, from low to high: each says its background and what is legible on it, so that it fits every theme
_LEVEL_COLOURS = ((231, 53), (231, 54), (231, 61), (16, 67), (16, 66), (16, 72), (16, 77), (16, 149), (16, 221))
LEVELS = tuple(f"level {number}" for number in range(1, len(_LEVEL_COLOURS) + 1))
"""The styles of a map's levels, from low to high."""
_OF_LEVELS = {
    name: f"color({front}) on color({back})" for name, (front, back) in zip(LEVELS, _LEVEL_COLOURS, strict=True)
}
# orange and blue are told apart by all eyes (Okabe & Ito 2008); red and green stand for nothing here
_COLOUR_BLIND = _DARK | {
    "done": "color(80)",
    "waiting": "color(250)",
    "stale": "color(248)",
    "ghost": "color(182)",
    "error": "bold color(208)",
    "red": "color(208)",
    "blue": "color(75)",
}
_COLOUR_BLIND_LIGHT = _LIGHT | {
    "done": "color(23)",
    "waiting": "color(240)",
    "stale": "color(239)",
    "ghost": "color(96)",
    "error": "bold color(124)",
    "red": "color(124)",
}
THEMES = {
    name: _WITHOUT_COLOUR | _OF_LEVELS | colours
    for name, colours in (
        ("dark", _DARK),
        ("light", _LIGHT),
        ("colour-blind", _COLOUR_BLIND),
        ("colour-blind-light", _COLOUR_BLIND_LIGHT),
    )
}
"""What each name of a style looks like, by theme."""
ON_LIGHT = {"auto": "light", "colour-blind": "colour-blind-light"}
"""The choices that follow the terminal's background: what each is where that is light."""
ON_DARK = {"auto": "dark", "colour-blind": "colour-blind"}

STYLES: dict[str, str] = dict(THEMES["dark"])
"""What each name of a style looks like now."""


ACTION = "action"
"""The style of a text that is the name of an action: where it is shown, the key of it stands in its place."""


def choose_theme(name: str) -> None:
    """Have all that is drawn from now on look as a theme says."""
    STYLES.update(THEMES[name])


def key_sign(name: str) -> str:
    """Return what stands for a key in a list of keys: its character, or its name in small letters."""
    return name.lower() if len(name) > 1 else name


def plain(lines: list[Line]) -> str:
    """Return the lines as plain text, for pipes and tests."""
    return "\n".join("".join(text for text, _ in line).rstrip() for line in lines)


def label_style(name: str) -> str:
    """Return the style of a column's name; a name that is a colour has it."""
    return name if name in STYLES else "dim"
