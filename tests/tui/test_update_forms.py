"""An update is read in whichever form it is written: by the lines of a loop, by what arrays note, and in a refusal."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.tui.test_used_gradients import parted
from tui_backprop.programs.opening import open_program
from tui_backprop.programs.program import ProgramError
from tui_backprop.programs.update_lines import assignments

# W is a weight with the gradient D, its velocity V and mean of squares S; B another weight with the gradient E
OF_ALL = [
    "W -= lr * D",
    "W -= D * lr",
    "W = W - lr * D",
    "W += -lr * D",
    "W = W + -lr * D",
    "W = -lr * D + W",
    "W -= 0.02 * D",
    "W -= lr / 2 * (2 * D)",
    "W = W - lr * D / 4 * 4",
    "step = lr * D; W -= step",
    "step = -lr * D; W = W + step",
    "W, other = W - lr * D, 1",
    "[W, other] = [W - lr * D, 1]",
    "for _ in range(1): W -= lr * D",
    "W = W if i < 0 else W - lr * D",
    "W = less(W, D)",
    "W = (1 - lr * 0.01) * W - lr * D",
    "W = W * (1 - lr * 0.01) - lr * D",
    "W -= lr * (D + 0.01 * W)",
    "W -= lr * D + lr * 0.01 * W",
    "V = 0.9 * V + D; W -= lr * V",
    "V = 0.9 * V - lr * D; W += V",
    "V *= 0.9; V += D; W -= lr * V",
    "V = 0.9 * V + 0.1 * D; W = W - lr * V",
]
OF_NUMPY = [
    "W = np.subtract(W, lr * D)",
    "W = np.add(W, -lr * D)",
    "W -= np.multiply(lr, D)",
    "W -= lr * np.clip(D, -1, 1)",
    "S += D ** 2; W -= lr * D / (np.sqrt(S) + 1e-8)",
    "V = 0.9 * V + 0.1 * D; S = 0.999 * S + 0.001 * D ** 2;"
    " W -= lr * (V / (1 - 0.9 ** (i + 1))) / (np.sqrt(S / (1 - 0.999 ** (i + 1))) + 1e-8)",
]
OF_ARRAYS = [
    "np.subtract(W, lr * D, out=W)",
    "np.add(W, -lr * D, W)",
    "W[:] = W - lr * D",
    "W[...] -= lr * D",
    "W[:] -= lr * D",
    "for p, g in zip([W], [D]): p -= lr * g",
    "for p, g in ((W, D),): p[...] = p - lr * g",
]
PLAIN = {"W": "w", "B": "b", "D": "slope_of_w", "E": "slope_of_b", "V": "v", "S": "s"}
HELD = {"W": "kept['w']", "B": "kept['b']", "D": "found['w']", "E": "found['b']", "V": "v['w']", "S": "s['w']"}
OWN = {name: f"net.{text}" for name, text in PLAIN.items()}

OVER_ARRAYS = """
import numpy as np
class Net: pass
kept, found, v, s, net, lr = {}, {}, {}, {}, Net(), 0.02
x = np.array([1.0, 2.0, 3.0, 4.0])
def less(weight, gradient): return weight - 0.02 * gradient
W, B, V, S = BEGIN
for i in range(8):
    out = W * x + B
    loss = np.mean((out - 3 * x + 1) ** 2)
    D = SLOPE
    E = 2 * np.mean(out - 3 * x + 1, keepdims=KEEP)
    UPDATE
    B -= lr * E
"""
OVER_POINTS = """
IMPORT
kept, found, v, s, lr, i = {}, {}, {}, {}, 0.02, 0
def less(weight, gradient): return weight - 0.02 * gradient
W, B, V, S = 0.0, 0.5, 0.0, 0.0
for x, y in [(1.0, 2.0), (2.0, 5.0), (3.0, 8.0), (0.5, 0.5)]:
    out = W * x + B
    loss = (out - y) ** 2
    D = SLOPE
    E = 2 * (out - y)
    UPDATE
    B -= lr * E
    i += 1
    print(loss)
"""


def written(script: str, form: str, names: dict[str, str], **parts: str) -> str:
    lines = [form] if form.startswith(("for", "if")) else form.split("; ")
    source = script.replace("UPDATE", "\n    ".join(lines))
    for name, text in parts.items():
        source = source.replace(name, text)
    return re.sub(r"\b[WBDEVS]\b", lambda each: names[each[0]], source)


@pytest.mark.parametrize("form", [*OF_ALL, *OF_NUMPY, *OF_ARRAYS])
def test_every_form_is_followed_by_arrays(form: str, tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    kinds = [("np.zeros(1), np.full(1, 0.5), np.zeros(1), np.zeros(1)", "True", HELD)]
    if form not in OF_ARRAYS:
        kinds.append(("0.0, 0.5, 0.0, 0.0", "False", OWN))
    for begin, keeps, names in kinds:
        slopes: list[tuple[str, set[str]]] = [("2 * np.mean((out - 3 * x + 1) * x", set())]
        if names is HELD:
            slopes.append(("np.mean((out - 3 * x + 1) * x", {"W"}))
        for slope, wrong in slopes:
            of_w = f"{slope}, keepdims={keeps})"
            file.write_text(written(OVER_ARRAYS, form, names, BEGIN=begin, KEEP=keeps, SLOPE=of_w))
            program = open_program(str(file))
            assert parted(program) == {names[each] for each in wrong}
            assert {node.name for node in program.steps[-1].theirs} == {names["W"], names["B"]}


@pytest.mark.parametrize("form", [*OF_ALL, *OF_NUMPY])
def test_no_form_of_numbers_alone_makes_a_right_gradient_wrong(form: str, tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    for names in (PLAIN, {**PLAIN, "D": "dw", "E": "db"}):
        for slope in ("2 * (out - y) * x", "(out - y) * x"):
            file.write_text(written(OVER_POINTS, form, names, SLOPE=slope, IMPORT="import numpy as np"))
            program = open_program(str(file))
            is_compared = any(node.name == "w" for node in program.steps[0].theirs)
            assert parted(program) == ({"w"} if slope[0] != "2" and is_compared else set())
            assert is_compared or slope[0] == "2" or "The gradients of w are not compared" in program.warning
            assert is_compared or names is PLAIN


@pytest.mark.parametrize("form", [each for each in OF_ALL if "less(" not in each and " if " not in each])
def test_the_number_that_an_update_moves_is_named_where_nothing_can_be_seen(form: str, tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    for names, said in ((PLAIN, "w is a plain"), (HELD, "kept is a plain")):
        file.write_text(written(OVER_POINTS, form, names, SLOPE="2 * (out - y) * x", IMPORT=""))
        with pytest.raises(ProgramError, match=f"trains nothing that can be seen: {said} Python number"):
            open_program(str(file))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("w -= 0.1 * g", [("w", False, "0.1 * g", 1)]),
        ("w += 0.1 * g", [("w", False, "0.1 * g", -1)]),
        ("w *= 0.9", [("w", False, None, 0)]),
        ("w = 0.1 * g + w", [("w", False, "0.1 * g", -1)]),
        ("w = 0.1 * g - w", [("w", False, None, 0)]),
        ("w = 0.9 * w - 0.1 * g", [("w", False, "0.1 * g", 1)]),
        ("w: float = w - g", [("w", False, "g", 1)]),
        ("w[0] -= g", [("w", True, "g", 1)]),
        ("w[:] = w - g", [("w", False, "g", 1)]),
        ("net.w -= g", [("net", True, "g", 1)]),
        ("a = w = w - g", [("a", False, None, 0), ("w", False, "g", 1)]),
        ("w, b = w - g, b - h", [("w", False, "g", 1), ("b", False, "h", 1)]),
        ("w, b = update(w, b)", [("w", False, None, 0), ("b", False, None, 0)]),
        ("np.subtract(w, g, out=w)", [("w", False, "g", 1)]),
        ("np.add(w, g, w)", [("w", False, "g", -1)]),
        ("np.clip(g, -1, 1, out=g)", []),
        ("print(w - g)", []),
    ],
)
def test_a_line_is_read_as_what_it_changes(line: str, expected: list[object]) -> None:
    found = [
        (each.target, each.is_part, each.change and ast.unparse(each.change), each.sign)
        for each in assignments(ast.parse(line))
    ]
    assert found == expected
