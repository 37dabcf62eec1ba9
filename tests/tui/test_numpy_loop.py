"""Training loops in plain NumPy: their run is opened, and the gradients found by hand stand beside the right ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import minidl_core as dl
from minidl_core.definition import definitions
from minidl_core.train import AdamOptimizer, GradientDescentOptimizer
from tests.core.reference import build, sample_arrays
from tests.sample_graphs import SWEPT
from tests.tui.moments import finish
from tui_backprop.commands.cli import main
from tui_backprop.debugger.followed import Followed
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.drawing.palette import plain
from tui_backprop.export import script_of
from tui_backprop.inspector import draw_inspector
from tui_backprop.inspector.overview import draw_finished
from tui_backprop.lessons.lesson import Example, Lesson
from tui_backprop.programs.numpy_loop import find_loop
from tui_backprop.programs.opening import open_program
from tui_backprop.programs.program import ProgramError, program_of
from tui_backprop.verdict import judge

from .loop_scripts import ADAM, BATCHES, TWO_LAYERS, opened


def test_a_network_by_hand_is_opened_with_its_gradients(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program = opened(TWO_LAYERS, tmp_path)
    assert type(program.optimizer) is GradientDescentOptimizer
    assert program.optimizer.learning_rate == 0.5
    nodes = {node.name: node for node in program.example.loss.graph.nodes}
    assert {"X", "W1", "b1", "z1", "a1", "a2", "loss", "W2", "b2", "y"} <= set(nodes)
    assert nodes["a1"].location == "by_hand.py:21"
    assert {node.name for node in program.steps[0].theirs} == {"W1", "b1", "W2", "b2"}
    verdict = judge(program)
    assert verdict is not None
    assert verdict.status == 0
    assert main([str(tmp_path / "by_hand.py"), "--headless"]) == 0
    assert "✓ the loop (by_hand.py): 4 gradients agree in all 6 steps" in capsys.readouterr().out


def test_a_wrong_gradient_by_hand_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program = opened(TWO_LAYERS.replace("dz1 = dz2 @ W2.T * slope(a1)", "dz1 = dz2 @ W2.T"), tmp_path)
    verdict = judge(program)
    assert verdict is not None
    assert {each.node.name for each in verdict.parted} == {"W1", "b1"}
    assert main([str(tmp_path / "by_hand.py"), "--headless"]) == 3
    assert "2 of 4 gradients agree in iteration 1" in capsys.readouterr().out
    timeline = Timeline(program)
    finish(timeline, 1)
    node = next(each.node for each in verdict.parted if each.node.name == "W1")
    line = (tmp_path / "by_hand.py").read_text().splitlines().index("    dW1 = X.T @ dz1") + 1
    text = plain(draw_inspector(timeline.moment, "ledger", Followed(), 62, 40, node))
    assert f"found at  by_hand.py:{line}\n" in text


@pytest.mark.parametrize(
    ("hidden", "passed_on", "told"),
    [
        ("np.tanh(z1)", "dz2 @ W2.T", "the slope of tanh (to its input 1) is wrong: yours passes on G;"),
        ("np.tanh(z1)", "dz2 @ W2.T * slope(a1)", "yours passes on G⊙Y⊙(1 - Y); the right contribution is G⊙(1 - Y²)"),
        ("np.tanh(z1)", "dz2 @ W2.T * (1 - z1 ** 2)", "yours passes on G⊙(1 - A²);"),
        ("np.maximum(0, z1)", "dz2 @ W2.T", "the slope of maximum (to its input 2) is wrong: yours passes on G;"),
        ("np.tanh(z1)", "-dz2 @ W2.T * (1 - a1 ** 2)", ""),  # the sign is seen in the gradient itself
        ("sigmoid(z1)", "dz2 @ W2.T", "the slope of the sigmoid 1 / (1 + exp(-Z)) in a1 is wrong: yours passes on G;"),
    ],
)
def test_a_wrong_slope_by_hand_is_named_where_it_alone_makes_the_numbers(
    hidden: str, passed_on: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = {"a1 = sigmoid(z1)": f"a1 = {hidden}", "dz1 = dz2 @ W2.T * slope(a1)": f"dz1 = {passed_on}"}
    source = TWO_LAYERS
    for line, instead in lines.items():
        source = source.replace(line, instead)
    timeline = Timeline(opened(source, tmp_path))
    finish(timeline, 1)
    assert main([str(tmp_path / "by_hand.py"), "--headless"]) == 3
    printed, shown = capsys.readouterr().out, plain(draw_finished(timeline.moment, Followed(), 400, 40))
    for text in (printed, shown):
        assert told in text if told else "yours passes on" not in text


THREE_LAYERS = """
import numpy as np
rng = np.random.default_rng(2)
X, t, seen = rng.normal(size=(30, 3)), rng.normal(size=(30, 1)), []
W1, W2, W3 = rng.normal(size=(3, 6)), rng.normal(size=(6, 6)), rng.normal(size=(6, 1))
for epoch in range(4):
    h1 = np.tanh(X @ W1)
    h2 = np.tanh(h1 @ W2)
    loss = np.mean((h2 @ W3 - t) ** 2)
    d3 = 2 * (h2 @ W3 - t) / len(X)
    dW3 = h2.T @ d3
    d2 = d3 @ W3.T * (1 - h2 ** 2)
    dW2 = h1.T @ d2
    d1 = d2 @ W2.T * (1 - h1 ** 2)
    dW1 = X.T @ d1
    W1 -= 0.1 * dW1
    W2 -= 0.1 * dW2
    W3 -= 0.1 * dW3
    seen.append(loss)
"""


@pytest.mark.parametrize(("slope", "told"), [(" * (1 - h1 ** 2)", "in h1"), (" * (1 - h2 ** 2)", "in h2")])
def test_of_two_alike_layers_the_one_with_the_wrong_slope_is_named(slope: str, told: str, tmp_path: Path) -> None:
    verdict = judge(opened(THREE_LAYERS.replace(slope, ""), tmp_path))
    assert verdict is not None
    [fault] = verdict.diagnosis
    assert f"tanh (to its input 1) {told} is wrong: yours passes on G;" in fault.message
    verdict = judge(opened(THREE_LAYERS, tmp_path))
    assert verdict is not None
    assert verdict.status == 0


@pytest.mark.parametrize(("source", "optimizer"), [(BATCHES, None), (ADAM, AdamOptimizer)])
def test_batches_clipping_and_other_rules_are_followed(source: str, optimizer: type | None, tmp_path: Path) -> None:
    program = opened(source, tmp_path)
    verdict = judge(program)
    assert verdict is not None
    assert verdict.status == 0
    assert optimizer is None or type(program.optimizer) is optimizer
    if source is BATCHES:
        assert [step.feeds[node].shape for step in program.steps for node in step.feeds if node.name == "xb"] == [
            *[(10, 5)] * 6
        ]


@pytest.mark.parametrize(
    ("line", "instead", "said"),
    [
        ("a1 = sigmoid(z1)", "a1 = np.sinc(z1)", "by_hand.py:20: sinc is not followed: np.sinc is no operation here"),
        ("a1 = sigmoid(z1)", "a1 = np.sort(z1)", "by_hand.py:20: sort is not followed: "),
    ],
)
def test_what_cannot_be_followed_is_said_with_its_line(line: str, instead: str, said: str, tmp_path: Path) -> None:
    assert line in TWO_LAYERS
    with pytest.raises(ProgramError) as error:
        opened(TWO_LAYERS.replace('\n"""Exclusive or, by hand."""', "").replace(line, instead), tmp_path)
    assert said in str(error.value)


def test_a_number_that_stops_being_finite_is_the_end_of_the_run(tmp_path: Path) -> None:
    source = "import numpy as np\nnp.seterr(all='ignore')\na, seen = 3.0, []\nfor i in range(12):\n"
    source += "    J = a - np.log(a)\n    da = 1 - 1 / a\n    a = a - 4.2 * da\n    print(i, J)\n"
    (tmp_path / "far.py").write_text(source)
    program = open_program(str(tmp_path / "far.py"))
    assert len(program.steps) == 7
    assert "far.py is opened with 7 iterations; in the next, log" in program.warning


@pytest.mark.parametrize(
    "source",
    [
        "import numpy as np\nimport minidl_core as dl\nfor i in range(3):\n    loss = i\n    print(loss)\n",
        "import numpy as np\nclass Value: pass\nfor i in range(3):\n    loss = i\n    print(loss)\n",
        "import numpy as np\nprint(np.ones(3))\n",
        "not python",
    ],
)
def test_no_other_script_is_looked_at(source: str) -> None:
    assert find_loop(source.encode()) is None


@pytest.mark.parametrize("name", sorted({*SWEPT} - {"too-far"}))
def test_an_exported_lesson_is_opened_again(name: str, tmp_path: Path) -> None:
    path = tmp_path / "again.py"
    path.write_text("\n".join(script_of(open_program(name), "numpy", 4, "", 1_000).lines))
    program = open_program(str(path))
    verdict = judge(program)
    assert verdict is not None
    assert (verdict.status, verdict.recorded) == (0, 4)


@pytest.mark.parametrize("name", sorted(definitions))
def test_an_export_of_every_operation_is_opened_again(name: str, tmp_path: Path) -> None:
    made = definitions[name]
    for seed, sample in enumerate(made.samples):
        with dl.Graph().as_default():
            arrays, drawn, attributes = sample_arrays(made, sample, seed)
            inputs = [dl.Variable(a) if is_drawn else dl.Constant(a) for a, is_drawn in zip(arrays, drawn, strict=True)]
            node = build(name, inputs, attributes)
            weighed = dl.reduce_sum(node * np.random.default_rng(seed).normal(size=node.shape))
            example = Example(dl.square(dl.Variable(1.0)) + weighed, {})
        path = tmp_path / f"again_{seed}.py"
        lesson = Lesson("", "", lambda _, example=example: example, 0.001)  # type: ignore[misc]
        path.write_text("\n".join(script_of(program_of(lesson), "numpy", 3, "", 1_000).lines))
        verdict = judge(open_program(str(path)))
        assert verdict is not None
        assert (verdict.status, verdict.recorded) == (0, 3)


def test_a_clip_without_a_bound_is_opened_again(tmp_path: Path) -> None:
    with dl.Graph().as_default():
        loss = dl.reduce_sum(dl.square(dl.clip(dl.Variable([0.5, -1.0, 3.0], name="w"), 0.1)))
    path = tmp_path / "again.py"
    path.write_text(
        "\n".join(script_of(program_of(Lesson("", "", lambda _: Example(loss, {}), 0.1)), "numpy", 3, "", 99).lines)
    )
    assert "np.clip(w, 0.1, np.inf)" in path.read_text()
    verdict = judge(open_program(str(path)))
    assert verdict is not None
    assert (verdict.status, verdict.recorded) == (0, 3)


def test_a_loop_that_stops_or_never_ends_is_opened_with_what_it_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = TWO_LAYERS.replace("range(6)", "range(100)")
    (tmp_path / "stops.py").write_text(
        TWO_LAYERS.replace("    seen.append(loss)", "    if epoch == 3: raise KeyError(3)")
    )
    program = open_program(str(tmp_path / "stops.py"))
    assert (len(program.steps), "raised KeyError: 3" in program.warning) == (3, True)
    monkeypatch.setattr("tui_backprop.programs.loop_recorder.MOST_BYTES", 2_000)
    (tmp_path / "long.py").write_text(source)
    program = open_program(str(tmp_path / "long.py"))
    assert 1 < len(program.steps) < 20
    assert f"Only the first {len(program.steps)} iterations" in program.warning


POINT_BY_POINT = """
import numpy as np
x = np.array([1.0, 2.0, 3.0, 4.0])
w, b = np.array(0.0), np.array(0.0)
for epoch in range(9):
    dw, db, loss = 0.0, 0.0, 0.0
    for at, wanted in zip(x, 3 * x - 1):
        error = w * at + b - wanted
        loss += error ** 2 / 4
        dw += 2 * error * at / 4
        db += 2 * error / 4
    w = w - 0.01 * dw
    b = b - 0.01 * db
"""


@pytest.mark.parametrize("begin", ["np.array(0.0), np.array(0.0)", "0.0, 0.0", "0, 0.5"])
def test_a_loop_over_single_points_is_one_step(begin: str, tmp_path: Path) -> None:
    source = POINT_BY_POINT.replace("np.array(0.0), np.array(0.0)", begin)
    (tmp_path / "points.py").write_text(source)
    program = open_program(str(tmp_path / "points.py"))
    verdict = judge(program)
    assert verdict is not None
    assert (verdict.status, verdict.compared, verdict.recorded, program.learning_rate) == (0, 2, 9, 0.01)
    assert {node.name for node in program.steps[0].theirs} == {"w", "b"}
    (tmp_path / "points.py").write_text(source.replace("db += 2 * error / 4", "db = 2 * error / 4"))
    verdict = judge(open_program(str(tmp_path / "points.py")))
    assert verdict is not None
    assert [each.node.name for each in verdict.parted] == ["b"]


MIXED = """
import numpy as np
rng = np.random.default_rng(0)
x = rng.normal(size=(40, 3))
W, seen = np.zeros(3), []
for epoch in range(3):
    mixed = x[rng.permutation(40)]
    for first in range(0, 40, 10):
        batch = mixed[first:first + 10]
        error = batch @ W - batch.sum(axis=1)
        loss = np.mean(error ** 2)
        seen.append(loss)
        dW = 2 * batch.T @ error / 10
        W = W - 0.1 * dW
"""


def test_what_an_outer_loop_mixes_is_data(tmp_path: Path) -> None:
    program = opened(MIXED, tmp_path)
    assert [each.name for each in program.steps[0].left_after] == ["W"]
    verdict = judge(program)
    assert verdict is not None
    assert verdict.status == 0
