"""Branches: a training, and what becomes of it if a number had been another one from some iteration on.

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
ORIGINAL = "original"


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
        size = state.memory.nbytes + sum(array.nbytes for array in state.variables.values())
        while len(self._states) > self._most or (len(self._states) > 2 and len(self._states) * size > self._most_bytes):
            self._stride *= 2
            self._states = {number: kept for number, kept in self._states.items() if number % self._stride == 0}

    def before(self, finished: int) -> State:
        """Return the latest kept state after at most so many iterations."""
        number = finished - finished % self._stride
        while number not in self._states:
            number -= self._stride
        return self._states[number]

    def until(self, finished: int) -> States:
        """Return a copy without the states after more than so many iterations."""
        states = States(self._most, self._most_bytes)
        states._stride = self._stride
        states._states = {number: state for number, state in self._states.items() if number <= finished}
        return states


class Branch:
    """One way the training went: its edits, its states, its losses.

    `edits` are by the number of iterations that were finished before them. `furthest` is the latest place that was
    ever reached on the branch.
    """

    def __init__(self) -> None:
        self.label = ORIGINAL
        self.edits: dict[int, tuple[Edit, ...]] = {}
        self.states = States()
        self.milestones: dict[int, State] = {}
        self.losses = LossHistory()
        self.furthest = Place(1, 0)

    def fork(self, finished: int, edit: Edit) -> Branch:
        """Return a new branch that leaves this one after so many iterations, with an edit."""
        branch = Branch()
        branch.label = edit.label()
        branch.edits = {number: edits for number, edits in self.edits.items() if number <= finished}
        branch.edits[finished] = (*branch.edits.get(finished, ()), edit)
        branch.states = self.states.until(finished)
        branch.milestones = {number: state for number, state in self.milestones.items() if number < finished}
        # one loss less than is shared: opening the branch measures that one again
        branch.losses = self.losses.until(max(finished - 1, 0))
        branch.furthest = Place(finished + 1, 0)
        return branch

    def seen_from(self, other: Branch) -> str:
        """Return the label that tells this branch from another: its own edit, or what the other's first one changed."""
        if self.edits or not other.edits:
            return self.label
        return f"{self.label}: {other.edits[min(other.edits)][0].before()}"

    def edited(self, state: State) -> State:
        """Return a state with the edits that were made there."""
        for edit in self.edits.get(state.finished, ()):
            state = edit.applied(state)
        return state


def said_of_fork(edit: Edit, iteration: int, again: bool, forgotten: Branch | None) -> tuple[str, ...]:
    """Say what an edit has done, ever shorter; `again` is whether its iteration had begun and was computed again."""
    done = f"iteration {iteration} starts with it"
    if again:
        done = f"iteration {iteration} was computed again from its start, to this same step"
    lost = "" if forgotten is None else f" The oldest branch, {forgotten.label}, is forgotten."
    ways = [f"{edit.label(length)}: {done}." for length in (16, 6)]
    return (*(f"{way} E: the branch without it.{lost}" for way in ways), *(f"{way}{lost}" for way in ways), ways[1])


def said_of_switch(branch: Branch, number: int, count: int, *, same: bool) -> tuple[str, ...]:
    """Say on which branch one is now, and whether at the same step as before."""
    where = "at the same step" if same else "which went no further than this"
    head = f"This is branch {number} of {count}, {branch.label}, {where}"
    return f"{head}. E goes to the next.", f"{head}.", f"This is branch {number} of {count}."
