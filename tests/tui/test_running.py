"""A run tick by tick: what it shows on its way, where it pauses, and that no tick is long."""

from __future__ import annotations

import itertools

import pytest

from minidl_core import Graph, Node, Operation, Session, Variable, reduce_sum
from minidl_core.train import GradientDescentOptimizer
from tests.sample_graphs import LARGE
from tui_backprop.debugger import running
from tui_backprop.debugger.edits import NumberEdit
from tui_backprop.debugger.message import Message
from tui_backprop.debugger.running import MOST_SHOWN, SPEEDS, TRAINING_SECONDS, Run
from tui_backprop.debugger.steps import Place, after_iteration, after_step
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.lessons import load_lesson
from tui_backprop.lessons.lesson import Example, Lesson
from tui_backprop.programs.opening import open_program
from tui_backprop.programs.program import program_of

from .moments import finish


def at_full_speed(lesson: Lesson, pause_every: int, **options: float) -> tuple[Timeline, Run]:
    timeline = Timeline(program_of(lesson, **options))
    run = Run(timeline, pause_every)
    run.change_speed(len(SPEEDS))
    return timeline, run


@pytest.fixture
def events_in_a_tick(monkeypatch: pytest.MonkeyPatch) -> int:
    """Let each look at the clock take a millisecond, and return how many events a tick then has time for."""
    clock = itertools.count()
    monkeypatch.setattr(running, "perf_counter", lambda: next(clock) / 1000)
    return int(TRAINING_SECONDS * 1000)


def losses_by_hand(example: Example, learning_rate: float, iterations: int) -> list[float]:
    step = GradientDescentOptimizer(learning_rate).minimize(example.loss)
    session, losses = Session(), []
    for _ in range(iterations):
        losses.append(float(session.run(example.loss, example.feeds)))
        session.run(step, example.feeds)
    return losses


def test_of_a_large_graph_only_the_events_of_the_goal_are_shown_and_over_several_ticks(events_in_a_tick: int) -> None:
    timeline, run = at_full_speed(LARGE["scalar-network"], 5)
    assert len(timeline.graph.nodes) > MOST_SHOWN
    run.start()
    places = []
    while run.tick():
        places.append(timeline.place)
        assert len(timeline.recording.events) <= len(places) * (events_in_a_tick + 1)
    before, goal = [p for p in places if p.cursor == 0], [p for p in places if p.cursor != 0]
    assert before
    assert {place.iteration for place in goal} == {5}
    assert all(b.cursor - a.cursor <= events_in_a_tick + 1 for a, b in itertools.pairwise(goal))
    assert timeline.at_end_of_iteration
    assert timeline.place.iteration == 5
    assert run.message == Message("paused at goal")
    example = LARGE["scalar-network"].build(0)
    expected = losses_by_hand(example, timeline.program.learning_rate, 5)
    assert [timeline.losses.loss_at(n) for n in range(1, 6)] == expected


@pytest.mark.parametrize("pause_every", [0, 100])
def test_a_tick_whose_end_is_awaited_trains_one_iteration_and_shows_another(
    pause_every: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "TRAINING_SECONDS", 10_000)
    monkeypatch.setattr(running, "SHOWING_SECONDS", 10_000)
    timeline, run = at_full_speed(load_lesson("perceptron"), pause_every)
    run.start()
    for tick in range(1, 4):
        assert run.tick(lambda: True)
        assert timeline.place[:2] == (2 * tick, len(timeline.recording.events))
    looks = itertools.count()
    run.tick(lambda: next(looks) == 9)
    assert timeline.place.iteration == 6 + 10 + 1


def test_from_between_two_iterations_it_goes_by_iterations_unless_a_speed_was_chosen() -> None:
    timeline = Timeline(open_program("perceptron"))
    run = Run(timeline, 0)
    run.start()
    assert run.speed.stop is after_step
    timeline.forward(after_iteration)
    assert run.speed.stop is after_step  # as long as it goes on
    run.start()
    assert run.speed.stop is after_iteration
    assert run.speed.seconds <= 0.05
    assert run.tick()
    assert timeline.place.iteration == 2
    assert timeline.at_end_of_iteration
    timeline.go_to(Place(7))
    run.start()
    assert run.speed.stop is after_iteration
    timeline.forward(after_step)
    timeline.forward(after_step)
    run.start()
    assert run.speed.stop is after_step
    run.change_speed(-1)
    timeline.forward(after_iteration)
    run.start()
    assert run.speed is SPEEDS[0]


def test_a_run_that_begins_inside_an_iteration_ends_it_first(events_in_a_tick: int) -> None:
    timeline, run = at_full_speed(LARGE["scalar-network"], 3)
    timeline.forward(lambda recording, index: index == 10)
    run.start()
    run.tick()
    assert 11 < timeline.cursor <= 12 + events_in_a_tick
    while run.tick():
        pass
    assert timeline.place[:2] == (3, len(timeline.recording.events))


@pytest.mark.parametrize("nodes", [MOST_SHOWN - 10, MOST_SHOWN + 10])
def test_a_mistake_is_come_to_by_events_whatever_the_size(nodes: int) -> None:
    def build(seed: int) -> Example:
        with Graph().as_default():
            x = Variable(1.0, name="x")
            node: Node = x
            for _ in range(nodes):
                node = node * 1.0
            return Example(reduce_sum(node * node * node * node, name="J"), {})

    timeline, run = at_full_speed(Lesson("grows", "", build, 1.0), 0)
    run.start()
    while run.tick():
        pass
    assert timeline.moment.error is not None
    assert isinstance(timeline.moment.now, Operation)
    assert not timeline.train(3)
    there = timeline.place
    timeline.first()
    assert timeline.moment.error is None
    timeline.last()
    assert timeline.place == there


def test_training_from_a_start_that_has_been_looked_into_begins_it_anew() -> None:
    timeline, other = Timeline(open_program("perceptron")), Timeline(open_program("perceptron"))
    timeline.forward(lambda recording, index: index == 30)
    timeline.first()
    assert timeline.train(4)
    assert timeline.place == Place(5, 0)
    finish(other, 4)
    assert [timeline.losses.loss_at(n) for n in range(1, 5)] == [other.losses.loss_at(n) for n in range(1, 5)]
    assert timeline.recording.previous_loss == other.moment.loss


def test_from_a_start_at_which_it_goes_wrong_nothing_is_trained() -> None:
    timeline = Timeline(open_program("perceptron", learning_rate=1000.0))
    timeline.forward(lambda recording, index: index == 58)
    timeline.begin_next()
    assert not timeline.train(5)
    assert timeline.place == Place(2, 0)
    assert timeline.forward(lambda recording, index: False)
    assert timeline.moment.error is not None


def test_a_run_from_the_end_of_an_iteration_makes_the_edit_that_is_due_there() -> None:
    timeline, run = at_full_speed(load_lesson("two-paths"), 8)
    finish(timeline, 5)
    a = timeline.graph.variables[0]
    timeline.fork(NumberEdit(a, (), float(timeline.edited_state.variables[a]), 7.0))
    finish(timeline, 8)
    stepped = timeline.moment.loss
    finish(timeline, 5)
    run.start()
    while run.tick():
        pass
    assert timeline.place[:2] == (8, len(timeline.recording.events))
    assert timeline.moment.loss == stepped


@pytest.mark.parametrize("finished", [0, 1, 2])
def test_a_run_passes_every_milestone_however_far_a_tick_trains(finished: int) -> None:
    timeline, run = at_full_speed(load_lesson("perceptron"), 100)
    finish(timeline, finished)
    run.start()
    while run.tick():
        pass
    assert [number for number, _ in timeline.moment.milestones] == [0, 1, 3, 10]
