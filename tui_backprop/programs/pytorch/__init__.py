"""A script that trains with torch: what it did, as a program with graphs of ours."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from minidl_core import MinidlError

from ...lessons.lesson import Example, Lesson
from ..execution import Execution
from ..program import Program, ProgramError

if TYPE_CHECKING:
    from .recorder import Recorder


def torch_program(recorder: Recorder, execution: Execution, path: str, warning: str = "") -> Program:
    """Return the run that was recorded of a script as a program; raises ProgramError where a number is not finite."""
    from .run import TorchRun  # torch itself is only here where the script has imported it

    try:
        steps = TorchRun(recorder, execution)
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
    remarks = [f"{path}: {remark}." for remark in recorder.remarks]
    if recorder.taken > len(steps):
        remarks.append(f"{path}: only the first {len(steps)} of its {recorder.taken} backward calls are here.")
    if recorder.refused is not None:
        remarks.append(f"{path}: from step {len(steps) + 1} on nothing is here: {recorder.refused}.")
    return Program(
        lesson, example, first.optimizer, None, path, " ".join([warning, *remarks]).strip(), steps, steps.engine
    )
