"""A learner's own engine: what it made while the script ran, as a program with graphs of ours."""

from __future__ import annotations

from types import ModuleType

from minidl_core import MinidlError

from ..execution import Execution
from ..far_below import FAR_BELOW_REMARK
from ..program import Program, ProgramError, program_of_run
from .noting import ARITHMETIC, BACKWARD, Noted
from .recorder import Recorder
from .run import EngineRun


def engine_program(recorder: Recorder, execution: Execution, path: str, warning: str = "") -> Program:
    """Return the run that was recorded of a script as a program; raises ProgramError where a number is not finite."""
    if recorder.every > 1:
        thinned = (
            f"Of the {recorder.taken} steps that {path} took, one in {recorder.every} was kept: all would not fit."
        )
        warning = f"{warning} {thinned}".strip()
    try:
        steps = EngineRun(recorder, execution)
        far_below = f"{path}: {FAR_BELOW_REMARK}." if recorder.has_far_below else ""
        warning = " ".join(filter(None, (warning, far_below, steps.engine.remark)))
        return program_of_run(steps, steps.engine, path, execution.main.__doc__, warning)
    except (MinidlError, ProgramError) as error:
        raise ProgramError(f"{path}: {error}") from error


def missing_of_engine(recorder: Recorder, main: ModuleType) -> str:
    """Return what a class of a script lacks to be an engine, as a sentence; an empty one where no class computes."""
    kind = recorder.without_gradient
    if kind is not None:
        return (
            f"backward() left no gradient in its {kind.__name__}: let it store a number, such as self.grad, in each "
            "node, which no property computes"
        )
    for kind in [each for each in vars(main).values() if issubclass(type(each), type) and issubclass(each, Noted)]:
        names = {name for each in kind.__mro__ for name in vars(each)}
        if names & ARITHMETIC:
            free = [name for name, each in vars(main).items() if BACKWARD.fullmatch(name) and callable(each)]
            if free or any(map(BACKWARD.fullmatch, names)):
                called = [*free, "backward"][0]
                if not recorder.is_called:
                    return f"it never calls {called}() for its {kind.__name__}; call it on a loss"
                return f"it calls {called}() on no {kind.__name__} that is computed from others; call it on a loss"
            return (
                f"its {kind.__name__} has no gradient: give it a number self.grad, and a method backward() that fills "
                "those of all nodes, and call it on a loss"
            )
    return ""
