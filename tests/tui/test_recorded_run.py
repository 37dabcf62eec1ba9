"""The run that a script made: each of its steps is an iteration, and its losses come out the same, to the bit."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from minidl_core import NodeEvaluated
from minidl_core.train import GradientDescentOptimizer, MomentumOptimizer
from tui_backprop.commands.cli import main
from tui_backprop.debugger.edits import NumberEdit
from tui_backprop.debugger.steps import Place, after_iteration
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.drawing.palette import plain
from tui_backprop.narration.messages import sentences
from tui_backprop.narration.narration import narrate_event_line
from tui_backprop.panes.header import draw_header
from tui_backprop.programs.opening import open_program
from tui_backprop.programs.program import Program
from tui_backprop.programs.updates import ProgramsOptimizer
from tui_backprop.session import DebugSession

Open = Callable[[str], Program]

START = """
import numpy as np
import minidl_core as dl
random = np.random.default_rng(0)
x, y = dl.placeholder(name="x"), dl.placeholder(name="y")
w, b = dl.Variable([[0.5], [-0.2]], name="w"), dl.Variable([0.1], name="b")
out = dl.matmul(x, w) + b
loss = dl.reduce_mean(dl.square(out - y), name="loss")
other = dl.reduce_mean(dl.square(dl.tanh(out) - y), name="other")
session, train = dl.Session(), dl.train
adam, momentum = train.AdamOptimizer(0.1), train.MomentumOptimizer(0.1, 0.9)
batch = lambda n=4: {x: random.normal(size=(n, 2)), y: random.normal(size=(n, 1))}
"""
RUNS = {
    "mini-batches": "step = adam.minimize(loss)\nfor _ in range(6): session.run(step, batch(3))",
    "batches of other sizes": "step = adam.minimize(loss)\nfor n in (3, 5, 2): session.run(step, batch(n))",
    "dropout": "m = dl.placeholder(name='m')\nJ = dl.reduce_mean(dl.square(x * m))\n"
    "J = dl.reduce_mean(dl.square(dl.matmul(x * m, w) + b - y))\nstep = train.RMSPropOptimizer(0.1).minimize(J)\n"
    "for _ in range(5): session.run(step, {**batch(), m: random.integers(0, 2, size=(4, 2))})",
    "decaying rate, momentum changed": "o = train.MomentumOptimizer(0.1, 0.9)\nstep = o.minimize(loss)\n"
    "for i in range(6):\n    o.learning_rate = 0.1 / (i + 1)\n    o.momentum = 0.9 if i < 3 else 0.5\n"
    "    session.run(step, batch())",
    "two optimizers in turn": "steps = [adam.minimize(loss), momentum.minimize(other)]\n"
    "for i in range(7): session.run(steps[i % 3 == 0], batch())",
    "two steps in one run": "steps = [adam.minimize(loss), momentum.minimize(other)]\n"
    "for _ in range(4): session.run(steps, batch())",
    "clipped weights": "step = adam.minimize(loss)\nfor _ in range(6):\n"
    "    session.run(step, batch())\n    session.variables[w] = np.clip(session.run(w), -0.3, 0.3)",
    "a second session": "step = adam.minimize(loss)\nfor _ in range(2):\n    session = dl.Session()\n"
    "    for _ in range(3): session.run(step, batch())",
    "own loop": "for i in range(5):\n    session.run(loss, batch())\n    G = dl.compute_gradient(loss)\n"
    "    for v in (w, b): session.variables[v] = session.run(v) - 0.1 / (i + 1) * G[v]",
    "own loop, clipped in place": "for _ in range(5):\n    session.run(loss, batch())\n"
    "    G = dl.compute_gradient(loss)\n    for v in (w, b):\n        G[v] = np.clip(G[v], -0.2, 0.2)\n"
    "        session.variables[v] = session.run(v) - 0.1 * G[v]",
    "own rule": "for _ in range(5):\n    session.run(loss, batch())\n    G = dl.compute_gradient(loss)\n"
    "    session.variables[w] = session.run(w) * 0.99 - 0.1 * np.sign(G[w])",
    "a frozen part": "steps = [adam.minimize(loss, var_list=[w]), adam.minimize(loss, var_list=[b])]\n"
    "for i in range(6): session.run(steps[i % 2], batch())",
    "stepper": "dl.Stepper(adam.minimize(loss), batch(), session).run(5)",
}


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Return a function that opens a script with this text behind the common start."""
    monkeypatch.chdir(tmp_path)

    def open_text(text: str) -> Program:
        Path("my_model.py").write_text(START + text, encoding="utf-8")
        return open_program("my_model.py")

    return open_text


def losses_of(timeline: Timeline, count: int) -> list[float | None]:
    return [timeline.losses.loss_at(number) for number in range(1, count + 1)]


@pytest.mark.parametrize("name", RUNS)
def test_every_way_through_a_run_gives_the_losses_of_the_script(name: str, opened: Open) -> None:
    program = opened(RUNS[name])
    seen, count = [step.measured for step in program.steps], len(program.steps)
    assert count >= 3
    trained = Timeline(program)
    assert trained.train(count)
    assert losses_of(trained, count) == seen
    stepped = Timeline(program)
    for _ in range(count + 2):
        stepped.forward(after_iteration)
    assert losses_of(stepped, count) == seen
    last = stepped.moment.loss
    for number in (2, count + 1, 1, count, count + 2):
        stepped.go_to(Place(number, None))
        assert stepped.moment.graph.loss is program.steps[(number - 1) % count].loss
    assert stepped.moment.loss == last
    assert losses_of(stepped, count) == seen


def test_the_losses_are_those_that_the_script_saw_also_headless(
    opened: Open, capsys: pytest.CaptureFixture[str]
) -> None:
    opened(
        "steps = [adam.minimize(loss, name='A'), momentum.minimize(other, name='B')]\n"
        "seen = [float(session.run(steps[i % 3 == 0], batch())) for i in range(7)]\n"
        "import json; print(json.dumps(seen))"
    )
    seen = json.loads(capsys.readouterr().err)
    assert main(["--json", "my_model.py"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["losses"] == seen
    assert said["steps"] == ["B", "A", "A", "B", "A", "A", "B"]
    assert main(["--headless", "my_model.py", "--steps", "2", "--learning-rate", "0.5"]) == 0
    printed = capsys.readouterr()
    assert "no longer the run that my_model.py made" in printed.err
    assert "    2 updates   A   loss = " in printed.out


def test_an_own_loop_is_gradient_descent_where_that_makes_it_to_the_bit(opened: Open) -> None:
    descents = [step.optimizer for step in opened(RUNS["own loop"]).steps]
    assert [type(optimizer) for optimizer in descents] == [GradientDescentOptimizer] * 5
    assert [optimizer.learning_rate for optimizer in descents] == [0.1 / (i + 1) for i in range(5)]
    assert all(isinstance(step.optimizer, ProgramsOptimizer) for step in opened(RUNS["own rule"]).steps)


def test_the_header_says_which_step_and_when_the_feeds_come_again(opened: Open) -> None:
    timeline = Timeline(
        opened(
            "A = adam.minimize(loss)\nB = adam.minimize(other)\n"
            "for _ in range(2): session.run(A, batch()), session.run(B, batch())"
        )
    )
    timeline.go_to(Place(2, 3))
    assert "iteration 2 B " in plain([draw_header(timeline.moment, 120)])
    timeline.go_to(Place(5, 3))
    assert "iteration 5 A (recorded 1-4; its feeds again) " in plain([draw_header(timeline.moment, 120)])


def test_an_edit_lasts_where_the_script_feeds_the_same(opened: Open) -> None:
    program = opened(
        "step = train.MomentumOptimizer(0.1, 0.9).minimize(loss)\nsame, one = batch(), batch()\n"
        "for feeds in (same, same, one, same): session.run(step, feeds)"
    )
    timeline = Timeline(program)
    x = next(node for node in program.steps[0].feeds if node.name == "x")
    timeline.go_to(Place(2, 0))
    old = float(timeline.moment.feeds[x][0, 0])
    timeline.fork(NumberEdit(x, (0, 0), old, 7.0))
    timeline.fork(NumberEdit(None, None, 0.1, 0.5))
    edited = []
    for number in (2, 3, 4, 5):
        timeline.go_to(Place(number, 0))
        edited.append((float(timeline.moment.feeds[x][0, 0]) == 7.0, timeline.moment.learning_rate))
    assert edited == [(True, 0.5), (False, 0.5), (True, 0.5), (True, 0.5)]
    assert isinstance(timeline.moment.optimizer, MomentumOptimizer)


def test_an_edited_branch_takes_off_what_the_program_took_off(opened: Open) -> None:
    program = opened(RUNS["own rule"])
    timeline = Timeline(program)
    w = next(node for node in program.steps[0].left_after if node.name == "w")
    timeline.go_to(Place(1, 0))
    timeline.fork(NumberEdit(w, (0, 0), 0.5, 1.5))
    timeline.go_to(Place(2, 0))
    moved = timeline.moment.variable(w) - program.steps[0].left_after[w]
    assert moved.tolist() == [[pytest.approx(1.0)], [pytest.approx(0.0)]]


@pytest.mark.parametrize("end", ["1 / 0", "raise KeyboardInterrupt"])
def test_a_script_that_stops_opens_at_the_steps_that_it_took(end: str, opened: Open) -> None:
    program = opened(f"step = adam.minimize(loss)\nfor _ in range(5): session.run(step, batch())\n{end}")
    assert len(program.steps) == 5
    assert "opened with the 5 steps that it took" in program.warning


def test_feeds_that_come_again_are_kept_once_and_too_many_are_left_out(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "step = adam.minimize(loss)\nall = [batch(), batch()]\nfor i in range(6): session.run(step, all[i % 2])"
    steps = opened(text).steps
    assert len({id(array) for step in steps for array in step.feeds.values()}) == 4
    monkeypatch.setattr("tui_backprop.programs.recorder.MOST_BYTES", 100)
    program = opened(text)
    assert len(program.steps) == 1
    assert "only the first 1 of its 6 steps are here: what they fed takes more than 64 MB" in program.warning


def test_what_is_hardly_ever_meant_is_said_when_it_is_opened_and_headless(
    opened: Open, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "J = dl.reduce_mean(dl.square(out - y), name='J')\nstep = adam.minimize(J)\n"
    program = opened(text + "for _ in range(2): session.run(step, {x: np.ones((4, 2)), y: np.ones(4)})")
    pairs = "subtract 'subtract_2' (my_model.py:13): out is (4,1), y is (4,): every entry of one meets every entry of"
    assert program.warning.startswith(pairs)
    session = DebugSession(program)
    assert session.message is not None
    wordings = sentences(session.message, {})
    assert (wordings[0], wordings[-1]) == (program.warning, f"{pairs} the other, (4,4).")
    assert main(["--headless", "my_model.py"]) == 0
    assert pairs in capsys.readouterr().err
    assert opened("step = adam.minimize(loss)\nsession.run(step, batch())").warning == ""


def test_a_number_that_the_script_set_is_not_said_to_be_left_by_the_step_before(opened: Open) -> None:
    set_once = (
        "step = train.GradientDescentOptimizer(0.1).minimize(loss)\n"
        "for i in range(4):\n    session.run(step, batch())\n"
        "    if i == 1: session.variables[b] = [0.25]\n    if i == 2: session.variables[w] = [[7.0], [8.0]]"
    )
    timeline = Timeline(opened(set_once))

    def told(iteration: int, name: str) -> str:
        timeline.go_to(Place(iteration))
        [index] = [
            index
            for index, event in enumerate(timeline.recording.events)
            if isinstance(event, NodeEvaluated) and event.node.name == name
        ]
        return plain([narrate_event_line(timeline.moment, index)])

    assert "iteration 1 left it at [" in told(2, "b")
    assert "the program set it to [0.25]" in told(3, "b")
    assert "iteration 2 left them like this" in told(3, "w")
    assert "the program set them like this" in told(4, "w")
    assert "iteration 3 left it at [" in told(4, "b")
    assert "iteration 4 left them like this" in told(5, "w")
    timeline.go_to(Place(2))
    [w] = [node for node in timeline.graph.variables if node.name == "w"]
    timeline.fork(
        NumberEdit(w, (0, 0), float(timeline.moment.variable(w)[0, 0]), 3.0)
    )  # what the script set counts no more
    assert "iteration 3 left them like this" in told(4, "w")
