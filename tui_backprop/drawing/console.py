"""What the Linux console can show: the signs of code page 437, and eight colours that bold makes bright."""

from __future__ import annotations

import re

from .ascii import TO_ASCII, in_ascii
from .glyphs import LINES

SIGNS = frozenset(bytes(range(128, 256)).decode("cp437") + "•○►◄↑↓→←▲▼■")
_STUBS = {"╵": "│", "╷": "│", "╴": "─", "╶": "─"}
_LIGHT = {sign: LINES[light | heavy][0] for light, row in enumerate(LINES) for heavy, sign in enumerate(row)}
_AS_ASCII = {"-": "─", "|": "│", "+": "┼"}


def _likeness(sign: str) -> str:
    light = _LIGHT.get(sign, sign)
    light = _STUBS.get(light, light)
    if light in SIGNS or light == " ":
        return light
    plain = TO_ASCII[ord(sign)]
    return _AS_ASCII.get(plain, plain) if "\u2500" <= sign < "\u2580" else plain


_SHOWN = {code: _likeness(chr(code)) for code in TO_ASCII}
_COLOURS = re.compile(r"(?<=\x1b\[)(?:\d+;)*(?:9|10)[0-7](?:;\d+)*(?=m)")
_BRIGHT = re.compile(r"(?<!5;)\b(9|10)(?=[0-7]\b)")


def in_console(text: str) -> str:
    """Return what is painted with the signs and the colours of the console."""
    text = text.translate(_SHOWN)
    if not SIGNS.issuperset(foreign := {char for char in text if not char.isascii()}):
        text = text.translate({ord(char): in_ascii(char) for char in foreign - SIGNS})
    return _COLOURS.sub(
        lambda colours: _BRIGHT.sub(lambda bright: {"9": "1;3", "10": "4"}[bright[1]], colours[0]), text
    )
