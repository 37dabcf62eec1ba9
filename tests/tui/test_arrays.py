"""Networks in plain NumPy, in functions and classes: the run that their arrays noted is opened, and judged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from minidl_core.train import GradientDescentOptimizer, MomentumOptimizer
from tui_backprop.commands.cli import main
from tui_backprop.programs.arrays.noted import NotedArray
from tui_backprop.programs.opening import open_program
from tui_backprop.programs.program import ProgramError
from tui_backprop.verdict import judge

from .array_scripts import (
    BY_EXAMPLE,
    DICTIONARY,
    LAYERS,
    OVER_TIME,
    PERCEPTRON,
    RECURRENT,
    RESIDUAL,
    TWO_LOSSES,
    opened,
    status_of,
)


@pytest.mark.parametrize(
    ("source", "names", "rate"),
    [
        (LAYERS, {"net[0].weights", "net[0].bias", "net[2].weights", "net[2].bias"}, 0.5),
        (DICTIONARY, {"params['W1']", "params['b1']", "params['W2']", "params['b2']"}, 0.1),
        (RECURRENT, {"Wx", "Wh", "b"}, 0.05),
        (OVER_TIME, {"P['U']", "P['R']", "P['V']"}, 0.05),
        (RESIDUAL, {"first", "last", "blocks[0]", "blocks[1]", "blocks[2]"}, 0.1),
    ],
    ids=["layers", "dictionary", "recurrent", "over time", "residual"],
)
def test_weights_are_followed_wherever_they_are_kept(source: str, names: set[str], rate: float, tmp_path: Path) -> None:
    program = opened(source, tmp_path)
    assert status_of(program) == 0
    assert {node.name for node in program.steps[0].theirs} == names
    assert type(program.optimizer) is (MomentumOptimizer if source is DICTIONARY else GradientDescentOptimizer)
    assert program.learning_rate == rate
    assert program.warning == ""


@pytest.mark.parametrize(
    ("source", "line", "instead", "wrong"),
    [
        (LAYERS, "return grad * (1 - self.y ** 2)", "return grad * (1 - self.y)", {"net[0].weights", "net[0].bias"}),
        (DICTIONARY, '* (cache[f"A{i - 1}"] > 0)', "", {"params['W1']", "params['b1']"}),
        (DICTIONARY, "delta.sum(axis=0)", "delta.sum(axis=0) * i", {"params['b2']"}),
        (RECURRENT, "carried = Wh.T @ dz", "carried = 0 * (Wh.T @ dz)", {"Wx", "Wh", "b"}),
        (OVER_TIME, "dh = dh + dz", "dh = dz", {"P['U']", "P['R']"}),
        (RESIDUAL, "dx = dx + dz", "dx = dz", {"first", "blocks[0]", "blocks[1]"}),
    ],
    ids=["layers", "dictionary", "multiple", "recurrent", "over time", "residual"],
)
def test_a_mistake_is_found(source: str, line: str, instead: str, wrong: set[str], tmp_path: Path) -> None:
    assert line in source
    verdict = judge(opened(source.replace(line, instead), tmp_path))
    assert verdict is not None
    assert verdict.status == 3
    assert {each.node.name for each in verdict.parted} == wrong


def test_a_script_without_a_loss_shows_the_one_that_its_gradients_are_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program = opened(PERCEPTRON, tmp_path)
    assert status_of(program) == 0
    assert program.learning_rate == 1.0
    assert "It computes no loss; its gradients are those of 0.5 * sum((l2 - y) ** 2), shown here." in program.warning
    assert main([str(tmp_path / "net.py"), "--headless"]) == 0
    assert "2 gradients agree in all 5 steps" in capsys.readouterr().out


def test_examples_have_one_loss_each_or_the_sum_of_a_batch(tmp_path: Path) -> None:
    program = opened(BY_EXAMPLE, tmp_path)
    assert status_of(program) == 0
    assert len(program.steps) == 8
    assert program.warning.endswith("its gradients are those of 0.5 * sum((output - target) ** 2), shown here.")
    by_two = BY_EXAMPLE.replace("at : at + 1", "at : at + 2").replace("range(0, 8)", "range(0, 8, 2)")
    program = opened(by_two, tmp_path)
    assert status_of(program) == 0
    assert [len(step.feeds) for step in program.steps] == [4] * 4  # inputs and targets
    assert "those of the sum of 0.5 * sum((output - target) ** 2) over its examples, shown here." in program.warning


def test_the_loss_of_a_batch_is_that_of_all_its_examples(tmp_path: Path) -> None:
    source = BY_EXAMPLE.replace("at : at + 1", "at : at + 2")
    for line, instead in (
        ("return np.dot(delta, x.transpose())", "return np.dot(delta, x.transpose()), 0.5 * np.sum((a - y) ** 2)"),
        ("        total = total + gradient(x, y)", "        g, one = gradient(x, y)\n        total = total + g"),
        ("    weights[0] = weights[0]", "    seen.append(loss)\n    weights[0] = weights[0]"),
        ("    for x, y in batch:", "    loss = 0.0\n    for x, y in batch:"),
        ("total = total + g\n", "total = total + g\n        loss = loss + one\n"),
        ("data = [", "seen = []\ndata = ["),
    ):
        assert line in source
        source = source.replace(line, instead)
    program = opened(source, tmp_path)
    assert status_of(program) == 0
    assert [len(step.feeds) for step in program.steps] == [4] * 7 + [2]  # inputs and targets


def test_steps_that_are_not_of_the_implied_loss_are_missed_aloud(tmp_path: Path) -> None:
    source = PERCEPTRON.replace("    l2_error = y - l2", "    l2_error = y - l2 if i < 2 else (y - l2) * l2")
    program = opened(source, tmp_path)
    assert len(program.steps) == 2
    assert "They are not in step 3 of 5: only the steps before it are here." in program.warning


BALANCED = """
import numpy as np
rng = np.random.default_rng(0)
X, y = rng.normal(size=(20, 2)), np.arange(20) % 2
W, b = np.zeros((2, 1)), 0.0
for i in range(5):
    p = 1 / (1 + np.exp(-(X @ W + b)))
    loss = -np.mean(y[:, None] * np.log(p) + (1 - y[:, None]) * np.log(1 - p))
    W -= 0.1 * X.T @ (p - y[:, None]) / 20
    b -= 0.1 * np.mean(p - y[:, None])
"""


def test_a_rate_before_a_product_is_one_also_where_a_weight_does_not_move_at_first(tmp_path: Path) -> None:
    program = opened(BALANCED, tmp_path)
    assert status_of(program) == 0
    assert program.warning == ""
    assert [step.optimizer.learning_rate for step in program.steps] == pytest.approx([0.1] * 5)
    assert {step.loss.name for step in program.steps} == {"loss"}


def test_a_multiple_of_the_loss_is_no_mistake(tmp_path: Path) -> None:
    source = PERCEPTRON.replace("    l2_delta", "    loss = np.mean(l2_error ** 2)\n    l2_delta", 1)
    program = opened(source, tmp_path)
    assert status_of(program) == 0
    assert "Its gradients are those of 2 times loss" in program.warning
    assert program.steps[0].loss.name == "2 * loss"


def test_neither_another_mean_nor_a_small_number_in_a_logarithm_is_a_mistake(tmp_path: Path) -> None:
    source = DICTIONARY.replace("X = rng.normal(size=(8, 2))", "X = rng.normal(size=(7, 2))")
    source = source.replace("/ len(Y)", "/ len(Y) ** 2").replace("np.log(a)", "np.log(a + 1e-8)")
    program = opened(source, tmp_path, 1 / 7)
    assert status_of(program) == 0
    assert "Its gradients are those of 0.14286 times cost" in program.warning


def test_the_loss_has_its_name_and_what_is_made_of_data_alone_is_the_same_data(tmp_path: Path) -> None:
    first, second = opened(DICTIONARY, tmp_path).steps[:2]
    assert first.loss.name == "cost"
    assert {node.name for node in first.feeds} == {"X", "Y", "1 - Y"}
    assert all(second.feeds[node] is array for node, array in first.feeds.items())


def test_a_rate_that_multiplies_before_the_gradient_is_made_is_no_multiple_of_the_loss(tmp_path: Path) -> None:
    line = "self.weights -= rate * (self.x.T @ grad)"
    assert line in LAYERS
    program = opened(LAYERS.replace(line, "self.weights -= rate * self.x.T @ grad"), tmp_path)
    assert status_of(program) == 0
    assert program.warning == ""


def test_a_loss_that_is_computed_now_and_then_is_shown_in_each_step(tmp_path: Path) -> None:
    source = PERCEPTRON.replace(
        "    syn0 += X.T.dot(l1_delta)",
        "    syn0 += X.T.dot(l1_delta)\n    if i % 3 == 0:\n        print(f'{0.5 * np.sum(l2_error ** 2):.3f}')",
    )
    program = opened(source, tmp_path)
    assert (len(program.steps), status_of(program)) == (5, 0)


def test_an_array_of_another_library_is_data(tmp_path: Path) -> None:
    source = LAYERS.replace("X = rng.normal(size=(8, 2))", "X = rows()")
    source = source.replace(
        "import numpy as np",
        "import numpy as np\nfrom array import array\n\ndef rows():\n"
        "    return np.frombuffer(array('d', [1, 2, -1, 3, 2, -2, 0.5, 1])).reshape(4, 2)",
        1,
    )
    source = source.replace("return np.dot(x, self.weights) + self.bias", "return x.dot(self.weights) + self.bias")
    assert status_of(opened(source, tmp_path)) == 0


@pytest.mark.parametrize(
    "together", ["np.hstack((x[:, :1], x[:, 1:]))", "np.vstack([x[0], x[1:]])", "np.column_stack((x[:, 0], x[:, 1:]))"]
)
def test_arrays_are_put_together_by_any_of_numpys_names(together: str, tmp_path: Path) -> None:
    source = LAYERS.replace("self.x = x", f"self.x = x = {together}", 1)
    assert status_of(opened(source, tmp_path)) == 0


def test_a_script_that_has_as_many_steps_as_are_asked_for_opens(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(LAYERS)
    every = len(opened(LAYERS, tmp_path).steps)
    assert [len(open_program(str(path), most=most).steps) for most in (every - 1, every, every + 1)] == [
        every - 1,
        every,
        every,
    ]


def test_what_is_no_operation_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(ProgramError) as error:
        opened(LAYERS.replace("self.y = np.tanh(x)", "self.y = np.sinc(x)"), tmp_path)
    assert str(error.value).startswith("net.py:25: sinc is not followed: np.sinc is no operation here")


def test_where_no_loss_is_found_that_is_said(tmp_path: Path) -> None:
    source = PERCEPTRON.replace("l2_delta = l2_error", "l2_delta = np.sign(l2_error)")
    with pytest.raises(
        ProgramError, match=r"net\.py moves syn1 and syn0, and no number that NumPy was seen to compute"
    ):
        opened(source, tmp_path)


def test_a_script_that_trains_an_engine_of_its_own_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(
        "import numpy as np\nclass Value:\n    def __add__(self, other): return self\nkind = type(np.zeros(2))\n"
        "assert kind is np.ndarray\nraise SystemExit('ran')\n"
    )
    with pytest.raises(ProgramError, match="ran"):
        open_program(str(tmp_path / "own.py"))


def test_arrays_and_numbers_stay_what_they_are(tmp_path: Path) -> None:
    (tmp_path / "plain.py").write_text(
        "import copy, json, pickle\nimport numpy as np\na = np.random.rand(3, 2)\nx = np.mean(a)\n"
        "assert isinstance(a, np.ndarray) and isinstance(x, float) and isinstance(x, np.float64)\n"
        "assert repr(a).startswith('array(') and repr(x).startswith('np.float64(')\n"
        "assert json.loads(json.dumps({'x': x}))['x'] == x and {x: 1}[float(x)] == 1\n"
        "assert f'{x:.3f}' == f'{float(x):.3f}' and round(x, 2) == round(float(x), 2) and x.tolist() == x.item()\n"
        "assert np.array_equal(pickle.loads(pickle.dumps(a)), a) and np.array_equal(copy.deepcopy(a), a)\n"
        "x += 1\nx /= 2\na -= a\nassert not a.any() and np.sum(a) == 0\nraise SystemExit('ran')\n"
    )
    with pytest.raises(ProgramError, match="ran"):
        open_program(str(tmp_path / "plain.py"))
    assert issubclass(NotedArray, np.ndarray)


def test_two_losses_in_turn_are_refused(tmp_path: Path) -> None:
    by_arrays = TWO_LOSSES.replace("seen = []", "class Other: pass")
    with pytest.raises(ProgramError, match=r"it trains by d_loss and g_loss in turn, whose steps are not told apart"):
        opened(by_arrays, tmp_path)
    as_one = by_arrays.replace("z @ wg @ wd", "fake @ wd").replace("    dr, df", "    fake = z @ wg\n    dr, df")
    with pytest.raises(ProgramError, match="steps are not told apart"):
        opened(as_one, tmp_path)


def test_terms_of_the_loss_that_gradients_know_nothing_of_are_said(tmp_path: Path) -> None:
    term = "        cost = cost + 0.1 * np.mean(cache['A1'] ** 2)"
    program = opened(DICTIONARY.replace("        seen.append(cost)", term).replace("seen = []", ""), tmp_path)
    assert program.warning == (
        "Its gradients are those of cost without the terms that are added to it for cost: these are not compared."
    )


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        # the loss is ours: it stands where the error is of which the gradients are
        ({}, "l2_error = y - l2"),
        # of a cross-entropy no line of the script is a part, but that which makes the output
        ({"l2_delta = l2_error * nonlin(l2, True)": "l2_delta = l2_error"}, "return 1 / (1 + np.exp(-x))"),
        # one call is made of several operations of ours
        ({"X @ syn0": "np.column_stack((X[:, 0], X[:, 1:])) @ syn0"}, "l2_error = y - l2"),
    ],
)
def test_what_the_script_did_not_write_is_located_in_it_all_the_same(
    changes: dict[str, str], line: str, tmp_path: Path
) -> None:
    source = PERCEPTRON
    for old, new in changes.items():
        assert old in source
        source = source.replace(old, new)
    path = tmp_path / "net.py"
    path.write_text(source)
    loss = open_program(str(path)).steps[0].loss
    assert loss.location == f"net.py:{[each.strip() for each in source.splitlines()].index(line) + 1}"
    assert {node.location.partition(":")[0] for node in loss.graph.nodes} == {"net.py"}


TENSORS = """
import numpy as np
rng = np.random.default_rng(0)
X, T = rng.normal(size=(6, 3, 2, 4)), rng.normal(size=(6, 5))
W, V = rng.normal(size=(5, 2, 4, 3)) * 0.3, rng.normal(size=(5, 5))
seen = []
for i in range(3):
    a = np.tensordot(X, W, axes=([1, 2, -1], [3, 1, 2]))
    h = np.logaddexp(0, a)
    o = np.tensordot(h, V, 1)
    loss = ((o - T) ** 2).sum()
    seen.append(loss)
    g = 2 * (o - T)
    dV = np.tensordot(h, g, axes=(0, 0))
    da = np.tensordot(g, V.T, 1) / (1 + np.exp(-a))
    dW = np.tensordot(da, X, axes=(0, 0)).transpose(0, 2, 3, 1)
    V -= 0.001 * dV
    W -= 0.001 * dW
"""


def test_sums_over_pairs_of_axes_and_a_softplus_by_its_other_name_are_followed(tmp_path: Path) -> None:
    assert status_of(opened(TENSORS, tmp_path)) == 0
    assert status_of(opened(TENSORS.replace("axes=(0, 0)).transpose", "axes=(0, 0)).copy().transpose"), tmp_path)) == 0
    assert status_of(opened(TENSORS.replace("/ (1 + np.exp(-a))", "/ (1 + np.exp(a))"), tmp_path)) == 3
