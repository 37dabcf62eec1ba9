"""Rules of updates beside plain descent: what a rule keeps, draws or chooses is no gradient, and a mistake is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.test_changed_in_place import MISTAKES, NET, written
from tests.tui.test_used_gradients import parted
from tui_backprop.commands.cli import main
from tui_backprop.programs.opening import open_program

ZEROS = "v, m, s, u = (np.zeros_like(W) for _ in range(4))"
SIZES = "sizes, last = np.full((3, 4), 0.01), np.zeros((3, 4))"
RULES = {
    "Rprop": (
        "sign = np.sign(dW); same = sign * last"
        "; sizes = np.where(same > 0, sizes * 1.2, np.where(same < 0, sizes * 0.5, sizes)); W -= sizes * sign"
        "; last = sign",
        SIZES,
    ),
    "Rprop in place": (
        "same = last * dW; sizes[same > 0] = np.minimum(sizes[same > 0] * 1.2, 1.0)"
        "; sizes[same < 0] = np.maximum(sizes[same < 0] * 0.5, 1e-6); W -= np.sign(dW) * sizes; last = dW",
        SIZES,
    ),
    "rates": ("W -= rates * dW", "rates = rng.uniform(0.01, 0.1, size=(3, 4))"),
    "rates of rows": ("W -= rates[:, None] * dW", "rates = np.array([0.01, 0.02, 0.03])"),
    "rates that change": (
        "rates = np.where(dW * m > 0, rates + 0.001, rates * 0.7); m = 0.3 * dW + 0.7 * m; W -= rates * dW",
        f"{ZEROS}; rates = np.full((3, 4), 0.01)",
    ),
    "frozen entries": ("W -= 0.05 * dW * kept", "kept = np.ones((3, 4)); kept[0] = 0"),
    "Nesterov of CS231n": ("before = v.copy(); v = 0.9 * v - 0.05 * dW; W += -0.9 * before + 1.9 * v", ZEROS),
    "Nesterov": ("v = 0.9 * v + dW; W -= 0.05 * (dW + 0.9 * v)", ZEROS),
    "a velocity twice": ("v = 0.9 * v + 0.05 * dW; W = W - v - v", ZEROS),
    "two velocities": ("v = 0.9 * v + 0.05 * dW; m = 0.5 * m + 0.05 * dW; W = W - v - m", ZEROS),
    "a rate in two parts": ("W = W - 0.03 * dW - 0.02 * dW", ""),
    "heavy ball": ("new = W - 0.05 * dW + 0.9 * (W - old); old = W; W = new", "old = W.copy()"),
    "Lion": ("W -= 0.001 * np.sign(0.9 * m + 0.1 * dW); m = 0.99 * m + 0.01 * dW", ZEROS),
    "Lion and decay": (
        "W -= 0.001 * (np.sign(0.9 * m + 0.1 * dW) + 0.01 * W); m = 0.99 * m + 0.01 * dW",
        ZEROS,
    ),
    "Adadelta": (
        "s = 0.9 * s + 0.1 * dW ** 2; move = -np.sqrt(u + 1e-6) / np.sqrt(s + 1e-6) * dW"
        "; u = 0.9 * u + 0.1 * move ** 2; W += move",
        ZEROS,
    ),
    "Adadelta by one root": (
        "s = 0.9 * s + 0.1 * dW ** 2; move = np.sqrt((u + 1e-6) / (s + 1e-6)) * dW"
        "; u = 0.9 * u + 0.1 * move ** 2; W -= move",
        ZEROS,
    ),
    "Adamax": (
        "m = 0.9 * m + 0.1 * dW; u = np.maximum(0.999 * u, np.abs(dW))"
        "; W -= (0.002 / (1 - 0.9 ** (i + 1))) * m / (u + 1e-8)",
        ZEROS,
    ),
    "Adam": (
        "m = 0.9 * m + 0.1 * dW; s = 0.999 * s + 0.001 * dW ** 2"
        "; W -= 0.01 * (m / (1 - 0.9 ** (i + 1))) / (np.sqrt(s / (1 - 0.999 ** (i + 1))) + 1e-8)",
        ZEROS,
    ),
    "Adam by moves": (
        "m += 0.1 * (dW - m); s += (1 - 0.999) * (dW ** 2 - s)"
        "; W -= 0.01 * np.sqrt(1 - 0.999 ** (i + 1)) / (1 - 0.9 ** (i + 1)) * m / (np.sqrt(s) + 1e-7)",
        ZEROS,
    ),
    "momentum by moves back": ("v = v - (v - dW) * 0.1; W -= 0.05 * v", ZEROS),
    "AMSGrad": (
        "m = 0.9 * m + 0.1 * dW; s = 0.999 * s + 0.001 * dW ** 2; u = np.maximum(u, s)"
        "; W -= 0.01 * m / (np.sqrt(u) + 1e-8)",
        ZEROS,
    ),
    "Yogi": (
        "m = 0.9 * m + 0.1 * dW; s = s - 0.001 * np.sign(s - dW ** 2) * dW ** 2; W -= 0.01 * m / (np.sqrt(s) + 1e-3)",
        ZEROS,
    ),
    "AdaBelief": (
        "m = 0.9 * m + 0.1 * dW; s = 0.999 * s + 0.001 * (dW - m) ** 2 + 1e-8; W -= 0.01 * m / (np.sqrt(s) + 1e-8)",
        ZEROS,
    ),
    "LARS": ("W -= 0.01 * np.linalg.norm(W) / (np.linalg.norm(dW) + 1e-9) * dW", ""),
    "noise": ("W -= 0.05 * dW + 0.001 * rng.normal(size=(3, 4))", ""),
    "Langevin": ("W = W - 0.05 * dW + 0.01 * rng.standard_normal((3, 4))", ""),
}
UNKNOWN = {"Rprop", "Rprop in place", "rates", "rates of rows", "rates that change", "frozen entries"}


@pytest.mark.parametrize("name", RULES)
def test_a_weight_with_a_rule_of_its_own_is_judged_by_its_gradient(name: str, tmp_path: Path) -> None:
    update, before = RULES[name]
    file = tmp_path / "net.py"
    for line, instead, wrong in [("", "", set[str]()), *MISTAKES]:
        text = written(NET.replace("global W", "global v, m, s, u, sizes, last, rates, old, W"), update, before)
        file.write_text(text.replace(line, instead) if line else text)
        program = open_program(str(file))
        assert parted(program) == wrong, instead
        assert {node.name for node in program.steps[0].theirs} == {"W", "b", "V", "c"}
        assert ("The update of W is by none of the rules that are known" in program.warning) is (name in UNKNOWN)


@pytest.mark.parametrize(
    "mistake",
    [
        "dW = X.T @ dz * np.arange(4)",
        "dW = np.maximum(X.T @ dz, 0)",
        "dW = X.T @ dz * (W > 0)",
        "dW = X.T @ dz * (1 - W ** 2)",
    ],
)
@pytest.mark.parametrize("update", ["W -= 0.05 * dW", "W -= rates * dW", "v = 0.9 * v + dW; W -= 0.05 * v"])
def test_what_no_rule_keeps_belongs_to_the_gradient(mistake: str, update: str, tmp_path: Path) -> None:
    before = f"{ZEROS}; rates = rng.uniform(0.01, 0.1, size=(3, 4))"
    text = written(NET.replace("global W", "global v, W"), update, before)
    file = tmp_path / "net.py"
    file.write_text(text.replace("dW = X.T @ dz", mistake))
    assert parted(open_program(str(file))) == {"W"}


def test_a_gradient_that_is_never_set_to_zero_is_no_rule(tmp_path: Path) -> None:
    for update in ("v = v + dW; W -= 0.05 * v", "v += dW; W -= rates * v"):
        before = f"{ZEROS}; rates = rng.uniform(0.01, 0.1, size=(3, 4))"
        file = tmp_path / "net.py"
        file.write_text(written(NET.replace("global W", "global v, W"), update, before))
        assert parted(open_program(str(file))) == {"W"}


def test_a_rule_that_is_not_known_is_said_with_the_verdict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "net.py"
    file.write_text(written(NET, *RULES["rates"]))
    assert main([str(file), "--headless"]) == 0
    assert "what the rule does with it is not judged" in capsys.readouterr().err


SUMMED = """
import numpy as np
rng = np.random.default_rng(1)
X = rng.normal(size=(6, 3))
Y = X @ np.array([[1.0], [-2.0], [0.5]])
W, V = rng.normal(size=(4, 3)), rng.normal(size=(1, 4))
for epoch in range(4):
    dW, dV = np.zeros_like(W), np.zeros_like(V)
    loss = 0.0
    for x, target in zip(X, Y):
        h = np.tanh(W @ x)
        d = V @ h - target
        loss += 0.5 * float(np.sum(d ** 2))
        dV += np.outer(d, h)
        dW += np.outer(V.T @ d * (1 - h ** 2), x)
    W -= 0.01 * dW
    V -= 0.01 * dV
    print(loss)
"""


@pytest.mark.parametrize(
    ("line", "instead", "wrong"),
    [
        ("", "", set()),
        ("dV += np.outer(d, h)", "dV += 3 * np.outer(d, h)", {"V"}),
        (" * (1 - h ** 2)", "", {"W"}),
        ("V.T @ d *", "-V.T @ d *", {"W"}),
    ],
)
def test_the_loss_of_examples_may_be_added_up_as_plain_numbers(
    line: str, instead: str, wrong: set[str], tmp_path: Path
) -> None:
    file = tmp_path / "net.py"
    file.write_text(SUMMED.replace(line, instead) if line else SUMMED)
    program = open_program(str(file))
    assert {node.name for node in program.steps[0].theirs} == {"W", "V"}
    assert "the sum of those of all examples, which it adds up as plain numbers" in program.warning
    assert parted(program) == wrong
