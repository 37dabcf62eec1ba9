"""The gradient in an update is found by how the update uses it, whatever it is called; a velocity is none."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.tui.loop_scripts import opened
from tui_backprop.programs.update_lines import gradients_used
from tui_backprop.verdict import judge

LINE = """
import numpy as np
x = np.array([1.0, 2.0, 3.0, 4.0])
y = 3 * x - 1
w, b, seen = 0.0, 0.5, []
rate = 0.02
for i in range(COUNT):
    p = w * x + b
    loss = np.mean((p - y) ** 2)
    seen.append(loss)
    slope_of_w = SLOPE
    slope_of_b = 2 * np.mean(p - y)
    UPDATE
    b -= rate * slope_of_b
"""
RIGHT, HALF = "2 * np.mean((p - y) * x)", "np.mean((p - y) * x)"


@pytest.mark.parametrize(
    "update",
    [
        "w -= rate * slope_of_w",
        "w = w - slope_of_w * rate",
        "w += -rate * slope_of_w",
        "w -= 0.02 * slope_of_w",
        "step = rate * slope_of_w; w -= step",
        "w, other = w - rate * slope_of_w, 1",
    ],
)
def test_numbers_are_judged_whatever_their_gradients_are_called(update: str, tmp_path: Path) -> None:
    for slope, wrong in ((RIGHT, []), (HALF, ["w"])):
        source = LINE.replace("COUNT", "12").replace("UPDATE", update).replace("SLOPE", slope)
        program = opened(source, tmp_path)
        verdict = judge(program)
        assert verdict is not None
        assert verdict.compared == 2
        assert [each.node.name for each in verdict.parted] == wrong
        assert program.warning == ""
        if wrong:
            [_, row] = [line for line in verdict.lines() if line.startswith("  ")]
            line = source.splitlines().index(f"    slope_of_w = {HALF}") + 1
            assert row.split()[1] == f"by_hand.py:{line}"


POINTS = """
import numpy as np
w, b, seen = 0.0, 0.5, []
rate = 0.02
for x, y in [(1.0, 2.0), (2.0, 5.0), (3.0, 8.0)]:
    p = w * x + b
    loss = (p - y) ** 2
    seen.append(loss)
    slope_of_w = (p - y) * x
    slope_of_b = 2 * (p - y)
    UPDATE
    b -= rate * slope_of_b
"""


@pytest.mark.parametrize("update", ["w -= rate / 2 * slope_of_w", "w -= rate * (p - y) * x"])
def test_a_gradient_of_numbers_alone_that_is_not_compared_is_said(update: str, tmp_path: Path) -> None:
    program = opened(POINTS.replace("UPDATE", update), tmp_path)
    assert program.warning.endswith(
        "The gradients of w are not compared: name them, as dw = ..., before the update uses them."
    )


def test_a_rate_is_seen_to_the_end_where_rounding_makes_most_of_a_step(tmp_path: Path) -> None:
    source = LINE.replace("COUNT", "600").replace("UPDATE", "w -= rate * slope_of_w").replace("SLOPE", RIGHT)
    program = opened(source.replace("rate = 0.02", "rate = 0.1"), tmp_path)
    assert program.learning_rate == 0.1
    assert program.steps[-1].measured < 1e-15


@pytest.mark.parametrize(
    ("lines", "used"),
    [
        ("g = 2 * p; w -= rate * g", ("g", 1)),
        ("g = 2 * p; w += rate * g", ("g", -1)),
        ("g = 2 * p; g = g / 4; w -= rate * g", ("g", 1)),
        ("g = 2 * p; v = 0.9 * v + g; w -= rate * v", None),
        ("g = 2 * p; m = 0.9 * m + 0.1 * g; hat = m / (1 - 0.9 ** i); w -= rate * hat", None),
        ("g = 2 * p; rate = 1 / (1 + i); w -= rate * g", ("g", 1)),
        ("g = 2 * p; w -= rate * g + rate * decay * w", None),
        ("g = 2 * p; h = 3 * p; w -= g * h", None),
        ("g = 2 * p; w -= rate * scale * g", None),
        ("w -= rate * p", None),
    ],
)
def test_which_name_is_the_gradient(lines: str, used: tuple[str, int] | None) -> None:
    [loop] = ast.parse(f"for i in range(9):\n  p = w * x; {lines}").body
    assert isinstance(loop, ast.For)
    assert gradients_used(loop, {"w", "x", "p"}).get("w") == used
