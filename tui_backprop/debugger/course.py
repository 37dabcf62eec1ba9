"""The course of a program: which step an iteration is, of which loss, by which optimizer, with which feeds.

A lesson repeats one step. A recorded run goes through the steps that the program took, and after the last one through
their feeds again. All share one session, so that each goes on from what the others left.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING

from minidl_core import Event, IterationFinished, MinidlError, Node, Placeholder, Session, State, Stepper, Variable
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
        # after so many iterations the program's update is that of its optimizer: that takes a run to know
        self._by_rule: set[int] = set()
        self.finished = 0
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

    def begin(self, state: State, edits: Edits) -> Iterator[Event]:
        """Return the events of the iteration that starts from a state, the one restored last.

        Its update is the one that the program made, also of gradients that are others than ours.
        """
        step = self.as_recorded(state.finished, edits)
        if step is None or not (step.theirs and step.left_after) or state.finished in self._by_rule:
            return self._iteration(None)
        from ..programs.updates import ProgramsOptimizer  # a lesson has neither
        from .found_update import found_update

        if isinstance(step.optimizer, ProgramsOptimizer):
            return self._iteration(None)
        self.stepper.left_after = {}
        try:
            self.stepper.run(1)
        except MinidlError:  # the stepping path comes to the same mistake, and shows how
            found = None
        else:
            moved = {node: new for node, new in self._session.variables.items() if new is not state.variables.get(node)}
            found = found_update(step, state, moved)
        memory = self._session.memory_of(step.owner)
        self.restore(state, edits)
        if found is None:
            self._by_rule.add(state.finished)
            return self._iteration(None)
        self.stepper.optimizer = found
        slots = {node: {"step": taken} for node, taken in found.taken.items()}
        self._session.memories[step.owner] = Memory(state.memory.iterations, slots)
        return self._iteration({step.owner: memory})

    def _iteration(self, memories: Mapping[Optimizer, Memory] | None) -> Iterator[Event]:
        """Yield the events of an iteration, after which some optimizers have other `memories` than it makes."""
        yield from self.stepper.forward()
        yield from self.stepper.backward()
        for event in self.stepper.update():
            # before the event is out, so that whoever holds it may go on from there
            self.finished = self.stepper.finished
            if memories is not None and isinstance(event, IterationFinished):
                self._session.memories.update(memories)
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
