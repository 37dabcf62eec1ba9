"""On random graphs: the gradients are right, and every way to train gives the same bits."""

from dataclasses import replace

import autograd
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import minidl_core as dl

from .random_graphs import recipes
from .reference import central_differences

_MANY = settings(max_examples=120, deadline=None)


@_MANY
@given(recipes())
def test_the_gradients_are_those_of_autograd_and_of_central_differences(recipe):
    nodes, variables = recipe.build()
    loss = nodes[-1]
    value = dl.Session().run(loss)
    np.testing.assert_allclose(value, recipe.loss(*recipe.leaves), rtol=1e-12, atol=1e-12)
    gradients = dl.compute_gradient(loss)
    exact = autograd.grad(recipe.loss, tuple(range(len(variables))))(*recipe.leaves)
    measured = central_differences(recipe.loss, recipe.leaves) if recipe.is_smooth else exact
    for variable, by_autograd, by_differences in zip(variables, exact, measured, strict=True):
        ours = gradients.get(variable, np.zeros(variable.shape))  # one that leads nowhere is not in the table
        scale = max(1.0, float(np.max(np.abs(by_autograd))))
        np.testing.assert_allclose(ours, by_autograd, rtol=1e-10, atol=1e-10 * scale)
        np.testing.assert_allclose(ours, by_differences, rtol=1e-5, atol=1e-5 * scale)


@_MANY
@given(recipes())
def test_the_table_has_every_node_that_leads_to_the_loss_and_no_other(recipe):
    nodes, _ = recipe.build()
    loss = nodes[-1]
    dl.Session().run(loss)
    gradients = dl.compute_gradient(loss)
    leading, ahead = {loss}, [loss]
    while ahead:
        for source in ahead.pop().inputs:
            if source not in leading:
                leading.add(source)
                ahead.append(source)
    assert set(gradients) == leading
    assert all(gradient.shape == node.shape for node, gradient in gradients.items())


def _bits(session, variables):
    return [np.asarray(session.run(variable)).tobytes() for variable in variables]


@_MANY
@given(recipes())
def test_the_fast_path_the_stepping_path_and_hooks_give_the_same_bits(recipe):
    nodes, variables = recipe.build()
    used = [v for v in variables if v in dl.Stepper(_minimize(nodes[-1])).nodes] if _trainable(nodes) else []
    if not used:
        return
    step = _minimize(nodes[-1])
    fast, slow, hooked, half = (dl.Stepper(step, session=dl.Session()) for _ in range(4))
    by_running = dl.Session()
    for _ in range(5):  # from the third on, what trains without an event does so by a list of calls
        losses = fast.run(1)
        finished = list(slow.iteration())[-1]
        assert hooked.run(1, forward=_nothing, backward=_nothing, update=_nothing) == losses
        assert half.run(1, backward=_nothing) == losses
        assert finished.loss == losses[0] == float(by_running.run(step))
        bits = _bits(fast.session, used)
        for session in (slow.session, hooked.session, half.session, by_running):
            assert _bits(session, used) == bits


def _nothing(event):
    pass


def _minimize(loss):
    return dl.train.GradientDescentOptimizer(0.001).minimize(loss)


def _trainable(nodes):
    try:
        _minimize(nodes[-1])
    except dl.GraphError:
        return False
    return True


@_MANY
@given(recipes())
def test_the_gradients_of_the_stepping_path_are_those_of_the_table_to_the_bit(recipe):
    nodes, _ = recipe.build()
    if not _trainable(nodes):
        return
    completed = {}
    stepper = dl.Stepper(_minimize(nodes[-1]))
    list(stepper.forward())
    for event in stepper.backward():
        if isinstance(event, dl.GradientCompleted):
            completed[event.node] = event.gradient.tobytes()
    table = dl.compute_gradient(nodes[-1])
    assert {node: gradient.tobytes() for node, gradient in table.items()} == completed
    assert list(table) == list(completed)


@settings(max_examples=50, deadline=None)
@given(recipes())
def test_a_run_that_is_restored_and_replayed_gives_the_same_bits(recipe):
    nodes, variables = recipe.build()
    if not _trainable(nodes):
        return
    stepper = dl.Stepper(_minimize(nodes[-1]))
    states, seen = [], []
    for _ in range(3):
        states.append(stepper.state())
        seen.append([_frozen(event) for event in stepper.iteration()])
    end = _bits(stepper.session, variables)
    for again in (2, 0, 1):
        stepper.restore(states[again])
        assert [_frozen(event) for event in stepper.iteration()] == seen[again]
    stepper.restore(states[0])
    stepper.run(3)
    assert _bits(stepper.session, variables) == end


def _frozen(event):
    return [type(event), *(_bits_of(getattr(event, name)) for name in event.__slots__)]


def _bits_of(field):
    match field:
        case np.ndarray():
            return field.tobytes()
        case tuple():
            return [_bits_of(each) for each in field]
        case dl.train.ComputedTerm(term, value, before):
            return [term, _bits_of(value), _bits_of(before)]
        case _:
            return field


def _outcome(action):
    """What an action ends with: its result, or the error's message."""
    try:
        return action()
    except dl.NonFiniteError as error:
        return str(error)


@_MANY
@given(recipes(), st.sampled_from([1e3, 1e80, 1e155, 1e300]))
def test_numbers_that_grow_too_large_stop_every_path_at_the_same_node(recipe, scale):
    nodes, _ = replace(recipe, leaves=tuple(leaf * scale for leaf in recipe.leaves)).build()
    if not _trainable(nodes):
        return
    step = _minimize(nodes[-1])
    stepper, session = dl.Stepper(step), dl.Session()
    stepped = _outcome(lambda: [list(stepper.iteration())[-1].loss for _ in range(5)])
    assert _outcome(lambda: dl.Stepper(step).run(5)) == stepped
    assert _outcome(lambda: [float(session.run(step)) for _ in range(5)]) == stepped
