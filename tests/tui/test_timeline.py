"""Time moves both ways, and every number comes back to the bit."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

import minidl_core as dl
from minidl_core import IterationFinished, NonFiniteError
from tui_backprop.debugger.branches import States
from tui_backprop.debugger.moment import Moment
from tui_backprop.debugger.steps import STOPS, after_event, after_iteration, after_phase, after_step
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.graph.sheet import with_off_path
from tui_backprop.lessons import lesson_names, load_lesson
from tui_backprop.lessons.lesson import Example, Lesson


def open_lesson(name: str = "perceptron", **options: float) -> Timeline:
    return Timeline(load_lesson(name), **options)


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


@pytest.mark.parametrize("name", lesson_names())
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
    timeline.finish(10_001)
    assert timeline.recording.iteration == 10_001
    end = fingerprint(timeline.moment)
    assert timeline.back(after_step)
    assert timeline.recording.iteration == 10_001
    assert timeline.finish(1)
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
    timeline.finish(5)
    assert [number for number, _ in timeline.moment.milestones] == [0, 1, 3]
    timeline.finish(12)
    assert [number for number, _ in timeline.moment.milestones] == [0, 1, 3, 10]
    timeline.finish(2)
    assert [number for number, _ in timeline.moment.milestones] == [0, 1]


def test_a_mistake_stops_at_the_node_that_made_it_and_stepping_back_still_works() -> None:
    timeline = open_lesson(learning_rate=1000)
    timeline.finish(51)
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


def test_the_loss_before_is_known_wherever_one_comes_from() -> None:
    timeline = open_lesson()
    timeline.finish(30)
    measured = timeline.recording.events[-1]
    assert isinstance(measured, IterationFinished)
    timeline.finish(29)
    before = timeline.moment.loss
    for come in (lambda: timeline.finish(30), lambda: timeline.last()):
        timeline.first()
        come()
        assert timeline.recording.previous_loss == before


@pytest.mark.parametrize("name", lesson_names())
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
                assert mark == f"w{len(pending)}"
                assert 0 < waiting[node] == len(pending) < len(moment.graph.consumers(node))
            elif node in queue:
                assert mark == f"q{queue.index(node) + 1}"
            else:
                assert mark in "·✓►"


def test_what_is_fed_makes_the_shapes_known_before_the_first_step() -> None:
    def build(seed: int) -> Example:
        with dl.Graph().as_default():
            x, y = dl.placeholder(name="x"), dl.placeholder(name="y")
            scores = dl.matmul(x, dl.Variable(np.ones((2, 3))), name="scores")
            loss = dl.reduce_sum(scores * y)
            dl.reduce_mean(scores, axis=0, name="beside")
        return Example(loss, {x: np.ones((4, 2)), y: np.ones((4, 1))})

    timeline = Timeline(Lesson("own", "", build, 0.1))
    shapes = {node.name: timeline.moment.shape(node) for node in with_off_path(timeline.graph)}
    on_path = {"x": (4, 2), "variable": (2, 3), "scores": (4, 3), "y": (4, 1), "multiply": (4, 3), "reduce_sum": ()}
    assert shapes == on_path | {"beside": (3,)}


def test_opening_a_graph_writes_nothing_into_it() -> None:
    with dl.Graph().as_default() as graph:
        x = dl.placeholder(name="x")
        loss = dl.reduce_sum(x * dl.Variable(1.0))
    nodes = list(graph.nodes)
    before = [node.shape for node in nodes]
    timeline = Timeline(Lesson("own", "", lambda seed: Example(loss, {x: np.ones(3)}), 0.1))
    timeline.finish(1)
    assert [node.shape for node in nodes] == before
    assert dl.Session().run(loss, {x: np.ones(4)}) == 4.0


def test_a_timeline_is_let_go_with_its_graph() -> None:
    timelines = [Timeline(load_lesson("perceptron")) for _ in range(5)]
    for timeline in timelines:
        timeline.finish(1)
    kept = [weakref.ref(each) for timeline in timelines for each in (timeline, timeline.graph.loss.graph)]
    del timeline, timelines
    gc.collect()
    assert [each() for each in kept] == [None] * 10
