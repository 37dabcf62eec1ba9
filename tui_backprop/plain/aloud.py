"""Text that can be read aloud: signs become words, and what is drawn with signs is left out."""

from __future__ import annotations

import re
from unicodedata import category

_WORDS = {
    "⊙": " times ",
    "·": " times ",
    "×": " by ",
    "ᵀ": " transposed",
    "²": " squared",
    "³": " cubed",
    "Σ": "the sum of ",
    "√": "the root of ",
    "≈": " is about ",
    "≠": " is not ",
    "≥": " is at least ",
    "≤": " is at most ",
    "→": " to ",
    "⊕": " or else ",
    "−": "-",
    "…": "...",
    "✓": "right: ",
    "✗": "wrong: ",
    "⋮": "and",
}
_LETTERS = {"α": "alpha", "β": "beta", "ε": "epsilon", "λ": "lambda", "π": "pi", "ρ": "rho", "ω": "omega"}
_TOGETHER = re.compile(r"\)\(")
_NOT_YET = re.compile(r"(?<!\S)·(?!\S)")
_DRAWN = re.compile("[\u2500-\u257f\u25a0-\u25ff\u2800-\u28ff]+")


def aloud(text: str) -> str:
    """Return one line of text in words: `G·Wᵀ` as `G times W transposed`."""
    # `(2)(3)` is how a product of two numbers is written
    rate = "eta" if "learning rate" in text else "the learning rate"  # a text that says what η is means the letter
    text = _NOT_YET.sub("pending", _DRAWN.sub(" ", _TOGETHER.sub(") times (", text)))
    for sign, word in {**_WORDS, **_LETTERS, "η": rate}.items():
        text = text.replace(sign, word)
    text = "".join(character for character in text if category(character) != "So")
    return re.sub(r" +([,.;:])(?= |$)", r"\1", " ".join(text.split()))
