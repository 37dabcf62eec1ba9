"""Branches: a training, and other courses of it, on which a number was edited before some iteration.

A branch keeps what it takes to go back on it. A fork begins with what its parent keeps from before the edit; arrays
are never written to, so both hold the same ones.
"""

from __future__ import annotations

from minidl_core import State

from .edits import Edit
from .loss_history import LossHistory
from .steps import Place

MOST_BRANCHES = 6
"""With more branches than this the oldest is forgotten."""


class States:
    """The states from which iterations started: every one at first, then ever more thinly, in bounded memory."""

    def __init__(self, most: int = 1024, most_bytes: int = 16 << 20) -> None:
        self._states: dict[int, State] = {}
        self._stride = 1
        self._most = most
        self._most_bytes = most_bytes

    def keep(self, state: State) -> None:
        """Keep a state, or not, by the stride that the memory allows."""
        if state.finished % self._stride or state.finished in self._states:
            return
        self._states[state.finished] = state
        memories = sum(memory.nbytes for memory in (state.memory, *state.other_memories.values()))
        size = memories + sum(array.nbytes for array in state.variables.values())
        while len(self._states) > self._most or (len(self._states) > 2 and len(self._states) * size > self._most_bytes):
            self._stride *= 2
            self._states = {number: kept for number, kept in self._states.items() if number % self._stride == 0}

    def before(self, finished: int) -> State:
        """Return the latest kept state after at most so many iterations."""
        number = finished - finished % self._stride
        while number not in self._states:
            number -= self._stride
        return self._states[number]

    @property
    def kept(self) -> list[State]:
        """The states that are kept, the oldest first."""
        return [self._states[number] for number in sorted(self._states)]

    def until(self, finished: int) -> States:
        """Return a copy without the states after more than so many iterations."""
        states = States(self._most, self._most_bytes)
        states._stride = self._stride
        states._states = {number: state for number, state in self._states.items() if number <= finished}
        return states


class Branch:
    """One course of the training: its edits, its states, its losses.

    `edit` is the one that began it, None for the first branch; `edits` are all of them, by the number of iterations
    that were finished before. `furthest` is the latest place that was ever reached on the branch.
    """

    def __init__(self) -> None:
        self.edit: Edit | None = None
        self.edits: dict[int, tuple[Edit, ...]] = {}
        self.states = States()
        self.milestones: dict[int, State] = {}
        self.losses = LossHistory()
        self.furthest = Place(1, 0)

    @property
    def made(self) -> tuple[tuple[int, Edit], ...]:
        """The edits in the order of their iterations, each behind the number of iterations that were finished."""
        return tuple((finished, edit) for finished, edits in self.edits.items() for edit in edits)

    def fork(self, finished: int, edit: Edit) -> Branch:
        """Return a new branch that leaves this one after so many iterations, with an edit."""
        branch = Branch()
        branch.edit = edit
        branch.edits = {number: edits for number, edits in self.edits.items() if number <= finished}
        branch.edits[finished] = (*branch.edits.get(finished, ()), edit)
        branch.states = self.states.until(finished)
        branch.milestones = {number: state for number, state in self.milestones.items() if number < finished}
        # one loss less than is shared: opening the branch measures that one again
        branch.losses = self.losses.until(max(finished - 1, 0))
        branch.furthest = Place(finished + 1, 0)
        return branch

    def edited(self, state: State) -> State:
        """Return a state with the edits that were made there."""
        for edit in self.edits.get(state.finished, ()):
            state = edit.applied(state)
        return state
