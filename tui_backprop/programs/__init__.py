"""What can be opened, and how: a lesson, a person's own script, a formula.

An address opens a program again: the name of a lesson, the path of a file, or the words of a command line for what
takes more of them, such as `-e 'w*x' --set w=1 x=2`, `xor --data points.csv`, `vanishing --variant tanh` and
`hunt skip --seed 7`.
"""

from __future__ import annotations

import os
import re
import shlex

FORMULA = "-e"
HUNT = "hunt"
_SEVERAL = re.compile(rf"{FORMULA} |[a-z-]+ --(data|variant) |{HUNT} ")

PRESETS = {"blobs": 1.0, "moons": 0.1, "rings": 0.1, "spiral": 0.05, "xor": 0.3}
"""The kinds of points that can be drawn, each with its noise unless another is asked for (see presets.py)."""


def is_path(name: str) -> bool:
    """Return whether somebody who types this means a file and not a built-in lesson."""
    return _SEVERAL.match(name) is None and (name.endswith((".py", ".ipynb")) or os.sep in name)


def is_hunt(address: str) -> bool:
    """Return whether this is the address of a hunt."""
    return address.startswith(f"{HUNT} ")


def words_of(address: str) -> list[str]:
    """Return an address as the words of a command line."""
    return shlex.split(address) if _SEVERAL.match(address) else [address]
