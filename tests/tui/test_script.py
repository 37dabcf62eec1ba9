"""A person's own file: what of it is opened, and how it is run."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest

import minidl_core as dl
from tui_backprop.app import BackpropApp
from tui_backprop.commands.cli import main
from tui_backprop.debugger.followed import Followed
from tui_backprop.debugger.steps import Place
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.drawing.palette import plain
from tui_backprop.inspector import draw_inspector
from tui_backprop.inspector.code_view import code_lines
from tui_backprop.narration.solution import write_solution
from tui_backprop.notation.moments import command
from tui_backprop.programs.script import open_script

from .moments import finish
from .on_screen import text
from .readme import file_under
from .scripts import IMPORTS, STEP, Write


def losses_of(path: str, capsys: pytest.CaptureFixture[str], *arguments: str) -> list[float]:
    assert main(["--json", path, *arguments]) == 0
    return json.loads(capsys.readouterr().out)["losses"]


# what is opened


OWN_OPTIMIZER = """
class Own(dl.train.Optimizer):
    decay: float = dl.train.setting("μ", default=0.5, below=1.0)
    terms = (
        dl.train.Term("v", "μ·v + G", "A velocity.", is_slot=True),
        dl.train.Term("step", "η·v", "Along the velocity."),
    )

    @staticmethod
    def compute(g, v, learning_rate, decay):
        v = decay * v + g
        return v, learning_rate * v
"""


@pytest.mark.parametrize(
    "made",
    [
        "dl.train.AdamOptimizer(0.1, clip_norm=1.0)",
        "dl.train.MomentumOptimizer(dl.train.StepRate(0.1, 0.5, 3), 0.9, nesterov=True)",
        "Own(0.1, 0.25, weight_decay=0.1)",
    ],
)
def test_a_script_is_trained_with_its_own_optimizer(
    made: str, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(
        f"{IMPORTS}{OWN_OPTIMIZER}w = dl.Variable([1.0, 2.0])\nJ = dl.reduce_sum(dl.square(dl.tanh(w)))\n"
        f"step = {made}.minimize(J)\nsession, losses = dl.Session(), []\n"
        "for _ in range(6):\n    losses.append(float(session.run(step)))\n"
        "from pathlib import Path\nPath('losses.txt').write_text(str(losses))\n"
    )
    losses = losses_of(path, capsys, "--steps", "5")
    assert losses == json.loads(Path("losses.txt").read_text())
    timeline = Timeline(open_script(path, None))
    finish(timeline, 6)
    timeline.go_to(Place(2, None))
    finish(timeline, 6)
    assert [timeline.losses.loss_at(n) for n in range(1, 7)] == losses


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_strangers_optimizer_can_be_stepped_through(size: tuple[int, int], write: Write) -> None:
    path = write(
        f"{IMPORTS}{OWN_OPTIMIZER}w = dl.Variable([1.0, 2.0])\nJ = dl.reduce_sum(dl.square(w))\n"
        "step = Own(0.1, 0.25).minimize(J)\ndl.Session().run(step)\n"
    )
    app = BackpropApp(path)
    async with app.run_test(size=size) as pilot:
        await pilot.press("i", "p", "p", "space")
        await pilot.pause()
        shown = text(pilot, "inspector")
        assert "W new" not in shown
        assert "w new = w - step" in shown
        assert re.search(r"v = μ·v \+ G\s+= \(0.25\)\(2\) \+ 1.6", shown)
        assert re.search(r"step = η·v = \(0.1\)\(2.1\) = 0.21", shown)
        assert re.search(r"► w\[0\] = 0.80 - 0.21 = 0.59", shown)
        assert "w moves against its gradient: w - step" in text(pilot, "step")
        code = plain(code_lines(app.timeline.moment, app.timeline.graph.variables[0], 70, Followed()))
        assert re.search(r"w, update +my_model.py:12\n", code)
        assert "return v, learning_rate * v" in code


LOOP = """w = dl.Variable([1.0, 2.0], name="w")
J = dl.reduce_sum(dl.square(w))
session = dl.Session()
for i in range(3):
    session.run(J)
    G = dl.compute_gradient(J)
    session.variables[w] = session.run(w) - {step}
"""


@pytest.mark.parametrize(
    ("step", "said", "rate", "optimizer"),
    [
        ("0.1 * G[w]", "learning rate 0.1", 0.1, None),
        ("0.1 / (i + 1) * G[w]", "learning rate 0.1 at first, then others", 0.1, None),
        ("0.01 * G[w] ** 3", "own update", None, {"name": "own update"}),
    ],
)
def test_headless_says_what_the_script_has_and_no_class_of_ours(
    step: str, said: str, rate: float | None, optimizer: object, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(IMPORTS + LOOP.format(step=step))
    assert main(["--headless", path]) == 0
    assert capsys.readouterr().out.splitlines()[0] == f"my_model.py   {said}"
    assert main(["--json", path]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["learning_rate"], facts.get("optimizer")) == (rate, optimizer)
    if optimizer is not None:
        timeline = Timeline(open_script(path))
        assert "by the program's own update" in plain(draw_inspector(timeline.moment, "value", Followed(), 80, 40))
        assert "learning rate" not in "\n".join(write_solution(timeline, Followed()))


def test_headless_names_an_optimizer_and_its_settings(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(
        f"{IMPORTS}w = dl.Variable([1.0, 2.0])\nJ = dl.reduce_sum(dl.square(w))\n"
        "rate = dl.train.StepRate(0.1, 0.5, 3)\n"
        "step = dl.train.AdamOptimizer(rate, clip_norm=1.0).minimize(J)\ndl.Session().run(step)\n"
    )
    assert main(["--json", path, "--steps", "1"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["optimizer"] == {
        "name": "adam",
        "clip_norm": 1.0,
        "beta1": 0.9,
        "beta2": 0.999,
        "epsilon": 1e-8,
    }
    assert (said["learning_rate"], said["schedule"]) == (0.1, "StepRate(start=0.1, factor=0.5, every=3)")
    assert main(["--headless", path, "--steps", "1"]) == 0
    first = capsys.readouterr().out.splitlines()[0]
    adam = "adam(clip_norm=1.0, beta1=0.9, beta2=0.999, epsilon=1e-08)"
    falls = "learning rate 0.1 at first, StepRate(start=0.1, factor=0.5, every=3)"
    assert first == f"my_model.py   {adam}   {falls}"
    assert main(["--json", "chain", "--steps", "1"]) == 0
    assert not {"optimizer", "schedule"} & json.loads(capsys.readouterr().out).keys()


def test_the_readmes_script_opens_as_it_was_before_training(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(file_under("Your own graph"))
    x, y = np.array([0, 1, 2, 3]), np.array([1, 3, 5, 7])
    w, b, losses = 0.0, 0.0, []
    for _ in range(31):
        wrong = w * x + b - y
        losses.append(np.mean(wrong**2))
        w, b = w - 0.02 * np.mean(2 * wrong * x), b - 0.02 * np.mean(2 * wrong)
    assert main(["--json", path, "--steps", "30"]) == 0
    printed = capsys.readouterr()
    said = json.loads(printed.out)
    assert said["losses"] == pytest.approx(losses)
    assert (said["lesson"], said["seed"], said["learning_rate"]) == (path, None, 0.02)
    assert list(said["variables"]) == ["w", "b"]
    assert re.fullmatch(r"w 2\.00\d+ b 0\.99\d+\n", printed.err)  # what the script prints


def test_the_learning_rate_can_be_another(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(IMPORTS + STEP + "w = dl.Variable(3.0)\nstep = step_of(dl.square(w))")
    assert losses_of(path, capsys, "--steps", "1", "--learning-rate", "0.25") == [9, 2.25]
    assert main(["--headless", path, "--steps", "1"]) == 0
    assert capsys.readouterr().out.startswith("my_model.py   learning rate 0.1\n")


def test_the_steps_that_were_run_are_opened_with_what_they_were_fed(write: Write) -> None:
    program = open_script(
        write(
            IMPORTS
            + STEP
            + """
def train():
    with dl.Graph().as_default():
        x, w = dl.placeholder(name="x"), dl.Variable(2.0, name="w")
        one, other = dl.multiply(w, x, name="one"), dl.multiply(w, -x, name="other")
        steps = [step_of(one), step_of(other, 0.5), step_of(one, 0.01)]
        session = dl.Session()
        session.run(steps[0], {x: 1})
        session.run([other, steps[1]], {x: 2})
        session.run(one, {x: 3})


if __name__ == "__main__":
    sys.exit(train())
"""
        )
    )
    steps = [(step.loss.name, step.measured, step.optimizer.learning_rate) for step in program.steps]
    assert steps == [("one", 2.0, 0.1), ("other", -1.9 * 2, 0.5)]
    assert [[float(value) for value in step.feeds.values()] for step in program.steps] == [[1.0], [2.0]]


@pytest.mark.parametrize("run", ["dl.Session().run(loss, {x: 4})", "dl.Stepper(step, {x: 4}).run(3)"])
def test_a_step_that_no_session_runs_is_fed_as_its_loss_or_its_stepper(run: str, write: Write) -> None:
    script = "x, w = dl.placeholder(), dl.Variable(2.0)\nloss = w * x\nstep = step_of(loss)\n"
    example = open_script(write(IMPORTS + STEP + script + run)).example
    assert {node.name: float(value) for node, value in example.feeds.items()} == {"x": 4}


def test_a_script_that_stops_at_a_nan_is_opened_to_look_into_it(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "w, x = dl.Variable(1.0), dl.placeholder()\nstep = step_of(dl.log(w * x), 3)\n"
    path = write(IMPORTS + STEP + text + "for _ in range(9):\n    dl.Session().run(step.loss, {x: 0})")
    program = open_script(path)
    assert program.warning.startswith("my_model.py:9 raised NonFiniteError: log 'log' (")
    timeline = Timeline(program)
    finish(timeline, 1)
    assert isinstance(timeline.moment.error, dl.NonFiniteError)
    assert main(["--headless", path]) == 1


def test_nodes_are_called_as_the_scripts_variables_unless_they_have_a_name(write: Write) -> None:
    text = """
w = v = dl.Variable(1.0)
with dl.name_scope("layer"):
    b = dl.Variable(2.0)
named = dl.add(w, b, name="sum")
square = dl.square(w + named)
sum = dl.exp(square)
kept = dl.multiply(sum, w, name="multiply")
_hidden = dl.negative(sum)
J = _hidden - 1
step = step_of(J)
"""
    loss = open_script(write(IMPORTS + STEP + text)).example.loss
    assert [node.name for node in loss.graph.nodes] == [
        *("w", "layer/b", "sum", "add", "square", "exp", "multiply", "negative", "constant", "J", "step")
    ]
    assert loss.location == "my_model.py:15"


def test_nothing_that_a_script_says_is_obeyed_by_the_terminal(write: Write, capfd: pytest.CaptureFixture[str]) -> None:
    named = 'w = dl.Variable([1.0, 2.0], name="w\\x1b[31m")\nloss = dl.reduce_sum(w, name="J\\r")\n'
    for end, status in [("0.1).minimize(loss)", 0), ("0.1).minimize(w)", 2), ("1e308).minimize(dl.exp(loss))", 1)]:
        path = write(f"{IMPORTS}{named}step = dl.train.GradientDescentOptimizer({end}\n")
        for arguments in ([], ["--json"]):
            assert main(["--headless", *arguments, path]) == status
            said = "".join(capfd.readouterr())
            assert all(char.isprintable() for char in said.replace("\n", ""))
            assert r"w\x1b[31m" in said or "--json" in arguments


def test_headless_ends_with_2_where_the_graph_is_wrong(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    operation = """
@dl.operation(formula="Y = A+A")
def without_gradient(a, /):
    return a + a
step = step_of(dl.reduce_sum(without_gradient(dl.Variable(1.0))))
"""
    assert main(["--headless", write(IMPORTS + STEP + operation)]) == 2
    assert "no gradient function is registered" in capsys.readouterr().err


def test_ten_thousand_nodes_open(write: Write) -> None:
    text = "node = dl.Variable(0.5)\nfor _ in range(10_000):\n    node = dl.sigmoid(node)\nstep = step_of(node)"
    assert len(Timeline(open_script(write(IMPORTS + STEP + text))).graph.nodes) == 10_001


async def test_the_screen_names_the_file_and_shows_its_own_operation(write: Write) -> None:
    text = '''
"""Twice is more."""
from minidl_core import *

@operation(formula="Y = 2·A", samples=[((3, 2),)])
def twice(a, /):
    """Twice of A."""
    return a + a

@RegisterGradient("twice")
def _twice_gradient(op, grad):
    """Twice of G."""
    return [grad + grad]

J = twice(Variable(1.5, name="w"))
train.GradientDescentOptimizer(0.1).minimize(J)
'''
    Path("a dir").mkdir()
    path = write(text.lstrip(), "a dir/it's.py")
    async with BackpropApp(path).run_test(size=(80, 24)) as pilot:
        screen = ["".join(part.text for part in strip) for strip in pilot.app.screen._compositor.render_strips()]
        assert screen[0].startswith(" it's.py  iteration 1")
        assert any("Twice is more." in row for row in screen)
        timeline = pilot.app.timeline  # type: ignore[attr-defined]
        assert command(timeline) == """backprop-tui 'a dir/it'"'"'s.py' --at 0"""
        lines = code_lines(timeline.moment, timeline.graph.loss, 70, Followed())
        code = ["".join(text for text, _ in line) for line in lines]
        assert code[0].split() == ["twice,", "forward", "it's.py:5"]
        assert "    return a + a" in code


# how it is run


def test_it_runs_as_python_would_run_it(write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("src").mkdir()
    write("def helped(): return 'helped'", "src/sibling_of_my_model.py")
    path = write(
        IMPORTS
        + STEP
        + """
import os
from sibling_of_my_model import helped
def annotated(x: int): ...
print(helped(), __name__, sys.argv, sys.path[0], annotated.__annotations__["x"].__name__)
assert sys.modules["__main__"].__dict__ is globals()
assert os.path.samefile(__file__, "src/my_model.py") and os.path.isabs(__file__)
os.chdir("/")
step = step_of(dl.Variable(1.0))
""",
        "src/my_model.py",
    )
    before = sys.modules["__main__"], sys.argv, dl.Variable(1.0).graph
    places = sys.path.copy()
    open_script(path)
    source = str(tmp_path.resolve() / "src")
    printed = capsys.readouterr()
    assert printed.err == f"helped __main__ ['src/my_model.py'] {source} int\n"
    assert printed.out == ""
    assert (sys.modules["__main__"], sys.argv, dl.Variable(1.0).graph) == before
    assert sys.path == [*places, source]
    del sys.modules["sibling_of_my_model"]


def test_what_it_asks_for_is_read_from_the_standard_input(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    from io import StringIO

    monkeypatch.setattr("sys.stdin", StringIO("0.7\n"))
    assert open_script(write(IMPORTS + STEP + "step_of(dl.Variable(1.0), float(input()))")).learning_rate == 0.7


def test_a_thread_of_a_script_builds_in_the_graph_of_the_script(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    source = (
        "import threading\nw = dl.Variable(3.0, name='w')\n"
        "def train():\n    step = dl.train.GradientDescentOptimizer(0.1).minimize(dl.square(w - 1.0))\n"
        "    session = dl.Session()\n    for _ in range(2): session.run(step)\n"
        "thread = threading.Thread(target=train)\nthread.start()\nthread.join()\n"
    )
    before = dl.Variable(0.0).graph
    with dl.Graph().as_default():
        assert losses_of(write(IMPORTS + source), capsys) == [4.0, pytest.approx(2.56)]
        assert dl.Variable(0.0).graph is not before
    assert dl.Variable(0.0).graph is before
