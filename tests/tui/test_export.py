"""Exported scripts, run as programs, reach the same losses: all lessons, operations and optimizers, random graphs."""

from __future__ import annotations

import contextlib
import io
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

import minidl_core as dl
from minidl_core.definition import definitions
from tests.core.random_graphs import random_recipe
from tests.core.reference import build, sample_arrays
from tests.sample_graphs import SWEPT
from tui_backprop.commands.cli import EXPORTS, main
from tui_backprop.exercise import value
from tui_backprop.export import KINDS, script_of
from tui_backprop.lessons.lesson import Example, Lesson
from tui_backprop.programs.opening import open_program
from tui_backprop.programs.program import Program, ProgramError, program_of

OPTIMIZERS = (
    dl.train.GradientDescentOptimizer,
    lambda rate: dl.train.MomentumOptimizer(rate, 0.9),
    lambda rate: dl.train.MomentumOptimizer(rate, 0.5, nesterov=True, clip_value=0.1),
    dl.train.RMSPropOptimizer,
    lambda rate: dl.train.AdamOptimizer(rate, weight_decay=0.1, clip_norm=0.5),
    dl.train.AdamWOptimizer,
)
RATES = (0.01, dl.train.CosineRate(0.02, 20), dl.train.StepRate(0.02, 0.5, every=3))
MANY = 1_000


@pytest.fixture(params=sorted(KINDS))
def kind(request: pytest.FixtureRequest) -> Iterator[str]:
    """Each kind of script; torch where it is installed."""
    if request.param != "torch":
        yield request.param
        return
    torch = pytest.importorskip("torch")
    before = torch.get_default_dtype()
    yield "torch"
    torch.set_default_dtype(before)


def losses_of(program: Program, steps: int) -> list[float]:
    """The losses of the engine, to where it stops."""
    stepper = dl.Stepper(program.example.loss, program.example.feeds, optimizer=program.optimizer)
    losses: list[float] = []
    with contextlib.suppress(dl.NonFiniteError):
        for _ in range(steps):
            losses += stepper.run(1)
    return losses


def printed_by(program: Program, kind: str, steps: int) -> list[float]:
    """The losses that a script prints, run in this process, to where it stops."""
    script = script_of(program, kind, steps, "backprop-tui", MANY)
    assert all(line.isprintable() for line in script.lines), "what is not would be written as an escape"
    assert not script.beside
    out = io.StringIO()
    names: dict[str, Any] = {"__name__": "__main__"}
    with contextlib.redirect_stdout(out), contextlib.suppress(dl.NonFiniteError), np.errstate(all="ignore"):
        exec("\n".join(script.lines), names)
    return [float(line.split()[1]) for line in out.getvalue().splitlines() if line[0].isdigit()]


def assert_same(program: Program, kind: str, steps: int) -> None:
    wanted = losses_of(program, steps)
    assert printed_by(program, kind, steps)[: len(wanted)] == pytest.approx(wanted, rel=1e-9, abs=1e-9)


def test_the_command_line_names_all_kinds() -> None:
    assert set(EXPORTS) == set(KINDS)


@pytest.mark.parametrize("name", SWEPT)
def test_every_lesson_as_a_script_reaches_the_same_losses(name: str, kind: str) -> None:
    assert_same(open_program(name), kind, 20)


@pytest.mark.parametrize("seed", range(8))
def test_a_random_graph_with_each_optimizer_as_a_script_reaches_the_same_losses(seed: int, kind: str) -> None:
    nodes, _ = random_recipe(Random(seed)).build()
    lesson = Lesson("", "", lambda _: Example(nodes[-1], {}), RATES[seed % 3], optimizer=OPTIMIZERS[seed % 6])
    assert_same(program_of(lesson), kind, 5)


@pytest.mark.parametrize("name", sorted(definitions))
def test_every_operation_as_a_script_reaches_the_same_losses(name: str, kind: str) -> None:
    made = definitions[name]
    total: dl.Node = dl.Constant(0.0)
    with dl.Graph().as_default():
        total = dl.square(dl.Variable(1.0))  # where the operation has no slope, something is left to train
        for seed, sample in enumerate(made.samples):
            arrays, drawn, attributes = sample_arrays(made, sample, seed)
            inputs = [dl.Variable(a) if is_drawn else dl.Constant(a) for a, is_drawn in zip(arrays, drawn, strict=True)]
            node = build(name, inputs, attributes)
            total = total + dl.reduce_sum(node * np.random.default_rng(seed).normal(size=node.shape))
    assert_same(program_of(Lesson("", "", lambda _: Example(total, {}), 0.001)), kind, 3)


def test_ties_have_the_slopes_of_the_app(kind: str) -> None:
    with dl.Graph().as_default():
        a, b = dl.Variable([0.0, 1.0, 1.0], name="a"), dl.Variable([0.0, 1.0, 2.0], name="b")
        parts = [dl.maximum(a, b), dl.minimum(a, 0.0), dl.maximum(1.0, a), dl.clip(a, 0, 1), dl.relu(a), dl.abs(a)]
        parts += [dl.reduce_max(a), dl.max_pool(dl.reshape(dl.stack([a, a, b, b]), (1, 1, 4, 3))), dl.norm(a * 0)]
        total = dl.square(b[0])
        for part in parts:
            total = total + dl.reduce_sum(dl.square(part) + part)
    assert_same(program_of(Lesson("", "", lambda _: Example(total, {}), 0.1)), kind, 3)


def test_a_script_in_a_file_runs_as_a_program_and_is_opened_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    wanted = losses_of(open_program("perceptron", 3), 5)
    for kind in ("numpy", "minidl"):
        assert main(["perceptron", "--seed", "3", "--export", kind, f"as_{kind}.py", "--steps", "5"]) == 0
        assert f"its data in as_{kind}.npz" in capfd.readouterr().out
        done = subprocess.run([sys.executable, f"as_{kind}.py"], capture_output=True, text=True, timeout=60, check=True)
        assert [float(line.split()[1]) for line in done.stdout.splitlines()[:5]] == pytest.approx(wanted, rel=1e-9)
    again = open_program("as_minidl.py")
    assert [step.measured for step in again.steps] == wanted
    assert {node.name for node in again.example.loss.graph.nodes} >= {"X", "c", "W", "b", "p", "J"}
    assert main(["perceptron", "--export", "numpy", "as_numpy.py"]) == 2
    assert "as_numpy.py is there already" in capfd.readouterr().err
    assert main(["perceptron", "--export", "numpy", "numpy.py"]) == 2
    assert "numpy.py would be imported in place of the library" in capfd.readouterr().err
    assert main(["perceptron", "--export", "numpy", "nowhere/x.py"]) == 2
    assert "nowhere/x.py cannot be written: No such file" in capfd.readouterr().err


BATCHES = """
import numpy as np
import minidl_core as dl
x, y = dl.placeholder((2, 2), name="x"), dl.placeholder((2,), name="y")
w, b = dl.Variable([0.1, 0.2], name="w"), dl.Variable(0.0, name="b")
loss = dl.reduce_mean(dl.square(x @ w + b - y), name="loss")
optimizer = dl.train.GradientDescentOptimizer(0.05)
step = optimizer.minimize(loss, var_list=[w])
session, rng = dl.Session(), np.random.default_rng(0)
session.variables[b] = np.array(0.25)
batches = [(rng.normal(size=(2, 2)), rng.normal(size=2)) for _ in range(3)]
for number in range(7):
    optimizer.learning_rate = 0.05 / (number + 1)
    X, Y = batches[number * number % 3]
    session.run(step, {x: X, y: Y})
"""


def test_a_run_with_batches_a_frozen_part_and_a_falling_rate_is_repeated(
    kind: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "run.py").write_text(BATCHES)
    program = open_program(str(tmp_path / "run.py"))
    wanted = [step.measured for step in program.steps]
    assert len(set(wanted)) == 7
    assert printed_by(program, kind, 7) == pytest.approx(wanted, rel=1e-9)


OWN = '''
import math
import numpy as np
import minidl_core as dl
STEEP = 3.0

def bent(a):
    return np.tanh(a) * STEEP  # STEEP and math.pi come along

@dl.operation(formula="Y = bend A", samples=[((3, 2),)], elementwise=True)
def bend(a: np.ndarray, /, power: int = 1):
    """Bent."""
    return bent(a) ** power * math.pi

@dl.RegisterGradient("bend", formulas=("G times the slope",))
def _bend_gradient(op, grad):
    """Why."""
    return [grad * (STEEP - bent(op.inputs[0]) ** 2 / STEEP) * math.pi]

class SignOptimizer(dl.train.Optimizer):
    """Steps of one length."""
    fading: float = dl.train.setting("β", default=0.9, below=1.0)
    terms = (
        dl.train.Term("m", "β·m + (1 - β)·G", "A mean.", is_slot=True),
        dl.train.Term("step", "η·sign(m)", "Its sign."),
    )
    @staticmethod
    def compute(g, m, learning_rate, fading):
        m = fading * m + (1.0 - fading) * g
        return m, learning_rate * np.sign(m)

w = dl.Variable([0.3, -0.2], name="lambda")
step = SignOptimizer(0.1).minimize(dl.reduce_sum(dl.square(bend(w, name="print"))))
session = dl.Session()
for _ in range(4):
    session.run(step)
'''


def test_an_operation_and_an_optimizer_of_ones_own_come_along_with_their_source(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(OWN)
    program = open_program(str(tmp_path / "own.py"))
    lines = script_of(program, "numpy", 4, "", MANY).lines
    assert "    return np.tanh(a) * STEEP  # STEEP and math.pi come along" in lines
    assert lines.count("STEEP = 3.0") == 1
    assert printed_by(program, "numpy", 4) == pytest.approx([step.measured for step in program.steps], rel=1e-9)
    for kind in ("torch", "minidl"):
        with pytest.raises(ProgramError, match="--export numpy can write it"):
            script_of(program, kind, 4, "", MANY)


def test_a_gradient_function_that_somebody_has_replaced_comes_along() -> None:
    @dl.RegisterGradient("square", formulas=("3·G⊙A",))
    def steeper(op: dl.EvaluatedOperation, grad: np.ndarray) -> list[np.ndarray]:
        return [3.0 * grad * op.inputs[0]]

    with dl.Graph().as_default():
        loss = dl.square(dl.Variable(2.0))
    program = program_of(Lesson("", "", lambda _: Example(loss, {}), 0.1))
    assert_same(program, "numpy", 3)
    with pytest.raises(ProgramError, match="--export numpy can write it"):
        script_of(program, "torch", 3, "", MANY)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ("return bent(a) ** power * math.pi", "return w.initial_value + a"),
        ("return np.tanh(a) * STEEP ", "return np.tanh(a) * unknown if STEEP < 0 else a "),
    ],
)
def test_a_source_that_cannot_come_along_is_refused_by_name(changed: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(OWN.replace(changed, said))
    with pytest.raises(ProgramError, match=r"bend 'print' \(own.py:\d+\) is computed with (w|unknown), which"):
        script_of(open_program(str(tmp_path / "own.py")), "numpy", 4, "", MANY)


def test_names_and_texts_of_a_program_are_only_names_and_texts(kind: str) -> None:
    with dl.Graph().as_default():
        nodes = [
            dl.Variable(float(n), name=name) for n, name in enumerate(["np", "for", "a/b", "a b", "1", "\x1b]", "ß"])
        ]
        total = dl.square(nodes[0], name='"""\nimport os\x1b')
        for node in nodes[1:]:
            total = total + dl.square(node)
    program = program_of(Lesson('"""\nimport os', '\x1b"""\n', lambda _: Example(total, {}), 0.1))
    assert_same(program, kind, 2)
    assert all(line.isprintable() for line in script_of(program, kind, 2, "\n\x1b", MANY).lines)


def test_what_cannot_be_written_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(
        "import minidl_core as dl\nw = dl.Variable([1.0, 2.0])\nloss, s = dl.reduce_sum(w * w), dl.Session()\n"
        "for _ in range(3):\n    s.run(loss)\n    s.variables[w] = s.run(w) - 0.1 * dl.compute_gradient(loss)[w] ** 3\n"
    )
    assert main([str(tmp_path / "own.py"), "--export", "numpy"]) == 2
    assert "by a rule of its own" in capsys.readouterr().err
    solved = Path(value.__file__).read_text(encoding="utf-8")
    engine = solved.replace("max(self.data, 0.0)", "abs(self.data) ** 1.5").replace("(self.data > 0)", "1.5")
    (tmp_path / "engine.py").write_text(engine, encoding="utf-8")
    assert main([str(tmp_path / "engine.py"), "--export", "torch"]) == 2
    assert "(engine.py:62) is computed by what only the program itself has" in capsys.readouterr().err
    assert main(["-e", "sum(w)", "--set", f"w={[1] * 1001}", "--export", "numpy"]) == 2
    assert "its data are large and go beside the script; name it: --export numpy FILE.py" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["perceptron", "broadcast", "xor"])
def test_the_formula_beside_a_sum_has_the_sum_in_it(name: str) -> None:
    program = open_program(name)
    lines = script_of(program, "numpy", 1, "backprop-tui", MANY).lines
    backward = [line.strip() for line in lines if line.startswith("    d_")]
    summed = [line for line in backward if re.search(r"= (?:\w+ \+ )?np\.sum\(", line)]
    assert summed
    assert all("# Σ" in line for line in summed), summed
    assert all("# Σ" not in line for line in backward if "np.sum(" not in line)
