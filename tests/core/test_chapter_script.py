"""A script in the style of the chapter, with its own names for everything, runs as it stands and agrees with NumPy."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

SCRIPT = '''
import numpy as np

from minidl_core import (
    Graph, RegisterGradient, Session, Variable, add, compute_gradient, log, matmul, multiply, negative, operation,
    placeholder, reduce_sum, softmax, train,
)

rng = np.random.default_rng(5)
points = np.concatenate((rng.normal(size=(30, 2)) + 1.5, rng.normal(size=(30, 2)) - 1.5))
classes = [[1, 0]] * 30 + [[0, 1]] * 30


@operation(formula="Y = 3·A", samples=[((2, 2),)])
def triple(a, /):
    """Three times A."""
    return 3 * a


@RegisterGradient("triple")
def _triple_gradient(op, grad):
    """1 more in A is 3 more in Y."""
    return 3 * grad


Graph().as_default()
X = placeholder()
c = placeholder()
W = Variable(rng.normal(size=(2, 2)))
b = Variable(rng.normal(size=2))
p = softmax(triple(add(matmul(X, W), b)))
J = negative(reduce_sum(reduce_sum(multiply(c, log(p)), axis=1)))
certainty = reduce_sum(multiply(p, p))
minimization_op = train.GradientDescentOptimizer(learning_rate=0.001).minimize(J)
feed_dict = {X: points.tolist(), c: classes}
session = Session()
for _ in range(20):
    print(float(session.run(J, feed_dict)))
    session.run(minimization_op, feed_dict)
session.run(certainty, {X: points})
print(*session.run(W, {}).ravel(), *session.run(b))
print(*compute_gradient(J)[W].ravel())
'''


def _by_hand():
    rng = np.random.default_rng(5)
    x = np.concatenate((rng.normal(size=(30, 2)) + 1.5, rng.normal(size=(30, 2)) - 1.5))
    c = np.repeat(np.eye(2), 30, axis=0)
    w, b = rng.normal(size=(2, 2)), rng.normal(size=2)
    losses = []
    for _ in range(20):
        scores = 3 * (x @ w + b)
        raised = np.exp(scores - scores.max(axis=1, keepdims=True))
        p = raised / raised.sum(axis=1, keepdims=True)
        losses.append(-np.sum(c * np.log(p)))
        gradient = 3 * (p - c)
        w_gradient = x.T @ gradient
        w, b = w - 0.001 * w_gradient, b - 0.001 * gradient.sum(axis=0)
    return [*losses, *w.ravel(), *b, *w_gradient.ravel()]


def test_the_script_runs_as_it_stands_and_prints_what_numpy_calculates(tmp_path):
    script = tmp_path / "perceptron.py"
    script.write_text(SCRIPT)
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)],
        env={"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    assert [float(number) for number in done.stdout.split()] == pytest.approx(_by_hand(), rel=1e-9)
