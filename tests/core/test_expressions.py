"""What people type, out of habits from NumPy, PyTorch and Python: it has the right value, or the way is named."""

import math

import numpy as np
import pytest

import minidl_core as dl

X = np.array([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]])
Y = np.arange(6.0).reshape(3, 2)

WORKS = """
x.sum() | x.sum(0) | x.sum(axis=1, keepdims=True) | x.mean() | x.mean(0) | x.max() | x.max(1) | x.min(1) | x.argmax(1)
x.var(0) | x.std() | x.cumsum(1) | x.clip(0, 1) | x.squeeze() | x.reshape(3, 2) | x.reshape((3, 2)) | x.reshape(-1)
x.flatten() | x.T | x.transpose() | x.transpose(1, 0) | x.dot(y) | x @ y | x ** 2 | 2 ** x | -x | abs(x) | x[0] | x[-1]
x[:, 1:3] | x[0, 1] | x[[1, 0]] | x[..., None] | x[np.array([0, 0])] | x[:, ::-1] | len(x) | x.shape | x.ndim | sum(x)
sum([x, x]) | x > 0 | x <= y.T | x < 3 | 0 >= x | (x == x).mean() | (x == 3).sum() | (x != 3) * 1.0 | 1.0 * (x == x)
np.mean(x == x) | np.exp(x) | np.sin(x) | np.cos(x) | np.sqrt(x * x) | np.tanh(x) | np.abs(x) | np.square(x)
np.sum(x) | np.sum(x, axis=1) | np.mean(x) | np.max(x, 0) | np.min(x) | np.var(x, 0) | np.std(x) | np.argmax(x, 1)
np.dot(x, y) | np.dot(X, y) | np.dot(x, Y) | np.dot(2.0, x) | np.matmul(x, y) | np.outer(x[0], x[1]) | np.maximum(x, 0)
np.minimum(0, x) | np.where(x > 0, x, 0) | np.where(x == 3, 1, 0) | np.clip(x, 0, 1) | np.linalg.norm(x)
np.linalg.norm(x, axis=1) | np.concatenate([x, x]) | np.concatenate([x, X], axis=1) | np.stack([x, x]) | np.pad(x, 1)
np.transpose(x) | np.reshape(x, (3, 2)) | np.ravel(x) | np.expand_dims(x, 0) | np.squeeze(x) | np.cumsum(x, 1)
np.einsum("ij,jk->ik", x, y) | np.broadcast_to(x, (2, 2, 3)) | np.power(x, 2) | np.shape(x) | np.ndim(x)
np.ones(3) + x | np.float64(3) * x | np.ones((2, 2)) @ x | (x > 0).astype(float) | x.astype(np.float64)
[row for row in x][1] | +x | x[()] | x[range(2)] | x[True] | x.sum((0, 1)) | x[None, ..., 1]
np.clip(x, 0, None) | x.clip(None, 2) | x + (1, 2, 3) | pow(x, 2) | X @ x.T | X - x | np.array([1.0, 2.0, 3.0]) * x
np.greater(x, 0) | np.equal(X, x) | np.multiply(x, x) | np.negative(x) | x / 2 | 2 - x | np.power(2.0, x) | x[0][1]
"""

REFUSED = {
    "relu": "x.relu() | x.exp() | x.norm() | x.softmax(1)",
    "write dl.": "x.log() | x.sqrt() | x.abs() | x.unsqueeze(0)",
    "write x": "x.pow(2) | x.view(3, 2) | x.permute(1, 0) | x.size() | x.dim() | x.mm(y) | x.t()",
    "session.run(x)": """x.item() | x.numpy() | x.tolist() | x.detach() | x.data | x.value | float(x) | int(x) | bool(x)
        | f"{x:.3f}" | math.exp(x) | math.sqrt(x) | range(x) | [1, 2][x] | x if x else y | not x | 3 in x | x // 2
        | x % 2 | 2 % x | divmod(x, 2) | round(x) | math.floor(x) | (x == 3) and 1 | max(x, x) | sorted([x, x])
        | np.array(x)
        | np.array([x, x]) | np.sum([x, x]) | np.mean([x, x]) | dl.matmul([x, x], y) | np.asarray(x)""",
    "compute_gradient": "x.grad | x.backward() | setattr(x, 'grad', None) | x.gradient",
    "session.variables": "setattr(x, 'data', 1) | x.assign(1)",
    "float64": "x.to('cpu') | x.float() | x.astype(int)",
    "dl.where": "x[x > 0] | x[x == 3] | x[[0, 1], (y > 0)] | x.__setitem__((0, 1), 3)",
    "dl.gather": "x[0:1, dl.Constant(1)] | x[np.array([True, False]), dl.Constant(1)] | x[dl.Constant(1), None]",
    "no column: it must be a whole number from 0 to 2": "x[0, x] | x[[0, 1], dl.Constant([0, 3])]",
    "dl.maximum": "(x > 0) & (x < 1) | ~(x > 0)",
    "@dl.operation": "np.sort(x) | np.linalg.inv(x) | x.prod() | np.floor(x) | np.round(x) | np.fft.fft(x)",
    "write dl.log(1 + x)": "np.log1p(x)",
    "dl.concatenate([x, y]": "np.vstack([x, x])",
    "size must be a whole number": "dl.max_pool(np.ones((1, 1, 4, 4)), 2.5)",
    "stride 0 must be at least 1": "dl.max_pool(np.ones((1, 1, 4, 4)), stride=0)",
    "a = a + x": "np.add(x, x, out=X) | np.add.reduce(x) | np.exp(x, where=True)",
    "x @ y": "np.dot(dl.placeholder(), x) | dl.placeholder().dot(x) | np.dot(np.ones((2, 2, 2)), x)",
    "dl.norm": "np.linalg.norm(x, 1) | np.linalg.norm(x, ord=2)",
    "unexpected keyword": "np.var(x, ddof=1) | x.sum(dtype=int) | x.mean(dim=1)",
    "x is (2,3)": "x[7] | x[0, 0, 0] | x.sum(5) | x.reshape(4) | dl.gather(x, [0], axis=3)",
    "x.flatten()": "x.ravel() | x.flat",
    "x.clip(low, high)": "x.clamp(0) | x.clamp(min=0)",
    "x + y, x - y, x * y": "x.add(1) | x.sub(1) | x.mul(2) | x.div(2) | x.neg()",
    "x == y, x > y": "x.eq(x) | x.gt(0) | x.le(0)",
    "a node cannot be changed": "x.add_(1) | x.zero_() | x.relu_() | x.__delitem__(0)",
    "dl.gather(x, rows, axis)": "x.take([0]) | x.index_select(0, [1])",
    "dl.where(condition, value, x)": "x.masked_fill(x > 0, 0)",
    "x[:2] and x[2:]": "x.split(1) | x.chunk(2) | np.split(x, 2)",
    "x.kind is its operation": "x.op | x.grad_fn | x.is_leaf",
    "all numbers are float64": "x.half() | x.long() | x.int() | x.bool() | x.type(float) | x.device",
    "build it from others": "x.topk(1) | x.nonzero() | x.trace() | np.median(x) | np.cumprod(x) | np.kron(x, x)",
    "dl.transpose(x, axes)": "np.swapaxes(x, 0, 1) | np.moveaxis(x, 0, 1)",
    "np.zeros(x.shape)": "np.zeros_like(x) | np.full_like(x, 1)",
    "dl.einsum('ij,kj->ik', x, y)": "np.inner(x, x) | np.vdot(x, x) | np.tensordot(x, y, 1)",
    "x[::-1]": "np.flip(x)",
    "(x > 0).max()": "np.any(x > 0) | np.all(x > 0) | x.any()",
    "np.allclose(session.run(x)": "np.allclose(x, x) | np.array_equal(x, x)",
    "write dl.reduce_mean": "np.average(x)",
    "write x[1:] - x[:-1]": "np.diff(x)",
    "write dl.maximum(x, y)": "np.fmax(x, 0)",
    "write a * b": "np.logical_and(x > 0, x < 1)",
    "write 1 - a": "np.logical_not(x > 0)",
    "write 1 / x": "np.reciprocal(x)",
    "write dl.log(x) / np.log(10)": "np.log10(x)",
    "write 2 ** x": "np.exp2(x)",
    "dl.sin(x) / dl.cos(x)": "np.tan(x)",
    "write dl.concatenate([x[-1:], x[:-1]])": "np.roll(x, 1)",
    "write x.shape": "np.size(x) | x.get_shape()",
    "whole numbers, slices, lists of them": "x['a'] | x[1.5] | x[0, 1.5] | x[{}] | dl.placeholder()['a'] | x[0.5]",
    "clip takes (a, low=-inf, high=inf": "np.clip(x, a_min=0, a_max=1)",
    "slope=0.01": "dl.leaky_relu(x, alpha=0.2)",
    "dl.maximum, dl.minimum and dl.where": "dl.clip(x, x, 1) | np.clip(x, -1, x) | dl.leaky_relu(x, x[0])",
    "low must be a number, not 'a'.": "dl.clip(x, 'a')",
    "Of one, reduce_sum and transpose do the same": "dl.einsum('ij->ji', x) | np.einsum('ij->i', x) | dl.einsum(x)",
    "x.reshape(shape) makes a node of another": "setattr(x, 'shape', (6,)) | setattr(x + 1, 'shape', 6)",
    "must be a whole number, several as in (0, 1) or several as in ((0, 1), (0, 1)), not 0.5": "dl.pad(x, 0.5)",
    "shape is known only in a run": "len(dl.placeholder()) | list(dl.placeholder()) | dl.placeholder().ndim",
    "has no length": "len(x.sum()) | list(x.sum())",
    "takes a list of nodes": "dl.concatenate(x) | dl.stack(x) | dl.concatenate([])",
    "equal in all dimensions but the axis": "dl.concatenate([x, y])",
    "no index: it must be a whole number from 0 to 1": "dl.gather(x, [0, 5]) | dl.gather(x, 0.5)",
    "no class: it must be a whole number from 0 to 2": "dl.cross_entropy(x, [0, 3]) | dl.cross_entropy(x, [1.5, 0])",
    "one whole number for each row": "dl.cross_entropy(x, [0, 1, 2])",
    "a window of 3 is larger than the image, 2": "dl.conv2d(np.ones((1, 1, 2, 2)), np.ones((1, 1, 3, 3)))",
    "a window of 2 is larger than the image, 1": "dl.max_pool(np.ones((1, 1, 1, 1)))",
    "images are (images, channels": "dl.conv2d(x, y) | dl.max_pool(x)",
    "1 channels and the kernels 2": "dl.conv2d(np.ones((1, 1, 2, 2)), np.ones((1, 2, 2, 2)))",
    "subscripts": "dl.einsum('ij,jk', x, y) | dl.einsum('ij,j->i', x, y) | dl.einsum('ii,jk->ij', x, y)",
    "'i' is 2 in one input and 3": "dl.einsum('ij,ij->i', x, y)",
    "'z' of the output": "np.einsum('ij,jk->iz', x, y)",
    "how many zeros": "dl.pad(x, -1) | dl.pad(x, (1, 2, 3))",
}


def _value(text):
    """What an expression makes of nodes, as numbers."""
    x, y = dl.Variable(X, name="x"), dl.Variable(Y, name="y")
    made = eval(text, {"x": x, "y": y, "X": X, "Y": Y, "np": np, "dl": dl, "math": math})
    if not isinstance(made, dl.Node):
        return made if isinstance(made, int | tuple) else dl.Session().run(made.node())
    return dl.Session().run(made)


def _split(texts):
    return [text.strip() for line in texts.strip().splitlines() for text in line.split(" | ") if text.strip(" |")]


@pytest.mark.parametrize("text", _split(WORKS))
def test_what_works_has_the_value_that_numpy_has(text):
    expected = eval(text, {"x": X, "y": Y, "X": X, "Y": Y, "np": np, "math": math})
    np.testing.assert_allclose(np.asarray(_value(text), dtype=float), np.asarray(expected, dtype=float), atol=1e-15)


@pytest.mark.parametrize(("way", "text"), [(way, text) for way, texts in REFUSED.items() for text in _split(texts)])
def test_what_does_not_work_names_the_way(way, text):
    with pytest.raises(dl.MinidlError) as caught:
        _value(text.lstrip("| "))
    assert (way if way != "relu" else "write dl.") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_node_is_found_among_others_by_what_it_is():
    x, y = dl.Variable(1.0, name="x"), dl.Variable(1.0, name="y")
    before = len(x.graph.nodes)
    assert (x in [y, x], x in (y,), [y, x].index(x), {x: 1}[x], {(y, 0): 2}[y, 0]) == (True, False, 1, 1, 2)
    assert (bool(x == x), bool(x == y), bool(x != y), (x, 1) == (x, 1), (x, 1) == (y, 1)) == (
        True,
        False,
        True,
        True,
        False,
    )
    assert (x == "x", x != "x") == (False, True)
    assert len(x.graph.nodes) == before


def test_accuracy_is_a_comparison():
    scores, classes = dl.placeholder((4, 2), name="scores"), dl.placeholder((4,), name="classes")
    feeds = {scores: [[1, 2], [3, 1], [0, 5], [2, 4]], classes: [1, 0, 1, 0]}
    for accuracy in (
        dl.reduce_mean(dl.argmax(scores, axis=1) == classes),
        (scores.argmax(1) == classes).mean(),
        np.mean(np.argmax(scores, axis=1) == classes),
    ):
        assert dl.Session().run(accuracy, feeds) == 0.75


@pytest.mark.parametrize("change", ["w -= 0.1 * g", "w += 1", "w *= 2", "w /= 2", "w **= 2"])
def test_a_variable_changed_in_place_says_how_it_is_changed(change):
    with pytest.raises(
        dl.GraphError, match=r"variable 'w' .*: it cannot be changed in place; session\.variables\[w\] = "
    ):
        exec(change, {"w": dl.Variable(1.0, name="w"), "g": 2.0})


def test_a_sum_may_be_gathered_in_place():
    x = dl.Variable([1.0, 2.0])
    total = x[0]
    total += x[1]
    assert dl.Session().run(total) == 3.0


def test_an_array_that_would_take_in_a_node_says_so():
    array = np.zeros(2)
    with pytest.raises(dl.GraphError, match="with out cannot take a node"):
        array += dl.Variable([1.0, 2.0])


@pytest.mark.parametrize("value", [0.0, 2.0])
def test_two_spellings_have_one_slope_at_a_tie(value):
    def slope(build):
        x = dl.Variable(value)
        loss = build(x)
        dl.Session().run(loss)
        return float(dl.compute_gradient(loss)[x])

    flat = [lambda x: dl.maximum(x - value, 0), lambda x: dl.maximum(0, x - value), lambda x: dl.relu(x - value)]
    flat += [lambda x: dl.minimum(x - value, 0), lambda x: abs(x - value), lambda x: dl.clip(x, value, 9)]
    assert [slope(build) for build in flat] == [0.0] * 6
    both = [lambda x: dl.maximum(x, x), lambda x: dl.minimum(x, x), lambda x: dl.reduce_max(dl.stack([x, x]))]
    both += [lambda x: dl.maximum(x, 1 * x), lambda x: dl.max_pool(dl.broadcast_to(x, (1, 1, 2, 2)))[0, 0, 0, 0]]
    assert [slope(build) for build in both] == [1.0] * 5


def test_one_entry_of_each_row_is_picked_by_a_node():
    x, classes = dl.Variable(X, name="x"), dl.placeholder((2,), name="classes")
    for rows in (np.arange(2), [0, 1], dl.Constant([0, 1])):
        picked = x[rows, classes]
        loss = dl.reduce_sum(picked)
        assert picked.shape == (2,)
        dl.Session().run(loss, {classes: [2, 0]})
        assert dl.compute_gradient(loss)[x].tolist() == [[0, 0, 1], [1, 0, 0]]
    assert dl.Session().run(x[:, classes], {classes: [2, 2]}).tolist() == [[3, 3], [-6, -6]]


def test_what_is_flat_everywhere_is_no_loss_to_minimise():
    scores, classes = dl.Variable(X, name="scores"), dl.Constant([1, 0])
    wrong = r"every gradient would be 0: .* only through argmax 'argmax' \(test_expressions.py:\d+\), which jumps"
    with pytest.raises(dl.GraphError, match=wrong):
        dl.train.GradientDescentOptimizer(0.1).minimize((scores.argmax(1) == classes).mean())
    both = dl.reduce_mean(dl.where(scores > 0, scores, 0))
    assert dl.train.GradientDescentOptimizer(0.1).minimize(both).variables == [scores]


def test_a_shape_by_its_name_is_taken_too():
    assert dl.Variable(X).reshape(shape=(3, 2)).shape == (3, 2)
