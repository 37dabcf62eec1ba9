"""What is wrong in a learner's own engine, and which line of its code to look at."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Sequence
from pathlib import PurePath
from types import CodeType
from typing import NamedTuple

from minidl_core import MinidlError
from minidl_core.arrays import quiet

from ..beliefs.at_the_start import ALL_NOT_ZEROED, NOT_ZEROED, SEED, STALE_UPDATE
from ..beliefs.belief import Cause
from ..beliefs.diagnosis import Diagnosis, diagnose, diagnose_by_hand
from ..beliefs.evaluated_graph import BackwardCall
from ..beliefs.in_a_sum import OVERWRITTEN
from ..programs.learners_engine import LearnersEngine
from .kept import kept
from .moment import Moment
from .recording import Recording

MOST_NODES = 2_000
"""In a graph of so many nodes a mistake is found within 0.3 s; for more nobody is to wait before a screen."""


class Fault(NamedTuple):
    """A cause of wrong gradients, and where to look: a file and a line in it, and the function there, if it is in one.

    `joint` is "and" where it explains them only with the one before, "or" where it would do alone as well. Where no
    line is known, `file` is empty.
    """

    belief: str
    message: str
    joint: str
    file: str
    line: int
    code: CodeType | None

    @property
    def location(self) -> str:
        """Where to look, as the name of the file and the line; empty where that is not known."""
        return f"{PurePath(self.file).name}:{self.line}" if self.file else ""


def faults_at(moment: Moment) -> Sequence[Fault]:
    """Return what makes gradients of this iteration wrong, once its backward pass is over; of a large graph nothing."""
    engine = moment.program.engine
    if engine is None or not moment.backward_is_over or is_too_large(moment):
        return ()
    return _faults(moment.recording, engine)


def is_too_large(moment: Moment) -> bool:
    """Return whether the graph has too many nodes to look for a mistake while somebody waits."""
    return len(moment.graph.nodes) > MOST_NODES


def faults_of(engine: LearnersEngine, diagnosis: Sequence[Diagnosis]) -> list[Fault]:
    """Return each cause of a diagnosis with the line of the learner's code to look at."""
    found = []
    for index, each in enumerate(diagnosis):
        for cause in each.causes:
            joint = "and" if cause is not each.causes[0] else "or" if index else ""
            found.append(Fault(cause.belief, cause.message, joint, *_where(engine, cause)))
    return found


def not_zeroed(engine: LearnersEngine) -> Fault:
    """Return the fault of updates that took gradients of earlier ones again, where each call found the right ones."""
    return Fault(NOT_ZEROED.name, ALL_NOT_ZEROED, "", *engine.called_at, None)


@kept
def _faults(recording: Recording, engine: LearnersEngine) -> list[Fault]:
    step, loss = recording.step, recording.graph.loss
    if step is None or not recording.theirs:
        return []
    if step.old_sum:
        return [not_zeroed(engine)]
    if not (recording.parted or step.stale):
        return []
    try:
        with quiet():
            evaluation = recording.graph.plan.run(recording.start.feeds, recording.start.variables)
        call = BackwardCall(evaluation, loss, recording.theirs, step.before, step.stale, step.children)
        return faults_of(engine, (diagnose_by_hand if engine.is_by_hand else diagnose)([call]))
    except MinidlError:  # a gradient of data is not finite, which stops no training
        return []


def _where(engine: LearnersEngine, cause: Cause) -> tuple[str, int, CodeType | None]:
    """Return the file, the line and the function of the learner's code to look at.

    That is a line of the operation in question, or the first that sets; where the search or its start is at fault,
    of the function that goes through the nodes, and where the script is, the line that calls it.
    """
    gradient, is_set = engine.gradient, cause.belief == OVERWRITTEN.name
    if cause.belief in (NOT_ZEROED.name, STALE_UPDATE.name):
        return *engine.called_at, None
    own = [theirs for node, theirs in engine.functions.items() if cause.kind in (None, node.kind)]
    for theirs in own if is_set or cause.kind is not None else ():
        if theirs.backward is not None:
            found = line_of_gradient(theirs.backward, gradient, is_set=is_set)
            if found is not None:
                return theirs.backward.co_filename, found, theirs.backward
    if cause.kind is not None and not is_set and own:
        return own[0].forward.co_filename, line_of_return(own[0].forward), own[0].forward
    code = engine.backward
    if code is None:
        return "", 0, None
    found = None if cause.belief == SEED.name else line_of_gradient(code, gradient, is_set=is_set)
    return code.co_filename, found or code.co_firstlineno, code


@kept
def line_of_gradient(code: CodeType, gradient: str, *, is_set: bool) -> int | None:
    """Return the line of a backward function in which an attribute of this name is changed, else its first line.

    Where `is_set`, it is a line with = in place of +=; None where there is none.
    """
    try:
        lines, start = inspect.getsourcelines(code)
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, TypeError, SyntaxError):
        return code.co_firstlineno
    changes = [
        node for node in ast.walk(tree) if isinstance(node, ast.Assign | ast.AugAssign) and _is_of(node, gradient)
    ]
    if is_set:
        changes = [node for node in changes if isinstance(node, ast.Assign) and not _adds(node)]
    line = min((node.lineno for node in changes), default=None if is_set else 1)
    return None if line is None else start + line - 1


@kept
def line_of_return(code: CodeType) -> int:
    """Return the line in which a function returns what it makes, with its slopes; where there is none, its first."""
    try:
        lines, start = inspect.getsourcelines(code)
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, TypeError, SyntaxError):
        return code.co_firstlineno
    returns = [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Return)]
    return start + max(returns, default=1) - 1


def _is_of(node: ast.Assign | ast.AugAssign, gradient: str) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return any(isinstance(each, ast.Attribute) and each.attr == gradient for each in targets)


def _adds(node: ast.Assign) -> bool:
    """Return whether an assignment is of the kind `a.grad = a.grad + ...`."""
    read = {ast.unparse(each) for each in ast.walk(node.value) if isinstance(each, ast.Attribute)}
    return any(ast.unparse(target) in read for target in node.targets)
