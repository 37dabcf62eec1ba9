"""Signs for fonts and terminals without them: each becomes one ASCII character, where that keeps what it means.

What one character would make wrong, as `x2` for `x²`, is spelled out before it is made to fit a width.
"""

from __future__ import annotations

import codecs
import io
import re
import unicodedata
from functools import lru_cache
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

_SPELLED = {"⊙": ".*", "⊕": " xor ", "Σ": "sum", "√": "sqrt ", "ᵀ": "^T", "≥": ">=", "≤": "<=", "→": "->", "←": "<-"}
# superscripts together; the signs and the Greek letters; of arrows those that no other key stands beside
_TO_SPELL = re.compile("[²³\u00b9\u2070\u2074-\u2079\u207b]+|[⊙⊕Σ√ᵀ≥≤\u0391-\u03a9\u03b1-\u03c9]|(?<!\\S)[→←](?!\\S)")
_has: frozenset[str] | None = None

# 0.1·(-6) with a point would read as another number; alone, behind v or g, the dot says "not yet"
_TIMES = re.compile(r"(?<=[\w)\]'])·(?=[\w(\['√-])")


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


def spell_out(has: frozenset[str] | None) -> None:
    """Have `spell` write, from now on, in letters what is not among the signs of the terminal; None: it has all."""
    global _has
    _has = has


def lacks_signs() -> bool:
    """Return whether the terminal lacks signs."""
    return _has is not None


def spell(text: str) -> str:
    """Return a text with those signs in letters for which the terminal has none and of which one is not enough."""
    return text if _has is None or text.isascii() else _spelled(text, _has)


@lru_cache(maxsize=4096)
def _spelled(text: str, has: frozenset[str]) -> str:
    return _TO_SPELL.sub(lambda found: found[0] if has.issuperset(found[0]) else _in_letters(found[0]), text)


def _in_letters(sign: str) -> str:
    if sign in _SPELLED:
        return _SPELLED[sign]
    if unicodedata.category(sign[0]) in ("No", "Sm"):
        return f"^{unicodedata.normalize('NFKC', sign)}".replace("−", "-")
    *_, kind, _letter, name = unicodedata.name(sign).replace("LAMDA", "LAMBDA").replace(" FINAL", "").split()
    return name.lower() if kind == "SMALL" else name.capitalize()


def star_products(text: str) -> str:
    """Return a text of the same length with stars for the dots of products, where the terminal has no dot."""
    return text if _has is None or "·" in _has or "·" not in text else _TIMES.sub("*", text)


def in_ascii(text: str) -> str:
    """Return a text in ASCII, of the same width; a character that has no likeness is question marks."""
    text = text if text.isascii() else _TIMES.sub("*", text).translate(TO_ASCII)
    if text.isascii():
        return text
    from rich.cells import cell_len  # rare, and what only prints needs none of it

    return "".join(char if char.isascii() else _letter_of(char) or "?" * cell_len(char) for char in text)


def _letter_of(char: str) -> str:
    """Return the letter that an accent stands on; nothing where it is none of ASCII's."""
    letter = unicodedata.normalize("NFD", char)[0]
    return letter if letter.isascii() else ""


def write_ascii(stream: TextIO) -> None:
    """Have a text stream write nothing but ASCII from now on."""
    spell_out(frozenset())
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(encoding="ascii", errors=LIKENESS)


def _likeness(error: UnicodeError) -> tuple[str, int]:
    """Return what stands for the characters that an encoding lacks: their ASCII signs, or escapes."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = _TIMES.sub("*", error.object)[error.start : error.end]
    spelled = _spelled(lacking, frozenset())
    return spelled.translate(TO_ASCII).encode("ascii", "backslashreplace").decode(), error.end


codecs.register_error(LIKENESS, _likeness)
