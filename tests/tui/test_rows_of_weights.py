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


NEGATIVE = """
import numpy as np
rng = np.random.default_rng(0)
words, contexts = rng.normal(0, 0.3, (8, 3)), rng.normal(0, 0.3, (8, 3))
for at in range(6):
    c, o, negatives = at, (at + 3) % 8, [(at + 5) % 8, (at + 6) % 8]
    v = words[c]
    p = 1 / (1 + np.exp(-(contexts[o] @ v)))
    q = 1 / (1 + np.exp(-(contexts[negatives] @ v)))
    loss = -np.log(p) - np.sum(np.log(1 - q))
    dv = (p - 1) * contexts[o] + q @ contexts[negatives]
    do = (p - 1) * v
    dn = np.outer(q, v)
    np.subtract.at(contexts, negatives, 0.05 * dn)
    contexts[o] -= 0.05 * do
    words[c] -= 0.05 * dv
"""


@pytest.mark.parametrize(
    ("line", "instead", "wrong"),
    [
        ("", "", set()),
        ("do = (p - 1) * v", "do = p * v", {"contexts"}),
        ("+ q @ contexts", "- q @ contexts", {"words"}),
    ],
)
@pytest.mark.parametrize("is_by_row", [False, True])
def test_rows_that_one_step_moves_in_several_lines(
    line: str, instead: str, wrong: set[str], is_by_row: bool, tmp_path: Path
) -> None:
    source = NEGATIVE.replace(line, instead) if line else NEGATIVE
    if is_by_row:
        at_once = "    np.subtract.at(contexts, negatives, 0.05 * dn)\n"
        assert at_once in source
        each = "    for k, n in enumerate(negatives):\n        contexts[n] -= 0.05 * dn[k]\n"
        source = source.replace(at_once, each)
    path = tmp_path / "words.py"
    path.write_text(source)
    program = open_program(str(path))
    assert parted(program) == wrong
    assert program.learning_rate == 0.05


def test_a_softmax_may_take_its_largest_logit_off_a_weight(tmp_path: Path) -> None:
    path = tmp_path / "bandit.py"
    source = """
import numpy as np
rng = np.random.default_rng(0)
liked = np.zeros(4)
for t in range(8):
    e = np.exp(liked - liked.max())
    p = e / e.sum()
    a = rng.choice(4, p=p)
    reward = rng.normal(a / 4, 0.3)
    loss = -reward * np.log(p[a])
    d = reward * p
    d[a] -= reward
    liked -= 0.1 * d
"""
    path.write_text(source)
    assert parted(open_program(str(path))) == set()
    path.write_text(source.replace("d[a] -= reward", "d[a] -= 1"))
    assert parted(open_program(str(path))) == {"liked"}
