"""What functions of others return is theirs: they may write to it again, and it may be more than a plain array."""

import numpy as np
import pytest

import minidl_core as dl
from minidl_core import gradients as registry
from minidl_core.definition import definitions

from .messages import message


@pytest.fixture
def register(monkeypatch):
    """Define operations and gradient functions, which are forgotten afterwards."""
    monkeypatch.setattr(registry, "_gradient_registry", dict(registry._gradient_registry))
    monkeypatch.setitem(definitions, "twice", None)

    def define(compute, gradient):
        compute.__name__, compute.__doc__ = "twice", "Twice of A."
        made = dl.operation(formula="Y = 2·A", elementwise=True)(compute)
        dl.RegisterGradient("twice")(gradient)
        return made

    return define


def twice_into(buffer):
    """Twice of a number, always in the same memory."""

    def compute(a, /):
        np.multiply(a, 2.0, out=buffer)
        return buffer

    return compute


@pytest.mark.parametrize("part", [lambda array: array, lambda array: array[:]], ids=["itself", "a view of it"])
def test_two_calls_that_make_their_results_in_the_same_memory(part, register):
    made, passed = np.zeros(2), np.zeros(2)

    def pass_back(op, grad):
        np.multiply(grad, 2.0, out=passed)
        return [part(passed)]

    twice = register(lambda a, /: part(twice_into(made)(a)), pass_back)
    w, v = dl.Variable([1.0, 2.0]), dl.Variable([5.0, 7.0])
    loss = dl.reduce_sum(twice(w) * twice(v))
    step = dl.train.GradientDescentOptimizer(0.1).minimize(loss)
    session = dl.Session()
    assert session.run(loss) == 4 * (5 + 14)
    gradients = dl.compute_gradient(loss)
    stepped = {e.node: e.gradient for e in dl.Stepper(step).iteration() if isinstance(e, dl.VariableUpdated)}
    for found in (gradients, stepped):
        assert found[w].tolist() == [20.0, 28.0]
        assert found[v].tolist() == [4.0, 8.0]
    assert made.flags.writeable
    assert passed.flags.writeable


def test_a_list_of_gradients_stays_as_it_was_returned(register):
    always = [2]
    twice = register(lambda a, /: a + a, lambda op, grad: always)
    w = dl.Variable(3.0)
    dl.Session().run(loss := twice(w))
    assert dl.compute_gradient(loss)[w] == 2.0
    assert always == [2]


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_a_matrix_counts_as_the_array_that_it_is(register):
    """Of two matrices * would be the product of matrices."""
    twice = register(lambda a, /: np.asmatrix(a + a), lambda op, grad: [np.asmatrix(grad + grad)])
    w, v = dl.Variable([[1.0, 2.0], [3.0, 4.0]]), dl.Variable([[5.0, 6.0], [7.0, 8.0]])
    loss = dl.reduce_sum(twice(w * v) * v)
    session = dl.Session()
    session.run(loss)
    assert session.run(twice(w) * v).tolist() == [[10.0, 24.0], [42.0, 64.0]]
    assert dl.compute_gradient(loss)[w].tolist() == [[50.0, 72.0], [98.0, 128.0]]


def test_a_masked_result_is_refused(register):
    twice = register(lambda a, /: np.ma.masked_less(a + a, 3.0), lambda op, grad: [grad + grad])
    loss = dl.reduce_sum(twice(dl.Variable([1.0, 2.0])))
    assert "masked" in message(dl.GraphError, lambda: dl.Session().run(loss))


def test_a_gradient_function_in_the_place_of_ours_cannot_write_into_the_gradient_of_another(register):
    """Both inputs of a sum have the very array G."""

    def into_its_own(op, grad):
        a, b = op.inputs
        first = grad * b
        grad *= a
        return [first, grad]

    rule = registry._gradient_registry["multiply"]
    before = rule.function, rule.formulas
    w, v, u = dl.Variable([1.0, 2.0]), dl.Variable([5.0, 7.0]), dl.Variable([3.0, 4.0])
    loss = dl.reduce_sum(dl.square(w * v + u))
    session = dl.Session()
    session.run(loss)
    try:
        dl.RegisterGradient("multiply")(into_its_own)
        said = message(dl.GradientError, lambda: dl.compute_gradient(loss))
    finally:
        rule.change(*before)
    assert "read-only; its arguments belong to others: return new arrays" in said
    assert dl.compute_gradient(loss)[u].tolist() == [16.0, 36.0]


def test_a_gradient_function_in_the_place_of_ours_hides_no_infinity():
    rule = registry._gradient_registry["square"]
    before = rule.function, rule.formulas
    w = dl.Variable([0.0, 2.0])
    loss = dl.reduce_sum(dl.sqrt(dl.square(w)))
    step = dl.train.GradientDescentOptimizer(0.1).minimize(loss)
    try:
        dl.RegisterGradient("square")(lambda op, grad: [np.clip(grad, -1.0, 1.0) * op.inputs[0]])
        actions = (lambda: dl.Session().run(step), lambda: list(dl.Stepper(step).iteration()))
        said = {message(dl.NonFiniteError, action) for action in actions}
    finally:
        rule.change(*before)
    [only] = said
    assert "its gradient becomes inf in entry [0]" in only


@pytest.mark.parametrize("size", [2, 5000])
def test_an_optimizer_that_computes_every_step_in_the_same_memory(size):
    memory = np.zeros(size)

    class Scaled(dl.train.Optimizer):
        terms = (
            dl.train.Term("m", "η·G", "It is kept.", is_slot=True),
            dl.train.Term("step", "m", "It is taken."),
        )

        @staticmethod
        def compute(g, m, learning_rate):
            np.multiply(g, learning_rate, out=memory)
            return memory[:], memory

    w, v = dl.Variable(np.ones(size)), dl.Variable(np.full(size, 3.0))
    loss = dl.reduce_sum(dl.square(w) * 0.1 + dl.square(v))
    optimizer = Scaled(0.1)
    step = optimizer.minimize(loss)
    session, stepper = dl.Session(), dl.Stepper(step)
    events = [event for event in stepper.iteration() if isinstance(event, dl.VariableUpdated)]
    session.run(step)
    for slots in (session.memories[optimizer].slots, stepper.state().memory.slots):
        assert slots[w]["m"][-1] == pytest.approx(0.02)
        assert slots[v]["m"][-1] == pytest.approx(0.6)
    assert {event.node: [term.value[-1] for term in event.terms] for event in events} == {
        w: [pytest.approx(0.02)] * 2,
        v: [pytest.approx(0.6)] * 2,
    }
    assert session.run(v)[-1] == stepper.session.run(v)[-1] == pytest.approx(2.4)
    assert memory.flags.writeable
