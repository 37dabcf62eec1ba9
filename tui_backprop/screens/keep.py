"""Asking for the file in which a session is kept."""

from __future__ import annotations

from pathlib import Path

from ..programs.program import Program
from ..session.saving import path_of
from ..session.session_file import ENDING, file_of, with_ending
from .prompt import Prompt


class KeepScreen(Prompt[Path]):
    """Returns the path of the file, None where the asking was given up."""

    def __init__(self, program: Program) -> None:
        super().__init__(
            "Keep this session in which file? backprop-tui FILE opens it again, at this step.",
            _read,
            f"a name, to which {ENDING} is put where it has no such end, then Enter; Esc gives up",
            proposed=file_of(program),
        )


def _read(text: str) -> Path:
    name = text.strip()
    if not name:
        raise ValueError(f"Type a name; {ENDING} is put behind it.")
    return path_of(with_ending(name))
