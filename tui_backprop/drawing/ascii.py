"""Signs for fonts and terminals without box drawing and arrows: each becomes one ASCII character of the same width."""

from __future__ import annotations

import codecs
import io
import re
from typing import TextIO

LIKENESS = "ascii likeness"
"""The name of the error handler with which a text stream writes what its encoding lacks."""

_SIGNS = {
    "·": ".", "⊙": "*", "⊕": "^", "×": "x", "Σ": "S", "√": "V", "ᵀ": "T", "²": "2", "³": "3",
    "→": ">", "←": "<", "↑": "^", "↓": "v", "►": ">", "◄": "<", "▲": "^", "▼": "v",
    "✓": "y", "✗": "X", "≈": "~", "≠": "#", "≥": ">", "≤": "<", "−": "-", "…": ":",
    "η": "n", "β": "B", "λ": "L", "ε": "e", "ρ": "p", "π": "p", "α": "a", "ω": "w",
    "σ": "s", "γ": "g", "δ": "d", "Δ": "D", "θ": "o", "μ": "u", "τ": "t", "φ": "f",
    "■": "#", "●": "o", "○": "o", "◆": "*", "•": "*", "»": ">", "⋮": ":", "₀": "0", "₁": "1", "₂": "2", "₃": "3",
    "₄": "4", "₅": "5", "₆": "6", "₇": "7", "₈": "8", "₉": "9",
}  # fmt: skip

# 0.1·(-6) with a point would read as another number; alone, behind v or g, the dot says "not yet"
_TIMES = re.compile(r"(?<=[\w)\]'])·(?=[\w(\['-])")


def _of_a_line(code: int) -> str:
    """Return what a character of the table of box drawings, blocks or braille looks like in ASCII."""
    character = chr(code)
    if character in "─━═╌╍╴╶╸╺╼╾┄┅┈┉":
        return "-"
    if character in "│┃║╎╏╵╷╹╻╽╿┆┇┊┋":
        return "|"
    if 0x2500 <= code < 0x2580:
        return "+"
    return " " if code == 0x2800 else "*" if code >= 0x2800 else "#"


TO_ASCII: dict[int, str] = {ord(sign): ascii_sign for sign, ascii_sign in _SIGNS.items()} | {
    code: _of_a_line(code) for code in (*range(0x2500, 0x25A0), *range(0x2800, 0x2900))
}
"""A table for `str.translate`."""


def in_ascii(text: str) -> str:
    """Return a text in ASCII, of the same width; a character that has no likeness is question marks."""
    text = text if text.isascii() else _TIMES.sub("*", text).translate(TO_ASCII)
    if text.isascii():
        return text
    from rich.cells import cell_len  # rare, and what only prints needs none of it

    return "".join(char if char.isascii() else "?" * cell_len(char) for char in text)


def write_ascii(stream: TextIO) -> None:
    """Have a text stream write nothing but ASCII from now on."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(encoding="ascii", errors=LIKENESS)


def _likeness(error: UnicodeError) -> tuple[str, int]:
    """Return what stands for the characters that an encoding lacks: their ASCII signs, or escapes."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = _TIMES.sub("*", error.object)[error.start : error.end]
    return lacking.translate(TO_ASCII).encode("ascii", "backslashreplace").decode(), error.end


codecs.register_error(LIKENESS, _likeness)
