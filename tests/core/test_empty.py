"""Operations on arrays without numbers: right by their shapes, or refused by a sentence that names the array."""

import itertools

import numpy as np
import pytest

import minidl_core as dl
from minidl_core.definition import definitions

from .messages import message

OPERATIONS = [name for name in definitions if hasattr(dl, name)]


def emptied(shapes):
    """The shapes with each size in them made 0 wherever it stands, and with each dimension of one of them made 0."""
    for size in {size for shape in shapes for size in shape}:
        yield tuple(tuple(0 if each == size else each for each in shape) for shape in shapes)
    for number, shape in enumerate(shapes):
        for axis in range(len(shape)):
            one = (*shape[:axis], 0, *shape[axis + 1 :])
            yield (*shapes[:number], one, *shapes[number + 1 :])


def cases(name):
    definition = definitions[name]
    for sample in definition.samples:
        *inputs, attributes = sample if isinstance(sample[-1], dict) else (*sample, {})
        shapes = tuple(each if isinstance(each, tuple) else np.shape(each) for each in inputs)
        for wanted in dict.fromkeys(emptied(shapes)):
            arrays = [
                np.full(shape, 0.5) if isinstance(each, tuple) or np.shape(each) != shape else each
                for each, shape in zip(inputs, wanted, strict=True)
            ]
            yield arrays, attributes


@pytest.mark.parametrize("name", OPERATIONS)
def test_each_operation_is_right_or_refused_by_our_sentence(name):
    definition, tried = definitions[name], 0
    for (arrays, attributes), known in itertools.product(cases(name), (True, False)):
        with dl.Graph().as_default():
            nodes = [dl.placeholder(array.shape if known else None, name="data") for array in arrays]
            feeds, w = dict(zip(nodes, arrays, strict=True)), dl.Variable(1.0)
            tried += 1
            try:
                value = getattr(dl, name)(*([nodes] if definition.takes_list else nodes), **attributes)
                loss = dl.reduce_sum(value * w)
                session = dl.Session()
                assert session.run(value, feeds).shape == np.shape(definition.compute(*arrays, **attributes))
                session.run(loss, feeds)
                gradients = dl.compute_gradient(loss)
                assert all(gradients[node].shape == array.shape for node, array in feeds.items())
                assert all(np.isfinite(gradient).all() for gradient in gradients.values())
                step = dl.train.GradientDescentOptimizer(0.1).minimize(loss)
                list(dl.Stepper(step, feeds).iteration())
                dl.Stepper(step, feeds).run(5)
            except dl.MinidlError as error:
                said = str(error)
                assert "computing it raised" not in said
                assert "zero-size" not in said
                assert said.startswith(("data", f"{name} '"))
                assert any(node.name in said for node in nodes) or "none to take" in said or " is no " in said
    assert tried


@pytest.mark.parametrize(
    "build",
    [
        dl.softmax,
        dl.log_softmax,
        lambda x: dl.reduce_max(x, axis=1),
        lambda x: dl.reduce_min(x, axis=-1, keepdims=True),
        lambda x: dl.argmax(x, axis=1),
        lambda x: dl.cross_entropy(x, x),
        lambda x: dl.reduce_mean(x, axis=1),
        lambda x: dl.reduce_std(x, axis=1),
    ],
)
def test_an_axis_of_no_numbers_is_named_with_its_array_and_the_remedy(build):
    x = dl.placeholder(name="scores")
    node = build(x)
    said = message(dl.MinidlError, lambda: dl.Session().run(node, {x: np.zeros((3, 0))}))
    assert said.startswith(f"{node.describe()}: ")
    assert "scores is (3,0) and has no numbers" in said
    assert said.endswith("; look where an empty batch, slice or choice comes from.")
    assert dl.Session().run(build(x), {x: np.zeros((0, 3))}).shape[0] == 0


@pytest.mark.parametrize(
    ("build", "what"),
    [
        (lambda x: dl.gather(x, [0]), "index"),
        (lambda x: dl.pick(x, [0], [0]), "row"),
        (lambda x: dl.cross_entropy(dl.transpose(x), [0, 0, 0]), "class"),
    ],
)
def test_of_no_rows_none_can_be_taken(build, what):
    x = dl.placeholder(name="x")
    node = build(x)
    said = message(dl.GraphError, lambda: dl.Session().run(node, {x: np.zeros((0, 3))}))
    assert said.endswith(f": 0 is no {what}: there is none to take.")


def test_what_an_operation_of_others_raised_is_told_with_the_array_that_is_empty(monkeypatch):
    def scaled(a, /):
        """A by the length of its first row."""
        return a / len(a[0])

    monkeypatch.setitem(definitions, "scaled", None)
    double = dl.operation(formula="Y = A/n", elementwise=True)(scaled)
    x = dl.placeholder(name="x")
    said = message(dl.GraphError, lambda: dl.Session().run(double(x), {x: np.zeros((0, 2))}))
    assert "computing it raised IndexError: " in said
    assert said.endswith("; x is (0,2) and has no numbers: look where an empty batch, slice or choice comes from.")
