"""Odd or bad engines of learners: they open or are refused by a sentence, and what is legal is not called wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tui_backprop.commands.cli import main
from tui_backprop.programs.engine import walking
from tui_backprop.programs.engine.measured_slope import measured_slopes, measuring
from tui_backprop.programs.opening import open_program
from tui_backprop.programs.program import Program, ProgramError
from tui_backprop.verdict import judge

ENGINE = """
class V:
    def __init__(self, data, kids=(), rule=None):
        self.data, self.grad, self.kids, self.rule = data, 0.0, kids, rule
    def __add__(self, o):
        out = V(self.data + o.data, (self, o))
        def rule():
            self.grad += out.grad
            o.grad += out.grad
        out.rule = rule
        return out
    def __mul__(self, o):
        out = V(self.data * o.data, (self, o))
        def rule():
            self.grad += o.data * out.grad
            o.grad += self.data * out.grad
        out.rule = rule
        return out
    def backward(self):
        order, seen = [], set()
        def visit(n):
            if id(n) not in seen:
                seen.add(id(n))
                for k in n.kids:
                    visit(k)
                order.append(n)
        visit(self)
        self.grad = 1.0
        for n in reversed(order):
            if n.rule:
                n.rule()
"""
UPDATE = """
    w.data -= 0.1 * w.grad; b.data -= 0.1 * b.grad
    w.grad = b.grad = 0.0
"""
TRAINING = f"""
w, b = V(0.5), V(0.1)
for i in range(3):
    l = w * V(1.0 + i) + b
    l = l * l
    l.backward()
{UPDATE}
"""
GATHERING = f"""
w, b = V(0.5), V(0.1)
for i in range(3):
    for x in (1.0, 2.0):
        l = w * V(x) + b
        l = l * l
        l.backward()
{UPDATE}
"""
REBOUND = """
ps = {"w": [V(0.5), V(0.7)], "b": V(0.1)}
for i in range(3):
    x = V(1.0 + i)
    l = ps["w"][0] * x + ps["b"] * ps["w"][1]
    l = l * l
    l.backward()
    ps = {"w": [V(w.data - 0.1 * w.grad) for w in ps["w"]], "b": V(ps["b"].data - 0.1 * ps["b"].grad)}
last = ps["b"].data
"""


def opened(folder: Path, source: str) -> Program:
    path = folder / "mine.py"
    path.write_text(source)
    return open_program(str(path))


def status(program: Program) -> int:
    verdict = judge(program)
    assert verdict is not None
    return verdict.status


def said_of(program: Program) -> list[str]:
    verdict = judge(program)
    assert verdict is not None
    diagnosis = verdict.facts()["diagnosis"]
    assert isinstance(diagnosis, list)
    return [each["belief"] for each in diagnosis]


@pytest.mark.parametrize(
    "methods",
    [
        "    def __repr__(self): raise RuntimeError('no')\n    def __eq__(self, o): return self.data == o.data\n",
        "    def __getattr__(self, name): raise RuntimeError(name)\n",
        "    def __bool__(self): raise RuntimeError('no')\n    def __len__(self): raise RuntimeError('no')\n",
    ],
)
def test_methods_that_raise_are_not_called(methods: str, tmp_path: Path) -> None:
    program = opened(tmp_path, ENGINE + methods + TRAINING)
    assert len(program.steps) == 3
    assert status(program) == 0


def test_a_property_that_computes_is_asked_by_the_script_alone(tmp_path: Path) -> None:
    computes = """
    @property
    def grad(self):
        asked.append(1)
        return self._g
    @grad.setter
    def grad(self, value):
        self._g = value
"""
    end = "\nassert len(asked) == 3 * (3 * 4 + 2), len(asked)\n"
    program = opened(tmp_path, "asked = []" + ENGINE + computes + TRAINING + end)
    assert program.warning == ""
    assert status(program) == 0


def test_a_cycle_is_refused(tmp_path: Path) -> None:
    source = """
def concat(items):
    return V(sum(each.data for each in items), items)
kids = [V(1.0), V(2.0)]
c = concat(kids)
kids.append(c)
(c * c).backward()
"""
    with pytest.raises(ProgramError, match=r"mine.py: a V needs its own value: its graph has a cycle"):
        opened(tmp_path, ENGINE + source)


def test_too_many_nodes_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "MOST_NODES", 5)
    with pytest.raises(ProgramError, match=r"mine.py: a loss has more than 5 nodes; backpropagate fewer at a time"):
        opened(tmp_path, ENGINE + TRAINING)


def test_a_script_that_is_refused_is_not_run_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "MOST_NODES", 5)
    said = r"mine.py: a loss has more than 5 nodes"
    with pytest.raises(ProgramError, match=said):
        opened(tmp_path, ENGINE + TRAINING + "    assert i < 1, 'it goes on'\n")
    larger = TRAINING.replace("l = l * l", "l = l if i < 2 else l * l * l")
    program = opened(tmp_path, ENGINE + larger)
    assert len(program.steps) == 2
    assert "from step 3 on nothing is here: a loss has more than 5 nodes" in program.warning


def test_a_number_that_stops_being_finite_ends_the_run_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.py"
    path.write_text(ENGINE + TRAINING + "    if i == 1: w.data = float('nan')\n")
    assert main(["--headless", str(path)]) == 1
    said = capsys.readouterr().err
    assert "variable 'w' (mine.py:33)" in said
    assert "nan" in said


def test_weights_in_a_function_are_named_by_kind(tmp_path: Path) -> None:
    body = "".join(f"    {line}\n" for line in TRAINING.splitlines())
    program = opened(tmp_path, f"{ENGINE}\ndef main():\n{body}\nmain()\n")
    assert status(program) == 0
    names = [node.name for node in program.steps[0].theirs]
    assert [node.name for node in program.steps[0].left_after] == ["variable", "variable_1"]
    assert "main/add" in names


@pytest.mark.parametrize(
    ("engine", "said"),
    [
        (ENGINE.partition("    def backward")[0] + "a = V(1.0) * V(2.0)", "its V has no gradient: give it a number"),
        (ENGINE + "a = V(1.0) * V(2.0)", "it never calls backward\\(\\) for its V; call it on a loss"),
        (ENGINE + "V(1.0).backward()", "it calls backward\\(\\) on no V that is computed from others"),
        (
            "class V:\n    def __init__(self, data, kids=()): self.data, self.kids = data, kids\n"
            "    def __add__(self, o): return V(self.data + o.data, (self, o))\n"
            "    grad = property(lambda self: 1.0)\n    def backward(self): pass\n(V(1.0) + V(2.0)).backward()",
            "backward\\(\\) left no gradient in its V: let it store a number",
        ),
    ],
)
def test_what_an_engine_lacks_is_said(engine: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ProgramError, match=f"mine.py trains nothing: {said}"):
        opened(tmp_path, engine)


def test_weights_that_are_made_anew_by_each_update_are_variables(tmp_path: Path) -> None:
    program = opened(tmp_path, ENGINE + REBOUND)
    assert status(program) == 0
    first, _, last = program.steps
    assert [node.name for node in first.left_after] == ["ps['w'][0]", "ps['b']", "ps['w'][1]"]
    assert list(last.left_after) == list(first.left_after)
    assert [node.name for node in last.feeds] == ["x"]
    assert program.learning_rate == 0.1
    script: dict[str, object] = {}
    exec(ENGINE + REBOUND, script)
    assert {node.name: float(value) for node, value in last.left_after.items()}["ps['b']"] == script["last"]


def test_two_examples_with_the_same_names_are_no_update(tmp_path: Path) -> None:
    program = opened(
        tmp_path, ENGINE + "a, b = V(2.0), V(3.0)\n(a * b).backward()\na, b = V(5.0), V(1.0)\n(a * b).backward()\n"
    )
    assert status(program) == 0
    assert [sorted(map(float, step.left_after.values())) for step in program.steps] == [[2, 3], [1, 5]]


def test_calls_that_gather_for_one_update_are_right(tmp_path: Path) -> None:
    program = opened(tmp_path, ENGINE + GATHERING)
    assert status(program) == 0
    assert program.steps[1].optimizer.learning_rate == 0.1


def test_gathering_does_not_hide_a_wrong_slope_nor_blame_the_gathering(tmp_path: Path) -> None:
    program = opened(tmp_path, ENGINE.replace("self.grad += o.data", "self.grad += 0.5 * o.data") + GATHERING)
    assert said_of(program) == ["slope:multiply"]


TWO_LOSSES = """
g, d, c = V(0.3), V(0.5), V(0.1)
for i in range(4):
    judged = d * V(2.0 + 0.1 * i) + c + d * (g * V(0.5 - i))
    d.grad = c.grad = 0.0
    (judged * judged).backward()
    d.data -= 0.01 * d.grad; c.data -= 0.01 * c.grad
    judged = d * (g * V(0.5 - i)) + c
    g.grad = 0.0
    (judged * judged).backward()
    g.data -= 0.01 * g.grad
"""


def test_two_losses_in_turn_each_set_the_gradients_of_their_own_weights_to_0(tmp_path: Path) -> None:
    program = opened(tmp_path, ENGINE + TWO_LOSSES)
    assert len(program.steps) == 8
    assert status(program) == 0
    assert [node.name for node in program.steps[1].unused_sums] == ["d", "c"]
    assert set(said_of(opened(tmp_path, ENGINE + TWO_LOSSES.replace("    d.grad = c.grad = 0.0\n", "")))) == {
        "not-zeroed"
    }


def test_gradients_that_stand_over_an_update_are_wrong(tmp_path: Path) -> None:
    program = opened(tmp_path, ENGINE + GATHERING.replace("w.grad = b.grad = 0.0", ""))
    assert set(said_of(program)) == {"not-zeroed"}


def test_an_engine_that_zeroes_by_itself_is_right(tmp_path: Path) -> None:
    engine = ENGINE.replace(
        "        self.grad = 1.0\n", "        for n in order: n.grad = 0.0\n        self.grad = 1.0\n"
    )
    assert status(opened(tmp_path, engine + GATHERING)) == 0


def test_the_slope_beside_a_bend_is_that_of_its_side_and_at_the_bend_the_flatter_one() -> None:
    at = np.array([1e-5, -1e-5, 0.0, 2e-4, 3.0])
    slopes = measured_slopes(lambda x: np.where(x > 0, 3 * x, 0.5 * x), [at], 0)
    np.testing.assert_allclose(slopes, np.diag([3, 0.5, 0.5, 3, 3]), rtol=1e-6, atol=1e-8)
    mean = measuring(lambda x: np.maximum(x, 0.0))
    many = np.linspace(-1, 1, 401) * 1e-3
    np.testing.assert_allclose(mean([many], 0, np.ones(401)), many > 0, rtol=1e-6, atol=1e-8)


def test_slopes_that_settle_are_measured_with_few_calls() -> None:
    calls: list[float] = []

    def squares(x: np.ndarray) -> np.ndarray:
        calls.append(1)
        return x**2 + np.sin(x[0])

    slopes = measured_slopes(squares, [np.array([0.5, -2.0])], 0)
    np.testing.assert_allclose(slopes, [[1 + np.cos(0.5), np.cos(0.5)], [0, -4]], rtol=1e-10, atol=1e-12)
    assert len(calls) <= 2 * 12 + 2 * 7
