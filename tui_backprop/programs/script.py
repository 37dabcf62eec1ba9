"""A person's own file: it runs as `python FILE` would run it, and what it trains is then open to be stepped through.

Nothing in it has to know of this app: the engine tells which steps the script makes and what it feeds them with. A file
that defines a `lesson` is that lesson.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING

import numpy as np

import minidl_core
from minidl_core import Graph, Node, NonFiniteError, Placeholder, Variable
from minidl_core.arrays import Array, quiet
from minidl_core.defaults import as_in_a_new_process
from minidl_core.graph import post_order
from minidl_core.plan import Plan
from minidl_core.session import Asked
from minidl_core.train import Minimization, Optimizer, Schedule
from minidl_core.train.optimizer import MinimizationMade
from minidl_core.watching import watching

from ..beliefs.comparison import compare
from ..lessons.lesson import Example, Lesson
from .arrays import ArrayRecorder, arrays_program
from .collecting import collecting_rarely
from .engine import engine_program, missing_of_engine
from .engine.noting import noting
from .engine.recorder import Recorder as EngineRecorder
from .execution import Execution, execute, explained
from .loop_recorder import LoopRecorder
from .naming import name_objects
from .numpy_run import numpy_program
from .program import TRAINED_WITH, Program, ProgramError, program_of
from .pytorch import torch_program
from .pytorch.watching import watching_torch
from .recorded import RecordedStep
from .recorder import Recorder
from .updates import ProgramsOptimizer

if TYPE_CHECKING:
    from .pytorch.recorder import Recorder as TorchRecorder  # torch itself is only here where the script imports it

Feeds = Mapping[Placeholder, Array]
Seen = dict[Node, Feeds | None]
"""Each step that is made or run, and each node that is run, the last one last, with its feeds if it was run."""


@collecting_rarely()
def open_script(
    path: str, seed: int | None = None, learning_rate: float | None = None, most: float = math.inf
) -> Program:
    """Run a file and return its lesson as a program, or the steps of training that it took, or else the one it builds.

    A script with an engine of its own, torch or plain NumPy is ended when it has taken the `most` steps. A step that
    was never run starts from its variables' initial values, with the feeds of its loss. What the file prints goes to
    the standard error output. Raises ProgramError, also where a script, which draws its own numbers, is given a seed;
    and KeyboardInterrupt, which says where, if somebody stops it before it took a step.
    """
    if Path(path).is_fifo():
        raise ProgramError(f"{path} cannot be opened: it is a pipe, and a program is read more than once")
    seen: Seen = {}
    recorder, of_engine = Recorder(), EngineRecorder(most=most)

    def note(happening: object) -> None:
        recorder(happening)
        match happening:
            case MinimizationMade(step):
                seen[step] = None
            case Asked(node, feeds):
                seen.pop(node, None)
                seen[node] = feeds

    of_loop, of_arrays = LoopRecorder(path), ArrayRecorder(path, most)
    with (
        as_in_a_new_process(Graph()),
        watching(note),
        noting(of_engine.on_backward),
        watching_torch(most) as of_torch,
        of_loop.watching(),
        of_arrays.watching(),
    ):
        execution = execute(path)
    run = _Run(path, execution, seen, recorder, of_engine, of_torch, of_loop, of_arrays)
    warning = run.warning()
    stopped = execution.stopped
    recorder.finish(failed=stopped is not None and isinstance(stopped.__cause__, NonFiniteError))

    lesson = vars(execution.main).get("lesson")
    if isinstance(lesson, Lesson):
        return program_of(_explaining(lesson, path, execution), seed, learning_rate, path, warning)
    if seed is not None:
        raise ProgramError(f"--seed is for lessons: {path} draws its own numbers; change the seed in it")
    by_others = _by_torch(run, warning)
    if by_others is None:
        warning = f"{warning} {_end_of_engine(run)}".strip()
        by_others = _by_engine(run, warning)
    if by_others is None and (by_hand := _by_hand(run, warning)) is not None:
        by_others = replace(by_hand, steps=[step for number, step in enumerate(by_hand.steps) if number < most])
    if by_others is None:
        return _by_ours(run, learning_rate, warning)
    if learning_rate not in (None, by_others.learning_rate):
        raise ProgramError(f"--learning-rate is for programs of our engine; {path} has its own: change it there")
    return by_others


@dataclass(frozen=True, eq=False)
class _Run:
    """A script that has run, and what was recorded of it: of our engine, of its own, of torch, and of plain NumPy."""

    path: str
    execution: Execution
    seen: Seen
    of_ours: Recorder
    of_engine: EngineRecorder
    of_torch: Sequence[TorchRecorder]
    of_loop: LoopRecorder
    of_arrays: ArrayRecorder

    def warning(self) -> str:
        """Return what was left out, and why it stopped: what it trained until then is what a debugger is for.

        Raises that where it trained nothing.
        """
        stopped, warning = self.execution.stopped, self.execution.left_out
        if stopped is None:
            return warning
        torch_taken = sum(each.taken for each in self.of_torch if each.steps)
        by_others = self.of_engine.taken if self.of_engine.steps else torch_taken
        taken = len(self.of_ours.steps) or by_others or self.of_arrays.taken or len(self.of_loop.ends)
        fed = any(isinstance(node, Minimization) and _fed(node, self.seen) is not None for node in self.seen)
        if not taken and not fed:
            if isinstance(stopped.__cause__, KeyboardInterrupt):
                raise KeyboardInterrupt(f"{stopped} before it took a step") from stopped
            raise stopped
        opened = f"with the {_counted(taken)} that it took" if taken else "as it started"
        return f"{warning} {str(stopped).removesuffix('.')}. It is opened {opened}.".strip()


def _by_torch(run: _Run, warning: str) -> Program | None:
    """Return what a script trained with torch; None where that is nothing."""
    for each in run.of_torch if not run.of_ours.steps and not run.of_engine.steps else ():
        if each.steps:
            return torch_program(each, run.execution, run.path, warning)
        if each.refused is not None:
            raise ProgramError(f"{run.path}: {each.refused}")
    return None


def _end_of_engine(run: _Run) -> str:
    """Return why not all of the steps of an engine of its own are there; raises it where none is."""
    refused = run.of_engine.refused
    if refused is None or run.seen:
        return ""
    if not run.of_engine.steps:
        raise ProgramError(f"{run.path}: {refused}")
    return f"{run.path}: from step {run.of_engine.taken + 1} on nothing is here: {refused}."


def _by_engine(run: _Run, warning: str) -> Program | None:
    """Return what a script trained with an engine of its own; None where that is nothing, or ours trained as well."""
    is_ours = bool(run.of_ours.steps) or any(isinstance(node, Minimization) for node in run.seen)
    if is_ours or not run.of_engine.steps:
        return None
    return engine_program(run.of_engine, run.execution, run.path, warning)


def _by_ours(run: _Run, learning_rate: float | None, warning: str) -> Program:
    """Return what a script trained with our engine, or the step that it builds and never runs."""
    path, seen, main = run.path, run.seen, run.execution.main
    for graph in dict.fromkeys(node.graph for node in seen):
        _call_by_variables(run.execution, graph)
    steps = run.of_ours.labelled()
    if run.of_ours.left_out:
        taken = len(steps) + run.of_ours.left_out
        left = f"only the first {len(steps)} of its {taken} steps are here: what they fed takes more than 64 MB."
        warning = f"{warning} {path}: {left}".strip()
    if steps:
        loss, feeds, made = steps[0].loss, steps[0].feeds, steps[0].optimizer
        # a session that is kept says the rate with which it began
        if learning_rate is not None and learning_rate != made.learning_rate:
            if any(isinstance(step.optimizer, ProgramsOptimizer) for step in steps):
                raise ProgramError(
                    f"--learning-rate is for optimizers: {path} updates its variables by a rule of its own"
                )
            steps = [_at_rate(step, learning_rate) for step in steps]
            warning = f"{warning} With --learning-rate this is no longer the run that {path} made.".strip()
    else:
        step = _chosen(seen, path, run.execution, missing_of_engine(run.of_engine, main))
        if step.freezes:
            raise ProgramError(f"{path} freezes a part, by var_list, in a step that it never runs; run it")
        loss, feeds, made = step.loss, _feeds(step, seen, path), step.optimizer
    lesson = _lesson_of(path, main, Example(loss, feeds), made)
    return replace(program_of(lesson, None, learning_rate, path, warning), steps=steps)


def _lesson_of(path: str, main: ModuleType, example: Example, made: Optimizer) -> Lesson:
    """Return what a script trains, and by which optimizer, as a lesson."""

    def optimizer(rate: float | Schedule) -> Optimizer:
        again = copy(made)
        again.learning_rate = rate
        return again

    return Lesson(
        name=os.path.basename(path),
        summary=(main.__doc__ or "").strip().partition("\n")[0],
        build=lambda _: example,
        learning_rate=made.learning_rate,
        optimizer=optimizer,
        seed=None,
    )


def _by_hand(run: _Run, warning: str) -> Program | None:
    """Return the run of a script in plain NumPy: as the lines of its loop say, or else as its arrays noted it.

    None where there is none, or our engine was asked for something. Of the two it is the one that compares more
    gradients. What an update was made from only the arrays know, so it is theirs, too, where its rule is not seen from
    its numbers, its gradients are those of a multiple of the loss, by which the rate may be divided, a weight was
    updated before it was used for another one, or all gradients are those of a loss by which the lines do not judge
    them.
    """
    if run.seen:
        return None
    by_lines: Program | None = None
    refused: ProgramError | None = None
    try:
        by_lines = numpy_program(run.of_loop, run.execution, run.path, warning)
    except ProgramError as error:
        refused = error
    try:
        by_arrays = arrays_program(run.of_arrays, run.execution, run.path, warning)
    except ProgramError as error:
        if by_lines is None:
            raise
        unseen = "" if by_lines.engine is not None else f"Its gradients are not compared. {error}"
        return replace(by_lines, warning=f"{by_lines.warning} {unseen}".strip())
    if by_arrays is None and refused is not None:
        raise refused
    if by_lines is None or by_arrays is None:
        return by_lines or by_arrays
    more = _compared(by_lines) - _compared(by_arrays)
    is_told = by_arrays.engine is not None and bool(by_arrays.engine.remark)
    if more <= 0 and _has_wrong(by_lines) and not _has_wrong(by_arrays):
        return by_arrays
    return by_lines if more > 0 or (more == 0 and _is_plain(by_lines) and not is_told) else by_arrays


def _is_plain(program: Program) -> bool:
    """Return whether a program compares all its gradients, of its loss itself, and its updates use them by a rule."""
    is_multiple = program.engine is None or program.engine.multiple
    variables = sum(isinstance(node, Variable) for node in post_order([program.example.loss]))
    return not is_multiple and _compared(program) == variables and not isinstance(program.optimizer, ProgramsOptimizer)


def _has_wrong(program: Program) -> bool:
    """Return whether a gradient by hand of a program's first step is not the right one."""
    first = program.steps[0]
    with quiet():
        evaluation = Plan([first.loss]).run(first.feeds, first.set_before)
    return bool(compare(evaluation, first.loss, first.theirs).disagreeing)


def _compared(program: Program) -> int:
    """Return how many gradients by hand a program compares in its first step."""
    return len(program.steps[0].theirs)


def _at_rate(step: RecordedStep, learning_rate: float) -> RecordedStep:
    """Return a step at another learning rate: what the program saw and left no longer holds."""
    optimizer = copy(step.optimizer)
    optimizer.learning_rate = learning_rate
    set_before = step.set_before if step.begins else {}
    return replace(step, optimizer=optimizer, measured=math.nan, set_before=set_before, left_after={}, theirs={})


def _explaining(lesson: Lesson, path: str, execution: Execution) -> Lesson:
    """Return the lesson of a file, which says where in the file it went wrong if it cannot be built."""

    def build(seed: int) -> Example:
        with explained(path, execution.files):
            return lesson.build(seed)

    return replace(lesson, build=build)


def _has_of(package: str, main: ModuleType) -> bool:
    """Return whether a script has a package by a name, or one of its modules, classes or functions."""
    found = [value for value in vars(main).values() if isinstance(value, ModuleType | type | FunctionType)]
    names = (value.__name__ if isinstance(value, ModuleType) else value.__module__ for value in found)
    return any(str(name).partition(".")[0] == package for name in names)


def _chosen(seen: Seen, path: str, execution: Execution, missing: str) -> Minimization:
    """Return the step that was run last, or else the only one; `missing` says what an own engine lacks."""
    steps = [node for node in seen if isinstance(node, Minimization)]
    run = [step for step in steps if seen[step] is not None]
    if not steps:
        if missing and not seen:
            raise ProgramError(f"{path} trains nothing: {missing}")
        main = execution.main
        if not seen and _has_of("torch", main):
            raise ProgramError(
                f"{path} trains nothing that can be seen: it has torch and never calls backward(), in which a step of "
                "PyTorch is seen. Let the weights require gradients (requires_grad=True), compute the loss outside "
                "torch.no_grad(), and call loss.backward(); what is trained by gradients of its own opens in plain "
                "NumPy"
            )
        if not seen and any(value is np for value in vars(main).values()):
            alone = "computes with NumPy alone, and no loop of it was found to lead from variables to a loss"
            loss = "compute the loss of all points at once, as in loss = np.mean((y - out) ** 2)"
            raise ProgramError(f"{path} {alone}; {loss}, print it in the loop, and update W by name: W -= 0.1 * dW")
        if not seen and (updated := execution.updated_number):
            name, is_known = updated
            alone = "trains nothing that can be seen: " + (
                f"{name} is a plain Python number, which leaves no trace"
                if is_known
                else f"if {name} is a plain Python number, it leaves no trace"
            )
            remedy = f"import numpy as np, let {name} begin as np.array(...), and compute with all points at once"
            raise ProgramError(f"{path} {alone}; {remedy}")
        remedy = ""
        if seen or _has_of(minidl_core.__name__, main):
            remedy = (
                ". With minidl_core it can run step = dl.train.GradientDescentOptimizer(0.1).minimize(loss) in a"
                " dl.Session(), set session.variables[w] by dl.compute_gradient(loss) in a loop of its own, or run a"
                " dl.Stepper(step, feed_dict)"
            )
        raise ProgramError(f"{path} trains nothing. Open a script that trains with {TRAINED_WITH}{remedy}")
    if not run and len(steps) > 1:
        named = _named(steps)
        raise ProgramError(f"{path} builds {named} and runs none of them; run the one that you mean")
    return (run or steps)[-1]


def _fed(step: Minimization, seen: Seen) -> Feeds | None:
    """Return the feeds with which the step was run last, or else its loss; None where neither was run."""
    return seen[step] if seen[step] is not None else seen.get(step.loss)


def _feeds(step: Minimization, seen: Seen, path: str) -> Feeds:
    """Return what the step's placeholders are fed with."""
    needed = [node for node in post_order([step.loss]) if isinstance(node, Placeholder)]
    feeds = _fed(step, seen)
    if needed and feeds is None:
        named = _named(needed)
        remedy = "end it with dl.Session().run(step, feed_dict)"
        raise ProgramError(f"{path} never runs its step, so there is no feed for {named}; {remedy}")
    return {node: feeds[node] for node in needed} if feeds else {}


def _counted(steps: int) -> str:
    return f"{steps} step{'s' if steps != 1 else ''}"


def _named(nodes: Sequence[Node]) -> str:
    """Return what nodes are called, of many the first."""
    return " and ".join([*map(Node.describe, nodes[:3]), *([f"{len(nodes) - 3} others"] if len(nodes) > 3 else [])])


def _call_by_variables(execution: Execution, graph: Graph) -> None:
    """Give every node that has no name of its own that under which the script keeps it, if no other node has it."""
    names = name_objects(vars(execution.main), lambda value: issubclass(type(value), Node), execution.loop_names)
    taken = {node.name for node in graph.nodes}
    for node in graph.nodes:
        if node.is_named or id(node) not in names or names[id(node)].startswith("_"):
            continue
        scope, slash, _ = node.name.rpartition("/")
        called = f"{scope}{slash}{names[id(node)]}"
        if called not in taken:
            node.name = called
            taken.add(called)
