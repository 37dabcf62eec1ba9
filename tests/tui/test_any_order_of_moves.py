"""Any order of moves through time has, to the bit, the numbers of a training by hand."""

from __future__ import annotations

import random
from collections.abc import Callable
from copy import copy
from dataclasses import replace
from functools import partial

import pytest

from minidl_core import Placeholder, State, Stepper
from minidl_core.train import StepRate
from tui_backprop.debugger.branches import MOST_BRANCHES
from tui_backprop.debugger.edits import Edit, NumberEdit, start_value
from tui_backprop.debugger.steps import STOPS, Place, after_step
from tui_backprop.debugger.timeline import MILESTONES, Timeline
from tui_backprop.lessons import load_lesson
from tui_backprop.programs.program import program_of

from .random_timelines import MAKERS

Edits = dict[int, list[Edit]]


class ByHand:
    """The edits of each branch, kept as simply as can be, and the training that they make of a timeline's example."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.branches: list[Edits] = [{}]
        self.here = 0
        step = copy(timeline.program.optimizer).minimize(timeline.program.example.loss)
        self.stepper = Stepper(step, timeline.program.example.feeds)
        self.untrained = self.stepper.state()

    def fork(self, edit: Edit) -> None:
        finished = self.timeline.edited_state.finished
        edits = {number: list(made) for number, made in self.branches[self.here].items() if number <= finished}
        edits.setdefault(finished, []).append(edit)
        if len(self.branches) == MOST_BRANCHES:
            del self.branches[self.here == 0]
        self.branches.append(edits)
        self.here = len(self.branches) - 1
        self.timeline.fork(edit)

    def switch(self) -> None:
        self.here = (self.here - 1) % len(self.branches)
        self.timeline.switch()

    def train(self, iterations: int) -> tuple[list[State], list[float]]:
        """Return the states from which so many iterations start, and their losses."""
        self.stepper.restore(self.untrained)
        starts, losses = [], []
        for finished in range(iterations):
            state = self.stepper.state()
            for edit in self.branches[self.here].get(finished, []):
                state = edit.applied(state)
            self.stepper.restore(state)
            starts.append(state)
            losses += self.stepper.run(1)
        return starts, losses

    def compare(self) -> None:
        """Compare what the timeline says with what the training by hand gives, to the bit."""
        moment, iteration = self.timeline.moment, self.timeline.recording.iteration
        starts, losses = self.train(iteration)
        assert self.bits(moment.recording.start) == self.bits(starts[-1])
        assert moment.loss in (None, losses[-1])
        assert moment.recording.previous_loss == (losses[-2] if iteration > 1 else None)
        passed = [number for number in MILESTONES if number < iteration]
        assert [number for number, _ in moment.milestones] == passed
        assert [self.bits(state) for _, state in moment.milestones] == [self.bits(starts[number]) for number in passed]
        assert [self.timeline.losses.loss_at(number) for number in range(1, iteration)] == losses[:-1]

    def bits(self, state: State) -> list[object]:
        nodes = [*self.timeline.graph.variables, *state.feeds]
        slots = {
            (node.name, symbol): x.tobytes() for node, kept in state.memory.slots.items() for symbol, x in kept.items()
        }
        bits = [start_value(state, node).tobytes() for node in nodes]
        return [state.finished, state.learning_rate, state.memory.iterations, slots, *bits]


def any_edit(timeline: Timeline, chance: random.Random) -> Edit:
    """Return an edit of a number that is chosen by chance."""
    state, data = timeline.edited_state, [node for node in timeline.graph.nodes if isinstance(node, Placeholder)]
    node = chance.choice([*timeline.graph.variables, *data, None])
    if node is None:
        return NumberEdit(None, None, state.rate, state.rate * chance.uniform(0.5, 1.5))
    array = start_value(state, node)
    index = tuple(map(chance.randrange, array.shape))
    return NumberEdit(node, index, float(array[index]), chance.uniform(-1, 1))


@pytest.mark.parametrize("seed", range(40))
def test_any_order_of_moves_has_the_numbers_of_a_training_by_hand(seed: int) -> None:
    chance = random.Random(seed)
    lesson = load_lesson(chance.choice(["two-paths", "perceptron", "xor", "skip"]))
    made = [*MAKERS.values()][seed % len(MAKERS)]
    if seed >= len(MAKERS):  # the first of each without options
        options = {"weight_decay": chance.choice([0.0, 0.1]), chance.choice(["clip_norm", "clip_value"]): 2.0}
        made = partial(made, **options)
        lesson = replace(lesson, learning_rate=chance.choice([lesson.learning_rate, StepRate(1e-3, 0.7, 3)]))
    timeline = Timeline(program_of(replace(lesson, optimizer=made)))
    by_hand = ByHand(timeline)

    def train() -> None:
        if timeline.at_end_of_iteration or not timeline.cursor:
            timeline.train(chance.randrange(1, 4))

    moves: list[Callable[[], object]] = [
        lambda: timeline.forward(chance.choice([*STOPS.values()])),
        lambda: timeline.back(chance.choice([*STOPS.values()])),
        lambda: timeline.go_to(Place(chance.randrange(15), chance.choice([None, chance.randrange(30)]))),
        lambda: timeline.peek(after_step),
        train,
        lambda: by_hand.fork(any_edit(timeline, chance)),
        by_hand.switch,
    ]
    for _ in range(60):
        chance.choices(moves, weights=[7, 4, 2, 2, 3, 2, 2])[0]()
        by_hand.compare()
