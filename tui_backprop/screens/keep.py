"""Asking for the file in which a session is kept."""

from __future__ import annotations

from pathlib import Path

from ..programs.program import Program
from ..session.session_file import ENDING, file_of, is_session
from .prompt import Prompt


class KeepScreen(Prompt[Path]):
    """Returns the path of the file, None where the asking was given up."""

    def __init__(self, program: Program) -> None:
        super().__init__(
            "Keep this session in which file? backprop-tui FILE opens it again, at this step.",
            _read,
            f"a name that ends with {ENDING}, then Enter; Esc gives up",
            file_of(program),
        )


def _read(text: str) -> Path:
    name = text.strip()
    if not is_session(name):
        raise ValueError(f"The name must end with {ENDING}, so that it is known as a session: {name or 'x'}{ENDING}")
    return Path(name).expanduser()
