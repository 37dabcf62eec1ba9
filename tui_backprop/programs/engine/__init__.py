"""A learner's own engine: what it made while the script ran, as a program with graphs of ours."""

from __future__ import annotations

import os

from minidl_core import MinidlError

from ...lessons.lesson import Example, Lesson
from ..execution import Execution
from ..program import Program, ProgramError
from .recorder import Recorder
from .run import EngineRun


def engine_program(recorder: Recorder, execution: Execution, path: str, warning: str = "") -> Program:
    """Return the run that was recorded of a script as a program; raises ProgramError where a number is not finite."""
    try:
        steps = EngineRun(recorder, execution)
        first = steps[0]
    except MinidlError as error:
        raise ProgramError(f"{path}: {error}") from error
    example = Example(first.loss, first.feeds)
    lesson = Lesson(
        name=os.path.basename(path),
        summary=(execution.main.__doc__ or "").strip().partition("\n")[0],
        build=lambda _: example,
        learning_rate=first.optimizer.learning_rate,
        seed=None,
    )
    if recorder.every > 1:
        thinned = (
            f"Of the {recorder.taken} steps that {path} took, one in {recorder.every} was kept: all would not fit."
        )
        warning = f"{warning} {thinned}".strip()
    return Program(lesson, example, first.optimizer, None, path, warning, steps, steps.engine)
