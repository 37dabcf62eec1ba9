"""A learner's own engine: what it made while the script ran, as a program with graphs of ours."""

from __future__ import annotations

import os
from types import ModuleType

from ...lessons.lesson import Example, Lesson
from ..program import Program
from .recorder import Recorder
from .run import EngineRun


def engine_program(recorder: Recorder, main: ModuleType, path: str, warning: str = "") -> Program:
    """Return the run that was recorded of a script as a program."""
    steps = EngineRun(recorder, vars(main), os.path.abspath(path))
    first = steps[0]
    example = Example(first.loss, first.feeds)
    lesson = Lesson(
        name=os.path.basename(path),
        summary=(main.__doc__ or "").strip().partition("\n")[0],
        build=lambda _: example,
        learning_rate=first.optimizer.learning_rate,
        seed=None,
    )
    if recorder.every > 1:
        thinned = f"{path} took {recorder.taken} steps; of these every {recorder.every}th was kept, or they would not fit."
        warning = f"{warning} {thinned}".strip()
    return Program(lesson, example, first.optimizer, None, path, warning, steps, steps.engine)
