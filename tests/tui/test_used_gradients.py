"""Gradients by hand are judged as the updates use them: rules of updates are seen through, mistakes are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from minidl_core.train import AdamOptimizer, GradientDescentOptimizer, MomentumOptimizer
from tui_backprop.programs.opening import open_program
from tui_backprop.programs.program import Program
from tui_backprop.verdict import judge

NET = """
import numpy as np

class Net:
    def __init__(self, rng):
        self.p = {"W1": rng.normal(size=(2, 5)), "b1": np.zeros(5), "W2": rng.normal(size=(5, 1)), "b2": np.zeros(1)}
        self.m = {name: np.zeros_like(value) for name, value in self.p.items()}
        self.v = {name: np.zeros_like(value) for name, value in self.p.items()}
        self.t = 0

    def forward(self, X):
        self.h = np.tanh(X @ self.p["W1"] + self.p["b1"])
        return self.h @ self.p["W2"] + self.p["b2"]

    def backward(self, X, y, out):
        d = 2 * (out - y) / len(X)
        g = {"W2": self.h.T @ d, "b2": d.sum(0)}
        dz = d @ self.p["W2"].T * (1 - self.h ** 2)
        g["W1"] = X.T @ dz
        g["b1"] = dz.sum(0)
        # after
        return g

    def update(self, g, rate):
        self.t += 1
        for name, value in self.p.items():
            value -= rate * g[name]

rng = np.random.default_rng(4)
X = rng.normal(size=(8, 2))
y = X[:, :1] * X[:, 1:]
net = Net(rng)
for step in range(6):
    out = net.forward(X)
    loss = np.mean((out - y) ** 2)
    net.update(net.backward(X, y, out), 0.05)
print(loss)
"""
UPDATE = "            value -= rate * g[name]"
AFTER = "        # after"
MOMENTUM = """            self.m[name] = 0.9 * self.m[name] + g[name]
            value -= rate * self.m[name]"""
DESCENDING_VELOCITY = """            self.m[name] = 0.9 * self.m[name] - rate * g[name]
            value += self.m[name]"""
ADAM = """            self.m[name] = 0.9 * self.m[name] + 0.1 * g[name]
            self.v[name] = 0.999 * self.v[name] + 0.001 * g[name] ** 2
            m, v = self.m[name] / (1 - 0.9 ** self.t), self.v[name] / (1 - 0.999 ** self.t)
            value -= rate * m / (np.sqrt(v) + 1e-8)"""
BY_VALUE = "        g = {name: np.clip(each, -0.1, 0.1) for name, each in g.items()}"
BY_NORM = """        norm = np.sqrt(sum(np.sum(each ** 2) for each in g.values()))
        g = {name: each * (0.3 / norm) for name, each in g.items()}"""
BY_OWN_NORM = "        g = {name: each * (0.3 / np.linalg.norm(each)) for name, each in g.items()}"
RULES = [UPDATE, MOMENTUM, DESCENDING_VELOCITY, ADAM]
MISTAKES = [
    ('"W2": self.h.T @ d', '"W2": self.h.T @ d * len(X)', "W2"),
    ('"W2": self.h.T @ d', '"W2": 2 * (self.h.T @ d)', "W2"),
    ('g["W1"] = X.T @ dz', 'g["W1"] = 20 * (X.T @ dz)', "W1"),
    ('g["W1"] = X.T @ dz', 'g["W1"] = X.T @ dz / 3', "W1"),
    ('g["W1"] = X.T @ dz', 'g["W1"] = -(X.T @ dz)', "W1"),
    ('g["W1"] = X.T @ dz', 'g["W1"] = X.T @ dz + 0.1', "W1"),
    ('"b2": d.sum(0)', '"b2": 3 * d.sum(0)', "b2"),
    ('g["b1"] = dz.sum(0)', 'g["b1"] = dz.sum(0) * (self.p["b1"] >= 0) * np.arange(5)', "b1"),
    (AFTER, '        g["W2"] *= 4', "W2"),
    (AFTER, '        g["W2"] += X.sum()', "W2"),
]


def opened(source: str, folder: Path) -> Program:
    path = folder / "net.py"
    path.write_text(source)
    return open_program(str(path))


def parted(program: Program) -> set[str]:
    verdict = judge(program)
    assert verdict is not None
    assert verdict.status == (3 if verdict.parted else 0)
    return {each.node.name for each in verdict.parted}


@pytest.mark.parametrize("rule", RULES, ids=["descent", "momentum", "velocity", "adam"])
@pytest.mark.parametrize(("line", "instead", "wrong"), MISTAKES)
def test_what_is_done_to_one_gradient_before_it_is_used_is_a_mistake(
    line: str, instead: str, wrong: str, rule: str, tmp_path: Path
) -> None:
    assert line in NET
    program = opened(NET.replace(line, instead).replace(UPDATE, rule), tmp_path)
    assert parted(program) == {f"net.p['{wrong}']"}


@pytest.mark.parametrize("clip", [AFTER, BY_VALUE, BY_NORM, BY_OWN_NORM], ids=["none", "value", "norm", "own norm"])
@pytest.mark.parametrize("rule", RULES, ids=["descent", "momentum", "velocity", "adam"])
def test_rules_of_updates_and_clipping_are_none(rule: str, clip: str, tmp_path: Path) -> None:
    program = opened(NET.replace(UPDATE, rule).replace(AFTER, clip), tmp_path)
    assert parted(program) == set()
    some = "net.p['W1'], net.p['b1'] and others"
    said = {
        AFTER: "",
        BY_VALUE: f"Its updates clip {some}: gradients are compared as they were before.",
        BY_NORM: f"Its updates scale the gradients of {some} by a norm: they are compared as they were before",
    }
    assert program.warning.startswith(said.get(clip, said[BY_NORM]))
    if clip == BY_NORM and type(program.optimizer) is GradientDescentOptimizer:
        assert program.warning.endswith(", and the learning rate that is shown has that factor in it.")
        assert program.learning_rate < 0.05
    else:
        assert program.warning in ("", f"{said.get(clip, said[BY_NORM]).removesuffix('.')}.")
    if clip == AFTER:
        kinds = [GradientDescentOptimizer, MomentumOptimizer, MomentumOptimizer, AdamOptimizer]
        assert (type(program.optimizer), program.learning_rate) == (kinds[RULES.index(rule)], 0.05)


@pytest.mark.parametrize("clip", [BY_VALUE, BY_NORM, BY_OWN_NORM], ids=["value", "norm", "own norm"])
def test_a_mistake_that_is_clipped_is_one(clip: str, tmp_path: Path) -> None:
    source = NET.replace('"W2": self.h.T @ d', '"W2": 3 * (self.h.T @ d)').replace(AFTER, clip)
    assert parted(opened(source, tmp_path)) == {"net.p['W2']"}


@pytest.mark.parametrize(
    ("clip", "is_rule"),
    [
        ("np.minimum(each, 0.02)", True),
        ("np.maximum(-0.02, each)", True),
        ("np.clip(each, None, 0.02)", True),
        ("each.clip(min=-0.02)", True),
        ("each.clip(-0.02, 0.02)", True),
        ("np.minimum(each, each)", True),
        ("np.clip(each, 0, 10)", False),
        ("np.clip(each, 0.01, 0.02)", False),
        ("np.maximum(each, 0)", False),
        ("np.minimum(0, each)", False),
        ("each.clip(min=0)", False),
    ],
)
@pytest.mark.parametrize("rule", [UPDATE, ADAM], ids=["descent", "adam"])
def test_a_clip_that_takes_numbers_their_sign_is_a_mistake(clip: str, is_rule: bool, rule: str, tmp_path: Path) -> None:
    clipping = f"        g = {{name: {clip} for name, each in g.items()}}"
    program = opened(NET.replace(UPDATE, rule).replace(AFTER, clipping), tmp_path)
    assert (not parted(program), "Its updates clip " in program.warning) == (is_rule, is_rule and "0.02" in clip)


@pytest.mark.parametrize(
    "update",
    [
        "            value -= rate * (g[name] + 0.01 * value)",
        "            value -= rate * g[name] + rate * 0.01 * value",
        "            value *= 1 - rate * 0.01\n            value -= rate * g[name]",
    ],
)
def test_weight_decay_is_no_mistake_but_said_where_the_loss_has_no_penalty(update: str, tmp_path: Path) -> None:
    source = NET.replace(UPDATE, update)
    program = opened(source, tmp_path)
    assert parted(program) == set()
    assert program.warning == (
        "Its updates also take off a share of net.p['W1'], net.p['W2'] and others (weight decay), which is no part of"
        " loss: gradients are compared without it."
    )
    penalty = "loss += 0.5 * 0.01 * sum(np.sum(each ** 2) for each in net.p.values())"
    program = opened(source.replace("    net.update(", f"    {penalty}\n    net.update("), tmp_path)
    assert (parted(program), program.warning) == (set(), "")


@pytest.mark.parametrize(
    ("forgotten", "said"),
    [({"W2"}, "net.p['W2']"), ({"W1", "W2"}, "net.p['W1'] and net.p['W2']")],
)
@pytest.mark.parametrize("rule", RULES, ids=["descent", "momentum", "velocity", "adam"])
def test_a_penalty_of_the_loss_that_gradients_leave_out_is_a_mistake(
    forgotten: set[str], said: str, rule: str, tmp_path: Path
) -> None:
    source = NET.replace(
        "    net.update(",
        "    loss = loss + 0.01 * (np.sum(net.p['W1'] ** 2) + np.sum(net.p['W2'] ** 2))\n    net.update(",
    )
    source = source.replace(UPDATE, rule)
    for name in {"W1", "W2"} - forgotten:
        source = source.replace(AFTER, f"        g['{name}'] += 2 * 0.01 * self.p['{name}']\n{AFTER}")
    program = opened(source, tmp_path)
    assert parted(program) == {f"net.p['{name}']" for name in forgotten}
    assert program.warning == (
        f"Without the penalty for large weights that loss has, {said} would have the right gradients: add its slopes."
    )


@pytest.mark.parametrize(
    "update",
    [
        "            old = self.m[name].copy()\n            self.m[name] = 0.9 * self.m[name] - rate * g[name]\n"
        "            value += -0.9 * old + 1.9 * self.m[name]",
        "            old = self.m[name]\n            self.m[name] = 0.9 * old - rate * g[name]\n"
        "            value += self.m[name] + 0.9 * (self.m[name] - old)",
        "            self.m[name] = 0.9 * self.m[name] + g[name]\n"
        "            value -= rate * (g[name] + 0.9 * self.m[name])",
        "            self.m[name] = 0.9 * self.m[name] + g[name]\n            value -= rate * g[name]\n"
        "            value -= rate * 0.9 * self.m[name]",
        "            self.m[name] = 0.9 * self.m[name] + 0.1 * g[name]\n"
        "            value -= rate * np.sign(self.m[name])",
        "            value -= rate * g[name]\n            self.m[name] = 0.99 * self.m[name] + 0.01 * value",
    ],
    ids=["copy", "difference", "of gradients", "in two", "signs", "average"],
)
def test_velocities_and_averages_are_no_weights(update: str, tmp_path: Path) -> None:
    source = NET.replace(UPDATE, update)
    program = opened(source, tmp_path)
    assert (len(program.steps), parted(program), len(program.steps[0].theirs)) == (6, set(), 4)
    assert parted(opened(source.replace('"W2": self.h.T @ d', '"W2": 3 * (self.h.T @ d)'), tmp_path)) == {"net.p['W2']"}


def test_a_look_ahead_is_where_the_gradient_is_taken(tmp_path: Path) -> None:
    source = NET.replace("X @ self.p", "X @ self.q").replace("self.h @ self.p", "self.h @ self.q")
    source = source.replace("+ self.p", "+ self.q").replace('d @ self.p["W2"]', 'd @ self.q["W2"]')
    source = source.replace(
        "    def forward(self, X):",
        "    def forward(self, X):\n        self.q = {n: w + 0.9 * self.m[n] for n, w in self.p.items()}",
    )
    source = source.replace(
        UPDATE, "            self.m[name] = 0.9 * self.m[name] - rate * g[name]\n            value += self.m[name]"
    )
    program = opened(source, tmp_path)
    assert (len(program.steps), parted(program), len(program.steps[0].theirs)) == (6, set(), 4)
    assert parted(opened(source.replace("X.T @ dz\n", "2 * X.T @ dz\n"), tmp_path)) == {"net.p['W1']"}


def test_a_gradient_that_is_not_set_to_zero_is_a_mistake(tmp_path: Path) -> None:
    update = "            self.m[name] += g[name]\n            value -= rate * self.m[name]"
    assert len(parted(opened(NET.replace(UPDATE, update), tmp_path))) == 4


def test_steps_that_make_the_loss_larger_are_a_mistake(tmp_path: Path) -> None:
    assert len(parted(opened(NET.replace("(out - y) / len(X)", "(y - out) / len(X)"), tmp_path))) == 4


LOGISTIC = """
import numpy as np
X = np.array([[0.5, 1.2], [1.5, 0.3], [2.1, 0.1], [0.1, 0.9]])
y = np.array([0.0, 1.0, 1.0, 0.0])
w, b = np.zeros(2), 0.0
for step in range(5):
    p = 1 / (1 + np.exp(-(X @ w + b)))
    loss = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)) + 0.5 * 0.1 * np.sum(w ** 2)
    dw = X.T @ (p - y) / 4 + 0.1 * w
    db = np.mean(p - y)
    w = w - 0.5 * dw
    b = b - 0.5 * db
"""


@pytest.mark.parametrize(
    ("mistake", "said"),
    [("X.T @ (p - y) / 4", "w: yours lacks the contribution from "), ("2 * (X.T @ (p - y) / 4 + 0.1 * w)", "2 times")],
)
def test_by_hand_it_is_a_term_that_is_forgotten_or_a_factor_and_no_search_that_sets(
    mistake: str, said: str, tmp_path: Path
) -> None:
    file = tmp_path / "mine.py"
    file.write_text(LOGISTIC.replace("X.T @ (p - y) / 4 + 0.1 * w", mistake))
    verdict = judge(open_program(str(file)))
    assert verdict is not None
    text = "\n".join(verdict.lines())
    assert said in text
    assert "alone" not in text
    assert "twice" not in text


HINGE = """
import numpy as np
rng = np.random.default_rng(3)
X = rng.normal(size=(40, 2))
y = np.where(X[:, 0] + X[:, 1] > 0, 1, -1)
w, b = np.zeros(2), 0.0
for epoch in range(6):
    margins = y * (X @ w + b)
    loss = 0.5 * PENALTY + np.mean(np.maximum(0, 1 - margins))
    active = margins < 1
    dw = w - (active * y) @ X / len(X)
    db = -np.sum(active * y) / len(X)
    w = w - 0.05 * dw
    b = b - 0.05 * db
"""


@pytest.mark.parametrize(
    ("penalty", "consumers"),
    [("np.sum(w * w)", "multiply"), ("(w @ w)", "matmul_1"), ("w @ w", "matmul_1 and multiply")],
)
def test_a_forgotten_penalty_is_said_as_such_and_no_slope_of_another_sign(
    penalty: str, consumers: str, tmp_path: Path
) -> None:
    file = tmp_path / "mine.py"
    file.write_text(HINGE.replace("PENALTY", penalty))
    assert parted(open_program(str(file))) == set()
    file.write_text(HINGE.replace("PENALTY", penalty).replace("dw = w - ", "dw = -"))
    verdict = judge(open_program(str(file)))
    assert verdict is not None
    assert verdict.why == f"yours lacks the contributions from {consumers}"


def test_a_factor_in_the_first_step_alone_explains_nothing(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    # all p begin at 0.5, so that their slopes are 0.25
    file.write_text(LOGISTIC.replace("X.T @ (p - y) / 4", "X.T @ ((p - y) * p * (1 - p)) / 4"))
    verdict = judge(open_program(str(file)))
    assert verdict is not None
    assert (verdict.iteration, [each.node.name for each in verdict.parted], verdict.why) == (1, ["w"], "")
