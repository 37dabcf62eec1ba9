"""Networks in plain NumPy, in functions and classes: the run that their arrays noted is opened, and judged."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from types import FrameType

import numpy as np
import pytest

from minidl_core.train import GradientDescentOptimizer, MomentumOptimizer
from tui_backprop.commands.cli import main
from tui_backprop.programs.arrays import recorder, steps
from tui_backprop.programs.arrays import tape as notes
from tui_backprop.programs.arrays.noted import NotedArray
from tui_backprop.programs.opening import open_program
from tui_backprop.programs.program import Program, ProgramError
from tui_backprop.verdict import judge

DATA = """
import numpy as np
rng = np.random.default_rng(3)
X = rng.normal(size=(8, 2))
Y = (X[:, :1] * X[:, 1:] > 0) * 1.0
seen = []
"""

LAYERS = (
    DATA
    + """
class Dense:
    def __init__(self, n, m):
        self.weights = rng.normal(size=(n, m)) / np.sqrt(n)
        self.bias = np.zeros((1, m))

    def forward(self, x):
        self.x = x
        return np.dot(x, self.weights) + self.bias

    def backward(self, grad, rate):
        down = grad @ self.weights.T
        self.weights -= rate * (self.x.T @ grad)
        self.bias -= rate * grad.sum(axis=0, keepdims=True)
        return down

class Tanh:
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y

    def backward(self, grad, rate):
        return grad * (1 - self.y ** 2)

def mse(y, out):
    return np.mean((out - y) ** 2)

def train(net, rate, steps):
    for _ in range(steps):
        out = X
        for layer in net:
            out = layer.forward(out)
        error = mse(Y, out)
        seen.append(error)
        grad = 2 * (out - Y) / Y.size
        for layer in reversed(net):
            grad = layer.backward(grad, rate)

net = [Dense(2, 4), Tanh(), Dense(4, 1)]
train(net, 0.5, 6)
"""
)

DICTIONARY = (
    DATA
    + """
def forward(params):
    cache = {"A0": X}
    for i in (1, 2):
        z = cache[f"A{i - 1}"].dot(params[f"W{i}"]) + params[f"b{i}"]
        cache[f"A{i}"] = np.maximum(z, 0) if i == 1 else 1 / (1 + np.exp(-z))
    return cache

def backward(params, cache):
    grads, delta = {}, (cache["A2"] - Y) / len(Y)
    for i in (2, 1):
        grads[f"W{i}"] = cache[f"A{i - 1}"].T @ delta
        grads[f"b{i}"] = delta.sum(axis=0)
        delta = delta @ params[f"W{i}"].T * (cache[f"A{i - 1}"] > 0)
    return grads

def train():
    params = {"W1": rng.normal(size=(2, 5)), "b1": np.zeros(5), "W2": rng.normal(size=(5, 1)), "b2": np.zeros(1)}
    velocity = {name: np.zeros_like(value) for name, value in params.items()}
    for step in range(6):
        cache = forward(params)
        a = cache["A2"]
        cost = -np.mean(Y * np.log(a) + (1 - Y) * np.log(1 - a))
        seen.append(cost)
        grads = backward(params, cache)
        for name in params:
            velocity[name] = 0.9 * velocity[name] + grads[name]
            params[name] = params[name] - 0.1 * velocity[name]
    return params

train()
"""
)

RECURRENT = (
    DATA
    + """
Wx, Wh, b = rng.normal(size=(3, 2)), rng.normal(size=(3, 3)) / 2, np.zeros((3, 1))
for step in range(4):
    hs, loss = {-1: np.zeros((3, 1))}, 0
    for t in range(3):
        hs[t] = np.tanh(np.dot(Wx, X[t][:, None]) + np.dot(Wh, hs[t - 1]) + b)
        loss += 0.5 * np.sum((hs[t] - Y[t]) ** 2)
    dWx, dWh, db, carried = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b), 0
    for t in reversed(range(3)):
        dz = (hs[t] - Y[t] + carried) * (1 - hs[t] ** 2)
        dWx += dz @ X[t][None, :]
        dWh += dz @ hs[t - 1].T
        db += dz
        carried = Wh.T @ dz
    for param, grad in zip((Wx, Wh, b), (dWx, dWh, db)):
        np.clip(grad, -50, 50, out=grad)
        param -= 0.05 * grad
    seen.append(loss)
"""
)

OVER_TIME = (
    DATA
    + """
alpha = 0.5
P = {"U": rng.normal(size=(2, 3)) * 0.5, "R": rng.normal(size=(3, 3)) * 0.5, "V": rng.normal(size=(3, 1))}
for step in range(4):
    h, cache, loss = np.zeros((1, 3)), [], 0.0
    for t in range(5):
        f = np.tanh(X[t : t + 1] @ P["U"] + h @ P["R"])
        cache.append((h, f))
        h = h + alpha * f
    loss = np.sum((h @ P["V"] - 1) ** 2)
    seen.append(loss)
    d = 2 * (h @ P["V"] - 1)
    G = {name: np.zeros_like(each) for name, each in P.items()}
    G["V"] += h.T @ d
    dh = d @ P["V"].T
    for t in reversed(range(5)):
        h, f = cache[t]
        dz = alpha * dh * (1 - f ** 2)
        G["U"] += X[t : t + 1].T @ dz
        G["R"] += h.T @ dz
        dh = dh + dz @ P["R"].T
    for name in P:
        P[name] -= 0.05 * G[name]
"""
)

RESIDUAL = (
    DATA
    + """
first, last = rng.normal(size=(2, 4)) * 0.5, rng.normal(size=(4, 1))
blocks = [rng.normal(size=(4, 4)) * 0.3 for _ in range(3)]
for step in range(4):
    x, kept = X @ first, []
    for i in range(3):
        h = np.tanh(x @ blocks[i])
        kept.append((x, h))
        x = x + h
    loss = np.mean((x @ last - Y) ** 2)
    seen.append(loss)
    d = 2 * (x @ last - Y) / Y.size
    dlast, dx, grads = x.T @ d, d @ last.T, []
    for i in (2, 1, 0):
        x, h = kept[i]
        dz = dx * (1 - h ** 2)
        grads.insert(0, x.T @ dz)
        dx = dx + dz @ blocks[i].T
    first -= 0.1 * (X.T @ dx)
    last -= 0.1 * dlast
    for i, g in enumerate(grads):
        blocks[i] -= 0.1 * g
"""
)

BY_EXAMPLE = """
import numpy as np
rng = np.random.default_rng(2)
data = [(rng.normal(size=(3, 1)), rng.normal(size=(2, 1))) for _ in range(8)]
weights = [rng.normal(size=(2, 3))]

def gradient(x, y):
    a = 1 / (1 + np.exp(-np.dot(weights[0], x)))
    delta = (a - y) * a * (1 - a)
    return np.dot(delta, x.transpose())

def update(batch, rate):
    total = np.zeros(weights[0].shape)
    for x, y in batch:
        total = total + gradient(x, y)
    weights[0] = weights[0] - rate * total

for at in range(0, 8):
    update(data[at : at + 1], 0.5)
"""

PERCEPTRON = """
import numpy as np
np.random.seed(1)

def nonlin(x, deriv=False):
    if deriv:
        return x * (1 - x)
    return 1 / (1 + np.exp(-x))

X = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
y = np.array([[0, 1, 1, 0]]).T
syn0 = 2 * np.random.random((3, 4)) - 1
syn1 = 2 * np.random.random((4, 1)) - 1
for i in range(5):
    l1 = nonlin(X @ syn0)
    l2 = nonlin(l1 @ syn1)
    l2_error = y - l2
    l2_delta = l2_error * nonlin(l2, True)
    l1_delta = l2_delta.dot(syn1.T) * nonlin(l1, True)
    syn1 += l1.T.dot(l2_delta)
    syn0 += X.T.dot(l1_delta)
"""


def opened(source: str, folder: Path, multiple: float = 1.0) -> Program:
    path = folder / "net.py"
    ending = "\nwith open(__file__ + '.seen', 'w') as file:\n    file.write(repr([float(s) for s in seen]))\n"
    path.write_text(source + (ending if "seen = []" in source else ""))
    program = open_program(str(path))
    if "seen = []" in source:
        seen = [multiple * loss for loss in eval((folder / "net.py.seen").read_text())]
        assert [step.measured for step in program.steps] == seen
    assert type(np.zeros(2)) is type(np.random.rand(2)) is np.ndarray
    return program


def status_of(program: Program) -> int:
    verdict = judge(program)
    assert verdict is not None
    return verdict.status


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


def test_examples_one_by_one_have_one_loss_and_a_sum_over_them_has_none_of_theirs(tmp_path: Path) -> None:
    program = opened(BY_EXAMPLE, tmp_path)
    assert status_of(program) == 0
    assert len(program.steps) == 8
    assert program.warning.endswith("its gradients are those of 0.5 * sum((output - target) ** 2), shown here.")
    with pytest.raises(ProgramError, match="no number that NumPy was seen to compute"):
        opened(BY_EXAMPLE.replace("at : at + 1", "at : at + 2"), tmp_path)


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
    source = PERCEPTRON.replace("    l2_error = y - l2", "    l2_error = (y - l2) * (1 if i < 2 else l2)")
    program = opened(source, tmp_path)
    assert len(program.steps) == 2
    assert "They are not in step 3 of 5: only the steps before it are here." in program.warning


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


TWO_LOSSES = (
    DATA
    + """
wg, wd = rng.normal(size=(2, 1)), rng.normal(size=(1, 1))
for step in range(4):
    z = rng.normal(size=(8, 2))
    dr, df = 1 / (1 + np.exp(-(Y @ wd))), 1 / (1 + np.exp(-(z @ wg @ wd)))
    d_loss = -np.mean(np.log(dr)) - np.mean(np.log(1 - df))
    wd = wd - 0.1 * (Y.T @ (dr - 1) + (z @ wg).T @ df) / 8
    df = 1 / (1 + np.exp(-(z @ wg @ wd)))
    g_loss = -np.mean(np.log(df))
    wg = wg - 0.1 * (z.T @ ((df - 1) @ wd.T) / 8)
    losses = d_loss, g_loss
"""
)


def test_two_losses_in_turn_are_refused(tmp_path: Path) -> None:
    by_arrays = TWO_LOSSES.replace("seen = []", "class Other: pass")
    with pytest.raises(ProgramError, match=r"an array, read at net.py:\d+, moves from step to step, too"):
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


EULER = """
import numpy as np
rng = np.random.default_rng(0)
X, y, w = rng.normal(size=(20, 3)), rng.normal(size=20), np.zeros(3)
for step in range(3):
    h = np.zeros(20)
    for t in range({count}):
        h = h + (X @ w - h) * 0.01
    loss = np.mean((h - y) ** 2)
    w = w - 0.1 * (1 - 0.99 ** {count}) * 2 * X.T @ (h - y) / len(y)
    print(loss)
"""
ADDED = """
import numpy as np
h, a = np.zeros(3), np.ones(3)
for t in range({count}):
    h = h + a * 0.01
print(np.sum(np.tanh(h)))
"""


@pytest.mark.parametrize("source", [EULER, ADDED], ids=["in training", "alone"])
def test_sums_within_an_iteration_are_followed_in_a_time_that_grows_with_their_number(
    source: str, tmp_path: Path
) -> None:
    def calls(count: int) -> int:
        made = 0

        def note(frame: FrameType, event: str, _: object) -> None:
            nonlocal made
            made += event == "call" and frame.f_code.co_filename in (steps.__file__, notes.__file__)

        before = sys.getprofile()
        sys.setprofile(note)
        try:
            with suppress(ProgramError):  # two of them train nothing
                opened(source.format(count=count), tmp_path)
        finally:
            sys.setprofile(before)
        return made

    calls(20)
    assert calls(400) < 4.6 * calls(100)


def test_a_script_that_only_computes_is_noted_up_to_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "MOST_BEFORE_A_STEP", 400_000)
    computing = """
import gc
import numpy as np
from tui_backprop.programs.arrays.tape import Note
def count(): return sum(type(each) is Note for each in gc.get_objects())
gc.collect()
X, total, before = np.ones((50, 50)), 0.0, count()
for i in range({count}):
    Y = np.tanh(X.T * (i + 1.0))
    total += float(np.sum(Y))
raise SystemExit(f"kept {{count() - before}}.")
"""
    kept = []
    for count in (4, 8, 500):
        with pytest.raises(ProgramError, match=r"kept \d+\.") as ended:
            opened(computing.format(count=count), tmp_path)
        kept.append(int(str(ended.value).rpartition("kept ")[2].partition(".")[0].rstrip("')")))
    assert kept[0] < kept[1]
    assert kept[2] < 60


def test_steps_before_the_limit_are_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = ADDED.partition("h, a")[0] + (
        "X, y, w = np.arange(60.0).reshape(20, 3) / 60, np.ones(20), np.zeros(3)\nclass Kept: pass\n"
        "for step in range(6):\n    loss = np.mean((X @ w - y) ** 2)\n    w = w - 0.1 * 2 * X.T @ (X @ w - y) / 20\n"
        "for i in range(2000):\n    Z = np.tanh(X * i)\n"
    )
    monkeypatch.setattr(recorder, "MOST_BYTES", 100_000)
    program = opened(source, tmp_path)
    assert len(program.steps) == 6
    assert "Only the first 6 steps of" in program.warning
    assert program.warning.endswith("net.py are here: more would not fit.")
