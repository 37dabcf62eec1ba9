"""Weights of which each step reads and moves a few entries: tables of values, and rows of embeddings and of factors."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.test_used_gradients import parted
from tui_backprop.programs.opening import open_program
from tui_backprop.programs.program import ProgramError

EMBEDDING = """
import numpy as np
rng = np.random.default_rng(0)
def train():
    E, W = rng.normal(size=(6, 3)) * 0.1, rng.normal(size=(3, 6)) * 0.1
    for i, j in [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 0)] * 4:
        e = E[i]
        z = e @ W
        p = np.exp(z - z.max()) / np.exp(z - z.max()).sum()
        loss = -np.log(p[j])
        d = p.copy()
        d[j] -= 1
        dW = np.outer(e, d)
        de = W @ d
        W -= 0.1 * dW
        E[i] -= 0.1 * de
        print(loss)
train()
"""
FACTORS = """
import numpy as np
rng = np.random.default_rng(0)
U, M = rng.normal(size=(4, 2)), rng.normal(size=(5, 2))
for epoch in range(4):
    total = 0.0
    for u, m, r in [(0, 1, 3.0), (1, 2, 4.0), (2, 0, 1.0), (3, 4, 5.0), (0, 3, 2.0)]:
        e = U[u] @ M[m] - r
        loss = e ** 2
        total += loss
        du = 2 * e * M[m]
        dm = 2 * e * U[u]
        U[u] -= 0.02 * du
        M[m] -= 0.02 * dm
    print(total)
"""
VALUES = """
import numpy as np
def train():
    rng = np.random.default_rng(0)
    Q, s = np.zeros((5, 2)), 0
    for step in range(60):
        a = rng.integers(2)
        after = min(s + 1, 4) if a else max(s - 1, 0)
        r = 1.0 if after == 4 else 0.0
        target = r + 0.9 * Q[after].max()
        error = target - Q[s, a]
        loss = 0.5 * error ** 2
        Q[s, a] += 0.1 * error
        s = 0 if after == 4 else after
        print(loss)
train()
"""


@pytest.mark.parametrize(
    ("source", "line", "instead", "wrong"),
    [
        (EMBEDDING, "", "", set()),
        (EMBEDDING, "de = W @ d", "de = W @ p", {"E"}),
        (EMBEDDING, "np.outer(e, d)", "np.outer(e, p)", {"W"}),
        (EMBEDDING, "E[i] -= 0.1 * de", "E[i] = E[i] - 0.1 * -de", {"E"}),
        (FACTORS, "", "", set()),
        (FACTORS, "dm = 2 * e", "dm = e", {"M"}),
    ],
)
def test_rows_are_judged(source: str, line: str, instead: str, wrong: set[str], tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    file.write_text(source.replace(line, instead) if line else source)
    program = open_program(str(file))
    assert {node.name for node in program.steps[-1].theirs} == ({"E", "W"} if source is EMBEDDING else {"U", "M"})
    assert parted(program) == wrong


def test_each_iteration_is_a_step_however_often_it_ran(tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    file.write_text(EMBEDDING)
    assert len(open_program(str(file)).steps) == 24


def test_temporal_differences_are_refused_and_the_way_is_right(tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    file.write_text(VALUES)
    with pytest.raises(ProgramError, match="with a part of what is read of Q taken as fixed, as temporal differences"):
        open_program(str(file))
    file.write_text(VALUES.replace("Q[after].max()", "float(Q[after].max())"))
    program = open_program(str(file))
    assert parted(program) == set()
    assert [node.name for node in program.steps[-1].theirs] == ["Q"]
