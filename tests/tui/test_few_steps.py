"""A check of few steps judges each of them, and all its weights, whatever only the steps after them tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui_backprop.commands.cli import main
from tui_backprop.programs.opening import open_program
from tui_backprop.programs.program import ProgramError
from tui_backprop.verdict import judge

LOOP = """
import numpy as np
rng = np.random.default_rng(0)
X = rng.normal(size=(8, 3))
y = X @ np.array([1.0, 2.0, 3.0]) + 1
net = {"w": rng.normal(size=3), "b": 0.0}
def error(net):
    return X @ net["w"] + net["b"] - y
lr = 0.1
for i in range(30):
    LOSS_BEFORE
    e = error(net)
    dw = 2 * X.T @ e / len(X)
    db = FACTOR * np.mean(e)
    net["w"] -= lr * dw
    net["b"] -= lr * db
    LOSS_AFTER
"""
LOSS = "if i % 10 == {}: loss = np.mean(error(net) ** 2)"


@pytest.mark.parametrize("steps", [1, 2, 3, 12])
@pytest.mark.parametrize("where", ["LOSS_BEFORE", "LOSS_AFTER"])
@pytest.mark.parametrize("factor", ["2", "5"])
def test_each_of_so_many_steps_is_judged_with_all_weights(factor: str, where: str, steps: int, tmp_path: Path) -> None:
    source = LOOP.replace("FACTOR", factor).replace(where, LOSS.format(0))
    (tmp_path / "net.py").write_text(source.replace("LOSS_BEFORE", "pass").replace("LOSS_AFTER", "pass"))
    program = open_program(str(tmp_path / "net.py"), most=steps)
    verdict = judge(program)
    assert verdict is not None
    assert (len(program.steps), verdict.compared, verdict.recorded) == (steps, 2, steps)
    assert "are here" not in program.warning
    assert [each.node.name for each in verdict.parted] == ([] if factor == "2" else ["net['b']"])


def test_where_the_loss_is_computed_later_it_is_said_that_more_steps_are_needed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "net.py"
    path.write_text(LOOP.replace("FACTOR", "5").replace("LOSS_BEFORE", LOSS.format(9)).replace("LOSS_AFTER", "pass"))
    with pytest.raises(ProgramError, match=r"compute one in each step, .* or take more than 3 --steps"):
        open_program(str(path), most=3)
    assert main(["--headless", str(path), "--steps", "12"]) == 3
    assert "1 of 2 gradients agree in iteration" in capsys.readouterr().out
