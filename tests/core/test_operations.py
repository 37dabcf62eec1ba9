"""What an operation promises, and what a user can write: operators, constants, axes, operations of their own."""

import inspect
import itertools
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import minidl_core as dl
from minidl_core.arrays import freeze, is_float64, quiet
from minidl_core.definition import definitions
from minidl_core.gradients import EvaluatedOperation, _gradient_registry

from .reference import sample_arrays

BUILT_IN = {name: made for name, made in definitions.items() if made.compute.__module__.startswith("minidl_core.")}
BAD = [np.nan, np.inf, -np.inf]
EXTREME = [0.0, -0.0, 5e-324, -1e-200, 1.0, 1e200, -1.7e308]
UNCHECKED = [name for name, made in BUILT_IN.items() if made.unchecked]


def _samples(made):
    for sample in made.samples:
        arrays, _, attributes = sample_arrays(made, sample, seed=3)
        yield arrays, {**made.attributes, **attributes}


def _ordinary_and_extreme(made):
    rng = np.random.default_rng(4)
    for arrays, attributes in _samples(made):
        yield arrays, attributes
        for _ in range(3):
            yield [np.array(rng.choice(EXTREME, size=array.shape)) for array in arrays], attributes


@pytest.mark.parametrize("name", BUILT_IN)
def test_no_sentence_about_an_operation_has_an_article_that_would_be_taken_for_its_input(name: str) -> None:
    texts = [BUILT_IN[name].reason, *_gradient_registry[name].reasons]
    assert [text for text in texts if re.search(r"(^|[.:] )A (?!is\b)[a-z]", text)] == []


@pytest.mark.parametrize("name", UNCHECKED)
@pytest.mark.parametrize("bad", BAD)
def test_an_unchecked_operation_passes_every_nan_and_infinity_on(name, bad):
    made = BUILT_IN[name]
    for arrays, attributes in _ordinary_and_extreme(made):
        for array in arrays:
            for entry in np.ndindex(array.shape):
                kept = array[entry]
                array[entry] = bad
                with quiet():
                    assert not np.isfinite(made.compute(*arrays, **attributes)).all(), (name, arrays)
                array[entry] = kept


@pytest.mark.parametrize("name", UNCHECKED)
@pytest.mark.parametrize("bad", BAD)
def test_the_gradient_of_an_unchecked_operation_passes_every_nan_and_infinity_on(name, bad):
    made, rule = BUILT_IN[name], _gradient_registry[name]
    for arrays, attributes in _ordinary_and_extreme(made):
        with quiet():
            output = made.compute(*arrays, **attributes)
        op = EvaluatedOperation(dl.Operation(made, arrays, attributes), arrays, output, [True] * len(arrays))
        for entry in np.ndindex(np.shape(output)):
            grad = np.ones(np.shape(output))
            grad[entry] = bad
            with quiet():
                for gradient in rule.function(op, grad):
                    assert not np.isfinite(gradient).all(), (name, entry, arrays)


@pytest.mark.parametrize("name", UNCHECKED)
def test_an_unchecked_operation_makes_float64_of_float64_forward_and_backward(name):
    made, rule = BUILT_IN[name], _gradient_registry[name]
    for arrays, attributes in _ordinary_and_extreme(made):
        inputs = [freeze(array) for array in arrays]  # as the engine has them: np.float64, or not to be written to
        with quiet():
            output = made.compute(*inputs, **attributes)
            op = EvaluatedOperation(dl.Operation(made, inputs, attributes), inputs, output, [True] * len(inputs))
            gradients = rule.function(op, freeze(np.ones(output.shape)))
        assert all(is_float64(array) for array in [output, *gradients])


@pytest.mark.parametrize("name", BUILT_IN)
def test_an_operation_changes_no_input_and_its_shape_is_known_before(name):
    made, rule = BUILT_IN[name], _gradient_registry[name]
    for arrays, attributes in _samples(made):
        before = [array.tobytes() for array in arrays]
        output = np.asarray(made.compute(*arrays, **attributes))
        assert made.output_shape(tuple(array.shape for array in arrays), attributes) == output.shape
        own = made.for_count(len(arrays)) if made.takes_list else made
        op = EvaluatedOperation(dl.Operation(own, tuple(arrays), attributes), arrays, output, [True] * len(arrays))
        rule.function(op, np.ones(output.shape))
        assert [array.tobytes() for array in arrays] == before


def test_operators_build_operations_also_with_a_number_a_list_or_an_array_on_the_left():
    x = dl.Variable([1.0, 2.0], name="x")
    cases = {
        "add": [x + 3, 3 + x, [3, 4] + x, np.array([3.0, 4.0]) + x, x + x],  # noqa: RUF005
        "subtract": [x - 3, 3 - x, [3, 4] - x, np.array([3.0, 4.0]) - x],
        "multiply": [x * 3, 3 * x, np.array([3.0, 4.0]) * x, np.float64(3) * x],
        "divide": [x / 4, 3 / x, np.array([3.0, 4.0]) / x],
        "power": [x**3, 3**x, np.array([3.0, 4.0]) ** x],
        "matmul": [x @ [[1, 2], [3, 4]], [[1, 2], [3, 4]] @ x, np.ones((2, 2)) @ x],
        "negative": [-x],
    }
    expected = {
        "add": [[4, 5], [4, 5], [4, 6], [4, 6], [2, 4]],
        "subtract": [[-2, -1], [2, 1], [2, 2], [2, 2]],
        "multiply": [[3, 6], [3, 6], [3, 8], [3, 6]],
        "divide": [[0.25, 0.5], [3, 1.5], [3, 2]],
        "power": [[1, 8], [3, 9], [3, 16]],
        "matmul": [[7, 10], [5, 11], [3, 3]],
        "negative": [[-1, -2]],
    }
    session = dl.Session()
    for name, nodes in cases.items():
        assert all(node.kind == name for node in nodes)
        np.testing.assert_array_equal([session.run(node) for node in nodes], expected[name])


def test_an_operator_with_something_that_is_no_number_says_so():
    x = dl.Variable(1.0)
    with pytest.raises(
        dl.GraphError, match=r"constant 'constant' \(test_operations.py:\d+\): it is not an array of num"
    ):
        x + "one"


def test_constants_are_copies_and_do_not_change():
    given = np.array([1.0, 2.0])
    total = dl.Variable([0.0, 0.0]) + given
    given[:] = 9
    assert dl.Session().run(total).tolist() == [1, 2]
    assert [node.kind for node in total.inputs] == ["variable", "constant"]


def _axes(rank):
    """Every axis that NumPy takes for so many dimensions."""
    yield from (None, *range(-rank, rank))
    for count in range(rank + 1):
        yield from itertools.permutations(range(rank), count)
    if rank:
        yield [rank - 1]


@pytest.mark.parametrize("shape", [(), (4,), (3, 2), (2, 3, 4)])
@pytest.mark.parametrize("keepdims", [False, True])
def test_reductions_take_every_axis_that_numpy_takes(shape, keepdims):
    given = np.random.default_rng(1).normal(size=shape)
    x = dl.Variable(given)
    for axis in _axes(len(shape)):
        for ours, theirs in ((dl.reduce_sum, np.sum), (dl.reduce_mean, np.mean)):
            made = ours(x, axis=axis, keepdims=keepdims)
            expected = theirs(given, axis=tuple(axis) if isinstance(axis, list) else axis, keepdims=keepdims)
            np.testing.assert_allclose(dl.Session().run(made), expected, rtol=1e-14, atol=1e-15)
            assert made.shape == np.shape(expected)
            loss = dl.reduce_sum(made * made)
            dl.Session().run(loss)
            slopes = 2 * np.broadcast_to(theirs(given, axis=made.attributes["axis"], keepdims=True), shape)
            if ours is dl.reduce_mean:
                slopes = slopes / (given.size // np.size(expected))
            np.testing.assert_allclose(dl.compute_gradient(loss)[x], slopes, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("axis", [2, -3, (0, 0), (0, 2)])
def test_an_axis_that_is_not_there_is_found_while_building(axis):
    x = dl.Variable(np.ones((3, 2)), name="x")
    with pytest.raises(dl.ShapeError, match=r"reduce_mean .* x is \(3,2\); axis must name dimensions that x has, each"):
        dl.reduce_mean(x, axis=axis)


def test_an_axis_that_is_not_there_is_found_while_running_where_shapes_are_not_known_before():
    x = dl.placeholder(name="x")
    for made, said in ((dl.reduce_sum(x, axis=2), "dimensions"), (dl.softmax(x, axis=2), "a dimension")):
        with pytest.raises(dl.ShapeError, match=rf"x is \(3,2\); axis must name {said} that x has, .*not 2\."):
            dl.Session().run(made, {x: np.ones((3, 2))})


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (lambda x: dl.transpose(x, axes=(0,)), "axes must name every dimension of x once, not (0,)"),
        (lambda x: dl.transpose(x, axes=(0, 0)), "axes must name every dimension of x once, not (0, 0)"),
        (lambda x: dl.reshape(x, (4, 2)), "the shape (4, 2) must have as many entries as x"),
        (lambda x: dl.reshape(x, (-1, 4)), "the shape (-1, 4) must have as many entries as x"),
        (lambda x: dl.reshape(x, (-1, -1)), "the shape (-1, -1) must have as many entries as x"),
        (lambda x: dl.matmul(x, x), "the columns of x must equal the rows of x"),
        (lambda x: dl.matmul(x, 2.0), "the columns of x must equal the rows of constant"),
    ],
)
def test_shape_mistakes_say_what_would_fit(build, said):
    x = dl.Variable(np.ones((3, 2)), name="x")
    with pytest.raises(dl.ShapeError) as caught:
        build(x)
    assert str(caught.value).endswith(f"; {said}.")


def test_reshape_needs_a_shape():
    with pytest.raises(dl.GraphError, match=r"reshape takes \(a, shape, name=None\): missing a required argument"):
        dl.reshape(dl.Variable([1.0]))


def test_a_shape_is_that_of_these_attributes_however_alike_they_are_to_others():
    @dl.operation(formula="Y = some of A")
    def kept(a, /, rows):
        """The rows of A that are true."""
        return a[rows]

    given = dl.Variable(np.ones(2000))
    few, many = np.ones(2000, bool), np.ones(2000, bool)
    few[500:900] = many[500:600] = False
    assert str(few) == str(many)
    assert [kept(given, rows=rows).shape for rows in (many, few)] == [(1900,), (1600,)]
    assert dl.reduce_sum(dl.Variable(np.ones((2, 3))), axis=1).shape == (2,)
    with pytest.raises(dl.GraphError, match=r"axis must be a whole number, .* not 1\.0"):
        dl.reduce_sum(dl.Variable(np.ones((2, 3))), axis=1.0)


def test_names_are_unique_and_readable():
    names = [dl.Variable(0.0, name=name).name for name in ("h", "h", "h_1", "h", "h_1", "h_3", "h")]
    assert names == ["h", "h_1", "h_1_1", "h_2", "h_1_2", "h_3", "h_4"]
    assert [(dl.Variable(0.0) + 1.0).name for _ in range(3)] == ["add", "add_1", "add_2"]
    assert dl.placeholder().name == "placeholder"


def test_a_name_is_the_same_whenever_it_is_asked_for_and_may_be_changed():
    nodes = [dl.Variable(0.0, name=name) for name in ("h", "h", "h_1", "h", "h_1", "h_3", "h")]
    assert [node.name for node in nodes[::-1]] == ["h_4", "h_3", "h_1_2", "h_2", "h_1_1", "h_1", "h"]
    nodes[0].name, nodes[1].name = "w", "w"
    assert [node.name for node in (*nodes[:2], dl.Variable(0.0, name="w"))] == ["w", "w_1", "w_2"]


def test_a_node_may_be_given_its_own_name_again_and_one_that_is_free_again():
    first, second = dl.Variable(0.0, name="a"), dl.Variable(0.0, name="a")
    names = []
    for name in ("a", "b", "a", "a_1"):
        first.name = name
        names.append(first.name)
    assert names == ["a", "b", "a", "a_1_1"]
    second.name = "b"
    assert (second.name, dl.Variable(0.0, name="a").name, dl.Variable(0.0, name="a_1").name) == ("b", "a", "a_1")


def test_a_node_knows_whether_somebody_gave_it_its_name():
    named, unnamed = dl.Variable(0.0, name="variable"), dl.Variable(0.0)
    assert [named.is_named, unnamed.is_named, dl.add(named, 1.0, name="add").is_named] == [True, False, True]
    unnamed.name = "w"
    assert unnamed.is_named


def test_scopes_put_a_prefix_before_names_nest_and_are_unique():
    def layer():
        with dl.name_scope("layer"):
            w = dl.Variable(0.0, name="w")
            with dl.name_scope("inner"):
                return w, -w

    nodes = [*layer(), *layer(), dl.Variable(0.0, name="layer")]
    assert [node.name for node in nodes] == [
        "layer/w",
        "layer/inner/negative",
        "layer_1/w",
        "layer_1/inner/negative",
        "layer",
    ]


def test_taking_a_name_costs_the_same_however_many_there_are(graph):
    for _ in range(50_000):
        dl.placeholder(name="x")
    assert graph.nodes[-1].name == "x_49999"
    assert len({node.name for node in graph.nodes}) == 50_000


def test_the_place_is_the_line_of_the_user_who_made_the_node():
    here = inspect.currentframe().f_lineno
    x = dl.Variable(1.0)
    y = 2 * x
    z = dl.add(x, y)
    step = dl.train.GradientDescentOptimizer(0.1).minimize(z)
    nodes = [x, y, y.inputs[0], z, dl.placeholder(), step]
    assert [node.location for node in nodes] == [f"test_operations.py:{here + n}" for n in (1, 2, 2, 3, 5, 4)]


STRANGER = '''
"""A stranger's file: an operation with an attribute, a gradient for each input, and no knowledge of the engine."""

import numpy as np

import minidl_core as dl


@dl.operation(formula="Y = A clipped to B", samples=[((3, 2), ())])
def held(a, limit, /, low=0.0):
    """Each entry of A, but no less than low and no more than B."""
    return np.minimum(np.maximum(a, low), limit)


@dl.RegisterGradient("held", formulas=("G where it is within", "the rest of G"))
def _held_gradient(op, grad):
    """A counts where it is within the bounds.

    The limit counts where A is above it.
    """
    a, limit = op.inputs
    return [grad * ((a > op.low) & (a < limit)), np.sum(grad * (a >= limit))]


dl.Graph().as_default()
w = dl.Variable([[0.5, -1.0], [3.0, 1.5]], name="w")
top = dl.Variable(2, name="top")
J = dl.reduce_sum(held(w, top, low=-0.5) * [[1, 2], [3, 4]])
session = dl.Session()
print(float(session.run(J)))
table = dl.compute_gradient(J)
print(table[w].tolist(), float(table[top]))
print(all(check.agrees for check in dl.check_gradient(J, w) + dl.check_gradient(J, top)))
step = dl.train.GradientDescentOptimizer(0.1).minimize(J)
stepper = dl.Stepper(step)
print(stepper.run(3, backward=lambda event: None) == [float(session.run(step)) for _ in range(3)])
'''


def test_an_operation_in_a_strangers_file(tmp_path):
    script = tmp_path / "stranger.py"
    script.write_text(STRANGER)
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)],
        env={"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["11.5", "[[1.0, 0.0], [0.0, 4.0]] 3.0", "True", "True"]
