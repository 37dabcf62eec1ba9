"""A program as a script that a person would have written, which reaches the same losses."""

from __future__ import annotations

from dataclasses import dataclass

from minidl_core.arrays import Array

from ..programs.program import Program
from .exported import Exported
from .minidl_script import minidl_script
from .numpy_script import numpy_script
from .torch_script import torch_script

KINDS = {"numpy": numpy_script, "torch": torch_script, "minidl": minidl_script}


@dataclass(frozen=True)
class Script:
    """The lines of a script, the arrays that it reads from the .npz file of its own name, and what is wrong with it."""

    lines: list[str]
    beside: dict[str, Array]
    warning: str


def script_of(program: Program, kind: str, steps: int, command: str, most_inside: int) -> Script:
    """Return a program as a script of one of the `KINDS` that trains for some steps; `command` is what made it.

    An array of more numbers than `most_inside` is not in the script itself.
    Raises ProgramError where something in it cannot be written, and what the engine raises where it cannot be trained.
    """
    exported = Exported(program, steps, command, most_inside)
    lines = KINDS[kind](exported)
    return Script(lines, exported.data.beside, exported.warning)
