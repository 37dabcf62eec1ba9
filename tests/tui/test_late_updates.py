"""A weight that is updated before the gradients of others are found from it: the mistake is told with its lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.array_scripts import DATA, DICTIONARY, LAYERS, TWO_LOSSES, opened
from tests.tui.test_used_gradients import parted
from tui_backprop.commands.cli import main
from tui_backprop.programs.program import ProgramError

GLOBAL = (
    DATA
    + """
W1, W2 = rng.normal(size=(2, 4)), rng.normal(size=(4, 1))
for step in range(6):
    h = np.tanh(X @ W1)
    out = h @ W2
    loss = np.mean((out - Y) ** 2)
    dout = 2 * (out - Y) / len(Y)
    dW2 = h.T @ dout
    W2 -= 0.1 * dW2
    dh = dout @ W2.T
    dW1 = X.T @ (dh * (1 - h ** 2))
    W1 -= 0.1 * dW1
    seen.append(loss)
"""
)
EARLY = "        down = grad @ self.weights.T\n"
IN_LAYERS = LAYERS.replace(EARLY, "").replace("        return down\n", "        return grad @ self.weights.T\n")
BY_NAME = DICTIONARY.replace(
    '        grads[f"b{i}"] = delta.sum(axis=0)\n',
    '        grads[f"b{i}"] = delta.sum(axis=0)\n        params[f"W{i}"] = params[f"W{i}"] - 0.1 * grads[f"W{i}"]\n',
).replace("for name in params:", 'for name in ("b1", "b2"):')


def line_of(source: str, text: str) -> int:
    return source.splitlines().index(text) + 1


@pytest.mark.parametrize(
    ("source", "updated", "used", "weight", "wrong"),
    [
        (GLOBAL, "    W2 -= 0.1 * dW2", "    dh = dout @ W2.T", "W2", {"W1"}),
        (
            IN_LAYERS,
            "        self.weights -= rate * (self.x.T @ grad)",
            "        return grad @ self.weights.T",
            "net[2].weights",
            {"net[0].weights", "net[0].bias"},
        ),
        (
            BY_NAME,
            '        params[f"W{i}"] = params[f"W{i}"] - 0.1 * grads[f"W{i}"]',
            '        delta = delta @ params[f"W{i}"].T * (cache[f"A{i - 1}"] > 0)',
            "params['W2']",
            {"params['W1']", "params['b1']"},
        ),
    ],
    ids=["global", "layers", "dictionary"],
)
def test_a_weight_that_is_updated_too_soon_is_told_with_its_lines(
    source: str,
    updated: str,
    used: str,
    weight: str,
    wrong: set[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    program = opened(source, tmp_path)
    assert parted(program) == wrong
    assert main([str(tmp_path / "net.py"), "--headless"]) == 3
    said = capsys.readouterr().out
    was, then = line_of(source, updated), line_of(source, used)
    assert f"{weight} was already updated in net.py:{was} when net.py:{then} used it for the gradient" in said
    assert all(name in said.partition("for the gradient")[2].partition(":")[0] for name in wrong)


def test_a_mistake_of_another_kind_is_not_called_so(tmp_path: Path) -> None:
    source = GLOBAL.replace("    W2 -= 0.1 * dW2\n", "").replace("    W1 -=", "    W2 -= 0.1 * dW2\n    W1 -=")
    program = opened(source, tmp_path)
    assert (parted(program), program.warning) == (set(), "")
    program = opened(source.replace("(1 - h ** 2)", "(1 - h)"), tmp_path)
    assert (parted(program), program.warning) == ({"W1"}, "")


ALTERNATING = (
    DATA
    + """
U, V = rng.normal(size=(8, 2)), rng.normal(size=(2, 2))
for step in range(6):
    loss = np.sum((U @ V - X) ** 2)
    U = U - 0.02 * (U @ V - X) @ V.T
    V = V - 0.02 * U.T @ (U @ V - X)
class Other: pass
"""
).replace("seen = []\n", "")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (ALTERNATING, r"U was already updated in net.py:\d+ when net.py:\d+ used it for the gradient of V"),
        (
            TWO_LOSSES.replace("g_loss", "g_number").replace("seen = []", "class Other: pass"),
            r"steps have several parts",
        ),
    ],
)
def test_a_forward_pass_of_its_own_after_an_update_is_refused_and_no_mistake(
    source: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(ProgramError, match=said):
        opened(source, tmp_path)


def test_gradients_that_cannot_be_compared_are_said(tmp_path: Path) -> None:
    source = ALTERNATING.replace("np.sum((U @ V - X) ** 2)", "np.sum(U ** 2)")
    assert (
        "Its gradients are not compared: none of what leads to loss leads to them." in opened(source, tmp_path).warning
    )
