"""A weight is judged however it is moved: by a view of it, by entries, by np.copyto, and normed or cut afterwards."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.tui.test_used_gradients import parted
from tui_backprop.programs.opening import open_program

NET = """
import numpy as np
rng = np.random.default_rng(1)
X = rng.normal(size=(30, 3))
y = X @ np.array([[1.0], [-2.0], [0.5]]) + 0.3
W, b = rng.normal(size=(3, 4)) * 0.5, np.zeros(4)
V, c = rng.normal(size=(4, 1)) * 0.5, np.zeros(1)
step = np.zeros((3, 4))
mask = rng.random((3, 4)) > 0.3
BEFORE
def train():
    global W, b, V, c
    for i in range(5):
        h = np.tanh(X @ W + b)
        out = h @ V + c
        loss = np.mean((out - y) ** 2)
        d = 2 * (out - y) / len(X)
        dV, dc = h.T @ d, d.sum(axis=0)
        dz = d @ V.T * (1 - h ** 2)
        dW = X.T @ dz
        db = dz.sum(axis=0)
        UPDATE
        b -= 0.05 * db
        V -= 0.05 * dV
        c -= 0.05 * dc
        print(loss)
train()
"""
BY_LINES = NET.replace("def train():\n    global W, b, V, c\n", "if True:\n").replace("\ntrain()", "")
VIEWS = [
    "flat = W.ravel(); flat -= 0.05 * dW.ravel()",
    "flat = W.reshape(-1); flat -= (0.05 * dW).reshape(-1)",
    "W.reshape(-1)[:] -= 0.05 * dW.reshape(-1)",
    "turned = W.T; turned -= 0.05 * dW.T",
    "W.T[...] -= 0.05 * dW.T",
    "turned = np.transpose(W); turned -= 0.05 * dW.T",
    "turned = np.swapaxes(W, 0, 1); turned -= 0.05 * dW.T",
    "top, rest = W[:2], W[2:]; top -= 0.05 * dW[:2]; rest -= 0.05 * dW[2:]",
    "back = W[::-1]; back -= 0.05 * dW[::-1]",
    "one = W[None].squeeze(); one -= 0.05 * dW",
    "for row, g in zip(W, dW): row -= 0.05 * g",
    "for k in range(3): W[k] -= 0.05 * dW[k]",
    "for k in range(4): W[:, k] -= 0.05 * dW[:, k]",
    "for k in range(12): W[k // 4, k % 4] -= 0.05 * dW[k // 4, k % 4]",
    "W[[0, 1, 2]] -= 0.05 * dW[[0, 1, 2]]",
    "np.subtract.at(W, np.arange(3), 0.05 * dW)",
    "np.subtract(W, 0.05 * dW, out=W)",
    "np.multiply(dW, 0.05, out=step); np.subtract(W, step, out=W)",
    "np.copyto(W, W - 0.05 * dW)",
    "W.flat[:] = (W - 0.05 * dW).ravel()",
    "W.flat -= 0.05 * dW.ravel()",
]
AFTERWARDS = [
    "W -= 0.05 * dW; W /= np.linalg.norm(W)",
    "W -= 0.05 * dW; W = W / np.sqrt((W ** 2).sum(axis=0, keepdims=True))",
    "W -= 0.05 * dW; W[:] = W / np.linalg.norm(W)",
    "W = np.clip(W - 0.05 * dW, -0.6, 0.6)",
    "W -= 0.05 * dW; np.clip(W, -0.6, 0.6, out=W)",
    "W -= 0.05 * dW; W = np.maximum(W, -0.3)",
    "W -= 0.05 * dW; W *= mask",
    "W -= 0.05 * dW; W[0, 0] = 0.0",
    "W -= 0.05 * dW; W *= 0.999",
    "W -= 0.05 * dW; W = np.sign(W) * np.maximum(np.abs(W) - 0.001, 0)",
    "flat = W.ravel(); flat -= 0.05 * dW.ravel(); W /= np.linalg.norm(W)",
]
MISTAKES = [
    ("dW = X.T @ dz", "dW = 2 * (X.T @ dz)", {"W"}),
    ("(1 - h ** 2)", "(1 - h)", {"W", "b"}),
]


def written(source: str, update: str, before: str = "") -> str:
    lines = [update] if update.startswith("for") else update.split("; ")
    return source.replace("BEFORE", before).replace("UPDATE", "\n        ".join(lines))


@pytest.mark.parametrize(
    ("source", "update"),
    [(NET, each) for each in (*VIEWS, *AFTERWARDS)] + [(BY_LINES, each) for each in (*VIEWS[::3], *AFTERWARDS[::3])],
)
def test_a_weight_is_judged_however_it_is_moved(source: str, update: str, tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    for line, instead, wrong in [("", "", set[str]()), *MISTAKES]:
        text = written(source, update)
        assert line in text
        file.write_text(text.replace(line, instead) if line else text)
        program = open_program(str(file))
        assert {node.name for node in program.steps[0].theirs} == {"W", "b", "V", "c"}, instead
        assert parted(program) == wrong, instead


def test_views_of_one_vector_are_weights_that_it_moves(tmp_path: Path) -> None:
    views = """
theta = np.concatenate([W.ravel(), b, V.ravel(), c])
W, b, V, c = theta[:12].reshape(3, 4), theta[12:16], theta[16:20].reshape(4, 1), theta[20:]
"""
    source = NET.replace("BEFORE", views)
    begin, end = source.index("        UPDATE"), source.index("        print(loss)")
    update = "        theta -= 0.05 * np.concatenate([dW.ravel(), db, dV.ravel(), dc])\n"
    source = source[:begin].replace("    global W, b, V, c\n", "    global theta\n") + update + source[end:]
    file = tmp_path / "net.py"
    for line, instead, wrong in [("dW", "dW", set[str]()), *MISTAKES]:
        file.write_text(source.replace(line, instead))
        program = open_program(str(file))
        assert len(program.steps[0].theirs) == 4
        assert parted(program) == wrong


def test_a_weight_that_is_not_judged_is_said_to_be_none(tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    file.write_text(written(NET, "W = W * np.exp(-0.05 * dW)"))
    program = open_program(str(file))
    assert {node.name for node in program.steps[0].theirs} == {"b", "V", "c"}
    assert "moves from step to step by an update that is not followed" in program.warning


def test_what_is_changed_in_place_has_the_values_of_before_in_the_forward_pass(tmp_path: Path) -> None:
    source = """
import numpy as np
X, y, w = np.arange(12.0).reshape(4, 3) / 10, np.ones(4), np.full(3, 0.1)
def run():
    for i in range(4):
        z = np.zeros((2, 2))
        z[0] += X[:2] @ w
        z.T[1] += 0.5 * (X[2:] @ w)
        z[1, 1] -= w[2]
        loss = np.mean((z.ravel() - y) ** 2)
        d = (2 * (z.ravel() - y) / 4).reshape(2, 2)
        g = X[:2].T @ d[0] + 0.5 * X[2:].T @ d[:, 1]
        g[2] -= d[1, 1]
        flat = w.reshape(-1)
        flat -= 0.3 * g
        print(loss)
run()
"""
    file = tmp_path / "net.py"
    file.write_text(source)
    program = open_program(str(file))
    assert parted(program) == set()
    assert [node.name for node in program.steps[0].theirs] == ["w"]
    file.write_text(source.replace("+ 0.5 * X[2:].T", "+ X[2:].T"))
    assert parted(open_program(str(file))) == {"w"}


def test_an_array_of_another_loop_is_not_taken_for_one_that_is_changed_unnamed(tmp_path: Path) -> None:
    source = """
import numpy as np
rng = np.random.default_rng(0)
X, w = rng.normal(size=(6, 2)), np.zeros(2)
y = X @ np.ones(2)
for epoch in range(3):
    order = rng.permutation(6)
    X[:], y[:] = X[order], y[order]
    for i in range(2):
        error = X @ w - y
        loss = np.mean(error ** 2)
        dw = 2 * X.T @ error / 6
        w -= 0.1 * dw
        print(loss)
"""
    file = tmp_path / "net.py"
    file.write_text(source)
    program = open_program(str(file))
    assert (len(program.steps), parted(program)) == (6, set())


def test_entries_that_are_added_up_are_those_of_np_add_at(tmp_path: Path) -> None:
    source = """
import numpy as np
rng = np.random.default_rng(0)
E, w = rng.normal(size=(6, 3)), rng.normal(size=3)
ids, ys = rng.integers(0, 3, size=(5, 4)), rng.normal(size=(5, 4))
for i in range(5):
    e = E[ids[i]]
    error = e @ w - ys[i]
    loss = (error ** 2).sum()
    dw = 2 * e.T @ error
    dE = 2 * np.outer(error, w)
    w -= 0.05 * dw
    np.add.at(E, ids[i], -0.05 * dE)
    print(loss)
"""
    file = tmp_path / "net.py"
    for line, instead, wrong in [("", "", set[str]()), ("dE = 2 *", "dE = -2 *", {"E"}), ("dw = 2", "dw = 1", {"w"})]:
        file.write_text(source.replace(line, instead) if line else source)
        program = open_program(str(file))
        assert {node.name for node in program.steps[0].theirs} == {"E", "w"}
        assert parted(program) == wrong
    # where an entry is there twice, the last one alone is set
    file.write_text(source.replace("np.add.at(E, ids[i], -0.05 * dE)", "E[ids[i]] -= 0.05 * dE"))
    is_twice = any(len(set(row)) < 4 for row in np.random.default_rng(0).integers(0, 3, size=(5, 4)))
    assert is_twice
    assert parted(open_program(str(file))) == {"E"}
