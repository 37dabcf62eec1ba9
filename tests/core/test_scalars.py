"""A graph of single numbers is run by loops over floats: the same bits as the operations' own functions."""

import itertools
import math
from pathlib import Path
from random import Random
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minidl_core as dl
from minidl_core.definition import definitions
from minidl_core.floats import backward_loop, backward_of, forward_loop, forward_of
from minidl_core.gradients import RegisterGradient, _gradient_registry
from minidl_core.plan import Plan

from .random_graphs import KINKED

NUMBERS = [0.0, -0.0, 1.0, -1.0, 0.3, -2.5, 800.0, 1e308, -1e308, 5e-324, math.inf, -math.inf, math.nan]
BY_FLOATS = ["add", "subtract", "multiply", "divide", "negative", "square", "power", "exp", "log", "sigmoid", "tanh"]
BY_FLOATS += ["relu", "sqrt", "sin", "cos", "softplus", "abs"]
AS_THEY_ARE = ["maximum", "minimum", "gelu", "erf", "clip", "leaky_relu", "reduce_sum", "greater", "where"]


def bits(number):
    """The bits of a number, one and the same for all NaN."""
    return "nan" if math.isnan(number) else float(number).hex()


@pytest.mark.parametrize("name", BY_FLOATS)
def test_each_function_of_floats_has_the_bits_of_the_operations_own(name):
    made, rule = definitions[name], _gradient_registry[name]
    count = len(made.symbols)
    forward = forward_loop((None, forward_of(made.compute, count)))
    backward = {
        needs: backward_loop((backward_of(rule.function, needs),))
        for needs in itertools.product([True, False], repeat=count)
    }
    first, second = (0, 1) if count == 2 else (tuple(range(count)), None)
    for inputs in itertools.product(NUMBERS, repeat=count):
        numbers = [np.float64(number) for number in inputs]
        values = [*inputs, math.nan]
        with np.errstate(all="ignore"):
            forward(values, [1], [count], [first], [second], None)
            output = made.compute(*numbers)
        assert bits(values[count]) == bits(output), inputs
        for needs, loop in backward.items():
            for gradient in (0.7, -0.0, math.inf):
                op = SimpleNamespace(inputs=numbers, output=output, needs=needs)
                gradients = [-0.0] * count + [gradient]
                with np.errstate(all="ignore"):
                    passed = rule.function(op, np.float64(gradient))
                    loop(values, gradients, [0], [count], [first], [second], None)
                right = [contribution if needed else -0.0 for contribution, needed in zip(passed, needs, strict=True)]
                assert list(map(bits, gradients[:count])) == list(map(bits, right)), (inputs, needs, gradient)


def test_the_page_about_the_engine_shows_the_loops_of_a_graph():
    page = (Path(__file__).parents[2] / "docs" / "engine.md").read_text(encoding="utf-8")
    kinds = ("multiply", "add", "tanh")
    made = [definitions[kind] for kind in kinds]
    forward = forward_loop(tuple(forward_of(each.compute, len(each.symbols)) for each in made))
    rules = [(_gradient_registry[each.name].function, (True,) * len(each.symbols)) for each in made]
    backward = backward_loop(tuple(backward_of(*each) for each in rules))
    assert f"```py\n{forward.__doc__}\n\n\n{backward.__doc__}\n```" in page


@st.composite
def scalar_graphs(draw):
    """A step down a loss of single numbers, and its feeds; some nodes are there twice, some lead nowhere."""
    random = draw(st.randoms(use_true_random=False))
    dl.Graph().as_default()
    numbers = np.random.default_rng(random.getrandbits(32)).uniform(-1.5, 1.5, 4).tolist()
    nodes = [dl.Variable(number) for number in numbers[:3]]
    fed = dl.placeholder((), name="x")
    nodes += [fed, dl.Constant(random.choice([0.5, 2, -1.0]))]
    for _ in range(random.randint(1, 25)):
        nodes.append(_operation(random, nodes))
    loss = sum(random.sample(nodes[5:], min(3, len(nodes) - 5)), nodes[0] * nodes[1] + fed)
    return dl.train.GradientDescentOptimizer(0.01).minimize(loss), {fed: numbers[3]}


def _operation(random: Random, nodes):
    a, b = random.choice(nodes), random.choice(nodes)
    match random.choice([*BY_FLOATS, *AS_THEY_ARE]):
        case "add" | "subtract" | "multiply" | "maximum" | "minimum" | "greater" as name:
            return getattr(dl, name)(a, b)
        case "divide":
            return a / (dl.square(b) + 0.5)
        case "power":
            return dl.sigmoid(a) ** b if random.random() < 0.5 else a**2
        case "exp":
            return dl.exp(dl.tanh(a))
        case "log" | "sqrt" as name:
            return getattr(dl, name)(dl.sigmoid(a))
        case "where":
            return dl.where(a, b, random.choice([a, b, 0.5]))
        case "clip":
            return dl.clip(a, -0.5, 0.5)
        case name:
            return getattr(dl, name)(a)


@settings(max_examples=150, deadline=None)
@given(scalar_graphs())
def test_the_fast_way_the_stepping_way_and_differences_agree(made):
    step, feeds = made
    loss, session = step.loss, dl.Session()
    stepper = dl.Stepper(step, feeds)
    assert Plan([loss]).scalars is not None
    value = session.run(loss, feeds)
    gradients = dl.compute_gradient(loss, session)
    events = list(stepper.iteration())
    values = {event.node: event.value for event in events if isinstance(event, dl.NodeEvaluated)}
    stepped = {event.node: event.gradient for event in events if isinstance(event, dl.GradientCompleted)}
    assert bits(value) == bits(values[loss])
    assert list(gradients) == list(stepped)
    assert [*map(bits, gradients.values())] == [*map(bits, stepped.values())]
    every = list(values)
    assert [*map(bits, session.run(every, feeds))] == [*map(bits, values.values())]
    session.run(loss, feeds)
    smooth = not any(node.kind in KINKED for node in every)
    for variable in step.variables if smooth else ():
        assert all(check.agrees for check in dl.check_gradient(loss, variable, session=session))


@settings(max_examples=60, deadline=None)
@given(scalar_graphs())
def test_training_has_the_same_bits_however_it_is_done(made):
    step, feeds = made
    fast, slow, session = dl.Stepper(step, feeds), dl.Stepper(step, feeds), dl.Session()
    for _ in range(5):
        finished = list(slow.iteration())[-1]
        assert fast.run(1) == [finished.loss] == [float(session.run(step, feeds))]
        for variable in step.variables:
            assert fast.session.variables[variable].hex() == slow.session.variables[variable].hex()
    last, right = dl.compute_gradient(step.loss, session), dl.compute_gradient(step.loss, slow.session)
    assert {node: bits(number) for node, number in last.items()} == {
        node: bits(number) for node, number in right.items()
    }


@pytest.mark.parametrize("start", [0.0, 1e200, 750.0])
@pytest.mark.parametrize("kind", ["divide", "log", "square", "exp", "sqrt", "hidden"])
def test_a_nan_is_found_where_the_stepping_way_finds_it(kind, start):
    dl.Graph().as_default()
    w = dl.Variable(start, name="w")
    made = {
        "divide": lambda: 1.0 / w,
        "log": lambda: dl.log(w),
        "square": lambda: dl.square(w * w),
        "exp": lambda: dl.exp(w),
        "sqrt": lambda: dl.sqrt(w),
        "hidden": lambda: 1.0 / (1.0 + dl.exp(w)),
    }[kind]()
    step = dl.train.GradientDescentOptimizer(0.1).minimize(made * 2.0)
    assert _fault(lambda: list(dl.Stepper(step).iteration())) == _fault(lambda: dl.Stepper(step).run(1))
    assert _fault(lambda: dl.Stepper(step).run(1)) == _fault(lambda: dl.Session().run(step))


def _fault(action):
    try:
        action()
    except dl.NonFiniteError as error:
        return str(error)
    return ""


def test_a_gradient_function_that_is_registered_anew_counts_at_once(monkeypatch):
    dl.Graph().as_default()
    w = dl.Variable(3.0)
    loss = w * w
    session = dl.Session()
    session.run(loss)
    assert dl.compute_gradient(loss)[w] == 6.0
    rule = _gradient_registry["multiply"]
    before = rule.function, rule.formulas
    try:
        RegisterGradient("multiply")(lambda op, grad: [grad, 10.0 * grad])
        assert dl.compute_gradient(loss)[w] == 11.0
        RegisterGradient("multiply")(lambda op, grad: [grad])
        with pytest.raises(dl.GradientError, match="returned 1 gradients for 2 inputs"):
            dl.compute_gradient(loss)
    finally:
        rule.change(*before)
    assert dl.compute_gradient(loss)[w] == 6.0


def test_a_chain_is_trained_to_the_same_bits_whether_it_is_short_or_long():
    for length in (3, 1_500):
        dl.Graph().as_default()
        start, w = dl.Variable(1.0), dl.Variable(0.999)
        x = start
        for _ in range(length):
            x = x * w + 0.001
        step = dl.train.GradientDescentOptimizer(1e-6).minimize(x)
        fast, slow = dl.Stepper(step), dl.Stepper(step)
        assert fast.run(5) == [list(slow.iteration())[-1].loss for _ in range(5)]
        assert bits(fast.session.variables[w]) == bits(slow.session.variables[w])


def test_operations_of_others_are_run_as_they_are(monkeypatch):
    monkeypatch.setattr("minidl_core.operations.decorator.definitions", {})
    calls = []

    @dl.operation(formula="Y = A", elementwise=True)
    def counted(a, /):
        calls.append(a)
        return a + len(calls)

    node = counted(dl.Variable(1.0))
    assert Plan([node]).scalars is None
    session = dl.Session()
    assert [session.run(node) for _ in range(3)] == [2.0, 3.0, 4.0]
    assert all(isinstance(a, np.float64) for a in calls)


def test_a_graph_with_an_array_in_it_is_none_of_single_numbers():
    dl.Graph().as_default()
    assert Plan([dl.reduce_sum(dl.Variable([1.0, 2.0]))]).scalars is None
    assert Plan([dl.placeholder() + 1.0]).scalars is None
    assert Plan([dl.placeholder(()) + 1.0]).scalars is not None


def test_graphs_that_are_built_alike_share_what_is_found_of_them_and_nothing_else():
    plans = []
    for number, bound in ((3.0, 1.0), (0.5, 9.0)):
        with dl.Graph().as_default():
            x, w = dl.Variable(number), dl.Variable(2.0)
            loss = dl.clip(x * w, high=bound) + 1.0
        plans.append(Plan([loss]))
        session = dl.Session()
        # the bound is an attribute, which is the node's
        assert session.run(loss) == min(number * 2.0, bound) + 1.0
        assert list(dl.compute_gradient(loss, session).values())[-2:] == ([0.0, 0.0] if bound == 1.0 else [2.0, 0.5])
    first, second = [plan.scalars._structure for plan in plans]
    assert first is second


@pytest.mark.parametrize("other", ["operation", "operand", "variable", "fetches"])
def test_graphs_that_differ_share_nothing(other):
    def plan_of(operation=dl.tanh, leaf=dl.Variable, swapped=False, more=False):
        with dl.Graph().as_default():
            x, w = leaf(3.0), dl.Variable(2.0)
            loss = operation(w - x if swapped else x - w) * w
            fetches = [loss, w + x] if more else [loss]
        return Plan(fetches)

    changes = {"operation": dl.exp, "operand": True, "variable": dl.Constant, "fetches": True}
    names = {"operation": "operation", "operand": "swapped", "variable": "leaf", "fetches": "more"}
    same, changed = plan_of(), plan_of(**{names[other]: changes[other]})
    assert same.scalars._structure is plan_of().scalars._structure
    assert changed.scalars._structure is not same.scalars._structure


def test_what_is_trained_is_what_is_a_variable_in_each_of_two_graphs_that_look_alike():
    for leaf in (dl.Variable, dl.Constant, dl.Variable):
        with dl.Graph().as_default():
            x, w = leaf(3.0), dl.Variable(2.0)
            step = dl.train.GradientDescentOptimizer(0.1).minimize(dl.square(x * w))
        session = dl.Session()
        session.run(step)
        assert session.variables[w] == 2.0 - 0.1 * 36.0
        assert (x in session.variables) == (leaf is dl.Variable)


def test_the_gradients_of_single_numbers_are_a_dictionary_of_numpys_numbers():
    with dl.Graph().as_default():
        x, w = dl.Variable(3.0), dl.Variable(2.0)
        loss = x * w
        beside = loss + 1.0
    session = dl.Session()
    session.run([loss, beside])
    gradients = dl.compute_gradient(loss, session)
    assert list(gradients) == [loss, x, w]
    assert gradients == {loss: 1.0, x: 2.0, w: 3.0}
    assert repr(gradients) == repr(dict(gradients))
    assert (len(gradients), type(gradients[x]), beside in gradients) == (3, np.float64, False)
    with pytest.raises(KeyError):
        gradients[beside]
