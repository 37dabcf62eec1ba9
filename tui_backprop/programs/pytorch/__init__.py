"""A script that trains with torch: what it did, as a program with graphs of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minidl_core import MinidlError

from ...beliefs.at_the_start import ALL_NOT_ZEROED
from ..execution import Execution
from ..program import Program, ProgramError, program_of_run

if TYPE_CHECKING:
    from .recorder import Recorder


def torch_program(recorder: Recorder, execution: Execution, path: str, warning: str = "") -> Program:
    """Return the run that was recorded of a script as a program; raises ProgramError where a number is not finite."""
    from .run import TorchRun  # torch itself is only here where the script has imported it

    count = len(recorder.steps)
    remarks = [f"{path}: {remark}." for remark in recorder.remarks]
    if recorder.taken > count:
        remarks.append(f"{path}: only the first {count} of its {recorder.taken} backward calls are here.")
    if recorder.refused is not None:
        remarks.append(f"{path}: from step {count + 1} on nothing is here: {recorder.refused}.")
    try:
        steps = TorchRun(recorder, execution)
        if again := steps.with_old_sums:
            mistake = f"{ALL_NOT_ZEROED[0].upper()}{ALL_NOT_ZEROED[1:]}"
            remarks.insert(0, f"{path}: {again} of {count} steps moved by old gradients again. {mistake}.")
        warning = " ".join([warning, *remarks]).strip()
        return program_of_run(steps, steps.engine, path, execution.main.__doc__, warning)
    except MinidlError as error:
        raise ProgramError(f"{path}: {error}") from error
