"""Time moves both ways, and every number comes back to the bit."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest

import minidl_core as dl
from minidl_core import IterationFinished, NonFiniteError
from minidl_core.train import AdamOptimizer, Schedule, StepRate
from tests.sample_graphs import SWEPT
from tui_backprop.debugger.branches import States
from tui_backprop.debugger.moment import Mark, Moment
from tui_backprop.debugger.steps import STOPS, Place, after_event, after_iteration, after_phase, after_step
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.graph.folded_graph import with_off_path
from tui_backprop.lessons import load_lesson
from tui_backprop.lessons.lesson import Example, Lesson
from tui_backprop.notation.edits import read_edit
from tui_backprop.programs.opening import open_program
from tui_backprop.programs.program import program_of

from .moments import finish


def open_lesson(name: str = "perceptron", **options: float) -> Timeline:
    return Timeline(open_program(name, **options))


def fingerprint(moment: Moment) -> tuple[object, ...]:
    """Everything that a moment says, in values that compare equal only where they are the same to the bit."""
    graph = moment.graph

    def bits(array: object) -> object:
        return None if array is None else np.asarray(array).tobytes()

    return (
        moment.iteration,
        moment.cursor,
        moment.shown,
        moment.phase,
        moment.loss,
        moment.recording.previous_loss,
        tuple(node.name for node in moment.queue),
        tuple((node.name, count) for node, count in moment.waiting),
        tuple(
            (moment.value_mark(node), moment.gradient_mark(node), bits(moment.value(node)), bits(moment.gradient(node)))
            for node in graph.nodes
        ),
    )


@pytest.mark.parametrize("name", SWEPT)
@pytest.mark.parametrize("move", STOPS)
def test_back_is_forward_in_reverse_to_the_bit(name: str, move: str) -> None:
    timeline = open_lesson(name)
    stop = STOPS[move]
    seen = [fingerprint(timeline.moment)]
    while timeline.recording.iteration < 4:
        assert timeline.forward(stop)
        seen.append(fingerprint(timeline.moment))
    back = [seen[-1]]
    while timeline.back(stop):
        back.append(fingerprint(timeline.moment))
    assert back == seen[::-1]
    again = [fingerprint(timeline.moment)]
    while timeline.recording.iteration < 4:
        timeline.forward(stop)
        again.append(fingerprint(timeline.moment))
    assert again == seen


def test_an_iteration_of_the_perceptron_is_21_steps_and_59_events() -> None:
    for stop, presses in ((after_step, 21), (after_event, 59), (after_phase, 3), (after_iteration, 1)):
        timeline = open_lesson()
        for _ in range(presses):
            assert not timeline.at_end_of_iteration
            timeline.forward(stop)
        assert timeline.at_end_of_iteration
        assert timeline.recording.iteration == 1
        assert len(timeline.recording.events) == 59


def test_at_the_start_there_is_no_way_back() -> None:
    timeline = open_lesson()
    assert not timeline.back(after_step)
    assert not timeline.first()
    assert timeline.moment.event is None


def test_a_long_run_can_be_walked_back_to_its_start() -> None:
    timeline = open_lesson()
    finish(timeline, 10_001)
    assert timeline.recording.iteration == 10_001
    end = fingerprint(timeline.moment)
    assert timeline.back(after_step)
    assert timeline.recording.iteration == 10_001
    assert finish(timeline, 1)
    first = open_lesson()
    first.forward(after_iteration)
    assert fingerprint(timeline.moment)[3:] == fingerprint(first.moment)[3:]
    assert timeline.back(after_phase)
    assert timeline.back(after_phase)
    assert timeline.back(after_phase)
    assert timeline.moment.event is None
    assert timeline.last()
    assert fingerprint(timeline.moment) == end


def test_training_without_events_has_the_same_bits_as_stepping() -> None:
    fast, stepped = open_lesson(), open_lesson()
    fast.train(12)
    fast.train(7)
    assert fast.moment.loss is None
    fast.forward(after_iteration)
    for _ in range(20 * 59):
        stepped.forward(after_event)
    assert fingerprint(fast.moment)[3:] == fingerprint(stepped.moment)[3:]
    assert [fast.losses.loss_at(n) for n in range(1, 21)] == [stepped.losses.loss_at(n) for n in range(1, 21)]


def test_the_milestones_are_the_lines_that_were_passed() -> None:
    timeline = open_lesson()
    finish(timeline, 5)
    assert [number for number, _ in timeline.moment.milestones] == [0, 1, 3]
    finish(timeline, 12)
    assert [number for number, _ in timeline.moment.milestones] == [0, 1, 3, 10]
    finish(timeline, 2)
    assert [number for number, _ in timeline.moment.milestones] == [0, 1]


def test_a_mistake_stops_at_the_node_that_made_it_and_stepping_back_still_works() -> None:
    timeline = open_lesson(learning_rate=1000)
    finish(timeline, 51)
    moment = timeline.moment
    assert isinstance(moment.error, NonFiniteError)
    assert moment.now is moment.error.node
    assert moment.now.name == "log"
    assert moment.iteration == 2
    assert not timeline.forward(after_step)
    assert timeline.back(after_step)
    assert timeline.moment.error is None
    assert timeline.moment.now.name == "p"
    assert timeline.forward(after_step)
    assert timeline.moment.error is moment.error
    assert timeline.first()
    assert timeline.last()
    assert isinstance(timeline.moment.error, NonFiniteError)


def test_states_thin_out_and_every_iteration_stays_within_reach() -> None:
    states = States(most=8)
    stepper = open_lesson("chain").stepper
    for _ in range(1000):
        states.keep(stepper.state())
        stepper.run(1)
    assert len(states._states) <= 8
    for finished in range(1000):
        assert 0 <= finished - states.before(finished).finished <= 256


def with_a_memory() -> Lesson:
    """The perceptron, trained by an optimizer with slots and a learning rate that falls."""

    def made(rate: float | Schedule) -> AdamOptimizer:
        return AdamOptimizer(rate, clip_norm=5.0, weight_decay=0.01)

    return replace(load_lesson("perceptron"), optimizer=made, learning_rate=StepRate(0.05, 0.5, 4))


def test_the_memory_bound_counts_what_an_optimizer_keeps() -> None:
    stepper = Timeline(program_of(with_a_memory())).stepper
    stepper.run(1)
    # W and b are 6 numbers of 8 bytes, and Adam keeps two slots of each
    states = States(most_bytes=10 * 3 * 48)
    for _ in range(40):
        states.keep(stepper.state())
        stepper.run(1)
    assert 5 <= len(states._states) <= 10


def test_time_moves_both_ways_with_an_optimizer_that_has_a_memory() -> None:
    timeline = Timeline(program_of(with_a_memory()))
    finish(timeline, 10)
    seen = fingerprint(timeline.moment)
    assert timeline.moment.learning_rate == 0.0125
    timeline.first()
    for stop in (after_event, after_step, after_phase):
        for _ in range(7):
            timeline.forward(stop)
        timeline.back(stop)
    timeline.last()
    assert fingerprint(timeline.moment) == seen
    finish(timeline, 5)
    timeline.fork(read_edit("η = 0.5", timeline.edited_state, timeline.graph, ""))
    finish(timeline, 8)
    assert timeline.moment.learning_rate == 0.5  # a number has taken the schedule's place
    timeline.switch()
    timeline.last()
    assert fingerprint(timeline.moment) == seen


def test_the_loss_before_is_known_wherever_one_comes_from() -> None:
    timeline = open_lesson()
    finish(timeline, 30)
    measured = timeline.recording.events[-1]
    assert isinstance(measured, IterationFinished)
    finish(timeline, 29)
    before = timeline.moment.loss
    for come in (lambda: finish(timeline, 30), lambda: timeline.last()):
        timeline.first()
        come()
        assert timeline.recording.previous_loss == before


@pytest.mark.parametrize("asked", [9, 50, 3000])
def test_the_loss_before_a_mistake_is_known_however_far_one_wanted_to_go(asked: int) -> None:
    stepped, sent = open_lesson("too-far"), open_lesson("too-far")
    while stepped.forward(after_iteration):
        pass
    for _ in range(2):  # at first and when it is known where the mistake is
        sent.go_to(Place(asked))
        assert sent.place == stepped.place
        assert sent.recording.error is not None
        assert sent.recording.previous_loss == stepped.recording.previous_loss is not None
        assert sent.recording.start.finished == stepped.recording.start.finished == 7


@pytest.mark.parametrize("name", SWEPT)
def test_every_node_is_unreached_waiting_queued_or_visited_and_nothing_else(name: str) -> None:
    timeline = open_lesson(name)
    while not timeline.at_end_of_iteration:
        timeline.forward(after_event)
        moment = timeline.moment
        waiting, queue = dict(moment.waiting), moment.queue
        visited = moment.last_visited(len(moment.graph.nodes))
        assert len(waiting) == moment.waiting_count
        assert not set(waiting) & set(queue)
        assert not set(queue) & set(visited)
        for node in moment.graph.nodes:
            mark = moment.gradient_mark(node)
            if node in waiting:
                pending = [c for c in moment.graph.consumers(node) if c not in visited]
                assert mark == (Mark.WAITING, len(pending))
                assert 0 < waiting[node] == len(pending) < len(moment.graph.consumers(node))
            elif node in queue:
                assert mark == (Mark.QUEUED, queue.index(node) + 1)
            else:
                assert mark in {(Mark.NOT_YET, 0), (Mark.DONE, 0), (Mark.NOW, 0)}


def test_what_is_fed_makes_the_shapes_known_before_the_first_step() -> None:
    def build(seed: int) -> Example:
        with dl.Graph().as_default():
            x, y = dl.placeholder(name="x"), dl.placeholder(name="y")
            scores = dl.matmul(x, dl.Variable(np.ones((2, 3))), name="scores")
            loss = dl.reduce_sum(scores * y)
            dl.reduce_mean(scores, axis=0, name="beside")
        return Example(loss, {x: np.ones((4, 2)), y: np.ones((4, 1))})

    timeline = Timeline(program_of(Lesson("own", "", build, 0.1)))
    shapes = {node.name: timeline.moment.shape(node) for node in with_off_path(timeline.graph)}
    on_path = {"x": (4, 2), "variable": (2, 3), "scores": (4, 3), "y": (4, 1), "multiply": (4, 3), "reduce_sum": ()}
    assert shapes == on_path | {"beside": (3,)}


def test_opening_a_graph_writes_nothing_into_it() -> None:
    with dl.Graph().as_default() as graph:
        x = dl.placeholder(name="x")
        loss = dl.reduce_sum(x * dl.Variable(1.0))

    def written() -> list[tuple[dl.Node, str, tuple[int, ...] | None, list[dl.Operation]]]:
        return [(node, node.name, node.shape, list(node.consumers)) for node in graph.nodes]

    before = written()
    timeline = Timeline(program_of(Lesson("own", "", lambda seed: Example(loss, {x: np.ones(3)}), 0.1)))
    finish(timeline, 1)
    assert written() == before
    assert dl.Session().run(loss, {x: np.ones(4)}) == 4.0


def test_a_timeline_is_let_go_with_its_graph() -> None:
    timelines = [Timeline(open_program("perceptron")) for _ in range(5)]
    for timeline in timelines:
        finish(timeline, 1)
    kept = [weakref.ref(each) for timeline in timelines for each in (timeline, timeline.graph.loss.graph)]
    del timeline, timelines
    gc.collect()
    assert [each() for each in kept] == [None] * 10
