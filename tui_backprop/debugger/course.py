"""The course of a program: which step an iteration is, of which loss, by which optimizer, with which feeds.

A lesson repeats one step. A recorded run goes through the steps that the program took, and after the last one through
their feeds again. All share one session, so that each goes on from what the others left.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING

from minidl_core import Event, IterationFinished, Node, Placeholder, Session, State, Stepper, Variable
from minidl_core.train import Memory, Optimizer

from ..programs.program import Program
from .edits import Edit, OptimizerEdit
from .loss_graph import LossGraph

if TYPE_CHECKING:
    from ..programs.recorded import RecordedStep

Edits = Mapping[int, tuple[Edit, ...]]
"""The edits of a branch, by the number of iterations that were finished before."""


class Course:
    """Takes the steps of a program; `stepper` is the one of the current iteration.

    Steppers are made on demand and kept, one for each loss and optimizer, and graphs one for each loss. Raises what the
    engine raises where the first step cannot be taken.
    """

    def __init__(self, program: Program) -> None:
        self._program = program
        self._session = Session()
        self._steppers: dict[tuple[Node, Optimizer, tuple[Variable, ...] | None], Stepper] = {}
        self._graphs: dict[Node, LossGraph] = {}
        self.finished = 0
        self._remembers: Memory | None = None
        self.stepper = self._stepper_of(0)

    def step_of(self, finished: int) -> RecordedStep | None:
        """Return the recorded step that follows after so many iterations; None where the program is a lesson."""
        steps = self._program.steps
        return steps[finished % len(steps)] if steps else None

    def graph_of(self, finished: int) -> LossGraph:
        """Return the graph of the loss that is trained after so many iterations."""
        step, example = self.step_of(finished), self._program.example
        loss, feeds = (example.loss, example.feeds) if step is None else (step.loss, step.feeds)
        graph = self._graphs.get(loss)
        if graph is None:
            graph = self._graphs[loss] = LossGraph(self._stepper_of(finished).nodes, feeds)
        return graph

    def as_recorded(self, finished: int, edits: Edits) -> RecordedStep | None:
        """Return the recorded step after so many iterations where its numbers hold: nothing was edited till then."""
        steps = self._program.steps
        holds = finished < len(steps) and all(edited > finished for edited in edits)
        return steps[finished] if holds else None

    def goes_on(self, finished: int) -> bool:
        """Return whether the step after so many iterations measures what the step before it brought, and that alone.

        So it does with the same loss and feeds, where the program set no variable in between.
        """
        before, after = self.step_of(finished - 1), self.step_of(finished)
        if before is None or after is None:
            return True
        same = all(before.feeds.get(node) is array for node, array in after.feeds.items())
        return before.loss is after.loss and same and not (finished < len(self._program.steps) and after.set_before)

    def state(self, edits: Edits) -> State:
        """Return what the next iteration would start from, but for the edits that are made there.

        An edited feed lasts as long as the program feeds the same array, an edited learning rate as long as the
        optimizer. What the program set between two steps it does not set again where something was edited before.
        """
        stepper, step = self._stepper_of(self.finished), self.step_of(self.finished)
        stepper.finished = self.finished
        if step is None:
            return stepper.state()
        from ..programs.updates import ProgramsOptimizer  # a lesson has none

        state = replace(stepper.state(), feeds=step.feeds, learning_rate=step.optimizer.learning_rate)
        first = self.finished < len(self._program.steps)
        if first and (step.begins or all(edited >= self.finished for edited in edits)):
            state = replace(state, variables={**state.variables, **step.set_before})
        for edited in sorted(edits):
            for edit in edits[edited] if edited < self.finished else ():
                if self._lasts(edit, edited, step):
                    state = edit.applied(state)
        if isinstance(step.optimizer, ProgramsOptimizer):
            slots = {node: {"step": taken} for node, taken in step.optimizer.taken.items()}
            state = replace(state, memory=Memory(state.memory.iterations, slots))
        return state

    def _lasts(self, edit: Edit, edited: int, step: RecordedStep) -> bool:
        """Return whether an edit, made after so many iterations, holds in this step."""
        then = self.step_of(edited)
        assert then is not None
        if edit.node is None:
            return then.owner is step.owner
        if not isinstance(edit.node, Placeholder) or edit.node not in step.feeds:
            return False
        return then.feeds.get(edit.node) is step.feeds[edit.node]

    def restore(self, state: State, edits: Edits) -> None:
        """Start again from an earlier state; what follows has the same bits as before."""
        self.finished = state.finished
        self.stepper = self._stepper_of(state.finished)
        step = self.step_of(state.finished)
        if step is None:
            others = [
                edit.optimizer
                for edited in sorted(edits)
                for edit in edits[edited]
                if edited <= state.finished and isinstance(edit, OptimizerEdit)
            ]
            self.stepper.optimizer = copy(others[-1] if others else self._program.optimizer)
        else:
            self.stepper.optimizer = copy(step.optimizer)
            recorded = self.as_recorded(state.finished, edits)
            self.stepper.left_after = {} if recorded is None else recorded.left_after
        self.stepper.restore(state)

    def begin(self, state: State, edits: Edits) -> None:
        """Have the update of the iteration that starts from the state restored last be the one that the program made.

        Its own gradients may be others than ours; what its optimizer remembers is the same.
        """
        self._remembers = None
        recorded = self.as_recorded(state.finished, edits)
        if recorded is not None and recorded.theirs:
            from .found_update import found_update  # a lesson has none

            found = found_update(recorded, state, self.graph_of(state.finished).plan)
            if found is not None:
                self.stepper.optimizer, self._remembers = found
                slots = {node: {"step": taken} for node, taken in found[0].taken.items()}
                self._session.memories[recorded.owner] = Memory(state.memory.iterations, slots)

    def iteration(self) -> Iterator[Event]:
        """Yield the events of the iteration that has begun."""
        yield from self.stepper.forward()
        yield from self.stepper.backward()
        for event in self.stepper.update():
            # before the event is out, so that whoever holds it may go on from there
            self.finished = self.stepper.finished
            if self._remembers is not None and isinstance(event, IterationFinished):
                step = self.step_of(self.finished - 1)
                assert step is not None
                self._session.memories[step.owner] = self._remembers
            yield event

    def run(self) -> float:
        """Train one iteration from the state restored last, without events; return its loss."""
        [loss] = self.stepper.run(1)
        self.finished = self.stepper.finished
        return loss

    def _stepper_of(self, finished: int) -> Stepper:
        step, program = self.step_of(finished), self._program
        loss, owner = (program.example.loss, program.optimizer) if step is None else (step.loss, step.owner)
        only = None if step is None or step.trained is None else tuple(step.trained)
        stepper = self._steppers.get((loss, owner, only))
        if stepper is None:
            feeds = program.example.feeds if step is None else step.feeds
            stepper = program.make_stepper(loss, feeds, self._session, optimizer=owner, only=only)
            self._steppers[loss, owner, only] = stepper
        return stepper
