"""A program's own gradients may be wrong: its update is then shown as it was made, and adds up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import minidl_core as dl
from minidl_core.train import AdamOptimizer, GradientDescentOptimizer
from tui_backprop.debugger.found_update import found_update
from tui_backprop.debugger.moment import Moment
from tui_backprop.debugger.steps import Place, after_event, after_iteration
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.drawing.palette import plain
from tui_backprop.inspector.overview import draw_start
from tui_backprop.notation.optimizer import name_of
from tui_backprop.plain.commands import KEYS
from tui_backprop.plain.front_end import do
from tui_backprop.programs.opening import open_program
from tui_backprop.programs.recorded import RecordedStep
from tui_backprop.programs.updates import FoundDescent, ProgramsOptimizer
from tui_backprop.session.debug_session import DebugSession
from tui_backprop.session.viewer import Viewer

from .test_engine_verdicts import ENGINE

WRONG = ENGINE.replace("self.grad += o.data * out.grad", "self.grad += -2 * o.data * out.grad")
DESCENT = """
w, v = Value(2.0), Value(3.0)
for i in range(4):
    loss = w * v
    w.grad = v.grad = 0.0
    loss.backward()
    for p in (w, v):
        p.data -= 0.1 * p.grad
"""
ADAM = """
w, v = Value(2.0), Value(3.0)
m, s = {w: 0.0, v: 0.0}, {w: 0.0, v: 0.0}
for i in range(1, 6):
    loss = w * v + w
    w.grad = v.grad = 0.0
    loss.backward()
    for p in (w, v):
        m[p] = 0.9 * m[p] + 0.1 * p.grad
        s[p] = 0.999 * s[p] + 0.001 * p.grad ** 2
        p.data -= 0.1 * (m[p] / (1 - 0.9 ** i)) / ((s[p] / (1 - 0.999 ** i)) ** 0.5 + 1e-8)
"""
CLIPPED = """
import numpy as np
x, y = np.array([[1.0, 2.0], [3.0, -1.0], [0.5, 0.5]]), np.array([1.0, 9.0, 0.0])
w = np.array([0.3, -0.2])
for i in range(5):
    error = x @ w - y
    loss = np.mean(error ** 2)
    dw = np.clip(2 * x.T @ error / len(x), -1.0, 1.0)
    w = w - 0.05 * dw
"""
RUNS = {
    "wrong, by descent": WRONG + DESCENT,
    "right, by descent": ENGINE + DESCENT,
    "wrong, by Adam": WRONG + ADAM,
    "right, by Adam": ENGINE + ADAM,
    "clipped": CLIPPED,
}


def timeline_of(source: str, folder: Path) -> Timeline:
    (folder / "mine.py").write_text(source)
    return Timeline(open_program(str(folder / "mine.py")))


def adds_up(moment: Moment) -> None:
    events = [event for event in map(moment.update, moment.graph.variables) if event is not None]
    assert events
    for event in events:
        np.testing.assert_allclose(event.old - event.terms[-1].value, event.new, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("run", RUNS)
def test_old_value_less_step_is_the_new_value(run: str, tmp_path: Path) -> None:
    timeline = timeline_of(RUNS[run], tmp_path)
    for _ in range(len(timeline.program.steps) + 2):
        timeline.forward(after_iteration)
        adds_up(timeline.moment)


@pytest.mark.parametrize("run", RUNS)
def test_stepping_and_training_lead_to_the_same_bits_and_back(run: str, tmp_path: Path) -> None:
    by_steps, at_once = (timeline_of(RUNS[run], tmp_path) for _ in range(2))
    while by_steps.place < Place(8, 1):
        by_steps.forward(after_event)
    at_once.go_to(by_steps.place)
    assert by_steps.moment.loss == at_once.moment.loss or by_steps.moment.loss is at_once.moment.loss is None
    for one, other in zip(by_steps.graph.variables, at_once.graph.variables, strict=True):
        start, there = by_steps.recording.start, at_once.recording.start
        assert start.variables[one].tobytes() == there.variables[other].tobytes()
        slots = [{symbol: slot.tobytes() for symbol, slot in each.items()} for each in start.memory.slots.values()]
        assert slots == [
            {symbol: slot.tobytes() for symbol, slot in each.items()} for each in there.memory.slots.values()
        ]
    by_steps.go_to(Place(2))
    adds_up(by_steps.moment)


def test_what_is_said_of_it_is_true(tmp_path: Path) -> None:
    timeline = timeline_of(RUNS["wrong, by descent"], tmp_path)
    assert isinstance(timeline.moment.optimizer, FoundDescent)
    assert name_of(timeline.moment.optimizer) == "gradient descent"
    said = " ".join(plain(draw_start(timeline.moment, 90, 30)).split())
    assert "every variable moves against the gradient that the program found" in said
    assert "against its slope" not in said
    viewer = Viewer(DebugSession(timeline.program), KEYS)
    said = " ".join(line for typed in ("go 1", "update w", "log") for line in do(viewer, typed))
    assert "it is -6, not 3" in said
    assert "w = 2.0 + 0.6 = 2.6" in said
    assert "yet it rises: its step = -0.6 has the other sign" in said


def test_a_right_engine_and_what_comes_after_the_run_are_gradient_descent(tmp_path: Path) -> None:
    right = timeline_of(RUNS["right, by descent"], tmp_path)
    assert type(right.moment.optimizer) is GradientDescentOptimizer
    assert type(timeline_of(RUNS["right, by Adam"], tmp_path).moment.optimizer) is AdamOptimizer
    wrong = timeline_of(RUNS["wrong, by descent"], tmp_path)
    wrong.go_to(Place(5))
    assert type(wrong.moment.optimizer) is GradientDescentOptimizer
    assert isinstance(timeline_of(RUNS["wrong, by Adam"], tmp_path).moment.optimizer, ProgramsOptimizer)


@pytest.mark.parametrize("shape", [(3,), (2, 2), (1, 2)])
def test_a_gradient_of_another_shape_makes_no_descent(shape: tuple[int, ...]) -> None:
    with dl.Graph().as_default():
        w = dl.Variable([1.0, -2.0], name="w")
        loss = dl.reduce_sum(dl.square(w))
    optimizer = GradientDescentOptimizer(0.1)
    left = {w: np.array([0.5, 0.5])}
    step = RecordedStep(loss, optimizer, optimizer, {}, 5.0, left_after=left, theirs={w: np.ones(shape)})
    ours = {w: np.array([0.8, -1.6])}
    found = found_update(step, dl.Stepper(loss, optimizer=optimizer).state(), ours)
    assert type(found) is ProgramsOptimizer
    assert found.taken[w].tolist() == [0.5, -2.5]
