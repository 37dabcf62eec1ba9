"""A learner's own engine, judged without a screen: which of its gradients are wrong in the steps that it took, and why.

Every recorded step is computed again in the right order. Of a run with very many nodes only some steps are, evenly
spread from the first to the last, and that is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import PurePath

import numpy as np

from minidl_core import MinidlError, Node, Variable
from minidl_core.arrays import Array, as_text, quiet
from minidl_core.plan import Plan

from .beliefs.comparison import Disagreement as Parted
from .beliefs.comparison import compare
from .beliefs.diagnosis import Parting, diagnose, diagnose_by_hand, undiagnosed
from .beliefs.evaluated_graph import BackwardCall
from .debugger.diagnosing import Fault, faults_of, not_zeroed
from .debugger.steps import Place
from .debugger.timeline import Timeline
from .drawing.glyphs import DONE, PARTS
from .narration.theirs import explanation, fault_text, sole_source, two_numbers, unused_sums
from .notation.fitting import fit, fit_name, printable, width_of
from .programs.learners_engine import LearnersEngine
from .programs.program import Program

MOST_NODES = 2_000_000
"""So many nodes, of all steps together, are computed again in less than a minute."""
_FEW_ENTRIES = 8
MOST_ROWS = 20
_DIAGNOSED = 3
"""So many steps a diagnosis has to explain: the first wrong one and those after it; of a large graph, that one."""
_LARGE = 20_000
MOST_OF_A_NAME = 40
WRONG = 3
"""The exit status where a gradient is wrong."""


@dataclass(frozen=True)
class Verdict:
    """What came of comparing the gradients of an engine: `parted` are those of the first iteration in which any part.

    That is `iteration`, or else the last one checked; `nodes` and `compared` are its numbers of nodes. Of `recorded`
    steps so many were `checked`, and so many of these were `wrong`. `why` is what explains the first that parts, if
    a contribution does. The `diagnosis` explains all gradients of the first wrong steps; where there is none,
    `undiagnosed` has the numbers of the first node that parts.
    So many of the steps, `summed`, made their update with gradients of earlier updates in the sum, though each call
    for itself may have found the right ones. `unused` are the leaves in which old gradients are still in the sum, but
    which no update moves.
    """

    engine: LearnersEngine
    iteration: int
    nodes: int
    compared: int
    parted: Sequence[Parted]
    recorded: int
    checked: int
    wrong: int
    why: str = ""
    diagnosis: Sequence[Fault] = ()
    undiagnosed: Parting | None = None
    summed: int = 0
    unused: Sequence[Node] = ()

    @property
    def status(self) -> int:
        """The exit status."""
        return WRONG if self.parted or self.diagnosis or not self.compared else 0

    @property
    def _with(self) -> str:
        return f" with those of {printable(self.engine.multiple)}" if self.engine.multiple else ""

    def _place(self, parted: Parted) -> str:
        """Return where a gradient that parts was found, or else where its node was made."""
        return self.engine.found_at.get(parted.node, parted.node.location)

    def lines(self) -> Iterator[str]:
        """Yield one line of verdict, and where gradients part a table of them, the first of the search on top."""
        whose = f"{printable(self.engine.class_name)} ({printable(PurePath(self.engine.file).name)})"
        steps = f"{self.checked} of {self.recorded} steps checked" if self.checked < self.recorded else ""
        if not self.compared:
            yield f"{PARTS} {whose}: it found no gradient at all"
            return
        if not self.parted:
            where = "the step" if self.recorded == 1 else f"all {self.recorded} steps"
            sign = PARTS if self.diagnosis else DONE
            agree = "1 gradient agrees" if self.compared == 1 else f"{self.compared} gradients agree"
            but = f", but {self.summed} of its updates took the sum of several backward calls" if self.summed else ""
            yield f"{sign} {whose}: {agree} in {steps or where}{self._with}{but}"
            yield from map(fault_text, self.diagnosis)
            yield from self._remarks()
            return
        first = f"the first that parts, in the order of the search, is {_name(self.parted[0])}"
        agree = f"{self.compared - len(self.parted)} of {self.compared} gradients agree in iteration {self.iteration}"
        yield f"{PARTS} {whose}: {agree}{self._with}; {first}"
        rows = [("node", "location", self.engine.whose, "right")]
        rows += [(_name(each), printable(self._place(each)), *_numbers(each)) for each in self.parted[:MOST_ROWS]]
        widths = [max(width_of(row[column]) for row in rows) for column in range(4)]
        for row in rows:
            yield "  " + "  ".join(fit(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip()
        if len(self.parted) > MOST_ROWS:
            yield f"  and {len(self.parted) - MOST_ROWS} more"
        yield from map(fault_text, self.diagnosis)
        if self.why and not self.diagnosis:
            yield f"{_name(self.parted[0])}: {self.why}"
        if self.undiagnosed is not None:
            yield from _all_numbers(self.undiagnosed, self.engine)
        yield from self._remarks()
        yield f"a gradient is wrong in {self.wrong} of {steps or f'{self.recorded} steps'}"

    def _remarks(self) -> Iterator[str]:
        yield from unused_sums(self.unused)
        if self.engine.remark:
            yield self.engine.remark

    def facts(self) -> dict[str, object]:
        """Return it for programs."""
        return {
            "class": self.engine.class_name,
            "gradients_of": self.engine.multiple or None,
            "nodes": self.nodes,
            "compared": self.compared,
            "disagree": [
                {
                    "node": each.node.name,
                    "place": self._place(each),
                    "theirs": each.theirs.tolist(),
                    "right": each.right.tolist(),
                }
                for each in self.parted
            ],
            "diagnosis": [
                {"belief": each.belief, "place": each.location, "message": each.message} for each in self.diagnosis
            ],
            "iteration": self.iteration,
            "steps": {
                "recorded": self.recorded,
                "checked": self.checked,
                "wrong": self.wrong,
                "updates_with_old_sums": self.summed,
            },
            "unused_sums": [node.name for node in self.unused],
            "remark": self.engine.remark or None,
        }


def judge(program: Program) -> Verdict | None:
    """Compare the gradients that a program's own engine found with the right ones; None where it has no such engine.

    A step that cannot be computed to its end, because a number stops being finite, is the last that is looked at.
    Raises MinidlError where that is the first.
    """
    engine, recorded = program.engine, len(program.steps)
    if engine is None:
        return None

    @lru_cache(4)
    def plan_of(loss: Node) -> Plan:
        return Plan([loss])

    most = max(MOST_NODES // len(plan_of(program.steps[0].loss).nodes), 2)
    wanted = _spread(recorded, most)
    variables: dict[Variable, Array] = {}
    checked = 0
    verdict: Verdict | None = None
    wrong, summed = 0, 0
    calls: list[BackwardCall] = []
    reasons: list[str] = []
    unused: dict[Node, None] = {}
    for iteration, step in enumerate(program.steps, 1):
        # what the program left is where its next step begins, so nothing has to be trained again
        start = {**variables, **step.set_before}
        variables = {**start, **step.left_after}
        if iteration not in wanted:
            continue
        checked += 1
        loss, plan = step.loss, plan_of(step.loss)
        try:
            with quiet():
                evaluation = plan.run(step.feeds, start)
                comparison = compare(evaluation, loss, step.theirs)
        except MinidlError:
            if verdict is None:
                raise
            break
        compared, parted = comparison.compared, comparison.disagreeing
        wrong += bool(parted)
        summed += bool(step.old_sum)
        unused |= dict.fromkeys(step.unused_sums)
        room = _DIAGNOSED if len(plan.nodes) < _LARGE else 1
        if (parted or step.stale or calls) and len(calls) < room:
            calls.append(BackwardCall(evaluation, loss, step.theirs, step.before, step.stale, step.children))
        if verdict is None or not verdict.parted:
            verdict = Verdict(engine, iteration, len(plan.nodes), compared, parted, recorded, checked, wrong, "")
        else:
            verdict = replace(verdict, checked=checked, wrong=wrong)
        again = [each for each in parted if each.node is verdict.parted[0].node]
        if again and len(reasons) < (_DIAGNOSED if engine.is_by_hand and room > 1 else 1):
            reasons.append(_explained(program, iteration, again[0]))
            verdict = replace(verdict, why=_lasting(reasons))
    verdict = verdict and replace(verdict, unused=tuple(unused))
    if verdict is None or not (calls or summed):
        return verdict
    if engine.is_by_hand:
        return verdict if verdict.why else replace(verdict, diagnosis=faults_of(engine, diagnose_by_hand(calls)))
    diagnosis = [*([not_zeroed(engine)] if summed else []), *faults_of(engine, diagnose(calls))]
    first = undiagnosed(calls[0]) if calls and not diagnosis else None
    return replace(verdict, diagnosis=diagnosis, undiagnosed=first, summed=summed)


def _lasting(reasons: Sequence[str]) -> str:
    """Return what explains a gradient in all wrong steps, or in those after the first: that one may be by chance.

    Where weights begin at 0, for example, a slope that is left out is one factor for all entries.
    """
    if len({*reasons}) > 1 and all(each.endswith("times the right one") for each in reasons):
        return f"{reasons[0]}, and by another factor in other steps"
    return next((each for each in reasons[:2] if all(other == each for other in reasons[reasons.index(each) :])), "")


def _explained(program: Program, iteration: int, parted: Parted) -> str:
    """Return what explains a gradient that parts, after going through the iteration event by event."""
    timeline = Timeline(program)
    timeline.go_to(Place(iteration))
    return explanation(timeline.moment, parted.node)


def _spread(count: int, most: int) -> list[int]:
    """Return at most so many numbers from 1 to `count`, evenly spread, the first and the last among them."""
    if count <= most:
        return list(range(1, count + 1))
    return sorted({1 + round(index * (count - 1) / (most - 1)) for index in range(most)})


def _name(parted: Parted) -> str:
    return fit_name(parted.node.name, min(MOST_OF_A_NAME, width_of(parted.node.name)))


def _numbers(parted: Parted) -> tuple[str, str]:
    """Write the two gradients, of arrays the entry in which they differ most, in digits that tell them apart."""
    theirs, right = parted.theirs, parted.right
    if theirs.shape != right.shape:
        return f"an array {as_text(theirs.shape)}", f"an array {as_text(right.shape)}"
    if theirs.size == 1:
        return two_numbers(theirs.item(), right.item())
    index = _most_apart(theirs, right)
    found, wanted = two_numbers(float(theirs[index]), float(right[index]))
    return f"[{','.join(map(str, index))}] {found}", wanted


def _all_numbers(parting: Parting, engine: LearnersEngine) -> Iterator[str]:
    """Yield what came to the first node that parts: from each consumer the right contribution, and theirs.

    Of a large array that is the entry in which the two gradients differ most.
    """
    entry: tuple[int, ...] | None = None
    if np.size(parting.right) > _FEW_ENTRIES and np.shape(parting.right) == np.shape(parting.theirs):
        entry = _most_apart(parting.theirs, parting.right)
    at = "" if entry is None else f" [{','.join(map(str, entry))}]"
    if len(parting.contributions) == 1 and (only := parting.contributions[0])[3] is not None:
        yield sole_source(engine, parting.node, only[0], only[1])
        yield f"  {f'of{at} ' if at else ''}right {_short(parting.right, entry)}, yours {_short(parting.theirs, entry)}"
        return
    yield f"no mistake that is known explains it; what comes to {printable(parting.node.name)}{at}:"
    for consumer, input_index, right, theirs in parting.contributions[:MOST_ROWS]:
        said = "" if theirs is None else f", yours would be {_short(theirs, entry)}"
        yield f"  {_short(right, entry)} from {printable(consumer.name)} (its input {input_index + 1}){said}"
    yield f"  sum {_short(parting.right, entry)}, yours {_short(parting.theirs, entry)}"


def _short(array: Array, entry: tuple[int, ...] | None) -> str:
    shown = np.asarray(array) if entry is None else np.asarray(array)[entry]
    return " ".join(np.array2string(shown, precision=6, threshold=_FEW_ENTRIES, edgeitems=2).split())


def _most_apart(theirs: Array, right: Array) -> tuple[int, ...]:
    with quiet():
        apart = np.nan_to_num(np.abs(theirs - right), nan=np.inf)
    return tuple(map(int, np.unravel_index(int(apart.argmax()), apart.shape)))
